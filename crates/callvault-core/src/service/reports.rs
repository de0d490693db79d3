//! Reports: what waits for which target, and what became of an attempt to deliver it.
//!
//! Promises: a report stays until its target took it, an operator sees why it could not be delivered, and a target is told of
//! its own customer's calls alone, while its person may see those and a session that asked for them lives.

use std::sync::Arc;

use crate::customer::Customer;
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::TargetId;
use crate::port::catalog::Catalog;
use crate::port::clock::Clock;
use crate::report::{Report, Target, TargetFailure, TargetState};
use crate::service::Ports;
use crate::service::sessions::{Asking, Sessions};

/// How many reports of a target are read at once.
const PAGE: u32 = 32;

/// The longest reason that is kept with a failure, in characters.
const LONGEST_REASON: usize = 300;

/// What a target is to be told next.
#[derive(Debug, Clone)]
pub struct Due {
    /// The target, as the last login or heartbeat asked for it.
    pub target: Target,
    /// Its customer, whose zone and serial number reports have.
    pub customer: Customer,
    /// In the order in which they go.
    pub reports: Vec<Report>,
}

/// The use cases of reports.
pub struct Reports {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
    sessions: Arc<Sessions>,
}

impl Reports {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>, sessions: Arc<Sessions>) -> Self {
        Self { catalog: ports.catalog.clone(), clock: ports.clock.clone(), gate, sessions }
    }

    /// The targets for which something waits, those without a live session included.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn waiting(&self) -> Result<Vec<Target>> {
        Ok(self.catalog.targets_with_reports().await?)
    }

    /// What a target is to be told next; nothing when nothing waits, when no session that asked for it lives
    /// (`docs/yeastar.md`, "Reports"), or when its person may not see calls any more, which is noted as a failure.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn next(&self, target: TargetId) -> Result<Option<Due>> {
        let Some(target) = self.catalog.report_target(target).await? else { return Ok(None) };
        if self.asking(&target).is_none() {
            return Ok(None);
        }
        let Some(principal) = self.sessions.reporting(&target).await? else {
            return self.withheld(&target, "its person may not log in from there at present").await;
        };
        match self.gate.customer(&principal, Kind::Call, Verb::See, Some(target.customer)).await {
            Ok(_) => {}
            Err(Error::RoleForbids | Error::NotFound { .. }) => {
                return self.withheld(&target, "the role of its person does not show calls").await;
            }
            Err(other) => return Err(other),
        }
        let Some(customer) = self.catalog.customer(target.customer).await? else { return Ok(None) };
        let reports = self.catalog.reports(target.id, PAGE).await?;
        Ok((!reports.is_empty()).then_some(Due { target, customer, reports }))
    }

    /// Nothing is due for a target whose person may not be told. Written once, as this is asked over and over.
    async fn withheld(&self, target: &Target, reason: &str) -> Result<Option<Due>> {
        if target.failure.as_ref().is_none_or(|failure| failure.reason != reason) {
            self.failed(target, reason).await?;
        }
        Ok(None)
    }

    /// What the newest live session of a target says; nothing without one. Asks no catalog, so it can be asked before each
    /// report.
    pub fn asking(&self, target: &Target) -> Option<Asking> {
        self.sessions.asking(target)
    }

    /// Takes a report off its target's list and slides the session that asked for it (`docs/yeastar.md` G5).
    ///
    /// # Errors
    /// When the catalog fails; the report is delivered again then.
    pub async fn delivered(&self, target: &Target, report: &Report) -> Result<()> {
        // First, as it was taken now, however long the commit takes and whatever comes of it.
        self.sessions.slide_target(target);
        Ok(self.catalog.report_delivered(target.id, report.id, self.clock.now()).await?)
    }

    /// Remembers why an attempt failed; the report stays the next one.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn failed(&self, target: &Target, reason: &str) -> Result<()> {
        Ok(self.catalog.target_failed(target.id, self.failure(reason)).await?)
    }

    /// Counts an answer that did not take a report, which stays the next one.
    ///
    /// # Errors
    /// When the catalog fails; the answer is not counted then.
    pub async fn rejected(&self, target: &Target, report: &Report, reason: &str) -> Result<()> {
        Ok(self.catalog.report_rejected(target.id, report.id, self.failure(reason)).await?)
    }

    /// Sets a report aside, as its target answers and does not take it (`docs/yeastar.md` G24).
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn park(&self, target: &Target, report: &Report, reason: &str) -> Result<()> {
        Ok(self.catalog.park_report(target.id, report.id, self.failure(reason)).await?)
    }

    fn failure(&self, reason: &str) -> TargetFailure {
        TargetFailure { at: self.clock.now(), reason: reason.chars().take(LONGEST_REASON).collect() }
    }

    /// Makes those calls due whose recording did not come in time (`docs/yeastar.md` G23); answers how many.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn release_overdue(&self) -> Result<u64> {
        Ok(self.catalog.release_overdue_calls(self.clock.now()).await?)
    }

    /// Sets aside what waited for a day or lost its target, and forgets what was set aside long ago. A part of it, if that is
    /// much: answers whether there may be more.
    ///
    /// # Errors
    /// When the catalog fails.
    pub async fn tidy(&self) -> Result<bool> {
        Ok(self.catalog.tidy_reports(self.clock.now()).await?)
    }

    /// All targets within reach, by number.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], or when the catalog fails.
    pub async fn list(&self, principal: &Principal) -> Result<Vec<TargetState>> {
        let within = self.gate.within(principal, Kind::Target, Verb::See)?;
        Ok(self.catalog.targets(&within, None).await?)
    }

    /// One target within reach.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (target), or when the catalog fails.
    pub async fn find(&self, principal: &Principal, verb: Verb, id: TargetId) -> Result<TargetState> {
        let within = self.gate.within(principal, Kind::Target, verb)?;
        let found = self.catalog.targets(&within, Some(id)).await?.pop();
        found.ok_or(Error::NotFound { what: "target" })
    }

    /// Puts what was set aside for a target at the end of its list; answers how many reports.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (target), or when the catalog fails.
    pub async fn resend(&self, principal: &Principal, id: TargetId) -> Result<u64> {
        let state = self.find(principal, Verb::Change, id).await?;
        let now = self.clock.now();
        let mut resent = 0;
        // What is set aside again meanwhile is not sent a third time.
        loop {
            match self.catalog.resend_reports(state.target.id, now).await? {
                0 => return Ok(resent),
                some => resent += some,
            }
        }
    }
}
