//! What is known of stored audio: its container, codec and length, and the marks that the probe left.

use std::fmt;

/// The file format around the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    /// RIFF/WAVE, also in its 64-bit forms (RF64, BW64).
    Wave,
    /// A bare MPEG audio stream, with or without ID3 tags.
    Mp3,
    /// An Ogg stream.
    Ogg,
    /// A native FLAC stream.
    Flac,
}

impl Container {
    /// The word under which the catalog keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wave => "wave",
            Self::Mp3 => "mp3",
            Self::Ogg => "ogg",
            Self::Flac => "flac",
        }
    }

    /// The inverse of [`Container::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Wave, Self::Mp3, Self::Ogg, Self::Flac].into_iter().find(|one| one.as_str() == word)
    }
}

/// How the samples are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Unsigned 8-bit linear PCM.
    PcmU8,
    /// Signed 16-bit little-endian linear PCM.
    PcmS16,
    /// G.711 A-law.
    ALaw,
    /// G.711 mu-law.
    MuLaw,
    /// GSM 06.10 full rate in Microsoft's packing (WAV49): 65 bytes hold 320 samples.
    Gsm,
    /// MPEG audio layer III (or II, I: whatever the frames say).
    Mpeg,
    /// Opus.
    Opus,
    /// Vorbis.
    Vorbis,
    /// FLAC.
    Flac,
}

impl Codec {
    /// The word under which the catalog keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PcmU8 => "pcm_u8",
            Self::PcmS16 => "pcm_s16",
            Self::ALaw => "alaw",
            Self::MuLaw => "mulaw",
            Self::Gsm => "gsm",
            Self::Mpeg => "mpeg",
            Self::Opus => "opus",
            Self::Vorbis => "vorbis",
            Self::Flac => "flac",
        }
    }

    /// The inverse of [`Codec::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::PcmU8,
            Self::PcmS16,
            Self::ALaw,
            Self::MuLaw,
            Self::Gsm,
            Self::Mpeg,
            Self::Opus,
            Self::Vorbis,
            Self::Flac,
        ]
        .into_iter()
        .find(|one| one.as_str() == word)
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
    /// Playing time in milliseconds, from the bytes that are there and not from a header's promise.
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
