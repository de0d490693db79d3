//! What is known of stored audio: its container, codec and length, and the marks that the probe left.

use std::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use crate::port::random::Random;
use crate::words::words;

words! {
    /// The file format around the samples.
    Container {
        /// RIFF/WAVE, also in its 64-bit forms (RF64, BW64).
        Wave = "wave",
        /// A bare MPEG audio stream, with or without ID3 tags.
        Mp3 = "mp3",
        /// An Ogg stream.
        Ogg = "ogg",
        /// A native FLAC stream.
        Flac = "flac",
    }

    /// How the samples are coded.
    Codec {
        /// Unsigned 8-bit linear PCM.
        PcmU8 = "pcm_u8",
        /// Signed 16-bit little-endian linear PCM.
        PcmS16 = "pcm_s16",
        /// G.711 A-law.
        ALaw = "alaw",
        /// G.711 mu-law.
        MuLaw = "mulaw",
        /// GSM 06.10 full rate in Microsoft's packing (WAV49): 65 bytes hold 320 samples.
        Gsm = "gsm",
        /// MPEG audio layer III (or II, I: whatever the frames say).
        Mpeg = "mpeg",
        /// Opus.
        Opus = "opus",
        /// Vorbis.
        Vorbis = "vorbis",
        /// FLAC.
        Flac = "flac",
    }
}

/// What the probe found out about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioFacts {
    /// The file format.
    pub container: Container,
    /// The coding of the samples.
    pub codec: Codec,
    /// Samples per second and channel, as the header says.
    pub rate_hz: u32,
    /// Number of channels, at least 1.
    pub channels: u16,
    /// Playing time in milliseconds, from the bytes that are there and not from a header's promise; of Ogg as its last
    /// page tells it.
    pub duration_ms: u64,
    /// What is remarkable about it; a mark never keeps a file out.
    pub marks: Marks,
}

/// Remarks about a file that is kept all the same. An empty set is an unremarkable file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// There is a header and not one sample.
    pub header_only: bool,
    /// No sample rises above the noise of an idle line (peak at most 32 of 32768). Known for PCM, G.711 and GSM.
    pub silent: bool,
    /// Two channels, of which exactly one is silent. Known for PCM and G.711.
    pub one_sided: bool,
    /// A size in the header disagrees with the file.
    pub size_mismatch: bool,
}

impl Marks {
    /// The marks as words, in a fixed order, for the catalog and for people.
    pub fn words(self) -> Vec<&'static str> {
        let all = [
            (self.header_only, "header_only"),
            (self.silent, "silent"),
            (self.one_sided, "one_sided"),
            (self.size_mismatch, "size_mismatch"),
        ];
        all.into_iter().filter_map(|(set, word)| set.then_some(word)).collect()
    }

    /// The inverse of [`Marks::words`]; unknown words are passed over, so that an older reader copes with newer rows.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut marks = Self::default();
        for word in words {
            match word {
                "header_only" => marks.header_only = true,
                "silent" => marks.silent = true,
                "one_sided" => marks.one_sided = true,
                "size_mismatch" => marks.size_mismatch = true,
                _ => {}
            }
        }
        marks
    }
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(","))
    }
}

/// The opaque name of stored bytes: 128 random bits, made once, never changed, never shown to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AudioKey([u8; 16]);

impl AudioKey {
    /// A key that no object has: all zeros, of which chance gives one in 2^128.
    pub const NONE: Self = Self([0; 16]);

    /// A fresh key.
    pub fn new(random: &dyn Random) -> Self {
        let mut bits = [0u8; 16];
        random.fill(&mut bits);
        Self(bits)
    }

    /// The inverse of `Display`: 32 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// The first byte, which says in which of 256 shards an engine keeps it.
    pub fn shard(&self) -> u8 {
        self.0[0]
    }
}

impl fmt::Display for AudioKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HEXLOWER.encode_display(&self.0).fmt(f)
    }
}

