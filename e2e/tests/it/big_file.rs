//! A file larger than memory would allow: it goes in and comes out of every door byte for byte, and the server's memory
//! does not follow its size.

use std::io::{BufRead, Read};
use std::net::TcpStream;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::support::audio::write_noise_wav;
use crate::support::http::{Opened, get};
use crate::support::is_soak;
use crate::support::process::memory_kib;
use crate::support::vault::{PASSWORD, Vault};
use crate::support::yeastar::login;

/// The promise of the project for the whole process, at its peak.
const MEMORY_LIMIT_KIB: u64 = 64 * 1024;

/// The SHA-256 of what `decode` makes of the body, read piece by piece; gives the length of the body as well.
fn hash_body(mut opened: Opened<TcpStream>, mut decode: impl FnMut(&[u8], &mut Vec<u8>)) -> (String, u64) {
    assert_eq!(opened.status, 200);
    let announced: u64 =
        opened.header("content-length").and_then(|length| length.parse().ok()).expect("a length");
    let (mut digest, mut decoded, mut length) = (Sha256::new(), Vec::new(), 0);
    loop {
        let piece = opened.reader.fill_buf().expect("the next piece");
        if piece.is_empty() {
            break;
        }
        let size = piece.len();
        decode(piece, &mut decoded);
        opened.reader.consume(size);
        digest.update(&decoded);
        decoded.clear();
        length += size as u64;
    }
    assert_eq!(length, announced, "the body is as long as announced");
    (hex::encode(digest.finalize()), length)
}

/// Undoes the JSON envelope around `"data":"..."`, in pieces. What is inside is handed on as it stands.
#[derive(Default)]
struct Envelope {
    head: Vec<u8>,
    is_inside: bool,
    is_behind: bool,
    tail: Vec<u8>,
}

impl Envelope {
    /// The part of a piece that belongs to the string. Nothing inside may be an unescaped quote.
    fn inside<'a>(&mut self, mut piece: &'a [u8]) -> &'a [u8] {
        const OPENING: &[u8] = b"\"data\":\"";
        while !self.is_inside && !piece.is_empty() {
            let (byte, rest) = piece.split_first().expect("not empty");
            self.head.push(*byte);
            piece = rest;
            self.is_inside = self.head.ends_with(OPENING);
        }
        if self.is_behind {
            self.tail.extend_from_slice(piece);
            return &[];
        }
        piece
    }

    fn end_at<'a>(&mut self, piece: &'a [u8], quote: usize) -> &'a [u8] {
        self.is_behind = true;
        self.tail.extend_from_slice(&piece[quote + 1..]);
        &piece[..quote]
    }

    fn check(&self) {
        let mut text = self.head.clone();
        text.push(b'"');
        text.extend_from_slice(&self.tail);
        let envelope: serde_json::Value = serde_json::from_slice(&text).expect("JSON around the audio");
        assert_eq!(envelope["responses"][0]["code"], "200");
        assert_eq!(envelope["data"]["mimetype"], "audio/x-wav");
    }
}

/// `encoding=raw`: one code point for each byte, decoded as RFC 8259 has it.
#[derive(Default)]
struct RawDecoder {
    envelope: Envelope,
    escape: Vec<u8>,
}

impl RawDecoder {
    fn decode(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut inside = self.envelope.inside(piece);
        while let Some((&byte, rest)) = inside.split_first() {
            match (self.escape.len(), byte) {
                (0, b'"') => {
                    self.envelope.end_at(inside, 0);
                    return;
                }
                (0, b'\\') => self.escape.push(byte),
                (0, 0x20..=0x7e) => {
                    let plain =
                        inside.iter().position(|&byte| byte == b'"' || byte == b'\\').unwrap_or(inside.len());
                    out.extend_from_slice(&inside[..plain]);
                    inside = &inside[plain..];
                    continue;
                }
                (0, _) => panic!("byte {byte:#04x} in a JSON string of ASCII"),
                (1, b'u') => self.escape.push(byte),
                (1, b'"' | b'\\' | b'/') => {
                    out.push(byte);
                    self.escape.clear();
                }
                (1, b'n' | b'r' | b't' | b'b' | b'f') => {
                    out.push(match byte {
                        b'n' => 10,
                        b'r' => 13,
                        b't' => 9,
                        b'b' => 8,
                        _ => 12,
                    });
                    self.escape.clear();
                }
                (2..=4, _) => self.escape.push(byte),
                (5, _) => {
                    self.escape.push(byte);
                    let digits = std::str::from_utf8(&self.escape[2..]).expect("hexadecimal digits");
                    let point = u32::from_str_radix(digits, 16).expect("hexadecimal digits");
                    out.push(u8::try_from(point).expect("a code point up to U+00FF"));
                    self.escape.clear();
                }
                (_, _) => panic!("a bad escape: {:?}", self.escape),
            }
            inside = rest;
        }
    }
}

