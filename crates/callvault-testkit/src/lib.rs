//! What tests share: builders, a test server, clients.
