//! The installation as a whole: its check, and the sweep that takes away what was never committed.

use std::collections::HashSet;
use std::sync::Arc;

use crate::audio::AudioKey;
use crate::error::Result;
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::page::PageRequest;
use crate::port::audio_store::{AudioStore, ReadFrom};
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::service::Ports;
use crate::service::intake::LEASE;
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

/// The use cases of the installation.
pub struct Installation {
    catalog: Arc<dyn Catalog>,
    audio: Arc<dyn AudioStore>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
}

impl Installation {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>) -> Self {
        Self { catalog: ports.catalog.clone(), audio: ports.audio.clone(), clock: ports.clock.clone(), gate }
    }

    /// Whether the catalog takes writes and the store answers.
    ///
    /// # Errors
    /// When one does not.
    pub async fn ready(&self) -> Result<()> {
        self.catalog.ping().await?;
        self.audio.keys(0).await.map_err(crate::Error::NotStored)?;
        Ok(())
    }

    /// Holds the catalog against itself and against the store: every object that something needs is there with its size,
    /// and nothing is there that nothing knows of. Reading every byte is the work of `recording verify`.
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
                let (kind, name) = (one.kind, one.name);
                match self.audio.open(one.audio.key, ReadFrom::Anywhere).await {
                    Ok(reader) if reader.size_bytes() == one.audio.size_bytes => {}
                    Ok(reader) => findings.problems.push(format!(
                        "{kind} {name}: the stored audio has {} bytes, the catalog says {}",
                        reader.size_bytes(),
                        one.audio.size_bytes
                    )),
                    Err(error) => findings.problems.push(format!("{kind} {name}: {error}")),
                }
            }
        }
    }

    async fn check_unknown(&self, findings: &mut Findings) -> Result<()> {
        for shard in 0..=u8::MAX {
            let keys = self.audio.keys(shard).await.map_err(crate::Error::NotStored)?;
            for keys in keys.chunks(PageRequest::<()>::MOST as usize) {
                let known: HashSet<AudioKey> = self.catalog.known(keys.to_vec()).await?.into_iter().collect();
                let unknown = keys.iter().filter(|key| !known.contains(key));
                findings
                    .problems
                    .extend(unknown.map(|key| format!("audio {key} is stored and nothing needs it")));
            }
        }
        Ok(())
    }

    /// Removes objects whose lease is over or that were discarded, and forgets tickets that are over; answers how many
    /// objects went.
    ///
    /// # Errors
    /// When catalog or store fail; what was not removed is tried again next time.
    pub async fn sweep(&self) -> Result<u64> {
        let now = self.clock.now();
        self.catalog.prune_tickets(now).await?;
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

    async fn sweep_until(&self, now: Timestamp) -> Result<u64> {
        let mut removed = 0;
        loop {
            let keys = self.catalog.removable(now, SWEEP_ROUND).await?;
            if keys.is_empty() {
                return Ok(removed);
            }
            for key in &keys {
                self.audio.remove(*key).await.map_err(crate::Error::NotStored)?;
            }
            removed += keys.len() as u64;
            self.catalog.forget(keys).await?;
        }
    }
}
