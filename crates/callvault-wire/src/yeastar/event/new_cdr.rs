//! `NewCdr`: a call ended and was accounted for.

use callvault_core::call::CallKind;

use crate::yeastar::call::CallRow;
use crate::yeastar::object::Object;
use crate::yeastar::request::ReportFormat;

/// The JSON text of a report, in one line, all values as texts.
///
/// The formats differ in the name of the event's member, in what happens to values that are not known
/// (`docs/yeastar.md` G29) and in the name of the destination's trunk. That name is `dsttrcunkname`, sic, in
/// 2.0.0; clients of 1.0.x read that or `desttrunkname`, and get both (G27).
pub fn new_cdr(row: &CallRow<'_>, format: ReportFormat) -> Vec<u8> {
    match format {
        ReportFormat::V1_0_0 | ReportFormat::V1_0_2 => known_only(row),
        ReportFormat::V2_0_0 => every_member(row),
    }
    .to_bytes()
}

fn known_only<'a>(row: &CallRow<'a>) -> Object<'a> {
    let known = |text: &'a str| (!text.is_empty()).then_some(text);
    // The guides have the trunk that a call came from in reports of calls from outside alone.
    let source_trunk = known(row.source_trunk).filter(|_| row.kind == CallKind::Inbound);
    let destination_trunk = known(row.destination_trunk);
    begin("action", row)
        .optional("srctrunkname", source_trunk)
        .optional("desttrunkname", destination_trunk)
        .optional("dsttrcunkname", destination_trunk)
        .optional("pincode", known(row.pin_code))
        .text("status", row.status.as_str())
        .text("type", row.kind.as_str())
        .optional("recording", known(row.recording))
        .optional("didnumber", known(row.did_number))
        .text("agentringtime", row.agent_ring_seconds.to_string())
        .optional("sn", known(row.serial))
}

fn every_member<'a>(row: &CallRow<'a>) -> Object<'a> {
    begin("event", row)
        .text("srctrunkname", row.source_trunk)
        .text("dsttrcunkname", row.destination_trunk)
        .text("pincode", row.pin_code)
        .text("status", row.status.as_str())
        .text("type", row.kind.as_str())
        .text("recording", row.recording)
        .text("didnumber", row.did_number)
        .text("agentringtime", row.agent_ring_seconds.to_string())
        .text("sn", row.serial)
}

fn begin<'a>(discriminator: &'static str, row: &CallRow<'a>) -> Object<'a> {
    Object::default()
        .text(discriminator, "NewCdr")
        .text("callid", row.call_id)
        .text("timestart", row.started_at.to_string())
        .text("callfrom", row.from)
        .text("callto", row.to)
        .text("callduraction", row.call_seconds.to_string())
        .text("talkduraction", row.talk_seconds.to_string())
}

#[cfg(test)]
mod tests {
    use callvault_core::call::CallStatus;
    use proptest::prelude::*;

    use super::*;
    use crate::yeastar::call::inbound_example;
    use crate::yeastar::time::CivilTime;

    #[track_caller]
    fn check(row: &CallRow<'_>, format: ReportFormat, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&new_cdr(row, format)), expected, "{format:?}");
    }

    fn internal() -> CallRow<'static> {
        CallRow {
            call_id: "1709633725.42",
            started_at: CivilTime::parse("2024-03-05 10:15:25").expect("a time"),
            from: "2001",
            to: "2002",
            call_seconds: 21,
            talk_seconds: 16,
            source_trunk: "",
            kind: CallKind::Internal,
            recording: "20240305101530-1709633725.42-2001-2002-Internal.wav",
            ..inbound_example()
        }
    }

    /// The body is the sample of `docs/yeastar.md`, "Reports".
    #[test]
    fn the_newest_format_has_every_member() {
        check(
            &internal(),
            ReportFormat::V2_0_0,
            r#"{"event":"NewCdr","callid":"1709633725.42","timestart":"2024-03-05 10:15:25","callfrom":"2001","callto":"2002","callduraction":"21","talkduraction":"16","srctrunkname":"","dsttrcunkname":"","pincode":"","status":"ANSWERED","type":"Internal","recording":"20240305101530-1709633725.42-2001-2002-Internal.wav","didnumber":"","agentringtime":"0","sn":"360000000000"}"#,
        );
    }

    #[test]
    fn the_older_formats_leave_out_what_is_not_known() {
        let bare = CallRow { recording: "", serial: "", source_trunk: "TRUNK1", ..internal() };
        for format in [ReportFormat::V1_0_0, ReportFormat::V1_0_2] {
            check(
                &bare,
                format,
                r#"{"action":"NewCdr","callid":"1709633725.42","timestart":"2024-03-05 10:15:25","callfrom":"2001","callto":"2002","callduraction":"21","talkduraction":"16","status":"ANSWERED","type":"Internal","agentringtime":"0"}"#,
            );
        }
    }

    #[test]
    fn trunks_by_format() {
        let outbound = CallRow {
            source_trunk: "",
            destination_trunk: "TRUNK2",
            kind: CallKind::Outbound,
            status: CallStatus::NoAnswer,
            pin_code: "77",
            agent_ring_seconds: 5,
            ..inbound_example()
        };
        check(
            &outbound,
            ReportFormat::V1_0_2,
            r#"{"action":"NewCdr","callid":"1589299528.4","timestart":"2020-05-12 17:05:28","callfrom":"900000001","callto":"110","callduraction":"42","talkduraction":"34","desttrunkname":"TRUNK2","dsttrcunkname":"TRUNK2","pincode":"77","status":"NO ANSWER","type":"Outbound","agentringtime":"5","sn":"360000000000"}"#,
        );
        let text = String::from_utf8(new_cdr(&outbound, ReportFormat::V2_0_0)).expect("UTF-8");
        assert!(text.contains(r#""dsttrcunkname":"TRUNK2""#) && !text.contains("desttrunkname"), "{text}");
        let inbound = CallRow { did_number: "5503301", ..inbound_example() };
        check(
            &inbound,
            ReportFormat::V1_0_0,
            r#"{"action":"NewCdr","callid":"1589299528.4","timestart":"2020-05-12 17:05:28","callfrom":"900000001","callto":"110","callduraction":"42","talkduraction":"34","srctrunkname":"TRUNK1","status":"ANSWERED","type":"Inbound","didnumber":"5503301","agentringtime":"0","sn":"360000000000"}"#,
        );
    }

    proptest! {
        /// So that it can be a line of the TCP reports.
        #[test]
        fn any_text_stays_in_one_line(text in any::<String>(), is_new in any::<bool>()) {
            let row = CallRow { from: &text, destination_trunk: &text, recording: &text, ..inbound_example() };
            let body = new_cdr(&row, if is_new { ReportFormat::V2_0_0 } else { ReportFormat::V1_0_0 });
            prop_assert!(!body.iter().any(|byte| byte.is_ascii_control()));
            let read: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            prop_assert_eq!(read["callfrom"].as_str(), Some(text.as_str()));
        }
    }
}
