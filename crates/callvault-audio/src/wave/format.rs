//! The `fmt ` chunk: which codec, and whether it is one that is kept.

use callvault_core::audio::Codec;

use crate::gather::{u16_le, u32_le};
use crate::gsm;
use crate::level::MAX_CHANNELS;

/// Bytes of the chunk that count: all of WAVEFORMATEXTENSIBLE.
pub(super) const FORMAT_BYTES_READ: usize = 40;

const PCM: u16 = 0x0001;
const ALAW: u16 = 0x0006;
const MULAW: u16 = 0x0007;
const GSM: u16 = 0x0031;
const EXTENSIBLE: u16 = 0xFFFE;

/// A sub-format of WAVE_FORMAT_EXTENSIBLE is a GUID that begins with the old tag and ends like this.
const SUBFORMAT_END: [u8; 14] =
    [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71];

/// Names of codecs that turn up with phone systems and are not kept, by their registered tags (RFC 2361);
/// 0x028F is what ffmpeg writes.
const OTHER_CODECS: [(u16, &str); 15] = [
    (0x0002, "Microsoft ADPCM"),
    (0x0003, "IEEE float"),
    (0x0011, "IMA ADPCM"),
    (0x0014, "G.723 ADPCM"),
    (0x0017, "Dialogic ADPCM"),
    (0x0022, "TrueSpeech"),
    (0x0040, "G.721 ADPCM"),
    (0x0042, "G.723.1"),
    (0x0045, "G.726"),
    (0x0050, "MPEG layer I or II"),
    (0x0055, "MP3"),
    (0x0064, "G.726"),
    (0x0065, "G.722"),
    (0x0083, "G.729"),
    (0x028F, "G.722"),
];

/// What the samples of the data chunk are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) codec: Codec,
    pub(super) rate_hz: u32,
    pub(super) channels: u16,
}

impl Format {
    /// Reads at least 16 and at most [`FORMAT_BYTES_READ`] bytes; the error is a sentence for the sender.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let tag = match u16_le(bytes, 0) {
            EXTENSIBLE if bytes.len() < FORMAT_BYTES_READ => {
                return Err("a WAV file of the extensible kind whose fmt chunk is cut short".into());
            }
            EXTENSIBLE if bytes[26..40] != SUBFORMAT_END => {
                return Err(rejection("a codec of its own (an unknown sub-format GUID)"));
            }
            EXTENSIBLE => u16_le(bytes, 24),
            tag => tag,
        };
        let (channels, rate_hz) = (u16_le(bytes, 2), u32_le(bytes, 4));
        let (block_bytes, bits) = (u16_le(bytes, 12), u16_le(bytes, 14));
        // The block size of PCM and G.711 follows from the rest, and where a header says otherwise it is wrong.
        let codec = match (tag, bits) {
            (PCM, 8) => Codec::PcmU8,
            (PCM, 16) => Codec::PcmS16,
            (PCM, bits) => return Err(rejection(&format!("{bits}-bit PCM"))),
            (ALAW, _) => Codec::ALaw,
            (MULAW, _) => Codec::MuLaw,
            (GSM, _) => Codec::Gsm,
            (tag, _) => {
                let known = OTHER_CODECS.iter().find(|codec| codec.0 == tag);
                return Err(rejection(&known.map_or_else(
                    || format!("the codec with the number {tag:#06x}"),
                    |codec| codec.1.to_owned(),
                )));
            }
        };
        if rate_hz == 0 {
            return Err("a WAV file with a sampling rate of 0".into());
        }
        if codec == Codec::Gsm {
            if channels != 1 {
                return Err(format!("a WAV file with GSM in {channels} channels, which must be one"));
            }
            if usize::from(block_bytes) != gsm::WAV49_BYTES {
                return Err(format!(
                    "a WAV file with GSM in blocks of {block_bytes} bytes, which must be 65"
                ));
            }
        }
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(format!(
                "a WAV file with {channels} channels, where 1 to {MAX_CHANNELS} are accepted"
            ));
        }
        Ok(Self { codec, rate_hz, channels })
    }
}

fn rejection(codec: &str) -> String {
    format!(
        "a WAV file with {codec}; accepted are PCM of 8 or 16 bits, A-law, mu-law and GSM 06.10 in WAV, \
         and MP3, Ogg (Opus, Vorbis, FLAC) and FLAC files"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(tag: u16, channels: u16, rate_hz: u32, block_bytes: u16, bits: u16) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(tag.to_le_bytes());
        bytes.extend(channels.to_le_bytes());
        bytes.extend(rate_hz.to_le_bytes());
        bytes.extend(0u32.to_le_bytes());
        bytes.extend(block_bytes.to_le_bytes());
        bytes.extend(bits.to_le_bytes());
        bytes
    }

    fn extensible(subformat: u16, bits: u16, end: [u8; 14]) -> Vec<u8> {
        let mut bytes = header(EXTENSIBLE, 2, 8000, 4, bits);
        bytes.extend([22, 0, bits as u8, 0, 3, 0, 0, 0]);
        bytes.extend(subformat.to_le_bytes());
        bytes.extend(end);
        bytes
    }

    #[test]
    fn accepted() {
        for (bytes, codec, channels) in [
            (header(1, 1, 8000, 2, 16), Codec::PcmS16, 1),
            (header(1, 8, 8000, 8, 8), Codec::PcmU8, 8),
            (header(6, 2, 8000, 2, 8), Codec::ALaw, 2),
            (header(7, 1, 8000, 1, 16), Codec::MuLaw, 1),
            (header(0x31, 1, 8000, 65, 0), Codec::Gsm, 1),
            (header(1, 1, 8000, 0, 16), Codec::PcmS16, 1),
            (extensible(1, 16, SUBFORMAT_END), Codec::PcmS16, 2),
            (extensible(7, 8, SUBFORMAT_END), Codec::MuLaw, 2),
        ] {
            assert_eq!(Format::parse(&bytes), Ok(Format { codec, rate_hz: 8000, channels }));
        }
    }

    #[test]
    fn refused_with_a_name() {
        for (bytes, words) in [
            (header(1, 1, 8000, 3, 24), "24-bit PCM"),
            (header(3, 1, 8000, 4, 32), "IEEE float"),
            (header(0x11, 1, 8000, 256, 4), "IMA ADPCM"),
            (header(0x65, 1, 16000, 1, 8), "G.722"),
            (header(0x4242, 1, 8000, 1, 8), "0x4242"),
            (header(1, 0, 8000, 2, 16), "0 channels"),
            (header(1, 9, 8000, 18, 16), "9 channels"),
            (header(1, 1, 0, 2, 16), "rate of 0"),
            (header(0x31, 2, 8000, 65, 0), "2 channels"),
            (header(0x31, 1, 8000, 0, 0), "blocks of 0 bytes"),
            (header(EXTENSIBLE, 1, 8000, 2, 16), "cut short"),
            (extensible(3, 32, SUBFORMAT_END), "IEEE float"),
            (extensible(1, 16, [0; 14]), "GUID"),
        ] {
            let reason = Format::parse(&bytes).expect_err(words);
            assert!(reason.contains(words), "{reason:?} should name {words:?}");
        }
    }
}
