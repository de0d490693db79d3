//! What the fixture of the golden pairs answers to calls that go well, rendered by the crate. The fixture is told in
//! the READMEs beside the pairs.

use std::time::Duration;

use callvault_core::audio::Container;
use callvault_core::call::{CallKind, CallStatus};
use callvault_core::secret::Secret;
use callvault_wire::yeastar::call::CallRow;
use callvault_wire::yeastar::cdr;
use callvault_wire::yeastar::path::Version;
use callvault_wire::yeastar::request::{Call, CdrSelection, NumberList};
use callvault_wire::yeastar::response::{
    self, Cors, DeviceInfo, Extension, ExtensionInfo, ExtensionStatus, Header, Success, Transport, Trunk,
    cdr_headers, download_headers,
};
use callvault_wire::yeastar::time::CivilTime;

use super::pairs::{LENGTH, RANDOM};
use crate::golden::Message;

const RECORDINGS: [&str; 2] = [
    "20191024012719-1571909237.191-4000-4001-Internal.wav",
    "20240305101530-1709633725.42-+4930123456-2002-Inbound.wav",
];

pub(crate) fn time(text: &str) -> CivilTime {
    CivilTime::parse(text).expect("a time")
}

/// What the ticket of a pair is for, where that is call records.
pub(crate) fn selection(subject: &str) -> Option<CdrSelection> {
    let (numbers, start, end) = match subject {
        "cdr-all" => ("all", "2018-05-04 00:00:00", "2018-05-04 23:59:59"),
        "cdr-one" => ("4000", "2018-05-04 00:00:00", "2018-05-04 23:59:59"),
        "cdr-plus" => ("+4930123456", "2018-05-04 00:00:00", "2018-05-04 23:59:59"),
        "cdr-ends" => ("4000,4001", "2018-05-04 12:00:00", "2018-05-05 00:00:00"),
        _ => return None,
    };
    let numbers = NumberList::parse(numbers).expect("a list");
    Some(CdrSelection { numbers, start: time(start), end: time(end) })
}

fn calls() -> [CallRow<'static>; 4] {
    let internal = CallRow {
        call_id: "1525421111.10",
        started_at: time("2018-05-04 08:05:11"),
        from: "4000",
        to: "4001",
        call_seconds: 21,
        talk_seconds: 16,
        source_trunk: "",
        destination_trunk: "",
        pin_code: "",
        status: CallStatus::Answered,
        kind: CallKind::Internal,
        recording: "20180504080515-1525421111.10-4000-4001-Internal.wav",
        did_number: "",
        agent_ring_seconds: 0,
        serial: "360000000000",
    };
    let inbound = CallRow {
        call_id: "1525428000.11",
        started_at: time("2018-05-04 10:00:00"),
        from: "+4930123456",
        call_seconds: 42,
        talk_seconds: 34,
        source_trunk: "TRUNK1",
        kind: CallKind::Inbound,
        recording: "",
        did_number: "5503301",
        ..internal
    };
    let outbound = CallRow {
        call_id: "1525435200.12",
        started_at: time("2018-05-04 12:00:00"),
        to: "901234",
        call_seconds: 30,
        talk_seconds: 0,
        destination_trunk: "Trunk, second",
        pin_code: "77",
        status: CallStatus::NoAnswer,
        kind: CallKind::Outbound,
        recording: "",
        ..internal
    };
    let busy = CallRow {
        call_id: "1525478400.13",
        started_at: time("2018-05-05 00:00:00"),
        from: "4001",
        to: "4000",
        call_seconds: 3,
        talk_seconds: 0,
        status: CallStatus::Busy,
        recording: "",
        ..internal
    };
    [internal, inbound, outbound, busy]
}

fn file(selection: &CdrSelection, has_calls: bool) -> Vec<u8> {
    let mut bytes = Vec::from(cdr::HEADER);
    let wanted = |row: &&CallRow<'_>| {
        let numbers = &selection.numbers;
        (selection.start..=selection.end).contains(&row.started_at)
            && (numbers.contains(row.from) || numbers.contains(row.to))
    };
    for row in calls().iter().filter(|_| has_calls).filter(wanted) {
        cdr::push_row(&mut bytes, row);
    }
    bytes
}