/// A SHA-256 of audio.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// From 64 hex digits of either case.
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HEXLOWER.encode_display(&self.0).fmt(f)
    }
}

impl Container {
    /// The media type of a file in it (`docs/enswitch.md` 26).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Wave => "audio/x-wav",
            Self::Mp3 => "audio/mpeg",
            Self::Ogg => "audio/ogg",
            Self::Flac => "audio/flac",
        }
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

/// A SHA-1 of audio, for clients that ask for one (`docs/enswitch.md` 85); nothing rests on it, and it is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha1(pub [u8; 20]);

impl fmt::Display for Sha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HEXLOWER.encode_display(&self.0).fmt(f)
    }
}

/// Stored bytes and what is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAudio {
    /// Under which key an engine has them.
    pub key: AudioKey,
    /// Their hash.
    pub sha256: Sha256,
    /// How many there are.
    pub size_bytes: u64,
    /// How many ASCII characters they take inside a JSON string, one code point per byte
    /// (`docs/enswitch.md` 6). Counted at intake, so that a streamed answer can state its length.
    pub escaped_len: u64,
    /// What the probe found.
    pub facts: AudioFacts,
}

/// How many ASCII characters a byte takes inside a JSON string, one code point per byte: `"` and `\` two, other
/// printable ASCII one, everything else the six of `\u00XX`.
pub const fn escaped_byte_len(byte: u8) -> u64 {
    match byte {
        b'"' | b'\\' => 2,
        0x20..=0x7E => 1,
        _ => 6,
    }
}

/// The sum of [`escaped_byte_len`] over `bytes`.
pub fn escaped_len(bytes: &[u8]) -> u64 {
    /// Few enough that a count of them fits into a byte: such counts the compiler makes for many bytes at once.
    const BLOCK: usize = 240;
    let of_block = |block: &[u8]| {
        let printable: u8 = block.iter().map(|byte| u8::from((0x20..=0x7E).contains(byte))).sum();
        let marked: u8 = block.iter().map(|byte| u8::from(*byte == b'"') | u8::from(*byte == b'\\')).sum();
        6 * block.len() as u64 - 5 * u64::from(printable) + u64::from(marked)
    };
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    blocks.iter().map(|block| of_block(block)).sum::<u64>() + of_block(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written_and_hashes_in_either_case() {
        let check = |text: &str, is_key: bool| {
            let key = AudioKey::parse(text);
            assert_eq!(key.map(|key| key.to_string()), is_key.then(|| text.to_owned()), "{text}");
        };
        check("3f00112233445566778899aabbccddee", true);
        check("3f00112233445566778899aabbccddeE", false);
        check("3f00112233445566778899aabbccdde", false);
        check("3f00112233445566778899aabbccddeeff", false);
        check("3f00112233445566778899aabbccddeg", false);
        check("", false);
        // SHA-256("abc") from FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for text in [abc.to_owned(), abc.to_uppercase()] {
            assert_eq!(Sha256::parse(&text).unwrap().to_string(), abc);
        }
        assert_eq!(Sha256::parse(&abc[..62]), None);
    }

    #[test]
    fn the_escaped_length_is_that_of_all_bytes_one_by_one() {
        // Every byte value on both sides of every seam of the blocks that are counted at once, and blocks of one value.
        let mixed: Vec<u8> = (0..2000u32).map(|place| (place * 7 + place / 256) as u8).collect();
        for length in 0..mixed.len() {
            let bytes = &mixed[..length];
            assert_eq!(
                escaped_len(bytes),
                bytes.iter().map(|byte| escaped_byte_len(*byte)).sum(),
                "{length}"
            );
        }
        for byte in 0..=u8::MAX {
            assert_eq!(escaped_len(&[byte; 1000]), 1000 * escaped_byte_len(byte), "{byte:#x}");
        }
    }
}
