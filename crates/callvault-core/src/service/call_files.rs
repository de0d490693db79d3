//! Files of call records: a one-time right to fetch one, and its rows in pages.
//!
//! Rows are read while the client reads them: a page at a time, nothing held open between two pages, so that neither the
//! length of the file nor a slow client costs anything. A page that cannot be read is an error and never an end.

use std::net::IpAddr;
use std::sync::Arc;

use crate::call::{CallFilter, CallPlace, CallRecord};
use crate::call_selection::CallSelection;
use crate::error::{Error, Result};
use crate::gate::{Gate, InCustomer, Kind, Principal, Verb};
use crate::listen::Action;
use crate::page::PageRequest;
use crate::person::EmptyCalls;
use crate::port::catalog::{Catalog, CatalogError};
use crate::secret::{Secret, SecretHash};
use crate::service::Ports;
use crate::service::calls::Calls;
use crate::service::listening::{Listening, Subject};
use crate::service::ticket_book::TicketBook;
use crate::service::tickets::TicketRefused;
use crate::session::Session;
use crate::ticket::{TICKET_LIFE, TicketSubject};
use crate::time::{WallTime, Zone};

/// How many rows are read at once. With the longest texts they are some 200 KiB, as much as a piece of audio.
const PAGE: u32 = 200;

/// Someone with a ticket of a session.
#[derive(Debug, Clone, Copy)]
pub struct CallFileBearer<'a> {
    /// The `random`.
    pub random: &'a str,
    /// What they say it is for, in every reading that may be meant.
    pub selections: &'a [CallSelection],
    /// The session whose token they show.
    pub session: &'a Session,
    /// From where they come.
    pub peer: IpAddr,
    /// What they get if there are no calls.
    pub empty_calls: EmptyCalls,
    /// False for a HEAD: check all, spend nothing.
    pub spend: bool,
}

/// The use cases of files of call records.
pub struct CallFiles {
    catalog: Arc<dyn Catalog>,
    gate: Arc<Gate>,
    listening: Arc<Listening>,
    book: Arc<TicketBook>,
}

impl CallFiles {
    pub(crate) fn new(
        ports: &Ports,
        gate: Arc<Gate>,
        listening: Arc<Listening>,
        book: Arc<TicketBook>,
    ) -> Self {
        Self { catalog: ports.catalog.clone(), gate, listening, book }
    }

    /// Makes a 30-second ticket of a session for the calls of its customer. It may be used from where a ticket for a
    /// recording may be. Whether there are such calls is not looked at: that is for the time when they are fetched.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::Invalid`] (`number`: too many), [`Error::Unlogged`], or when the catalog fails.
    pub async fn issue(
        &self,
        principal: &Principal,
        session: &Session,
        selection: CallSelection,
        extra: Option<IpAddr>,
    ) -> Result<Secret> {
        let customer = self.gate.customer(principal, Kind::Call, Verb::Share, Some(session.customer)).await?;
        if selection.numbers.len() > Calls::MOST_NUMBERS {
            return Err(Error::invalid("number", "at most 1000 numbers are taken at once"));
        }
        let allowed = TicketBook::allowed(principal, session, extra);
        let subject = subject(&customer, &selection);
        let (random, ticket) = self.book.draw(principal, customer.id(), selection, allowed, TICKET_LIFE);
        let handle = Some(ticket.random.handle());
        self.listening.record(principal, Action::Link, &subject, None, None, handle).await?;
        self.book.add(session, ticket.map(TicketSubject::Calls));
        Ok(random)
    }

