//! End-to-end tests: the built binary, real sockets, real clients. One module for each promise.
//!
//! `CALLVAULT_BIN` names the binary, `CALLVAULT_SCHEMATHESIS` the program schemathesis. `CALLVAULT_SOAK=1` runs the scenarios at their full size.

#![expect(
    clippy::print_stdout,
    reason = "the figures of the scenarios are quoted from the output of the tests"
)]

mod support;

mod api_description;
mod big_file;
mod call_records;
mod certificates;
mod demo;
mod flows;
mod fsync_order;
mod golden;
mod intake;
mod kill_import;
mod listen_log;
mod many_downloads;
mod ranges;
mod replace_message;
mod reports;
mod running;
mod secrets;
mod ticket_race;
mod tickets;
