//! STREAMINFO, the block that every FLAC stream begins with (RFC 9639, section 8.2).

/// Bytes of the block without its header.
pub(super) const INFO_BYTES: usize = 34;

/// The part of it that counts here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamInfo {
    /// The smallest number of samples in a block but the last; streams of fixed blocks have no other.
    pub(crate) block_samples: u16,
    pub(crate) rate_hz: u32,
    pub(crate) channels: u16,
    /// Samples in each channel; 0 when the encoder did not know.
    pub(crate) total_samples: u64,
}

impl StreamInfo {
    /// `None` where bytes are missing or the rate is 0 (not audio).
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; INFO_BYTES] = bytes.first_chunk()?;
        // 20 bits of rate, 3 of channels less one, 5 of sample size less one, 36 of samples.
        let packed = bytes[10..18].iter().fold(0u64, |packed, &byte| (packed << 8) | u64::from(byte));
        let rate_hz = (packed >> 44) as u32;
        (rate_hz > 0).then_some(Self {
            block_samples: u16::from_be_bytes([bytes[0], bytes[1]]),
            rate_hz,
            channels: (packed >> 41 & 7) as u16 + 1,
            total_samples: packed & 0xF_FFFF_FFFF,
        })
    }
}
