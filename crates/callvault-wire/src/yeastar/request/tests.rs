//! Tests of the request parser. The pairs under `tests/golden/` test it on whole requests.

mod queries;
mod tickets;

use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::yeastar::auth;
use crate::yeastar::name::SentName;

fn head<'r>(method: Method, target: &'r str, body: &[u8]) -> Result<Head<'r>, Errno> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match parse_head(method, path, query, body)? {
        Opening::Call(head) => Ok(head),
        Opening::Preflight => panic!("{target} is not a preflight"),
    }
}

fn call(method: Method, target: &str, body: &str) -> Result<Call, Errno> {
    head(method, target, body.as_bytes())?.call()
}

#[track_caller]
fn check_errno(method: Method, target: &str, body: &str, expected: Errno) {
    assert_eq!(call(method, target, body), Err(expected), "for {method:?} {target} {body}");
}

const LOGIN: &str = "/api/v2.0.0/login";
const HEARTBEAT: &str = "/api/v2.0.0/heartbeat?token=t";
const GET_RANDOM: &str = "/api/v2.0.0/recording/get_random?token=t";

#[test]
fn the_checks_come_in_their_order() {
    // Each request has every fault of those below it; the first one that is not put right is answered.
    check_errno(Method::Other, "/api/v9/recording/get_random", "<x/>", Errno::MethodRefused);
    check_errno(Method::Post, "/api/v9/recording/get_random", "<x/>", Errno::RequestUnknown);
    check_errno(Method::Post, "/api/v2.0.0/recording/get_random", "<x/>", Errno::TokenBlank);
    check_errno(Method::Post, GET_RANDOM, "<x/>", Errno::XmlBody);
    check_errno(Method::Post, GET_RANDOM, "x", Errno::NotJson);
    check_errno(Method::Post, GET_RANDOM, "", Errno::DataBlank);
    check_errno(Method::Post, GET_RANDOM, r#"{"allowedip":"x"}"#, Errno::ParameterBlank);
    check_errno(Method::Post, GET_RANDOM, r#"{"recording":"a/b","allowedip":"x"}"#, Errno::AddressRefused);
    check_errno(Method::Post, GET_RANDOM, r#"{"recording":"a/b"}"#, Errno::RecordingMissing);
}

#[test]
fn a_token_is_enough_for_the_first_stage() {
    // The server must be able to say 20004 before anyone looks at the body.
    let head = head(Method::Post, GET_RANDOM, b"<x/>").expect("method, path and token are right");
    assert_eq!(head.token, Some(Secret::new("t")));
    assert_eq!(head.call(), Err(Errno::XmlBody));
}

#[test]
fn methods() {
    for method in [Method::Get, Method::Head, Method::Other] {
        check_errno(method, LOGIN, "", Errno::MethodRefused);
    }
    for target in [HEARTBEAT, GET_RANDOM, "/api/v2.0.0/logout?token=t"] {
        check_errno(Method::Head, target, "", Errno::MethodRefused);
    }
    let opening = parse_head(Method::Options, "/api/v9/x", "", b"");
    assert!(matches!(opening, Ok(Opening::Preflight)), "{opening:?}");
    assert_eq!(call(Method::Get, "/api/v1.0.0/logout?token=t", ""), Ok(Call::Logout));
}

#[track_caller]
fn check_token(target: &str, body: &str, expected: &str) {
    let head = head(Method::Post, target, body.as_bytes()).expect("a token");
    assert_eq!(head.token.as_ref().map(Secret::reveal), Some(expected), "for {target} {body}");
}

#[test]
fn the_token_is_in_the_query_or_in_the_body() {
    check_token("/api/v1.0.0/logout?token=query", r#"{"token":"body"}"#, "query");
    check_token("/api/v1.0.0/logout?token=", r#"{"token":"body"}"#, "body");
    check_token("/api/v1.0.0/logout", r#"{"token":"body"}"#, "body");
    check_token("/api/v1.0.0/logout?x=1&token=%61bc+", "", "abc");
    check_errno(Method::Post, "/api/v1.0.0/logout?token=+", r#"{"token":" "}"#, Errno::TokenBlank);
    check_errno(Method::Post, "/api/v1.0.0/logout", r#"{"token":["t"]}"#, Errno::TokenBlank);
    check_errno(Method::Get, "/api/v1.0.0/logout", r#"{"token":"body"}"#, Errno::TokenBlank);
    check_errno(
        Method::Post,
        "/api/v1.0.0/recording/download?recording=a&random=r",
        r#"{"token":"body"}"#,
        Errno::TokenBlank,
    );
}

#[test]
fn login_takes_what_connectors_send() {
    let body = r#"{"username":"api","password":"5F4DCC3B5AA765D61D8327DEB882CF99","port":8001,
        "version":"2.0.0","url":"10.0.0.5:8001/report","urltag":1,"extra":{"a":[1]}}"#;
    let expected = Login {
        username: "api".into(),
        password: auth::password("5f4dcc3b5aa765d61d8327deb882cf99"),
        report_port: 8001,
        report_url: Some(Secret::new("10.0.0.5:8001/report")),
        url_kind: UrlKind::Complete,
        report_format: ReportFormat::V2_0_0,
    };
    assert_eq!(call(Method::Post, LOGIN, body), Ok(Call::Login(expected)));
}

#[test]
fn login_without_a_hash_is_left_to_be_counted() {
    let Ok(Call::Login(login)) = call(Method::Post, LOGIN, r#"{"username":"api","password":"plain"}"#) else {
        panic!("a wrong password is not the parser's to refuse");
    };
    assert_eq!(login.password, None);
    assert_eq!(
        (login.report_port, login.url_kind, login.report_format),
        (8260, UrlKind::Path, ReportFormat::V1_0_0)
    );
}

#[test]
fn login_needs_a_name_and_a_password() {
    check_errno(Method::Post, LOGIN, "", Errno::DataBlank);
    for body in [
        "{}",
        r#"{"username":"api"}"#,
        r#"{"username":"api","password":""}"#,
        r#"{"username":" ","password":"x"}"#,
        r#"{"username":null,"password":"x"}"#,
        r#"{"username":["api"],"password":"x","port":"x"}"#,
    ] {
        check_errno(Method::Post, LOGIN, body, Errno::ParameterBlank);
    }
}

#[track_caller]
fn check_port(json: &str, expected: Result<u16, Errno>) {
    let body = format!(r#"{{"username":"api","password":"x","port":{json}}}"#);
    let port = call(Method::Post, LOGIN, &body).map(|call| match call {
        Call::Login(login) => login.report_port,
        other => panic!("{other:?}"),
    });
    assert_eq!(port, expected, "for {json}");
}

#[test]
fn ports() {
    for json in ["null", r#""""#, r#"" ""#, "0", r#""0""#] {
        check_port(json, Ok(8260));
    }
    check_port(r#""8260""#, Ok(8260));
    check_port(r#"" 8001 ""#, Ok(8001));
    check_port("8001", Ok(8001));
    check_port("8001.0", Ok(8001));
    check_port("65535", Ok(65535));
    for json in
        ["65536", "-1", r#""-1""#, "80.5", r#""http""#, r#""nan""#, r#""inf""#, "true", "[8260]", "1e30"]
    {
        check_port(json, Err(Errno::BadPort));
    }
}

#[track_caller]
fn check_heartbeat(body: &str, expected: Heartbeat) {
    assert_eq!(call(Method::Post, HEARTBEAT, body), Ok(Call::Heartbeat(expected)), "for {body}");
}

#[test]
fn heartbeat_changes_what_it_names() {
    let nothing =
        Heartbeat { address: None, report_port: None, report_url: None, url_kind: None, report_format: None };
    for body in ["", "{}", r#"{"ipaddr":"","port":0,"url":null,"urltag":"","version":" "}"#] {
        check_heartbeat(body, nothing.clone());
    }
    check_heartbeat(
        r#"{"ipaddr":"::ffff:10.0.0.7","port":8261}"#,
        Heartbeat { address: Some(IpAddr::from([10, 0, 0, 7])), report_port: Some(8261), ..nothing.clone() },
    );
    for tag in ["urltag", "urlflag"] {
        check_heartbeat(
            &format!(r#"{{"url":"h:1/x","{tag}":"1","version":"1.0.2"}}"#),
            Heartbeat {
                report_url: Some(Secret::new("h:1/x")),
                url_kind: Some(UrlKind::Complete),
                report_format: Some(ReportFormat::V1_0_2),
                ..nothing.clone()
            },
        );
    }
    let by_query = call(Method::Get, "/api/v1.10/heartbeat?token=t&port=8261&ipaddr=10.0.0.7", "");
    assert_eq!(
        by_query,
        Ok(Call::Heartbeat(Heartbeat {
            address: Some(IpAddr::from([10, 0, 0, 7])),
            report_port: Some(8261),
            ..nothing
        }))
    );
}

#[test]
fn heartbeat_refuses_what_it_cannot_use() {
    check_errno(Method::Post, HEARTBEAT, r#"{"port":"x"}"#, Errno::BadPort);
    for body in [
        r#"{"ipaddr":"pbx.example.org"}"#,
        r#"{"ipaddr":"10.0.0.7:8260"}"#,
        r#"{"urltag":"2"}"#,
        r#"{"version":"3.0.0"}"#,
        r#"{"url":["x"]}"#,
    ] {
        check_errno(Method::Post, HEARTBEAT, body, Errno::HeartbeatRejected);
    }
}

#[track_caller]
fn check_allowed(json: &str, expected: Result<Option<&str>, Errno>) {
    let body = format!(r#"{{"recording":"a.wav","allowedip":{json}}}"#);
    let address = call(Method::Post, GET_RANDOM, &body).map(|call| match call {
        Call::RecordingGetRandom(asked) => asked.allowed_address,
        other => panic!("{other:?}"),
    });
    let expected = expected.map(|text| text.map(|text| text.parse().expect("an address")));
    assert_eq!(address, expected, "for {json}");
}

#[test]
fn allowed_addresses() {
    for json in ["null", r#""""#, r#"" ""#] {
        check_allowed(json, Ok(None));
    }
    check_allowed(r#"" 10.0.0.7 ""#, Ok(Some("10.0.0.7")));
    check_allowed(r#""2001:db8::7""#, Ok(Some("2001:db8::7")));
    check_allowed(r#""::FFFF:10.0.0.7""#, Ok(Some("10.0.0.7")));
    for json in [
        r#""10.0.0.7,10.0.0.8""#,
        r#""10.0.0.7 10.0.0.8""#,
        r#""10.0.0.0/24""#,
        r#""10.0.0.*""#,
        r#""crm.example.org""#,
        r#""10.0.0.7:80""#,
        r#""[2001:db8::7]""#,
        r#""10.0.0.07""#,
        r#""10.1""#,
        "167772167",
        r#"["10.0.0.7"]"#,
    ] {
        check_allowed(json, Err(Errno::AddressRefused));
    }
}

#[test]
fn download_links() {
    let expected = |headers_only| {
        Ok(Call::RecordingDownload(RecordingDownload {
            recording: SentName::from_query("a%20b.wav").expect("safe"),
            random: Secret::new("120732c546381fb020f17fba676b0ea0"),
            headers_only,
        }))
    };
    let one =
        "/api/v1.0.1/recording/download?recording=a%20b.wav&random=120732c546381fb020f17fba676b0ea0&token=t";
    let other =
        "/api/v1.0.1/recording/download?token=t&random=120732c546381fb020f17fba676b0ea0&recording=a%20b.wav";
    assert_eq!(call(Method::Get, one, ""), expected(false));
    assert_eq!(call(Method::Get, other, ""), expected(false));
    assert_eq!(call(Method::Post, one, "not looked at"), expected(false));
    assert_eq!(call(Method::Head, one, ""), expected(true));
}

#[test]
fn download_links_without_their_parts() {
    let base = "/api/v1.0.1/recording/download?token=t";
    for rest in ["", "&recording=a.wav", "&recording=a.wav&random=", "&random=r", "&recording=&random=r"] {
        check_errno(Method::Get, &format!("{base}{rest}"), "", Errno::RandomInvalid);
    }
    let path = format!("{base}&random=r&recording=..%2F..%2Fetc%2Fpasswd");
    check_errno(Method::Get, &path, "", Errno::RecordingMissing);
}

#[test]
fn nothing_secret_prints() {
    let secret = "5f4dcc3b5aa765d61d8327deb882cf99";
    let target = format!("/api/v2.0.0/recording/download?recording=a.wav&random={secret}&token={secret}");
    let download = head(Method::Get, &target, b"").expect("complete");
    let body = format!(r#"{{"username":"api","password":"{secret}","url":"https://h/?key={secret}"}}"#);
    let login = head(Method::Post, LOGIN, body.as_bytes()).expect("complete");
    for text in [
        format!("{download:?}"),
        format!("{:?}", download.call()),
        format!("{login:?}"),
        format!("{:?}", login.call()),
    ] {
        assert!(!text.contains(secret), "{text}");
    }
}

proptest! {
    #[test]
    fn no_input_panics(
        method in "POST|GET|HEAD|OPTIONS|PUT|.*",
        path in "(/api/(v1\\.1\\.0|v1\\.10|v2\\.0\\.0)/(login|heartbeat|logout|token/refresh|(recording|cdr|voicemail)/(get_random|download)|(voicemail|extension|queue)/query))|.*",
        query in "((token|random|recording|port|allowedip|number|extid|starttime|endtime|voicemailfile|voicemailstatus|.?)=(.|%[0-9a-f]{2}|%|2018-0[0-9]-0[0-9]%2000:00:00|read){0,3}&?){0,9}",
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..64),
            "\\{\"(recording|port|username|url|ipaddr|number|starttime|refreshtoken)\":(\".*\"|-?[0-9]{1,30}(e[0-9]{1,3})?|null|\\[\\])\\}"
                .prop_map(String::into_bytes),
        ],
    ) {
        if let Ok(Opening::Call(head)) = parse_head(Method::parse(&method), &path, &query, &body) {
            let _outcome = head.call();
        }
    }
}
