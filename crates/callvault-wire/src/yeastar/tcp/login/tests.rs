//! Tests of the login reader.

use callvault_core::secret::Secret;
use proptest::prelude::*;

use super::*;

/// What `printf Callvault1 | md5sum` prints.
const MD5: &str = "058b4f17c7536ed003fb4da1df4759a0";

fn login(report_format: ReportFormat) -> Progress {
    let password = PasswordMd5::from_hex(MD5).expect("32 digits");
    Progress::Login(TcpLogin { username: "api".into(), password, report_format })
}

/// Whole, and byte by byte.
#[track_caller]
fn check(text: &str, expected: &Progress) {
    assert_eq!(LoginReader::new().push(text.as_bytes()), *expected, "for {text:?}");
    let mut reader = LoginReader::new();
    let found = text.bytes().map(|byte| reader.push(&[byte])).find(|progress| *progress != Progress::Pending);
    assert_eq!(found.unwrap_or(Progress::Pending), *expected, "for {text:?} in bytes");
}

#[test]
fn lines_of_a_login() {
    let plain = login(ReportFormat::V1_0_0);
    check("Action: login\r\nUsername: api\r\nSecret: Callvault1\r\n\r\n", &plain);
    check(&format!("Action: login\r\nUsername: api\r\nSecret: {MD5}\r\n\r\n"), &plain);
    check(&format!("Action: login\r\nUsername: api\r\nSecret: {}\r\n\r\n", MD5.to_uppercase()), &plain);
    check("\r\nACTION:Login\nusername:api\nPassword:Callvault1\nActionID: 7\n\n", &plain);
    check("Username: api\r\nSecret: Callvault1\r\n \r\n", &plain);
    check("Username: me\r\nUsername: api\r\nSecret: Callvault1\r\n\r\n", &plain);
    check("Username: api\r\nSecret: Callvault1\r\nVersion: 9\r\n\r\n", &plain);
    let newest = login(ReportFormat::V2_0_0);
    for version in ["2.0.0", "v2.0.0", " 2.0.0 "] {
        check(
            &format!("Action: login\r\nUsername: api\r\nSecret: Callvault1\r\nVersion:{version}\r\n\r\n"),
            &newest,
        );
    }
}

#[test]
fn a_login_in_json() {
    check(r#"{"action":"login","username":"api","secret":"Callvault1"}"#, &login(ReportFormat::V1_0_0));
    check(
        "\u{feff}\r\n{\"Action\":\"Login\",\r\n\r\n\"UserName\":\"api\",\"x\":{\"}\":\"\\\"}\"},\
         \"password\":\"Callvault1\",\"version\":\"1.0.2\"}\r\n",
        &login(ReportFormat::V1_0_2),
    );
}

#[test]
fn not_yet() {
    for text in
        ["", "\r\n\r\n", "Action: login\r\nUsername: api\r\nSecret: x\r\n", "GET / HTTP/1.1", "{\"a\":{}"]
    {
        check(text, &Progress::Pending);
    }
}

#[test]
fn no_logins() {
    for (text, invalid) in [
        ("GET / HTTP/1.1\r\n", InvalidLogin::Malformed),
        ("\u{16}\u{3}\u{1}\n", InvalidLogin::Malformed),
        ("{\"a\" 1}", InvalidLogin::Malformed),
        ("Action: Ping\r\n\r\n", InvalidLogin::OtherAction),
        (r#"{"action":"ping","username":"api","secret":"x"}"#, InvalidLogin::OtherAction),
        ("Action: login\r\n\r\n", InvalidLogin::Incomplete),
        ("Action: login\r\nUsername: \r\nSecret: x\r\n\r\n", InvalidLogin::Incomplete),
        ("Action: login\r\nUsername: api\r\nSecret:\r\n\r\n", InvalidLogin::Incomplete),
        (r#"{"username":"api","secret":["x"]}"#, InvalidLogin::Incomplete),
    ] {
        check(text, &Progress::Invalid(invalid));
    }
    check(&"a".repeat(MOST_LOGIN_BYTES + 1), &Progress::Invalid(InvalidLogin::TooLong));
    check(&"{".repeat(MOST_LOGIN_BYTES + 1), &Progress::Invalid(InvalidLogin::TooLong));
}

#[test]
fn of_names_in_different_case_the_last_counts() {
    let plain = login(ReportFormat::V1_0_0);
    check("USERNAME: me\nUsername: api\nSecret: Callvault1\n\n", &plain);
    check(r#"{"username":"me","Username":"api","secret":"Callvault1"}"#, &plain);
    check(r#"{"Username":"me","username":"api","secret":"Callvault1"}"#, &plain);
    let blank = Progress::Invalid(InvalidLogin::Incomplete);
    check("Username: api\nUSERNAME:\nSecret: Callvault1\n\n", &blank);
    check(r#"{"username":"api","USERNAME":"","secret":"Callvault1"}"#, &blank);
}

#[test]
fn what_lies_beyond_the_longest_login_is_not_judged() {
    let too_long = Progress::Invalid(InvalidLogin::TooLong);
    check(&format!("{}\r\n", "a".repeat(MOST_LOGIN_BYTES + 1)), &too_long);
    check(&format!("Username: {}\nno colon\n", "a".repeat(MOST_LOGIN_BYTES)), &too_long);
    let fits = format!("X: {}\nUsername: api\nSecret: Callvault1\n\n", "a".repeat(MOST_LOGIN_BYTES - 38));
    assert_eq!(fits.len(), MOST_LOGIN_BYTES);
    check(&fits, &login(ReportFormat::V1_0_0));
    check(&fits.replace("X: ", "X:  "), &too_long);
}

#[test]
fn a_client_may_try_again() {
    let mut reader = LoginReader::new();
    let text = "Action: Ping\r\n\r\nUsername: api\r\nSecret: Callvault1\r\n\r\n";
    assert_eq!(reader.push(text.as_bytes()), Progress::Invalid(InvalidLogin::OtherAction));
    assert_eq!(reader.push(b""), login(ReportFormat::V1_0_0));
    assert_eq!(reader.push(b""), Progress::Pending);
}

#[test]
fn a_forgotten_blank_line_is_forgiven_in_the_end() {
    let mut reader = LoginReader::new();
    assert_eq!(reader.push(b"Username: api\r\nSecret: Callvault1"), Progress::Pending);
    assert_eq!(reader.finish(), login(ReportFormat::V1_0_0));
    assert_eq!(reader.finish(), Progress::Invalid(InvalidLogin::Incomplete));
}

#[test]
fn nothing_secret_prints() {
    let mut reader = LoginReader::new();
    reader.push(b"Username: api\r\nSecret: Hush1\r\n");
    let shown = format!("{reader:?} {:?}", reader.finish());
    let md5 = PasswordMd5::of_password(&Secret::new("Hush1"));
    assert!(!shown.contains("Hush1") && !shown.contains(md5.reveal()), "{shown}");
}

proptest! {
    #[test]
    fn no_input_panics(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..40),
                "((action|username|secret|version): ?[a-z0-9.]{0,9}\r?\n){0,4}\n?".prop_map(String::into_bytes),
                "[{}\"\\\\:,a-z]{0,40}".prop_map(String::into_bytes),
            ],
            0..8,
        ),
    ) {
        let mut reader = LoginReader::new();
        for piece in pieces {
            if let Progress::Login(login) = reader.push(&piece) {
                prop_assert!(!login.username.trim().is_empty());
            }
            prop_assert!(reader.buffer.len() <= MOST_LOGIN_BYTES);
        }
        let _end = reader.finish();
    }
}
