//! Calls that make and take tickets for call records and voicemail.

use super::*;
use crate::yeastar::time::CivilTime;

const CDR: &str = "/api/v2.0.0/cdr/get_random?token=t";
const VOICEMAIL: &str = "/api/v2.0.0/voicemail/get_random?token=t";

fn selection(numbers: &str, start: &str, end: &str) -> CdrSelection {
    CdrSelection {
        numbers: NumberList::parse(numbers).expect("a list"),
        start: CivilTime::parse(start).expect("a time"),
        end: CivilTime::parse(end).expect("a time"),
    }
}

fn day(numbers: &str) -> CdrSelection {
    selection(numbers, "2018-05-04 00:00:00", "2018-05-04 23:59:59")
}

const DAY: &str = r#""starttime":"2018-05-04 00:00:00","endtime":"2018-05-04 23:59:59""#;

#[track_caller]
fn check_cdr(target: &str, body: &str, expected: &CdrSelection, echo: &str) {
    match call(Method::Post, target, body) {
        Ok(Call::CdrGetRandom(asked)) => {
            assert_eq!((&asked.selection, asked.echo_numbers.as_str()), (expected, echo), "for {body}");
        }
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn call_records_by_either_name() {
    for version in ["v1.1.0", "v2.0.0"] {
        let target = format!("/api/{version}/cdr/get_random?token=t");
        for name in ["number", "extid"] {
            check_cdr(&target, &format!(r#"{{"{name}":"4000",{DAY}}}"#), &day("4000"), "4000");
            check_cdr(&target, &format!(r#"{{"{name}":4000,{DAY}}}"#), &day("4000"), "4000");
            check_cdr(&target, &format!(r#"{{"{name}":"4001,4000",{DAY}}}"#), &day("4000,4001"), "4001,4000");
            check_cdr(&target, &format!(r#"{{"{name}":"all",{DAY}}}"#), &day("all"), "all");
            check_cdr(&target, &format!(r#"{{"{name}":" ",{DAY}}}"#), &day("all"), "all");
        }
        check_cdr(&target, &format!("{{{DAY}}}"), &day("all"), "all");
    }
    let by_query = "/api/v1.1.0/cdr/get_random?token=t&extid=all&starttime=2018-05-04+00:00:00&endtime=2018-05-04%2023%3A59%3A59";
    let asked = call(Method::Get, by_query, "");
    assert!(matches!(&asked, Ok(Call::CdrGetRandom(asked)) if asked.selection == day("all")), "{asked:?}");
}

#[test]
fn call_records_need_times() {
    check_errno(Method::Post, CDR, "", Errno::DataBlank);
    for body in [
        "{}",
        r#"{"number":"all"}"#,
        r#"{"number":"all","starttime":"2018-05-04 00:00:00"}"#,
        r#"{"number":"all","starttime":" ","endtime":"x"}"#,
        r#"{"number":["4000"],"starttime":"x","endtime":"x","allowedip":"x"}"#,
        r#"{"number":",","starttime":"x","endtime":"x"}"#,
    ] {
        check_errno(Method::Post, CDR, body, Errno::ParameterBlank);
    }
    check_errno(
        Method::Post,
        CDR,
        r#"{"starttime":"x","endtime":"x","allowedip":"x"}"#,
        Errno::AddressRefused,
    );
    for (start, end) in [
        ("2018-05-04", "2018-05-05"),
        ("2018/05/04 00:00:00", "2018-05-04 23:59:59"),
        ("2018-05-04 00:00:00", "2018-02-30 00:00:00"),
        ("1525392000", "1525478399"),
        ("2018-05-04 00:00:01", "2018-05-04 00:00:00"),
    ] {
        let body = format!(r#"{{"starttime":"{start}","endtime":"{end}"}}"#);
        check_errno(Method::Post, CDR, &body, Errno::CdrTimeWrong);
    }
    let one_second = selection("all", "2018-05-04 00:00:00", "2018-05-04 00:00:00");
    check_cdr(
        CDR,
        r#"{"starttime":"2018-05-04 00:00:00","endtime":"2018-05-04 00:00:00"}"#,
        &one_second,
        "all",
    );
}

#[track_caller]
fn check_cdr_link(rest: &str, ticket: &CdrSelection, expected: bool) {
    let target = format!("/api/v1.1.0/cdr/download?{rest}&token=t&random=r");
    for method in [Method::Get, Method::Post, Method::Head] {
        match call(method, &target, "not looked at") {
            Ok(Call::CdrDownload(link)) => {
                assert_eq!(link.matches(ticket), expected, "for {rest}");
                assert_eq!(link.headers_only, method == Method::Head);
            }
            other => panic!("{rest}: {other:?}"),
        }
    }
}

#[test]
fn links_are_compared_after_decoding() {
    for (start, end) in [
        ("2018-05-04%2000:00:00", "2018-05-04%2023%3A59%3A59"),
        ("2018-05-04+00%3a00%3a00", "2018-05-04+23:59:59"),
        ("2018-05-04 00:00:00", "2018-05-04 23:59:59"),
        ("2018-05-04%252000:00:00", "2018-05-04%252023:59:59"),
    ] {
        let times = format!("starttime={start}&endtime={end}");
        check_cdr_link(&format!("extid=4000&{times}"), &day("4000"), true);
        check_cdr_link(&format!("{times}&number=4001%2c4000"), &day("4000,4001"), true);
        check_cdr_link(&format!("{times}&number=4001,4000"), &day("4000,4001"), true);
        check_cdr_link(&format!("{times}&number=all"), &day("all"), true);
        check_cdr_link(&times, &day("all"), true);
        check_cdr_link(&format!("number=+&{times}"), &day("all"), true);
        check_cdr_link(&format!("extid=4000&{times}"), &day("4001"), false);
        check_cdr_link(&format!("extid=4000&{times}"), &day("all"), false);
        check_cdr_link(&times, &day("4000"), false);
        for number in ["+49301", "%2B49301"] {
            check_cdr_link(&format!("number={number},4000&{times}"), &day("4000,+49301"), true);
        }
        check_cdr_link(&format!("number=4000,+4001&{times}"), &day("4000,4001"), true);
    }
    let other_end = "number=all&starttime=2018-05-04%2000:00:00&endtime=2018-05-04%2023:59:58";
    check_cdr_link(other_end, &day("all"), false);
}

#[test]
fn links_without_their_parts() {
    let base = "/api/v2.0.0/cdr/download?token=t";
    let times = "&starttime=2018-05-04%2000:00:00&endtime=2018-05-04%2023:59:59";
    for rest in [
        "",
        "&number=all&random=r",
        times,
        &format!("&random={times}"),
        "&random=r&starttime=2018-05-04%2000:00:00",
        &format!("&random=r&number=,{times}"),
    ] {
        check_errno(Method::Get, &format!("{base}{rest}"), "", Errno::CdrRandomInvalid);
    }
    for rest in [
        "&random=r&starttime=x&endtime=y",
        "&random=r&starttime=2018-05-04%2000:00:01&endtime=2018-05-04%2000:00:00",
    ] {
        check_errno(Method::Get, &format!("{base}{rest}"), "", Errno::CdrTimeWrong);
    }
    let base = "/api/v2.0.0/voicemail/download?token=t";
    for rest in [
        "",
        "&number=1000&voicemailfile=msg0000.wav&voicemailstatus=read",
        "&random=r&voicemailfile=msg0000.wav&voicemailstatus=read",
        "&random=r&number=1000&voicemailstatus=read",
        "&random=r&number=1000&voicemailfile=msg0000.wav",
    ] {
        check_errno(Method::Get, &format!("{base}{rest}"), "", Errno::VoicemailRandomInvalid);
    }
    let rest = "&random=r&number=1000&voicemailfile=msg0000.wav&voicemailstatus=new";
    check_errno(Method::Get, &format!("{base}{rest}"), "", Errno::VoicemailStatus);
    let rest = "&random=r&number=1000&voicemailfile=..%2Fx&voicemailstatus=read";
    check_errno(Method::Get, &format!("{base}{rest}"), "", Errno::VoicemailMissing);
}

#[test]
fn voicemail_by_either_name() {
    for (version, name) in
        [("v1.1.0", "extid"), ("v2.0.0", "number"), ("v1.1.0", "number"), ("v2.0.0", "extid")]
    {
        let expected = VoicemailGetRandom {
            number: "1004".into(),
            file: SentName::from_json("msg0000.wav").expect("safe"),
            status: VoicemailStatus::Unread,
            allowed_address: Some(IpAddr::from([10, 0, 0, 7])),
        };
        let target = format!("/api/{version}/voicemail/get_random?token=t");
        for number in [r#""1004""#, "1004", r#"" 1004 ""#] {
            let body = format!(
                r#"{{"{name}":{number},"voicemailfile":"msg0000.wav","voicemailstatus":"Unread","allowedip":"10.0.0.7"}}"#
            );
            assert_eq!(
                call(Method::Post, &target, &body),
                Ok(Call::VoicemailGetRandom(expected.clone())),
                "for {body}"
            );
        }
        let link = format!(
            "/api/{version}/voicemail/download?{name}=1004&voicemailstatus=unread&token=t&voicemailfile=msg0000.wav&random=r"
        );
        let expected = VoicemailDownload {
            number: "1004".into(),
            file: SentName::from_query("msg0000.wav").expect("safe"),
            status: VoicemailStatus::Unread,
            random: Secret::new("r"),
            headers_only: false,
        };
        assert_eq!(call(Method::Get, &link, ""), Ok(Call::VoicemailDownload(expected)));
    }
}

#[test]
fn voicemail_has_its_codes() {
    check_errno(Method::Post, VOICEMAIL, "", Errno::DataBlank);
    for body in [
        "{}",
        r#"{"voicemailfile":"msg0000.wav","voicemailstatus":"read"}"#,
        r#"{"number":"1004","voicemailstatus":"read"}"#,
        r#"{"number":"all","voicemailfile":"msg0000.wav"}"#,
    ] {
        check_errno(Method::Post, VOICEMAIL, body, Errno::ParameterBlank);
    }
    // Each has the faults of those below it too.
    for (number, address, status, expected) in [
        ("1004,1005", "x", "new", Errno::ExtensionUnknown),
        ("all", "x", "new", Errno::ExtensionUnknown),
        ("1004", "x", "new", Errno::AddressRefused),
        ("1004", "", "new", Errno::VoicemailStatus),
        ("1004", "", "read", Errno::VoicemailMissing),
    ] {
        let body = format!(
            r#"{{"number":"{number}","allowedip":"{address}","voicemailstatus":"{status}","voicemailfile":"a/b"}}"#
        );
        check_errno(Method::Post, VOICEMAIL, &body, expected);
    }
}

#[test]
fn nothing_secret_prints_of_later_calls() {
    let secret = "5f4dcc3b5aa765d61d8327deb882cf99";
    let times = "starttime=2018-05-04%2000:00:00&endtime=2018-05-04%2023:59:59";
    for target in [
        format!("/api/v2.0.0/cdr/download?{times}&random={secret}&token={secret}"),
        format!(
            "/api/v2.0.0/voicemail/download?number=1&voicemailfile=a&voicemailstatus=read&random={secret}&token={secret}"
        ),
        format!("/api/v2.0.0/token/refresh?refreshtoken={secret}"),
    ] {
        let head = head(Method::Get, &target, b"").expect("complete");
        let shown = format!("{head:?} {:?}", head.call().expect("complete"));
        assert!(!shown.contains(secret), "{shown}");
    }
}
