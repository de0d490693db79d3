//! Import of folders as an operator does it, and what is said when stored audio is damaged or gone.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::audio::noise_wav;
use crate::support::http::get;
use crate::support::told;
use crate::support::vault::{PASSWORD, Vault};
use crate::support::yeastar::{Session, login};

/// Runs an import and gives its exit code and the lines of its standard output.
fn import(vault: &Vault, more: &[&str], path: &Path) -> (Option<i32>, Vec<String>) {
    let mut command = vault.command(["recording", "import", "--customer", "1"]);
    let output = command.args(more).arg(path).output().expect("the binary starts");
    assert!(output.status.code().is_some(), "{}", told(&output));
    let lines = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    (output.status.code(), lines)
}

fn line_of<'a>(lines: &'a [String], name: &str) -> &'a str {
    let found: Vec<&String> = lines.iter().filter(|line| line.contains(name)).collect();
    assert_eq!(found.len(), 1, "one line for {name}: {lines:?}");
    found[0]
}

#[test]
fn a_folder_goes_in_with_a_line_for_each_file_and_what_is_no_audio_is_refused() {
    let vault = Vault::init();
    let folder = vault.folder().join("calls");
    fs_err::create_dir_all(folder.join("2026/03")).expect("folders");
    let good = [folder.join("one.wav"), folder.join("2026/03/two.wav")];
    for (seed, path) in good.iter().enumerate() {
        fs_err::write(path, noise_wav(seed as u64 + 1, 9_000)).expect("a recording");
    }
    let bad = [folder.join("notes.wav"), folder.join("empty.wav")];
    fs_err::write(&bad[0], "call back on Monday").expect("no recording");
    fs_err::write(&bad[1], "").expect("an empty file");
    symlink("/etc/hostname", folder.join("link.wav")).expect("a link");

    let (code, lines) = import(&vault, &[], &folder);
    assert_eq!(code, Some(1), "two were refused: {lines:?}");
    for name in ["one.wav", "two.wav"] {
        assert!(line_of(&lines, name).starts_with("stored"), "{lines:?}");
    }
    for name in ["notes.wav", "empty.wav"] {
        let line = line_of(&lines, name);
        let reason =
            line.strip_prefix("refused").and_then(|rest| rest.split_once(": ")).map(|(_, reason)| reason);
        assert!(reason.is_some_and(|reason| reason.len() > 8), "why? {line}");
    }
    assert_eq!(vault.list(["recording", "list"]).len(), 2, "links are not followed");

    for path in &bad {
        fs_err::remove_file(path).expect("removed");
    }
    let (code, lines) = import(&vault, &[], &folder);
    assert_eq!(code, Some(0), "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with("already there")), "{lines:?}");

    // With --remove-source what is safe goes, also if it was there before, and what is refused stays.
    fs_err::write(&bad[0], "call back on Monday").expect("no recording");
    let (code, lines) = import(&vault, &["--remove-source"], &folder);
    assert_eq!(code, Some(1), "{lines:?}");
    assert!(bad[0].exists() && good.iter().all(|path| !path.exists()), "{lines:?}");
    vault.ok(["recording", "verify"]);
}

/// The stored file of the only recording.
fn stored_file(folder: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = fs_err::read_dir(folder)
        .expect("the shards")
        .flat_map(|shard| fs_err::read_dir(shard.expect("an entry").path()).expect("a shard"))
        .map(|file| file.expect("an entry").path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

/// The errno that the flow for `one.wav` ends with, at its first step or its second.
fn fetch(session: &Session) -> String {
    let answer = session.get_random_with("one.wav", json!({}));
    match answer.json()["random"].as_str() {
        Some(random) => session.download("one.wav", random).errno(),
        None => answer.errno(),
    }
}

#[test]
fn damaged_and_missing_audio_is_told_apart_and_never_served_as_whole() {
    let vault = Vault::with_api_person();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    let audio = noise_wav(1, 40_000);
    vault.import_as("one.wav", &audio);
    let file = stored_file(&vault.data().join("audio"));
    vault.ok(["recording", "verify", "one.wav"]);
    let server = vault.serve();
    let session = login(server.http, "api", PASSWORD);

    // One bit, as an old disk does it.
    let mut damaged = audio.clone();
    damaged[20_000] ^= 1;
    fs_err::write(&file, &damaged).expect("damage");
    let complaint = vault.fails(["recording", "verify"]);
    assert!(complaint.contains("one.wav") && complaint.contains("damaged"), "{complaint}");

    // Cut short: the length is known before the first byte goes out.
    fs_err::write(&file, &audio[..10_000]).expect("damage");
    let complaint = vault.fails(["check"]);
    assert!(complaint.contains("one.wav"), "{complaint}");
    assert_eq!(fetch(&session), "20014", "half a file must not pass for a whole one");

    fs_err::remove_file(&file).expect("gone");
    let complaint = vault.fails(["check"]);
    assert!(complaint.contains("one.wav"), "{complaint}");
    assert!(!complaint.contains("/audio/"), "no path in {complaint}");
    assert_eq!(fetch(&session), "20014");
    let basic = base64_simd::STANDARD.encode_to_string(format!("desk:{PASSWORD}"));
    let own = get("/api/v1/recordings/one.wav/audio").header("Authorization", format!("Basic {basic}"));
    let answer = own.send(server.http);
    assert_eq!((answer.status, answer.json()["code"].clone()), (500, Value::from("unreadable")));
    server.stop();
}
