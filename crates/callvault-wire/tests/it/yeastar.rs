//! Replays the golden pairs of the Yeastar dialect as far as that goes without a server: which call or `errno`
//! a request gives, and that every expected answer is what the crate renders. The form of the files is told
//! in `tests/golden/yeastar/README.md`, more of their words in `tests/golden/yeastar-calls/README.md`.

mod fixture;
mod pairs;

use std::collections::{BTreeMap, BTreeSet};

use callvault_wire::yeastar::error::Errno;
use callvault_wire::yeastar::path::{self, Method};
use callvault_wire::yeastar::request::{Call, Head, Opening, parse_head};
use callvault_wire::yeastar::response::{Cors, FailureStatus, Header, failure, preflight};

use self::pairs::{FOLDERS, Pair, RANDOM, REFRESH, TOKEN, pairs, request_line};
use crate::golden::Message;

/// The parser's view of a request: both stages in one.
fn parse(request: &Message) -> (Method, Result<Opening<'_>, Errno>, Option<Result<Call, Errno>>) {
    let (method, path, query) = request_line(request);
    let method = Method::parse(method);
    let opening = parse_head(method, path, query, &request.body);
    let call = match &opening {
        Ok(Opening::Call(head)) => Some(Head::call(head)),
        Ok(Opening::Preflight) | Err(_) => None,
    };
    (method, opening, call)
}

fn errno_in(body: &[u8]) -> Option<Errno> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let code = body.get("errno")?.as_str().expect("an errno is a string");
    Some(Errno::ALL.into_iter().find(|errno| errno.code() == code).expect("a known errno"))
}

/// Compares an expected answer with what the crate renders.
#[track_caller]
fn check_rendered(case: &str, expected: &Message, status: u16, headers: &[Header], body: &[u8]) {
    let expected_status = expected.first_line.split(' ').nth(1).expect("a status line");
    assert_eq!(expected_status, status.to_string(), "status of {case}");
    let rendered: Vec<_> =
        headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_string())).collect();
    assert_eq!(rendered, expected.headers, "headers of {case}");
    let (body, expected) = (String::from_utf8_lossy(body), String::from_utf8_lossy(&expected.body));
    assert!(fits(&body, &expected), "body of {case}:\n{body}\nand not\n{expected}");
}

