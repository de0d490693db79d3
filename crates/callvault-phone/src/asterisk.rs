//! Asterisk's own file of call records, `Master.csv` of `cdr_csv`: the columns of one line in, a call out.
//!
//! The columns are those of Asterisk's `cdr_csv.c`: 16 that are always there (`accountcode, src, dst, dcontext, clid,
//! channel, dstchannel, lastapp, lastdata, start, answer, end, duration, billsec, disposition, amaflags`), then `uniqueid`
//! and `userfield` where `cdr.conf` asks for them, then `peeraccount, linkedid, sequence` with `newcdrcolumns`.

use std::collections::VecDeque;

use callvault_core::call::{CallKind, CallStatus, NewCall, PartyNames};
use callvault_core::time::{Timestamp, Zone};
use callvault_core::{Error, Result};

use crate::numbers::NumberPlan;

/// Columns that are always there.
const LEAST_COLUMNS: usize = 16;

/// How many of the latest legs are remembered. Asterisk writes the legs of one call one after the other.
const REMEMBERED: usize = 256;

/// A leg, as far as it tells it from others of the same call.
#[derive(Debug, PartialEq, Eq)]
struct Leg {
    unique_id: String,
    started_at: Timestamp,
    to: String,
    whole_line: Vec<String>,
    number: usize,
}

/// Reads lines in their order.
///
/// A call that rings several phones has a line for each, which differ in no part of the key of a call record. The second
/// such leg is given the call id `UNIQUEID-2`, and so on; the same line again is the same leg.
#[derive(Debug)]
pub struct Reader {
    zone: Zone,
    plan: NumberPlan,
    latest: VecDeque<Leg>,
}

impl Reader {
    /// A reader of a file whose times are on a clock of `zone`: the server's own, or UTC with `usegmtime`.
    pub fn new(zone: Zone, plan: NumberPlan) -> Self {
        Self { zone, plan, latest: VecDeque::new() }
    }

    /// Reads one line.
    ///
    /// # Errors
    /// [`Error::Invalid`], naming the column.
    pub fn call(&mut self, columns: &[&str]) -> Result<NewCall> {
        let mut call = call(columns, &self.zone, self.plan)?;
        let number = self.number_of_leg(&call, columns);
        if number > 1 {
            call.call_id = format!("{}-{number}", call.call_id);
        }
        call.checked()
    }

    fn number_of_leg(&mut self, call: &NewCall, columns: &[&str]) -> usize {
        let same_call = |leg: &&Leg| {
            leg.unique_id == call.call_id && leg.started_at == call.started_at && leg.to == call.to
        };
        let before = self.latest.iter().filter(same_call);
        let mut number = 1;
        for leg in before {
            if leg.whole_line == columns {
                return leg.number;
            }
            number = leg.number + 1;
        }
        if self.latest.len() == REMEMBERED {
            self.latest.pop_front();
        }
        self.latest.push_back(Leg {
            unique_id: call.call_id.clone(),
            started_at: call.started_at,
            to: call.to.clone(),
            whole_line: columns.iter().map(|column| (*column).to_owned()).collect(),
            number,
        });
        number
    }
}

/// The place of `start`.
const START: usize = 9;

/// Reads the columns of one line, whatever came before it.
///
/// # Errors
/// [`Error::Invalid`], naming the column.
pub fn call(columns: &[&str], zone: &Zone, plan: NumberPlan) -> Result<NewCall> {
    if columns.len() < LEAST_COLUMNS {
        let reason = format!("a call has at least {LEAST_COLUMNS} columns, and here are {}", columns.len());
        return Err(Error::invalid("columns", reason));
    }
    let column = |place: usize| columns.get(place).map_or("", |text| text.trim());
    let (from, to, unique_id) = (column(1), column(2), column(16));
    let Some(epoch) = epoch_of(unique_id) else {
        let reason = "there is none; set loguniqueid=yes in cdr.conf, which makes Asterisk write it";
        return Err(Error::invalid("uniqueid", reason));
    };
    let started = column(START);
    let started_at = zone
        .read(started, Some(epoch))
        .ok_or_else(|| Error::invalid("start", format!("{started:?} is no time like 2026-11-22 02:33:42")))?;
    let kind = plan.kind(from, to);
    let trunk = |wanted: CallKind, place: usize| {
        if kind == wanted { endpoint(column(place)).to_owned() } else { String::new() }
    };
    NewCall {
        call_id: unique_id.to_owned(),
        started_at,
        from: from.to_owned(),
        to: to.to_owned(),
        call_seconds: seconds("duration", column(12))?,
        talk_seconds: seconds("billsec", column(13))?,
        source_trunk: trunk(CallKind::Inbound, 5),
        destination_trunk: trunk(CallKind::Outbound, 6),
        pin_code: String::new(),
        status: status(column(14), column(7))?,
        kind,
        recording: None,
        did_number: String::new(),
        agent_ring_seconds: 0,
        names: PartyNames { from: caller_name(column(4), from).to_owned(), to: String::new() },
    }
    .checked()
}

