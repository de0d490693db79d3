//! Native FLAC (RFC 9639): reads STREAMINFO, then finds the frames to see how much of the promised audio is there.
//!
//! Frame headers are found by their sync code, believed by their checksum and by counting on from the frame before, so
//! that look-alikes inside the compressed audio do not count. Frames are not decoded. What is cut short, or what a
//! recorder left without a total, so gets its true length to within one frame.

mod frame;
mod info;

pub(crate) use info::StreamInfo;

use callvault_core::audio::{AudioFacts, Codec, Container, Marks};
use callvault_core::port::probe::Unrecognised;

use crate::gather::{Gather, skip};
use crate::time::milliseconds;
use frame::{FrameHeader, HEADER_BYTES, Position};
use info::INFO_BYTES;

/// `fLaC`, the first block header and STREAMINFO.
const BEGINNING_BYTES: usize = 4 + 4 + INFO_BYTES;

/// Frames that may be missing, through damage, between one and the next that is believed.
const GAP_FRAMES: u64 = 64;

/// A walk over one file.
#[derive(Debug)]
pub(crate) struct Walk {
    state: State,
    gather: Gather<BEGINNING_BYTES>,
    info: Option<StreamInfo>,
    /// The first frame's position and the end of the last, in samples.
    heard: Option<(u64, u64)>,
    failure: Option<&'static str>,
}

#[derive(Debug)]
enum State {
    Beginning,
    BlockHeader,
    Block { left: u64, last: bool },
    Frames,
}

impl Walk {
    /// A walk that has seen nothing; the caller knows that `fLaC` comes.
    pub(crate) fn new() -> Self {
        Self { state: State::Beginning, gather: Gather::new(), info: None, heard: None, failure: None }
    }

    /// Takes the next bytes of the file.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        while !input.is_empty() && self.failure.is_none() {
            self.step(&mut input);
        }
    }

    fn step(&mut self, input: &mut &[u8]) {
        match &mut self.state {
            State::Beginning => {
                if self.gather.fill(BEGINNING_BYTES, input) {
                    self.read_beginning();
                }
            }
            State::BlockHeader => {
                if self.gather.fill(4, input) {
                    let (last, left) = block_header(self.gather.bytes());
                    self.gather.clear();
                    self.state = State::Block { left, last };
                    self.leave_block_if_complete();
                }
            }
            State::Block { left, .. } => {
                skip(left, input);
                self.leave_block_if_complete();
            }
            State::Frames => self.find_frames(input),
        }
    }

    fn read_beginning(&mut self) {
        let bytes = self.gather.bytes();
        let (last, size) = block_header(&bytes[4..8]);
        self.info = StreamInfo::parse(&bytes[8..]);
        // Type 0, and at least as long as the standard says.
        if bytes[4] & 0x7F != 0 || size < INFO_BYTES as u64 {
            self.failure = Some("a FLAC file that does not begin with STREAMINFO");
        } else if self.info.is_none() {
            self.failure = Some("a FLAC file whose STREAMINFO names no sampling rate");
        }
        self.gather.clear();
        self.state = State::Block { left: size.saturating_sub(INFO_BYTES as u64), last };
        self.leave_block_if_complete();
    }

    fn leave_block_if_complete(&mut self) {
        if let State::Block { left: 0, last } = self.state {
            self.state = if last { State::Frames } else { State::BlockHeader };
        }
    }

    /// Tries every sync code; headers at the end of a piece wait in `gather` for the rest.
    fn find_frames(&mut self, input: &mut &[u8]) {
        while self.gather.len() > 0 {
            if !self.gather.fill(HEADER_BYTES, input) {
                return;
            }
            let candidate = self.gather.clone();
            self.consider(candidate.bytes());
            self.gather.drop_front(1);
            self.drop_to_sync();
        }
        while let Some(at) = input.iter().position(|&byte| byte == 0xFF) {
            *input = &input[at..];
            if input.len() < HEADER_BYTES {
                self.gather.fill(HEADER_BYTES, input);
                return;
            }
            self.consider(&input[..HEADER_BYTES]);
            *input = &input[1..];
        }
        *input = &[];
    }

    fn drop_to_sync(&mut self) {
        let bytes = self.gather.bytes();
        let at = bytes.iter().position(|&byte| byte == 0xFF).unwrap_or(bytes.len());
        self.gather.drop_front(at);
    }

    fn consider(&mut self, bytes: &[u8]) {
        let (Some(info), Some(header)) = (self.info, FrameHeader::parse(bytes)) else {
            return;
        };
        let block = u64::from(info.block_samples.max(1));
        let start = match header.position {
            Position::Frame(number) => number.saturating_mul(block),
            Position::Sample(number) => number,
        };
        let end = start.saturating_add(u64::from(header.samples));
        match &mut self.heard {
            None => self.heard = Some((start, end)),
            Some((_, last)) => {
                if start >= *last && start - *last <= GAP_FRAMES * block {
                    *last = end;
                }
            }
        }
    }

    /// The verdict, after the last byte.
    pub(crate) fn finish(mut self) -> Result<AudioFacts, Unrecognised> {
        if let Some(reason) = self.failure {
            return Err(Unrecognised::new(reason));
        }
        let Some(info) = self.info else {
            return Err(Unrecognised::new("a FLAC file that ends before its STREAMINFO"));
        };
        if let State::Frames = self.state {
            // The last frame may be shorter than the longest header.
            while self.gather.len() > 0 {
                let candidate = self.gather.clone();
                self.consider(candidate.bytes());
                self.gather.drop_front(1);
                self.drop_to_sync();
            }
        }
        let samples = self.heard.map_or(0, |(start, end)| end - start);
        Ok(AudioFacts {
            container: Container::Flac,
            codec: Codec::Flac,
            rate_hz: info.rate_hz,
            channels: info.channels,
            duration_ms: milliseconds(samples, info.rate_hz),
            marks: Marks {
                header_only: samples == 0,
                // A total of 0 means that the encoder did not know, which is no promise.
                size_mismatch: info.total_samples != 0 && info.total_samples != samples,
                ..Marks::default()
            },
        })
    }
}

impl Default for Walk {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether the block is the last before the frames, and its size.
fn block_header(bytes: &[u8]) -> (bool, u64) {
    let size = bytes[1..4].iter().fold(0, |size, &byte| (size << 8) | u64::from(byte));
    (bytes[0] & 0x80 != 0, size)
}
