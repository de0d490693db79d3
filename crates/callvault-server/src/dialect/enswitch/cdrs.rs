//! `cdrs/list`: the call records.

use callvault_core::call::{CallFilter, CallRecord};
use callvault_core::id::CustomerId;
use callvault_core::page::PageRequest;
use callvault_core::service::call_walk::{WalkPlace, Walked};
use callvault_core::time::Timestamp;
use callvault_wire::enswitch::error::Failure;
use callvault_wire::enswitch::request::recording::calls::List;
use callvault_wire::enswitch::response::rows::{self, ListPieces};
use callvault_wire::enswitch::schema::values::{Detail, Match};

use super::call_words::{Parties, status};
use super::lists::Rows;
use super::recordings::end_of_second;
use super::{Outcome, Visit};

/// A place in the list: that of a row, and how many rows came up to it.
type Place = (WalkPlace, u64);

pub(super) async fn list(visit: &Visit<'_>, call: List) -> Result<Outcome, Failure> {
    let (app, principal) = (visit.app.clone(), visit.principal.clone());
    let now = app.services.keeping.now();
    let walked = walked(&call, now);
    let rows = Rows {
        next: move |page: PageRequest<Place>| {
            let (app, principal) = (app.clone(), principal.clone());
            let (call, walked) = (call.clone(), walked.clone());
            async move {
                let walk = &app.services.call_walk;
                let count = |number: i64| u64::try_from(number).unwrap_or_default();
                let (mut after, served) =
                    page.after.map_or((None, 0), |(after, served)| (Some(after), served));
                // Rows before the first one are passed over once, page by page.
                let mut skip = if after.is_none() { count(call.offset.get()) } else { 0 };
                while skip > 0 {
                    let most = u64::from(PageRequest::<WalkPlace>::MOST);
                    let length = u32::try_from(skip.min(most)).unwrap_or(PageRequest::<WalkPlace>::MOST);
                    let page = PageRequest::new(after, length);
                    let passed = walk.page(&principal, &walked, |record| fits(&call, record), page).await?;
                    if passed.len() < length as usize {
                        return Ok(Vec::new());
                    }
                    after = passed.last().map(WalkPlace::of);
                    skip -= u64::from(length);
                }
                let left = match count(call.limit.get()) {
                    0 => u64::MAX,
                    limit => limit.saturating_sub(served),
                };
                if left == 0 {
                    return Ok(Vec::new());
                }
                let length = u32::try_from(left).unwrap_or(u32::MAX).min(page.limit);
                let page = PageRequest::new(after, length);
                let records = walk.page(&principal, &walked, |record| fits(&call, record), page).await?;
                let places = served + 1..;
                Ok(records.into_iter().zip(places).map(|(record, served)| (served, record)).collect())
            }
        },
        key: |(served, record): &(u64, CallRecord)| (WalkPlace::of(record), *served),
        write: |(_, record), pieces: &mut ListPieces| Ok(pieces.row(&row(record))),
    };
    rows.body().await.map(Outcome::List).map_err(|error| visit.failed(&error))
}

/// What the catalog has an index for. The rest is [`fits`].
fn walked(call: &List, now: Timestamp) -> Walked {
    // A number as a whole is looked up, if no letter in it may be of another case.
    let whole = [(call.smatch, &call.snumber), (call.dmatch, &call.dnumber)];
    let is_number =
        |text: &str| !text.is_empty() && !text.contains(|letter: char| letter.is_ascii_alphabetic());
    let number = whole.into_iter().find(|(how, text)| *how == Match::Exact && is_number(text));
    Walked {
        customer: call.place.customer.0.map(CustomerId),
        recurse: call.recurse,
        filter: CallFilter {
            since: Some(Timestamp::from_unix_ms(call.start.get() * 1000)),
            until: Some(call.end.map_or(now, |end| end_of_second(end.get()))),
            numbers: number.map(|(_, text)| text.clone()).into_iter().collect(),
            recording: None,
        },
        call_id: Some(call.callid.clone()).filter(|id| !id.is_empty()),
        first_legs: call.detail == Detail::Call,
    }
}

/// Whether a record is one that a call wants. What is empty selects any.
fn fits(call: &List, record: &CallRecord) -> bool {
    let parties = Parties::of(record);
    let is = |wanted: &str, text: &str| wanted.is_empty() || wanted.eq_ignore_ascii_case(text);
    let talk = i64::from(record.talk_seconds);
    is(call.direction.as_str(), parties.direction)
        && is(&call.status, status(record.status))
        && is(&call.stype, parties.source)
        && is(&call.ctype, parties.called)
        && is(&call.dtype, parties.destination)
        && matches(call.smatch, &call.snumber, &record.from)
        && matches(call.cmatch, &call.cnumber, record.called())
        && matches(call.dmatch, &call.dnumber, &record.to)
        && call.talktime_minimum.get() <= talk
        && call.talktime_maximum.0.is_none_or(|most| talk <= most.get())
}

/// Compares a number without regard to the case of ASCII letters.
fn matches(how: Match, wanted: &str, number: &str) -> bool {
    let (wanted, number) = (wanted.to_ascii_lowercase(), number.to_ascii_lowercase());
    match how {
        _ if wanted.is_empty() => true,
        Match::Contains => number.contains(&wanted),
        Match::Ends => number.ends_with(&wanted),
        Match::Exact => number == wanted,
        Match::Starts => number.starts_with(&wanted),
    }
}

fn row(record: &CallRecord) -> rows::CallRecord<'_> {
    let parties = Parties::of(record);
    let start = record.started_at.unix_ms().div_euclid(1000);
    let totaltime = i64::from(record.call_seconds);
    rows::CallRecord {
        uniqueid: &record.call_id,
        callid: &record.call_id,
        start,
        end: start + totaltime,
        totaltime,
        talktime: i64::from(record.talk_seconds),
        direction: parties.direction,
        status: status(record.status),
        stype: parties.source,
        snumber: &record.from,
        ctype: parties.called,
        cnumber: record.called(),
        dtype: parties.destination,
        dnumber: &record.to,
        scustomer: parties.source_customer,
        dcustomer: parties.destination_customer,
    }
}
