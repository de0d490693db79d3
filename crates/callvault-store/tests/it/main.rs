//! The contract suites of the ports, run on every engine of this crate, and what each engine must prove of its own.

#![expect(clippy::unwrap_used, reason = "in a crate of tests a panic is how a failure is told")]

mod audio_contract;
mod bench;
mod catalog_contract;
mod local_files;
mod record_group_numbers;
mod sqlite_file;
