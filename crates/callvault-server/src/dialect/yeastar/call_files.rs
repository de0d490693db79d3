//! `cdr/get_random` and `cdr/download`: call records as a CSV file, written while they are looked up.

use axum::response::Response;
use callvault_core::Error;
use callvault_core::call_selection::CallSelection;
use callvault_core::service::call_files::{CallFileBearer, DeviceCalls};
use callvault_wire::yeastar::call::CallRow;
use callvault_wire::yeastar::cdr;
use callvault_wire::yeastar::error::{Errno, Subject};
use callvault_wire::yeastar::request::{CdrDownload, CdrGetRandom, CdrSelection, NumberList};
use callvault_wire::yeastar::response::{self, Success};
use callvault_wire::yeastar::time::CivilTime;

use super::{DOOR, Visit, internal, refused_ticket};
use crate::call_file;
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
    let DeviceCalls { file, serial, zone } =
        redeemed.map_err(|refused| refused_ticket(visit, Subject::Cdr, &refused))?;
    let body = if link.headers_only {
        call_file::no_body()
    } else {
        app.metrics.ticket(DOOR, TicketEvent::Redeemed);
        let pages = file.release().await.map_err(|error| internal(&error))?;
        call_file::body(pages, cdr::HEADER, move |out, call| {
            // Calls begin between 1970 and 9999, which every clock can show.
            let Some(began) = CivilTime::of(zone.shown(call.started_at)) else { return };
            cdr::push_row(out, &CallRow::new(call, began, &serial));
        })
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
