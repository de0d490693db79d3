//! A whole run: starts both sides, lets them do what was chosen, and gathers what came of it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::runtime::Runtime;

use crate::callvault::Callvault;
use crate::comparison::{self, Conditions, Labels, Side};
use crate::endpoint::Endpoint;
use crate::installation::Installation;
use crate::nginx::Nginx;
use crate::pinning::Pinning;
use crate::plan::{Comparison, Item, Mode, Peer, Work};
use crate::report::{Outcome, Row};
use crate::serve_dir::Reference;
use crate::server::Server;
use crate::work::{Form, Steps, Target};
use crate::{catalogs, limits, memory, uploads};
use callvault_trial::audio::wave_file;
use callvault_trial::installation::Size;

/// What a run is told.
pub(crate) struct Run<'a> {
    /// The callvault to measure.
    pub(crate) binary: &'a Path,
    /// None leaves the choice of cores to the kernel.
    pub(crate) pinning: Option<&'a Pinning>,
    pub(crate) conditions: Conditions,
    pub(crate) quick: bool,
    /// Where large catalogs are kept.
    pub(crate) keep: Option<&'a Path>,
}

impl Run<'_> {
    /// Measures what was chosen.
    ///
    /// # Errors
    /// When anything cannot be started or ends by itself. Wrong answers are no error here but [`Outcome::failure`].
    pub(crate) fn all(&self, chosen: &[Item]) -> anyhow::Result<Vec<Outcome>> {
        let mut results = Vec::new();
        let is_chosen = |wanted: fn(&Item) -> bool| chosen.iter().any(wanted);
        if is_chosen(|item| matches!(item, Item::Limits)) {
            tell(&mut results, self.limits()?);
        }
        let comparisons = comparisons(chosen);
        if !comparisons.is_empty() {
            let installation = self.installation()?;
            let nginx = self.start(|| self.nginx(&installation, None))?;
            let reference = self.start(|| Reference::start(&installation.audio()))?;
            for (settings, modes) in
                [(&[][..], &[Mode::Plain, Mode::Tls][..]), (&["listen_log.strict=true"], &[Mode::Strict])]
            {
                let comparisons: Vec<&Comparison> = comparisons
                    .iter()
                    .copied()
                    .filter(|comparison| modes.contains(&comparison.mode))
                    .collect();
                if comparisons.is_empty() {
                    continue;
                }
                let server = self.start(|| Server::start(&installation, settings))?;
                let sides = Sides::new(&installation, &server, &nginx, &reference)?;
                self.each(&comparisons, &mut results, |comparison| sides.both(comparison))
                    .with_context(|| format!("{}\n{}", server.log_tail(), nginx.log()))?;
                server.stop()?;
            }
        }
        if is_chosen(|item| matches!(item, Item::Memory)) {
            let installation = self.installation()?;
            let start = || self.start(|| Server::start(&installation, &[]));
            tell(
                &mut results,
                memory::run(&installation, self.conditions.rounds.min(5), start).context("memory")?,
            );
        }
        if is_chosen(|item| matches!(item, Item::Upload)) {
            let installation = self.installation()?;
            let server = self.start(|| Server::start(&installation, &[]))?;
            let outcome = uploads::run(self, &installation, &server);
            tell(&mut results, outcome.with_context(|| format!("upload\n{}", server.log_tail()))?);
            server.stop()?;
        }
        if is_chosen(|item| matches!(item, Item::Start)) {
            tell(&mut results, catalogs::start(self).context("start")?);
        }
        if is_chosen(|item| matches!(item, Item::Catalog)) {
            tell(&mut results, catalogs::randoms(self).context("catalog")?);
        }
        Ok(results)
    }

    /// Measures nginx as `template` configures it, in the place of ours, against nginx as it is compared with.
    ///
    /// # Errors
    /// As [`Run::all`].
    pub(crate) fn tune(&self, template: &Path, chosen: &[Item]) -> anyhow::Result<Vec<Outcome>> {
        let mut comparisons = comparisons(chosen);
        comparisons.retain(|comparison| matches!(comparison.peer, Peer::NginxLua | Peer::NginxStatic));
        let installation = self.installation()?;
        let changed = self.start(|| self.nginx(&installation, Some(template)))?;
        let usual = self.start(|| self.nginx(&installation, None))?;
        let runtime = runtime()?;
        let mut results = Vec::new();
        self.each(&comparisons, &mut results, |comparison| {
            let side = |nginx| nginx_side(&runtime, &installation, nginx, comparison);
            Ok((side(&changed)?, side(&usual)?))
        })
        .with_context(|| changed.log())?;
        Ok(results)
    }

    pub(crate) fn installation(&self) -> anyhow::Result<Installation> {
        Installation::create(self.binary).context("cannot set up an installation")
    }

    fn nginx(&self, installation: &Installation, template: Option<&Path>) -> anyhow::Result<Nginx> {
        // One for each core that it may use, as ours takes them.
        let workers = std::thread::available_parallelism()?.get();
        Nginx::start(&installation.audio(), installation.certificate(), template, workers)
    }

    /// Starts a server on the cores of the servers.
    pub(crate) fn start<T>(&self, start: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let Some(pinning) = self.pinning else { return start() };
        pinning.for_servers()?;
        let started = start();
        pinning.for_clients()?;
        started
    }

    /// Runs the comparisons one after the other, between the sides that `sides` gives.
    fn each(
        &self,
        comparisons: &[&Comparison],
        results: &mut Vec<Outcome>,
        sides: impl Fn(&Comparison) -> anyhow::Result<(Side, Side)>,
    ) -> anyhow::Result<()> {
        for comparison in comparisons {
            let name = comparison.name();
            let (ours, peer) = sides(comparison).with_context(|| name.clone())?;
            if ours.target.suite() != peer.target.suite() {
                bail!("{name}: {:?} with us, {:?} with the peer", ours.target.suite(), peer.target.suite());
            }
            let measured = comparison::run(&ours, &peer, comparison.connections, self.conditions)
                .with_context(|| name.clone())?;
            tell(
                results,
                match measured {
                    Ok(rounds) => {
                        let (title, connections) = (comparison.title(), comparison.connections);
                        let (file, peer) = (comparison.size.name, comparison.peer.name());
                        let labels = Labels { work: &title, file, connections, peer };
                        let rows = comparison::rows(labels, &comparison.measures, &rounds);
                        Outcome { name, rows, rounds, failure: None }
                    }
                    Err(failure) => {
                        Outcome { name, rows: Vec::new(), rounds: Vec::new(), failure: Some(failure) }
                    }
                },
            );
        }
        Ok(())
    }

    fn limits(&self) -> anyhow::Result<Outcome> {
        let time = Duration::from_millis(if self.quick { 50 } else { 500 });
        let mut copied = Vec::new();
        let mut sent = Vec::new();
        for _ in 0..self.conditions.rounds {
            copied.push(limits::memory_copy(time));
            sent.push(limits::loopback(time)?);
        }
        let rows = [("memory copy", copied), ("loopback", sent)]
            .into_iter()
            .filter_map(|(work, rates)| Row::figure(work, "GB/s", &rates, None));
        Ok(Outcome { name: Item::Limits.name(), rows: rows.collect(), rounds: Vec::new(), failure: None })
    }
}

