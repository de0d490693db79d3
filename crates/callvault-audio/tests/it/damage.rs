//! Pieces cut anywhere, arbitrary bytes and damaged files.

use proptest::prelude::*;

use crate::{fixture, probe, probe_in_pieces};

const FILES: [&str; 14] = [
    "alaw.wav",
    "gsm.wav",
    "mpeg1.mp3",
    "mpeg25.mp3",
    "layer2.mp2",
    "one-sided.wav",
    "piped.wav",
    "piped.flac",
    "rf64.wav",
    "silence-gsm.wav",
    "six.wav",
    "speech.flac",
    "speech.ogg",
    "speech.opus",
];

/// Cuts `bytes` at the given places, in whatever order and number.
fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.sort_unstable();
    let mut found = Vec::new();
    let mut start = 0;
    for place in places.into_iter().chain([bytes.len()]) {
        found.push(&bytes[start..place]);
        start = place;
    }
    found
}

fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..12)
}

/// Random bytes behind each of the known beginnings, and behind none.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let beginnings = prop::sample::select(vec![
        &b""[..],
        b"RIFF\xFF\xFF\xFF\xFFWAVE",
        b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x04\0\0\0",
        b"RF64\xFF\xFF\xFF\xFFWAVEds64",
        b"fLaC\0\0\0\x22",
        b"OggS\0\x02",
        b"ID3\x04\0\0",
        b"\xFF\xFB\x90\x00",
    ]);
    (beginnings, prop::collection::vec(any::<u8>(), 0..2000))
        .prop_map(|(beginning, rest)| [beginning, rest.as_slice()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn the_verdict_does_not_depend_on_the_pieces(name in prop::sample::select(&FILES[..]), cuts in cuts()) {
        let file = fixture(name);
        prop_assert_eq!(probe_in_pieces(pieces(&file, &cuts)), probe(&file));
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in noise(), cuts in cuts()) {
        prop_assert_eq!(probe_in_pieces(pieces(&bytes, &cuts)), probe(&bytes));
    }

    #[test]
    fn random_bytes_are_no_audio(bytes in prop::collection::vec(any::<u8>(), 0..5000)) {
        prop_assert!(probe(&bytes).is_err());
    }

    #[test]
    fn damaged_files_do_no_harm(
        name in prop::sample::select(&FILES[..]),
        changes in prop::collection::vec((0usize..200, any::<u8>()), 1..6),
        anywhere in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        keep in any::<prop::sample::Index>(),
        cuts in cuts(),
    ) {
        let mut file = fixture(name);
        for (at, byte) in changes {
            file[at] = byte;
        }
        for (at, byte) in anywhere {
            let at = at.index(file.len());
            file[at] = byte;
        }
        file.truncate(keep.index(file.len() + 1));
        prop_assert_eq!(probe_in_pieces(pieces(&file, &cuts)), probe(&file));
    }
}
