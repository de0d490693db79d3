//! Mutations of a corpus: the same for the same seed.

use std::path::PathBuf;

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
    b"[::1]",
    b"@",
    b":",
    b"#",
    b" ",
    b"\t",
    b"\xc2\xa0",
    b"http://",
    b"HTTP/1.1 ",
    b"100 ",
    b"username",
    b"Secret: ",
    b"random=",
    b"number=",
    b"all",
    b"true",
    b"2020-05-12 17:05:28",
    b"2026-10-25 02:30:00",
    b"T",
    b"+02",
    b"9007199254740993",
    b"ANSWERED",
    b"1795314822.0",
];

/// xorshift64*, by George Marsaglia.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        usize::try_from(number % (limit.max(1) as u64)).expect("below a usize")
    }
}

/// One to four changes, of a file or of two.
pub(crate) fn mutated(seeds: &[(PathBuf, Vec<u8>)], chance: &mut Chance) -> Vec<u8> {
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