    /// Redeems a session's ticket: ticket, address, whether there is something, claim, in this order (`docs/yeastar.md`).
    ///
    /// # Errors
    /// See [`TicketRefused`]; [`TicketRefused::Missing`] only where [`EmptyCalls::Missing`] asks for it.
    pub async fn redeem(
        &self,
        principal: &Principal,
        bearer: CallFileBearer<'_>,
    ) -> Result<CallFile, TicketRefused> {
        let random = SecretHash::of(bearer.random);
        let selected = |subject: &TicketSubject| match subject {
            TicketSubject::Calls(selection) => {
                bearer.selections.contains(selection).then(|| selection.clone())
            }
            TicketSubject::Recording(_) => None,
        };
        let (ticket, selection) = self.book.present(&random, bearer.session, bearer.peer, selected)?;
        let customer = self.catalog.customer(ticket.customer).await.map_err(Error::from)?;
        let customer = customer.ok_or(TicketRefused::Missing)?;
        let unreadable = CatalogError::Unreadable { what: "customer timezone" };
        let zone = Zone::named(&customer.timezone).ok_or(unreadable).map_err(Error::from)?;
        let inside = self.gate.vouched(customer.id);
        let subject = subject(&inside, &selection);
        let filter = selection.filter(&zone);
        let mut pages = CallPages {
            catalog: self.catalog.clone(),
            customer: inside,
            serial: customer.serial,
            zone,
            selection,
            filter,
            after: None,
            is_over: false,
            ahead: None,
        };
        // Before the claim, so that a catalog that fails or has nothing leaves the ticket good.
        pages.ahead = pages.read().await?;
        if pages.ahead.is_none() && bearer.empty_calls == EmptyCalls::Missing {
            return Err(TicketRefused::Missing);
        }
        if bearer.spend && !self.book.claim(&random) {
            return Err(TicketRefused::Invalid);
        }
        let (principal, listening) = (principal.clone(), self.listening.clone());
        Ok(CallFile { pages, subject, principal, ticket: ticket.random.handle(), listening })
    }
}

fn subject(customer: &InCustomer, selection: &CallSelection) -> Subject {
    Subject { customer: customer.id(), kind: "calls", name: selection.to_string() }
}

/// A file that may be handed out, once the log has it: [`CallFile::release`].
pub struct CallFile {
    pages: CallPages,
    subject: Subject,
    principal: Principal,
    ticket: String,
    listening: Arc<Listening>,
}

impl CallFile {
    /// Writes the listen log and answers the rows. Only after this may a byte leave.
    ///
    /// # Errors
    /// [`Error::Unlogged`].
    pub async fn release(self) -> Result<CallPages> {
        let ticket = Some(self.ticket);
        self.listening.record(&self.principal, Action::Export, &self.subject, None, None, ticket).await?;
        Ok(self.pages)
    }
}

/// A call as a file shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCall {
    /// The call.
    pub record: CallRecord,
    /// What the customer's clock showed when it began.
    pub began: WallTime,
}

/// The rows of a file, by beginning.
pub struct CallPages {
    catalog: Arc<dyn Catalog>,
    customer: InCustomer,
    serial: String,
    zone: Zone,
    selection: CallSelection,
    filter: CallFilter,
    after: Option<CallPlace>,
    is_over: bool,
    ahead: Option<Vec<ShownCall>>,
}

impl CallPages {
    /// The serial number of the customer's device.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The next few rows, at least one; `None` after the last.
    ///
    /// # Errors
    /// When the catalog fails; the file is not whole then.
    pub async fn next(&mut self) -> Result<Option<Vec<ShownCall>>> {
        match self.ahead.take() {
            Some(rows) => Ok(Some(rows)),
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Result<Option<Vec<ShownCall>>> {
        while !self.is_over {
            let page = PageRequest::new(self.after, PAGE);
            let records = self.catalog.calls(&self.customer, &self.filter, page).await?;
            self.is_over = records.len() < PAGE as usize;
            let place = |record: &CallRecord| CallPlace { started_at: record.started_at, id: record.id };
            self.after = records.last().map(place).or(self.after);
            let (zone, selection) = (&self.zone, &self.selection);
            let shown = records.into_iter().map(|record| {
                let began = zone.shown(record.started_at);
                ShownCall { record, began }
            });
            let rows: Vec<_> = shown.filter(|call| selection.takes(call.began)).collect();
            if !rows.is_empty() {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }
}
