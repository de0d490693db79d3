//! kill -9 at random moments of imports: what was reported as done is there, nothing half is visible, the rest can be
//! imported again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::audio::noise_wav;
use crate::support::http::{Request, get};
use crate::support::vault::Vault;
use crate::support::{Noise, is_soak, seed, sha256, told};

/// Files that are imported, by name.
type Files = BTreeMap<String, Vec<u8>>;

/// As many files; they are the same on each run.
fn files(count: u64) -> Files {
    let mut noise = Noise::new(count);
    (0..count)
        .map(|number| {
            // From a few packets to more than one write of the store.
            let size = usize::try_from(4_000 + noise.below(2_500_000)).expect("a small size");
            (format!("2026{number:04}.wav"), noise_wav(number + 1, size))
        })
        .collect()
}

/// Checks what a restarted installation shows against what was sent and what was reported as done.
fn check_visible(vault: &Vault, files: &Files, done: &BTreeSet<String>) {
    let mut visible = BTreeSet::new();
    for recording in vault.list(["recording", "list", "--customer", "1"]) {
        let name = recording["name"].as_str().expect("a name").to_owned();
        let bytes = files.get(&name).unwrap_or_else(|| panic!("{name} was never imported"));
        assert_eq!(recording["audio"]["sha256"], sha256(bytes), "{name}: half a file is visible");
        assert_eq!(recording["audio"]["size_bytes"], bytes.len(), "{name}");
        visible.insert(name);
    }
    let lost: Vec<_> = done.difference(&visible).collect();
    assert!(lost.is_empty(), "reported as done and not there: {lost:?}");
}

/// Every byte is read back, from the medium and through a door, and the installation finds nothing wrong with itself.
fn check_whole(vault: &Vault, files: &Files) {
    let server = vault.serve();
    for (name, bytes) in files {
        let answer = get(format!("/api/v1/recordings/{name}/audio?customer=1"))
            .send_unix(&vault.control_socket())
            .expect("an answer");
        assert_eq!(sha256(&answer.body), sha256(bytes), "{name}");
    }
    vault.ok(["recording", "verify"]);
    vault.ok(["check"]);
    server.stop();
    // What the kills left on the disk is on record and leased; it goes when its lease ends.
    vault.ok(["check"]);
    let leftovers = objects(&vault.data().join("audio")).len() - files.len();
    println!("{leftovers} unfinished objects wait for the end of their leases");
}

/// All files below the folder of the audio.
fn objects(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(objects(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn kill_import_over_the_control_socket() {
    let files = files(if is_soak() { 300 } else { 40 });
    let vault = Vault::init();
    let mut moments = Noise::new(seed("moments of the kills"));
    let done = Mutex::new(BTreeSet::new());
    let (mut kills, mut cut_off) = (0_u32, 0_usize);
    let begin = Instant::now();
    while done.lock().expect("no worker panics").len() < files.len() {
        let server = vault.serve();
        let killed = AtomicBool::new(false);
        let waiting: Vec<_> = {
            let done = done.lock().expect("no worker panics");
            files.iter().filter(|(name, _)| !done.contains(*name)).collect()
        };
        let next = Mutex::new(waiting.into_iter());
        let failed = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let Some((name, bytes)) = next.lock().expect("a list").next() else { break };
                        let put = Request::new("PUT", format!("/api/v1/recordings/{name}?customer=1"))
                            .body(bytes.clone())
                            .send_unix(&vault.control_socket());
                        match put {
                            // 200: the bytes were committed, and the kill took the first acknowledgement away.
                            Ok(answer) if matches!(answer.status, 200 | 201) => {
                                done.lock().expect("a set").insert(name.clone());
                            }
                            Ok(answer) => panic!("{name}: {} {}", answer.status, answer.text()),
                            Err(error) => {
                                assert!(killed.load(Ordering::SeqCst), "{name}: {error} without a kill");
                                *failed.lock().expect("a count") += 1;
                                break;
                            }
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(3 + moments.below(60)));
            killed.store(true, Ordering::SeqCst);
            server.kill();
        });
        kills += 1;
        cut_off += failed.into_inner().expect("a count");
        check_visible(&vault, &files, &done.lock().expect("a set"));
        assert!(kills < 2_000, "no progress between kills");
    }
    check_whole(&vault, &files);
    println!(
        "kill import: {} imports over the control socket, {kills} kills, {cut_off} requests cut off, nothing lost, in {:.1} s",
        files.len(),
        begin.elapsed().as_secs_f64()
    );
    assert!(cut_off >= 3, "the kills came too late to show anything: {cut_off} of {kills} met an import");
}

#[test]
fn kill_import_of_the_command_line_without_a_server() {
    let files = files(if is_soak() { 150 } else { 25 });
    let vault = Vault::init();
    let folder = vault.folder().join("calls");
    fs_err::create_dir(&folder).expect("a folder");
    for (name, bytes) in &files {
        fs_err::write(folder.join(name), bytes).expect("a file to import");
    }
    let mut moments = Noise::new(seed("moments of the kills"));
    let mut done = BTreeSet::new();
    let mut kills = 0_u32;
    let mut longest = 60;
    loop {
        let mut command = vault.command(["recording", "import", "--customer", "1", "--json"]);
        command.arg(&folder).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let patience = Instant::now() + Duration::from_millis(10 + moments.below(longest));
        let mut ended = None;
        while Instant::now() < patience && ended.is_none() {
            ended = child.try_wait().expect("a child of ours");
            std::thread::sleep(Duration::from_millis(2));
        }
        if ended.is_none() {
            child.kill().expect("it runs");
            kills += 1;
        }
        let output = child.wait_with_output().expect("it ended");
        done.extend(reported(&output.stdout, &files));
        check_visible(&vault, &files, &done);
        if output.status.success() {
            break;
        }
        assert!(output.status.code().is_none(), "the import failed by itself\n{}", told(&output));
        // A slow disk needs more time for any import to be finished.
        longest += 10;
        assert!(kills < 2_000, "no progress between kills");
    }
    check_whole(&vault, &files);
    println!("kill import: {} imports without a server, {kills} kills, nothing lost", files.len());
    assert!(kills >= 1, "the imports were over before a kill");
}

/// The names that the import said were stored, or there already; a last line without its end was never said.
fn reported(stdout: &[u8], files: &Files) -> Vec<String> {
    let text = String::from_utf8_lossy(stdout);
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    files
        .keys()
        .filter(|name| whole.lines().any(|line| line.contains(name.as_str()) && !line.contains("refused")))
        .cloned()
        .collect()
}
