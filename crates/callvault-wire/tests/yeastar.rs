//! Replays the golden pairs of the Yeastar dialect as far as that goes without a server: which call or `errno`
//! a request gives, and that every expected answer is what the crate renders. The format of the files is told
//! in `tests/golden/yeastar/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use callvault_core::audio::Container;
use callvault_core::secret::Secret;
use callvault_wire::yeastar::error::Errno;
use callvault_wire::yeastar::path::{Method, Version};
use callvault_wire::yeastar::request::{Call, Head, Opening, parse_head};
use callvault_wire::yeastar::response::{
    self, Cors, FailureStatus, Header, Success, download_headers, failure, preflight,
};

const TOKEN: &str = "1e3b3ebb6a974cb42ed31de5413df52d";
const RANDOM: &str = "2d2f919b742cc62f5e03c77351350f7c";
const RECORDING: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";
const RECORDING_WITH_PLUS: &str = "20240305101530-1709633725.42-+4930123456-2002-Inbound.wav";
const LENGTH: u64 = 32_044;

/// One file: its comments, first line, headers and body.
struct Message {
    comments: BTreeMap<String, String>,
    first_line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn read(path: &Path) -> Message {
    let bytes = fs_err::read(path).expect("a readable golden file");
    let end = bytes.windows(2).position(|two| two == b"\n\n").expect("a blank line after the head");
    let head = std::str::from_utf8(&bytes[..end]).expect("a head in UTF-8");
    let body = &bytes[end + 2..];
    let mut lines = head.lines().peekable();
    let mut comments = BTreeMap::new();
    while let Some(comment) = lines.next_if(|line| line.starts_with("# ")) {
        let (word, value) = comment[2..].split_once(": ").expect("a comment is `# word: value`");
        comments.insert(word.to_owned(), value.to_owned());
    }
    let first_line = lines.next().expect("a first line").to_owned();
    let headers = lines
        .map(|line| line.split_once(": ").expect("a header is `name: value`"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Message { comments, first_line, headers, body: body.strip_suffix(b"\n").unwrap_or(body).to_vec() }
}

/// Fills in placeholders, also in bodies that are not UTF-8.
fn fill(bytes: &[u8], placeholder: &str, value: &str) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(placeholder.len()).position(|window| window == placeholder.as_bytes()) {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(value.as_bytes());
        rest = &rest[at + placeholder.len()..];
    }
    filled.extend_from_slice(rest);
    filled
}

fn cases() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/yeastar");
    let mut stems: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in fs_err::read_dir(folder).expect("the folder of golden files") {
        let path = entry.expect("an entry").path();
        let part =
            |part: Option<&std::ffi::OsStr>| part.and_then(|text| text.to_str()).unwrap_or("").to_owned();
        if path.file_name().is_some_and(|name| name != "README.md") {
            stems.entry(part(path.file_stem())).or_default().insert(part(path.extension()));
        }
    }
    let pair = BTreeSet::from(["request".to_owned(), "response".to_owned()]);
    for (stem, extensions) in &stems {
        assert_eq!(*extensions, pair, "{stem} is a pair");
    }
    stems.into_keys().collect()
}

fn load(case: &str) -> (Message, Message) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/yeastar");
    let mut request = read(&folder.join(format!("{case}.request")));
    request.first_line = request.first_line.replace("{{token}}", TOKEN).replace("{{random}}", RANDOM);
    request.body = fill(&fill(&request.body, "{{token}}", TOKEN), "{{random}}", RANDOM);
    let mut response = read(&folder.join(format!("{case}.response")));
    for (_, value) in &mut response.headers {
        *value = value.replace("{{length}}", &LENGTH.to_string());
    }
    (request, response)
}

/// The parser's view of a request: both stages in one.
fn parse(request: &Message) -> (Method, Result<Opening, Errno>, Option<Result<Call, Errno>>) {
    let mut words = request.first_line.split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        panic!("not a request line: {}", request.first_line);
    };
    let method = Method::parse(method);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
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
        headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    let wanted: Vec<_> =
        expected.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    assert_eq!(rendered, wanted, "headers of {case}");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(text(body), text(&expected.body), "body of {case}");
}

/// The answer of a call that goes well, with the secrets that a server would make up as placeholders.
fn rendered_success(call: &Call, version: Version, cors: &Cors) -> (u16, Vec<Header>, Vec<u8>) {
    let made_up = Secret::new("{{hex32}}");
    let outcome = match call {
        Call::Login(_) => Success::Login { version, token: made_up },
        Call::Heartbeat(_) => Success::Heartbeat,
        Call::Logout => Success::Logout,
        Call::RecordingGetRandom(asked) => {
            Success::RecordingGetRandom { recording: asked.recording.echo().to_owned(), random: made_up }
        }
        Call::RecordingDownload(asked) => {
            let names = [RECORDING, RECORDING_WITH_PLUS];
            let is_meant = |name: &&str| asked.recording.spellings().iter().any(|one| one.as_str() == *name);
            let name = names.into_iter().find(is_meant).expect("one of the fixture's recordings");
            assert_eq!(asked.random.reveal(), RANDOM);
            let body = if asked.headers_only { "" } else { "{{audio}}" };
            return (200, download_headers(name, Container::Wave, LENGTH, cors), body.into());
        }
    };
    let reply = response::success(&outcome, cors);
    (reply.status, reply.headers, reply.body.into_bytes())
}

