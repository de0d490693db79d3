//! The first packet of a logical stream, which names its codec.

use callvault_core::audio::Codec;

use crate::flac::StreamInfo;
use crate::gather::{u16_le, u32_le};

/// Bytes of the packet that count: up to the end of FLAC's STREAMINFO.
pub(super) const IDENTIFICATION_BYTES: usize = 51;

/// Opus counts its granule positions at this rate, whatever it was recorded at (RFC 7845, section 4).
const OPUS_RATE_HZ: u32 = 48_000;

/// First bytes of streams that are not accepted.
const OTHERS: [(&[u8], &str); 6] = [
    (b"Speex   ", "Speex"),
    (b"\x80theora", "Theora video"),
    (b"BBCD", "Dirac video"),
    (b"fishead", "an Ogg skeleton and nothing else"),
    (b"PCM     ", "PCM"),
    (b"CELT    ", "CELT"),
];

/// What an accepted stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identification {
    pub(super) codec: Codec,
    pub(super) rate_hz: u32,
    pub(super) channels: u16,
    /// Samples at the beginning that are decoded and not played.
    pub(super) pre_skip: u64,
}

impl Identification {
    /// Reads up to [`IDENTIFICATION_BYTES`]; the error is a sentence for the sender.
    pub(super) fn parse(packet: &[u8]) -> Result<Self, String> {
        let (found, name) = if packet.starts_with(b"OpusHead") && packet.len() >= 19 {
            let (channels, pre_skip) = (u16::from(packet[9]), u64::from(u16_le(packet, 10)));
            (Self { codec: Codec::Opus, rate_hz: OPUS_RATE_HZ, channels, pre_skip }, "Opus")
        } else if packet.starts_with(b"\x01vorbis") && packet.len() >= 30 {
            let (channels, rate_hz) = (u16::from(packet[11]), u32_le(packet, 12));
            (Self { codec: Codec::Vorbis, rate_hz, channels, pre_skip: 0 }, "Vorbis")
        } else if let Some(info) = flac_info(packet) {
            let (channels, rate_hz) = (info.channels, info.rate_hz);
            (Self { codec: Codec::Flac, rate_hz, channels, pre_skip: 0 }, "FLAC")
        } else {
            let known = OTHERS.iter().find(|other| packet.starts_with(other.0));
            let name = known.map_or("an unknown codec", |other| other.1);
            return Err(format!("an Ogg file with {name}; accepted are Opus, Vorbis and FLAC"));
        };
        if found.rate_hz == 0 || found.channels == 0 {
            return Err(format!("an Ogg file whose {name} header names no rate or no channels"));
        }
        Ok(found)
    }
}

/// The mapping of FLAC to Ogg: one byte 0x7F, `FLAC`, version, number of headers, then the native beginning.
fn flac_info(packet: &[u8]) -> Option<StreamInfo> {
    let native = packet.strip_prefix(b"\x7fFLAC")?.get(4..)?;
    StreamInfo::parse(native.strip_prefix(b"fLaC")?.get(4..)?)
}
