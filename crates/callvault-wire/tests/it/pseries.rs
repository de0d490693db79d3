//! Replays the golden pairs of the P-Series dialect as far as that goes without a server: which call or `errcode` a
//! request gives, and that every expected answer is what the crate renders. The format of the files is told in
//! `tests/golden/pseries/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use callvault_core::audio::Container;
use callvault_core::call::CallKind;
use callvault_core::id::RecordingId;
use callvault_core::secret::Secret;
use callvault_core::time::Timestamp;
use callvault_wire::pseries::error::{Errcode, Surface};
use callvault_wire::pseries::path::{Method, ResourceKind, link, surface};
use callvault_wire::pseries::request::{
    Call, Head, Order, Paging, RecordingChoice, RecordingSearch, Request, SortBy, parse_head,
};
use callvault_wire::pseries::response::{
    Content, Header, Party, Recording, Success, download_headers, failure, success,
};
use callvault_wire::pseries::time::{DateOrder, Display, Edge, HourClock, TimeBound};
use callvault_wire::pseries::{auth, cdr};

use crate::golden::{self, Message, folder};

const ACCESS_TOKEN: &str = "1e3b3ebb6a974cb42ed31de5413df52d";
const REFRESH_TOKEN: &str = "4f8c2d9a07b1e6635cd0f1a2b3c4d5e6";
const RANDOM: &str = "2d2f919b742cc62f5e03c77351350f7c";
const PLAIN: &str = "20220412173331-1649756009.12-2002-2005-Internal.wav";
const PLUS: &str = "20240305181530-1709633725.42-+4930123456-2002-Inbound.wav";
const LENGTH: u64 = 32_044;

/// As they are made: Unix milliseconds above 20 random bits. The lower one does not survive a binary64.
const ID: i64 = (1_649_756_109_000 << 20) | 0x12345;
const PLUS_ID: i64 = (1_709_633_825_000 << 20) | 0x6789A;

fn read(path: &Path) -> Message {
    let text = String::from_utf8(golden::read(path)).expect("a golden file in UTF-8");
    let filled = [
        ("{{access_token}}", ACCESS_TOKEN.to_owned()),
        ("{{refresh_token}}", REFRESH_TOKEN.to_owned()),
        ("{{random}}", RANDOM.to_owned()),
        ("{{id}}", ID.to_string()),
        ("{{plus_id}}", PLUS_ID.to_string()),
        // Rust prints the shortest digits that give the same number, filled up with zeros, as JavaScript does.
        ("{{id_rounded}}", (ID as f64).to_string()),
        ("{{length}}", LENGTH.to_string()),
    ];
    let text = filled.iter().fold(text, |text, (placeholder, value)| text.replace(placeholder, value));
    Message::parse(text.as_bytes())
}

fn cases() -> Vec<String> {
    golden::pairs(&folder("pseries"))
}

fn load(case: &str) -> (Message, Message) {
    let read = |part: &str| read(&folder("pseries").join(format!("{case}.{part}")));
    (read("request"), read("response"))
}

/// The parser's view of a request: path, method, and both stages.
fn parse(request: &Message) -> (String, Method, Result<Head, Errcode>) {
    let words: Vec<_> = request.first_line.split(' ').collect();
    let [method, target, "HTTP/1.1"] = words[..] else {
        panic!("not a request line: {}", request.first_line);
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let method = Method::parse(method);
    let user_agent = request.header("user-agent");
    let parts = Request { method, path, query, user_agent, body: &request.body };
    (path.to_owned(), method, parse_head(&parts))
}

/// What a server with the fixture finds wrong before it looks at the parameters.
fn refused_early(request: &Message, head: &Head) -> Option<Errcode> {
    let token = head.access_token.as_ref()?;
    let live = token.reveal() == ACCESS_TOKEN && !matches!(request.comment("token"), "expired" | "revoked");
    (!live).then_some(Errcode::TokenExpired)
}

/// What it finds wrong afterwards.
fn refused_late(request: &Message, call: &Call) -> Option<Errcode> {
    match call {
        Call::GetToken(asked) => {
            let right = asked.username == "api"
                && auth::password(&asked.client_secret).reveal() == "058b4f17c7536ed003fb4da1df4759a0";
            match (request.comment("lockout"), right, request.comment("tokens")) {
                ("locked", _, _) => Some(Errcode::AddressBlocked),
                (_, false, _) => Some(Errcode::AccessDenied),
                (_, _, "eight") => Some(Errcode::LimitReached),
                _ => None,
            }
        }
        Call::RefreshToken { refresh_token } => {
            let fits = refresh_token.reveal() == REFRESH_TOKEN;
            (!fits || request.comments.contains_key("refresh")).then_some(Errcode::TokenExpired)
        }
        Call::RecordingDownload(_) | Call::Resource { .. } if request.comment("recording") == "erased" => {
            Some(Errcode::NotFound)
        }
        Call::RecordingDownload(choice) => chosen(choice).is_none().then_some(Errcode::NotFound),
        Call::Resource { resource, .. } => {
            let good = matches!(request.comment("link"), "recording" | "cdr" | "fetched" | "earlier-token");
            (!good || resource.random.reveal() != RANDOM).then_some(Errcode::NotFound)
        }
        _ => None,
    }
}

fn chosen(choice: &RecordingChoice) -> Option<&'static str> {
    let recordings = [(PLAIN, ID), (PLUS, PLUS_ID)];
    let found = recordings.into_iter().find(|(name, id)| match choice {
        RecordingChoice::Id(sent) => sent.may_be(RecordingId(*id)),
        RecordingChoice::File(names) => names.iter().any(|one| one.as_str() == *name),
    });
    found.map(|(name, _)| name)
}

