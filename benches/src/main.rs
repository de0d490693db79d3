//! The load generator: measures a built `callvault` from outside, over TCP, side by side with its peers.
//!
//! `cargo xtask bench` builds and calls it; docs/benchmarks.md says what is measured and how to read it. It asserts
//! nothing about speed. It does check every answer, and ends with exit code 1 when any was wrong.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what the program is for")]

mod audio;
mod bound;
mod callvault;
mod checksum;
mod comparison;
mod head;
mod http;
mod installation;
mod load;
mod machine;
mod nginx;
mod plan;
mod process;
mod report;
mod run;
mod server;
mod statistics;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;

use crate::comparison::Conditions;
use crate::load::Pace;
use crate::machine::Machine;
use crate::report::Report;

/// Measures a built callvault side by side with its peers.
#[derive(Parser)]
struct Options {
    /// The callvault binary to measure.
    #[arg(long, value_name = "FILE")]
    server: PathBuf,
    /// Where to write the results as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A short run, to see that everything works; its figures mean little.
    #[arg(long)]
    quick: bool,
    /// Let each round of each side last at least this long.
    #[arg(long, value_name = "SECONDS", conflicts_with = "quick")]
    seconds: Option<f64>,
    /// How often each side is measured, in turns.
    #[arg(long, value_name = "N", conflicts_with = "quick")]
    rounds: Option<usize>,
    /// Only the comparisons whose name contains this, such as `flow` or `none/480KB/16`.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Print the names of all comparisons and end.
    #[arg(long)]
    list: bool,
    /// Threads of the load generator. One keeps two cores busy; more are for more cores.
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Measure nginx with this configuration, in the place of ours, against nginx as it is compared with.
    #[arg(long, value_name = "FILE")]
    tune: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> anyhow::Result<()> {
    let all = plan::comparisons();
    if options.list {
        for comparison in &all {
            println!("{}", comparison.name());
        }
        return Ok(());
    }
    let chosen: Vec<_> =
        all.iter().filter(|comparison| comparison.name().contains(&options.only)).cloned().collect();
    if chosen.is_empty() {
        bail!("no comparison has `{}` in its name; one is `{}`", options.only, all[0].name());
    }
    let conditions = Conditions {
        pace: if options.quick { Pace::QUICK } else { Pace::full(options.seconds) },
        rounds: if options.quick { 2 } else { options.rounds.unwrap_or(5).max(1) },
        threads: options.threads,
    };
    let nginx = nginx::version()?;
    let results = match &options.tune {
        Some(template) => run::tune(&options.server, template, &chosen, conditions)?,
        None => run::compare(&options.server, &chosen, conditions)?,
    };
    let report = Report {
        machine: Machine::read()?,
        nginx,
        quick: options.quick,
        rounds: conditions.rounds,
        client_threads: options.threads,
        results,
    };
    println!("\n{}", report.table());
    if let Some(file) = &options.json {
        report.write(file).context("cannot write the results")?;
        println!("written to {}", file.display());
    }
    let failed = report.results.iter().filter(|outcome| outcome.failure.is_some()).count();
    if failed > 0 {
        bail!("{failed} of {} comparisons had wrong answers", report.results.len());
    }
    Ok(())
}
