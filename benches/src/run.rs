//! A whole run: starts both sides, lets them do what was chosen, and gathers what came of it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use tokio::runtime::Runtime;

use crate::audio::wave_file;
use crate::callvault::Callvault;
use crate::comparison::{self, Conditions, Side};
use crate::installation::Installation;
use crate::nginx::Nginx;
use crate::plan::{Comparison, Peer, Size, Work};
use crate::report::Outcome;
use crate::server::Server;
use crate::work::{Form, Steps, Target};

/// Compares Callvault with its peers.
///
/// # Errors
/// When anything cannot be started or ends by itself. Wrong answers are no error here but [`Outcome::failure`].
pub(crate) fn compare(
    binary: &Path,
    chosen: &[Comparison],
    conditions: Conditions,
) -> anyhow::Result<Vec<Outcome>> {
    let installation = Installation::create(binary).context("cannot set up an installation")?;
    let nginx = Nginx::start(&installation.audio(), None, workers()?)?;
    let server = Server::start(&installation, &[])?;
    let runtime = runtime()?;
    let callvault = runtime.block_on(Callvault::login(server.address(), &installation))?;
    let side = |steps: (Steps, Form), size, address, ids| -> anyhow::Result<Side> {
        let target = prepare(&runtime, address, steps, size)?;
        Ok(Side { target, ids })
    };
    let own = |work, size| side(callvault.steps(work, size), size, callvault.address, vec![server.id()]);
    let results = each(chosen, conditions, |comparison| {
        let Comparison { work, size, peer, .. } = comparison;
        let peer = match peer {
            Peer::NginxLua | Peer::NginxStatic => {
                side(nginx.steps(*work, *size)?, *size, nginx.address, nginx.ids()?).context("nginx")?
            }
            Peer::OwnFile => own(Work::File, *size)?,
        };
        Ok((own(*work, *size)?, peer))
    })
    .with_context(|| format!("{}\n{}", server.log_tail(), nginx.log()))?;
    server.stop()?;
    Ok(results)
}

/// Compares nginx as `template` configures it, in the place of ours, with nginx as it is compared with.
///
/// # Errors
/// As [`compare`].
pub(crate) fn tune(
    binary: &Path,
    template: &Path,
    chosen: &[Comparison],
    conditions: Conditions,
) -> anyhow::Result<Vec<Outcome>> {
    let chosen: Vec<Comparison> =
        chosen.iter().filter(|comparison| comparison.peer != Peer::OwnFile).cloned().collect();
    let installation = Installation::create(binary).context("cannot set up an installation")?;
    let changed = Nginx::start(&installation.audio(), Some(template), workers()?)?;
    let usual = Nginx::start(&installation.audio(), None, workers()?)?;
    let runtime = runtime()?;
    each(&chosen, conditions, |comparison| {
        let side = |nginx: &Nginx| -> anyhow::Result<Side> {
            let steps = nginx.steps(comparison.work, comparison.size)?;
            let target = prepare(&runtime, nginx.address, steps, comparison.size)?;
            Ok(Side { target, ids: nginx.ids()? })
        };
        Ok((side(&changed)?, side(&usual)?))
    })
    .with_context(|| changed.log())
}

/// Runs the comparisons one after the other, between the sides that `sides` gives.
fn each(
    chosen: &[Comparison],
    conditions: Conditions,
    sides: impl Fn(&Comparison) -> anyhow::Result<(Side, Side)>,
) -> anyhow::Result<Vec<Outcome>> {
    let mut results = Vec::new();
    for comparison in chosen {
        let name = comparison.name();
        let (ours, peer) = sides(comparison).with_context(|| name.clone())?;
        let measured = comparison::run(&ours, &peer, comparison.connections, conditions)
            .with_context(|| name.clone())?;
        let outcome = match measured {
            Ok(rounds) => {
                Outcome { name, rows: comparison::rows(comparison, &rounds), rounds, failure: None }
            }
            Err(failure) => Outcome { name, rows: Vec::new(), rounds: Vec::new(), failure: Some(failure) },
        };
        results.push(outcome);
        if let Some(outcome) = results.last() {
            eprintln!("{:>3}/{}  {}", results.len(), chosen.len(), outcome.summary());
        }
    }
    Ok(results)
}

fn prepare(
    runtime: &Runtime,
    address: std::net::SocketAddr,
    (steps, form): (Steps, Form),
    size: Size,
) -> anyhow::Result<Arc<Target>> {
    runtime.block_on(Target::prepare(address, steps, form, &wave_file(size.bytes)))
}

fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the load generator")
}

/// One for each core that this process may use, as ours takes them.
fn workers() -> anyhow::Result<usize> {
    Ok(std::thread::available_parallelism()?.get())
}
