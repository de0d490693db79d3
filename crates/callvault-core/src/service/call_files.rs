//! Files of call records: what every door that hands one out has in common, and the S-Series' one-time right to fetch one.

use std::net::IpAddr;
use std::sync::Arc;

use crate::call::CallRecord;
use crate::call_selection::CallSelection;
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::CustomerId;
use crate::listen::Action;
use crate::person::EmptyCalls;
use crate::port::catalog::{Catalog, CatalogError};
use crate::secret::{Secret, SecretHash};
use crate::service::Ports;
use crate::service::call_pages::CallPages;
use crate::service::calls::Calls;
use crate::service::listening::{Listening, Subject};
use crate::service::ticket_book::TicketBook;
use crate::service::tickets::TicketRefused;
use crate::session::Session;
use crate::ticket::{TICKET_LIFE, TicketSubject};
use crate::time::Zone;

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
        let subject = subject(customer.id(), selection.to_string());
        let (random, ticket) =
            self.book.draw(principal, customer.id(), selection.mark(), allowed, TICKET_LIFE);
        self.listening.note_link(principal, &subject, None, ticket.random.handle()).await?;
        self.book.add(session, ticket.map(TicketSubject::Calls));
        Ok(random)
    }

    /// Redeems a session's ticket: ticket, address, whether there is something, claim, in this order (`docs/yeastar.md`). To
    /// whoever may not see calls any more there is nothing.
    ///
    /// # Errors
    /// See [`TicketRefused`]; [`TicketRefused::Missing`] only where [`EmptyCalls::Missing`] asks for it.
    pub async fn redeem(
        &self,
        principal: &Principal,
        bearer: CallFileBearer<'_>,
    ) -> Result<DeviceCalls, TicketRefused> {
        let random = SecretHash::of(bearer.random);
        let selected = |subject: &TicketSubject| match subject {
            TicketSubject::Calls(mark) => {
                bearer.selections.iter().find(|selection| selection.mark() == *mark).cloned()
            }
            TicketSubject::Recording(_) => None,
        };
        let (ticket, selection) = self.book.present(&random, bearer.session, bearer.peer, selected)?;
        let inside = self.gate.customer(principal, Kind::Call, Verb::Download, Some(ticket.customer)).await?;
        let customer = self.catalog.customer(inside.id()).await.map_err(Error::from)?;
        let customer = customer.ok_or(TicketRefused::Missing)?;
        let unreadable = CatalogError::Unreadable { what: "customer timezone" };
        let zone = Zone::named(&customer.timezone).ok_or(unreadable).map_err(Error::from)?;
        let subject = subject(customer.id, selection.to_string());
        let clock = zone.clone();
        let filter = selection.filter(&zone);
        let takes = move |call: &CallRecord| selection.takes(clock.shown(call.started_at));
        // Before the claim, so that a catalog that fails or has nothing leaves the ticket good.
        let mut pages = CallPages::open(self.catalog.clone(), inside, filter, takes).await?;
        if bearer.empty_calls == EmptyCalls::Missing && pages.is_empty().await? {
            return Err(TicketRefused::Missing);
        }
        if bearer.spend && !self.book.claim(&random) {
            return Err(TicketRefused::Invalid);
        }
        let handle = ticket.random.handle();
        let file = CallFile::new(pages, subject, principal, handle, &self.listening);
        Ok(DeviceCalls { file, serial: customer.serial, zone })
    }
}

/// Call records as the listen log names them.
pub(super) fn subject(customer: CustomerId, selected: String) -> Subject {
    Subject { customer, kind: "calls", name: selected }
}

/// The call records of a customer's device, and what its file shows beside them.
pub struct DeviceCalls {
    /// The calls.
    pub file: CallFile,
    /// The serial number of the device.
    pub serial: String,
    /// Where its clock hangs.
    pub zone: Zone,
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
    pub(super) fn new(
        pages: CallPages,
        subject: Subject,
        principal: &Principal,
        ticket: String,
        listening: &Arc<Listening>,
    ) -> Self {
        Self { pages, subject, principal: principal.clone(), ticket, listening: listening.clone() }
    }

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
