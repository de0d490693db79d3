//! A server and the commands beside it: one writer, in whatever order they come and go.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::process::Signal;

use crate::vault::{RECORDING, Vault, sample};

#[test]
fn one_server_works_with_a_folder() {
    let vault = Vault::made();
    let server = vault.start("serve");
    assert_eq!(server.address("http"), server.address("https"), "one port speaks both");
    assert!(server.get("/health/live").starts_with("HTTP/1.1 200"));
    vault.run(&["serve", "--listen", "127.0.0.1:0"]).failed(1, &["a server works with", "hint: "]);
    let taken = server.address("http").to_string();
    let other = Vault::made();
    other.run(&["serve", "--listen", &taken]).failed(1, &["cannot listen on", &taken, "hint: "]);
    let ended = server.stop(Signal::INT);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.err.contains("tls.fingerprint"), "{ended:?}");
    assert!(!vault.beside("ready").exists() && !vault.data().join("control.sock").exists());
    vault.start("serve");
}

#[test]
fn what_a_command_changes_takes_effect_in_the_running_server() {
    let vault = Vault::made();
    let source = sample(RECORDING);
    let name = source.file_name().unwrap().to_str().unwrap();
    let import = ["recording", "import", "--customer", "1", source.to_str().unwrap()];
    vault.run(&import).done();
    let server = vault.start("serve");
    let make = ["ticket", "create", "--customer", "1", "--recording", name, "--ttl", "1h", "--json"];
    let ticket = || vault.run(&make).json();
    let (used, revoked) = (ticket(), ticket());
    vault.run(&["ticket", "revoke", revoked["id"].as_str().unwrap()]).done();
    let status = |ticket: &serde_json::Value| {
        let answer = server.get(ticket["path"].as_str().unwrap());
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(status(&revoked), "410");
    assert_eq!(status(&used), "200");
    assert_eq!(status(&used), "410", "a ticket is good once");
}

#[test]
fn a_killed_server_leaves_nothing_in_the_way() {
    let vault = Vault::made();
    let server = vault.start("serve");
    vault.run(&["customer", "add", "--name", "Two"]).done();
    server.stop(Signal::KILL);
    assert!(vault.data().join("control.sock").exists(), "nobody tidied up");
    assert_eq!(vault.run(&["customer", "list", "--json"]).json().as_array().unwrap().len(), 2);
    let server = vault.start("serve");
    assert_eq!(vault.run(&["customer", "list", "--json"]).json().as_array().unwrap().len(), 2);
    assert_eq!(server.stop(Signal::TERM).code, 0);
}

#[test]
fn commands_at_the_same_time_wait_for_each_other() {
    let vault = Vault::made();
    let names = ["a", "b", "c", "d"];
    std::thread::scope(|scope| {
        let running = names.map(|name| scope.spawn(|| vault.run(&["customer", "add", "--name", name])));
        for one in running {
            one.join().unwrap().done();
        }
    });
    assert_eq!(vault.run(&["customer", "list", "--json"]).json().as_array().unwrap().len(), 5);
}

/// An upload that the server has begun to read and that never ends.
fn endless_upload(vault: &Vault) -> UnixStream {
    let mut stream = UnixStream::connect(vault.data().join("control.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = "PUT /api/v1/recordings/a.wav?customer=1 HTTP/1.1\r\nHost: test\r\nContent-Length: 9999\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 100");
    stream
}

#[test]
fn stopping_waits_for_requests_until_the_grace_is_over() {
    let vault = Vault::made();
    let server = vault.start_with("serve", &["--set", "shutdown_grace=200ms"]);
    let _upload = endless_upload(&vault);
    let ended = server.stop(Signal::TERM);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.err.contains("were cut"), "{ended:?}");
    assert_eq!(vault.run(&["recording", "list", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn a_second_interrupt_stops_at_once() {
    let vault = Vault::made();
    let server = vault.start_with("serve", &["--set", "shutdown_grace=1d"]);
    let _upload = endless_upload(&vault);
    server.signal(Signal::INT);
    vault.wait_until("the socket is gone", || !vault.data().join("control.sock").exists());
    let ended = server.stop(Signal::INT);
    assert_eq!(ended.code, 130, "{ended:?}");
}
