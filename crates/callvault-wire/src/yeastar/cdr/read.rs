//! The file of call records read: the columns of one row in, a call out.
//!
//! Splitting the file into rows and columns is for the caller. What devices and the guide spell in several ways is
//! understood in all of them (`docs/yeastar.md` G28).

use callvault_core::call::{CallKind, CallStatus, NewCall, PartyNames};
use callvault_core::recording::RecordingName;
use callvault_core::time::{Timestamp, Zone};
use callvault_core::{Error, Result};

/// How many columns a row has. A file without the last one, the serial number, is read as well.
const COLUMNS: usize = 14;

/// Whether these columns are the header of the file.
pub fn is_header(columns: &[&str]) -> bool {
    columns.first().is_some_and(|first| first.trim().eq_ignore_ascii_case("callid"))
}

/// Reads a row; its time is on a clock of `zone`. In the hour that comes twice, the seconds since 1970 in `callid` tell
/// which one is meant (`docs/yeastar.md` G34). The serial number is passed over: a customer has one device.
///
/// # Errors
/// [`Error::Invalid`], naming the column.
pub fn call(columns: &[&str], zone: &Zone) -> Result<NewCall> {
    if !(COLUMNS - 1..=COLUMNS).contains(&columns.len()) {
        let reason = format!("a call has {COLUMNS} columns, and here are {}", columns.len());
        return Err(Error::invalid("columns", reason));
    }
    let [id, started, from, to, whole, talk, source, destination, status, kind, pin, recording, did] =
        columns[..COLUMNS - 1].try_into().expect("the length was looked at");
    let started_at = zone.read(started, epoch_of(id)).ok_or_else(|| {
        Error::invalid("timestart", format!("{started:?} is no time like 2020-05-12 17:05:28"))
    })?;
    let recording = match recording.trim() {
        "" => None,
        name => {
            Some(RecordingName::new(name).map_err(|error| Error::invalid("recording", error.to_string()))?)
        }
    };
    NewCall {
        call_id: id.to_owned(),
        started_at,
        from: from.to_owned(),
        to: to.to_owned(),
        call_seconds: seconds("callduraction", whole)?,
        talk_seconds: seconds("talkduraction", talk)?,
        source_trunk: source.to_owned(),
        destination_trunk: destination.to_owned(),
        pin_code: pin.to_owned(),
        status: CallStatus::parse(status)
            .ok_or_else(|| Error::invalid("status", format!("{status:?} is no status of a call")))?,
        kind: CallKind::parse(kind)
            .ok_or_else(|| Error::invalid("type", format!("{kind:?} is no type of a call")))?,
        recording,
        did_number: did.to_owned(),
        agent_ring_seconds: 0,
        names: PartyNames::default(),
    }
    .checked()
}

/// The time in `epoch.counter`.
fn epoch_of(call_id: &str) -> Option<Timestamp> {
    let seconds: i64 = call_id.trim().split('.').next()?.parse().ok()?;
    Some(Timestamp::from_unix_ms(seconds.checked_mul(1000)?))
}

/// A number of seconds; nothing is 0.
fn seconds(field: &'static str, text: &str) -> Result<u32> {
    match text.trim() {
        "" => Ok(0),
        text => text.parse().map_err(|_| Error::invalid(field, format!("{text:?} is no number of seconds"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row that was seen on a real unit, with its numbers changed (`docs/yeastar.md`, "Fetching call records"). The
    /// unit stood in London: 17:05:28 was 16:05:28 UTC, the second in its call id.
    const ROW: &str =
        "1589299528.4,2020-05-12 17:05:28,900000001,110,42,34,TRUNK1,,ANSWERED,Inbound,,,,360000000000";

    fn read(row: &str, zone: &str) -> Result<NewCall> {
        call(&row.split(',').collect::<Vec<_>>(), &Zone::named(zone).expect("a zone"))
    }

    #[test]
    fn a_real_row_is_read() {
        let expected = NewCall {
            call_id: "1589299528.4".to_owned(),
            started_at: Timestamp::from_unix_ms(1_589_299_528_000),
            from: "900000001".to_owned(),
            to: "110".to_owned(),
            call_seconds: 42,
            talk_seconds: 34,
            source_trunk: "TRUNK1".to_owned(),
            destination_trunk: String::new(),
            pin_code: String::new(),
            status: CallStatus::Answered,
            kind: CallKind::Inbound,
            recording: None,
            did_number: String::new(),
            agent_ring_seconds: 0,
            names: PartyNames::default(),
        };
        assert_eq!(read(ROW, "Europe/London").expect("a call"), expected);
        let without_serial = ROW.trim_end_matches(",360000000000");
        assert_eq!(read(without_serial, "Europe/London").expect("a call"), expected);
        assert!(is_header(&super::super::HEADER.trim().split(',').collect::<Vec<_>>()));
        assert!(!is_header(&ROW.split(',').collect::<Vec<_>>()));
    }

    #[test]
    fn every_column_has_its_place() {
        let row = "1.2,2020-05-12 17:05:28,a,b,4,3,src,dst,NO ANSWERED,Outbound,77,r.wav,550,36";
        let call = read(row, "UTC").expect("a call");
        assert_eq!((&*call.source_trunk, &*call.destination_trunk), ("src", "dst"));
        assert_eq!((&*call.pin_code, &*call.did_number), ("77", "550"));
        assert_eq!(call.recording.expect("a recording").as_str(), "r.wav");
        assert_eq!((call.status, call.kind), (CallStatus::NoAnswer, CallKind::Outbound));
    }

    /// 2026-10-25 02:30 comes twice in Berlin; `date -u -d '2026-10-25 00:30' +%s` is 1792888200.
    #[test]
    fn the_call_id_tells_the_hours_of_autumn_apart() {
        for epoch in [1_792_888_200_i64, 1_792_891_800] {
            let row = format!("{epoch}.7,2026-10-25 02:30:00,a,b,1,1,,,ANSWERED,Internal,,,,");
            let call = read(&row, "Europe/Berlin").expect("a call");
            assert_eq!(call.started_at.unix_ms(), epoch * 1000);
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_column() {
        let check = |row: &str, column: &str| match read(row, "UTC") {
            Err(Error::Invalid { field, .. }) => assert_eq!(field, column, "{row}"),
            other => panic!("{row}: {other:?}"),
        };
        check("", "columns");
        check(&format!("{ROW},"), "columns");
        check(&ROW.replace("2020-05-12 ", "12.05.2020 "), "timestart");
        check(&ROW.replace(",42,", ",-42,"), "callduraction");
        check(&ROW.replace(",34,", ",34.5,"), "talkduraction");
        check(&ROW.replace("ANSWERED", "MAYBE"), "status");
        check(&ROW.replace("Inbound", "Sideways"), "type");
        check(&ROW.replace("1589299528.4", ""), "call_id");
        check(&ROW.replace("Inbound,,,", "Inbound,,../x,"), "recording");
    }
}
