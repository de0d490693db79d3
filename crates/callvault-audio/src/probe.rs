//! The probe at the door: looks at the first bytes of a file, chooses the walk for its format and hands all bytes on.

use callvault_core::audio::AudioFacts;
use callvault_core::port::probe::{Probe, Prober, Unrecognised};

use crate::gather::{Gather, skip};
use crate::{flac, mp3, ogg, wave};

/// Bytes that tell the format.
const MAGIC_BYTES: usize = 12;

/// First bytes (at an offset) of files that people send and that are not kept, so that the sentence can name them.
const OTHERS: [(usize, &[u8], &str); 17] = [
    (4, b"ftyp", "an MP4 or M4A file"),
    (0, b"RIFX", "a big-endian WAV file (RIFX)"),
    (0, b"RIFF", "a RIFF file of another kind than WAVE"),
    (0, b"FORM", "an AIFF file"),
    (0, b".snd", "an AU file"),
    (0, b"caff", "a CAF file"),
    (0, b"#!AMR", "an AMR file"),
    (0, b"\x1a\x45\xdf\xa3", "a WebM or Matroska file"),
    (0, b"\x30\x26\xb2\x75", "a Windows Media file"),
    (0, b"riff", "a Wave64 file"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"<!", "a web page"),
    (0, b"<html", "a web page"),
    (0, b"<?xml", "an XML document"),
    (0, b"{\"", "a JSON document"),
];

/// Starts a probe for each file; see the crate's documentation for the formats.
#[derive(Debug, Clone, Copy, Default)]
pub struct AudioProber;

impl Prober for AudioProber {
    fn start(&self) -> Box<dyn Probe> {
        Box::new(AudioProbe { state: State::Magic, magic: Gather::new(), tagged: false })
    }
}

#[derive(Debug)]
struct AudioProbe {
    state: State,
    magic: Gather<MAGIC_BYTES>,
    /// Whether an ID3 tag came first.
    tagged: bool,
}

#[derive(Debug)]
enum State {
    /// The first bytes are not complete.
    Magic,
    /// In an ID3 tag, behind which the first bytes are looked at again.
    Tag {
        left: u64,
    },
    Wave(Box<wave::Walk>),
    Mp3(Box<mp3::Walk>),
    Ogg(Box<ogg::Walk>),
    Flac(Box<flac::Walk>),
    Other(&'static str),
}

impl AudioProbe {
    fn choose(&mut self) {
        let magic = self.magic.bytes();
        if let Some(length) = mp3::id3_bytes(magic) {
            // The magic is longer than the tag's header; its rest is already part of the tag or of what follows.
            let surplus = magic.len() as u64 - mp3::ID3_BYTES as u64;
            let body = length - mp3::ID3_BYTES as u64;
            self.magic.drop_front(mp3::ID3_BYTES + body.min(surplus) as usize);
            self.tagged = true;
            self.state = State::Tag { left: body.saturating_sub(surplus) };
            return;
        }
        self.state = if matches!(magic.first_chunk(), Some(b"RIFF" | b"RF64" | b"BW64"))
            && magic.get(8..).is_some_and(|form| form == b"WAVE")
        {
            State::Wave(Box::default())
        } else if magic.starts_with(b"OggS") {
            State::Ogg(Box::default())
        } else if magic.starts_with(b"fLaC") {
            State::Flac(Box::default())
        } else if let Some(other) =
            OTHERS.iter().find(|other| magic.get(other.0..).is_some_and(|rest| rest.starts_with(other.1)))
        {
            State::Other(other.2)
        } else {
            State::Mp3(Box::default())
        };
        let magic = self.magic.clone();
        self.magic.clear();
        self.hand_on(magic.bytes());
    }

    fn hand_on(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Wave(walk) => walk.push(bytes),
            State::Mp3(walk) => walk.push(bytes),
            State::Ogg(walk) => walk.push(bytes),
            State::Flac(walk) => walk.push(bytes),
            State::Magic | State::Tag { .. } | State::Other(_) => {}
        }
    }
}

impl Probe for AudioProbe {
    fn push(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        while !input.is_empty() {
            match &mut self.state {
                State::Magic => {
                    if self.magic.fill(MAGIC_BYTES, &mut input) {
                        self.choose();
                    }
                }
                State::Tag { left } => {
                    if skip(left, &mut input) {
                        self.state = State::Magic;
                    }
                }
                _ => {
                    self.hand_on(input);
                    return;
                }
            }
        }
    }

    fn finish(mut self: Box<Self>) -> Result<AudioFacts, Unrecognised> {
        if let State::Magic | State::Tag { left: 0 } = self.state {
            if self.magic.len() == 0 && !self.tagged {
                return Err(Unrecognised::new("an empty file"));
            }
            if self.magic.bytes().starts_with(b"RIFF") {
                return Err(Unrecognised::new("a WAV file that ends within its first 12 bytes"));
            }
            self.choose();
        }
        let tagged = self.tagged;
        match self.state {
            State::Wave(walk) => walk.finish(),
            State::Ogg(walk) => walk.finish(),
            State::Flac(walk) => walk.finish(),
            State::Mp3(walk) => walk.finish().map_err(|error| {
                if tagged { Unrecognised::new("an ID3 tag with no MPEG audio behind it") } else { error }
            }),
            State::Magic | State::Tag { .. } => Err(Unrecognised::new("an ID3 tag that is cut short")),
            State::Other(name) => {
                Err(Unrecognised::new(format!("{name}; accepted are WAV, MP3, Ogg and FLAC files")))
            }
        }
    }
}
