//! The callvault binary: command line, configuration, wiring.
//!
//! A command is a client of our own API ([`client`]): over the control socket when a server works with the data folder,
//! else over the same routes inside this process ([`installation`]). So there is one code path, and one writer.

mod arguments;
mod client;
mod commands;
mod config;
mod demo;
mod failure;
mod installation;
mod password;
mod printer;
mod serve;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;
use crate::commands::Outcome;

/// The C library's allocator gives nearly every thread an arena of its own, which keep what they once had.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A command that failed, or found something that is not fine.
const FAILED: u8 = 1;
/// Wrong usage.
const USAGE: u8 = 2;
/// Stopped by a second SIGINT: 128 and the number of the signal, as shells count.
const ABORTED: u8 = 130;

/// Threads that wait for the disk or hash a password. Each keeps memory of its own in the allocator, so that hundreds of
/// them would outweigh what they carry.
const BLOCKING_THREADS: usize = 32;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to standard output, complaints to standard error; nobody can be told if that fails.
            let _ = error.print();
            return if error.use_stderr() { USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            printer::complain(&format!("error: cannot start: {error}"));
            return FAILED.into();
        }
    };
    let ended = runtime.block_on(commands::run(arguments));
    // A read from a terminal or a slow disk must not keep the process.
    runtime.shutdown_background();
    match ended {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::NotFine) => FAILED.into(),
        Ok(Outcome::Aborted) => ABORTED.into(),
        Err(error) => {
            if !failure::is_broken_pipe(&error) {
                printer::complain(&failure::lines(&error));
            }
            FAILED.into()
        }
    }
}
