//! `recording/list` and `recording/search`: from their parameters to a search, and from what it found to rows.

use std::sync::Arc;

use callvault_core::call::CallRecord;
use callvault_core::found::{FoundFilter, FoundKey, FoundOrder, FoundRecording, IdSpan, Slice};
use callvault_core::gate::Principal;
use callvault_core::id::CustomerId;
use callvault_core::service::finding::{Search, WantedId};
use callvault_wire::pseries::error::Errcode;
use callvault_wire::pseries::request::{Order, Paging, RecordingSearch, SortBy};
use callvault_wire::pseries::response::{Party, Recording, Success};
use callvault_wire::pseries::sent::SentId;
use callvault_wire::pseries::time::{Display, Edge};

use super::{display, internal};
use crate::app::App;

pub(super) async fn list(
    app: &Arc<App>,
    principal: &Principal,
    customer: CustomerId,
    paging: &Paging,
) -> Result<Success, Errcode> {
    let display = display(app, principal).await?;
    let search = Search { order: order(paging), ..Search::default() };
    found(app, principal, customer, &search, paging, &display).await
}

pub(super) async fn search(
    app: &Arc<App>,
    principal: &Principal,
    customer: CustomerId,
    wanted: &RecordingSearch,
) -> Result<Success, Errcode> {
    let display = display(app, principal).await?;
    let search = Search {
        filter: FoundFilter {
            since: wanted.start_time.as_ref().and_then(|bound| bound.resolve(&display, Edge::Start)),
            until: wanted.end_time.as_ref().and_then(|bound| bound.resolve(&display, Edge::End)),
            caller: wanted.caller.clone(),
            callee: wanted.callee.clone(),
        },
        ids: wanted.ids.iter().map(self::wanted).collect(),
        order: order(&wanted.paging),
    };
    found(app, principal, customer, &search, &wanted.paging, &display).await
}

/// An id as a client sent it, as the search takes it.
pub(super) fn wanted(sent: &SentId) -> WantedId {
    WantedId { exact: sent.exact, span: IdSpan { lowest: sent.lowest, highest: sent.highest } }
}

fn order(paging: &Paging) -> FoundOrder {
    let key = match paging.sort_by {
        SortBy::Id => FoundKey::Arrival,
        SortBy::Time => FoundKey::Beginning,
    };
    FoundOrder { key, descending: paging.order == Order::Descending }
}

async fn found(
    app: &Arc<App>,
    principal: &Principal,
    customer: CustomerId,
    search: &Search,
    paging: &Paging,
    display: &Display,
) -> Result<Success, Errcode> {
    let slice = Slice { skip: paging.skipped(), limit: paging.page_size };
    let found = app.services.finding.search(principal, customer, search, slice).await;
    let found = found.map_err(|error| internal(&error))?;
    let rows = found.rows.into_iter().map(|one| row(one, display)).collect();
    Ok(Success::Recordings { total: found.total, rows })
}

fn row(found: FoundRecording, display: &Display) -> Recording {
    let time = display.show(found.began_at());
    let FoundRecording { recording, call } = found;
    let audio = &recording.audio;
    // Rounded, as half a second of audio is none that anybody would look for.
    let of_audio = || (audio.facts.duration_ms + 500) / 1000;
    let party = |side: fn(&CallRecord) -> (&String, &String)| {
        let (name, number) = call.as_ref().map(side)?;
        Some(Party { name: name.clone(), number: number.clone() })
    };
    Recording {
        id: recording.id,
        time,
        uid: call.as_ref().map(|call| call.call_id.clone()).unwrap_or_default(),
        call_from: party(|call| (&call.names.from, &call.from)).unwrap_or_default(),
        call_to: party(|call| (&call.names.to, &call.to)).unwrap_or_default(),
        duration_seconds: call.as_ref().map_or_else(of_audio, |call| u64::from(call.call_seconds)),
        size_bytes: audio.size_bytes,
        call_type: call.as_ref().map(|call| call.kind),
        file: recording.name.to_string(),
    }
}
