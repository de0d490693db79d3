//! RIFF/WAVE, also as RF64 and BW64: walks the chunks, measures the samples and compares sizes with what is there.
//!
//! Recorders that die leave sizes of 0, 0xFFFFFFFF or an earlier moment in the header, and their audio is worth the
//! same. So the samples are those that are in the file: a data chunk reaches at most to its end, and what follows one
//! without being a chunk is more of it. Any disagreement becomes the mark `size_mismatch`.

mod format;

use callvault_core::audio::{AudioFacts, Container, Marks};
use callvault_core::port::probe::Unrecognised;

use crate::gather::{Gather, skip, take, u32_le, u64_le};
use crate::level::Meter;
use crate::time::milliseconds;
use format::{FORMAT_BYTES_READ, Format};

/// What a recorder writes that cannot know the size yet, and what stands for "see the ds64 chunk".
const UNKNOWN_SIZE: u32 = u32::MAX;

/// Bytes of the ds64 chunk (EBU Tech 3306) that count here: RIFF size and data size.
const DS64_BYTES_READ: u64 = 16;

/// Chunks that are believed to be chunks even outside of the RIFF size, as tag editors append them.
const APPENDED_CHUNKS: [&[u8; 4]; 12] = [
    b"LIST", b"id3 ", b"ID3 ", b"bext", b"fact", b"cue ", b"smpl", b"PEAK", b"JUNK", b"iXML", b"axml",
    b"_PMX",
];

/// A walk over one file, from its first byte.
#[derive(Debug)]
pub(crate) struct Walk {
    state: State,
    gather: Gather<FORMAT_BYTES_READ>,
    length_bytes: u64,
    /// Where the chunk header that was read last ends.
    header_end: u64,
    riff_bytes: u64,
    /// Data size of the ds64 chunk.
    long_data_bytes: Option<u64>,
    format: Option<Format>,
    meter: Option<Meter>,
    size_mismatch: bool,
    failure: Option<String>,
}

#[derive(Debug)]
enum State {
    Riff,
    /// Before the header of a chunk.
    Chunk {
        /// The chunk before was odd, and a byte fills it up.
        padded: bool,
        /// The chunk before was the data chunk, which may go on in spite of its size.
        after_data: bool,
    },
    LongSizes {
        size: u64,
    },
    Format {
        size: u64,
    },
    Data {
        left: u64,
        padded: bool,
    },
    /// Data up to the end of the file.
    OpenData,
    Other {
        id: [u8; 4],
        left: u64,
        padded: bool,
    },
}

