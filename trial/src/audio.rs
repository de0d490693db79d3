//! The WAV files that are measured: 8 kHz, 16 bit, one channel, the same bytes on every machine.
//!
//! The `raw` form costs more for some bytes than for others, so neither silence nor noise will do: a triangle wave that
//! swells and fades, with pauses and some hiss, has small and large samples as speech has. Whole numbers alone, because the last
//! digit of a sine differs between systems.

const HEADER_BYTES: usize = 44;

/// A whole WAV file of `bytes` bytes, an even number of at least 44 and below 4 GiB.
pub fn wave_file(bytes: usize) -> Vec<u8> {
    let data_bytes = bytes - HEADER_BYTES;
    let mut file = Vec::with_capacity(bytes);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&length(bytes - 8));
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&length(16));
    // PCM, one channel; samples and bytes of a second; bytes of a frame, bits of a sample.
    for field in [1_u16, 1] {
        file.extend_from_slice(&field.to_le_bytes());
    }
    for field in [8_000_u32, 16_000] {
        file.extend_from_slice(&field.to_le_bytes());
    }
    for field in [2_u16, 16] {
        file.extend_from_slice(&field.to_le_bytes());
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length(data_bytes));
    let mut noise = Noise(0x2545_f491_4f6c_dd1d);
    for index in 0..data_bytes / 2 {
        file.extend_from_slice(&sample(index, &mut noise).to_le_bytes());
    }
    file
}

/// One sample: a voice of 125 Hz in syllables of half a second, a pause in every third second, and hiss under it.
fn sample(index: usize, noise: &mut Noise) -> i16 {
    let speaks = index % 24_000 < 16_000;
    let loudness = if speaks { triangle(index, 4_000) } else { 0 };
    // At most 6000 + 31, far inside the range of i16.
    let voice = (triangle(index, 64) - 500) * loudness * 12 / 1000;
    (voice + noise.next()) as i16
}

/// From 0 to 1000 and back in each period.
fn triangle(index: usize, period: usize) -> i32 {
    let place = (index % period) * 2000 / period;
    (if place <= 1000 { place } else { 2000 - place }) as i32
}

/// A length field of RIFF.
fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).expect("no file here has 4 GiB").to_le_bytes()
}

/// Marsaglia's xorshift with his triple (13, 7, 17); good enough for hiss.
struct Noise(u64);

impl Noise {
    /// From -32 to 31.
    fn next(&mut self) -> i32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 58) as i32 - 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_its_length_and_is_neither_silent_nor_at_the_limit() {
        let file = wave_file(480_000);
        assert_eq!(file.len(), 480_000);
        let field =
            |at: usize| u32::from_le_bytes([file[at], file[at + 1], file[at + 2], file[at + 3]]) as usize;
        assert_eq!((field(4), field(40)), (479_992, 479_956));
        let peak = file[44..]
            .chunks_exact(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]).unsigned_abs())
            .max();
        assert!(peak.is_some_and(|peak| (3000..10_000).contains(&peak)), "{peak:?}");
    }
}
