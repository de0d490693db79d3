//! Walks the call records of a customer, and of those below it where that is asked for, for lists that choose among them by
//! more than an index knows.
//!
//! Promises: no read is longer than a page, however few records are wanted; the order is that of the customers' numbers, then
//! of beginning.

use std::sync::Arc;

use crate::call::{CallFilter, CallPlace, CallRecord};
use crate::error::Result;
use crate::gate::{Gate, InCustomer, Kind, Principal, Verb};
use crate::id::CustomerId;
use crate::page::PageRequest;
use crate::port::catalog::Catalog;
use crate::service::Ports;

/// Which records are walked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Walked {
    /// Of this customer; the principal's own otherwise.
    pub customer: Option<CustomerId>,
    /// And of those below it, as far as the role reaches.
    pub recurse: bool,
    /// What an index knows of the wanted ones.
    pub filter: CallFilter,
    /// With this call id alone. The index is then that of call ids, and of `filter` the times count alone.
    pub call_id: Option<String>,
    /// Of several records of one call id the first alone.
    pub first_legs: bool,
}

/// A place in a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WalkPlace {
    /// The customer.
    pub customer: CustomerId,
    /// The place among its records.
    pub place: CallPlace,
}

impl WalkPlace {
    /// That of a record.
    pub fn of(record: &CallRecord) -> Self {
        let place = CallPlace { started_at: record.started_at, id: record.id };
        Self { customer: record.customer, place }
    }
}

/// The walk.
pub struct CallWalk {
    catalog: Arc<dyn Catalog>,
    gate: Arc<Gate>,
}

impl CallWalk {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>) -> Self {
        Self { catalog: ports.catalog.clone(), gate }
    }

    /// The records that are wanted and fit. A page is full unless the walk ends.
    ///
    /// # Errors
    /// [`crate::Error::RoleForbids`], [`crate::Error::NotFound`] (customer).
    pub async fn page(
        &self,
        principal: &Principal,
        walked: &Walked,
        fits: impl Fn(&CallRecord) -> bool + Send,
        page: PageRequest<WalkPlace>,
    ) -> Result<Vec<CallRecord>> {
        let top = self.gate.customer(principal, Kind::Call, Verb::See, walked.customer).await?;
        let limit = page.limit as usize;
        let (mut current, mut place) = match page.after {
            // Whose place it is was told by an earlier page; the rights are those of now.
            Some(after) => (self.reached(principal, walked, top, after.customer).await?, Some(after.place)),
            None => (self.next(principal, walked, top, None).await?, None),
        };
        let mut found = Vec::new();
        while let Some(customer) = current {
            // As much as is wanted at first; where much of it does not fit, more at once.
            let mut length = page.limit;
            loop {
                let request = PageRequest::new(place, length);
                let records = self.read(&customer, walked, request).await?;
                let is_end = records.len() < length as usize;
                place = records.last().map(|record| WalkPlace::of(record).place);
                found.extend(self.wanted(&customer, walked, records).await?.into_iter().filter(&fits));
                if found.len() >= limit {
                    found.truncate(limit);
                    return Ok(found);
                }
                if is_end {
                    break;
                }
                length = PageRequest::<CallPlace>::MOST;
            }
            place = None;
            current = self.next(principal, walked, top, Some(customer.id())).await?;
        }
        Ok(found)
    }

    async fn read(
        &self,
        customer: &InCustomer,
        walked: &Walked,
        page: PageRequest<CallPlace>,
    ) -> Result<Vec<CallRecord>> {
        Ok(match &walked.call_id {
            Some(call_id) => self.catalog.calls_with_id(customer, call_id, page).await?,
            None => self.catalog.calls(customer, &walked.filter, page).await?,
        })
    }

    async fn wanted(
        &self,
        customer: &InCustomer,
        walked: &Walked,
        mut records: Vec<CallRecord>,
    ) -> Result<Vec<CallRecord>> {
        let CallFilter { since, until, .. } = walked.filter;
        records.retain(|record| {
            since.is_none_or(|since| since <= record.started_at)
                && until.is_none_or(|until| record.started_at <= until)
        });
        if walked.first_legs && !records.is_empty() {
            let first = self.catalog.first_legs(customer, &records).await?;
            records.retain(|record| first.contains(&record.id));
        }
        Ok(records)
    }

    /// The customer behind another one, by number.
    async fn next(
        &self,
        principal: &Principal,
        walked: &Walked,
        top: InCustomer,
        after: Option<CustomerId>,
    ) -> Result<Option<InCustomer>> {
        if !walked.recurse {
            return Ok(after.is_none().then_some(top));
        }
        let within = self.gate.with_those_below(principal, top);
        let next = self.catalog.customers(&within, PageRequest::new(after, 1)).await?;
        Ok(next.first().map(|customer| self.gate.vouched(customer.id)))
    }

    /// The customer of an earlier page, if it is still one of the walk.
    async fn reached(
        &self,
        principal: &Principal,
        walked: &Walked,
        top: InCustomer,
        customer: CustomerId,
    ) -> Result<Option<InCustomer>> {
        let before = CustomerId(customer.0.saturating_sub(1));
        let found = match walked.recurse {
            true => self.next(principal, walked, top, Some(before)).await?,
            false => Some(top),
        };
        Ok(found.filter(|found| found.id() == customer))
    }
}
