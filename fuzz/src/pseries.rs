//! Requests, links, ids and times of the P-Series dialect.

use callvault_core::id::RecordingId;
use callvault_core::secret::Secret;
use callvault_core::time::Timestamp;
use callvault_wire::pseries::error::Errcode;
use callvault_wire::pseries::path::{Endpoint, Method, Resource, ResourceKind, link, parse};
use callvault_wire::pseries::request::{
    Call, CdrDownload, MOST_IDS, MOST_ROWS, Order, Paging, RecordingChoice, RecordingSearch, Request, SortBy,
    parse_head,
};
use callvault_wire::pseries::sent::SentId;
use callvault_wire::pseries::time::{DateOrder, Display, Edge, HourClock, TimeBound};

use crate::{first_line, is_unmistakable, percent_encoded};

/// The longest text of a parameter (`docs/pseries.md`).
const MOST_TEXT_BYTES: usize = 255;

/// A request line, the value of `User-Agent` and the body, with line feeds between them.
pub fn pseries_request(data: &[u8]) {
    let (line, rest) = first_line(data);
    let (agent, body) = first_line(rest);
    let (Ok(line), Ok(agent)) = (std::str::from_utf8(line), std::str::from_utf8(agent)) else { return };
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request { method: Method::parse(method), path, query, user_agent: Some(agent), body };
    let head = parse_head(&request);
    let slashed = format!("/{}/", path.replace('/', "//"));
    let again = parse_head(&Request { path: &slashed, ..request });
    assert_eq!(again, head, "{path} and {slashed}");
    let head = match head {
        Ok(head) => head,
        Err(errcode) => {
            check_refused(&request, errcode);
            return;
        }
    };
    assert!(head.endpoint.accepts(request.method));
    assert_eq!(head.access_token.is_some(), head.endpoint.needs_token());
    let call = head.call();
    if let Err(errcode) = &call {
        assert!(documented(&head.endpoint).contains(errcode), "{:?} has no {errcode:?}", head.endpoint);
    }
    if let Some(token) = &head.access_token {
        let token = token.reveal();
        assert!((1..=MOST_TEXT_BYTES).contains(&token.len()) && token.trim() == token);
        assert!(
            !is_unmistakable(token, data) || !format!("{head:?} {call:?}").contains(token),
            "the token is shown"
        );
    }
    // The body of a GET is nobody's business, and of a POST nobody looks at the query.
    if request.method == Method::Post {
        assert_eq!(parse_head(&Request { query: "", ..request }).and_then(|head| head.call()), call);
    } else {
        let other = Request { body: b"<login/>", ..request };
        assert_eq!(parse_head(&other).and_then(|head| head.call()), call);
    }
    if let Ok(call) = call {
        check_call(&call, request.method);
    }
}

/// The codes of the first stage, each for its reason.
fn check_refused(request: &Request<'_>, errcode: Errcode) {
    let endpoint = parse(request.path);
    match errcode {
        Errcode::VersionUnsupported | Errcode::NotFound => assert_eq!(endpoint, Err(errcode)),
        Errcode::InterfaceUnknown => {
            assert!(endpoint.map_or_else(|e| e == errcode, |endpoint| !endpoint.accepts(request.method)));
        }
        Errcode::AccessDenied | Errcode::TokenExpired => assert!(endpoint.is_ok()),
        other => panic!("{other:?} is not for the first stage"),
    }
}

/// What a call may answer of its body and parameters alone (`docs/pseries.md`, "Order of checks").
fn documented(endpoint: &Endpoint) -> &'static [Errcode] {
    match endpoint {
        Endpoint::GetToken | Endpoint::RefreshToken => &[Errcode::ParameterSyntax, Errcode::Parameter],
        Endpoint::DelToken | Endpoint::Resource(_) => &[],
        Endpoint::RecordingList | Endpoint::RecordingSearch | Endpoint::CdrDownload => &[Errcode::Parameter],
        Endpoint::RecordingDownload => &[Errcode::Parameter, Errcode::NotFound],
    }
}

fn check_call(call: &Call, method: Method) {
    match call {
        Call::GetToken(asked) => {
            check_text(&asked.username);
            let secret = asked.client_secret.reveal();
            assert!(!secret.trim().is_empty() && secret.len() <= MOST_TEXT_BYTES);
        }
        Call::RefreshToken { refresh_token } => check_text(refresh_token.reveal()),
        Call::DelToken => {}
        Call::RecordingList(paging) => check_again("recording/list", &paging_query(paging), call),
        Call::RecordingSearch(search) => check_again("recording/search", &search_query(search), call),
        Call::RecordingDownload(RecordingChoice::Id(id)) => {
            check_id(*id);
            check_again("recording/download", &format!("id={}", id.exact.0), call);
        }
        Call::RecordingDownload(RecordingChoice::File(names)) => {
            assert!((1..=2).contains(&names.len()) && names.first() != names.get(1), "{names:?}");
            for name in names {
                let file = format!("file={}", percent_encoded(name.as_str()));
                let found = asked("recording/download", &file);
                // A name of blanks alone is as good as none.
                let expected = if name.as_str().trim().is_empty() {
                    Err(Errcode::Parameter)
                } else {
                    Ok(Call::RecordingDownload(RecordingChoice::File(vec![name.clone()])))
                };
                assert_eq!(found, expected, "encoded, it means one name");
            }
        }
        Call::CdrDownload(wanted) => check_again("cdr/download", &cdr_query(wanted), call),
        Call::Resource { resource, headers_only } => {
            assert_eq!(*headers_only, method == Method::Head);
            check_link(resource);
        }
    }
}

