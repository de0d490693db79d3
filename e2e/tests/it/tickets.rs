//! The life of a ticket on a real server: its age, who may use it, and what leaves it unused.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::audio::noise_wav;
use crate::support::http::{Request, get};
use crate::support::sha256;
use crate::support::vault::{PASSWORD, Vault};
use crate::support::yeastar::{login, login_from};

const NAME: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";
const OTHER_NAME: &str = "20170901181806-1504261084.7-1001-1003-Internal.wav";
const PLUS_NAME: &str = "20240305101530-1709633725.42-+4930123456-2002-Inbound.wav";

#[test]
fn ticket_age_is_thirty_seconds_of_real_time() {
    let vault = Vault::with_api_person();
    let audio = noise_wav(1, 16_000);
    vault.import_as(NAME, &audio);
    let server = vault.serve();
    let session = login(server.http, "api", PASSWORD);

    // The age is counted by the server from some moment between these two.
    let before = Instant::now();
    let (young, old) = (session.get_random(NAME), session.get_random(NAME));
    let after = Instant::now();
    let sleep_until = |moment: Instant| std::thread::sleep(moment.saturating_duration_since(Instant::now()));

    sleep_until(before + Duration::from_secs(29));
    let answer = session.download(NAME, &young);
    assert!(before.elapsed() < Duration::from_secs(30), "this machine is too slow to measure a second");
    assert_eq!(answer.body, audio, "at 29 s: {}", answer.text());

    sleep_until(after + Duration::from_secs(31));
    let answer = session.download(NAME, &old);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), r#"{"status":"Failed","errno":"20012"}"#, "at 31 s");
    println!("ticket age: audio at 29 s, errno 20012 at 31 s");
    server.stop();
}

#[test]
fn failed_attempts_leave_the_ticket_usable() {
    let vault = Vault::with_api_person();
    let audio = noise_wav(2, 16_000);
    vault.import_as(NAME, &audio);
    vault.import_as(OTHER_NAME, &noise_wav(3, 16_000));
    let server = vault.serve();
    let session = login(server.http, "api", PASSWORD);
    let other_session = login(server.http, "api", PASSWORD);

    let random = session.get_random(NAME);
    let link = session.link(NAME, &random);
    for (attempt, request, errno) in [
        ("a refused address", get(&link).from("127.0.0.3"), "20015"),
        ("another recording", get(session.link(OTHER_NAME, &random)), "20012"),
        ("a recording that is not there", get(session.link("nothing.wav", &random)), "20012"),
        ("another session of the same person", get(other_session.link(NAME, &random)), "20012"),
        ("no token", get(link.split("&token=").next().expect("a link")), "20005"),
        ("a token that nobody has", get(link.replace(&session.token, &"0".repeat(32))), "20004"),
        ("a method that is not served", Request::new("DELETE", &link), "20001"),
    ] {
        let answer = request.send(server.http);
        assert_eq!((answer.status, answer.errno().as_str()), (200, errno), "{attempt}: {}", answer.text());
    }
    let head = Request::new("HEAD", &link).send(server.http);
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), Some(audio.len().to_string().as_str()));
    assert_eq!(head.header("accept-ranges"), Some("none"));

    let answer = session.download(NAME, &random);
    assert_eq!(sha256(&answer.body), sha256(&audio), "the ticket was still good");
    assert_eq!(session.download(NAME, &random).errno(), "20012", "and is used now");
    server.stop();
}