fn display() -> Display {
    Display::new("Asia/Shanghai", DateOrder::MonthDayYear, HourClock::TwentyFour).expect("a zone")
}

fn party(name: &str, number: &str) -> Party {
    Party { name: name.into(), number: number.into() }
}

/// The two recordings, each with the Unix time of its call.
fn recordings() -> [(i64, Recording); 2] {
    let row = |id, began: i64, from, to, seconds, call_type, file: &str| {
        let recording = Recording {
            id: RecordingId(id),
            time: display().show(Timestamp::from_unix_ms(began * 1000)),
            uid: file.split('-').nth(1).expect("a call id").into(),
            call_from: from,
            call_to: to,
            duration_seconds: seconds,
            size_bytes: LENGTH,
            call_type: Some(call_type),
            file: file.into(),
        };
        (began, recording)
    };
    let (evelyn, leo) = (party("Evelyn", "2002"), party("Leo Ball", "2002"));
    [
        row(ID, 1_649_756_009, evelyn, party("", "2005"), 42, CallKind::Internal, PLAIN),
        row(PLUS_ID, 1_709_633_725, party("", "+4930123456"), leo, 110, CallKind::Inbound, PLUS),
    ]
}

/// The rows of a list or search, as a server would find them.
fn found(paging: &Paging, search: Option<&RecordingSearch>) -> Success {
    let within = |began: i64, search: &RecordingSearch| {
        let resolved = |bound: &Option<TimeBound>, edge| {
            bound.as_ref().map(|bound| bound.resolve(&display(), edge).expect("Unix seconds"))
        };
        let began = Timestamp::from_unix_ms(began * 1000);
        resolved(&search.start_time, Edge::Start).is_none_or(|start| start <= began)
            && resolved(&search.end_time, Edge::End).is_none_or(|end| began <= end)
    };
    let mut rows: Vec<_> = recordings()
        .into_iter()
        .filter(|(began, row)| {
            search.is_none_or(|search| {
                within(*began, search)
                    && search.caller.as_ref().is_none_or(|number| *number == row.call_from.number)
                    && search.callee.as_ref().is_none_or(|number| *number == row.call_to.number)
                    && (search.ids.is_empty() || search.ids.iter().any(|id| id.may_be(row.id)))
            })
        })
        .collect();
    rows.sort_by_key(|(began, row)| match paging.sort_by {
        SortBy::Id => row.id.0,
        SortBy::Time => *began,
    });
    if paging.order == Order::Descending {
        rows.reverse();
    }
    let total = rows.len() as u64;
    let skipped = usize::try_from(paging.skipped()).expect("a small page");
    let page = rows.into_iter().skip(skipped).take(paging.page_size as usize);
    Success::Recordings { total, rows: page.map(|(_, row)| row).collect() }
}

