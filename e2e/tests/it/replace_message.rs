//! A message that is replaced while a hundred clients download it: each of them gets wholly one version, never an older
//! one than was acknowledged before it asked, and a kill in between leaves one of the two.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::audio::noise_wav;
use crate::support::http::{Answer, Request, get, post};
use crate::support::vault::{PASSWORD, Vault};
use crate::support::{Noise, is_soak, seed, sha256};

const CLIENTS: usize = 100;

const LOGIN: &str = "auth_username=desk&auth_password=Callvault1&huntgroup=123&level=1";

/// The versions that are uploaded in turn. No two are of one length, so that a mixture shows in the length as well.
struct Versions {
    files: Vec<Vec<u8>>,
    numbers: HashMap<String, usize>,
    /// Up to which one uploads were begun, and acknowledged.
    begun: AtomicUsize,
    acknowledged: AtomicUsize,
}

impl Versions {
    fn new(count: usize) -> Self {
        let file = |number: usize| noise_wav(number as u64 + 1, 100_000 + (number * 7919) % 200_000);
        let files: Vec<_> = (0..count).map(file).collect();
        let numbers = files.iter().enumerate().map(|(number, file)| (sha256(file), number)).collect();
        Self { files, numbers, begun: AtomicUsize::new(0), acknowledged: AtomicUsize::new(0) }
    }

    /// Which version an answer holds.
    fn number(&self, answer: &Answer, form: &str) -> usize {
        assert_eq!(answer.status, 200, "{form}: {}", answer.text());
        let bytes = if form == "wrap=none" { answer.body.clone() } else { in_json(&answer.json(), form) };
        let number = self.numbers.get(&sha256(&bytes));
        *number.unwrap_or_else(|| panic!("{form}: {} bytes that are no version", bytes.len()))
    }

    /// Downloads once, which may only fail once `may_fail`.
    fn download(&self, server: SocketAddr, form: &str, may_fail: &AtomicBool) -> bool {
        let target = format!("/api/json/huntgroups/files/download/?{LOGIN}&{form}");
        let oldest = self.acknowledged.load(Ordering::SeqCst);
        match get(target).try_send(server) {
            Ok(answer) => {
                let number = self.number(&answer, form);
                let newest = self.begun.load(Ordering::SeqCst);
                assert!(
                    (oldest..=newest).contains(&number),
                    "version {number} after {oldest} was acknowledged"
                );
                true
            }
            Err(error) => {
                assert!(may_fail.load(Ordering::SeqCst), "{form}: {error}");
                false
            }
        }
    }

    fn upload(&self, server: SocketAddr, number: usize) -> io::Result<()> {
        self.begun.store(number, Ordering::SeqCst);
        let mut body = Vec::new();
        for (name, value) in LOGIN.split('&').filter_map(|pair| pair.split_once('=')) {
            let part = format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        body.extend_from_slice(
            b"--cut\r\nContent-Disposition: form-data; name=\"data\"; filename=\"new.wav\"\r\n\r\n",
        );
        body.extend_from_slice(&self.files[number]);
        body.extend_from_slice(b"\r\n--cut--\r\n");
        let request: Request = post("/api/json/huntgroups/files/upload/", body)
            .header("Content-Type", "multipart/form-data; boundary=cut");
        let answer = request.try_send(server)?;
        assert_eq!(answer.json()["responses"][0]["code"], "204", "{}", answer.text());
        self.acknowledged.store(number, Ordering::SeqCst);
        Ok(())
    }
}

fn in_json(answer: &Value, form: &str) -> Vec<u8> {
    let text = answer["data"]["data"].as_str().unwrap_or_else(|| panic!("{form}: {answer}"));
    if form == "encoding=base64" {
        return base64_simd::STANDARD.decode_to_vec(text).expect("base64");
    }
    text.chars().map(|point| u8::try_from(u32::from(point)).expect("a code point up to U+00FF")).collect()
}

fn form(client: usize) -> &'static str {
    ["wrap=none", "encoding=base64", "wrap=none", "encoding=raw"][client % 4]
}