#[test]
fn allowedip_opens_one_more_address_and_nothing_else() {
    let vault = Vault::with_api_person();
    let audio = noise_wav(4, 16_000);
    vault.import_as(NAME, &audio);
    let server = vault.serve();
    let session = login_from("127.0.0.2", server.http, "api", PASSWORD);

    for (allowed, from, errno) in [
        (json!({}), "127.0.0.2", None),
        (json!({"allowedip": " "}), "127.0.0.2", None),
        (json!({"allowedip": "127.0.0.9"}), "127.0.0.9", None),
        (json!({"allowedip": "::ffff:127.0.0.9"}), "127.0.0.9", None),
        (json!({"allowedip": "127.0.0.9"}), "127.0.0.2", None),
        (json!({"allowedip": "127.0.0.9"}), "127.0.0.3", Some("20015")),
        (json!({}), "127.0.0.9", Some("20015")),
    ] {
        let ticket = session.get_random_with(NAME, allowed.clone()).json();
        let random = ticket["random"].as_str().unwrap_or_else(|| panic!("{allowed}: {ticket}")).to_owned();
        // What a client claims about itself changes nothing: nobody configured a proxy.
        let answer = get(session.link(NAME, &random))
            .header("X-Forwarded-For", "127.0.0.2")
            .header("Forwarded", "for=127.0.0.2")
            .from(from)
            .send(server.http);
        match errno {
            None => {
                assert_eq!(sha256(&answer.body), sha256(&audio), "{allowed} from {from}: {}", answer.errno())
            }
            Some(errno) => assert_eq!(answer.errno(), errno, "{allowed} from {from}"),
        }
    }
    for bad in ["10.0.0.0/8", "a.example", "10.0.0.1,10.0.0.2", "10.0.0.*", "*"] {
        assert_eq!(session.get_random_with(NAME, json!({"allowedip": bad})).errno(), "20015", "{bad}");
    }
    server.stop();
}

#[test]
fn a_name_with_a_plus_is_found_however_it_is_written() {
    let vault = Vault::with_api_person();
    let audio = noise_wav(5, 16_000);
    vault.import_as(PLUS_NAME, &audio);
    let server = vault.serve();
    let session = login(server.http, "api", PASSWORD);
    let encoded = PLUS_NAME.replace('+', "%2B");
    let as_blank = PLUS_NAME.replace('+', "%20");

    // In JSON the name stands as it is, or as some connectors encode it.
    for name in [PLUS_NAME, &encoded] {
        let answer = session.get_random_with(name, json!({})).json();
        assert_eq!(answer["recording"], name, "repeated as it was sent: {answer}");
    }
    for name in [PLUS_NAME, &encoded, &encoded.replace('%', "%25")] {
        let random = session.get_random(PLUS_NAME);
        let link = format!(
            "/api/v2.0.0/recording/download?recording={name}&random={random}&token={}",
            session.token
        );
        let answer = get(link).send(server.http);
        assert_eq!(sha256(&answer.body), sha256(&audio), "{name}: {}", answer.errno());
    }
    // A blank is another name.
    let random = session.get_random(PLUS_NAME);
    let link = format!(
        "/api/v2.0.0/recording/download?recording={as_blank}&random={random}&token={}",
        session.token
    );
    assert_eq!(get(link).send(server.http).errno(), "20012");
    server.stop();
}

#[test]
fn tickets_of_the_command_line_are_spent_once_without_a_login() {
    let vault = Vault::with_api_person();
    let audio = noise_wav(6, 16_000);
    vault.import_as(NAME, &audio);
    let server = vault.serve();
    let create = |more: &[&str]| {
        let mut arguments = vec!["ticket", "create", "--customer", "1", "--recording", NAME];
        arguments.extend(more);
        let ticket = vault.json(arguments);
        let random = ticket["random"].as_str().unwrap_or_else(|| panic!("{ticket}")).to_owned();
        (ticket["id"].clone(), format!("/api/v1/tickets/{random}/audio"))
    };
    let (_, link) = create(&[]);
    assert_eq!(Request::new("HEAD", &link).send(server.http).status, 200);
    assert_eq!(get(&link).send(server.http).body, audio, "a HEAD spends nothing");
    let again = get(&link).send(server.http);
    assert_eq!((again.status, again.json()["code"].clone()), (410, json!("ticket")));

    let (_, link) = create(&["--allow", "127.0.0.9"]);
    let refused = get(&link).send(server.http);
    assert_eq!((refused.status, refused.json()["code"].clone()), (403, json!("address")));
    assert_eq!(get(&link).from("127.0.0.9").send(server.http).body, audio);

    let (id, link) = create(&["--ttl", "1h"]);
    let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    assert_eq!(vault.list(["ticket", "list"]).len(), 1, "the two before were used");
    vault.ok(["ticket", "revoke", &id]);
    assert_eq!(get(&link).send(server.http).status, 410);
    assert_eq!(vault.list(["ticket", "list"]).len(), 0);
    server.stop();
}