#[test]
fn golden_pairs() {
    let cors = Cors::default();
    let cases = cases();
    let mut seen = BTreeSet::new();
    for case in &cases {
        let (request, expected) = load(case);
        let (method, opening, call) = parse(&request);
        let errno = errno_in(&expected.body);
        seen.extend(errno.map(Errno::code));
        let status = match request.comments.get("option").map(String::as_str) {
            Some("real-status") => FailureStatus::Real,
            _ => FailureStatus::AlwaysOk,
        };
        let refused = match (&opening, &call) {
            (Err(errno), _) | (_, Some(Err(errno))) => Some(*errno),
            _ => None,
        };
        // An answer to HEAD has the headers of the failure and no body to read the code from.
        let answered = refused.filter(|_| method == Method::Head).or(errno);
        if let Some(errno) = answered {
            let by_server = call.as_ref().is_some_and(|call| server_may_find(errno, call));
            assert!(refused == Some(errno) || by_server, "{case}: parsed as {opening:?} {call:?}");
            let reply = failure(errno, status, &cors);
            let body = if method == Method::Head { &[][..] } else { reply.body.as_bytes() };
            check_rendered(case, &expected, reply.status, &reply.headers, body);
            continue;
        }
        match (opening, call) {
            (Ok(Opening::Preflight), None) => {
                let reply = preflight(&cors);
                check_rendered(case, &expected, reply.status, &reply.headers, reply.body.as_bytes());
            }
            (Ok(Opening::Call(head)), Some(Ok(call))) => {
                let (status, headers, body) = rendered_success(&call, head.version, &cors);
                check_rendered(case, &expected, status, &headers, &body);
            }
            (opening, call) => panic!("{case}: {opening:?} {call:?}"),
        }
    }
    // 10025 and 20010 are limits and breakdowns of the server, which no request alone brings about.
    let missing: Vec<_> =
        Errno::ALL.into_iter().map(Errno::code).filter(|code| !seen.contains(code)).collect();
    assert_eq!(missing, ["10025", "20010"], "every errno has its case");
}

/// Whether the server can answer so to a request that the parser saw like this. Every other errno has to come
/// from the parser.
fn server_may_find(errno: Errno, call: &Result<Call, Errno>) -> bool {
    match errno {
        // Looked up between the two stages, so before whatever is wrong with the body.
        Errno::TokenUnknown | Errno::TokenExpired => !matches!(call, Ok(Call::Login(_))),
        Errno::LoginLocked | Errno::LoginRefused => matches!(call, Ok(Call::Login(_))),
        Errno::RandomInvalid | Errno::AddressRefused => matches!(call, Ok(Call::RecordingDownload(_))),
        Errno::RecordingMissing => {
            matches!(call, Ok(Call::RecordingGetRandom(_) | Call::RecordingDownload(_)))
        }
        _ => false,
    }
}

#[test]
fn comments_keep_to_the_vocabulary() {
    let vocabulary: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("as", &["nobody", "api-user"][..]),
        ("token", &["live", "expired", "logged-out"]),
        ("recording", &["present", "erased"]),
        ("recording-name", &["plain", "plus"]),
        ("ticket", &["none", "fresh", "used", "expired", "other-session", "other-recording"]),
        ("peer", &["application-server", "allowed", "stranger"]),
        ("lockout", &["open", "locked"]),
        ("option", &["device", "real-status"]),
    ]);
    for case in cases() {
        let (request, response) = load(&case);
        assert!(response.comments.is_empty(), "{case}");
        for (word, value) in &request.comments {
            let values = vocabulary.get(word.as_str()).copied().unwrap_or_default();
            assert!(values.contains(&value.as_str()), "{case}: {word}: {value}");
        }
        let named = |placeholder: &str| request.first_line.contains(placeholder);
        assert!(!named("{{"), "{case}: unknown placeholder");
        let uses_session = named(TOKEN) || named(RANDOM);
        let has_session = request.comments.get("as").is_some_and(|who| who == "api-user");
        assert!(has_session || !uses_session, "{case}: a token of nobody");
        assert!(!named(RANDOM) || request.comments.contains_key("ticket"), "{case}: a random of no ticket");
    }
}
