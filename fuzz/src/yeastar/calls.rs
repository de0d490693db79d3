//! The calls of the Yeastar dialect, a function for each family.
//!
//! All take a request line, a line feed and the body. A path that leads elsewhere is replaced by one of the family's
//! calls, and a token is added where there is none, so that mutations reach the parameters.

use callvault_wire::yeastar::error::Errno;
use callvault_wire::yeastar::path::{Endpoint, Method, parse};
use callvault_wire::yeastar::request::{
    Call, CdrGetRandom, Heartbeat, Login, NumberList, Opening, RecordingGetRandom, UrlKind,
    VoicemailGetRandom, parse_head,
};
use serde_json::{Map, Value, json};

use super::check_name;
use crate::{first_line, is_unmistakable, percent_encoded};

/// The token of those who sent none; none of the corpus.
const TOKEN: &str = "a token of nobody";

/// `login`.
pub fn yeastar_login(data: &[u8]) {
    if let Some(Ok(Call::Login(login))) = called(data, &["login"]) {
        check_login(&login);
    }
}

/// `heartbeat`.
pub fn yeastar_heartbeat(data: &[u8]) {
    if let Some(Ok(Call::Heartbeat(heartbeat))) = called(data, &["heartbeat"]) {
        check_heartbeat(&heartbeat);
    }
}

/// `recording/get_random` and `recording/download`.
pub fn yeastar_recording(data: &[u8]) {
    match called(data, &["recording/get_random", "recording/download"]) {
        Some(Ok(Call::RecordingGetRandom(call))) => check_recording(&call),
        Some(Ok(Call::RecordingDownload(call))) => {
            check_name(&call.recording);
            check_secret(call.random.reveal());
        }
        _ => {}
    }
}

/// `cdr/get_random` and `cdr/download`.
pub fn yeastar_cdr(data: &[u8]) {
    match called(data, &["cdr/get_random", "cdr/download"]) {
        Some(Ok(Call::CdrGetRandom(call))) => check_cdr(&call),
        Some(Ok(Call::CdrDownload(link))) => {
            check_secret(link.random.reveal());
            // As sent, decoded, decoded twice, each with `+` as a plus or a blank.
            assert!((1..=6).contains(&link.selections().len()), "{link:?}");
            for (place, selection) in link.selections().iter().enumerate() {
                assert!(selection.start <= selection.end && link.matches(selection));
                assert!(!link.selections()[..place].contains(selection), "each once: {link:?}");
                check_numbers(&selection.numbers);
            }
        }
        _ => {}
    }
}

/// `voicemail/query`, `voicemail/get_random` and `voicemail/download`.
pub fn yeastar_voicemail(data: &[u8]) {
    match called(data, &["voicemail/query", "voicemail/get_random", "voicemail/download"]) {
        Some(Ok(Call::VoicemailQuery(numbers))) => check_numbers(&numbers),
        Some(Ok(Call::VoicemailGetRandom(call))) => check_voicemail(&call),
        Some(Ok(Call::VoicemailDownload(link))) => {
            check_name(&link.file);
            check_secret(link.random.reveal());
            check_number(&link.number);
        }
        _ => {}
    }
}

/// The queries of extensions, queues, trunks and the device, `logout` and `token/refresh`.
pub fn yeastar_query(data: &[u8]) {
    let calls = [
        "extension/query",
        "queue/query",
        "token/refresh",
        "extension/list",
        "extensionlist/query",
        "trunk/list",
        "trunklist/query",
        "deviceinfo/query",
        "logout",
    ];
    match called(data, &calls) {
        Some(Ok(Call::ExtensionQuery(numbers) | Call::QueueQuery(numbers))) => check_numbers(&numbers),
        Some(Ok(Call::TokenRefresh(refresh))) => check_secret(refresh.refresh_token.reveal()),
        _ => {}
    }
}

/// What a request asks for; `None` for data that is no request at all.
fn called(data: &[u8], calls: &[&str]) -> Option<Result<Call, Errno>> {
    let (line, body) = first_line(data);
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, target) = (words.next()?, words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let places: Vec<String> = calls.iter().map(|call| format!("/api/v2.0.0/{call}")).collect();
    let own: Vec<Endpoint> = places.iter().map(|place| parse(place).expect("a call of v2").1).collect();
    let (path, endpoint) = match parse(path) {
        Ok((_, endpoint)) if own.contains(&endpoint) => (path, endpoint),
        _ => (places[path.len() % places.len()].as_str(), own[path.len() % places.len()]),
    };
    let method = match Method::parse(method) {
        method if endpoint.accepts(method) => method,
        _ => Method::Post,
    };
    let with_token = format!("token={}&{query}", percent_encoded(TOKEN));
    let opening = match parse_head(method, path, query, body) {
        Err(Errno::TokenBlank) => parse_head(method, path, &with_token, body),
        opening => opening,
    };
    let Ok(Opening::Call(head)) = opening else { panic!("{method:?} {path} is a call: {opening:?}") };
    let call = head.call();
    let shown = format!("{call:?}");
    if let Err(errno) = &call {
        assert!(documented(endpoint).contains(errno), "{endpoint:?} has no {errno:?}");
    }
    let token = head.token.as_ref().map_or("", |token| token.reveal());
    assert!(!is_unmistakable(token, data) || !shown.contains(token), "the token is shown: {shown}");
    if method == Method::Post && endpoint.accepts(Method::Get) && !endpoint.is_download() {
        check_by_query(path, token, body, &call);
    }
    Some(call)
}

