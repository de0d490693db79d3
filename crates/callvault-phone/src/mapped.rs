//! Call records of any CSV with a header: which column is which field is said by whoever imports it.

use std::collections::BTreeMap;

use callvault_core::call::{CallKind, CallStatus, NewCall, PartyNames};
use callvault_core::recording::RecordingName;
use callvault_core::time::{Timestamp, Zone};
use callvault_core::{Error, Result};

use crate::numbers::NumberPlan;

/// The fields that a column can be mapped to.
pub const FIELDS: [&str; 16] = [
    "call_id",
    "started_at",
    "from",
    "to",
    "call_seconds",
    "talk_seconds",
    "status",
    "kind",
    "recording",
    "source_trunk",
    "destination_trunk",
    "pin_code",
    "did_number",
    "agent_ring_seconds",
    "from_name",
    "to_name",
];

/// The fields without which a call cannot be told from others.
const REQUIRED: [&str; 4] = ["call_id", "started_at", "from", "to"];

/// Which column holds which field.
#[derive(Debug, Clone)]
pub struct Mapping {
    places: BTreeMap<&'static str, usize>,
    zone: Zone,
    plan: NumberPlan,
}

impl Mapping {
    /// Finds the columns of `pairs` (field, title of the column) in a header. Times without an offset are on a clock
    /// of `zone`.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `map`: a field that there is not or that is named twice, a title that the header does not
    /// have or has twice, or a field that is needed and not named.
    pub fn find<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        header: &[&str],
        zone: Zone,
        plan: NumberPlan,
    ) -> Result<Self> {
        let mut places = BTreeMap::new();
        let invalid = |reason: String| Err(Error::invalid("map", reason));
        for (field, title) in pairs {
            let Some(field) = FIELDS.iter().find(|known| **known == field) else {
                return invalid(format!("there is no field {field:?}; the fields are {}", FIELDS.join(", ")));
            };
            let mut found = header.iter().enumerate().filter(|(_, column)| column.trim() == title.trim());
            let (Some((place, _)), None) = (found.next(), found.next()) else {
                return invalid(format!("the header does not have one column {title:?}"));
            };
            if places.insert(*field, place).is_some() {
                return invalid(format!("{field} is mapped twice"));
            }
        }
        match REQUIRED.iter().find(|field| !places.contains_key(**field)) {
            Some(missing) => invalid(format!("{missing} is needed: --map {missing}=COLUMN")),
            None => Ok(Self { places, zone, plan }),
        }
    }

    /// Reads one line. What is not mapped is nothing; without a `status`, a call with `talk_seconds` was answered; without a
    /// `kind`, the numbers tell; a recording may be a path, of which the last part is its name.
    ///
    /// # Errors
    /// [`Error::Invalid`], naming the field.
    pub fn call(&self, columns: &[&str]) -> Result<NewCall> {
        let text = |field: &'static str| -> Result<&str> {
            let Some(place) = self.places.get(field) else { return Ok("") };
            let column = columns.get(*place);
            column
                .map(|text| text.trim())
                .ok_or_else(|| Error::invalid(field, "the line has too few columns"))
        };
        let seconds = |field: &'static str| match text(field)? {
            "" => Ok(0),
            text => {
                text.parse().map_err(|_| Error::invalid(field, format!("{text:?} is no number of seconds")))
            }
        };
        let (from, to, started) = (text("from")?, text("to")?, text("started_at")?);
        let talk_seconds = seconds("talk_seconds")?;
        let status = match text("status")? {
            "" if talk_seconds > 0 => CallStatus::Answered,
            "" => CallStatus::NoAnswer,
            word => CallStatus::parse(word)
                .ok_or_else(|| Error::invalid("status", format!("{word:?} is no status of a call")))?,
        };
        let kind = match text("kind")? {
            "" => self.plan.kind(from, to),
            word => CallKind::parse(word)
                .ok_or_else(|| Error::invalid("kind", format!("{word:?} is no kind of call")))?,
        };
        let recording = match text("recording")?.rsplit(['/', '\\']).next() {
            None | Some("") => None,
            Some(name) => Some(
                RecordingName::new(name).map_err(|error| Error::invalid("recording", error.to_string()))?,
            ),
        };
        NewCall {
            call_id: text("call_id")?.to_owned(),
            started_at: self.time(started).ok_or_else(|| {
                Error::invalid("started_at", format!("{started:?} is no time like 2026-11-22 02:33:42"))
            })?,
            from: from.to_owned(),
            to: to.to_owned(),
            call_seconds: seconds("call_seconds")?.max(talk_seconds),
            talk_seconds,
            source_trunk: text("source_trunk")?.to_owned(),
            destination_trunk: text("destination_trunk")?.to_owned(),
            pin_code: text("pin_code")?.to_owned(),
            status,
            kind,
            recording,
            did_number: text("did_number")?.to_owned(),
            agent_ring_seconds: seconds("agent_ring_seconds")?,
            names: PartyNames { from: text("from_name")?.to_owned(), to: text("to_name")?.to_owned() },
        }
        .checked()
    }

    /// RFC 3339, a time on the clock of the zone, or seconds since 1970.
    fn time(&self, text: &str) -> Option<Timestamp> {
        let seconds = || text.parse::<i64>().ok()?.checked_mul(1000).map(Timestamp::from_unix_ms);
        Timestamp::parse(text).or_else(|| self.zone.read(text, None)).or_else(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [&str; 7] = ["id", "calldate", "src", "dst", "billsec", "disposition", "recordingfile"];
    const NEEDED: [(&str, &str); 4] =
        [("call_id", "id"), ("started_at", "calldate"), ("from", "src"), ("to", "dst")];

    fn mapping(pairs: &[(&'static str, &'static str)]) -> Result<Mapping> {
        let zone = Zone::named("Europe/Berlin").unwrap();
        Mapping::find(pairs.iter().copied(), &HEADER, zone, NumberPlan::default())
    }

    #[test]
    fn what_is_mapped_is_read_and_the_rest_is_told_from_it() {
        let more =
            [("talk_seconds", "billsec"), ("recording", "recordingfile"), ("from_name", "disposition")];
        let mapping = mapping(&[&NEEDED[..], &more].concat()).unwrap();
        let line = ["7.1", "2026-11-22 03:33:42", "0301234567", "100", "5", "BUSY", "2026/11/22/a b.wav"];
        let call = mapping.call(&line).unwrap();
        // `date -u -d '2026-11-22 02:33:42' +%s`
        assert_eq!(call.started_at.unix_ms(), 1_795_314_822_000);
        assert_eq!((call.call_seconds, call.talk_seconds), (5, 5));
        assert_eq!((call.status, call.kind), (CallStatus::Answered, CallKind::Inbound));
        assert_eq!((call.names.from.as_str(), call.names.to.as_str()), ("BUSY", ""));
        assert_eq!(call.recording.unwrap().as_str(), "a b.wav");
        for time in ["1795314822", "2026-11-22T02:33:42Z", "2026-11-22T03:33:42+01:00"] {
            let call = mapping.call(&["7.1", time, "1", "2", "", "", ""]).unwrap();
            assert_eq!(call.started_at.unix_ms(), 1_795_314_822_000, "{time}");
            assert_eq!((call.status, call.recording), (CallStatus::NoAnswer, None));
        }
    }

    #[test]
    fn a_mapping_that_cannot_be_is_refused() {
        let check = |pairs: &[(&'static str, &'static str)], words: &str| {
            let error = mapping(pairs).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        check(&NEEDED[..3], "to is needed");
        check(&[("colour", "id")], "no field \"colour\"");
        check(&[("call_id", "nothing")], "one column \"nothing\"");
        check(&[("call_id", "id"), ("call_id", "src")], "mapped twice");
    }

    #[test]
    fn what_is_wrong_is_told_by_field() {
        let mapping = mapping(&[&NEEDED[..], &[("status", "disposition")]].concat()).unwrap();
        let check = |line: &[&str], expected: &str| match mapping.call(line) {
            Err(Error::Invalid { field, .. }) => assert_eq!(field, expected, "{line:?}"),
            other => panic!("{line:?}: {other:?}"),
        };
        check(&["7.1", "yesterday", "1", "2", "", "", ""], "started_at");
        check(&["7.1", "1795314822", "1", "2", "", "MAYBE", ""], "status");
        check(&["7.1", "1795314822", "1"], "to");
        check(&["", "1795314822", "1", "2", "", "", ""], "call_id");
    }
}
