//! The WAV files that are measured: 8 kHz, 16 bit, one channel, something like speech.
//!
//! The `raw` form grows with the bytes it escapes, so neither silence nor noise will do: syllables of a few harmonics
//! with pauses between them come close to the level and the spread of a call. The same size gives the same bytes.

use std::f64::consts::TAU;

const RATE: f64 = 8000.0;
const HEADER_BYTES: usize = 44;

/// From there on the audio repeats itself, as sines take their time; a prime, lest pieces at round distances be alike.
const DIFFERENT_SAMPLES: usize = 2_000_003;

/// A whole WAV file of `bytes` bytes, an even number of at least 44.
pub(crate) fn wave_file(bytes: usize) -> Vec<u8> {
    let data_bytes = bytes - HEADER_BYTES;
    let mut file = Vec::with_capacity(bytes);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&length(bytes - 8));
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&length(16));
    for field in [1_u16, 1] {
        // PCM, one channel.
        file.extend_from_slice(&field.to_le_bytes());
    }
    file.extend_from_slice(&8000_u32.to_le_bytes());
    file.extend_from_slice(&16_000_u32.to_le_bytes());
    for field in [2_u16, 16] {
        // Bytes of a frame, bits of a sample.
        file.extend_from_slice(&field.to_le_bytes());
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length(data_bytes));
    let mut noise = Noise(0x2545_f491_4f6c_dd1d);
    for index in 0..(data_bytes / 2).min(DIFFERENT_SAMPLES) {
        file.extend_from_slice(&sample(index, &mut noise).to_le_bytes());
    }
    while file.len() < bytes {
        let start = file.len() - 2 * DIFFERENT_SAMPLES;
        let end = (start + bytes - file.len()).min(file.len());
        file.extend_from_within(start..end);
    }
    file
}

/// One sample: three harmonics of a voice around 120 Hz, four syllables a second, a pause in every third second, and
/// line noise under all of it.
fn sample(index: usize, noise: &mut Noise) -> i16 {
    let time = index as f64 / RATE;
    let speaks = time % 3.0 < 2.0;
    let envelope = if speaks { (TAU * 2.0 * time).sin().abs() } else { 0.0 };
    let pitch = 120.0 + 15.0 * (TAU * 0.7 * time).sin();
    let voice = [(1.0, 0.5), (2.0, 0.3), (5.0, 0.2)]
        .iter()
        .map(|(harmonic, share)| share * (TAU * pitch * harmonic * time).sin())
        .sum::<f64>();
    // Far inside the range of i16: 6000 + 40.
    (envelope * voice * 6000.0 + noise.next() * 40.0) as i16
}

/// A length field of RIFF.
fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).expect("the plan has no file of 4 GiB").to_le_bytes()
}

/// Marsaglia's xorshift with his triple (13, 7, 17); good enough for hiss.
struct Noise(u64);

impl Noise {
    /// From -1 to 1.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{LONG, SIZES};

    #[test]
    fn files_have_the_length_of_the_plan_and_say_so() {
        for size in SIZES.into_iter().chain([LONG]) {
            let file = wave_file(size.bytes);
            assert_eq!(file.len(), size.bytes, "{}", size.name);
            let field =
                |at: usize| u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]) as usize;
            assert_eq!(field(4), size.bytes - 8, "RIFF length of {}", size.name);
            assert_eq!(field(40), size.bytes - 44, "data length of {}", size.name);
        }
    }

    #[test]
    fn the_audio_is_neither_silent_nor_at_the_limit() {
        let file = wave_file(480_000);
        let peak = file[44..]
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]).unsigned_abs())
            .max();
        assert!(peak.is_some_and(|peak| (3000..10_000).contains(&peak)), "{peak:?}");
    }
}