/// Whether a text is the expected one, in which `{{any}}` stands for anything within a JSON string.
fn fits(text: &str, expected: &str) -> bool {
    let mut pieces = expected.split("{{any}}");
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    for piece in pieces {
        let Some(at) = rest.find(piece).filter(|at| !rest[..*at].contains('"')) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.is_empty()
}

#[test]
fn golden_pairs() {
    let mut seen = BTreeSet::new();
    for folder in FOLDERS {
        for pair in pairs(folder) {
            seen.extend(errno_in(&pair.response.body).map(Errno::code));
            check(&pair);
        }
    }
    // 10025 and 20010 are limits and breakdowns of the server, which no request alone brings about.
    let missing: Vec<_> =
        Errno::ALL.into_iter().map(Errno::code).filter(|code| !seen.contains(code)).collect();
    assert_eq!(missing, ["10025", "20010"], "every errno has its case");
}

fn check(Pair { name, request, response }: &Pair) {
    let cors = Cors::default();
    let (method, opening, call) = parse(request);
    let errno = errno_in(&response.body);
    let status = match request.comment("option") {
        "real-status" => FailureStatus::Real,
        _ => FailureStatus::AlwaysOk,
    };
    let refused = match (&opening, &call) {
        (Err(errno), _) | (_, Some(Err(errno))) => Some(*errno),
        _ => None,
    };
    if let Some(Ok(Call::CdrDownload(link))) = &call {
        let ticket = fixture::selection(request.comment("subject"));
        let is_meant = ticket.is_some_and(|ticket| link.matches(&ticket));
        assert!(is_meant || errno.is_some(), "{name}: the ticket is not for what the link asks");
    }
    // An answer to HEAD has the headers of the failure and no body to read the code from.
    let answered = refused.filter(|_| method == Method::Head).or(errno);
    if let Some(errno) = answered {
        let by_server = call.as_ref().is_some_and(|call| server_may_find(errno, call));
        assert!(refused == Some(errno) || by_server, "{name}: parsed as {opening:?} {call:?}");
        let reply = failure(errno, status, &cors);
        let body = if method == Method::Head { &[][..] } else { reply.body.as_bytes() };
        check_rendered(name, response, reply.status, &reply.headers, body);
        return;
    }
    match (opening, call) {
        (Ok(Opening::Preflight), None) => {
            let reply = preflight(&cors);
            check_rendered(name, response, reply.status, &reply.headers, reply.body.as_bytes());
        }
        (Ok(Opening::Call(head)), Some(Ok(call))) => {
            let (status, headers, body) = fixture::success(&call, head.version, request);
            check_rendered(name, response, status, &headers, &body);
        }
        (opening, call) => panic!("{name}: {opening:?} {call:?}"),
    }
}

/// Whether the server can answer so to a request that the parser saw like this. Every other errno has to come
/// from the parser.
fn server_may_find(errno: Errno, call: &Result<Call, Errno>) -> bool {
    match errno {
        // Looked up between the two stages, so before whatever is wrong with the body.
        Errno::TokenUnknown | Errno::TokenExpired => !matches!(call, Ok(Call::Login(_))),
        Errno::LoginLocked | Errno::LoginRefused => matches!(call, Ok(Call::Login(_))),
        Errno::RandomInvalid => matches!(call, Ok(Call::RecordingDownload(_))),
        Errno::AddressRefused => {
            matches!(call, Ok(Call::RecordingDownload(_) | Call::CdrDownload(_)))
        }
        Errno::RecordingMissing => {
            matches!(call, Ok(Call::RecordingGetRandom(_) | Call::RecordingDownload(_)))
        }
        Errno::CdrRandomInvalid | Errno::CdrMissing => matches!(call, Ok(Call::CdrDownload(_))),
        Errno::VoicemailRandomInvalid => matches!(call, Ok(Call::VoicemailDownload(_))),
        Errno::VoicemailMissing => matches!(call, Ok(Call::VoicemailGetRandom(_))),
        Errno::ExtensionUnknown => matches!(
            call,
            Ok(Call::ExtensionQuery(_) | Call::VoicemailQuery(_) | Call::VoicemailGetRandom(_))
        ),
        Errno::QueueUnknown => matches!(call, Ok(Call::QueueQuery(_))),
        _ => false,
    }
}

/// The vendor's codes by call, in the forms of v1.1.0 and v2.0.0. An expired token is 20004 on the one and 20006 on
/// the other (`docs/yeastar.md` G7).
#[test]
fn every_code_of_every_call_has_its_pair() {
    let mut seen: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for folder in FOLDERS {
        for pair in pairs(folder) {
            let (_, path, _) = request_line(&pair.request);
            let version = path.split('/').filter(|part| !part.is_empty()).nth(1).unwrap_or_default();
            let version = if version == "v1.10" { "v1.1.0" } else { version };
            let call = match path::parse(path) {
                Ok((_, endpoint)) => endpoint.name(),
                Err(_) => "unknown",
            };
            let code = errno_in(&pair.response.body).map_or("success", Errno::code);
            seen.entry((call, version.to_owned())).or_default().insert(code);
        }
    }
    let expected: [(&str, &[&str]); 15] = [
        ("login", &["success", "20000", "20001", "20002", "20003", "20007", "20008"]),
        ("unknown", &["20009", "10003"]),
        ("token/refresh", &["success", "20000", "20001", "20004", "20007", "10004"]),
        ("heartbeat", &["success", "20004", "20005", "20008", "20011"]),
        ("recording/get_random", &["success", "20004", "20005", "10004", "20014", "20015"]),
        ("recording/download", &["success", "20004", "20005", "20012", "20014", "20015"]),
        ("cdr/get_random", &["success", "20004", "20005", "10004", "20015", "20019"]),
        ("cdr/download", &["success", "20004", "20005", "20015", "20019", "20020", "20021"]),
        ("voicemail/query", &["success", "20004", "20005", "10004", "10006"]),
        ("voicemail/get_random", &["20004", "20005", "10004", "10006", "20015", "20016", "20018"]),
        ("voicemail/download", &["20004", "20005", "20016", "20017", "20018"]),
        ("deviceinfo/query", &["success", "20004", "20005", "20000", "20001"]),
        ("extension/query", &["success", "20004", "20005", "20001", "10004", "10006"]),
        ("queue/query", &["success", "20004", "20005", "20001", "10013"]),
        ("extension/list", &["success", "20004", "20005", "20001"]),
    ];
    for (call, codes) in expected {
        for version in ["v1.1.0", "v2.0.0"] {
            let found = seen.get(&(call, version.to_owned())).cloned().unwrap_or_default();
            let missing: Vec<_> = codes.iter().filter(|code| !found.contains(*code)).collect();
            assert!(missing.is_empty(), "{call} of {version} has no pair for {missing:?}");
        }
        let found = seen.get(&(call, "v2.0.0".to_owned())).cloned().unwrap_or_default();
        let has_session = codes.contains(&"20005");
        assert!(!has_session || found.contains("20006"), "{call} has no pair for 20006");
    }
}

#[test]
fn comments_keep_to_the_vocabulary() {
    let first: &[(&str, &[&str])] = &[
        ("as", &["nobody", "api-user"]),
        ("token", &["live", "expired", "logged-out"]),
        ("recording", &["present", "erased"]),
        ("recording-name", &["plain", "plus"]),
        ("ticket", &["none", "fresh", "used", "expired", "other-session", "other-recording"]),
        ("peer", &["application-server", "allowed", "stranger"]),
        ("lockout", &["open", "locked"]),
        ("option", &["device", "real-status"]),
    ];
    let second: &[(&str, &[&str])] = &[
        ("as", &["nobody", "api-user"]),
        ("token", &["live", "expired", "logged-out"]),
        ("refresh", &["fresh", "used", "expired"]),
        ("calls", &["none", "some"]),
        ("subject", &["recording", "cdr-all", "cdr-one", "cdr-plus", "cdr-ends"]),
        ("ticket", &["none", "fresh", "used", "expired", "other-session"]),
        ("peer", &["application-server", "allowed", "stranger"]),
        ("option", &["device", "real-status", "empty-is-missing"]),
    ];
    for (folder, vocabulary) in FOLDERS.into_iter().zip([first, second]) {
        let vocabulary: BTreeMap<&str, &[&str]> = vocabulary.iter().copied().collect();
        for Pair { name, request, response } in pairs(folder) {
            assert!(response.comments.is_empty(), "{name}");
            for (word, value) in &request.comments {
                let values = vocabulary.get(word.as_str()).copied().unwrap_or_default();
                assert!(values.contains(&value.as_str()), "{name}: {word}: {value}");
            }
            let body = String::from_utf8_lossy(&request.body);
            let named = |text: &str| request.first_line.contains(text) || body.contains(text);
            assert!(!named("{{"), "{name}: unknown placeholder");
            let uses_session = named(TOKEN) || named(RANDOM) || named(REFRESH);
            assert!(request.comment("as") == "api-user" || !uses_session, "{name}: a token of nobody");
            assert!(
                !named(RANDOM) || request.comments.contains_key("ticket"),
                "{name}: a random of no ticket"
            );
        }
    }
}