/// The time in `EPOCH.COUNTER` or `SYSTEM-EPOCH.COUNTER`.
fn epoch_of(unique_id: &str) -> Option<Timestamp> {
    let own = unique_id.rsplit('-').next().unwrap_or(unique_id);
    let (seconds, counter) = own.split_once('.')?;
    counter.parse::<u64>().ok()?;
    Some(Timestamp::from_unix_ms(seconds.parse::<i64>().ok()?.checked_mul(1000)?))
}

/// The name in `clid`, `"NAME" <NUMBER>`; nothing where that is about another number than the caller's, or too long.
fn caller_name<'a>(clid: &'a str, from: &str) -> &'a str {
    let Some((name, number)) = clid.strip_suffix('>').and_then(|clid| clid.rsplit_once('<')) else {
        return "";
    };
    let name = name.trim().trim_matches('"');
    // A name is an ornament: one that the catalog would refuse must not cost the call.
    let fits = number == from && name.len() <= NewCall::LONGEST_TEXT && !name.contains(char::is_control);
    if fits { name } else { "" }
}

/// `PJSIP/sipp-00000000` belongs to the endpoint `sipp`.
fn endpoint(channel: &str) -> &str {
    let name = channel.split_once('/').map_or(channel, |(_, name)| name);
    name.rsplit_once('-').map_or(name, |(name, _)| name)
}

/// What `disposition` says; a call that the voicemail took was answered by that application last.
fn status(disposition: &str, last_application: &str) -> Result<CallStatus> {
    match disposition {
        "ANSWERED" if last_application.eq_ignore_ascii_case("VoiceMail") => Ok(CallStatus::Voicemail),
        "CONGESTION" => Ok(CallStatus::Failed),
        other => CallStatus::parse(other)
            .ok_or_else(|| Error::invalid("disposition", format!("{other:?} is no disposition of a call"))),
    }
}

