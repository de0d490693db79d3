//! The installation as a whole: its check, and the sweep that takes away what was never committed.

use std::collections::HashSet;
use std::sync::Arc;

use crate::audio::AudioKey;
use crate::error::Result;
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::page::PageRequest;
use crate::port::audio_store::{AudioStore, AudioStoreError, ReadFrom};
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::port::listen_writer::ListenWriter;
use crate::service::Ports;
use crate::service::intake::Intake;
use crate::service::leases::LEASE;
use crate::time::Timestamp;

/// How many objects one round of the sweep takes.
const SWEEP_ROUND: u32 = 500;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// How many stored objects the catalog needs.
    pub audio_objects: u64,
    /// Their bytes.
    pub audio_bytes: u64,
    /// What is wrong, one sentence each. Empty is clean.
    pub problems: Vec<String>,
}

/// How many problems are told; a disk that is not there would fill the memory with them.
const MOST_PROBLEMS: usize = 1000;

impl Findings {
    fn tell(&mut self, problem: impl FnOnce() -> String) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem());
        } else if self.problems.len() == MOST_PROBLEMS {
            self.problems.push("there are more problems than are told here".to_owned());
        }
    }
}

/// The use cases of the installation.
pub struct Installation {
    catalog: Arc<dyn Catalog>,
    audio: Arc<dyn AudioStore>,
    clock: Arc<dyn Clock>,
    listen: Arc<dyn ListenWriter>,
    gate: Arc<Gate>,
    intake: Arc<Intake>,
}

impl Installation {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>, intake: Arc<Intake>) -> Self {
        let (catalog, audio, clock) = (ports.catalog.clone(), ports.audio.clone(), ports.clock.clone());
        Self { catalog, audio, clock, listen: ports.listen.clone(), gate, intake }
    }

    /// Whether the catalog takes writes, the listen log entries, and the store answers.
    ///
    /// # Errors
    /// When one does not.
    pub async fn ready(&self) -> Result<()> {
        self.catalog.ping().await?;
        // Nothing is handed out while it takes none, whatever else is well.
        self.listen.flush().await.map_err(|_| crate::Error::Unlogged)?;
        // No object has this key, so the store proves that it can look for one.
        match self.audio.open(AudioKey::NONE, ReadFrom::Anywhere).await {
            Ok(_) | Err(AudioStoreError::Missing { .. }) => Ok(()),
            Err(error) => Err(crate::Error::NotStored(error)),
        }
    }

    /// Holds the catalog against itself and against the store: every object that something needs is in its place with its
    /// size, and nothing is there that nothing knows of. Reading every byte is the work of `recording verify`.
    ///
    /// # Errors
    /// [`crate::Error::RoleForbids`], or when the catalog cannot be read.
    pub async fn check(&self, principal: &Principal) -> Result<Findings> {
        self.gate.privilege(principal, Kind::Installation, Verb::See)?;
        let mut findings = Findings { problems: self.catalog.self_check().await?, ..Findings::default() };
        self.check_needed(&mut findings).await?;
        self.check_unknown(&mut findings).await?;
        Ok(findings)
    }

    async fn check_needed(&self, findings: &mut Findings) -> Result<()> {
        let mut after = None;
        loop {
            let needed = self.catalog.needed(PageRequest::new(after, PageRequest::<()>::MOST)).await?;
            let Some(last) = needed.last() else { return Ok(()) };
            after = Some(last.audio.key);
            for one in needed {
                findings.audio_objects += 1;
                findings.audio_bytes += one.audio.size_bytes;
                let key = one.audio.key;
                let problem = match self.audio.open(key, ReadFrom::Place).await {
                    Ok(reader) if reader.size_bytes() == one.audio.size_bytes => continue,
                    Ok(reader) => format!(
                        "the stored audio has {} bytes, the catalog says {}",
                        reader.size_bytes(),
                        one.audio.size_bytes
                    ),
                    Err(error) => error.to_string(),
                };
                // It may have been removed, as it should, since the page was read.
                if !self.catalog.known(vec![key]).await?.is_empty() {
                    findings.tell(|| format!("{} {}: {problem}", one.kind, one.name));
                }
            }
        }
    }

    async fn check_unknown(&self, findings: &mut Findings) -> Result<()> {
        for shard in 0..=u8::MAX {
            let keys = self.audio.keys(shard).await.map_err(crate::Error::NotStored)?;
            for keys in keys.chunks(PageRequest::<()>::MOST as usize) {
                let known: HashSet<AudioKey> = self.catalog.known(keys.to_vec()).await?.into_iter().collect();
                for key in keys.iter().filter(|key| !known.contains(key)) {
                    // It may have been removed, as it should, since the shard was listed.
                    if self.audio.open(*key, ReadFrom::Place).await.is_ok() {
                        findings.tell(|| format!("audio {key} is stored and nothing needs it"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Removes objects whose lease is over or that were discarded, and forgets tickets and tokens that are over; answers how many
    /// objects went.
    ///
    /// # Errors
    /// When catalog or store fail; what was not removed is tried again next time.
    pub async fn sweep(&self) -> Result<u64> {
        self.intake.return_unused().await?;
        let now = self.clock.now();
        self.catalog.prune_tickets(now).await?;
        self.catalog.prune_token_pairs(now).await?;
        self.catalog.prune_login_tokens(now).await?;
        self.sweep_until(now).await
    }

    /// As [`Installation::sweep`], for uploads that a process before this one left behind, without waiting for their
    /// leases: whoever is the only writer since `started` knows that nobody works on them any more.
    ///
    /// # Errors
    /// As [`Installation::sweep`].
    pub async fn sweep_earlier(&self, started: Timestamp) -> Result<u64> {
        // A lease taken since then ends later than this.
        let just_before = Timestamp::from_unix_ms(started.unix_ms() - 1);
        self.sweep_until(just_before.after(LEASE)).await
    }

    /// Goes on past what cannot be removed now, so that one bad object does not keep the others; its failure is answered
    /// at the end.
    async fn sweep_until(&self, now: Timestamp) -> Result<u64> {
        let mut removed = 0;
        loop {
            let keys = self.catalog.removable(now, SWEEP_ROUND).await?;
            let mut gone = Vec::with_capacity(keys.len());
            let mut failure = None;
            for key in keys {
                match self.audio.remove(key).await {
                    Ok(()) => gone.push(key),
                    Err(error) => failure = Some(error),
                }
            }
            let progress = gone.len();
            removed += progress as u64;
            self.catalog.forget(gone).await?;
            match failure {
                Some(error) if progress == 0 => return Err(crate::Error::NotStored(error)),
                None if progress == 0 => return Ok(removed),
                _ => {}
            }
        }
    }
}
