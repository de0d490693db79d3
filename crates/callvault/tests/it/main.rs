//! The binary as an operator uses it: each command without a server and with one, exit codes, and what it prints.

#![expect(clippy::unwrap_used, reason = "in a crate of tests a panic is how a failure is told")]

mod accounts;
mod calls;
mod configuration;
mod demo;
mod destinations;
mod features;
mod import;
mod keys;
mod record_groups;
mod reports;
mod round_trip;
mod running;
mod sounds;
mod vault;