/// The answer of a call that goes well, with what a server would make up as placeholders.
pub(crate) fn success(call: &Call, version: Version, request: &Message) -> (u16, Vec<Header>, Vec<u8>) {
    let cors = Cors::default();
    let made_up = Secret::new("{{hex32}}");
    let has_calls = request.comment("calls") == "some";
    let seen = |numbers: &NumberList| {
        ["4000", "4001"]
            .into_iter()
            .filter(|number| has_calls && numbers.contains(number))
            .collect::<Vec<_>>()
    };
    let outcome = match call {
        Call::Login(_) => Success::Login {
            version,
            token: made_up.clone(),
            refresh_token: Some(made_up),
            transport: Transport::Http,
        },
        Call::Heartbeat(_) => Success::Heartbeat,
        Call::Logout => Success::Logout,
        Call::TokenRefresh(_) => Success::TokenRefresh { token: made_up.clone(), refresh_token: made_up },
        Call::RecordingGetRandom(asked) => {
            Success::RecordingGetRandom { recording: asked.recording.echo().to_owned(), random: made_up }
        }
        Call::RecordingDownload(asked) => {
            let is_meant = |name: &&str| asked.recording.spellings().iter().any(|one| one.as_str() == *name);
            let name = RECORDINGS.into_iter().find(is_meant).expect("one of the fixture's recordings");
            assert_eq!(asked.random.reveal(), RANDOM);
            let body = if asked.headers_only { "" } else { "{{audio}}" };
            return (200, download_headers(name, Container::Wave, LENGTH, &cors), body.into());
        }
        Call::CdrGetRandom(asked) => Success::CdrGetRandom {
            version,
            numbers: asked.echo_numbers.clone(),
            selection: asked.selection.clone(),
            random: made_up,
        },
        Call::CdrDownload(link) => {
            assert_eq!(link.random.reveal(), RANDOM);
            let ticket = selection(request.comment("subject")).expect("a ticket for call records");
            let body = if link.headers_only { Vec::new() } else { file(&ticket, has_calls) };
            return (200, cdr_headers(&cors), body);
        }
        Call::VoicemailQuery(_) => Success::VoicemailQuery { version, boxes: Vec::new() },
        Call::DeviceInfoQuery => Success::DeviceInfo(DeviceInfo {
            name: "Callvault".into(),
            serial: "360000000000".into(),
            hardware_version: "{{any}}".into(),
            firmware_version: "{{any}}".into(),
            system_time: time("2018-05-05 09:00:00"),
            utc_offset_minutes: 0,
            uptime: Duration::from_secs(7),
            extensions_used: 2,
            extensions_possible: 500,
        }),
        Call::ExtensionList => {
            let extension = |number: &str| Extension {
                number: number.into(),
                status: ExtensionStatus::Unavailable,
                kind: "SIP".into(),
                username: String::new(),
                agent_id: None,
            };
            let extensions = seen(&NumberList::All).into_iter().map(extension).collect();
            Success::ExtensionList { version, extensions }
        }
        Call::ExtensionQuery(numbers) => {
            let extension = |number: &str| ExtensionInfo {
                number: number.into(),
                username: String::new(),
                status: ExtensionStatus::Unavailable,
                caller_id: None,
                email: None,
                mobile: None,
            };
            Success::ExtensionQuery {
                version,
                extensions: seen(numbers).into_iter().map(extension).collect(),
            }
        }
        Call::QueueQuery(_) => Success::QueueQuery { version, queues: Vec::new() },
        Call::TrunkList => {
            let names: &[&str] = if has_calls { &["TRUNK1", "Trunk, second"] } else { &[] };
            let trunk = |name: &&str| Trunk {
                name: (*name).into(),
                status: "Unavailable".into(),
                kind: "SIP".into(),
                port: None,
            };
            Success::TrunkList(names.iter().map(trunk).collect())
        }
        Call::VoicemailGetRandom(_) | Call::VoicemailDownload(_) => {
            panic!("the fixture has no voicemail")
        }
    };
    let reply = response::success(&outcome, &cors);
    (reply.status, reply.headers, reply.body.into_bytes())
}
