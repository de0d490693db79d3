//! Every fuzz function over its corpus, and over mutations of it that are the same on each run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use callvault_fuzz::{TARGETS, Target};

/// Mutations for each target; a debug build runs them all within seconds.
const MUTATIONS: u64 = 4_000;
/// No target takes longer than this on a slow machine. The corpus itself is always run whole.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Bits that mean something to one of the parsers.
const WORDS: &[&[u8]] = &[
    b"&",
    b";",
    b"=",
    b"+",
    b"%",
    b"%2B",
    b"%25",
    b"%00",
    b"%FF",
    b"/",
    b"//",
    b"..",
    b"\\",
    b"\"",
    b"\\u0000",
    b"\0",
    b"\r\n",
    b"\n",
    b"\r\n\r\n",
    b"--",
    b"-",
    b",",
    b"bytes=",
    b"*",
    b"W/",
    b"{",
    b"}",
    b"[",
    b"null",
    b"<",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xf0\x9f\x8e\xb5",
    b"0",
    b"-1",
    b"11",
    b"18446744073709551616",
    b"token=",
    b"auth_password=",
    b"level=",
    b"data=",
    b"RIFF",
    b"WAVE",
    b"fmt ",
    b"data",
    b"LIST",
    b"ds64",
    b"OggS",
    b"fLaC",
    b"ID3",
    b"\xff\xfb",
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"for=",
    b"unknown",
    b"PROXY ",
    b"TCP4",
    b"::ffff:",
];

/// xorshift64*, by George Marsaglia.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        usize::try_from(number % (limit.max(1) as u64)).expect("below a usize")
    }
}

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files: Vec<_> = fs_err::read_dir(folder)
        .expect("each target has a folder")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.clone(), fs_err::read(&path).expect("a seed")))
        .collect();
    files.sort();
    files
}

/// One to four changes, of a file or of two.
fn mutated(seeds: &[(PathBuf, Vec<u8>)], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds[chance.below(seeds.len())].1.clone();
    for _ in 0..=chance.below(4) {
        let (start, end) = (chance.below(bytes.len() + 1), chance.below(bytes.len() + 1));
        let (start, end) = (start.min(end), start.max(end));
        match chance.below(7) {
            0 if start < bytes.len() => bytes[start] ^= 1 << chance.below(8),
            1 if start < bytes.len() => bytes[start] = u8::try_from(chance.below(256)).expect("a byte"),
            2 => drop(bytes.drain(start..end)),
            3 => bytes.truncate(end),
            4 if bytes.len() < 100_000 => {
                let piece = bytes[start..end].to_vec();
                bytes.splice(end..end, piece);
            }
            5 => {
                let other = &seeds[chance.below(seeds.len())].1;
                let place = chance.below(other.len() + 1);
                bytes.truncate(start);
                bytes.extend_from_slice(&other[place..]);
            }
            _ => drop(bytes.splice(start..start, WORDS[chance.below(WORDS.len())].iter().copied())),
        }
    }
    bytes
}

/// Runs a target and says which bytes broke it, ready to become a file of the corpus.
fn check(name: &str, target: Target, what: &str, bytes: &[u8]) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| target(bytes))) {
        let reason = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        panic!("{name}: {what}: {}\ninput: \"{}\"", reason.unwrap_or_default(), bytes.escape_ascii());
    }
}

#[test]
fn every_target_holds_on_its_corpus() {
    for (name, target) in TARGETS {
        let seeds = corpus(name);
        assert!(seeds.len() >= 3, "{name} has {} seeds", seeds.len());
        for (path, bytes) in &seeds {
            check(name, *target, &path.display().to_string(), bytes);
        }
        check(name, *target, "nothing", b"");
    }
}

#[test]
fn every_folder_of_the_corpus_has_a_target() {
    for entry in fs_err::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")).expect("the corpus") {
        let name = entry.expect("an entry").file_name();
        assert!(TARGETS.iter().any(|(target, _)| name == *target), "{}", name.display());
    }
}

#[test]
fn every_target_holds_on_mutations_of_its_corpus() {
    std::thread::scope(|scope| {
        for (number, (name, target)) in TARGETS.iter().enumerate() {
            scope.spawn(move || {
                let seeds = corpus(name);
                let mut chance = Chance(0x9E37_79B9_7F4A_7C15 ^ number as u64);
                let start = Instant::now();
                for mutation in 0..MUTATIONS {
                    if start.elapsed() > TIME_LIMIT {
                        break;
                    }
                    check(name, *target, &format!("mutation {mutation}"), &mutated(&seeds, &mut chance));
                }
            });
        }
    });
}
