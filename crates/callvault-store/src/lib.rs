//! Engines behind the ports: the catalog on SQLite, audio on local files.
