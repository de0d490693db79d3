//! Tests on whole files: golden decoding, every format of the probe, and hostile input.

mod damage;
mod formats;
mod golden;
mod wave_sizes;

use std::path::Path;

use callvault_audio::AudioProber;
use callvault_core::audio::AudioFacts;
use callvault_core::port::probe::{Prober, Unrecognised};

/// The bytes of a fixture; see the README there.
fn fixture(name: &str) -> Vec<u8> {
    fs_err::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).expect("a fixture")
}

/// Probes a file in one piece.
fn probe(bytes: &[u8]) -> Result<AudioFacts, Unrecognised> {
    probe_in_pieces([bytes])
}

fn probe_in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<AudioFacts, Unrecognised> {
    let mut probe = AudioProber.start();
    pieces.into_iter().for_each(|piece| probe.push(piece));
    probe.finish()
}
