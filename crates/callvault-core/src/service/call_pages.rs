//! The rows of a file of call records, in pages.
//!
//! They are read while the client reads them: a page at a time, nothing held open between two pages, so that neither the
//! length of the file nor a slow client costs anything. A page that cannot be read is an error and never an end.

use std::sync::Arc;

use crate::call::{CallFilter, CallPlace, CallRecord};
use crate::error::Result;
use crate::gate::InCustomer;
use crate::page::PageRequest;
use crate::port::catalog::Catalog;

/// How many rows are read at once. With the longest texts they are some 200 KiB, as much as a piece of audio.
const PAGE: u32 = 200;

/// The calls of a customer that go into a file, by beginning.
pub struct CallPages {
    catalog: Arc<dyn Catalog>,
    customer: InCustomer,
    filter: CallFilter,
    takes: Box<dyn Fn(&CallRecord) -> bool + Send + Sync>,
    after: Option<CallPlace>,
    is_over: bool,
    ahead: Option<Vec<CallRecord>>,
}

impl CallPages {
    /// Those of what the filter finds that `takes` takes. The first page is read here, so that a catalog that fails is told
    /// before anything has left.
    ///
    /// # Errors
    /// When the catalog fails.
    pub(crate) async fn open(
        catalog: Arc<dyn Catalog>,
        customer: InCustomer,
        filter: CallFilter,
        takes: impl Fn(&CallRecord) -> bool + Send + Sync + 'static,
    ) -> Result<Self> {
        let takes = Box::new(takes);
        let mut pages = Self { catalog, customer, filter, takes, after: None, is_over: false, ahead: None };
        pages.ahead = pages.read().await?;
        Ok(pages)
    }

    /// None at all.
    pub(crate) fn none(catalog: Arc<dyn Catalog>, customer: InCustomer) -> Self {
        let (filter, takes) = (CallFilter::default(), Box::new(|_: &CallRecord| false));
        Self { catalog, customer, filter, takes, after: None, is_over: true, ahead: None }
    }

    /// Whether there are no calls, as long as none was taken.
    ///
    /// # Errors
    /// When the catalog fails.
    pub(crate) async fn is_empty(&mut self) -> Result<bool> {
        while self.ahead.as_ref().is_some_and(Vec::is_empty) {
            self.ahead = self.read().await?;
        }
        Ok(self.ahead.is_none())
    }

    /// The rows of the next page; `None` after the last. It has none where the page held no row that is taken, so that whoever
    /// reads a long file with few rows can stop at every page.
    ///
    /// # Errors
    /// When the catalog fails; the file is not whole then.
    pub async fn next(&mut self) -> Result<Option<Vec<CallRecord>>> {
        match self.ahead.take() {
            Some(rows) => Ok(Some(rows)),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Result<Option<Vec<CallRecord>>> {
        if self.is_over {
            return Ok(None);
        }
        let page = PageRequest::new(self.after, PAGE);
        let mut records = self.catalog.calls(&self.customer, &self.filter, page).await?;
        self.is_over = records.len() < PAGE as usize;
        let place = |record: &CallRecord| CallPlace { started_at: record.started_at, id: record.id };
        self.after = records.last().map(place).or(self.after);
        records.retain(|record| (self.takes)(record));
        Ok(Some(records))
    }
}
