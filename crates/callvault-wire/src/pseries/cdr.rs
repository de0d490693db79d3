//! The file of call records that `cdr/download` leads to.
//!
//! The vendor's guide does not print its columns. These are the members of the vendor's event of a finished call
//! (type 30012), in its order and under its names (`docs/pseries.md` P22). Lines end in LF, values are quoted as in
//! RFC 4180 and only where they need it, and a formula stays the text it is, as machines read the file.

use callvault_core::call::CallRecord;
use callvault_core::recording::RecordingName;

use crate::csv;
use crate::pseries::time::Display;

/// The first line, its LF included.
pub const HEADER: &str = "call_id,time_start,call_from,call_to,call_duration,talk_duration,src_trunk_name,dst_trunk_name,\
pin_code,status,type,recording,did_number,agent_ring_time\n";

/// The name of the file: `CDR-{stamp}.csv`, with the stamp of its link by [`Display::stamp`].
pub fn file_name(stamp: &str) -> String {
    format!("CDR-{stamp}.csv")
}

/// Appends the line of one call, its LF included. Durations are in seconds; what is not known is empty.
pub fn push_line(out: &mut Vec<u8>, call: &CallRecord, display: &Display) {
    let values: [&str; 14] = [
        &call.call_id,
        &display.show(call.started_at),
        &call.from,
        &call.to,
        &call.call_seconds.to_string(),
        &call.talk_seconds.to_string(),
        &call.source_trunk,
        &call.destination_trunk,
        &call.pin_code,
        call.status.as_str(),
        call.kind.as_str(),
        call.recording.as_ref().map_or("", RecordingName::as_str),
        &call.did_number,
        &call.agent_ring_seconds.to_string(),
    ];
    csv::push_line(out, &values);
}

#[cfg(test)]
mod tests {
    use callvault_core::call::{CallKind, CallStatus, PartyNames};
    use callvault_core::id::{CallRecordId, CustomerId};
    use callvault_core::time::Timestamp;

    use super::*;
    use crate::pseries::time::{DateOrder, HourClock};

    fn call() -> CallRecord {
        let started_at = Timestamp::from_unix_ms(1_649_756_009_000);
        CallRecord {
            id: CallRecordId(1),
            customer: CustomerId(1),
            call_id: "1649756009.12".into(),
            started_at,
            from: "2002".into(),
            to: "2005".into(),
            call_seconds: 42,
            talk_seconds: 34,
            source_trunk: String::new(),
            destination_trunk: String::new(),
            pin_code: String::new(),
            status: CallStatus::NoAnswer,
            kind: CallKind::Internal,
            recording: None,
            did_number: String::new(),
            agent_ring_seconds: 0,
            names: PartyNames::default(),
            received_at: started_at,
        }
    }

    #[track_caller]
    fn check(call: &CallRecord, expected: &str) {
        let display = Display::new("Asia/Shanghai", DateOrder::MonthDayYear, HourClock::TwentyFour);
        let mut file = Vec::from(HEADER);
        push_line(&mut file, call, &display.expect("a zone"));
        assert_eq!(String::from_utf8_lossy(&file).strip_prefix(HEADER), Some(expected));
    }

    #[test]
    fn lines() {
        check(&call(), "1649756009.12,04/12/2022 17:33:29,2002,2005,42,34,,,,NO ANSWER,Internal,,,0\n");
        let odd = CallRecord {
            source_trunk: "a, \"b\"".into(),
            destination_trunk: "line\nend".into(),
            recording: RecordingName::new("=x.wav").ok(),
            ..call()
        };
        check(
            &odd,
            "1649756009.12,04/12/2022 17:33:29,2002,2005,42,34,\"a, \"\"b\"\"\",\"line\nend\",,NO ANSWER,Internal,=x.wav,,0\n",
        );
        assert_eq!(HEADER.split(',').count(), 14);
    }
}