fn check_text(text: &str) {
    assert!((1..=MOST_TEXT_BYTES).contains(&text.len()) && text.trim() == text);
}

fn asked(call: &str, query: &str) -> Result<Call, Errcode> {
    let request = Request {
        method: Method::Get,
        path: &format!("/openapi/v1.0/{call}"),
        query: &format!("access_token=7&{query}"),
        user_agent: Some("OpenAPI"),
        body: b"",
    };
    parse_head(&request)?.call()
}

/// What was understood, written plainly, is understood once more.
#[track_caller]
fn check_again(name: &str, query: &str, call: &Call) {
    assert_eq!(asked(name, query).as_ref(), Ok(call), "{query}");
}

fn paging_query(paging: &Paging) -> String {
    assert!(paging.page >= 1 && (1..=MOST_ROWS).contains(&paging.page_size), "{paging:?}");
    assert_eq!(paging.skipped(), (u64::from(paging.page) - 1) * u64::from(paging.page_size));
    let sort_by = match paging.sort_by {
        SortBy::Id => "id",
        SortBy::Time => "time",
    };
    let order = match paging.order {
        Order::Ascending => "asc",
        Order::Descending => "desc",
    };
    let Paging { page, page_size, .. } = paging;
    format!("page={page}&page_size={page_size}&sort_by={sort_by}&order_by={order}")
}

fn search_query(search: &RecordingSearch) -> String {
    assert!(search.ids.len() <= MOST_IDS);
    search.ids.iter().for_each(|id| check_id(*id));
    let mut query = paging_query(&search.paging);
    for (name, bound) in [("start_time", &search.start_time), ("end_time", &search.end_time)] {
        assert!(!matches!(bound, Some(TimeBound::Text(_))), "{bound:?}");
        push(&mut query, name, bound.as_ref().map(bound_text).as_deref());
    }
    push(&mut query, "caller", search.caller.as_deref());
    push(&mut query, "callee", search.callee.as_deref());
    let ids: Vec<String> = search.ids.iter().map(|id| id.exact.0.to_string()).collect();
    query + "&ids=" + &ids.join(",")
}

fn cdr_query(wanted: &CdrDownload) -> String {
    let mut query = format!("enable_fuzzy_search={}", wanted.fuzzy);
    push(&mut query, "start_time", wanted.start_time.as_ref().map(bound_text).as_deref());
    push(&mut query, "end_time", wanted.end_time.as_ref().map(bound_text).as_deref());
    push(&mut query, "call_from", wanted.call_from.as_deref());
    push(&mut query, "call_to", wanted.call_to.as_deref());
    push(&mut query, "status", wanted.status.map(|status| status.as_str()));
    push(&mut query, "extension_group", wanted.extension_group.map(|group| group.to_string()).as_deref());
    query
}

fn push(query: &mut String, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        check_text(text);
        query.push_str(&format!("&{name}={}", percent_encoded(text)));
    }
}

fn bound_text(bound: &TimeBound) -> String {
    match bound {
        TimeBound::Unix(seconds) => seconds.to_string(),
        TimeBound::Text(text) => text.clone(),
    }
}

