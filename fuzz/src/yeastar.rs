//! Requests, paths and recording names of the Yeastar dialect.

mod calls;
mod reports;
mod times;

use callvault_core::recording::RecordingName;
use callvault_wire::yeastar::name::SentName;
use callvault_wire::yeastar::path::{Method, parse};
use callvault_wire::yeastar::request::{Call, Opening, parse_head};

pub use self::calls::{
    yeastar_cdr, yeastar_heartbeat, yeastar_login, yeastar_query, yeastar_recording, yeastar_voicemail,
};
pub use self::reports::{yeastar_answer, yeastar_report_target, yeastar_tcp_login};
pub use self::times::yeastar_time;
use crate::{first_line, is_unmistakable, percent_encoded};

/// A request line, a line feed, and the body.
pub fn yeastar_request(data: &[u8]) {
    let (line, body) = first_line(data);
    let Ok(line) = std::str::from_utf8(line) else { return };
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let method = Method::parse(method);
    let opening = parse_head(method, path, query, body);
    // Doubled and trailing slashes are passed over (docs/yeastar.md, "Requests").
    let slashed = format!("/{}/", path.replace('/', "//"));
    let again = parse_head(method, &slashed, query, body);
    assert_eq!(again.as_ref().err(), opening.as_ref().err(), "{path} and {slashed}");
    let head = match opening {
        Ok(Opening::Call(head)) => head,
        Ok(Opening::Preflight) => {
            assert_eq!(method, Method::Options);
            return;
        }
        Err(errno) => {
            assert_eq!(errno.code().len(), 5, "{errno:?}");
            return;
        }
    };
    assert!(head.endpoint.accepts(method));
    let call = head.call();
    let shown = format!("{head:?} {call:?}");
    match (&head.token, head.endpoint.needs_token()) {
        (None, false) => {}
        (Some(token), true) => {
            let token = token.reveal();
            assert!(!token.trim().is_empty());
            assert!(!is_unmistakable(token, data) || !shown.contains(token), "the token is shown: {shown}");
        }
        mixed => panic!("{mixed:?}"),
    }
    match call {
        Ok(Call::Login(login)) => {
            assert!(!login.username.trim().is_empty());
            assert_ne!(login.report_port, 0);
        }
        Ok(Call::Heartbeat(heartbeat)) => assert_ne!(heartbeat.report_port, Some(0)),
        Ok(Call::Logout) => {}
        Ok(Call::RecordingGetRandom(call)) => check_name(&call.recording),
        Ok(Call::RecordingDownload(call)) => {
            assert_eq!(call.headers_only, method == Method::Head);
            check_name(&call.recording);
        }
        Ok(Call::TokenRefresh(refresh)) => {
            let token = refresh.refresh_token.reveal();
            assert!(
                !is_unmistakable(token, data) || !shown.contains(token),
                "the refresh token is shown: {shown}"
            );
        }
        Ok(Call::CdrGetRandom(call)) => assert!(call.selection.start <= call.selection.end),
        Ok(Call::CdrDownload(call)) => {
            assert_eq!(call.headers_only, method == Method::Head);
            assert!(call.selections().iter().all(|selection| selection.start <= selection.end));
            assert!(call.selections().iter().all(|selection| call.matches(selection)));
        }
        Ok(Call::VoicemailDownload(call)) => assert_eq!(call.headers_only, method == Method::Head),
        Ok(
            Call::VoicemailQuery(_)
            | Call::VoicemailGetRandom(_)
            | Call::DeviceInfoQuery
            | Call::ExtensionList
            | Call::ExtensionQuery(_)
            | Call::QueueQuery(_)
            | Call::TrunkList,
        ) => {}
        Err(errno) => assert_eq!(errno.code().len(), 5, "{errno:?}"),
    }
}

/// A path.
pub fn yeastar_path(data: &[u8]) {
    let Ok(path) = std::str::from_utf8(data) else { return };
    let parsed = parse(path);
    assert_eq!(parse(&format!("//{}//", path.replace('/', "///"))), parsed, "slashes are forgiven");
    if parsed.is_ok() {
        assert!(path.split('/').find(|segment| !segment.is_empty()) == Some("api"), "{path}");
    }
}

/// The name of a recording, from JSON or from a query.
pub fn yeastar_name(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for name in [SentName::from_json(text), SentName::from_query(text)].into_iter().flatten() {
        check_name(&name);
    }
    // A name that is safe is found by itself however it is sent.
    if let Ok(stored) = RecordingName::new(text) {
        let sent = [SentName::from_json(text), SentName::from_query(&percent_encoded(text))];
        for name in sent {
            assert!(name.is_ok_and(|name| name.matches(&stored)), "{text:?} does not find itself");
        }
    }
}

fn check_name(name: &SentName) {
    assert!(!name.spellings().is_empty(), "no safe spelling of {:?}", name.echo());
    for spelling in name.spellings() {
        let text = spelling.to_string();
        assert!((1..=255).contains(&text.len()), "{text:?}");
        assert!(!text.contains(['/', '\\']) && !text.contains("..") && !text.chars().any(char::is_control));
        assert!(name.matches(spelling));
    }
    let mut unique: Vec<_> = name.spellings().to_vec();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), name.spellings().len(), "each once");
}
