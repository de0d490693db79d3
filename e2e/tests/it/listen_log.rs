//! The listen log: every door writes it, and nobody changes it afterwards without `log verify` saying so.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::audio::noise_wav;
use crate::support::http::get;
use crate::support::vault::{PASSWORD, Vault};
use crate::support::yeastar::login;
use crate::support::{run, sha256, wait_for};

const NAME: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";

/// An installation in which something went through every door; stopped.
fn used() -> (Vault, Vec<u8>) {
    let vault = Vault::with_api_person();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    vault.add_hunt_group(1, 123, "Front desk");
    let audio = noise_wav(1, 50_000);
    vault.import_as(NAME, &audio);
    vault.put_message(123, 1, &vault.folder().join(NAME));
    let server = vault.serve();

    let session = login(server.http, "api", PASSWORD);
    let random = session.get_random(NAME);
    assert_eq!(session.download(NAME, &random).body, audio);
    let message = "/api/json/huntgroups/files/download/?auth_username=desk;auth_password=Callvault1;huntgroup=123;level=1";
    for form in ["", ";encoding=base64", ";wrap=none"] {
        assert_eq!(get(format!("{message}{form}")).send(server.http).status, 200);
    }
    let basic = base64_simd::STANDARD.encode_to_string(format!("desk:{PASSWORD}"));
    let own = |range: Option<&str>| {
        let request =
            get(format!("/api/v1/recordings/{NAME}/audio")).header("Authorization", format!("Basic {basic}"));
        match range {
            Some(range) => request.header("Range", range).send(server.http),
            None => request.send(server.http),
        }
    };
    assert_eq!(own(None).body, audio);
    assert_eq!(own(Some("bytes=100-199")).body, audio[100..200]);
    let ticket = vault.json(["ticket", "create", "--customer", "1", "--recording", NAME]);
    let link = format!("/api/v1/tickets/{}/audio", ticket["random"].as_str().expect("a random"));
    assert_eq!(get(link).from("127.0.0.9").send(server.http).body, audio);
    let copy = vault.folder().join("copy.wav");
    vault.ok(["recording", "get", NAME, "-o", copy.to_str().expect("a path in UTF-8")]);
    assert_eq!(fs_err::read(&copy).expect("the copy"), audio);
    vault.ok(["message", "remove", "--huntgroup", "123", "--level", "1"]);
    // Committed in groups, at most 50 ms apart.
    wait_for("the last entry", Duration::from_secs(5), || {
        vault.list(["log", "list"]).iter().any(|entry| entry["action"] == "delete").then_some(())
    });
    server.stop();
    (vault, audio)
}

fn count(entries: &[Value], door: &str, action: &str, kind: &str) -> usize {
    entries
        .iter()
        .filter(|entry| entry["door"] == door && entry["action"] == action && entry["kind"] == kind)
        .count()
}

#[test]
fn every_door_writes_entries() {
    let (vault, audio) = used();
    let entries = vault.list(["log", "list"]);
    for (door, action, kind, expected) in [
        ("yeastar", "link", "recording", 1),
        ("yeastar", "download", "recording", 1),
        ("enswitch", "download", "message", 3),
        ("api", "download", "recording", 1),
        ("api", "play", "recording", 1),
        ("local", "link", "recording", 1),
        ("link", "download", "recording", 1),
        ("local", "download", "recording", 1),
        ("local", "delete", "message", 1),
    ] {
        let found = count(&entries, door, action, kind);
        assert_eq!(found, expected, "{door} {action} {kind} in {entries:#?}");
    }
    assert_eq!(entries.len(), 11, "and nothing else: {entries:#?}");
    for entry in &entries {
        assert_eq!(entry["sha256"], sha256(&audio), "which bytes: {entry}");
        assert_eq!(entry["customer"], 1);
    }
    let played = entries.iter().find(|entry| entry["action"] == "play").expect("counted above");
    assert_eq!((played["first_byte"].as_u64(), played["last_byte"].as_u64()), (Some(100), Some(199)));
    assert_eq!(played["peer"], "127.0.0.1");
    let linked = entries.iter().find(|entry| entry["door"] == "link").expect("counted above");
    assert_eq!((linked["peer"].as_str(), linked["person"].is_null()), (Some("127.0.0.9"), true));
    vault.ok(["log", "verify"]);
}

/// Runs SQL on the catalog behind the program's back; Python's SQLite, so that none of our code is in it.
fn tamper(vault: &Vault, sql: &str) {
    let catalog = vault.data().join("catalog.sqlite");
    let script = "import sqlite3, sys\n\
                  catalog = sqlite3.connect(sys.argv[1])\n\
                  changed = catalog.execute(sys.argv[2]).rowcount\n\
                  catalog.commit()\n\
                  assert changed == 1, changed";
    run(Command::new("python3").args(["-c", script]).arg(catalog).arg(sql));
}

#[test]
fn what_is_changed_behind_its_back_is_found() {
    for (what, sql) in [
        ("another address", "UPDATE listen_log SET peer = '10.9.9.9' WHERE door = 'link'"),
        (
            "another person",
            "UPDATE listen_log SET person = 999 WHERE door = 'yeastar' AND action = 'download'",
        ),
        ("another time", "UPDATE listen_log SET at = at - 3600000 WHERE action = 'play'"),
        ("fewer bytes", "UPDATE listen_log SET last_byte = 1 WHERE action = 'play'"),
        ("an entry less", "DELETE FROM listen_log WHERE action = 'play'"),
        (
            "a cut tail",
            "DELETE FROM listen_log WHERE (customer, epoch, sequence) IN \
             (SELECT customer, epoch, max(sequence) FROM listen_log GROUP BY customer, epoch LIMIT 1)",
        ),
    ] {
        let (vault, _) = used();
        vault.ok(["log", "verify"]);
        tamper(&vault, sql);
        let complaint = vault.fails(["log", "verify"]);
        assert!(!complaint.trim().is_empty(), "{what}");
    }
}
