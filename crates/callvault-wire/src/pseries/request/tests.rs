//! Tests of the request parser. The pairs under `tests/golden/pseries` test it on whole requests.

use proptest::prelude::*;

use super::*;
use crate::pseries::path::ResourceKind;

fn request<'a>(method: Method, target: &'a str, body: &'a [u8]) -> Request<'a> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request { method, path, query, user_agent: Some("OpenAPI"), body }
}

fn call(method: Method, target: &str, body: &str) -> Result<Call, Errcode> {
    parse_head(&request(method, target, body.as_bytes()))?.call()
}

#[track_caller]
fn check_errcode(method: Method, target: &str, body: &str, expected: Errcode) {
    assert_eq!(call(method, target, body), Err(expected), "for {method:?} {target} {body}");
}

const GET_TOKEN: &str = "/openapi/v1.0/get_token";

#[test]
fn the_checks_come_in_their_order() {
    // Each request has every fault of those below it; the first one that is not put right is answered.
    let target = "/openapi/v1.0/recording/list?page=0";
    check_errcode(Method::Post, "/openapi/v2.0/recording/list?page=0", "", Errcode::VersionUnsupported);
    check_errcode(Method::Post, target, "", Errcode::InterfaceUnknown);
    let anonymous = Request { user_agent: None, ..request(Method::Get, target, b"") };
    assert_eq!(parse_head(&anonymous), Err(Errcode::AccessDenied));
    check_errcode(Method::Get, target, "", Errcode::AccessDenied);
    check_errcode(Method::Get, "/openapi/v1.0/recording/list?page=0&access_token=t", "", Errcode::Parameter);
    // The token can be looked up before anyone minds the page.
    let target = "/openapi/v1.0/recording/list?page=0&access_token=t";
    let head = parse_head(&request(Method::Get, target, b"")).expect("all but the page is right");
    assert_eq!(head.access_token, Some(Secret::new("t")));
}

#[test]
fn methods() {
    let reads = ["del_token", "recording/list", "recording/search", "recording/download", "cdr/download"];
    for name in reads {
        let target = format!("/openapi/v1.0/{name}?access_token=t&id=1");
        assert!(call(Method::Get, &target, "").is_ok(), "{name}");
        for method in [Method::Post, Method::Head, Method::Other] {
            check_errcode(method, &target, "", Errcode::InterfaceUnknown);
        }
    }
    for name in ["get_token", "refresh_token"] {
        for method in [Method::Get, Method::Head, Method::Other] {
            check_errcode(method, &format!("/openapi/v1.0/{name}"), "", Errcode::InterfaceUnknown);
        }
    }
}

#[test]
fn a_user_agent_is_needed() {
    for (agent, fits) in [(None, false), (Some(""), false), (Some(" "), false), (Some("curl/8"), true)] {
        let body = br#"{"username":"a","password":"b"}"#;
        let asked = Request { user_agent: agent, ..request(Method::Post, GET_TOKEN, body) };
        assert_eq!(parse_head(&asked).is_ok(), fits, "{agent:?}");
    }
    let link = "/api/download/Recording-Callvault-download-20220412175901-abc.wav?access_token=t";
    let asked = Request { user_agent: None, ..request(Method::Get, link, b"") };
    assert!(parse_head(&asked).is_ok(), "players need none");
}

