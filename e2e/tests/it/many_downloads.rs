//! A message of the largest size that is allowed, downloaded in each form by two hundred clients at once: each gets it
//! whole, nobody is refused, and the server's memory stays below a bound.

use std::io::BufRead;
use std::sync::Barrier;
use std::time::Instant;

use crate::support::audio::noise_wav;
use crate::support::http::get;
use crate::support::process::memory_kib;
use crate::support::vault::{PASSWORD, Vault};
use crate::support::{is_soak, sha256};

const CLIENTS: usize = 200;

/// For the whole process, at its peak: docs/enswitch.md states it.
const MEMORY_LIMIT_KIB: u64 = 96 * 1024;

const TARGET: &str =
    "/api/json/huntgroups/files/download/?auth_username=desk&auth_password=Callvault1&huntgroup=123&level=1";

#[test]
fn many_downloads_of_the_largest_message_in_bounded_memory() {
    // The server's own cap in the soak.
    let mebibytes = if is_soak() { 10 } else { 1 };
    let vault = Vault::init();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    vault.add_hunt_group(1, 123, "Front desk");
    let file = noise_wav(11, (mebibytes << 20) - 48);
    let path = vault.folder().join("largest.wav");
    fs_err::write(&path, &file).expect("a file");
    let server = vault.serve_with(|command| {
        command.env("CALLVAULT_LIMITS_LARGEST_MESSAGE", format!("{mebibytes}MiB"));
    });
    vault.put_message(123, 1, &path);
    for form in ["wrap=none", "encoding=base64", "encoding=raw"] {
        // Once alone, and what it says looked at; then everybody gets the same bytes.
        let answer = get(format!("{TARGET}&{form}")).send(server.http);
        let inside = match form {
            "wrap=none" => answer.body.clone(),
            _ => {
                let json = answer.json();
                let text = json["data"]["data"].as_str().expect("a string");
                match form {
                    "encoding=base64" => base64_simd::STANDARD.decode_to_vec(text).expect("base64"),
                    _ => text.chars().map(|point| u8::try_from(point).expect("up to U+00FF")).collect(),
                }
            }
        };
        assert_eq!(sha256(&inside), sha256(&file), "{form}");
        let (expected, address) = (&answer.body, server.http);
        let all_begun = Barrier::new(CLIENTS);
        let begin = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    let mut opened = get(format!("{TARGET}&{form}")).open(address);
                    assert_eq!(opened.status, 200);
                    // From here on the server has all of them under way.
                    all_begun.wait();
                    let mut at = 0;
                    loop {
                        let piece = opened.reader.fill_buf().expect("the next piece");
                        if piece.is_empty() {
                            break;
                        }
                        let size = piece.len();
                        assert!(
                            expected.get(at..at + size) == Some(piece),
                            "{form}: other bytes behind {at}"
                        );
                        opened.reader.consume(size);
                        at += size;
                    }
                    assert_eq!(at, expected.len(), "{form}");
                });
            }
        });
        println!(
            "many downloads: {CLIENTS} at once of {} bytes, {form}: {} bytes each, in {:.1} s; the server's peak {} KiB",
            file.len(),
            expected.len(),
            begin.elapsed().as_secs_f64(),
            memory_kib(server.pid(), "VmHWM")
        );
    }
    let peak = memory_kib(server.pid(), "VmHWM");
    assert!(peak < MEMORY_LIMIT_KIB, "the server's memory reached {peak} KiB");
    server.stop();
}
