//! `cdr/get_random` and `cdr/download`: call records as a CSV file, written while they are looked up.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use callvault_core::Error;
use callvault_core::call_selection::CallSelection;
use callvault_core::service::call_files::{CallFileBearer, CallPages};
use callvault_wire::yeastar::call::CallRow;
use callvault_wire::yeastar::cdr;
use callvault_wire::yeastar::error::{Errno, Subject};
use callvault_wire::yeastar::request::{CdrDownload, CdrGetRandom, CdrSelection, NumberList};
use callvault_wire::yeastar::response::{self, Success};
use callvault_wire::yeastar::time::CivilTime;
use futures_util::stream::{self, try_unfold};

use super::{DOOR, Visit, internal, refused_ticket};
use crate::dialect::respond;
use crate::telemetry::TicketEvent;

pub(super) async fn ticket(visit: &Visit<'_>, wanted: CdrGetRandom) -> Result<Success, Errno> {
    let (app, resumed) = (visit.app, &visit.resumed);
    let selection = understood(&wanted.selection)?;
    let files = &app.services.call_files;
    let issued = files.issue(&resumed.principal, &resumed.session, selection, wanted.allowed_address).await;
    let random = issued.map_err(|error| match &error {
        // More numbers than one file takes: a limit of ours, for which the vendor has one code (G37).
        Error::Invalid { field: "number", .. } => Errno::TooOften,
        error => {
            internal(error);
            Subject::Cdr.failed(error)
        }
    })?;
    app.metrics.ticket(DOOR, TicketEvent::Issued);
    let CdrGetRandom { selection, echo_numbers: numbers, .. } = wanted;
    Ok(Success::CdrGetRandom { version: visit.version, numbers, selection, random })
}

pub(super) async fn download(visit: &Visit<'_>, link: CdrDownload) -> Result<Response, Errno> {
    let (app, resumed) = (visit.app, &visit.resumed);
    let selections = link.selections().iter().map(understood).collect::<Result<Vec<_>, _>>()?;
    let bearer = CallFileBearer {
        random: link.random.reveal(),
        selections: &selections,
        session: &resumed.session,
        peer: visit.peer,
        empty_calls: resumed.empty_calls,
        spend: !link.headers_only,
    };
    let redeemed = app.services.call_files.redeem(&resumed.principal, bearer).await;
    let file = redeemed.map_err(|refused| refused_ticket(visit, Subject::Cdr, &refused))?;
    let body = if link.headers_only {
        // Without a length, as the file has none: an empty body would be announced as one of no bytes.
        Body::from_stream(stream::empty::<Result<Bytes, Error>>())
    } else {
        app.metrics.ticket(DOOR, TicketEvent::Redeemed);
        rows(file.release().await.map_err(|error| internal(&error))?)
    };
    Ok(respond("/api/{version}/cdr/download", 200, response::cdr_headers(&app.settings.cors), body))
}

/// The selection on the domain's terms.
fn understood(sent: &CdrSelection) -> Result<CallSelection, Errno> {
    let time = |time: CivilTime| time.wall_time().ok_or(Errno::CdrTimeWrong);
    let numbers = match &sent.numbers {
        NumberList::All => Default::default(),
        NumberList::These(numbers) => numbers.clone(),
    };
    Ok(CallSelection { numbers, first: time(sent.start)?, last: time(sent.end)? })
}

/// The header line, then page after page. A page that cannot be read breaks the connection: a file that ends early must
/// not look like a whole one.
fn rows(pages: CallPages) -> Body {
    let first = Vec::from(cdr::HEADER);
    Body::from_stream(try_unfold((pages, Some(first)), |(mut pages, header)| async move {
        let next = pages.next().await.inspect_err(|error| {
            tracing::error!(
                error = error as &dyn std::error::Error,
                "a file of call records broke off, its rows cannot be read"
            );
        })?;
        let mut bytes = match (header, &next) {
            (None, None) => return Ok(None),
            (header, _) => header.unwrap_or_default(),
        };
        for call in next.unwrap_or_default() {
            // Calls begin between 1970 and 9999, which every clock can show.
            let Some(began) = CivilTime::of(call.began) else { continue };
            cdr::push_row(&mut bytes, &CallRow::new(&call.record, began, pages.serial()));
        }
        Ok::<_, Error>(Some((Bytes::from(bytes), (pages, None))))
    }))
}
