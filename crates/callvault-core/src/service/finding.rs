//! Finding recordings together with the calls they are of: lists by place, and single ones by id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::found::{FoundFilter, FoundOrder, FoundRecording, IdSpan, Slice};
use crate::gate::{Gate, InCustomer, Kind, Principal, Verb};
use crate::id::{CustomerId, RecordingId};
use crate::port::catalog::Catalog;
use crate::recording::Recording;
use crate::service::Ports;

/// An id as a client sent it, with all ids that it may stand for: clients that keep numbers as floating point send back
/// the nearest number that they can hold (`docs/pseries.md` P17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedId {
    /// The id as it stood there. Where it exists, it alone is meant.
    pub exact: RecordingId,
    /// The ids that it may be.
    pub span: IdSpan,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// By time and numbers.
    pub filter: FoundFilter,
    /// Any of these; all of them where it is empty.
    pub ids: Vec<WantedId>,
    /// In which order.
    pub order: FoundOrder,
}

/// A part of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How many there are in all.
    pub total: u64,
    /// The rows that were asked for.
    pub rows: Vec<FoundRecording>,
}

/// The use cases of finding recordings.
pub struct Finding {
    catalog: Arc<dyn Catalog>,
    gate: Arc<Gate>,
}

impl Finding {
    /// The most rows that are answered at once.
    pub const MOST_ROWS: u32 = 10_000;
    /// The most ids that are looked for at once.
    pub const MOST_IDS: usize = 1000;

    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>) -> Self {
        Self { catalog: ports.catalog.clone(), gate }
    }

    /// The recordings of a customer that a search wants, at most [`Finding::MOST_ROWS`] of them, and how many there are.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer), [`Error::Invalid`] (`ids`).
    pub async fn search(
        &self,
        principal: &Principal,
        customer: CustomerId,
        search: &Search,
        slice: Slice,
    ) -> Result<Found> {
        let customer = self.gate.customer(principal, Kind::Recording, Verb::See, Some(customer)).await?;
        let slice = Slice { limit: slice.limit.clamp(1, Self::MOST_ROWS), ..slice };
        if !search.ids.is_empty() {
            return self.among(&customer, search, slice).await;
        }
        let total = self.catalog.count_found(&customer, &search.filter).await?;
        if slice.skip >= total {
            return Ok(Found { total, rows: Vec::new() });
        }
        let rows = self.catalog.find_recordings(&customer, &search.filter, search.order, slice).await?;
        Ok(Found { total, rows })
    }

    /// The one recording that an id means.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer, recording).
    pub async fn with_id(
        &self,
        principal: &Principal,
        verb: Verb,
        customer: CustomerId,
        wanted: WantedId,
    ) -> Result<Recording> {
        let customer = self.gate.customer(principal, Kind::Recording, verb, Some(customer)).await?;
        let found = self.with_ids(&customer, &[wanted]).await?;
        found.into_iter().next().map(|found| found.recording).ok_or(Error::NotFound { what: "recording" })
    }

    /// There are few ids, so what they name is filtered and sorted here.
    async fn among(&self, customer: &InCustomer, search: &Search, slice: Slice) -> Result<Found> {
        if search.ids.len() > Self::MOST_IDS {
            return Err(Error::invalid("ids", "at most 1000 ids are looked for at once"));
        }
        let mut found = self.with_ids(customer, &search.ids).await?;
        found.retain(|one| search.filter.wants(one));
        search.order.sort(&mut found);
        let total = found.len() as u64;
        let skip = usize::try_from(slice.skip).unwrap_or(usize::MAX);
        let rows = found.into_iter().skip(skip).take(slice.limit as usize).collect();
        Ok(Found { total, rows })
    }

    /// What the ids mean, by id, each recording once.
    async fn with_ids(&self, customer: &InCustomer, wanted: &[WantedId]) -> Result<Vec<FoundRecording>> {
        let spans = wanted.iter().map(|one| one.span).collect();
        let found = self.catalog.recordings_in_spans(customer, spans).await?;
        let mut found: BTreeMap<RecordingId, FoundRecording> =
            found.into_iter().map(|one| (one.recording.id, one)).collect();
        let meant = meant(wanted, &found.keys().copied().collect());
        found.retain(|id, _| meant.contains(id));
        Ok(found.into_values().collect())
    }
}

/// Which of the ids that are there are meant: the exact one, and where there is none, all of its span.
fn meant(wanted: &[WantedId], there: &BTreeSet<RecordingId>) -> BTreeSet<RecordingId> {
    let mut meant = BTreeSet::new();
    for one in wanted {
        if there.contains(&one.exact) {
            meant.insert(one.exact);
        } else {
            meant.extend(there.range(one.span.lowest..=one.span.highest));
        }
    }
    meant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_id_wins_over_its_neighbours() {
        let there: BTreeSet<_> = [1, 5, 6, 9].map(RecordingId).into();
        let check = |wanted: &[(i64, i64, i64)], expected: &[i64]| {
            let wanted: Vec<_> = wanted
                .iter()
                .map(|(lowest, exact, highest)| WantedId {
                    exact: RecordingId(*exact),
                    span: IdSpan { lowest: RecordingId(*lowest), highest: RecordingId(*highest) },
                })
                .collect();
            let found: Vec<_> = meant(&wanted, &there).into_iter().map(|id| id.0).collect();
            assert_eq!(found, expected, "{wanted:?}");
        };
        check(&[(4, 5, 8)], &[5]);
        check(&[(4, 7, 8)], &[5, 6]);
        check(&[(4, 7, 8), (1, 1, 1), (5, 5, 5)], &[1, 5, 6]);
        check(&[(2, 3, 4)], &[]);
    }
}