impl Walk {
    /// A walk that has seen nothing; the caller knows that a RIFF, RF64 or BW64 header comes.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Riff,
            gather: Gather::new(),
            length_bytes: 0,
            header_end: 0,
            riff_bytes: 0,
            long_data_bytes: None,
            format: None,
            meter: None,
            size_mismatch: false,
            failure: None,
        }
    }

    /// Takes the next bytes of the file.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.length_bytes = self.length_bytes.saturating_add(bytes.len() as u64);
        let mut input = bytes;
        while !input.is_empty() && self.failure.is_none() {
            self.step(&mut input);
        }
    }

    fn step(&mut self, input: &mut &[u8]) {
        match &mut self.state {
            State::Riff => {
                if self.gather.fill(12, input) {
                    self.riff_bytes = u64::from(u32_le(self.gather.bytes(), 4));
                    self.next_chunk(false, false);
                }
            }
            State::Chunk { padded, after_data } => {
                let (padded, after_data) = (*padded, *after_data);
                if self.gather.fill(8 + usize::from(padded), input) {
                    self.header_end = self.length_bytes - input.len() as u64;
                    self.enter_chunk(padded, after_data);
                }
            }
            State::LongSizes { size } => {
                let size = *size;
                if self.gather.fill(size.min(DS64_BYTES_READ) as usize, input) {
                    let sizes = self.gather.bytes();
                    // The 32-bit field counts unless it says that it does not.
                    if self.riff_bytes == u64::from(UNKNOWN_SIZE) {
                        self.riff_bytes = u64_le(sizes, 0);
                    }
                    self.long_data_bytes = Some(u64_le(sizes, 8));
                    let left = size.saturating_sub(DS64_BYTES_READ);
                    self.state = State::Other { id: *b"ds64", left, padded: size % 2 == 1 };
                }
            }
            State::Format { size } => {
                let size = *size;
                let read = size.min(FORMAT_BYTES_READ as u64);
                if self.gather.fill(read as usize, input) {
                    match Format::parse(self.gather.bytes()) {
                        Ok(format) => self.format = Some(format),
                        Err(reason) => self.failure = Some(reason),
                    }
                    self.state = State::Other { id: *b"fmt ", left: size - read, padded: size % 2 == 1 };
                }
            }
            State::Data { left, padded } => {
                let padded = *padded;
                let samples = take(left, input);
                let done = *left == 0;
                self.listen(samples);
                if done {
                    self.next_chunk(padded, true);
                }
            }
            State::OpenData => self.listen(std::mem::take(input)),
            State::Other { left, padded, .. } => {
                let padded = *padded;
                if skip(left, input) {
                    self.next_chunk(padded, false);
                }
            }
        }
    }

    fn next_chunk(&mut self, padded: bool, after_data: bool) {
        self.gather.clear();
        self.state = State::Chunk { padded, after_data };
    }

    /// Decides by the 8 gathered bytes (after the pad byte, if one is due) what begins here.
    fn enter_chunk(&mut self, padded: bool, after_data: bool) {
        let gathered = self.gather.clone();
        self.gather.clear();
        let header = &gathered.bytes()[usize::from(padded)..];
        let id: [u8; 4] = std::array::from_fn(|index| header[index]);
        let short_size = u32_le(header, 4);
        let size = u64::from(short_size);

        if after_data && !self.is_chunk(id, size) {
            self.continue_data(gathered.bytes());
            return;
        }
        match &id {
            b"ds64" if self.long_data_bytes.is_none() && size >= DS64_BYTES_READ => {
                self.state = State::LongSizes { size };
            }
            b"fmt " if self.format.is_none() => {
                if size < 16 {
                    self.failure = Some(format!(
                        "a WAV file whose fmt chunk has {size} bytes, which is too short to describe its audio"
                    ));
                }
                self.state = State::Format { size };
            }
            b"data" if self.meter.is_none() => self.enter_data(short_size),
            _ => self.state = State::Other { id, left: size, padded: size % 2 == 1 },
        }
    }

    fn enter_data(&mut self, short_size: u32) {
        let Some(format) = &self.format else {
            self.failure = Some("a WAV file whose data chunk comes before its fmt chunk".into());
            return;
        };
        self.meter = Meter::new(format.codec, format.channels);
        let size = match (short_size, self.long_data_bytes) {
            (UNKNOWN_SIZE, Some(long)) => long,
            (UNKNOWN_SIZE, None) => {
                self.size_mismatch = true;
                self.state = State::OpenData;
                return;
            }
            (size, _) => u64::from(size),
        };
        if size == 0 {
            self.next_chunk(false, true);
        } else {
            self.state = State::Data { left: size, padded: size % 2 == 1 };
        }
    }

    /// Whether a chunk begins behind the data: its name is text, and it is either known or ends within the RIFF size.
    fn is_chunk(&self, id: [u8; 4], size: u64) -> bool {
        let named = id.iter().all(|byte| (0x20..0x7F).contains(byte));
        let within = self.header_end.saturating_add(size) <= self.riff_bytes.saturating_add(8);
        named && (within || APPENDED_CHUNKS.contains(&&id))
    }

    fn continue_data(&mut self, bytes: &[u8]) {
        self.size_mismatch = true;
        self.state = State::OpenData;
        self.listen(bytes);
    }

    fn listen(&mut self, samples: &[u8]) {
        if let Some(meter) = &mut self.meter {
            meter.push(samples);
        }
    }

    /// The verdict, after the last byte.
    pub(crate) fn finish(mut self) -> Result<AudioFacts, Unrecognised> {
        if let Some(reason) = self.failure {
            return Err(Unrecognised::new(reason));
        }
        if let State::Chunk { after_data: true, .. } = self.state
            && self.gather.len() > 1
        {
            let rest = self.gather.clone();
            self.continue_data(rest.bytes());
        }
        let (Some(format), Some(mut meter)) = (self.format, self.meter) else {
            return Err(Unrecognised::new(match self.state {
                State::Riff => "a WAV file that ends within its first 12 bytes".into(),
                State::Format { .. } => "a WAV file that ends inside its fmt chunk, before any audio".into(),
                State::Other { id, left, .. } if left > 0 => format!(
                    "a WAV file that ends inside its chunk \"{}\", before any audio",
                    id.escape_ascii()
                ),
                _ => "a WAV file that ends before its data chunk".to_owned(),
            }));
        };
        meter.finish();
        if let State::Data { left, .. } = self.state
            && left > 0
        {
            self.size_mismatch = true;
        }
        // Writers disagree on whether the pad byte of the last chunk is there and counted.
        if self.riff_bytes.saturating_add(8).abs_diff(self.length_bytes) > 1 {
            self.size_mismatch = true;
        }
        let samples = meter.samples();
        Ok(AudioFacts {
            container: Container::Wave,
            codec: format.codec,
            rate_hz: format.rate_hz,
            channels: format.channels,
            duration_ms: milliseconds(samples, format.rate_hz),
            marks: Marks {
                header_only: samples == 0,
                silent: meter.is_silent(),
                one_sided: meter.is_one_sided(),
                size_mismatch: self.size_mismatch,
            },
        })
    }
}

impl Default for Walk {
    fn default() -> Self {
        Self::new()
    }
}
