//! MPEG audio streams (MPEG 1, 2 and 2.5, layers I to III): walks from frame to frame and adds up their playing time.
//!
//! There is no header to trust, so a stream is believed when two frames follow each other (or one fills the file), and
//! its length is that of the complete frames. Tags are passed over; junk between frames is searched for the next pair
//! of frames, within limits. A frame that only holds an encoder's remarks (Xing, Info, VBRI) plays nothing.

mod frame;

use callvault_core::audio::{AudioFacts, Codec, Container, Marks};
use callvault_core::port::probe::Unrecognised;

use crate::gather::{Gather, skip, take};
use crate::time::milliseconds;
use frame::{FrameHeader, HEADER_BYTES, REMARKS_BYTES};

/// Bytes of an ID3v2 header.
pub(crate) const ID3_BYTES: usize = 10;

/// The most bytes that are searched at once; the longest frame (layer II, 160 kbit/s at 8 kHz) has 2881.
const SEARCH_BYTES: usize = 8 * 1024;

/// Names of tags that end a stream.
const END_TAGS: [&[u8]; 3] = [b"TAG", b"APE", b"LYR"];

/// Junk before the first two frames. More would let arbitrary files pass for MP3 now and then.
const LEADING_JUNK_BYTES: u64 = 4 * 1024;

/// Junk between frames; behind more of it nothing is looked for.
const INNER_JUNK_BYTES: u64 = 64 * 1024;

/// The length of the ID3v2 tag that begins with these bytes, its header included.
pub(crate) fn id3_bytes(header: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', version, _, flags, size @ ..] = header.first_chunk::<ID3_BYTES>()? else {
        return None;
    };
    if *version == 0xFF || size.iter().any(|byte| byte & 0x80 != 0) {
        return None;
    }
    let body = size.iter().fold(0u64, |size, byte| (size << 7) | u64::from(*byte));
    let footer = if flags & 0x10 != 0 { ID3_BYTES as u64 } else { 0 };
    Some(ID3_BYTES as u64 + body + footer)
}

/// A walk over one stream.
#[derive(Debug)]
pub(crate) struct Walk {
    state: State,
    gather: Gather<REMARKS_BYTES>,
    /// While searching: bytes in which no frame is believed yet, at most [`SEARCH_BYTES`].
    held: Vec<u8>,
    /// The frame that the next one must continue.
    run: Option<FrameHeader>,
    /// The first complete frame.
    first: Option<FrameHeader>,
    samples: u64,
    /// The rate that `samples` counts in, when it differs from the first (files that were joined).
    rate_hz: u32,
    /// Playing time of the parts before, at other rates.
    earlier_ms: u64,
    /// Bytes passed over in this search.
    junk_bytes: u64,
}

#[derive(Debug)]
enum State {
    /// Looking for two frames that follow each other.
    Search,
    /// Where a frame or a tag should begin.
    Boundary,
    /// In the first bytes of a frame, which may be an encoder's remarks.
    FrameStart(FrameHeader),
    FrameBody {
        header: FrameHeader,
        left: u64,
        samples: u32,
    },
    Tag {
        left: u64,
    },
    /// Behind the last frame: tags, or more junk than is searched.
    Rest,
}

