//! Decoders against sox, sample by sample.

use callvault_audio::g711;
use callvault_audio::gsm::{Decoder, Frame, PLAIN_BYTES, WAV49_BYTES};

use crate::fixture;

fn samples(name: &str) -> Vec<i16> {
    fixture(name).as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

#[track_caller]
fn check(found: &[i16], expected: &[i16]) {
    let different = found.iter().zip(expected).position(|(found, expected)| found != expected);
    assert_eq!(different, None, "the first sample that differs");
    assert_eq!(found.len(), expected.len());
}

fn decode_plain(name: &str) -> Vec<i16> {
    let mut decoder = Decoder::new();
    let bytes = fixture(name);
    let (frames, rest) = bytes.as_chunks::<PLAIN_BYTES>();
    assert!(rest.is_empty());
    frames
        .iter()
        .flat_map(|frame| decoder.decode(&Frame::from_plain(frame).expect("a marked frame")))
        .collect()
}

#[test]
fn gsm_in_wav() {
    let mut decoder = Decoder::new();
    let bytes = fixture("gsm.wav");
    // The header of sox: 20 bytes of fmt, a fact chunk, then the data chunk at 52.
    assert_eq!(&bytes[52..56], b"data");
    let blocks = bytes[60..].as_chunks::<WAV49_BYTES>().0;
    let found: Vec<i16> =
        blocks.iter().flat_map(Frame::pair_from_wav49).flat_map(|frame| decoder.decode(&frame)).collect();
    check(&found, &samples("gsm.s16"));
}

#[test]
fn gsm_in_plain_frames() {
    // The same speech, without the frame of silence that fills up the last block of the WAV file.
    let expected = samples("gsm.s16");
    check(&decode_plain("speech.gsm"), &expected[..12000]);
}

#[test]
fn gsm_with_random_parameters() {
    let expected = samples("random.s16");
    // The point of the fixture is that both ends of the range are reached.
    assert!(expected.contains(&-32768) && expected.contains(&32760));
    check(&decode_plain("random.gsm"), &expected);
}

#[test]
fn g711_codes() {
    check(&g711::ALAW_TO_LINEAR, &samples("alaw.s16"));
    check(&g711::MULAW_TO_LINEAR, &samples("mulaw.s16"));
}
