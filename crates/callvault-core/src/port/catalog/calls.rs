//! The port to call records.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::CatalogResult;
use crate::call::{CallFilter, CallParties, CallPlace, CallRecord};
use crate::gate::InCustomer;
use crate::id::CallRecordId;
use crate::page::PageRequest;
use crate::time::Timestamp;

/// What became of a call record that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallAdded {
    /// It is there now.
    New,
    /// The same call is there already: same call id, beginning and callee.
    Already,
}

/// Call records.
#[async_trait]
pub trait Calls: Send + Sync {
    /// Adds call records of one customer in one commit; answers for each, in order. A call that is there already is kept
    /// as it was first told. In the same commit each call that is new becomes a report for every target of its customer; one
    /// whose recording is not stored waits for that, at most until `patience_ends`. Without `patience_ends` nobody is told of
    /// them. Taken: `id`, where another call has one of the ids, also that of a call that is there already. Gone: the
    /// customer.
    async fn add_calls(
        &self,
        new: Vec<CallRecord>,
        patience_ends: Option<Timestamp>,
    ) -> CatalogResult<Vec<CallAdded>>;
    /// Those of a customer, by beginning, then id; from an index whatever the filter, never by a walk of all rows.
    async fn calls(
        &self,
        customer: &InCustomer,
        filter: &CallFilter,
        page: PageRequest<CallPlace>,
    ) -> CatalogResult<Vec<CallRecord>>;
    /// Those of a customer with this call id, by beginning, then id.
    async fn calls_with_id(
        &self,
        customer: &InCustomer,
        call_id: &str,
        page: PageRequest<CallPlace>,
    ) -> CatalogResult<Vec<CallRecord>>;
    /// Which of these records of a customer are the first of their call id, by beginning, then id.
    async fn first_legs(
        &self,
        customer: &InCustomer,
        records: &[CallRecord],
    ) -> CatalogResult<BTreeSet<CallRecordId>>;
    /// Numbers and trunks that a customer's calls name, for the lists that connectors ask for at their start: at most `limit`
    /// distinct ones of each, those of the latest calls first. A catalog may leave calls out that lie ten thousand back.
    async fn call_parties(&self, customer: &InCustomer, limit: u32) -> CatalogResult<CallParties>;
}