impl Walk {
    /// A walk that has seen nothing.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Search,
            gather: Gather::new(),
            held: Vec::new(),
            run: None,
            first: None,
            samples: 0,
            rate_hz: 0,
            earlier_ms: 0,
            junk_bytes: 0,
        }
    }

    /// Takes the next bytes of the file.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        while !input.is_empty() {
            if let State::Search = self.state {
                let mut room = (SEARCH_BYTES - self.held.len()) as u64;
                self.held.extend_from_slice(take(&mut room, &mut input));
                self.search();
            } else {
                self.step(&mut input);
            }
        }
    }

    /// Walks over the held bytes from the first frame that is believed; what the walk cannot use is held again.
    fn search(&mut self) {
        while let Some((header, at)) = self.find_pair() {
            let held = std::mem::take(&mut self.held);
            let mut rest = &held[at..];
            self.junk_bytes = 0;
            self.run = Some(header);
            self.state = State::Boundary;
            while !rest.is_empty() && !matches!(self.state, State::Search) {
                self.step(&mut rest);
            }
            if !matches!(self.state, State::Search) {
                return;
            }
            self.held.extend_from_slice(rest);
        }
    }

    /// Looks for two frames in a row in the held bytes, and forgets what cannot be the first of them.
    fn find_pair(&mut self) -> Option<(FrameHeader, usize)> {
        let limit = if self.first.is_some() { INNER_JUNK_BYTES } else { LEADING_JUNK_BYTES };
        let mut at = 0;
        while at + HEADER_BYTES <= self.held.len() && self.junk_bytes <= limit {
            if let Some(header) = FrameHeader::parse(&self.held[at..]) {
                let next = self.held.get(at + header.length_bytes as usize..).unwrap_or_default();
                if next.len() < HEADER_BYTES {
                    break;
                }
                let fills_file = self.first.is_none() && self.junk_bytes == 0 && is_end_tag(next);
                if fills_file || FrameHeader::parse(next).is_some_and(|next| header.continues(&next)) {
                    return Some((header, at));
                }
            }
            at += 1;
            self.junk_bytes += 1;
        }
        self.held.drain(..at);
        if self.junk_bytes > limit {
            self.state = State::Rest;
            self.held.clear();
        }
        None
    }

    fn step(&mut self, input: &mut &[u8]) {
        match &mut self.state {
            State::Boundary => {
                let wanted = if self.gather.bytes().starts_with(b"ID3") { ID3_BYTES } else { HEADER_BYTES };
                if self.gather.fill(wanted, input) {
                    self.at_boundary();
                }
            }
            State::FrameStart(header) => {
                let header = *header;
                let wanted = REMARKS_BYTES.min(header.length_bytes as usize);
                if self.gather.fill(wanted, input) {
                    let samples = if header.is_remarks(self.gather.bytes()) { 0 } else { header.samples };
                    self.gather.clear();
                    let left = u64::from(header.length_bytes) - wanted as u64;
                    self.state = State::FrameBody { header, left, samples };
                    self.leave_frame_if_complete();
                }
            }
            State::FrameBody { left, .. } => {
                skip(left, input);
                self.leave_frame_if_complete();
            }
            State::Tag { left } => {
                if skip(left, input) {
                    self.state = State::Boundary;
                }
            }
            State::Search | State::Rest => *input = &[],
        }
    }

    fn at_boundary(&mut self) {
        let start = self.gather.bytes();
        if start.starts_with(b"ID3") && start.len() < ID3_BYTES {
            return;
        }
        if let Some(length) = id3_bytes(start) {
            self.state = State::Tag { left: length - ID3_BYTES as u64 };
        } else if is_end_tag(start) {
            self.state = State::Rest;
        } else if let Some(header) = FrameHeader::parse(start)
            && self.run.is_some_and(|run| run.continues(&header))
        {
            // The header stays gathered: remarks are told by their distance from it.
            self.state = State::FrameStart(header);
            return;
        } else {
            self.held.extend_from_slice(start);
            self.state = State::Search;
        }
        self.gather.clear();
    }

    fn leave_frame_if_complete(&mut self) {
        let State::FrameBody { header, left: 0, samples } = self.state else {
            return;
        };
        self.count(header, samples);
        self.state = State::Boundary;
    }

    fn count(&mut self, header: FrameHeader, samples: u32) {
        self.first.get_or_insert(header);
        if self.rate_hz != header.rate_hz {
            self.earlier_ms = self.duration_ms();
            self.samples = 0;
            self.rate_hz = header.rate_hz;
        }
        self.samples += u64::from(samples);
    }

    fn duration_ms(&self) -> u64 {
        self.earlier_ms.saturating_add(milliseconds(self.samples, self.rate_hz))
    }

    /// The verdict, after the last byte.
    pub(crate) fn finish(mut self) -> Result<AudioFacts, Unrecognised> {
        // A single frame is believed where it reaches from the first byte to the last.
        if let Some(header) = FrameHeader::parse(&self.held)
            && self.first.is_none()
            && self.junk_bytes == 0
            && self.held.len() == header.length_bytes as usize
        {
            let samples = if header.is_remarks(&self.held) { 0 } else { header.samples };
            self.count(header, samples);
        }
        let Some(first) = self.first else {
            return Err(Unrecognised::new("not a WAV, MP3, Ogg or FLAC file"));
        };
        let duration_ms = self.duration_ms();
        Ok(AudioFacts {
            container: Container::Mp3,
            codec: Codec::Mpeg,
            rate_hz: first.rate_hz,
            channels: first.channels,
            duration_ms,
            marks: Marks { header_only: self.samples == 0 && duration_ms == 0, ..Marks::default() },
        })
    }
}

impl Default for Walk {
    fn default() -> Self {
        Self::new()
    }
}

fn is_end_tag(bytes: &[u8]) -> bool {
    END_TAGS.iter().any(|tag| bytes.starts_with(tag))
}
