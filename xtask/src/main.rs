//! The chores of the repository, run as `cargo xtask CHORE`.
//!
//! Every chore prints its steps and their times and stops at the first failure with a non-zero exit code:
//! 1 for a failure, 2 for a wrong command line.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to the person in front of the terminal"
)]

mod bench;
mod cargo;
mod check;
mod hot_paths;
mod imports;
mod peers;
mod schemathesis;
mod soak;
mod source;
mod steps;
mod suite;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask CHORE

  test              every test: import rules, the crates, the fuzz corpus, end to end on a release binary
  soak [SCENARIO]   the long scenarios at their full size; all of them, or one of `soak --list`;
                    `soak fuzz --seconds N` for a shorter run than 10 minutes for each parser
  bench [OPTIONS]   Callvault side by side with its peers under load (docs/benchmarks.md); `bench --quick` to see
                    that it works, `bench --only TEXT`, `bench --help` for the rest
  hot-paths [--renew]
                    instructions of the hot paths against their bounds, a step of `test`; --renew stores them
  check             format, lints, documentation, import rules, licences and bans";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["test"] => suite::run(),
        ["soak"] => soak::run(None, None),
        ["soak", "--list"] => {
            soak::list();
            Ok(())
        }
        ["soak", scenario] => soak::run(Some(scenario), None),
        ["soak", "fuzz", "--seconds", seconds] => match seconds.parse() {
            Ok(seconds) => soak::run(Some("fuzz"), Some(seconds)),
            Err(_) => {
                eprintln!("--seconds takes a whole number, not {seconds:?}\n{USAGE}");
                return ExitCode::from(2);
            }
        },
        ["bench", options @ ..] => bench::run(options),
        ["hot-paths"] => hot_paths::run(false),
        ["hot-paths", "--renew"] => hot_paths::run(true),
        ["check"] => check::run(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `main() -> Result`: with RUST_BACKTRACE set, that buries the line under a stack.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