/// `encoding=base64`, decoded in groups of four.
#[derive(Default)]
struct Base64Decoder {
    envelope: Envelope,
    pending: Vec<u8>,
}

impl Base64Decoder {
    fn decode(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut inside = self.envelope.inside(piece);
        if let Some(quote) = inside.iter().position(|&byte| byte == b'"') {
            inside = self.envelope.end_at(inside, quote);
        }
        self.pending.extend_from_slice(inside);
        let whole = self.pending.len() / 4 * 4;
        out.extend(base64_simd::STANDARD.decode_to_vec(&self.pending[..whole]).expect("base64"));
        self.pending.drain(..whole);
    }
}

#[test]
fn big_file_comes_out_of_every_door_with_level_memory() {
    let mebibytes: u32 = if is_soak() { 2048 } else { 192 };
    let vault = Vault::with_api_person();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    vault.add_hunt_group(1, 123, "Front desk");
    let file = vault.folder().join("big.wav");
    let sha256 = write_noise_wav(&file, 99, mebibytes << 20);
    let server = vault.serve_with(|command| {
        command.env("CALLVAULT_LIMITS_LARGEST_MESSAGE", "3GiB");
    });
    let peak = || memory_kib(server.pid(), "VmHWM");
    let figure = |what: &str, start: Instant, length: u64| {
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "big file: {what}: {length} bytes in {seconds:.1} s ({:.0} MB/s), server's peak {} KiB",
            length as f64 / 1e6 / seconds,
            peak()
        );
    };
    let size = u64::from(mebibytes) << 20;
    println!("big file: {mebibytes} MiB; server's peak before it {} KiB", peak());
    let start = Instant::now();
    vault.import(&file);
    figure("recording import", start, size);
    let start = Instant::now();
    vault.put_message(123, 1, &file);
    figure("message put", start, size);
    fs_err::remove_file(&file).expect("the source is not needed any more");

    let session = login(server.http, "api", PASSWORD);
    let start = Instant::now();
    let random = session.get_random("big.wav");
    let (hash, length) = hash_body(get(session.link("big.wav", &random)).open(server.http), |piece, out| {
        out.extend_from_slice(piece)
    });
    assert_eq!(hash, sha256, "Yeastar download");
    figure("Yeastar download", start, length);

    let message = "/api/json/huntgroups/files/download/?auth_username=desk;auth_password=Callvault1;huntgroup=123;level=1";
    let start = Instant::now();
    let (hash, length) = hash_body(get(format!("{message};wrap=none")).open(server.http), |piece, out| {
        out.extend_from_slice(piece)
    });
    assert_eq!(hash, sha256, "wrap=none");
    figure("Enswitch, wrap=none", start, length);

    let start = Instant::now();
    let mut decoder = Base64Decoder::default();
    let (hash, length) =
        hash_body(get(format!("{message};encoding=base64")).open(server.http), |piece, out| {
            decoder.decode(piece, out)
        });
    decoder.envelope.check();
    assert_eq!(hash, sha256, "base64");
    figure("Enswitch, base64", start, length);

    let start = Instant::now();
    let mut decoder = RawDecoder::default();
    let (hash, length) = hash_body(get(message).open(server.http), |piece, out| decoder.decode(piece, out));
    decoder.envelope.check();
    assert_eq!(hash, sha256, "raw");
    figure("Enswitch, raw", start, length);

    // A client that takes its time must not make the server read ahead.
    let mut slow = get(format!("{message};wrap=none")).open(server.http);
    let mut piece = vec![0; 1 << 20];
    slow.reader.read_exact(&mut piece).expect("the first mebibyte");
    let peak = peak();
    assert!(peak < MEMORY_LIMIT_KIB, "the server's memory reached {peak} KiB");
    drop(slow);
    server.stop();
}