#[test]
fn tokens_are_asked_for() {
    let body = r#"{"username":" api ","password":" s e ","extra":[1]}"#;
    let expected = GetToken { username: "api".into(), client_secret: Secret::new(" s e ") };
    assert_eq!(call(Method::Post, GET_TOKEN, body), Ok(Call::GetToken(expected)));
    for body in
        ["", "{}", r#"{"username":"api"}"#, r#"{"password":"x"}"#, r#"{"username":" ","password":"x"}"#]
    {
        check_errcode(Method::Post, GET_TOKEN, body, Errcode::Parameter);
    }
    check_errcode(Method::Post, GET_TOKEN, "username=api&password=x", Errcode::ParameterSyntax);
    // A secret in a link would end up in logs, so it is not read from there.
    check_errcode(Method::Post, "/openapi/v1.0/get_token?username=a&password=b", "", Errcode::Parameter);
    let refreshed = call(Method::Post, "/openapi/v1.0/refresh_token", r#"{"refresh_token":"r\n"}"#);
    assert_eq!(refreshed, Ok(Call::RefreshToken { refresh_token: Secret::new("r") }));
    check_errcode(Method::Post, "/openapi/v1.0/refresh_token", "{}", Errcode::Parameter);
}

#[test]
fn a_token_too_long_is_a_wrong_one() {
    let target = format!("/openapi/v1.0/del_token?access_token={}", "t".repeat(300));
    check_errcode(Method::Get, &target, "", Errcode::TokenExpired);
    check_errcode(Method::Get, "/openapi/v1.0/del_token?access_token=", "", Errcode::AccessDenied);
}

#[track_caller]
fn check_paging(query: &str, expected: Result<Paging, Errcode>) {
    let target = format!("/openapi/v1.0/recording/list?access_token=t&{query}");
    assert_eq!(call(Method::Get, &target, ""), expected.map(Call::RecordingList), "for {query}");
}

#[test]
fn pages() {
    let all = Paging { page: 1, page_size: 10_000, sort_by: SortBy::Id, order: Order::Ascending };
    check_paging("", Ok(all));
    check_paging("page=&page_size=&sort_by=&order_by=", Ok(all));
    check_paging("page=2&page_size=50", Ok(Paging { page: 2, page_size: 50, ..all }));
    check_paging(
        "sort_by=time&order_by=DESC",
        Ok(Paging { sort_by: SortBy::Time, order: Order::Descending, ..all }),
    );
    check_paging("page=4294967295", Ok(Paging { page: u32::MAX, ..all }));
    for query in [
        "page=0",
        "page=-1",
        "page=x",
        "page=1.5",
        "page=4294967296",
        "page_size=0",
        "page_size=-5",
        "page_size=10001",
        "sort_by=size",
        "order_by=up",
    ] {
        check_paging(query, Err(Errcode::Parameter));
    }
    assert_eq!(all.skipped(), 0);
    assert_eq!(Paging { page: 3, page_size: 50, ..all }.skipped(), 100);
    assert_eq!(Paging { page: u32::MAX, ..all }.skipped(), 42_949_672_940_000);
}

#[track_caller]
fn check_search(query: &str, expected: Result<RecordingSearch, Errcode>) {
    let target = format!("/openapi/v1.0/recording/search?access_token=t&{query}");
    assert_eq!(call(Method::Get, &target, ""), expected.map(Call::RecordingSearch), "for {query}");
}

#[test]
fn searches() {
    let paging = Paging { page: 1, page_size: 10_000, sort_by: SortBy::Id, order: Order::Ascending };
    let all =
        RecordingSearch { paging, start_time: None, end_time: None, caller: None, callee: None, ids: vec![] };
    check_search("", Ok(all.clone()));
    check_search(
        "start_time=1649756009&end_time=0&caller=+4930123&callee=%2B1%20",
        Ok(RecordingSearch {
            start_time: Some(TimeBound::Unix(1_649_756_009)),
            end_time: Some(TimeBound::Unix(0)),
            caller: Some("+4930123".into()),
            callee: Some("+1".into()),
            ..all.clone()
        }),
    );
    let ids = |ids: &[&str]| ids.iter().map(|id| SentId::parse(id).expect("an id")).collect::<Vec<_>>();
    check_search("ids=449,506", Ok(RecordingSearch { ids: ids(&["449", "506"]), ..all.clone() }));
    check_search("ids=449%2C+506,", Ok(RecordingSearch { ids: ids(&["449", "506"]), ..all.clone() }));
    let many = vec!["9223372036854775807"; MOST_IDS];
    check_search(&format!("ids={}", many.join(",")), Ok(RecordingSearch { ids: ids(&many), ..all }));
    for query in [
        "ids=x",
        "ids=1,-2",
        "ids=0",
        "start_time=04/12/2022 17:33:29",
        "end_time=1649756009000",
        "page=0",
        &format!("ids={},1", many.join(",")),
        &format!("caller={}", "1".repeat(256)),
    ] {
        check_search(query, Err(Errcode::Parameter));
    }
}

#[track_caller]
fn check_choice(query: &str, expected: Result<RecordingChoice, Errcode>) {
    let target = format!("/openapi/v1.0/recording/download?access_token=t&{query}");
    assert_eq!(call(Method::Get, &target, ""), expected.map(Call::RecordingDownload), "for {query}");
}

#[test]
fn recordings_to_download() {
    let id = RecordingChoice::Id(SentId::parse("1727").expect("an id"));
    check_choice("id=1727", Ok(id.clone()));
    check_choice("file=a.wav&id=1727", Ok(id));
    let file = |names: &[&str]| {
        RecordingChoice::File(names.iter().map(|name| RecordingName::new(*name).expect("safe")).collect())
    };
    check_choice("id=&file=a%2D1.wav", Ok(file(&["a-1.wav"])));
    check_choice("file=a-+49.wav", Ok(file(&["a-+49.wav", "a- 49.wav"])));
    check_choice("", Err(Errcode::Parameter));
    check_choice("id=x&file=a.wav", Err(Errcode::Parameter));
    check_choice("file=..%2Fa.wav", Err(Errcode::NotFound));
}

#[track_caller]
fn check_cdr(query: &str, expected: Result<CdrDownload, Errcode>) {
    let target = format!("/openapi/v1.0/cdr/download?access_token=t&{query}");
    assert_eq!(call(Method::Get, &target, ""), expected.map(Call::CdrDownload), "for {query}");
}

#[test]
fn call_records_to_download() {
    let all = CdrDownload {
        start_time: None,
        end_time: None,
        call_from: None,
        call_to: None,
        status: None,
        extension_group: None,
        fuzzy: false,
    };
    check_cdr("", Ok(all.clone()));
    check_cdr(
        "start_time=05/19/2022+00%3A00%3A00&end_time=1652975999&call_from=1000&call_to=+49&extension_group=3",
        Ok(CdrDownload {
            start_time: Some(TimeBound::Text("05/19/2022 00:00:00".into())),
            end_time: Some(TimeBound::Unix(1_652_975_999)),
            call_from: Some("1000".into()),
            call_to: Some("+49".into()),
            extension_group: Some(3),
            ..all.clone()
        }),
    );
    for word in ["NO ANSWER", "NO%20ANSWER", "no+answer", "no_answer"] {
        let expected = CdrDownload { status: Some(CallStatus::NoAnswer), ..all.clone() };
        check_cdr(&format!("status={word}"), Ok(expected));
    }
    check_cdr("enable_fuzzy_search=1", Ok(CdrDownload { fuzzy: true, ..all.clone() }));
    check_cdr("enable_fuzzy_search=No", Ok(all));
    for query in ["status=MISSED", "extension_group=x", "enable_fuzzy_search=2", "start_time=1652975999000"] {
        check_cdr(query, Err(Errcode::Parameter));
    }
}

#[test]
fn links() {
    let link = "/api/download/CDR-Callvault-download-20220412175901-abc123.csv?access_token=t";
    let resource = Resource { kind: ResourceKind::Cdr, random: Secret::new("abc123") };
    for (method, headers_only) in [(Method::Get, false), (Method::Head, true)] {
        let expected = Call::Resource { resource: resource.clone(), headers_only };
        assert_eq!(call(method, link, ""), Ok(expected));
    }
    check_errcode(Method::Post, link, "", Errcode::InterfaceUnknown);
    check_errcode(Method::Get, "/api/download/CDR-abc.csv", "", Errcode::AccessDenied);
}

#[test]
fn secrets_do_not_print() {
    let bodies = [(GET_TOKEN, r#"{"username":"api","password":"hush"}"#)];
    for (target, body) in bodies {
        let head = parse_head(&request(Method::Post, target, body.as_bytes())).expect("a head");
        let printed = format!("{head:?} {:?}", head.call());
        assert!(!printed.contains("hush"), "{printed}");
    }
    let link = "/api/download/Recording-hush.wav?access_token=hush";
    let head = parse_head(&request(Method::Get, link, b"")).expect("a head");
    let printed = format!("{head:?} {:?}", head.call());
    assert!(!printed.contains("hush"), "{printed}");
}

proptest! {
    #[test]
    fn nothing_panics(
        path in "(/openapi/v1.0/(get_token|refresh_token|recording/(list|search|download)|cdr/download)|/api/download/.{0,40}|.{0,40})",
        query in "(access_token=t&)?((page|page_size|sort_by|ids|id|file|start_time|end_time|caller|status|extension_group)=.{0,12}&?){0,4}",
        agent in proptest::option::of(".{0,8}"),
        body in proptest::collection::vec(any::<u8>(), 0..80),
        post in any::<bool>(),
    ) {
        let method = if post { Method::Post } else { Method::Get };
        let asked = Request { method, path: &path, query: &query, user_agent: agent.as_deref(), body: &body };
        if let Ok(head) = parse_head(&asked) {
            let _ = head.call();
        }
    }

    #[test]
    fn no_json_panics(text in r#"\{("(username|password|refresh_token|x)":("[a-z\\"]{0,5}"|[0-9eE.+-]{1,6}|null|\[\{\}\]),?){0,3}\}?"#) {
        let _ = call(Method::Post, GET_TOKEN, &text);
        let _ = call(Method::Post, "/openapi/v1.0/refresh_token", &text);
    }
}