/// With one version kept, the old file goes away at once, under whoever is about to open it.
fn vault_with_one_version() -> Vault {
    let vault = Vault::init();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    vault.add_hunt_group(1, 123, "Front desk");
    vault
}

#[test]
fn replace_message_while_a_hundred_clients_download_it() {
    let vault = vault_with_one_version();
    let server = vault.serve_with(|command| {
        command.env("CALLVAULT_LIMITS_MESSAGE_VERSIONS", "1");
    });
    let versions = Versions::new(if is_soak() { 300 } else { 20 });
    versions.upload(server.http, 0).expect("the first version");
    let (done, never) = (AtomicBool::new(false), AtomicBool::new(false));
    let start = Barrier::new(CLIENTS + 1);
    let downloads = AtomicUsize::new(0);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (versions, done, never, start, downloads) = (&versions, &done, &never, &start, &downloads);
            let address = server.http;
            scope.spawn(move || {
                start.wait();
                // Once more after the last upload.
                for _ in 0.. {
                    let is_last = done.load(Ordering::SeqCst);
                    versions.download(address, form(client), never);
                    downloads.fetch_add(1, Ordering::Relaxed);
                    if is_last {
                        break;
                    }
                }
            });
        }
        start.wait();
        for number in 1..versions.files.len() {
            versions.upload(server.http, number).expect("an answer");
        }
        done.store(true, Ordering::SeqCst);
    });
    println!(
        "replace message: {} versions, {} whole downloads by {CLIENTS} clients in {:.1} s",
        versions.files.len(),
        downloads.load(Ordering::Relaxed),
        begin.elapsed().as_secs_f64()
    );
    assert!(downloads.load(Ordering::Relaxed) >= 2 * CLIENTS, "the uploads were over too soon");
    server.stop();
}

#[test]
fn replace_message_and_a_kill_leave_the_old_or_the_new_one() {
    let kills = if is_soak() { 60 } else { 6 };
    let vault = vault_with_one_version();
    let versions = Versions::new(kills * 40);
    let mut moments = Noise::new(seed("moments of the kills"));
    let (mut next, mut met_an_upload, mut after_kill) = (0, 0, None);
    for _ in 0..kills {
        let server = vault.serve_with(|command| {
            command.env("CALLVAULT_LIMITS_MESSAGE_VERSIONS", "1");
        });
        if let Some((acknowledged, begun)) = after_kill {
            let answer =
                get(format!("/api/json/huntgroups/files/download/?{LOGIN}&wrap=none")).send(server.http);
            let number = versions.number(&answer, "wrap=none");
            assert!(number == acknowledged || number == begun, "{number} after {acknowledged} and {begun}");
            // What the kill left is what counts from here on.
            versions.acknowledged.store(number, Ordering::SeqCst);
            versions.begun.store(number, Ordering::SeqCst);
        } else {
            versions.upload(server.http, 0).expect("the first version");
        }
        let killed = AtomicBool::new(false);
        let broken = Mutex::new(false);
        let address = server.http;
        let limit = versions.files.len();
        let last = std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (versions, killed) = (&versions, &killed);
                scope.spawn(move || while versions.download(address, form(client), killed) {});
            }
            let uploader = scope.spawn(|| {
                let mut number = next + 1;
                while number < limit && versions.upload(address, number).is_ok() {
                    number += 1;
                }
                *broken.lock().expect("nobody panics with it") = number < limit;
                number
            });
            std::thread::sleep(Duration::from_millis(150 + moments.below(300)));
            killed.store(true, Ordering::SeqCst);
            server.kill();
            uploader.join().expect("the uploader")
        });
        met_an_upload += usize::from(broken.into_inner().expect("nobody panics with it"));
        after_kill =
            Some((versions.acknowledged.load(Ordering::SeqCst), versions.begun.load(Ordering::SeqCst)));
        next = last;
        if next >= limit {
            break;
        }
    }
    println!("replace message: {kills} kills, {met_an_upload} of them met an upload, {next} versions begun");
    assert!(met_an_upload >= 1, "no kill met an upload");
    let problems = vault.json(["check"]);
    assert_eq!(problems["problems"], serde_json::json!([]), "{problems}");
}
