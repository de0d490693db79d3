//! Ogg (RFC 3533) with Opus, Vorbis or FLAC: walks the pages and takes the length from the last granule position.
//!
//! The first stream with one of these codecs counts, others beside it are passed over; links of a chain (files that
//! were joined) add up. Only complete pages count. Checksums are not verified: the probe is not a player.

mod codec;

use callvault_core::audio::{AudioFacts, Container, Marks};
use callvault_core::port::probe::Unrecognised;

use crate::gather::{Gather, skip, u32_le, u64_le};
use crate::time::milliseconds;
use codec::{IDENTIFICATION_BYTES, Identification};

/// Bytes of a page header before the lacing values.
const HEADER_BYTES: usize = 27;

/// The most lacing values that a page can have.
const LACING_BYTES: usize = 255;

const CAPTURE: &[u8] = b"OggS";

/// Flag of a page that begins a logical stream.
const BEGINS: u8 = 0x02;

/// Granule position of a page on which no packet ends.
const NO_PACKET: u64 = u64::MAX;

/// Damage between pages that is searched for the next one.
const JUNK_BYTES: u64 = 64 * 1024;

/// A walk over one file.
#[derive(Debug)]
pub(crate) struct Walk {
    state: State,
    gather: Gather<LACING_BYTES>,
    link: Option<Link>,
    first: Option<Identification>,
    /// Names of streams that are not accepted, for the sentence.
    refused: Option<String>,
    earlier_ms: u64,
    has_samples: bool,
    junk_bytes: u64,
}

#[derive(Debug, Clone, Copy)]
struct Page {
    begins: bool,
    granule: u64,
    serial: u32,
}

#[derive(Debug)]
enum State {
    Header,
    Lacing {
        page: Page,
        count: usize,
    },
    /// In the first packet of a logical stream.
    Identification {
        page: Page,
        body_bytes: u64,
    },
    Body {
        page: Page,
        left: u64,
    },
    Rest,
}

/// The logical stream that is being measured.
#[derive(Debug)]
struct Link {
    serial: u32,
    identification: Identification,
    /// The last granule position: samples since the beginning of the stream.
    granule: u64,
}

impl Link {
    fn samples(&self) -> u64 {
        self.granule.saturating_sub(self.identification.pre_skip)
    }

    fn duration_ms(&self) -> u64 {
        milliseconds(self.samples(), self.identification.rate_hz)
    }
}

impl Walk {
    /// A walk that has seen nothing.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Header,
            gather: Gather::new(),
            link: None,
            first: None,
            refused: None,
            earlier_ms: 0,
            has_samples: false,
            junk_bytes: 0,
        }
    }

    /// Takes the next bytes of the file.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        while !input.is_empty() {
            self.step(&mut input);
        }
    }

    fn step(&mut self, input: &mut &[u8]) {
        match &mut self.state {
            State::Header => {
                if self.gather.fill(HEADER_BYTES, input) {
                    self.read_header();
                }
            }
            State::Lacing { page, count } => {
                let (page, count) = (*page, *count);
                if self.gather.fill(count, input) {
                    let left = self.gather.bytes().iter().map(|&length| u64::from(length)).sum();
                    self.gather.clear();
                    self.enter_body(page, left);
                }
            }
            State::Identification { page, body_bytes } => {
                let (page, body_bytes) = (*page, *body_bytes);
                let wanted = body_bytes.min(IDENTIFICATION_BYTES as u64);
                if self.gather.fill(wanted as usize, input) {
                    let packet = self.gather.clone();
                    self.gather.clear();
                    self.begin_link(page, packet.bytes());
                    self.state = State::Body { page, left: body_bytes - wanted };
                    self.leave_page_if_complete();
                }
            }
            State::Body { left, .. } => {
                skip(left, input);
                self.leave_page_if_complete();
            }
            State::Rest => *input = &[],
        }
    }

    fn read_header(&mut self) {
        let header = self.gather.bytes();
        if !header.starts_with(CAPTURE) || header[4] != 0 {
            self.gather.drop_front(1);
            self.junk_bytes += 1;
            if self.junk_bytes > JUNK_BYTES {
                self.state = State::Rest;
            }
            return;
        }
        let page =
            Page { begins: header[5] & BEGINS != 0, granule: u64_le(header, 6), serial: u32_le(header, 14) };
        let count = usize::from(header[26]);
        self.gather.clear();
        self.junk_bytes = 0;
        self.state = State::Lacing { page, count };
        if count == 0 {
            self.enter_body(page, 0);
        }
    }

    fn enter_body(&mut self, page: Page, left: u64) {
        self.state = if page.begins && left > 0 {
            State::Identification { page, body_bytes: left }
        } else {
            State::Body { page, left }
        };
        self.leave_page_if_complete();
    }

    fn begin_link(&mut self, page: Page, packet: &[u8]) {
        match Identification::parse(packet) {
            Ok(identification) => {
                // Streams side by side all begin before any of them has audio; the first one counts.
                if self.link.as_ref().is_some_and(|link| link.granule == 0) {
                    return;
                }
                self.first.get_or_insert(identification);
                self.close_link();
                self.link = Some(Link { serial: page.serial, identification, granule: 0 });
            }
            Err(reason) => {
                self.refused.get_or_insert(reason);
            }
        }
    }

    fn close_link(&mut self) {
        if let Some(link) = self.link.take() {
            self.has_samples |= link.samples() > 0;
            self.earlier_ms = self.earlier_ms.saturating_add(link.duration_ms());
        }
    }

    fn leave_page_if_complete(&mut self) {
        let State::Body { page, left: 0 } = self.state else {
            return;
        };
        if let Some(link) = &mut self.link
            && link.serial == page.serial
            && page.granule != NO_PACKET
        {
            // Positions are signed; below zero there is no audio.
            link.granule = if page.granule > i64::MAX as u64 { 0 } else { page.granule };
        }
        self.state = State::Header;
    }

    /// The verdict, after the last byte.
    pub(crate) fn finish(mut self) -> Result<AudioFacts, Unrecognised> {
        self.close_link();
        let Some(first) = self.first else {
            return Err(Unrecognised::new(
                self.refused
                    .unwrap_or_else(|| "an Ogg file that ends before its first stream is described".into()),
            ));
        };
        Ok(AudioFacts {
            container: Container::Ogg,
            codec: first.codec,
            rate_hz: first.rate_hz,
            channels: first.channels,
            duration_ms: self.earlier_ms,
            marks: Marks { header_only: !self.has_samples, ..Marks::default() },
        })
    }
}

impl Default for Walk {
    fn default() -> Self {
        Self::new()
    }
}
