//! The demo as somebody meets it: an empty folder, one command, and commands to paste that work as they stand.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::support::http::get;
use crate::support::vault::{Server, callvault};
use crate::support::{run, sha256, told, wait_for};

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/demo")
}

fn start(folder: &Path) -> Server {
    let mut command = callvault();
    command.args(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(folder.join("data"));
    Server::start(command, folder)
}

/// The hashes of all audio that the demo ships.
fn shipped() -> Vec<String> {
    let mut hashes = Vec::new();
    for folder in ["recordings", "messages"] {
        for entry in fs_err::read_dir(assets().join(folder)).expect("the demo's audio") {
            hashes.push(sha256(&fs_err::read(entry.expect("an entry").path()).expect("a file")));
        }
    }
    hashes
}

#[test]
fn every_printed_command_works_as_it_stands() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = start(folder.path());
    println!("demo: answers {} ms after the start on an empty folder", server.started_in.as_millis());
    // A second on an idle machine; tests share theirs.
    assert!(server.started_in < Duration::from_secs(5), "{:?}", server.started_in);
    assert_eq!(get("/health/ready").send(server.http).status, 200);

    // Printed right after the server is ready, in one piece that ends with the HTTPS part.
    let output = wait_for("the commands", Duration::from_secs(5), || {
        Some(server.output()).filter(|text| text.ends_with('\n') && text.matches("example.wav").count() >= 2)
    });
    let (over_http, over_https) = output
        .split_once("# The same over HTTPS")
        .unwrap_or_else(|| panic!("no commands for HTTPS:\n{output}"));
    for (part, scheme) in [(over_http.to_owned(), "http"), (format!("#{over_https}"), "https")] {
        assert!(part.contains(&format!("{scheme}://{}", server.http)), "{part}");
        paste(&part, &folder.path().join(scheme));
    }
    server.stop();
}

/// Runs a text in bash as it stands, and looks at what it saved in `folder` with the tools of phone people.
fn paste(text: &str, folder: &Path) {
    fs_err::create_dir(folder).expect("a folder");
    let result =
        Command::new("bash").args(["-e", "-c", text]).current_dir(folder).output().expect("bash starts");
    let said = String::from_utf8_lossy(&result.stdout).into_owned();
    assert!(result.status.success(), "{text}\n{}", told(&result));
    assert!(result.stderr.is_empty() && !said.contains("errno"), "{text}\n{}", told(&result));
    // One of the calls of that month, on one line of the file.
    let row = [
        "1773045065.5",
        "02079460958,1001,",
        "ANSWERED,Inbound",
        "20260309083107-1773045065.5-02079460958-1001-Inbound.wav",
    ];
    let has_row = said.lines().any(|line| row.iter().all(|part| line.contains(part)));
    assert!(has_row && said.contains("callid,timestart,callfrom"), "{said}");
    for answer in [r#""found":1"#, r#""found":0"#, "RIFF"] {
        let squeezed = said.replace(' ', "");
        assert!(squeezed.contains(answer), "{answer} is not in {said}");
    }
    let shipped = shipped();
    let mut saved = Vec::new();
    for entry in fs_err::read_dir(folder).expect("what was saved") {
        let path = entry.expect("an entry").path();
        let kind = String::from_utf8(run(Command::new("file").arg("-b").arg(&path))).expect("text");
        assert!(kind.contains("RIFF") && kind.contains("WAVE audio"), "{}: {kind}", path.display());
        run(Command::new("soxi").arg(&path));
        saved.push(sha256(&fs_err::read(&path).expect("a file")));
    }
    assert_eq!(saved.len(), 2, "a recording and a message: {text}");
    assert!(saved.iter().all(|hash| shipped.contains(hash)), "not the shipped files");
}

#[test]
fn everything_the_demo_holds_is_what_was_shipped() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = start(folder.path());
    let data = folder.path().join("data");
    let list = |arguments: &[&str]| -> Vec<serde_json::Value> {
        let json = run(callvault().args(arguments).arg("--json").arg("--data").arg(&data));
        let value: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        value.as_array().or_else(|| value["items"].as_array()).expect("a list").clone()
    };
    assert!(list(&["customer", "list"]).len() >= 2, "two customers");
    let shipped = shipped();
    let recordings = list(&["recording", "list"]);
    assert!(recordings.len() >= 12, "a dozen recordings: {}", recordings.len());
    for recording in &recordings {
        let hash = recording["audio"]["sha256"].as_str().expect("a hash");
        assert!(shipped.iter().any(|known| known == hash), "{recording}");
    }
    let names: Vec<&str> = recordings.iter().filter_map(|recording| recording["name"].as_str()).collect();
    for name in [
        "20191024012719-1571909237.191-4000-4001-Internal.wav",
        "20170901181806-1504261084.7-1001-1003-Internal.wav",
    ] {
        assert!(names.contains(&name), "the name that the vendor's page prints: {name}");
    }
    let mut codecs: Vec<&str> = recordings.iter().filter_map(|one| one["audio"]["codec"].as_str()).collect();
    codecs.sort_unstable();
    codecs.dedup();
    assert!(codecs.len() >= 4, "PCM, A-law, mu-law and GSM: {codecs:?}");

    // As on the vendor's page; level 1 holds a file and level 2 does not.
    let base = "/api/json/huntgroups/files/download/?auth_username=user;auth_password=password;huntgroup=123";
    let message = get(format!("{base};level=1")).send(server.http).json();
    assert_eq!(message["data"]["name"], "example.wav");
    let check =
        |level: u8| get(format!("{base};level={level};check=1")).send(server.http).json()["data"].clone();
    assert_eq!(check(1), serde_json::json!({"found": 1}));
    assert_eq!(check(2), serde_json::json!({"found": 0}));
    server.stop();

    // Once more on the folder that is now full: the same demo, not a second one.
    let server = start(folder.path());
    assert_eq!(list(&["recording", "list"]).len(), recordings.len());
    server.stop();
}

#[test]
fn the_demo_leaves_other_data_alone() {
    let vault = crate::support::vault::Vault::with_api_person();
    let before = vault.list(["customer", "list"]);
    let complaint = vault.fails(["demo", "--listen", "127.0.0.1:0"]);
    assert!(complaint.contains(vault.data().to_str().expect("a path in UTF-8")), "{complaint}");
    assert_eq!(vault.list(["customer", "list"]), before);
}
