//! A running server: what commands on its data directory change at once, how it stops, and what it remembers.

use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::audio::noise_wav;
use crate::support::http::{Answer, get};
use crate::support::vault::{PASSWORD, Server, Vault};
use crate::support::yeastar::{login, login_from, try_login};
use crate::support::{sha256, told};

const NAME: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn enswitch(server: &Server, source: &str, password: &str) -> Answer {
    get(format!(
        "/api/json/huntgroups/files/download/?auth_username=desk;auth_password={password};huntgroup=123;level=1;wrap=none"
    ))
    .from(source)
    .send(server.http)
}

#[test]
fn a_disabled_person_is_out_at_once() {
    let vault = Vault::with_api_person();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    vault.add_hunt_group(1, 123, "Front desk");
    let audio = noise_wav(1, 16_000);
    vault.import_as(NAME, &audio);
    vault.put_message(123, 1, &vault.folder().join(NAME));
    let server = vault.serve();
    let session = login(server.http, "api", PASSWORD);
    let random = session.get_random(NAME);
    assert_eq!(enswitch(&server, "127.0.0.1", PASSWORD).body, audio, "the password is in the cache now");

    vault.ok(["person", "disable", "api"]);
    vault.ok(["person", "disable", "desk"]);
    assert_eq!(try_login(server.http, "127.0.0.1", "api", PASSWORD).errno(), "20003");
    assert_eq!(session.heartbeat().errno(), "20004");
    assert_eq!(session.download(NAME, &random).errno(), "20004");
    assert_eq!(enswitch(&server, "127.0.0.1", PASSWORD).status, 401);
    let own = get("/api/v1/recordings")
        .header(
            "Authorization",
            format!("Basic {}", base64_simd::STANDARD.encode_to_string("desk:Callvault1")),
        )
        .send(server.http);
    assert_eq!(own.status, 401);
    server.stop();
}

#[test]
fn a_changed_password_counts_at_once() {
    let vault = Vault::with_api_person();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    vault.add_hunt_group(1, 123, "Front desk");
    vault.import_as(NAME, &noise_wav(1, 16_000));
    vault.put_message(123, 1, &vault.folder().join(NAME));
    let server = vault.serve();
    assert_eq!(enswitch(&server, "127.0.0.1", PASSWORD).status, 200);
    assert_eq!(try_login(server.http, "127.0.0.1", "api", PASSWORD).errno(), "");
    for username in ["api", "desk"] {
        vault.ok_with_input(["person", "set-password", username, "--password-stdin"], "another1");
    }
    assert_eq!(enswitch(&server, "127.0.0.1", PASSWORD).status, 401, "not from the cache");
    assert_eq!(enswitch(&server, "127.0.0.1", "another1").status, 200);
    assert_eq!(try_login(server.http, "127.0.0.1", "api", PASSWORD).errno(), "20003");
    assert_eq!(try_login(server.http, "127.0.0.1", "api", "another1").errno(), "");
    server.stop();
}

#[test]
fn sessions_and_lockouts_are_listed_and_ended_from_the_command_line() {
    let vault = Vault::with_api_person();
    vault.import_as(NAME, &noise_wav(1, 16_000));
    let server = vault.serve();
    let (one, other) =
        (login_from("127.0.0.2", server.http, "api", PASSWORD), login(server.http, "api", PASSWORD));
    let sessions = vault.list(["session", "list"]);
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    let id =
        sessions.iter().find(|session| session["peer"] == "127.0.0.2").map(|session| text(&session["id"]));
    vault.ok(["session", "revoke", &id.expect("the session from 127.0.0.2")]);
    assert_eq!(one.heartbeat().errno(), "20004");
    assert_eq!(other.heartbeat().errno(), "");

    for _ in 0..5 {
        assert_eq!(try_login(server.http, "127.0.0.5", "api", "wrong").errno(), "20003");
    }
    assert_eq!(try_login(server.http, "127.0.0.5", "api", PASSWORD).errno(), "20002");
    assert_eq!(try_login(server.http, "127.0.0.6", "api", PASSWORD).errno(), "", "another address is free");
    let locks = vault.list(["lockout", "list"]);
    assert_eq!(locks.len(), 1, "{locks:?}");
    assert_eq!(locks[0]["address"], "127.0.0.5");
    assert_eq!(locks[0]["door"], "yeastar");
    let remaining = locks[0]["remaining_seconds"].as_u64().expect("seconds");
    assert!((1..=600).contains(&remaining), "{remaining}");
    vault.ok(["lockout", "clear", "127.0.0.5"]);
    assert_eq!(try_login(server.http, "127.0.0.5", "api", PASSWORD).errno(), "");
    assert_eq!(vault.list(["lockout", "list"]).len(), 0);
    server.stop();
}

