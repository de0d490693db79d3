//! The four bytes at the head of an MPEG audio frame (ISO/IEC 11172-3, 13818-3, and the unofficial MPEG 2.5).

/// Bytes of a frame header.
pub(super) const HEADER_BYTES: usize = 4;

/// Bytes from the start of a frame within which an encoder's remarks show: header, 32 bytes of side information, name.
pub(super) const REMARKS_BYTES: usize = 40;

/// Where VBRI stands, whatever the kind of frame.
const VBRI_AT: usize = 36;

/// kbit/s of MPEG 1, by layer and index 1 to 14.
const BITRATES_1: [[u16; 14]; 3] = [
    [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
];

/// The same of MPEG 2 and 2.5; layers II and III share a row.
const BITRATES_2: [[u16; 14]; 3] = [
    [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// Sampling rates of MPEG 1; MPEG 2 has half of them and MPEG 2.5 a quarter.
const RATES_HZ: [u32; 3] = [44100, 48000, 32000];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
    TwoAndAHalf,
}

/// What the header of a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    version: Version,
    /// 1 to 3.
    layer: usize,
    pub(super) rate_hz: u32,
    pub(super) channels: u16,
    /// The whole frame, header included.
    pub(super) length_bytes: u32,
    /// In each channel.
    pub(super) samples: u32,
}

impl FrameHeader {
    /// Reads the first four bytes; `None` for anything but a frame whose length is known. Free format (bit rate index
    /// 0) is left out, because such a frame's length is not in its header.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[sync, kind, rates, mode] = bytes.first_chunk::<HEADER_BYTES>()?;
        if sync != 0xFF || kind & 0xE0 != 0xE0 {
            return None;
        }
        let version = match kind >> 3 & 3 {
            0 => Version::TwoAndAHalf,
            2 => Version::Two,
            3 => Version::One,
            _ => return None,
        };
        let layer = match kind >> 1 & 3 {
            1 => 3,
            2 => 2,
            3 => 1,
            _ => return None,
        };
        let (bitrates, divisor) = match version {
            Version::One => (&BITRATES_1, 1),
            Version::Two => (&BITRATES_2, 2),
            Version::TwoAndAHalf => (&BITRATES_2, 4),
        };
        let bitrate_index = usize::from(rates >> 4).checked_sub(1)?;
        let bits_per_second = u32::from(*bitrates[layer - 1].get(bitrate_index)?) * 1000;
        let rate_hz = RATES_HZ.get(usize::from(rates >> 2 & 3))? / divisor;
        // Emphasis 2 is reserved.
        if mode & 3 == 2 {
            return None;
        }
        let samples = match (layer, version) {
            (1, _) => 384,
            (3, Version::Two | Version::TwoAndAHalf) => 576,
            _ => 1152,
        };
        let padding = u32::from(rates >> 1 & 1);
        let length_bytes = if layer == 1 {
            // Layer I counts in slots of four bytes.
            (samples / 32 * bits_per_second / rate_hz + padding) * 4
        } else {
            samples / 8 * bits_per_second / rate_hz + padding
        };
        let channels = if mode >> 6 == 3 { 1 } else { 2 };
        Some(Self { version, layer, rate_hz, channels, length_bytes, samples })
    }

    /// Whether `next` can be the following frame of the same stream.
    pub(super) fn continues(&self, next: &Self) -> bool {
        (self.version, self.layer, self.rate_hz) == (next.version, next.layer, next.rate_hz)
    }

    /// Whether the frame, by its first bytes, holds an encoder's remarks instead of audio.
    pub(super) fn is_remarks(&self, bytes: &[u8]) -> bool {
        if self.layer != 3 {
            return false;
        }
        let side_bytes = match (self.version, self.channels) {
            (Version::One, 2) => 32,
            (Version::One, _) | (_, 2) => 17,
            _ => 9,
        };
        let has = |at: usize, name: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(name));
        let at = HEADER_BYTES + side_bytes;
        has(at, b"Xing") || has(at, b"Info") || has(VBRI_AT, b"VBRI")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected` is (rate, channels, length, samples), worked out with the formulas of the standard.
    #[track_caller]
    fn check(bytes: [u8; 4], expected: Option<(u32, u16, u32, u32)>) {
        let found = FrameHeader::parse(&bytes)
            .map(|header| (header.rate_hz, header.channels, header.length_bytes, header.samples));
        assert_eq!(found, expected, "{bytes:02x?}");
    }

    #[test]
    fn lengths_follow_from_the_header() {
        check([0xFF, 0xFB, 0x90, 0x00], Some((44100, 2, 417, 1152)));
        check([0xFF, 0xFB, 0x92, 0x00], Some((44100, 2, 418, 1152)));
        check([0xFF, 0xF3, 0x88, 0xC0], Some((16000, 1, 288, 576)));
        check([0xFF, 0xE3, 0x18, 0xC0], Some((8000, 1, 72, 576)));
        check([0xFF, 0xFD, 0xC4, 0x00], Some((48000, 2, 768, 1152)));
        check([0xFF, 0xFF, 0x44, 0x00], Some((48000, 2, 128, 384)));
    }

    #[test]
    fn reserved_values_are_no_frames() {
        check([0xFF, 0xEB, 0x90, 0x00], None);
        check([0xFF, 0xF9, 0x90, 0x00], None);
        check([0xFF, 0xFB, 0xF0, 0x00], None);
        check([0xFF, 0xFB, 0x00, 0x00], None);
        check([0xFF, 0xFB, 0x9C, 0x00], None);
        check([0xFF, 0xFB, 0x90, 0x02], None);
        check([0xFE, 0xFB, 0x90, 0x00], None);
    }
}
