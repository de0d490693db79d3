//! `recording/get_random` and `recording/download`.

use axum::body::Body;
use axum::response::Response;
use callvault_core::service::playback::Released;
use callvault_core::service::tickets::Bearer;
use callvault_wire::yeastar::error::{Errno, Subject};
use callvault_wire::yeastar::request::{RecordingDownload, RecordingGetRandom};
use callvault_wire::yeastar::response::{self, Success};

use super::{DOOR, Visit, internal, refused_ticket};
use crate::dialect::respond;
use crate::stream::{self, Form, Piece};
use crate::telemetry::TicketEvent;

pub(super) async fn ticket(visit: &Visit<'_>, wanted: RecordingGetRandom) -> Result<Success, Errno> {
    let (app, resumed) = (visit.app, &visit.resumed);
    let names = wanted.recording.spellings();
    let tickets = &app.services.tickets;
    let issued = tickets.issue(&resumed.principal, &resumed.session, names, wanted.allowed_address).await;
    let random = issued.map_err(|error| internal(&error))?;
    app.metrics.ticket(DOOR, TicketEvent::Issued);
    Ok(Success::RecordingGetRandom { recording: wanted.recording.echo().to_owned(), random })
}

pub(super) async fn download(visit: &Visit<'_>, link: RecordingDownload) -> Result<Response, Errno> {
    let app = visit.app;
    let bearer = Bearer {
        random: link.random.reveal(),
        names: link.recording.spellings(),
        session: &visit.resumed.session,
        peer: visit.peer,
        spend: !link.headers_only,
    };
    let redeemed = app.services.tickets.redeem(&visit.resumed.principal, bearer).await;
    let playable = redeemed.map_err(|refused| refused_ticket(visit, Subject::Recording, &refused))?;
    let audio = &playable.audio;
    let (container, size_bytes) = (audio.facts.container, audio.size_bytes);
    let headers = response::download_headers(&playable.file_name, container, size_bytes, &app.settings.cors);
    let body = if link.headers_only {
        Body::empty()
    } else {
        app.metrics.ticket(DOOR, TicketEvent::Redeemed);
        let reader = playable.release(Released::Whole).await.map_err(|error| internal(&error))?;
        let pieces = vec![Piece::Audio(0..size_bytes, Form::Exact)];
        stream::body(reader, pieces, &app.budget, &app.metrics, DOOR)
    };
    Ok(respond("/api/{version}/recording/download", 200, headers, body))
}
