//! The 76 parameters of a frame and the two ways in which files pack their 260 bits.
//!
//! Both packings have the parameters in the same order. The plain one puts the highest bit first and begins with four
//! bits `1101`; WAV49 puts the lowest bit first and lets the second frame of a block begin in the middle of a byte.

use super::{PLAIN_BYTES, WAV49_BYTES, WAV49_HALF_BYTES};

/// The bits of the eight log area ratios.
const RATIO_BITS: [u8; 8] = [6, 6, 5, 5, 4, 4, 3, 3];

/// The upper half of the first byte of a frame in the plain packing.
const PLAIN_MARK: u16 = 0xD;

/// Bits of a frame without the mark.
const FRAME_BITS: usize = 260;

/// The coded parameters of 160 samples (table 1.1 of the standard).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Frame {
    /// `LARc`: log area ratios of the short-term filter, 6, 6, 5, 5, 4, 4, 3 and 3 bits.
    pub log_area_ratios: [u8; 8],
    /// The four parts of 40 samples.
    pub subframes: [Subframe; 4],
}

/// The coded parameters of 40 samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Subframe {
    /// `Nc`: how many samples back the long-term prediction reaches, 7 bits of which 40 to 120 are valid.
    pub lag: u8,
    /// `bc`: gain of the long-term prediction, 2 bits.
    pub gain: u8,
    /// `Mc`: where the grid of pulses begins, 2 bits.
    pub grid: u8,
    /// `xmaxc`: the largest pulse on a logarithmic scale, 6 bits.
    pub maximum: u8,
    /// `xMc`: the pulses, 3 bits each.
    pub pulses: [u8; 13],
}

impl Frame {
    /// Reads the plain packing; `None` where the mark is missing.
    pub fn from_plain(bytes: &[u8; PLAIN_BYTES]) -> Option<Self> {
        let mut at = 0;
        let mut read = |bits: u8| {
            let value = (at..at + usize::from(bits))
                .fold(0, |value, bit| (value << 1) | u16::from(bytes[bit / 8] >> (7 - bit % 8) & 1));
            at += usize::from(bits);
            value
        };
        (read(4) == PLAIN_MARK).then(|| Self::from_fields(read))
    }

    /// Reads both frames of a WAV49 block.
    pub fn pair_from_wav49(bytes: &[u8; WAV49_BYTES]) -> [Self; 2] {
        [Self::from_wav49_bits(bytes, 0), Self::from_wav49_bits(bytes, FRAME_BITS)]
    }

    /// Reads the first frame of a WAV49 block that is cut in its second half.
    pub fn first_of_wav49(bytes: &[u8; WAV49_HALF_BYTES]) -> Self {
        Self::from_wav49_bits(bytes, 0)
    }

    fn from_wav49_bits(bytes: &[u8], start: usize) -> Self {
        let mut at = start;
        Self::from_fields(|bits| {
            let value = (at..at + usize::from(bits))
                .rev()
                .fold(0, |value, bit| (value << 1) | u16::from(bytes[bit / 8] >> (bit % 8) & 1));
            at += usize::from(bits);
            value
        })
    }

    /// No field is wider than 7 bits, so each fits a byte.
    fn from_fields(mut read: impl FnMut(u8) -> u16) -> Self {
        let mut field = |bits| read(bits) as u8;
        // `map` and `from_fn` go in order of the index, which is the order of the bits.
        let log_area_ratios = RATIO_BITS.map(&mut field);
        let subframes = std::array::from_fn(|_| Subframe {
            lag: field(7),
            gain: field(2),
            grid: field(2),
            maximum: field(6),
            pulses: std::array::from_fn(|_| field(3)),
        });
        Self { log_area_ratios, subframes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_packing_needs_its_mark() {
        let mut bytes = [0xFF; PLAIN_BYTES];
        assert_eq!(Frame::from_plain(&bytes), None);
        bytes[0] = 0xDF;
        let full = Subframe { lag: 127, gain: 3, grid: 3, maximum: 63, pulses: [7; 13] };
        let expected = Frame { log_area_ratios: [63, 63, 31, 31, 15, 15, 7, 7], subframes: [full; 4] };
        assert_eq!(Frame::from_plain(&bytes), Some(expected));
    }

    #[test]
    fn fields_are_read_from_the_right_bits() {
        // Plain: mark 1101, then LARc1 = 000001, LARc2 = 100000.
        let mut plain = [0; PLAIN_BYTES];
        plain[..3].copy_from_slice(&[0b1101_0000, 0b0110_0000, 0]);
        let frame = Frame::from_plain(&plain).expect("the mark is there");
        assert_eq!(frame.log_area_ratios, [1, 32, 0, 0, 0, 0, 0, 0]);
        // WAV49: the same from the low end; the second frame begins with the upper half of byte 32.
        let mut block = [0; WAV49_BYTES];
        block[..2].copy_from_slice(&[0b0000_0001, 0b0000_1000]);
        block[32] = 0b0001_0000;
        block[64] = 0b1110_0000;
        let [first, second] = Frame::pair_from_wav49(&block);
        assert_eq!(first.log_area_ratios, [1, 32, 0, 0, 0, 0, 0, 0]);
        assert_eq!(second.log_area_ratios, [1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((first.subframes[3].pulses[12], second.subframes[3].pulses[12]), (0, 7));
    }
}
