//! Silence and sound: which channels ever rise above the noise of an idle line.
//!
//! A channel that has been heard once is not looked at again, so an ordinary recording costs next to nothing; a silent
//! one is scanned to its end.

use callvault_core::audio::Codec;

use crate::g711;
use crate::gather::Gather;
use crate::gsm::{self, Decoder, Frame};

/// The highest peak, of 32768, that still counts as silence: G.711 codes an idle line with a few of its lowest steps.
pub const SILENCE_PEAK: u16 = 32;

/// Channels that a [`Meter`] tells apart; so wide is also the limit of the WAV files that are kept.
pub const MAX_CHANNELS: u16 = 8;

/// Listens to coded samples in pieces that are cut anywhere.
#[derive(Debug)]
pub struct Meter {
    channels: u16,
    coding: Coding,
    /// One bit for each channel.
    heard: u8,
    length_bytes: u64,
    /// The beginning of a sample frame, or of a GSM block, whose end has not come yet.
    partial: Gather<{ gsm::WAV49_BYTES }>,
}

#[derive(Debug)]
enum Coding {
    PcmU8,
    PcmS16,
    Companded(&'static [i16; 256]),
    Gsm(Box<Decoder>),
}

impl Meter {
    /// A meter for interleaved channels (1 to [`MAX_CHANNELS`], GSM 1); `None` for codecs that it cannot decode.
    pub fn new(codec: Codec, channels: u16) -> Option<Self> {
        let coding = match codec {
            Codec::PcmU8 => Coding::PcmU8,
            Codec::PcmS16 => Coding::PcmS16,
            Codec::ALaw => Coding::Companded(&g711::ALAW_TO_LINEAR),
            Codec::MuLaw => Coding::Companded(&g711::MULAW_TO_LINEAR),
            Codec::Gsm if channels == 1 => Coding::Gsm(Box::default()),
            Codec::Gsm | Codec::Mpeg | Codec::Opus | Codec::Vorbis | Codec::Flac => return None,
        };
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return None;
        }
        Some(Self { channels, coding, heard: 0, length_bytes: 0, partial: Gather::new() })
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.length_bytes = self.length_bytes.saturating_add(bytes.len() as u64);
        let width = self.width();
        let mut input = bytes;
        if self.partial.len() > 0 {
            if !self.partial.fill(width, &mut input) {
                return;
            }
            let first = self.partial.clone();
            self.partial.clear();
            self.listen(first.bytes());
        }
        let whole = input.len() - input.len() % width;
        self.listen(&input[..whole]);
        self.partial.fill(width, &mut &input[whole..]);
    }

    /// After the last byte: listens to the first half of a GSM block whose second half is missing.
    pub fn finish(&mut self) {
        if let (Coding::Gsm(decoder), Some(half)) =
            (&mut self.coding, self.partial.bytes().first_chunk::<{ gsm::WAV49_HALF_BYTES }>())
            && is_heard(&decoder.decode(&Frame::first_of_wav49(half)))
        {
            self.heard |= 1;
        }
    }

    /// Complete samples in each channel so far; a GSM block whose second half is cut counts as half a block.
    pub fn samples(&self) -> u64 {
        let width = self.width() as u64;
        let whole = self.length_bytes / width;
        if !matches!(self.coding, Coding::Gsm(_)) {
            return whole;
        }
        let half = self.length_bytes % width >= gsm::WAV49_HALF_BYTES as u64;
        whole.saturating_mul(2 * gsm::FRAME_SAMPLES as u64) + if half { gsm::FRAME_SAMPLES as u64 } else { 0 }
    }

    /// Whether there are samples and none of them, in any channel, is above [`SILENCE_PEAK`].
    pub fn is_silent(&self) -> bool {
        self.samples() > 0 && self.heard == 0
    }

    /// Whether exactly one of exactly two channels is silent.
    pub fn is_one_sided(&self) -> bool {
        self.channels == 2 && self.heard.count_ones() == 1
    }

    /// Bytes that hold one sample of every channel, or one block of GSM.
    fn width(&self) -> usize {
        let channels = usize::from(self.channels);
        match self.coding {
            Coding::PcmU8 | Coding::Companded(_) => channels,
            Coding::PcmS16 => 2 * channels,
            Coding::Gsm(_) => gsm::WAV49_BYTES,
        }
    }