/// What a call may answer of its body and parameters alone (`docs/yeastar.md`, "Order of checks").
fn documented(endpoint: Endpoint) -> Vec<Errno> {
    let own: &[Errno] = match endpoint {
        Endpoint::Login => &[Errno::DataBlank, Errno::ParameterBlank, Errno::BadPort],
        Endpoint::Heartbeat => &[Errno::BadPort, Errno::HeartbeatRejected],
        Endpoint::TokenRefresh => &[Errno::DataBlank, Errno::ParameterBlank],
        Endpoint::RecordingGetRandom => {
            &[Errno::DataBlank, Errno::ParameterBlank, Errno::AddressRefused, Errno::RecordingMissing]
        }
        // A link has no body that could be wrong.
        Endpoint::RecordingDownload => return vec![Errno::RandomInvalid, Errno::RecordingMissing],
        Endpoint::CdrGetRandom => {
            &[Errno::DataBlank, Errno::ParameterBlank, Errno::AddressRefused, Errno::CdrTimeWrong]
        }
        Endpoint::CdrDownload => return vec![Errno::CdrRandomInvalid, Errno::CdrTimeWrong],
        Endpoint::VoicemailGetRandom => &[
            Errno::DataBlank,
            Errno::ParameterBlank,
            Errno::ExtensionUnknown,
            Errno::AddressRefused,
            Errno::VoicemailStatus,
            Errno::VoicemailMissing,
        ],
        Endpoint::VoicemailDownload => {
            return vec![
                Errno::VoicemailRandomInvalid,
                Errno::VoicemailStatus,
                Errno::VoicemailMissing,
                Errno::ExtensionUnknown,
            ];
        }
        Endpoint::VoicemailQuery | Endpoint::ExtensionQuery | Endpoint::QueueQuery => {
            &[Errno::ParameterBlank]
        }
        Endpoint::Logout | Endpoint::DeviceInfoQuery | Endpoint::ExtensionList | Endpoint::TrunkList => &[],
    };
    [&[Errno::XmlBody, Errno::NotJson], own].concat()
}

/// POST with JSON and GET with a query say the same (`docs/yeastar.md` G43).
fn check_by_query(path: &str, token: &str, body: &[u8], posted: &Result<Call, Errno>) {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    let Ok(object) = serde_json::from_slice::<Map<String, Value>>(body) else { return };
    let mut query = format!("token={}", percent_encoded(token));
    for (name, value) in &object {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Array(_) | Value::Object(_) => return,
            value => value.to_string(),
        };
        query.push_str(&format!("&{}={}", percent_encoded(name), percent_encoded(&text)));
    }
    let asked = read(Method::Get, path, &query, b"");
    match (posted, &asked) {
        // A query's name has one more spelling, the one before it was decoded.
        (Ok(Call::RecordingGetRandom(posted)), Ok(Call::RecordingGetRandom(asked))) => {
            assert_eq!(posted.recording.echo(), asked.recording.echo());
            assert_eq!(posted.allowed_address, asked.allowed_address);
        }
        (Ok(Call::VoicemailGetRandom(posted)), Ok(Call::VoicemailGetRandom(asked))) => {
            assert_eq!(posted.file.echo(), asked.file.echo());
            let rest = |call: &VoicemailGetRandom| (call.number.clone(), call.status, call.allowed_address);
            assert_eq!(rest(posted), rest(asked));
        }
        _ => assert_eq!(&asked, posted, "by GET {query}"),
    }
}

fn read(method: Method, path: &str, query: &str, body: &[u8]) -> Result<Call, Errno> {
    match parse_head(method, path, query, body)? {
        Opening::Call(head) => head.call(),
        Opening::Preflight => panic!("{method:?} is no preflight"),
    }
}

fn posted(call: &str, body: &Value) -> Result<Call, Errno> {
    let body = body.to_string();
    read(
        Method::Post,
        &format!("/api/v2.0.0/{call}"),
        &format!("token={}", percent_encoded(TOKEN)),
        body.as_bytes(),
    )
}

fn linked(call: &str, query: &str) -> Result<Call, Errno> {
    read(
        Method::Get,
        &format!("/api/v2.0.0/{call}"),
        &format!("token={}&random=7&{query}", percent_encoded(TOKEN)),
        b"",
    )
}

fn url_tag(kind: UrlKind) -> u8 {
    match kind {
        UrlKind::Path => 0,
        UrlKind::Complete => 1,
    }
}

