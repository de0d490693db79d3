//! The load generator: measures a built `callvault` from outside, over TCP and through its command line.
//!
//! `cargo xtask bench` builds and calls it; docs/benchmarks.md says what is measured and how to read it. It asserts
//! nothing about speed. It does check every answer, and ends with exit code 1 when any was wrong.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what the program is for")]

mod audio;
mod checksum;
mod head;
mod http;
mod installation;
mod load;
mod plan;
mod process;
mod report;
mod server;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;

use crate::installation::Installation;
use crate::load::Pace;
use crate::plan::Cell;
use crate::report::{Machine, Report, Row};
use crate::server::Server;
use crate::work::Target;

/// Measures both download APIs of a built callvault.
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
    /// Measure each cell for at least this long.
    #[arg(long, value_name = "SECONDS", conflicts_with = "quick")]
    seconds: Option<f64>,
    /// Only the cells whose name contains this, such as `yeastar` or `none/480KB/16`.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Threads of the load generator. One keeps two cores busy; more are for more cores.
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
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
    let pace = if options.quick { Pace::QUICK } else { Pace::full(options.seconds) };
    let cells: Vec<Cell> =
        plan::cells().into_iter().filter(|cell| cell.name().contains(&options.only)).collect();
    if cells.is_empty() {
        bail!("no cell has `{}` in its name; one is {}", options.only, plan::cells()[0].name());
    }
    let installation = Installation::create(&options.server).context("cannot set up an installation")?;
    let mut token = None;
    let mut rows = Vec::new();
    for cell in &cells {
        let row = measure(*cell, &installation, &mut token, pace, options.threads)
            .with_context(|| format!("cell {}", cell.name()))?;
        eprintln!("{:>3}/{}  {}", rows.len() + 1, cells.len(), row.summary());
        rows.push(row);
    }
    let report =
        Report { machine: Machine::read()?, quick: options.quick, client_threads: options.threads, rows };
    println!("\n{}", report.table());
    if let Some(file) = &options.json {
        report.write(file)?;
        println!("written to {}", file.display());
    }
    let failed = report.rows.iter().filter(|row| row.failure.is_some()).count();
    if failed > 0 {
        bail!("{failed} of {} cells had wrong answers", report.rows.len());
    }
    Ok(())
}

/// One cell on a server of its own, so that its memory and processor time are those of this load alone.
fn measure(
    cell: Cell,
    installation: &Installation,
    token: &mut Option<String>,
    pace: Pace,
    threads: usize,
) -> anyhow::Result<Row> {
    let server = Server::start(installation)?;
    let outcome = measure_on(&server, cell, installation, token, pace, threads);
    match outcome {
        Ok(row) => {
            server.stop()?;
            Ok(row)
        }
        Err(error) => Err(error.context(server.log_tail())),
    }
}

fn measure_on(
    server: &Server,
    cell: Cell,
    installation: &Installation,
    token: &mut Option<String>,
    pace: Pace,
    threads: usize,
) -> anyhow::Result<Row> {
    let target = Target::prepare(server.address(), cell, installation, token)?;
    let measured = load::run(server, &target, cell.connections, pace, threads)?;
    Ok(Row::new(cell, &target, measured))
}
