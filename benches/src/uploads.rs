//! Recordings sent to Callvault over the network, against files written by as little a program as there can be.

use anyhow::{Context, bail};

use crate::backing::ask_for_memory;
use crate::bound::Bound;
use crate::callvault::Callvault;
use crate::comparison::{self, Figures, Labels, Round};
use crate::durable::{self, Shelf};
use crate::endpoint::Endpoint;
use crate::http::{Connection, shared_buffer};
use crate::installation::Installation;
use crate::load;
use crate::plan::{Item, MIDDLE, Measure};
use crate::report::Outcome;
use crate::run::Run;
use crate::server::Server;
use crate::upload::Upload;
use crate::work::{Form, Steps, Target};
use callvault_trial::audio::wave_file;

/// How many are under way at once.
const AT_ONCE: usize = 16;

/// Measures both in turns.
///
/// # Errors
/// When the server or the disk fails, or a recording is not what was sent.
pub(crate) fn run(run: &Run<'_>, installation: &Installation, server: &Server) -> anyhow::Result<Outcome> {
    let conditions = run.conditions;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let endpoint = Endpoint::plain(server.address());
    let file = wave_file(MIDDLE.bytes);
    let callvault = runtime.block_on(Callvault::login(server.address(), installation))?;
    let steps = Steps::Upload(Upload::new(callvault.address, installation.key(), file.clone()));
    let target = runtime.block_on(Target::prepare(endpoint.clone(), steps, Form::Bare, &[]))?;
    let name = Item::Upload.name();
    let shelf = Shelf::create(installation.folder())?;
    let mut rounds = Vec::new();
    let time = conditions.pace.warm_up + conditions.pace.window;
    for _ in 0..conditions.rounds {
        ask_for_memory(time)?;
        let measured = load::run(&[server.id()], &target, AT_ONCE, conditions.pace, conditions.threads)?;
        if let Some(failure) = measured.failure {
            return Ok(Outcome { name, rows: Vec::new(), rounds, failure: Some(failure) });
        }
        let ours = Figures::new(&measured, target.answer_bytes());
        ask_for_memory(time)?;
        // On the same cores as the server.
        let measured = run.start(|| durable::run(&shelf, &file, AT_ONCE, conditions.pace))?;
        rounds.push(Round { ours, peer: Figures::new(&measured, file.len() as f64) });
    }
    runtime.block_on(check(&endpoint, target.upload().context("no uploads")?))?;
    let labels = Labels {
        work: "durable upload",
        file: MIDDLE.name,
        connections: AT_ONCE,
        peer: "temp, fsync, rename",
    };
    let measures = [(Measure::Rate, Some(Bound::AtLeast(0.8))), (Measure::Processor, None)];
    Ok(Outcome { name, rows: comparison::rows(labels, &measures, &rounds), rounds, failure: None })
}

/// Fetches a few of the recordings again, and compares them byte by byte.
async fn check(endpoint: &Endpoint, upload: &Upload) -> anyhow::Result<()> {
    // Of each window those that were under way at its end may be missing: their clients were dropped.
    let mut connection = Connection::open(endpoint, shared_buffer()).await?;
    let mut found = 0;
    let step = (upload.count() / 20).max(1);
    for number in (0..upload.count()).step_by(usize::try_from(step)?) {
        let (mut body, mut expected) = (Vec::new(), Vec::new());
        let head = connection.exchange(&upload.fetch(number), &mut body).await?;
        upload.append_file(number, &mut expected);
        match head.status {
            200 if body == expected => found += 1,
            200 => bail!("upload {number} came back with other bytes"),
            404 => {}
            status => bail!("upload {number} came back with status {status}"),
        }
    }
    if found == 0 {
        bail!("no upload came back");
    }
    Ok(())
}
