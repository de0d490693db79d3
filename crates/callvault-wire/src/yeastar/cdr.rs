//! The file of call records: 14 columns of CSV, written row by row (`docs/yeastar.md` G32, G33), and read back.

use crate::csv;
use crate::yeastar::call::CallRow;

pub mod read;

/// The first line, with its LF. The spelling of the columns is the device's: `callduraction`, `talkduraction`, and
/// `dsttrunkname`, which reports spell in two other ways.
pub const HEADER: &str = "callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,\
    dsttrunkname,status,type,pincode,recording,didnumber,sn\n";

/// Adds a row, with its LF. A text is quoted only where RFC 4180 demands it, because many clients split at every
/// comma; what is not known is nothing between commas.
pub fn push_row(out: &mut Vec<u8>, row: &CallRow<'_>) {
    let (call_seconds, talk_seconds) = (row.call_seconds.to_string(), row.talk_seconds.to_string());
    let started_at = row.started_at.to_string();
    let columns = [
        row.call_id,
        &started_at,
        row.from,
        row.to,
        &call_seconds,
        &talk_seconds,
        row.source_trunk,
        row.destination_trunk,
        row.status.as_str(),
        row.kind.as_str(),
        row.pin_code,
        row.recording,
        row.did_number,
        row.serial,
    ];
    csv::push_line(out, &columns);
}

#[cfg(test)]
mod tests {
    use callvault_core::call::{CallKind, CallStatus};
    use proptest::prelude::*;

    use super::*;
    use crate::yeastar::call::inbound_example;

    #[track_caller]
    fn check(row: &CallRow<'_>, expected: &str) {
        let mut bytes = Vec::new();
        push_row(&mut bytes, row);
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
    }

    /// Header and row are those that were seen on a real unit, with its numbers changed.
    #[test]
    fn the_header_is_exact() {
        let seen = "callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrunkname,status,type,pincode,recording,didnumber,sn";
        assert_eq!(HEADER, format!("{seen}\n"));
        check(
            &inbound_example(),
            "1589299528.4,2020-05-12 17:05:28,900000001,110,42,34,TRUNK1,,ANSWERED,Inbound,,,,360000000000\n",
        );
    }

    #[test]
    fn the_destination_is_column_eight() {
        let row = CallRow {
            source_trunk: "",
            destination_trunk: "TRUNK2",
            kind: CallKind::Outbound,
            status: CallStatus::NoAnswer,
            pin_code: "77",
            recording: "a b.wav",
            did_number: "5503301",
            ..inbound_example()
        };
        check(
            &row,
            "1589299528.4,2020-05-12 17:05:28,900000001,110,42,34,,TRUNK2,NO ANSWER,Outbound,77,a b.wav,5503301,360000000000\n",
        );
    }

    #[test]
    fn quotes_only_where_they_must_be() {
        let row =
            CallRow { from: "\"Ann, Lee\" <1>", to: "+49 30;1'2=", recording: "a\r\nb", ..inbound_example() };
        check(
            &row,
            "1589299528.4,2020-05-12 17:05:28,\"\"\"Ann, Lee\"\" <1>\",+49 30;1'2=,42,34,TRUNK1,,ANSWERED,Inbound,,\"a\r\nb\",,360000000000\n",
        );
    }

    /// A reader of RFC 4180, for one row.
    fn columns(row: &str) -> Vec<String> {
        let (mut columns, mut is_quoted) = (vec![String::new()], false);
        let mut rest = row.chars().peekable();
        while let Some(c) = rest.next() {
            let column = columns.last_mut().expect("there is one from the beginning");
            match c {
                '"' if is_quoted && rest.peek() == Some(&'"') => column.extend(rest.next()),
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => columns.push(String::new()),
                c => column.push(c),
            }
        }
        columns
    }

    proptest! {
        #[test]
        fn any_text_comes_back(from in "[a,\"\r\n é]{0,9}|.*", recording in "[a,\"\r\n é]{0,9}|.*") {
            let mut bytes = Vec::new();
            push_row(&mut bytes, &CallRow { from: &from, recording: &recording, ..inbound_example() });
            let text = String::from_utf8(bytes).expect("UTF-8");
            let columns = columns(text.strip_suffix('\n').expect("a row ends in LF"));
            prop_assert_eq!(columns.len(), 14);
            prop_assert_eq!((&columns[2], &columns[11]), (&from, &recording));
        }
    }
}
