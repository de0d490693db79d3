//! The probe at the door, which sees every byte that anybody uploads.

use callvault_audio::AudioProber;
use callvault_core::audio::{AudioFacts, Container};
use callvault_core::port::probe::{Prober, Unrecognised};

use crate::pieces;

fn probe(bytes: &[u8], length: usize) -> Result<AudioFacts, Unrecognised> {
    let mut probe = AudioProber.start();
    for piece in pieces(bytes, length) {
        probe.push(piece);
    }
    probe.finish()
}

/// Any file. The verdict does not depend on how the bytes arrive, and is either usable facts or a sentence.
pub fn audio_probe(data: &[u8]) {
    let whole = probe(data, data.len().max(1));
    for length in [1, 7, 4096] {
        assert_eq!(probe(data, length), whole, "in pieces of {length}");
    }
    match whole {
        Ok(facts) => {
            assert!(facts.channels >= 1, "{facts:?}");
            assert!(facts.rate_hz >= 1, "{facts:?}");
            // The catalog keeps it as a signed number.
            assert!(i64::try_from(facts.duration_ms).is_ok(), "{facts:?}");
            // At the lowest rate of a header, one sample a second, no frame gives more than 20 minutes for a byte. Ogg and
            // FLAC are left out: their length is a number in a page or header, which only a decoder could doubt.
            let is_counted = matches!(facts.container, Container::Wave | Container::Mp3);
            let limit_ms = data.len() as u64 * 20 * 60 * 1000;
            assert!(!is_counted || facts.duration_ms <= limit_ms, "{facts:?} of {} bytes", data.len());
        }
        Err(error) => {
            let sentence = error.to_string();
            assert!(!sentence.trim().is_empty() && !sentence.ends_with('.'), "{sentence:?}");
            assert!(!sentence.chars().any(char::is_control), "{sentence:?} could break a log line");
        }
    }
}