/// The answer of a call that goes well, with what a server would make up as placeholders.
fn rendered(request: &Message, call: &Call) -> (u16, Vec<Header>, String) {
    let made_up = || Secret::new("{{hex32}}");
    let outcome = match call {
        Call::GetToken(_) | Call::RefreshToken { .. } => {
            Success::Tokens { access_token: made_up(), refresh_token: made_up() }
        }
        Call::DelToken => Success::Revoked,
        Call::RecordingList(paging) => found(paging, None),
        Call::RecordingSearch(search) => found(&search.paging, Some(search)),
        Call::RecordingDownload(choice) => Success::Download {
            file: chosen(choice).expect("one of the fixture's recordings").into(),
            link: link(ResourceKind::Recording, "{{stamp}}", &made_up(), "wav"),
        },
        Call::CdrDownload(_) => Success::Download {
            file: cdr::file_name("{{stamp}}"),
            link: link(ResourceKind::Cdr, "{{stamp}}", &made_up(), "csv"),
        },
        Call::Resource { headers_only, .. } => {
            let (file, content, body) = match request.comment("link") {
                "cdr" => (cdr::file_name("{{stamp}}"), Content::Cdr, "{{cdr}}"),
                _ => (PLAIN.to_owned(), Content::Audio(Container::Wave), "{{audio}}"),
            };
            let body = if *headers_only { "" } else { body };
            return (200, download_headers(&file, content), body.into());
        }
    };
    let reply = success(&outcome);
    (reply.status, reply.headers, String::from_utf8(reply.body.into_bytes()).expect("JSON is UTF-8"))
}

#[test]
fn golden_pairs() {
    let mut seen = BTreeSet::new();
    for case in cases() {
        let (request, expected) = load(&case);
        let (path, method, head) = parse(&request);
        let outcome = head.and_then(|head| {
            if let Some(errcode) = refused_early(&request, &head) {
                return Err(errcode);
            }
            let call = head.call()?;
            refused_late(&request, &call).map_or(Ok(call), Err)
        });
        let (status, headers, body) = match outcome {
            Ok(call) => rendered(&request, &call),
            Err(errcode) => {
                seen.insert(errcode.code());
                let reply = failure(errcode, surface(&path));
                let body = if method == Method::Head { vec![] } else { reply.body.into_bytes() };
                (reply.status, reply.headers, String::from_utf8(body).expect("JSON is UTF-8"))
            }
        };
        let expected_status = expected.first_line.split(' ').nth(1).expect("a status line");
        assert_eq!(status.to_string(), expected_status, "status of {case}: {body}");
        let headers: Vec<_> = headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned()))
            .collect();
        assert_eq!(headers, expected.headers, "headers of {case}");
        assert_eq!(body, String::from_utf8_lossy(&expected.body), "body of {case}");
    }
    // Breakdowns of the server, which no request alone brings about, and an address rule that is not asked for here.
    let missing: Vec<_> =
        Errcode::ALL.into_iter().map(Errcode::code).filter(|code| !seen.contains(code)).collect();
    assert_eq!(missing, [-2, 70082, 70087], "every errcode has its case");
    assert_eq!(Errcode::Busy.status(Surface::Call), 200);
}

#[test]
fn the_rounded_id_of_the_fixture_differs() {
    assert_ne!((ID as f64).to_string(), ID.to_string());
}

#[test]
fn comments_keep_to_the_vocabulary() {
    let vocabulary: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("as", &["nobody", "api"][..]),
        ("token", &["live", "expired", "revoked"]),
        ("refresh", &["live", "used", "expired"]),
        ("tokens", &["one", "eight"]),
        ("lockout", &["open", "locked"]),
        ("recording", &["present", "erased"]),
        ("link", &["none", "recording", "cdr", "fetched", "earlier-token", "expired", "other-person"]),
    ]);
    for case in cases() {
        let (request, response) = load(&case);
        assert!(response.comments.is_empty(), "{case}");
        for (word, value) in &request.comments {
            let values = vocabulary.get(word.as_str()).copied().unwrap_or_default();
            assert!(values.contains(&value.as_str()), "{case}: {word}: {value}");
        }
        let text = format!("{} {}", request.first_line, String::from_utf8_lossy(&request.body));
        assert!(!text.contains("{{"), "{case}: unknown placeholder");
        let of_session = [ACCESS_TOKEN, REFRESH_TOKEN, RANDOM].iter().any(|secret| text.contains(secret));
        assert!(!of_session || request.comment("as") == "api", "{case}: a token of nobody");
        assert!(
            !text.contains(RANDOM) || request.comments.contains_key("link"),
            "{case}: a random of no link"
        );
    }
}
