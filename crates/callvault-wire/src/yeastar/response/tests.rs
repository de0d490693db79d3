//! Tests of the answers.

use super::*;
use crate::yeastar::request::NumberList;
use crate::yeastar::time::CivilTime;

#[track_caller]
fn check_body(reply: &Reply, status: u16, body: &str) {
    assert_eq!(reply.status, status);
    assert_eq!(String::from_utf8_lossy(reply.body.as_bytes()), body);
    let headers = [
        ("Accept-Ranges", "bytes"),
        ("Content-Type", "application/json"),
        ("Access-control-allow-origin", "*"),
        ("Access-control-allow-methods", "GET, POST, OPTIONS, PUT, DELETE"),
    ];
    let found: Vec<_> = reply.headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
    assert_eq!(found, headers);
}

fn login(version: Version, transport: Transport) -> Success {
    Success::Login {
        version,
        token: Secret::new("1e3b3ebb6a974cb42ed31de5413df52d"),
        refresh_token: Some(Secret::new("55c7abd9d4d2a5adc19ddfeb5d1bc0a6")),
        transport,
    }
}

#[track_caller]
fn check(outcome: &Success, expected: &str) {
    check_body(&success(outcome, &Cors::default()), 200, expected);
}

#[test]
fn answers_of_the_session_calls() {
    check(
        &login(Version::V1_0_6, Transport::Http),
        r#"{"status":"Success","token":"1e3b3ebb6a974cb42ed31de5413df52d"}"#,
    );
    check(
        &login(Version::V1_1_0, Transport::Http),
        r#"{"status":"Success","token":"1e3b3ebb6a974cb42ed31de5413df52d","refreshtoken":"55c7abd9d4d2a5adc19ddfeb5d1bc0a6"}"#,
    );
    check(
        &login(Version::V2_0_0, Transport::Tcp),
        r#"{"status":"Success","token":"1e3b3ebb6a974cb42ed31de5413df52d","transport":"TCP","refreshtoken":"55c7abd9d4d2a5adc19ddfeb5d1bc0a6"}"#,
    );
    let bare = Success::Login {
        version: Version::V2_0_0,
        token: Secret::new("1e3b3ebb6a974cb42ed31de5413df52d"),
        refresh_token: None,
        transport: Transport::Http,
    };
    check(&bare, r#"{"status":"Success","token":"1e3b3ebb6a974cb42ed31de5413df52d","transport":"HTTP"}"#);
    check(&Success::Heartbeat, r#"{"status":"Success"}"#);
    check(&Success::Logout, r#"{"status":"Success"}"#);
    let refreshed = Success::TokenRefresh {
        token: Secret::new("1e3b3ebb6a974cb42ed31de5413df52d"),
        refresh_token: Secret::new("55c7abd9d4d2a5adc19ddfeb5d1bc0a6"),
    };
    check(
        &refreshed,
        r#"{"status":"Success","token":"1e3b3ebb6a974cb42ed31de5413df52d","refreshtoken":"55c7abd9d4d2a5adc19ddfeb5d1bc0a6"}"#,
    );
}

#[test]
fn answers_of_the_calls_for_tickets() {
    let random = Secret::new("2d2f919b742cc62f5e03c77351350f7c");
    check(
        &Success::RecordingGetRandom { recording: "a \"b\" é.wav".into(), random: random.clone() },
        r#"{"status":"Success","recording":"a \"b\" é.wav","random":"2d2f919b742cc62f5e03c77351350f7c"}"#,
    );
    let time = |text| CivilTime::parse(text).expect("a time");
    for (version, name) in [(Version::V1_1_0, "extid"), (Version::V2_0_0, "number")] {
        let selection = CdrSelection {
            numbers: NumberList::All,
            start: time("2018-05-04 00:00:00"),
            end: time("2018-05-04 23:59:59"),
        };
        let outcome =
            Success::CdrGetRandom { version, numbers: "4001,4000".into(), selection, random: random.clone() };
        let expected = format!(
            r#"{{"status":"Success","{name}":"4001,4000","starttime":"2018-05-04 00:00:00","endtime":"2018-05-04 23:59:59","random":"2d2f919b742cc62f5e03c77351350f7c"}}"#
        );
        check(&outcome, &expected);
        let outcome = Success::VoicemailGetRandom {
            version,
            number: "1004".into(),
            file: "msg0000.wav".into(),
            status: VoicemailStatus::Unread,
            random: random.clone(),
        };
        let expected = format!(
            r#"{{"status":"Success","{name}":"1004","voicemailstatus":"unread","voicemailfile":"msg0000.wav","random":"2d2f919b742cc62f5e03c77351350f7c"}}"#
        );
        check(&outcome, &expected);
    }
}

#[test]
fn lists_may_be_empty() {
    let version = Version::V2_0_0;
    check(
        &Success::ExtensionList { version, extensions: Vec::new() },
        r#"{"status":"Success","extlist":[]}"#,
    );
    check(
        &Success::ExtensionQuery { version, extensions: Vec::new() },
        r#"{"status":"Success","extinfos":[]}"#,
    );
    check(&Success::QueueQuery { version, queues: Vec::new() }, r#"{"status":"Success","queues":[]}"#);
    check(&Success::TrunkList(Vec::new()), r#"{"status":"Success","trunklist":[]}"#);
    check(&Success::VoicemailQuery { version, boxes: Vec::new() }, r#"{"status":"Success"}"#);
}

#[test]
fn failures_have_a_string_code() {
    let cors = Cors::default();
    let body = r#"{"status":"Failed","errno":"20012"}"#;
    check_body(&failure(Errno::RandomInvalid, FailureStatus::AlwaysOk, &cors), 200, body);
    check_body(&failure(Errno::RandomInvalid, FailureStatus::Real, &cors), 410, body);
}

#[test]
fn a_preflight_has_no_body_and_no_credentials() {
    let reply = preflight(&Cors::new("https://crm.example.org").expect("an origin"));
    assert_eq!(reply.status, 204);
    assert!(reply.body.as_bytes().is_empty());
    let expected = [
        ("Access-control-allow-origin", "https://crm.example.org"),
        ("Access-control-allow-methods", "GET, POST, OPTIONS, PUT, DELETE"),
        ("Access-Control-Allow-Headers", "Content-Type"),
    ];
    let found: Vec<_> = reply.headers.iter().map(|(name, value)| (*name, value.as_ref())).collect();
    assert_eq!(found, expected);
}

#[test]
fn origins_are_checked() {
    for origin in ["", "https://a.example https://b.example", "*\r\nX: y", "https://a, https://b", "é"] {
        assert_eq!(Cors::new(origin), Err(InvalidOrigin { origin: origin.into() }));
    }
}

#[test]
fn bodies_do_not_print() {
    let outcome = login(Version::V2_0_0, Transport::Http);
    let printed = format!("{outcome:?} {:?}", success(&outcome, &Cors::default()));
    assert!(!printed.contains("1e3b") && !printed.contains("55c7"), "{printed}");
}