/// A link made for a ticket leads back to it.
fn check_link(resource: &Resource) {
    let random = resource.random.reveal();
    assert!((1..=64).contains(&random.len()) && random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let extension = if resource.kind == ResourceKind::Cdr { "csv" } else { "" };
    let path = link(resource.kind, "20241031143000", &Secret::new(random), extension);
    assert_eq!(parse(path.reveal()), Ok(Endpoint::Resource(resource.clone())));
    assert!(random.len() < 16 || !format!("{resource:?}").contains(random), "the ticket is shown");
}

/// The id of a recording, as text.
pub fn pseries_id(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match SentId::parse(text) {
        Ok(id) => check_id(id),
        Err(errcode) => {
            assert_eq!(errcode, Errcode::Parameter);
            assert!(!text.trim().parse().is_ok_and(|id: i64| id > 0), "{text:?}");
        }
    }
}

/// The ids that are meant are those that round to the same number as the one that was sent, and no others.
fn check_id(id: SentId) {
    let rounded = |id: i64| id as f64;
    let exact = id.exact.0;
    assert!(exact >= 1 && id.lowest.0 >= 1 && id.may_be(id.exact), "{id:?}");
    // Up to here every whole number is a floating point number of its own (2^53 - 1, ECMAScript's MAX_SAFE_INTEGER).
    if exact < 1 << 53 {
        assert_eq!((id.lowest, id.highest), (id.exact, id.exact));
        return;
    }
    assert!(rounded(id.lowest.0) == rounded(exact) && rounded(id.highest.0) == rounded(exact), "{id:?}");
    assert!(rounded(id.lowest.0 - 1) != rounded(exact), "{id:?} leaves out the one below");
    let above = id.highest.0.checked_add(1);
    assert!(above.is_none_or(|above| rounded(above) != rounded(exact)), "{id:?} leaves out the one above");
    // A client that rounds every number sends the middle, and means all of them.
    let sent = SentId::parse(&(rounded(exact) as i64).to_string()).expect("positive");
    for one in [id.lowest, id.exact, id.highest, RecordingId(exact)] {
        assert!(sent.may_be(one), "{one:?} of {sent:?}");
    }
}

const ZONES: [&str; 5] = ["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"];

/// A time of a filter; the first byte chooses the customer's zone and display format.
pub fn pseries_time(data: &[u8]) {
    let Some((choice, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let zone = ZONES[usize::from(*choice) % ZONES.len()];
    let order = [DateOrder::MonthDayYear, DateOrder::DayMonthYear, DateOrder::YearMonthDay]
        [usize::from(choice / 5 % 3)];
    let clock = if choice / 15 % 2 == 0 { HourClock::TwentyFour } else { HourClock::Twelve };
    let display = Display::new(zone, order, clock).expect("a zone of the database");
    let starts = display.read(text, Edge::Start);
    let ends = display.read(text, Edge::End);
    assert_eq!(starts.is_some(), ends.is_some(), "{text:?} has one end");
    if let (Some(starts), Some(ends)) = (starts, ends) {
        // A time that the clock left out in spring is no time at all: it ends where the change begins.
        let left_out = starts.unix_ms() == ends.unix_ms() + 1000;
        assert!(starts <= ends || left_out, "{text:?}: {starts} to {ends}");
        check_shown(&display, starts);
        check_shown(&display, ends);
    }
    // With an offset there is one moment that is meant, to the second.
    if let Ok(moment) = text.trim().parse::<jiff::Timestamp>() {
        let second = moment.as_nanosecond().div_euclid(1_000_000_000) * 1000;
        assert_eq!(starts.map(|starts| i128::from(starts.unix_ms())), Some(second), "{text:?} is {moment}");
        assert_eq!(starts, ends);
    }
    let bound = match TimeBound::parse(text) {
        Ok(bound) => bound,
        Err(errcode) => {
            assert_eq!(errcode, Errcode::Parameter);
            assert!(text.bytes().all(|byte| byte.is_ascii_digit()), "{text:?}");
            return;
        }
    };
    let (first, last) = (bound.resolve(&display, Edge::Start), bound.resolve(&display, Edge::End));
    match &bound {
        // The years 1970 to 9999 in seconds.
        TimeBound::Unix(seconds) => {
            assert!((0..=253_402_300_799).contains(seconds));
            assert_eq!(first, Some(Timestamp::from_unix_ms(seconds * 1000)));
            assert_eq!(last, Some(Timestamp::from_unix_ms(seconds * 1000 + 999)));
        }
        TimeBound::Text(same) => {
            assert_eq!(same, text);
            assert_eq!(first, starts);
            assert_eq!(last.map(Timestamp::unix_ms), ends.map(|ends| ends.unix_ms() + 999));
        }
    }
}

/// What is shown is read as what it was shown for, but for the hour that comes twice.
fn check_shown(display: &Display, moment: Timestamp) {
    assert_eq!(moment.unix_ms() % 1000, 0, "{moment}: a filter says no more than seconds");
    let shown = display.show(moment);
    let stamp = display.stamp(moment);
    // Years of fewer than four digits could be any part of a date.
    let year =
        stamp.len() == 14 && stamp.bytes().all(|byte| byte.is_ascii_digit()) && stamp.as_str() >= "1000";
    if !year {
        return;
    }
    let (first, last) = (display.read(&shown, Edge::Start), display.read(&shown, Edge::End));
    let (Some(first), Some(last)) = (first, last) else { panic!("{shown} is not read") };
    assert!(first <= moment && moment <= last, "{moment} shown as {shown}, which is {first} to {last}");
    assert!(last.unix_ms() - first.unix_ms() <= 3_600_000, "{shown} is {first} to {last}");
    assert_eq!(display.show(first), shown);
    assert_eq!(display.show(last), shown);
}
