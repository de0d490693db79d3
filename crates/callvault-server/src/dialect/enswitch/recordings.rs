//! `recording/recordings/list`, `get`, `copy`, `update` and `delete`.

use callvault_core::Error;
use callvault_core::customer::RecordingsEncoding;
use callvault_core::id::{CustomerId, RecordGroupId, RecordingId};
use callvault_core::kept::{KeptCursor, KeptFilter, KeptKey, KeptOrder, KeptRecording};
use callvault_core::service::keeping::{KeptOf, WantedPlace, leg_id};
use callvault_core::time::Timestamp;
use callvault_wire::enswitch::error::{Failure, Fault};
use callvault_wire::enswitch::request::files::{Encoding, Wrap};
use callvault_wire::enswitch::request::recording::recordings::{Copy, Get, List, Of, Update, Which};
use callvault_wire::enswitch::response::rows::{self, ListPieces};
use callvault_wire::enswitch::response::{AudioFile, AudioReply, Reply};
use callvault_wire::enswitch::schema::values::RecordingOrder;

use super::call_words::{self, Parties};
use super::lists::Rows;
use super::{Outcome, Visit};

pub(super) async fn list(visit: &Visit<'_>, call: List) -> Result<Outcome, Failure> {
    if call.complete.0 == Some(false) {
        // What is here is whole.
        return Ok(Outcome::Reply(Reply::rows::<rows::Recording<'_>>(&[])));
    }
    let (app, principal) = (visit.app.clone(), visit.principal.clone());
    let of = match call.of {
        Of::OwnCustomer => KeptOf::Customer(None),
        Of::Customer(id) => KeptOf::Customer(Some(CustomerId(id))),
        Of::RecordGroup(id) => KeptOf::RecordGroup(RecordGroupId(id)),
    };
    let order = KeptOrder { key: key(call.sort), descending: call.descending };
    let seconds = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    let until = call.end.map_or_else(|| app.services.keeping.now(), |end| end_of_second(end.get()));
    let filter = KeptFilter {
        since: Some(Timestamp::from_unix_ms(call.start.get() * 1000)),
        until: Some(until),
        caller: Some(call.caller).filter(|part| !part.is_empty()),
        called: Some(call.called).filter(|part| !part.is_empty()),
        least_seconds: Some(seconds(call.totaltime_minimum.get())).filter(|least| *least > 0),
        most_seconds: call.totaltime_maximum.0.map(|most| seconds(most.get())),
        in_groups_of: None,
    };
    let rows = Rows {
        next: move |page| {
            let (app, principal, filter) = (app.clone(), principal.clone(), filter.clone());
            async move {
                let rows = app.services.keeping.list(&principal, of, filter, order, page).await?;
                Ok(rows.into_iter().map(|kept| (kept.cursor(order.key), kept)).collect::<Vec<_>>())
            }
        },
        key: |(cursor, _): &(KeptCursor, KeptRecording)| cursor.clone(),
        write: |(_, kept), pieces: &mut ListPieces| Ok(pieces.row(&Shown::new(kept).row(kept))),
    };
    rows.body().await.map(Outcome::List).map_err(|error| visit.failed(&error))
}

pub(super) async fn get(visit: &Visit<'_>, call: &Get) -> Result<Outcome, Failure> {
    let wanted = wanted(visit, &call.which)?;
    let opened = visit.app.services.keeping.open(&visit.principal, &wanted).await;
    let (kept, playable, usual) = opened.map_err(|error| visit.failed(&error))?;
    let sha1 = match call.sha1 && call.wrap == Wrap::Json {
        true => Some(playable.sha1().await.map_err(|error| visit.failed(&error))?.to_string()),
        false => None,
    };
    let encoding = call.encoding.unwrap_or(match usual {
        RecordingsEncoding::Raw => Encoding::Raw,
        RecordingsEncoding::Base64 => Encoding::Base64,
    });
    let shown = Shown::new(&kept);
    let file = AudioFile {
        id: kept.place.record_group.map_or(0, |group| group.0),
        name: &playable.file_name,
        mimetype: kept.found.recording.audio.facts.container.media_type(),
        size_bytes: playable.audio.size_bytes,
        escaped_bytes: playable.audio.escaped_len,
    };
    let reply = match call.wrap {
        Wrap::None => AudioReply::bare(file, encoding),
        Wrap::Json => AudioReply::recording(&shown.row(&kept), sha1.as_deref(), file, encoding),
    };
    Ok(Outcome::Audio(Box::new(playable), reply))
}

pub(super) async fn copy(visit: &Visit<'_>, call: &Copy) -> Result<Outcome, Failure> {
    let wanted = wanted(visit, &call.which)?;
    let destination = RecordGroupId(call.destination);
    let copied = visit.app.services.keeping.copy(&visit.principal, &wanted, destination).await;
    copied.map_err(|error| match error {
        Error::Conflict { .. } => Failure::Input(vec![Fault::keeps_nothing("destination")]),
        other => visit.failed(&other),
    })?;
    Ok(Outcome::Reply(Reply::done()))
}

pub(super) async fn update(visit: &Visit<'_>, call: &Update) -> Result<Outcome, Failure> {
    let wanted = wanted(visit, &call.which)?;
    let keeping = &visit.app.services.keeping;
    let principal = &visit.principal;
    let expires = call.expires.map(|expires| match expires.get() {
        // As it is shown (`docs/enswitch.md` 44).
        0 => None,
        seconds => Some(Timestamp::from_unix_ms(seconds * 1000)),
    });
    let done = match (expires, call.validation.only) {
        (Some(expires), true) => keeping.try_set_end(principal, &wanted, expires).await,
        (Some(expires), false) => keeping.set_end(principal, &wanted, expires).await,
        (None, _) => keeping.changeable(principal, &wanted).await,
    };
    done.map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(if call.validation.only { Reply::valid() } else { Reply::done() }))
}

pub(super) async fn delete(visit: &Visit<'_>, call: &Which) -> Result<Outcome, Failure> {
    let wanted = wanted(visit, call)?;
    let removed = visit.app.services.keeping.remove(&visit.principal, &wanted).await;
    removed.map_err(|error| visit.failed(&error))?;
    Ok(Outcome::Reply(Reply::done()))
}

/// The recording that a call means. What is no id at all names nothing.
fn wanted(visit: &Visit<'_>, which: &Which) -> Result<WantedPlace, Failure> {
    let recording = which.recordid.as_str().parse().map(RecordingId);
    let missing = || visit.failed(&Error::NotFound { what: "recording" });
    Ok(WantedPlace {
        record_group: Some(which.recordgroup).filter(|id| *id != 0).map(RecordGroupId),
        recording: recording.map_err(|_| missing())?,
        leg_id: which.uniqueid.as_str().to_owned(),
    })
}

fn key(sent: RecordingOrder) -> KeptKey {
    match sent {
        RecordingOrder::Called => KeptKey::Called,
        RecordingOrder::Expires => KeptKey::Expiry,
        RecordingOrder::Caller => KeptKey::Caller,
        RecordingOrder::Start => KeptKey::Beginning,
        RecordingOrder::TotalTime => KeptKey::TotalTime,
    }
}

/// The last moment that is shown as this second.
pub(super) fn end_of_second(seconds: i64) -> Timestamp {
    Timestamp::from_unix_ms(seconds * 1000 + 999)
}

/// What a row borrows.
struct Shown {
    uniqueid: String,
    recordid: String,
}

impl Shown {
    fn new(kept: &KeptRecording) -> Self {
        Self { uniqueid: leg_id(kept), recordid: kept.found.recording.id.to_string() }
    }

    fn row<'a>(&'a self, kept: &'a KeptRecording) -> rows::Recording<'a> {
        let recording = &kept.found.recording;
        let call = kept.found.call.as_ref();
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let start = kept.found.began_at().unix_ms().div_euclid(1000);
        let totaltime = whole(kept.total_seconds());
        let parties = call.map(Parties::of).unwrap_or_default();
        let [from, to, called] = call.map_or([""; 3], |call| [&call.from, &call.to, call.called()]);
        let names = call.map_or([""; 2], |call| [call.names.from.as_str(), call.names.to.as_str()]);
        let display = |name: &'a str, number: &'a str| if name.is_empty() { number } else { name };
        rows::Recording {
            uniqueid: &self.uniqueid,
            recordid: &self.recordid,
            recordgroup: kept.place.record_group.map_or(0, |group| group.0),
            callid: &self.uniqueid,
            start,
            end: start + totaltime,
            totaltime,
            talktime: call.map_or(totaltime, |call| i64::from(call.talk_seconds)),
            stype: parties.source,
            snumber: from,
            snumber_display: display(names[0], from),
            ctype: parties.called,
            cnumber: called,
            dtype: parties.destination,
            dnumber: to,
            dnumber_display: display(names[1], to),
            callerid_internal: parties.own_line,
            scustomer: parties.source_customer,
            dcustomer: parties.destination_customer,
            status: call.map_or("", |call| call_words::status(call.status)),
            complete: true,
            number_shown: !from.is_empty(),
            name: recording.name.as_str(),
            mimetype: recording.audio.facts.container.media_type(),
            size: whole(recording.audio.size_bytes),
            expires: kept.place.expires_at.map_or(0, |end| end.unix_ms().div_euclid(1000)),
        }
    }
}
