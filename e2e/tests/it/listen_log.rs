//! The listen log: every door writes it, in strict mode before any byte leaves, and nobody changes it afterwards without `log verify`
//! saying so.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::audio::noise_wav;
use crate::support::http::{Request, get, read_head};
use crate::support::vault::{PASSWORD, Server, Vault};
use crate::support::yeastar::{Session, login};
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

/// The lock that writing takes, held from outside; Python's SQLite.
struct Lock(Child);

impl Lock {
    fn hold(vault: &Vault) -> Self {
        let script = "import sqlite3, sys\n\
                      catalog = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
                      catalog.execute('BEGIN IMMEDIATE')\n\
                      print('held', flush=True)\n\
                      sys.stdin.read()\n\
                      catalog.execute('ROLLBACK')";
        let mut command = Command::new("python3");
        command.args(["-c", script]).arg(vault.data().join("catalog.sqlite"));
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python is there");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says so");
        assert_eq!(line, "held\n");
        Self(child)
    }

    fn release(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().expect("it ends").success());
    }
}

/// A server with a recording, and a session of its person `api`.
fn recorded(strict: bool) -> (Vault, Server, Session) {
    let vault = Vault::with_api_person();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    vault.import_as(NAME, &noise_wav(1, 50_000));
    let server = vault.serve_with(|command| {
        command.args(["--set", &format!("listen_log.strict={strict}")]);
    });
    let session = login(server.http, "api", PASSWORD);
    // From now on a verified password is known, so that looking at it takes no time; a HEAD has no entry.
    assert_eq!(with_password("HEAD").send(server.http).status, 200);
    (vault, server, session)
}

fn with_password(method: &str) -> Request {
    let basic = base64_simd::STANDARD.encode_to_string(format!("desk:{PASSWORD}"));
    let target = format!("/api/v1/recordings/{NAME}/audio");
    Request::new(method, target).header("Authorization", format!("Basic {basic}"))
}

fn own_api(_: &Session) -> Request {
    with_password("GET")
}

/// With a ticket that is made while nothing can be committed.
fn yeastar(session: &Session) -> Request {
    get(session.link(NAME, &session.get_random(NAME)))
}

/// Asks for audio while the catalog can commit nothing, then lets it. Whether strict mode is on decides whether the answer begins
/// before that. `entries` is how many the log has when the last byte is here and the server is killed.
fn check_locked(strict: bool, entries: usize, ask: impl FnOnce(&Session) -> Request) {
    let (vault, server, session) = recorded(strict);
    let lock = Lock::hold(&vault);
    let request = ask(&session);
    let mut stream = request.connect(server.http);
    stream.write_all(&request.bytes()).expect("the server listens");
    // For a strict answer less than the two seconds after which it is a refusal.
    let patience = if strict { Duration::from_millis(500) } else { Duration::from_secs(20) };
    stream.set_read_timeout(Some(patience)).expect("a timeout");
    let begins = stream.peek(&mut [0]).map_err(|error| error.kind());
    let expected = if strict { Err(ErrorKind::WouldBlock) } else { Ok(1) };
    assert_eq!(begins, expected, "strict: {strict}");

    lock.release();
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let answer = read_head(stream).expect("an answer").finish(false);
    server.kill();
    assert_eq!((answer.status, answer.body == noise_wav(1, 50_000)), (200, true));
    if strict {
        let found = vault.list(["log", "list"]);
        assert_eq!(found.len(), entries, "{found:#?}");
        vault.ok(["log", "verify"]);
    }
}

#[test]
fn in_strict_mode_no_byte_leaves_before_its_entry_is_committed() {
    check_locked(true, 1, own_api);
    // The link goes before what it opens.
    check_locked(true, 2, yeastar);
}

#[test]
fn otherwise_nobody_waits_for_a_commit() {
    check_locked(false, 0, own_api);
    check_locked(false, 0, yeastar);
}

#[test]
fn in_strict_mode_a_catalog_that_stays_locked_hands_nothing_out() {
    let (vault, server, session) = recorded(true);
    let lock = Lock::hold(&vault);
    let answer = own_api(&session).send(server.http);
    assert_eq!((answer.status, answer.json()["code"].as_str()), (500, Some("internal")));
    let link = session.get_random_with(NAME, Value::Null);
    assert_eq!(link.json()["status"], "Failed", "a link would not be logged either");
    lock.release();
}
