//! Call records from the files of phone systems, split into columns as `callvault call import` does.

use callvault_core::Error;
use callvault_core::call::{CallKind, NewCall};
use callvault_core::recording::RecordingName;
use callvault_core::time::{Timestamp, Zone};
use callvault_phone::asterisk;
use callvault_phone::mapped::{FIELDS, Mapping};
use callvault_phone::numbers::NumberPlan;
use callvault_wire::yeastar::call::CallRow;
use callvault_wire::yeastar::cdr::{self, read};
use callvault_wire::yeastar::time::CivilTime;

use crate::first_line;

/// One with an hour that comes twice, and one without.
const ZONES: [&str; 2] = ["Europe/Berlin", "UTC"];

fn zone(name: &str) -> Zone {
    Zone::named(name).expect("a zone of the database")
}

/// The rows of a file that are text.
fn rows(file: &[u8]) -> Vec<csv::StringRecord> {
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(file);
    reader.into_records().take(64).flatten().collect()
}

fn columns(row: &csv::StringRecord) -> Vec<&str> {
    row.iter().collect()
}

/// The clock of a zone at a moment.
fn shown(moment: Timestamp, zone: &str) -> String {
    let moment = jiff::Timestamp::from_millisecond(moment.unix_ms()).expect("from 1970 to 9999");
    moment.in_tz(zone).expect("a zone of the database").strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Every call that is read keeps the bounds of a call.
fn check_call(call: &NewCall) {
    assert!(!call.call_id.is_empty() && call.talk_seconds <= call.call_seconds, "{call:?}");
    let texts =
        [&call.call_id, &call.from, &call.to, &call.source_trunk, &call.destination_trunk, &call.pin_code];
    for text in texts.into_iter().chain([&call.did_number]) {
        assert!(text.len() <= NewCall::LONGEST_TEXT && text.trim() == text, "{call:?}");
        assert!(!text.contains(char::is_control), "{call:?}");
    }
    match call.clone().checked() {
        Ok(checked) => assert_eq!(&checked, call, "already as it should be"),
        Err(error) => panic!("{error}: {call:?}"),
    }
}

/// Faults are told by the column or field, in a sentence for one line of a terminal.
fn check_error(error: &Error, fields: &[&str]) {
    match error {
        Error::Invalid { field, .. } => assert!(fields.contains(field), "{field}: {error}"),
        other => panic!("{other:?}"),
    }
    assert!(!error.to_string().contains(['\n', '\r']), "{error:?}");
}

/// The bounds of a call, which are told by its own fields.
const BOUNDS: [&str; 9] = [
    "call_id",
    "from",
    "to",
    "source_trunk",
    "destination_trunk",
    "pin_code",
    "did_number",
    "started_at",
    "talk_seconds",
];

/// A file of call records of the Yeastar dialect.
pub fn yeastar_cdr_file(data: &[u8]) {
    for row in rows(data) {
        for name in ZONES {
            let zone = zone(name);
            let call = match read::call(&columns(&row), &zone) {
                Ok(call) => call,
                Err(error) => {
                    let own = [
                        "columns",
                        "timestart",
                        "recording",
                        "callduraction",
                        "talkduraction",
                        "status",
                        "type",
                    ];
                    check_error(&error, &[&own[..], &BOUNDS].concat());
                    continue;
                }
            };
            check_call(&call);
            assert_eq!(call.agent_ring_seconds, 0, "the file does not have it");
            check_clock(&row[1], call.started_at, name);
            let clock = shown(call.started_at, name);
            let written = CallRow {
                call_id: &call.call_id,
                started_at: CivilTime::parse(&clock).expect("a time of a clock"),
                from: &call.from,
                to: &call.to,
                call_seconds: call.call_seconds,
                talk_seconds: call.talk_seconds,
                source_trunk: &call.source_trunk,
                destination_trunk: &call.destination_trunk,
                pin_code: &call.pin_code,
                status: call.status,
                kind: call.kind,
                recording: call.recording.as_ref().map_or("", RecordingName::as_str),
                did_number: &call.did_number,
                agent_ring_seconds: 0,
                serial: row.get(13).unwrap_or_default(),
            };
            let mut file = Vec::from(cdr::HEADER);
            cdr::push_row(&mut file, &written);
            let again = rows(&file);
            assert_eq!(again.len(), 2, "a header and a row: {}", file.escape_ascii());
            assert!(read::is_header(&columns(&again[0])));
            // A call of this id looks like a header, which no phone system gives.
            let is_odd = call.call_id.eq_ignore_ascii_case("callid");
            assert_eq!(read::is_header(&columns(&again[1])), is_odd, "{}", call.call_id);
            assert_eq!(&again[1][13], written.serial);
            match read::call(&columns(&again[1]), &zone) {
                Ok(again) => assert_eq!(again, call, "{}", file.escape_ascii()),
                Err(error) => panic!("{error}: {}", file.escape_ascii()),
            }
        }
    }
}

/// What was read is what stood there: the clock showed it then, unless it was put forward over it in spring.
fn check_clock(text: &str, moment: Timestamp, zone: &str) {
    let clock = shown(moment, zone);
    let text = text.trim().replace('T', " ");
    // The last second of a minute is shown for a leap second.
    let text = if text.ends_with(":60") { text[..17].to_owned() + "59" } else { text };
    assert_eq!(moment.unix_ms() % 1000, 0, "{text:?} has no parts of a second");
    // Berlin's clocks are put forward in March, and were at other times before 1996.
    let skipped = |text: &str| zone != "UTC" && (text.get(5..7) == Some("03") || text < "1996");
    assert!(clock == text || skipped(&text), "{text:?} was read as {clock} in {zone}");
}

/// A time of a clock on the wall.
pub fn zone_time(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for name in ZONES {
        let zone = zone(name);
        let Some(first) = zone.read(text, None) else {
            assert_eq!(
                zone.read(text, Some(Timestamp::from_unix_ms(0))),
                None,
                "a hint makes no time of {text:?}"
            );
            continue;
        };
        assert_eq!(zone.read(&format!(" {text}\n"), None), Some(first), "blanks around it");
        if (0..253_402_300_800_000).contains(&first.unix_ms()) {
            check_clock(text, first, name);
        }
        for hint in [i64::MIN, 0, first.unix_ms() - 1, first.unix_ms() + 3_600_000, i64::MAX] {
            let read = zone.read(text, Some(Timestamp::from_unix_ms(hint))).expect("a hint makes no fault");
            assert!(
                read == first || read.unix_ms() - first.unix_ms() <= 3 * 3_600_000,
                "{text:?} near {hint}"
            );
            assert!(read >= first, "without a hint it is the first");
            assert!(read == first || read.unix_ms().abs_diff(hint) < first.unix_ms().abs_diff(hint));
        }
    }
}

/// Asterisk's `Master.csv`.
pub fn call_asterisk(data: &[u8]) {
    let rows = rows(data);
    let mut reader = asterisk::Reader::new(zone("UTC"), NumberPlan::default());
    let own = ["columns", "uniqueid", "start", "duration", "billsec", "disposition"];
    let mut read = Vec::new();
    for row in &rows {
        let columns = columns(row);
        let call = match reader.call(&columns) {
            Ok(call) => call,
            Err(error) => {
                check_error(&error, &[&own[..], &BOUNDS].concat());
                continue;
            }
        };
        check_call(&call);
        assert_eq!((call.recording.as_ref(), call.agent_ring_seconds), (None, 0));
        assert_eq!(call.kind, NumberPlan::default().kind(&call.from, &call.to));
        assert!(call.kind == CallKind::Inbound || call.source_trunk.is_empty(), "{call:?}");
        assert!(call.kind == CallKind::Outbound || call.destination_trunk.is_empty(), "{call:?}");
        check_clock(columns[9], call.started_at, "UTC");
        let alone = asterisk::call(&columns, &zone("UTC"), NumberPlan::default())
            .expect("it is a call without the others");
        let leg = call.call_id.strip_prefix(&alone.call_id).expect("the id of the call comes first");
        assert!(
            leg.is_empty() || leg.strip_prefix('-').is_some_and(|number| number.parse::<u8>().is_ok()),
            "{leg}"
        );
        assert_eq!(
            NewCall { call_id: call.call_id.clone(), ..alone },
            call,
            "legs differ in their ids alone"
        );
        read.push((columns, call));
    }
    // The same line is the same leg, and another line another one, or the catalog would lose it.
    let key = |call: &NewCall| (call.call_id.clone(), call.started_at, call.to.clone());
    for (place, (line, call)) in read.iter().enumerate() {
        assert_eq!(reader.call(line).as_ref().ok(), Some(call), "the same line again");
        for (other_line, other) in &read[..place] {
            assert_eq!(line == other_line, key(call) == key(other), "{line:?} and {other_line:?}");
        }
    }
}

/// Any CSV: in the first line `FIELD=TITLE` between semicolons, then the file with its header.
pub fn call_mapped(data: &[u8]) {
    let (pairs, file) = first_line(data);
    let Ok(pairs) = std::str::from_utf8(pairs) else { return };
    let pairs: Vec<(&str, &str)> = pairs.split(';').filter_map(|pair| pair.split_once('=')).collect();
    let rows = rows(file);
    let Some((header, rows)) = rows.split_first() else { return };
    let plan = NumberPlan::default();
    let mapping = match Mapping::find(pairs.iter().copied(), &columns(header), zone("UTC"), plan) {
        Ok(mapping) => mapping,
        Err(error) => {
            assert!(matches!(error, Error::Invalid { field: "map", .. }), "{error:?}");
            return;
        }
    };
    let identity = Mapping::find(FIELDS.map(|field| (field, field)), &FIELDS, zone("UTC"), plan);
    let identity = identity.expect("every field has a column");
    for row in rows {
        let call = match mapping.call(&columns(row)) {
            Ok(call) => call,
            Err(error) => {
                check_error(&error, &FIELDS);
                continue;
            }
        };
        check_call(&call);
        // Written out with all its fields, it is the same call.
        let (started, whole) = (call.started_at.to_string(), call.call_seconds.to_string());
        let (talk, ring) = (call.talk_seconds.to_string(), call.agent_ring_seconds.to_string());
        let recording = call.recording.as_ref().map(|name| format!("a/{name}")).unwrap_or_default();
        let plain = [
            call.call_id.as_str(),
            &started,
            &call.from,
            &call.to,
            &whole,
            &talk,
            call.status.as_str(),
            call.kind.as_str(),
            &recording,
            &call.source_trunk,
            &call.destination_trunk,
            &call.pin_code,
            &call.did_number,
            &ring,
            &call.names.from,
            &call.names.to,
        ];
        match identity.call(&plain) {
            Ok(again) => assert_eq!(again, call),
            Err(error) => panic!("{error}: {call:?}"),
        }
        // Fields that are not mapped are nothing.
        let is_mapped = |field: &str| pairs.iter().any(|(mapped, _)| *mapped == field);
        for (field, text) in [
            ("source_trunk", &call.source_trunk),
            ("destination_trunk", &call.destination_trunk),
            ("pin_code", &call.pin_code),
            ("did_number", &call.did_number),
            ("from_name", &call.names.from),
            ("to_name", &call.names.to),
        ] {
            assert!(is_mapped(field) || text.is_empty(), "{field}: {text:?}");
        }
        assert!(is_mapped("kind") || call.kind == plan.kind(&call.from, &call.to));
    }
}

/// Caller and callee, a line each; the first byte is the most characters of an extension.
pub fn call_kind(data: &[u8]) {
    let Some((longest, numbers)) = data.split_first() else { return };
    let (from, to) = first_line(numbers);
    let (Ok(from), Ok(to)) = (std::str::from_utf8(from), std::str::from_utf8(to)) else { return };
    let plan = NumberPlan { longest_extension: usize::from(*longest) };
    let kind = plan.kind(from, to);
    assert!(matches!(kind, CallKind::Internal | CallKind::Inbound | CallKind::Outbound));
    // Whether a call goes out is told by the callee alone.
    let leaves = to.is_empty() || to.starts_with('+') || to.chars().count() > plan.longest_extension;
    assert_eq!(kind == CallKind::Outbound, leaves, "{from:?} to {to:?}");
    // Longer extensions turn calls inside, never outside.
    let longer = NumberPlan { longest_extension: plan.longest_extension + 1 }.kind(from, to);
    match kind {
        CallKind::Internal => assert_eq!(longer, CallKind::Internal, "{from:?} to {to:?}"),
        CallKind::Inbound => assert_ne!(longer, CallKind::Outbound, "{from:?} to {to:?}"),
        _ => {}
    }
    let is_number = !from.is_empty() && from.bytes().all(|byte| byte.is_ascii_digit());
    assert!(kind != CallKind::Internal || (is_number && from.len() <= plan.longest_extension), "{from:?}");
}
