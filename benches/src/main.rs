//! The load generator: measures a built `callvault` from outside, over TCP, side by side with its peers.
//!
//! `cargo xtask bench` builds and calls it; docs/benchmarks.md says what is measured and how to read it. It asserts
//! nothing about speed. It does check every answer, and ends with exit code 1 when any was wrong.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what the program is for")]

mod backing;
mod bound;
mod callvault;
mod catalog;
mod catalogs;
mod checksum;
mod comparison;
mod durable;
mod endpoint;
mod head;
mod http;
mod installation;
mod limits;
mod load;
mod machine;
mod memory;
mod nginx;
mod pinning;
mod plan;
mod plot;
mod process;
mod ranges;
mod report;
mod run;
mod serve_dir;
mod server;
mod statistics;
mod tls;
mod upload;
mod uploads;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;

use crate::comparison::Conditions;
use crate::load::Pace;
use crate::machine::Machine;
use crate::pinning::Pinning;
use crate::plan::Item;
use crate::report::Report;
use crate::run::Run;

/// Measures a built callvault side by side with its peers.
#[derive(Parser)]
struct Options {
    /// The callvault binary to measure.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["list", "serve_dir"])]
    server: Option<PathBuf>,
    /// Where to write the results as comparisons.json, .svg and .md.
    #[arg(long, value_name = "FOLDER")]
    results: Option<PathBuf>,
    /// A short run, to see that everything works; its figures mean little.
    #[arg(long)]
    quick: bool,
    /// Let each round of each side last at least this long; 1.5 when nothing is said.
    #[arg(long, value_name = "SECONDS", conflicts_with = "quick")]
    seconds: Option<f64>,
    /// How often each side is measured, in turns; 7 when nothing is said.
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
    /// Let the kernel choose the cores; otherwise the servers have one half of them and the load generator the other.
    #[arg(long)]
    unpinned: bool,
    /// Make the large catalogs here and keep them, or use those that an earlier run kept here.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Be the reference instead: serve the files of a folder and print the address.
    #[arg(long, value_name = "FOLDER", hide = true)]
    serve_dir: Option<PathBuf>,
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
    if let Some(folder) = &options.serve_dir {
        return serve_dir::serve(folder);
    }
    let all = plan::items();
    if options.list {
        for item in &all {
            println!("{}", item.name());
        }
        return Ok(());
    }
    let chosen: Vec<Item> = all.iter().filter(|item| item.name().contains(&options.only)).cloned().collect();
    if chosen.is_empty() {
        bail!("nothing that is measured has `{}` in its name; `--list` prints the names", options.only);
    }
    let conditions = Conditions {
        pace: if options.quick { Pace::QUICK } else { Pace::full(options.seconds) },
        rounds: if options.quick { 2 } else { options.rounds.unwrap_or(7).max(1) },
        threads: options.threads,
    };
    let (machine, nginx) = (Machine::read()?, nginx::version()?);
    let pinning = if options.unpinned { None } else { Some(Pinning::halves()?) };
    let run = Run {
        binary: options.server.as_deref().context("no server to measure")?,
        pinning: pinning.as_ref(),
        conditions,
        quick: options.quick,
        keep: options.keep.as_deref(),
    };
    let results = match &options.tune {
        Some(template) => run.tune(template, &chosen)?,
        None => run.all(&chosen)?,
    };
    let report = Report {
        machine,
        nginx,
        quick: options.quick,
        rounds: conditions.rounds,
        client_threads: options.threads,
        pinning: pinning.map_or_else(|| "nothing pinned".to_owned(), |pinning| pinning.words()),
        results,
    };
    println!("\n{}", report.table());
    if let Some(folder) = &options.results {
        report.write(folder).context("cannot write the results")?;
        println!("written to {}", folder.display());
    }
    let failed = report.results.iter().filter(|outcome| outcome.failure.is_some()).count();
    if failed > 0 {
        bail!("{failed} of {} measurements had wrong answers", report.results.len());
    }
    Ok(())
}
