//! How much a large catalog costs: at the start of the server, and when it hands out randoms.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::bound::Bound;
use crate::callvault::Callvault;
use crate::catalog::{copy_name, fill};
use crate::comparison::{self, Labels, Side};
use crate::endpoint::Endpoint;
use crate::http::{Connection, shared_buffer};
use crate::installation::Installation;
use crate::plan::{Item, Measure, SMALL};
use crate::report::{Outcome, Row};
use crate::run::Run;
use crate::server::Server;
use crate::work::{Form, Target};

/// How many recordings are asked about, spread over all of them.
const ASKED: u64 = 10_000;

/// Clients at once.
const CONNECTIONS: usize = 16;

/// From the start of the process to the first answer.
///
/// # Errors
/// When the catalog cannot be filled, or the server does not start.
pub(crate) fn start(run: &Run<'_>) -> anyhow::Result<Outcome> {
    let count = if run.quick { 20_000 } else { 1_000_000 };
    let installation = filled(run, count)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // The first start after the filling puts the catalog's journal in order, which is done once.
    run.start(|| Server::start(&installation, &[]))?.stop()?;
    let mut times = Vec::new();
    for _ in 0..run.conditions.rounds {
        let started = Instant::now();
        let server = run.start(|| Server::start(&installation, &[]))?;
        let took = runtime.block_on(first_answer(&server, started))?;
        times.push(took.as_secs_f64() * 1e3);
        server.stop()?;
    }
    let work = format!("start with {} recordings", words(count));
    let bound = (!run.quick).then_some(Bound::AtMost(300.0));
    let rows = Row::figure(&work, "ms", &times, bound).into_iter().collect();
    Ok(Outcome { name: Item::Start.name(), rows, rounds: Vec::new(), failure: None })
}

async fn first_answer(server: &Server, started: Instant) -> anyhow::Result<Duration> {
    let mut connection = Connection::open(&Endpoint::plain(server.address()), shared_buffer()).await?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {}\r\n\r\n", server.address());
    let mut body = Vec::new();
    let head = connection.exchange(request.as_bytes(), &mut body).await?;
    if head.status != 200 {
        bail!("the first answer has status {}", head.status);
    }
    Ok(started.elapsed())
}

/// `get_random` alone out of a large catalog, in turns with one of ten thousand.
///
/// # Errors
/// As [`start`].
pub(crate) fn randoms(run: &Run<'_>) -> anyhow::Result<Outcome> {
    let (many, few) = if run.quick { (100_000, 10_000) } else { (10_000_000, 10_000) };
    let (large, small) = (filled(run, many)?, filled(run, few)?);
    let servers = [run.start(|| Server::start(&large, &[]))?, run.start(|| Server::start(&small, &[]))?];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let side = |installation: &Installation, server: &Server, count: u64| -> anyhow::Result<Side> {
        let callvault = runtime.block_on(Callvault::login(server.address(), installation))?;
        // The multiplication scatters them, so that no two neighbours are asked about one after the other.
        let names = (0..ASKED).map(|index| copy_name((index * 7919 % ASKED) * (count / ASKED) + 1));
        let endpoint = Endpoint::plain(server.address());
        let target = runtime.block_on(Target::prepare(endpoint, callvault.asking(names), Form::Bare, &[]))?;
        Ok(Side { target, ids: vec![server.id()] })
    };
    let (ours, peer) = (side(&large, &servers[0], many)?, side(&small, &servers[1], few)?);
    let measured = comparison::run(&ours, &peer, CONNECTIONS, run.conditions)
        .with_context(|| servers.each_ref().map(Server::log_tail).join("\n"))?;
    servers.into_iter().try_for_each(Server::stop)?;
    let name = Item::Catalog.name();
    let rounds = match measured {
        Ok(rounds) => rounds,
        Err(failure) => {
            return Ok(Outcome { name, rows: Vec::new(), rounds: Vec::new(), failure: Some(failure) });
        }
    };
    let work = format!("get_random of {}", words(many));
    let labels = Labels { work: &work, file: "", connections: CONNECTIONS, peer: "of 10 thousand" };
    let measures = [(Measure::P99, (!run.quick).then_some(Bound::AtMost(1.5))), (Measure::Rate, None)];
    Ok(Outcome { name, rows: comparison::rows(labels, &measures, &rounds), rounds, failure: None })
}

/// An installation with so many recordings: one that was kept, or a new one.
fn filled(run: &Run<'_>, count: u64) -> anyhow::Result<Installation> {
    let started = Instant::now();
    let Some(keep) = run.keep else {
        let installation = run.installation()?;
        fill(&installation.catalog(), &Installation::recording(SMALL), count)?;
        say(count, started);
        return Ok(installation);
    };
    let folder = keep.join(format!("recordings-{count}"));
    let filled = folder.join("filled");
    if folder.exists() && !filled.exists() {
        bail!("{} was not finished; remove it", folder.display());
    }
    let installation = Installation::keep(run.binary, &folder)?;
    if !filled.exists() {
        fill(&installation.catalog(), &Installation::recording(SMALL), count)?;
        fs_err::write(&filled, "")?;
        say(count, started);
    }
    Ok(installation)
}

fn say(count: u64, started: Instant) {
    eprintln!("     {} recordings in a catalog after {:.0} s", words(count), started.elapsed().as_secs_f64());
}

/// `10 million`, `100 thousand`.
fn words(count: u64) -> String {
    match count {
        count if count % 1_000_000 == 0 => format!("{} million", count / 1_000_000),
        count if count % 1000 == 0 => format!("{} thousand", count / 1000),
        count => count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_words() {
        assert_eq!(words(10_000_000), "10 million");
        assert_eq!(words(100_000), "100 thousand");
        assert_eq!(words(1_234), "1234");
    }
}
