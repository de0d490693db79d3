//! Calls that ask about the phone system, and `token/refresh`.

use super::*;

#[track_caller]
fn check_numbers(endpoint: &str, body: &str, expected: &str) {
    let call = call(Method::Post, &format!("/api/v1.1.0/{endpoint}?token=t"), body);
    let numbers = match call {
        Ok(Call::ExtensionQuery(numbers) | Call::QueueQuery(numbers) | Call::VoicemailQuery(numbers)) => {
            numbers
        }
        other => panic!("{endpoint} {body}: {other:?}"),
    };
    assert_eq!(numbers.to_string(), expected, "for {endpoint} {body}");
}

#[test]
fn lists_of_numbers_by_either_name() {
    for (endpoint, old) in
        [("extension/query", "extid"), ("voicemail/query", "extid"), ("queue/query", "queueid")]
    {
        for name in ["number", old] {
            check_numbers(endpoint, &format!(r#"{{"{name}":"4000"}}"#), "4000");
            check_numbers(endpoint, &format!(r#"{{"{name}":4000}}"#), "4000");
            check_numbers(endpoint, &format!(r#"{{"{name}":"4001, 4000"}}"#), "4000,4001");
            check_numbers(endpoint, &format!(r#"{{"{name}":"all"}}"#), "all");
        }
        for body in ["", "{}", r#"{"number":""}"#, r#"{"number":null}"#] {
            check_numbers(endpoint, body, "all");
        }
        check_numbers(endpoint, &format!(r#"{{"number":"","{old}":"4000"}}"#), "4000");
        for body in [r#"{"number":","}"#, r#"{"number":["4000"]}"#] {
            check_errno(
                Method::Post,
                &format!("/api/v2.0.0/{endpoint}?token=t"),
                body,
                Errno::ParameterBlank,
            );
        }
    }
}

#[test]
fn queries_by_get() {
    let asked = call(Method::Get, "/api/v1.0.0/extension/query?token=t&extid=4000%2C4001", "");
    assert_eq!(asked, Ok(Call::ExtensionQuery(NumberList::parse("4000,4001").expect("a list"))));
    for (endpoint, expected) in [
        ("deviceinfo/query", Call::DeviceInfoQuery),
        ("extensionlist/query", Call::ExtensionList),
        ("extension/list", Call::ExtensionList),
        ("trunklist/query", Call::TrunkList),
        ("trunk/list", Call::TrunkList),
    ] {
        let target = format!("/api/v2.0.0/{endpoint}?token=t");
        for (method, body) in [(Method::Get, ""), (Method::Post, ""), (Method::Post, "{}")] {
            assert_eq!(call(method, &target, body), Ok(expected.clone()), "for {method:?} {endpoint} {body}");
        }
        check_errno(Method::Post, &target, "<x/>", Errno::XmlBody);
        check_errno(Method::Post, &target, "a=b", Errno::NotJson);
        check_errno(Method::Post, &format!("/api/v2.0.0/{endpoint}"), "{}", Errno::TokenBlank);
    }
}

#[test]
fn a_token_is_refreshed_without_a_token() {
    let target = "/api/v2.0.0/token/refresh";
    let expected = Call::TokenRefresh(TokenRefresh { refresh_token: Secret::new("55c7abd9") });
    assert_eq!(call(Method::Post, target, r#"{"refreshtoken":" 55c7abd9 "}"#), Ok(expected.clone()));
    assert_eq!(call(Method::Get, &format!("{target}?refreshtoken=55c7abd9"), ""), Ok(expected));
    let with_token = format!("{target}?token=old");
    let head = head(Method::Post, &with_token, b"{}").expect("complete");
    assert_eq!(head.token, None);
    check_errno(Method::Post, target, "", Errno::DataBlank);
    check_errno(Method::Post, target, "{}", Errno::ParameterBlank);
    check_errno(Method::Post, target, r#"{"refreshtoken":" "}"#, Errno::ParameterBlank);
    check_errno(Method::Post, "/api/v1.0.2/token/refresh", r#"{"refreshtoken":"x"}"#, Errno::RequestUnknown);
}

/// The calls that the guides name and that change or steer what Callvault does not have.
#[test]
fn calls_that_are_documented_and_not_served() {
    for endpoint in [
        "companycontacts/add",
        "companycontacts/delete",
        "companycontacts/query",
        "companycontacts/update",
        "conference/add_member",
        "extension/barge",
        "extension/listen",
        "extension/playprompt",
        "extension/query_call",
        "extension/update",
        "extension/whisper",
        "extensiongroup/add",
        "extensiongroup/delete",
        "extensiongroup/query",
        "extensiongroup/update",
        "inbound/query",
        "inbound/transfer_ringgroup",
        "outbound/playprompt",
        "outbound/query",
        "queue/del_dynamicagent",
        "queue/query_status",
        "queue/update",
        "queuestatus/query",
        "ringgroup/dial_outbound",
    ] {
        for version in ["v1.0.0", "v1.1.0", "v2.0.0"] {
            let target = format!("/api/{version}/{endpoint}?token=t");
            check_errno(Method::Post, &target, "{}", Errno::RequestUnknown);
        }
    }
}
