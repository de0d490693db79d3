//! `recording import`: files into the vault, several at once, a line for each.
//!
//! Promises: `stored` is said only after the API answered 2xx, which means that the bytes survive a power cut; a source
//! is removed only when asked for, and only after the stored copy was read back from the medium and has the hash of what
//! was sent, and the source did not change meanwhile.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use futures_util::StreamExt as _;
use serde_json::json;

use super::walk::{Found, Walk};
use super::{Outcome, without_nulls};
use crate::arguments::ImportArguments;
use crate::client::{ApiClient, Route, Sent};
use crate::printer::{Printer, Progress, printable};

/// Uploads at once: enough to keep the disk busy while others wait for an fsync.
const AT_ONCE: usize = 4;

/// What became of one path.
enum Imported {
    Stored { name: String, size_bytes: u64, source: Source },
    AlreadyThere { name: String, size_bytes: u64, source: Source },
    Refused { reason: String },
    PassedOver,
}

/// What became of the source of a recording that is in the vault.
enum Source {
    Left,
    Removed,
    Kept(String),
}

#[derive(Default)]
struct Summary {
    stored: u64,
    already_there: u64,
    refused: u64,
    kept: u64,
}

pub(super) async fn run(client: &ApiClient, arguments: ImportArguments) -> anyhow::Result<Outcome> {
    let printer = Printer::new(arguments.output.json);
    let customer = client.get(&Route::to([&"customers", &arguments.customer])).await;
    customer.with_context(|| format!("cannot import for customer {}", arguments.customer))?;
    let mut progress = Progress::new(if Progress::is_visible() { total_bytes(&arguments.paths) } else { 0 });
    let mut summary = Summary::default();
    let importing = Walk::over(&arguments.paths).map(|(path, found)| one(client, &arguments, path, found));
    // In order of the walk, so that two runs print the same.
    let mut outcomes = futures_util::stream::iter(importing).buffered(AT_ONCE);
    while let Some((path, imported)) = outcomes.next().await {
        let size_bytes = match &imported {
            Imported::Stored { size_bytes, .. } | Imported::AlreadyThere { size_bytes, .. } => *size_bytes,
            _ => fs_err::symlink_metadata(&path).map_or(0, |metadata| metadata.len()),
        };
        let line = summary.count(&path, &imported, printer);
        progress.advance(size_bytes, printer, line.as_deref())?;
    }
    progress.clear();
    let Summary { stored, already_there, refused, kept } = summary;
    let kept = if kept == 0 { String::new() } else { format!(", {kept} sources kept") };
    printer.note(&format!("{stored} stored, {already_there} already there, {refused} refused{kept}"));
    Ok(Outcome::fine_if(refused == 0 && kept.is_empty()))
}

fn total_bytes(paths: &[PathBuf]) -> u64 {
    let files = Walk::over(paths).filter(|(_, found)| matches!(found, Found::File));
    files.filter_map(|(path, _)| fs_err::metadata(path).ok()).map(|metadata| metadata.len()).sum()
}

impl Summary {
    /// Counts one outcome and gives its line.
    fn count(&mut self, path: &Path, imported: &Imported, printer: Printer) -> Option<String> {
        let shown = printable(&path.display().to_string());
        let (word, name, size_bytes, source) = match imported {
            Imported::PassedOver => {
                printer.note(&format!("passed over {shown}: symbolic links are not followed"));
                return None;
            }
            Imported::Refused { reason } => {
                self.refused += 1;
                let reason = printable(reason);
                return Some(if printer.is_json() {
                    json!({"outcome": "refused", "path": shown, "reason": reason}).to_string()
                } else {
                    format!("refused {shown}: {reason}")
                });
            }
            Imported::Stored { name, size_bytes, source } => {
                self.stored += 1;
                ("stored", name, size_bytes, source)
            }
            Imported::AlreadyThere { name, size_bytes, source } => {
                self.already_there += 1;
                ("already there", name, size_bytes, source)
            }
        };
        let kept = match source {
            Source::Kept(reason) => Some(printable(reason)),
            Source::Left | Source::Removed => None,
        };
        self.kept += u64::from(kept.is_some());
        if printer.is_json() {
            let removed = matches!(source, Source::Removed).then_some(true);
            let object = json!({
                "outcome": word, "path": shown, "name": name, "size_bytes": size_bytes,
                "source_removed": removed, "source_kept": kept,
            });
            return Some(without_nulls(object).to_string());
        }
        let line = match word {
            "stored" => format!("stored {} ({size_bytes} bytes)", printable(name)),
            _ => format!("already there {}", printable(name)),
        };
        Some(match kept {
            Some(reason) => format!("{line}\nkept {shown}: {reason}"),
            None => line,
        })
    }
}

async fn one(
    client: &ApiClient,
    arguments: &ImportArguments,
    path: PathBuf,
    found: Found,
) -> (PathBuf, Imported) {
    let named_itself = arguments.paths.contains(&path);
    let imported = match found {
        Found::File => send(client, arguments, &path).await,
        Found::Link if named_itself => Err(anyhow::anyhow!("symbolic links are not followed")),
        Found::Link => Ok(Imported::PassedOver),
        Found::Wrong(error) => Err(error),
    };
    let imported = imported.unwrap_or_else(|error| Imported::Refused { reason: format!("{error:#}") });
    (path, imported)
}

async fn send(client: &ApiClient, arguments: &ImportArguments, path: &Path) -> anyhow::Result<Imported> {
    let name = path.file_name().and_then(OsStr::to_str).context("its name is not UTF-8")?.to_owned();
    let before = fs_err::symlink_metadata(path)?;
    let route = Route::to([&"recordings", &name]).query("customer", &arguments.customer);
    let route = route.maybe("record_group", arguments.record_group);
    let sent = client.put_file(&route, path).await?;
    let source = if arguments.remove_source {
        match remove(client, &name, arguments.customer, path, &before, &sent).await {
            Ok(()) => Source::Removed,
            Err(error) => Source::Kept(format!("{error:#}")),
        }
    } else {
        Source::Left
    };
    let size_bytes = sent.size_bytes;
    Ok(if sent.is_new {
        Imported::Stored { name, size_bytes, source }
    } else {
        Imported::AlreadyThere { name, size_bytes, source }
    })
}

/// Removes a source, durably, if its stored copy is proved to be the same.
async fn remove(
    client: &ApiClient,
    name: &str,
    customer: i64,
    path: &Path,
    before: &std::fs::Metadata,
    sent: &Sent,
) -> anyhow::Result<()> {
    let verified =
        client.ask(&Route::to([&"recordings", &name, &"verify"]).query("customer", &customer)).await;
    let verified = verified.context("the stored copy could not be verified")?;
    anyhow::ensure!(verified["verdict"] == "intact", "the stored copy is {}", verified["verdict"]);
    anyhow::ensure!(
        verified["recording"]["audio"]["sha256"] == sent.sha256.as_str(),
        "the stored copy has other bytes"
    );
    let now = fs_err::symlink_metadata(path)?;
    let stamp = |metadata: &std::fs::Metadata| {
        (metadata.dev(), metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec())
    };
    anyhow::ensure!(
        stamp(before) == stamp(&now) && now.len() == sent.size_bytes,
        "it changed while it was imported"
    );
    fs_err::remove_file(path)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(fs_err::File::open(directory)?.sync_all()?)
}