/// All that can answer, and how they are asked.
struct Sides<'a> {
    runtime: Runtime,
    installation: &'a Installation,
    callvault: Callvault,
    server: &'a Server,
    nginx: &'a Nginx,
    reference: &'a Reference,
}

impl<'a> Sides<'a> {
    fn new(
        installation: &'a Installation,
        server: &'a Server,
        nginx: &'a Nginx,
        reference: &'a Reference,
    ) -> anyhow::Result<Sides<'a>> {
        let runtime = runtime()?;
        let callvault = runtime.block_on(Callvault::login(server.address(), installation))?;
        Ok(Sides { runtime, installation, callvault, server, nginx, reference })
    }

    fn both(&self, comparison: &Comparison) -> anyhow::Result<(Side, Side)> {
        let size = comparison.size;
        let peer = match comparison.peer {
            Peer::NginxLua | Peer::NginxStatic => {
                nginx_side(&self.runtime, self.installation, self.nginx, comparison).context("nginx")?
            }
            Peer::ServeDir => {
                let endpoint = Endpoint::plain(self.reference.address);
                side(&self.runtime, endpoint, self.reference.steps(size), size, vec![self.reference.id()])
                    .context("ServeDir")?
            }
            Peer::OwnFile => self.own(Work::File, comparison)?,
        };
        Ok((self.own(comparison.work, comparison)?, peer))
    }

    fn own(&self, work: Work, comparison: &Comparison) -> anyhow::Result<Side> {
        // The one address speaks both.
        let endpoint =
            endpoint(self.installation, comparison.mode, self.callvault.address, self.callvault.address);
        let steps = self.callvault.steps(work, comparison.size);
        side(&self.runtime, endpoint, steps, comparison.size, vec![self.server.id()])
    }
}

fn nginx_side(
    runtime: &Runtime,
    installation: &Installation,
    nginx: &Nginx,
    comparison: &Comparison,
) -> anyhow::Result<Side> {
    let endpoint = endpoint(installation, comparison.mode, nginx.address, nginx.tls_address);
    let steps = nginx.steps(comparison.work, comparison.size)?;
    side(runtime, endpoint, steps, comparison.size, nginx.ids()?)
}

fn endpoint(
    installation: &Installation,
    mode: Mode,
    plain: std::net::SocketAddr,
    tls: std::net::SocketAddr,
) -> Endpoint {
    match mode {
        Mode::Plain | Mode::Strict => Endpoint::plain(plain),
        Mode::Tls => Endpoint { address: tls, tls: Some(installation.certificate().client()) },
    }
}

fn side(
    runtime: &Runtime,
    endpoint: Endpoint,
    (steps, form): (Steps, Form),
    size: Size,
    ids: Vec<u32>,
) -> anyhow::Result<Side> {
    let target = runtime.block_on(Target::prepare(endpoint, steps, form, &wave_file(size.bytes)))?;
    Ok(Side { target, ids })
}

fn comparisons(chosen: &[Item]) -> Vec<&Comparison> {
    chosen
        .iter()
        .filter_map(|item| match item {
            Item::Comparison(comparison) => Some(comparison),
            Item::Limits | Item::Memory | Item::Upload | Item::Start | Item::Catalog => None,
        })
        .collect()
}

/// Keeps an outcome and says so.
fn tell(results: &mut Vec<Outcome>, outcome: Outcome) {
    eprintln!("{:>3}  {}", results.len() + 1, outcome.summary());
    results.push(outcome);
}

fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the load generator")
}
