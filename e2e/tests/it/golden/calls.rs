//! The pairs around call records, refresh tokens, voicemail and the device.

use serde_json::{Value, json};

use super::{PLAIN, PLUS, Pair, address, matches, pairs, replace, report};
use crate::support::audio::noise_wav;
use crate::support::http::{encode, get, post};
use crate::support::vault::{PASSWORD, Server, Vault};
use crate::support::yeastar::try_login;

/// The four call records of the README, as a device wrote them.
const CALLS: &str = "\
callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrunkname,status,type,pincode,recording,didnumber,sn
1525421111.10,2018-05-04 08:05:11,4000,4001,21,16,,,ANSWERED,Internal,,20180504080515-1525421111.10-4000-4001-Internal.wav,,360000000000
1525428000.11,2018-05-04 10:00:00,+4930123456,4001,42,34,TRUNK1,,ANSWERED,Inbound,,,5503301,360000000000
1525435200.12,2018-05-04 12:00:00,4000,901234,30,0,,\"Trunk, second\",NO ANSWER,Outbound,77,,,360000000000
1525478400.13,2018-05-05 00:00:00,4001,4000,3,0,,,BUSY,Internal,,,,360000000000
";

/// The body that asks for a ticket, without `allowedip`.
fn wanted(subject: &str) -> (&'static str, Value) {
    let (number, from, to) = match subject {
        "recording" => return ("recording/get_random", json!({"recording": PLAIN})),
        "cdr-all" => ("all", "2018-05-04 00:00:00", "2018-05-04 23:59:59"),
        "cdr-one" => ("4000", "2018-05-04 00:00:00", "2018-05-04 23:59:59"),
        "cdr-plus" => ("+4930123456", "2018-05-04 00:00:00", "2018-05-04 23:59:59"),
        "cdr-ends" => ("4000,4001", "2018-05-04 12:00:00", "2018-05-05 00:00:00"),
        other => panic!("no subject {other:?}"),
    };
    ("cdr/get_random", json!({"number": number, "starttime": from, "endtime": to}))
}

/// A session's token and refresh token.
fn log_in(server: &Server, home: &str) -> (String, String) {
    let answer = try_login(server.http, home, "api", PASSWORD).json();
    let text = |member: &str| answer[member].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    (text("token"), text("refreshtoken"))
}

fn ticket(pair: &Pair, server: &Server, home: &str, token: &str) -> String {
    let Some(state) = pair.world("ticket").filter(|state| *state != "none") else { return "0".repeat(32) };
    let issuer = if state == "other-session" { log_in(server, home).0 } else { token.to_owned() };
    let (call, mut body) = wanted(pair.world("subject").unwrap_or("recording"));
    body["allowedip"] = json!("127.0.0.7");
    let asked = post(format!("/api/v2.0.0/{call}?token={issuer}"), body.to_string());
    let answer = asked.from(home).send(server.http).json();
    let random = answer["random"].as_str().unwrap_or_else(|| panic!("{}: {answer}", pair.name)).to_owned();
    if state == "used" {
        let mut link = format!("/api/v2.0.0/{}?", call.replace("get_random", "download"));
        for (name, value) in body.as_object().expect("an object") {
            link.push_str(&format!("{name}={}&", encode(value.as_str().expect("a text"))));
        }
        let used = get(format!("{link}random={random}&token={token}")).from(home).send(server.http);
        assert_ne!(used.header("content-type"), Some("application/json"), "{}: {}", pair.name, used.text());
    }
    random
}

/// Makes the world of a pair and gives what fills its placeholders.
fn prepare(pair: &Pair, server: &Server, home: &str) -> [(&'static str, String); 3] {
    let (mut token, mut refresh) = ("0".repeat(32), "0".repeat(32));
    if pair.world("as") == Some("api-user") {
        (token, refresh) = log_in(server, home);
    }
    let random = ticket(pair, server, home, &token);
    if pair.world("token") == Some("logged-out") {
        get(format!("/api/v2.0.0/logout?token={token}")).from(home).send(server.http);
    }
    if pair.world("refresh") == Some("used") {
        let link = format!("/api/v2.0.0/token/refresh?refreshtoken={refresh}");
        assert_eq!(get(link).from(home).send(server.http).json()["status"], "Success", "{}", pair.name);
    }
    [("{{token}}", token), ("{{refresh}}", refresh), ("{{random}}", random)]
}

#[test]
fn yeastar_call_pairs() {
    let (mut replayed, mut faults) = (0, Vec::new());
    for calls in ["none", "some"] {
        let vault = Vault::with_api_person();
        vault.add_person(1, "desk", "user", PASSWORD);
        vault.ok(["customer", "set", "1", "--serial", "360000000000", "--device-name", "Callvault"]);
        let audio = noise_wav(11, 32_000);
        for name in [PLAIN, PLUS] {
            vault.import_as(name, &audio);
        }
        if calls == "some" {
            let file = vault.folder().join("calls.csv");
            fs_err::write(&file, CALLS).expect("the calls");
            vault.ok(["call", "import", "--customer", "1", file.to_str().expect("a path in UTF-8")]);
        }
        for option in ["device", "real-status", "empty-is-missing"] {
            let server = vault.serve();
            let errors = if option == "real-status" { "status" } else { "envelope" };
            let empty = if option == "empty-is-missing" { "missing" } else { "header" };
            vault.ok(["person", "set", "api", "--download-errors", errors, "--empty-calls", empty]);
            for (index, pair) in pairs("yeastar-calls").iter().enumerate() {
                let is_meant = |word, default, here| pair.world(word).unwrap_or(default) == here;
                if pair.needs_more()
                    || !is_meant("option", "device", option)
                    || !is_meant("calls", "none", calls)
                {
                    continue;
                }
                replayed += 1;
                let home = address(index);
                let fill = prepare(pair, &server, home);
                let fill: Vec<_> = fill.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let peer = match pair.world("peer") {
                    Some("allowed") => "127.0.0.7",
                    Some("stranger") => "127.0.0.8",
                    _ => home,
                };
                let answer = pair.send(&server, peer, &fill);
                match pair.check_head(&answer, &[]) {
                    Err(fault) => faults.push(fault),
                    Ok(body) if matches(&replace(&body, "{{audio}}", &audio), &answer.body) => {}
                    Ok(_) => faults.push(format!("{}: the body is {}", pair.name, answer.text())),
                }
            }
            server.stop();
        }
    }
    assert!(replayed >= 270, "only {replayed} pairs were replayed");
    report("Yeastar, calls", replayed, &faults);
}