fn seconds(field: &'static str, text: &str) -> Result<u32> {
    // Asterisk writes whole seconds here; parts of one, from other writers of this layout, are cut off.
    let whole = text.split('.').next().unwrap_or(text);
    whole.parse().map_err(|_| Error::invalid(field, format!("{text:?} is no number of seconds")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that Asterisk 22 wrote of a call of `sipp`, without its quotes; its clock was on UTC.
    const LINE: &str = r#"|15551230001|100|test|"Test Caller" <15551230001>|PJSIP/sipp-00000000||Echo||2026-11-22 02:33:42|2026-11-22 02:33:42|2026-11-22 02:33:47|5|5|ANSWERED|DOCUMENTATION|1795314822.0|tenant-a||1795314822.0|0"#;

    fn zone() -> Zone {
        Zone::named("UTC").unwrap()
    }

    fn read(line: &str) -> Result<NewCall> {
        call(&line.split('|').collect::<Vec<_>>(), &zone(), NumberPlan::default())
    }

    #[test]
    fn a_real_line_is_read() {
        let expected = NewCall {
            call_id: "1795314822.0".to_owned(),
            // The second of the unique id: `date -u -d '2026-11-22 02:33:42' +%s`.
            started_at: Timestamp::from_unix_ms(1_795_314_822_000),
            from: "15551230001".to_owned(),
            to: "100".to_owned(),
            call_seconds: 5,
            talk_seconds: 5,
            source_trunk: "sipp".to_owned(),
            destination_trunk: String::new(),
            pin_code: String::new(),
            status: CallStatus::Answered,
            kind: CallKind::Inbound,
            recording: None,
            did_number: String::new(),
            agent_ring_seconds: 0,
            names: PartyNames { from: "Test Caller".to_owned(), to: String::new() },
        };
        assert_eq!(read(LINE).unwrap(), expected);
        let older = LINE.trim_end_matches("|tenant-a||1795314822.0|0");
        assert_eq!(read(older).unwrap(), expected, "without the columns that cdr.conf may leave out");
    }

    #[test]
    fn the_name_is_that_of_the_caller() {
        let check = |clid: &str, expected: &str| assert_eq!(caller_name(clid, "100"), expected, "{clid}");
        check(r#""Ann" <100>"#, "Ann");
        check(r#""A "the" <B>" <100>"#, r#"A "the" <B>"#);
        check("Ann <100>", "Ann");
        check(r#""" <100>"#, "");
        check(r#""Ann" <101>"#, "");
        check("100", "");
        check("", "");
        check(&format!("\"{}\" <100>", "x".repeat(129)), "");
    }

    #[test]
    fn words_of_asterisk_are_understood() {
        let check = |from: &str, to: &str, expected: CallStatus| {
            assert_eq!(read(&LINE.replace(from, to)).unwrap().status, expected, "{to}");
        };
        check("ANSWERED", "NO ANSWER", CallStatus::NoAnswer);
        check("ANSWERED", "CONGESTION", CallStatus::Failed);
        check("ANSWERED", "BUSY", CallStatus::Busy);
        check("Echo", "VoiceMail", CallStatus::Voicemail);
        let outbound = LINE.replace("|15551230001|100|", "|100|15551230001|");
        let outbound = read(&outbound.replace("00000000||", "00000000|PJSIP/to-carrier-00000001|")).unwrap();
        assert_eq!((outbound.kind, &*outbound.source_trunk), (CallKind::Outbound, ""));
        assert_eq!(outbound.destination_trunk, "to-carrier");
        let named = read(&LINE.replace("1795314822.0", "pbx-1-1795314822.0")).unwrap();
        assert_eq!(named.call_id, "pbx-1-1795314822.0");
    }

    #[test]
    fn legs_of_one_call_are_kept_apart_and_stay_what_they_are() {
        let mut reader = Reader::new(zone(), NumberPlan::default());
        let mut id = |line: &str| reader.call(&line.split('|').collect::<Vec<_>>()).unwrap().call_id;
        let second = LINE.replace("00000000||", "00000000|PJSIP/102-00000002|").replace("|0", "|1");
        let other_call = LINE.replace("1795314822.0", "1795314822.9");
        assert_eq!(id(LINE), "1795314822.0");
        assert_eq!(id(&second), "1795314822.0-2");
        assert_eq!(id(&other_call), "1795314822.9");
        assert_eq!(id(LINE), "1795314822.0");
        assert_eq!(id(&second), "1795314822.0-2");
        assert_eq!(id(&LINE.replace("|Echo|", "|Dial|")), "1795314822.0-3");
    }

    /// The key of a call record holds the moment, not how it was written.
    #[test]
    fn legs_that_write_one_start_in_two_ways_are_kept_apart() {
        let mut reader = Reader::new(zone(), NumberPlan::default());
        let mut id = |line: &str| reader.call(&line.split('|').collect::<Vec<_>>()).unwrap().call_id;
        assert_eq!(id(LINE), "1795314822.0");
        assert_eq!(id(&LINE.replace("||2026-11-22 ", "||2026-11-22T")), "1795314822.0-2");
        assert_eq!(id(&LINE.replace("||2026", "|| 2026")), "1795314822.0-3");
    }

    #[test]
    fn what_is_wrong_is_told_by_column() {
        let check = |line: &str, column: &str| match read(line) {
            Err(Error::Invalid { field, .. }) => assert_eq!(field, column, "{line}"),
            other => panic!("{line}: {other:?}"),
        };
        check("a|b", "columns");
        check(&LINE.replace("1795314822.0", ""), "uniqueid");
        check(&LINE.replace("1795314822.0", "tenant-a"), "uniqueid");
        check(&LINE.replace("|2026-11-22 02:33:42|2026", "||2026"), "start");
        check(&LINE.replace("|5|5|", "|5||"), "billsec");
        check(&LINE.replace("|5|5|", "|x|5|"), "duration");
        check(&LINE.replace("ANSWERED", "MAYBE"), "disposition");
    }
}
