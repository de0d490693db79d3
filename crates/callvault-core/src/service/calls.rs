//! Call records: told by phone systems and imports, listed.
//!
//! Promises: a call is kept once, however often it is told; a request is added whole or not at all.

use std::sync::Arc;
use std::time::Duration;

use crate::call::{CallFilter, CallPlace, CallRecord, NewCall};
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::{CallRecordId, CustomerId};
use crate::page::PageRequest;
use crate::port::catalog::{CallAdded, Catalog, CatalogError};
use crate::port::clock::Clock;
use crate::port::random::Random;
use crate::port::wake::Wake;
use crate::service::{Policy, Ports};

/// How often ids are drawn. Two requests of the same millisecond take the same ids about once in five hundred times.
const DRAWS: u32 = 5;

/// What became of calls that were to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallsAdded {
    /// How many are there now that were not.
    pub added: u64,
    /// How many were there already.
    pub already: u64,
}

/// The use cases of call records.
pub struct Calls {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    gate: Arc<Gate>,
    reporting: Arc<dyn Wake>,
    report_patience: Duration,
}

impl Calls {
    /// The most calls that are added at once.
    pub const MOST_AT_ONCE: usize = 1000;
    /// The most numbers that a list is filtered by.
    pub const MOST_NUMBERS: usize = 1000;

    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>, policy: &Policy) -> Self {
        Self {
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            random: ports.random.clone(),
            gate,
            reporting: ports.reporting.clone(),
            report_patience: policy.report_patience,
        }
    }

    /// Adds calls of one customer, all or none. A call is the same when call id, beginning and callee are; it stays as it
    /// was first told. Application servers are told of those that are new unless they are not to be `reported`.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer), [`Error::Invalid`] (`calls`, or a field of one of them).
    pub async fn add(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        calls: Vec<NewCall>,
        reported: bool,
    ) -> Result<CallsAdded> {
        let customer = self.gate.customer(principal, Kind::Call, Verb::Administer, customer).await?;
        if calls.len() > Self::MOST_AT_ONCE {
            return Err(Error::invalid("calls", "at most 1000 calls are taken at once"));
        }
        let mut checked = Vec::with_capacity(calls.len());
        for (place, call) in calls.into_iter().enumerate() {
            checked.push(call.checked().map_err(|error| in_place(error, place))?);
        }
        let mut draws = 0;
        let outcomes = loop {
            let received_at = self.clock.now();
            // One draw for all: a thousand draws of 20 bits in one millisecond would collide often.
            let first = CallRecordId::new(received_at, self.random.as_ref()).0;
            let records = checked.iter().cloned().zip(first..);
            let records = records
                .map(|(call, id)| call.into_record(CallRecordId(id), customer.id(), received_at))
                .collect();
            draws += 1;
            let patience_ends = reported.then(|| received_at.after(self.report_patience));
            match self.catalog.add_calls(records, patience_ends).await {
                Err(CatalogError::Taken { .. }) if draws < DRAWS => {}
                outcome => break outcome?,
            }
        };
        self.reporting.wake();
        let added = outcomes.iter().filter(|outcome| **outcome == CallAdded::New).count() as u64;
        Ok(CallsAdded { added, already: outcomes.len() as u64 - added })
    }

    /// The calls of a customer that a filter wants, by beginning.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer), [`Error::Invalid`] (`number`).
    pub async fn list(
        &self,
        principal: &Principal,
        customer: Option<CustomerId>,
        filter: &CallFilter,
        page: PageRequest<CallPlace>,
    ) -> Result<Vec<CallRecord>> {
        let customer = self.gate.customer(principal, Kind::Call, Verb::See, customer).await?;
        if filter.numbers.len() > Self::MOST_NUMBERS {
            return Err(Error::invalid("number", "at most 1000 numbers are taken at once"));
        }
        Ok(self.catalog.calls(&customer, filter, page).await?)
    }
}

/// Says which call of a request is meant, counted from 1.
fn in_place(error: Error, place: usize) -> Error {
    match error {
        Error::Invalid { field, reason } => Error::invalid(field, format!("call {}: {reason}", place + 1)),
        other => other,
    }
}