/// What is secret is never blank and has no blanks around it.
fn check_secret(secret: &str) {
    assert!(!secret.is_empty() && secret.trim() == secret);
}

fn check_login(login: &Login) {
    assert!(!login.username.trim().is_empty());
    assert_ne!(login.report_port, 0);
    if let Some(url) = &login.report_url {
        check_secret(url.reveal());
    }
    let password = login.password.as_ref().map(|password| password.reveal());
    let digits = |text: &str| {
        text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    assert!(password.is_none_or(digits), "32 digits in lower case");
    let again = posted(
        "login",
        &json!({
            "username": login.username,
            "password": password.unwrap_or("not hashed"),
            "port": login.report_port,
            "url": login.report_url.as_ref().map(|url| url.reveal()),
            "urltag": url_tag(login.url_kind),
            "version": login.report_format.as_str(),
        }),
    );
    assert_eq!(again, Ok(Call::Login(login.clone())), "said once more, plainly");
}

fn check_heartbeat(heartbeat: &Heartbeat) {
    assert_ne!(heartbeat.report_port, Some(0));
    assert!(heartbeat.address.is_none_or(|address| address == address.to_canonical()));
    let again = posted(
        "heartbeat",
        &json!({
            "ipaddr": heartbeat.address.map(|address| address.to_string()),
            "port": heartbeat.report_port,
            "url": heartbeat.report_url.as_ref().map(|url| url.reveal()),
            "urltag": heartbeat.url_kind.map(url_tag),
            "version": heartbeat.report_format.map(|format| format.as_str()),
        }),
    );
    assert_eq!(again, Ok(Call::Heartbeat(heartbeat.clone())), "said once more, plainly");
}

/// Who was given a ticket for a name can make a link of that name, encoded as browsers do.
fn check_recording(call: &RecordingGetRandom) {
    check_name(&call.recording);
    assert!(call.allowed_address.is_none_or(|address| address == address.to_canonical()));
    let query = format!("recording={}", percent_encoded(call.recording.echo()));
    let Ok(Call::RecordingDownload(link)) = linked("recording/download", &query) else {
        panic!("{query} is a link")
    };
    assert_eq!(link.recording.echo(), call.recording.echo());
    let named = call.recording.spellings().iter().find(|name| name.as_str() == call.recording.echo());
    assert!(link.recording.matches(named.expect("the name as it stands is one of its spellings")));
}

fn check_cdr(call: &CdrGetRandom) {
    let selection = &call.selection;
    assert!(selection.start <= selection.end, "{selection:?}");
    check_numbers(&selection.numbers);
    assert!(!call.echo_numbers.is_empty() && call.echo_numbers.trim() == call.echo_numbers);
    assert_eq!(NumberList::parse(&call.echo_numbers).as_ref(), Some(&selection.numbers), "the echo");
    // The link that a client makes of the answer is the one that its ticket is for (docs/yeastar.md G31).
    let (start, end) = (selection.start.to_string(), selection.end.to_string());
    let numbers = percent_encoded(&call.echo_numbers);
    for encode in
        [percent_encoded, |time: &str| time.replace(' ', "+"), |time: &str| time.replace(' ', "%20")]
    {
        let query = format!("number={numbers}&starttime={}&endtime={}", encode(&start), encode(&end));
        match linked("cdr/download", &query) {
            Ok(Call::CdrDownload(link)) => assert!(link.matches(selection), "{query}: {link:?}"),
            other => panic!("{query}: {other:?}"),
        }
    }
    let body = json!({"extid": selection.numbers.to_string(), "starttime": start, "endtime": end});
    let Ok(Call::CdrGetRandom(again)) = posted("cdr/get_random", &body) else { panic!("{body}") };
    assert_eq!(&again.selection, selection, "said once more, plainly");
}

fn check_voicemail(call: &VoicemailGetRandom) {
    check_name(&call.file);
    check_number(&call.number);
    let (number, file) = (percent_encoded(&call.number), percent_encoded(call.file.echo()));
    let query = format!("number={number}&voicemailfile={file}&voicemailstatus={}", call.status.as_str());
    let Ok(Call::VoicemailDownload(link)) = linked("voicemail/download", &query) else {
        panic!("{query} is a link")
    };
    assert_eq!((&link.number, link.status), (&call.number, call.status));
    assert_eq!(link.file.echo(), call.file.echo());
}

/// One extension.
fn check_number(number: &str) {
    assert!(!number.is_empty() && number.trim() == number && !number.contains(','), "{number:?}");
    assert!(!number.eq_ignore_ascii_case("all"));
}

fn check_numbers(numbers: &NumberList) {
    if let NumberList::These(these) = numbers {
        assert!(!these.is_empty());
        these.iter().for_each(|number| check_number(number));
        assert!(these.iter().all(|number| numbers.contains(number)));
    }
    assert_eq!(NumberList::parse(&numbers.to_string()).as_ref(), Some(numbers), "shown and read again");
}
