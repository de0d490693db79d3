//! Engines behind the ports: the catalog on SQLite, audio on local files.
//!
//! Whoever wires a server together asks [`catalog`] and [`audio`] for an engine once and from then on knows only the
//! traits of `callvault_core::port`. Every engine is held to the same contract by one suite of tests for each port.

pub mod audio;
pub mod catalog;