    /// Takes whole frames only.
    fn listen(&mut self, frames: &[u8]) {
        let width = self.width();
        for channel in 0..usize::from(self.channels) {
            if self.heard & (1 << channel) != 0 {
                continue;
            }
            let heard = match &mut self.coding {
                Coding::PcmU8 => {
                    // One step of 8 bits is 256 of 32768, so only the exact middle is silence.
                    frames.iter().skip(channel).step_by(width).any(|&byte| byte != 0x80)
                }
                Coding::PcmS16 => frames.chunks_exact(width).any(|frame| {
                    let sample = i16::from_le_bytes([frame[2 * channel], frame[2 * channel + 1]]);
                    sample.unsigned_abs() > SILENCE_PEAK
                }),
                Coding::Companded(linear) => frames
                    .iter()
                    .skip(channel)
                    .step_by(width)
                    .any(|&code| linear[usize::from(code)].unsigned_abs() > SILENCE_PEAK),
                Coding::Gsm(decoder) => frames.as_chunks().0.iter().any(|block| {
                    Frame::pair_from_wav49(block).iter().any(|frame| is_heard(&decoder.decode(frame)))
                }),
            };
            if heard {
                self.heard |= 1 << channel;
            }
        }
    }
}

fn is_heard(samples: &[i16]) -> bool {
    samples.iter().any(|sample| sample.unsigned_abs() > SILENCE_PEAK)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected` is (samples, silent, one-sided).
    #[track_caller]
    fn check(codec: Codec, channels: u16, bytes: &[u8], expected: (u64, bool, bool)) {
        for piece in [1, 3, bytes.len().max(1)] {
            let mut meter = Meter::new(codec, channels).expect("a codec that the meter knows");
            bytes.chunks(piece).for_each(|part| meter.push(part));
            meter.finish();
            let found = (meter.samples(), meter.is_silent(), meter.is_one_sided());
            assert_eq!(found, expected, "{codec:?} in pieces of {piece}");
        }
    }

    #[test]
    fn the_limit_of_silence_is_32() {
        check(Codec::PcmS16, 1, &[32, 0, 0xE0, 0xFF], (2, true, false));
        check(Codec::PcmS16, 1, &[32, 0, 33, 0], (2, false, false));
        check(Codec::PcmS16, 1, &[0xDF, 0xFF], (1, false, false));
        check(Codec::PcmS16, 1, &[0x00, 0x80], (1, false, false));
        check(Codec::PcmU8, 1, &[128, 128], (2, true, false));
        check(Codec::PcmU8, 1, &[128, 127], (2, false, false));
        // A-law steps are 8, 24, 40; mu-law steps are 0, 8, 16, 24, 32, 40.
        check(Codec::ALaw, 1, &[0xD5, 0x55, 0xD4], (3, true, false));
        check(Codec::ALaw, 1, &[0xD7], (1, false, false));
        check(Codec::MuLaw, 1, &[0xFF, 0x7F, 0xFB], (3, true, false));
        check(Codec::MuLaw, 1, &[0xFA], (1, false, false));
    }

    #[test]
    fn one_of_two_channels_is_one_sided() {
        check(Codec::PcmS16, 2, &[0, 0, 0, 1, 0, 0, 0, 1], (2, false, true));
        check(Codec::PcmS16, 2, &[0, 1, 0, 0], (1, false, true));
        check(Codec::PcmS16, 2, &[0, 1, 0, 1], (1, false, false));
        check(Codec::PcmS16, 2, &[0, 0, 0, 0], (1, true, false));
        check(Codec::MuLaw, 2, &[0xFF, 0x00], (1, false, true));
        check(Codec::ALaw, 3, &[0xD5, 0x2A, 0xD5], (1, false, false));
    }

    #[test]
    fn what_is_cut_does_not_count() {
        check(Codec::PcmS16, 2, &[0, 1, 0], (0, false, false));
        check(Codec::PcmS16, 2, &[0, 0, 0, 0, 0, 1, 0], (1, true, false));
        check(Codec::Gsm, 1, &[0; 32], (0, false, false));
        assert!(Meter::new(Codec::Gsm, 2).is_none());
        assert!(Meter::new(Codec::PcmS16, 9).is_none());
        assert!(Meter::new(Codec::PcmS16, 0).is_none());
    }
}