#[test]
fn recordings_come_and_go_while_the_server_runs() {
    let vault = Vault::with_api_person();
    let server = vault.serve();
    let session = login(server.http, "api", PASSWORD);
    assert_eq!(session.get_random_with(NAME, json!({})).errno(), "20014");
    let audio = noise_wav(1, 16_000);
    vault.import_as(NAME, &audio);
    let random = session.get_random(NAME);
    assert_eq!(session.download(NAME, &random).body, audio);
    let random = session.get_random(NAME);
    vault.ok(["recording", "remove", "--customer", "1", NAME]);
    assert_eq!(session.download(NAME, &random).errno(), "20014", "gone after the ticket was made");
    // The same import again is the same recording; other bytes under its name are refused and say so.
    vault.import_as(NAME, &audio);
    vault.import_as(NAME, &audio);
    assert_eq!(vault.list(["recording", "list"]).len(), 1);
    let path = vault.folder().join(NAME);
    fs_err::write(&path, noise_wav(2, 16_000)).expect("other bytes");
    let complaint =
        vault.fails(["recording", "import", "--customer", "1", path.to_str().expect("a path in UTF-8")]);
    assert!(complaint.contains(NAME), "{complaint}");
    server.stop();
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let vault = Vault::with_api_person();
    let server = vault.serve();
    let output = vault.run(["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains(vault.data().to_str().expect("a path in UTF-8")), "{complaint}");
    assert_eq!(try_login(server.http, "127.0.0.1", "api", PASSWORD).errno(), "", "the first goes on");
    server.stop();
}

#[test]
fn a_restart_keeps_sessions_and_forgets_thirty_second_tickets() {
    let vault = Vault::with_api_person();
    let audio = noise_wav(1, 16_000);
    vault.import_as(NAME, &audio);
    let server = vault.serve();
    let mut session = login(server.http, "api", PASSWORD);
    let stopped_on = session.get_random(NAME);
    let made_here = vault.json(["ticket", "create", "--customer", "1", "--recording", NAME, "--ttl", "1h"]);
    server.stop();

    let server = vault.serve();
    session.server = server.http;
    assert_eq!(session.heartbeat().errno(), "", "after a clean stop");
    assert_eq!(session.download(NAME, &stopped_on).errno(), "20012");
    let killed_on = session.get_random(NAME);
    server.kill();

    let server = vault.serve();
    session.server = server.http;
    assert_eq!(session.heartbeat().errno(), "", "after a kill");
    assert_eq!(session.download(NAME, &killed_on).errno(), "20012");
    let link = format!("/api/v1/tickets/{}/audio", made_here["random"].as_str().expect("a random"));
    assert_eq!(get(link).send(server.http).body, audio, "tickets of the command line live in the catalog");
    server.stop();
}

#[test]
fn a_stop_lets_a_running_download_finish() {
    let vault = Vault::with_api_person();
    let audio = noise_wav(1, 24 << 20);
    vault.import_as(NAME, &audio);
    let mut server = vault.serve();
    let session = login(server.http, "api", PASSWORD);
    let random = session.get_random(NAME);
    // More than the sockets' buffers hold, so the server cannot have written all of it when it is told to stop.
    let mut opened = get(session.link(NAME, &random)).open(server.http);
    let mut body = vec![0; 1 << 20];
    opened.reader.read_exact(&mut body).expect("the first mebibyte");
    server.signal("TERM");
    crate::support::wait_for("the port to be closed", Duration::from_secs(10), || {
        TcpStream::connect_timeout(&server.http, Duration::from_secs(1)).is_err().then_some(())
    });
    let start = Instant::now();
    let mut piece = vec![0; 1 << 20];
    loop {
        let size = opened.reader.read(&mut piece).expect("the download goes on");
        if size == 0 {
            break;
        }
        body.extend_from_slice(&piece[..size]);
        // A slow line: about two seconds for the whole.
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(sha256(&body), sha256(&audio), "whole, {:.1} s after the stop", start.elapsed().as_secs_f64());
    let status = server.ended(Duration::from_secs(10));
    assert!(status.success(), "{status}\n{}", server.log());
}

#[test]
fn a_stop_does_not_wait_longer_than_the_grace_time() {
    let vault = Vault::with_api_person();
    vault.import_as(NAME, &noise_wav(1, 24 << 20));
    let mut server = vault.serve_with(|command| {
        command.env("CALLVAULT_SHUTDOWN_GRACE", "1s");
    });
    let session = login(server.http, "api", PASSWORD);
    let random = session.get_random(NAME);
    let mut opened = get(session.link(NAME, &random)).open(server.http);
    let mut piece = vec![0; 1 << 16];
    opened.reader.read_exact(&mut piece).expect("the first bytes");
    server.signal("TERM");
    let start = Instant::now();
    server.ended(Duration::from_secs(15));
    assert!(start.elapsed() < Duration::from_secs(10), "the client never reads on: {:?}", start.elapsed());
}
