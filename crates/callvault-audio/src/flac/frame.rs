//! The header of a FLAC frame (RFC 9639, section 9.1).

/// The most bytes that a header takes.
pub(super) const HEADER_BYTES: usize = 16;

/// What a valid header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) position: Position,
    /// In each channel.
    pub(super) samples: u32,
}

/// Where a frame stands: streams of fixed blocks count frames, others samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    Frame(u64),
    Sample(u64),
}

impl FrameHeader {
    /// `None` for anything but a complete header with a right checksum.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[sync, strategy, codes, layout] = bytes.first_chunk::<4>()?;
        if sync != 0xFF || strategy & 0xFE != 0xF8 || layout & 1 != 0 {
            return None;
        }
        let (block_code, rate_code) = (codes >> 4, codes & 0x0F);
        let (channel_code, size_code) = (layout >> 4, layout >> 1 & 7);
        if block_code == 0 || rate_code == 15 || channel_code > 10 || size_code == 3 {
            return None;
        }
        let (number, mut at) = coded_number(bytes, 4)?;
        let samples = match block_code {
            1 => 192,
            2..=5 => 576 << (block_code - 2),
            6 => u32::from(*bytes.get(at)?) + 1,
            7 => u32::from(*bytes.get(at)?) * 256 + u32::from(*bytes.get(at + 1)?) + 1,
            _ => 256 << (block_code - 8),
        };
        at += match block_code {
            6 => 1,
            7 => 2,
            _ => 0,
        };
        at += match rate_code {
            12 => 1,
            13 | 14 => 2,
            _ => 0,
        };
        if checksum(bytes.get(..at)?) != *bytes.get(at)? {
            return None;
        }
        let position = if strategy & 1 == 0 { Position::Frame(number) } else { Position::Sample(number) };
        Some(Self { position, samples })
    }
}

/// A number in the manner of UTF-8, of up to 36 bits, and the place behind it.
fn coded_number(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let first = *bytes.get(at)?;
    let more = match first.leading_ones() {
        0 => 0,
        ones @ 2..=7 => ones as usize - 1,
        _ => return None,
    };
    let mut number = if more == 0 { u64::from(first) } else { u64::from(first) & (0x3F >> more) };
    for &byte in bytes.get(at + 1..at + 1 + more)? {
        if byte & 0xC0 != 0x80 {
            return None;
        }
        number = (number << 6) | u64::from(byte & 0x3F);
    }
    Some((number, at + 1 + more))
}

/// CRC-8 with the polynomial x^8 + x^2 + x + 1, which begins at 0.
fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, &byte| {
        (0..8).fold(sum ^ byte, |sum, _| if sum & 0x80 != 0 { (sum << 1) ^ 0x07 } else { sum << 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_of_the_standards_examples() {
        // RFC 9639, appendix D.1 (one frame of one sample) and D.2.3 (16 samples).
        let one = [0xFF, 0xF8, 0x69, 0x18, 0x00, 0x00, 0xBF];
        assert_eq!(FrameHeader::parse(&one), Some(FrameHeader { position: Position::Frame(0), samples: 1 }));
        let sixteen = [0xFF, 0xF8, 0x69, 0x98, 0x00, 0x0F, 0x99];
        assert_eq!(
            FrameHeader::parse(&sixteen),
            Some(FrameHeader { position: Position::Frame(0), samples: 16 })
        );
        for at in 0..one.len() {
            let mut damaged = one;
            damaged[at] ^= 0x10;
            assert_eq!(FrameHeader::parse(&damaged), None, "byte {at}");
            assert_eq!(FrameHeader::parse(&one[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn numbers_reach_36_bits() {
        // The longest form, by the table of RFC 9639, section 9.1.5.
        let longest = [0xFE, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF];
        assert_eq!(coded_number(&longest, 0), Some(((1 << 36) - 1, 7)));
        assert_eq!(coded_number(&[0xC4, 0x80], 0), Some((0x100, 2)));
        assert_eq!(coded_number(&[0x80], 0), None);
        assert_eq!(coded_number(&[0xFF; 8], 0), None);
    }
}
