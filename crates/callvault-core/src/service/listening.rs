//! The listen log as the services write it and auditors read it.

use std::sync::Arc;

use crate::audio::StoredAudio;
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::CustomerId;
use crate::listen::{Action, Broken, ChainCheck, Door, ListenEntry, Listened, LogRow};
use crate::page::PageRequest;
use crate::port::catalog::{Catalog, LogFilter, LogPlace};
use crate::port::clock::Clock;
use crate::port::listen_writer::ListenWriter;
use crate::service::Ports;

/// How many entries of a chain are read at once.
const CHAIN_PAGE: u32 = 1000;

/// A thing that can be handed out, as the log names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Whose log tells of it: that of the customer whose it is, or where a shared sound is heard by somebody who does not
    /// reach that one, that of theirs.
    pub customer: CustomerId,
    /// `recording`, `message`, `sound`, `prompt`, `calls` or `person`.
    pub kind: &'static str,
    /// A recording's name, `huntgroup/level/version`, a sound's number, `kind/feature/file`, the times and numbers of
    /// calls, or a user name.
    pub name: String,
}

/// What a check of all chains within reach found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogVerdict {
    /// How many chains there are.
    pub chains: u64,
    /// How many entries they have.
    pub entries: u64,
    /// What is wrong.
    pub faults: Vec<Broken>,
    /// The present ends of the chains: kept elsewhere, they show a log that was rewritten as a whole.
    pub heads: Vec<crate::listen::Head>,
}

/// The use cases of the listen log.
pub struct Listening {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    writer: Arc<dyn ListenWriter>,
    gate: Arc<Gate>,
}

impl Listening {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            writer: ports.listen.clone(),
            gate,
        }
    }

    /// Writes one entry for what the principal does. Nothing may be handed out when this fails.
    ///
    /// # Errors
    /// [`Error::Unlogged`].
    pub(crate) async fn record(
        &self,
        principal: &Principal,
        action: Action,
        subject: &Subject,
        audio: Option<&StoredAudio>,
        bytes: Option<(u64, u64)>,
        ticket: Option<String>,
    ) -> Result<()> {
        let entry = self.entry(principal, action, subject, audio, bytes, ticket);
        self.writer.record(entry).await.map_err(|_| Error::Unlogged)
    }

    /// Notes a ticket or link that is kept in memory, by its handle. It may not be given out when this fails.
    ///
    /// # Errors
    /// [`Error::Unlogged`].
    pub(crate) async fn note_link(
        &self,
        principal: &Principal,
        subject: &Subject,
        audio: Option<&StoredAudio>,
        handle: String,
    ) -> Result<()> {
        let entry = self.entry(principal, Action::Link, subject, audio, None, Some(handle));
        self.writer.note(entry).await.map_err(|_| Error::Unlogged)
    }

    fn entry(
        &self,
        principal: &Principal,
        action: Action,
        subject: &Subject,
        audio: Option<&StoredAudio>,
        bytes: Option<(u64, u64)>,
        ticket: Option<String>,
    ) -> ListenEntry {
        ListenEntry {
            customer: subject.customer,
            at: self.clock.now(),
            person: principal.person,
            door: principal.door,
            peer: principal.peer.filter(|_| principal.door != Door::Local),
            action,
            subject: Listened {
                kind: subject.kind,
                name: subject.name.clone(),
                sha256: audio.map(|audio| audio.sha256),
                bytes,
            },
            ticket: ticket.or_else(|| principal.key.map(|key| format!("key {}", key.id))),
        }
    }

    /// Entries about a customer's audio, oldest first.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn list(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        filter: &LogFilter,
        page: PageRequest<LogPlace>,
    ) -> Result<Vec<LogRow>> {
        let customer = self.gate.customer(principal, Kind::ListenLog, Verb::See, customer).await?;
        self.writer.flush().await.map_err(|_| Error::Unlogged)?;
        Ok(self.catalog.log_rows(&customer, filter, page).await?)
    }

    /// Walks every chain within reach.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], or when the catalog fails.
    pub async fn verify(&self, principal: &Principal) -> Result<LogVerdict> {
        let within = self.gate.within(principal, Kind::ListenLog, Verb::See)?;
        self.writer.flush().await.map_err(|_| Error::Unlogged)?;
        let heads = self.catalog.log_heads(&within).await?;
        let mut verdict = LogVerdict { chains: 0, entries: 0, faults: Vec::new(), heads: Vec::new() };
        for head in heads {
            let mut check = ChainCheck::start(head.customer, head.epoch);
            let mut after = 0;
            loop {
                let rows = self.catalog.log_chain(&head, after, CHAIN_PAGE).await?;
                // Entries that were added since the head was read belong to the next check.
                let rows: Vec<_> = rows.into_iter().filter(|row| row.sequence <= head.sequence).collect();
                let Some(last) = rows.last() else { break };
                after = last.sequence;
                verdict.entries += rows.len() as u64;
                verdict.faults.extend(rows.iter().filter_map(|row| check.row(row)));
            }
            verdict.faults.extend(check.end(&head));
            verdict.chains += 1;
            verdict.heads.push(head);
        }
        Ok(verdict)
    }
}
