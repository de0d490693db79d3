//! Headers of WAV files whose sizes are right, wrong or hostile.

use callvault_core::audio::Marks;

use crate::{probe, probe_in_pieces};

/// A WAV file of its parts, every size as given.
fn wav(riff_bytes: u32, parts: &[(&[u8; 4], u32, &[u8])]) -> Vec<u8> {
    let mut file = b"RIFF".to_vec();
    file.extend(riff_bytes.to_le_bytes());
    file.extend(b"WAVE");
    for (id, size, body) in parts {
        file.extend(*id);
        file.extend(size.to_le_bytes());
        file.extend(*body);
    }
    file
}

fn format(tag: u16, channels: u16, rate_hz: u32, bits: u16) -> [u8; 16] {
    let mut body = [0; 16];
    body[..2].copy_from_slice(&tag.to_le_bytes());
    body[2..4].copy_from_slice(&channels.to_le_bytes());
    body[4..8].copy_from_slice(&rate_hz.to_le_bytes());
    body[14..].copy_from_slice(&bits.to_le_bytes());
    body
}

/// 1600 bytes, 100 ms of 16-bit mono, loud.
const AUDIO: [u8; 1600] = [0x23; 1600];

#[track_caller]
fn check(file: &[u8], duration_ms: u64, marks: &str) {
    let facts = probe(file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(facts.duration_ms, duration_ms);
    assert_eq!(facts.marks, Marks::from_words(marks.split(',')));
    for size in [1, 3, 16] {
        assert_eq!(probe_in_pieces(file.chunks(size)), Ok(facts.clone()), "in pieces of {size}");
    }
}

#[track_caller]
fn check_refused(file: &[u8], words: &str) {
    let reason = probe(file).expect_err(words).reason;
    assert!(reason.contains(words), "{reason:?} should say {words:?}");
}

#[test]
fn sizes_that_disagree() {
    let pcm = format(1, 1, 8000, 16);
    let fmt = (b"fmt ", 16, &pcm[..]);
    let file = |riff, size| wav(riff, &[fmt, (b"data", size, &AUDIO)]);
    check(&file(1636, 1600), 100, "");
    for (riff, size) in [
        (0, 0),
        (0, 1600),
        (u32::MAX, u32::MAX),
        (1636, u32::MAX),
        (1636, 0),
        (36, 0),
        (1636, 1602),
        (1636, 4_000_000_000),
        (36 + 800, 800),
        (1636, 800),
        (1634, 1600),
        (1638, 1600),
    ] {
        check(&file(riff, size), 100, "size_mismatch");
    }
}

#[test]
fn header_only() {
    let pcm = format(1, 1, 8000, 16);
    let fmt = (b"fmt ", 16, &pcm[..]);
    check(&wav(36, &[fmt, (b"data", 0, b"")]), 0, "header_only");
    check(&wav(0, &[fmt, (b"data", 0, b"")]), 0, "header_only,size_mismatch");
    check(&wav(1636, &[fmt, (b"data", 1600, b"")]), 0, "header_only,size_mismatch");
    check(&wav(48, &[fmt, (b"data", 0, b""), (b"LIST", 4, b"INFO")]), 0, "header_only");
}

#[test]
fn chunks_around_the_data() {
    let pcm = format(1, 1, 8000, 16);
    let fmt = (b"fmt ", 16, &pcm[..]);
    let data = (b"data", 1600, &AUDIO[..]);
    check(&wav(1636 + 12, &[(b"LIST", 3, b"abc\0"), fmt, data]), 100, "");
    check(&wav(1636 + 10 + 8, &[fmt, (b"bext", 1, b"x\0"), (b"junk", 0, b""), data]), 100, "");
    check(&wav(1636 + 12, &[fmt, data, (b"abcd", 4, b"abcd")]), 100, "");
    // Appended by a tag editor that left the RIFF size alone.
    check(&wav(1636, &[fmt, data, (b"id3 ", 4, b"abcd")]), 100, "size_mismatch");
    // A second data chunk is not audio.
    check(&wav(1636 + 12, &[fmt, data, (b"data", 4, b"abcd")]), 100, "");
}

#[test]
fn a_pad_byte_more_or_less_is_nothing() {
    let mulaw = format(7, 1, 8000, 8);
    let fmt = (b"fmt ", 16, &mulaw[..]);
    let odd = &AUDIO[..801];
    let padded = &[odd, &[0]].concat()[..];
    check(&wav(36 + 802, &[fmt, (b"data", 801, padded)]), 100, "");
    check(&wav(36 + 801, &[fmt, (b"data", 801, padded)]), 100, "");
    check(&wav(36 + 802, &[fmt, (b"data", 801, odd)]), 100, "");
    check(&wav(36 + 801, &[fmt, (b"data", 801, odd)]), 100, "");
    check(&wav(36 + 800, &[fmt, (b"data", 800, odd)]), 100, "");
}

#[test]
fn sixty_four_bits() {
    let pcm = format(1, 1, 8000, 16);
    let rf64 = |riff: u64, data: u64| {
        let sizes = [riff.to_le_bytes(), data.to_le_bytes(), [0; 8]].concat();
        let sizes = [sizes, vec![0; 4]].concat();
        let parts: [(&[u8; 4], u32, &[u8]); 3] =
            [(b"ds64", 28, &sizes), (b"fmt ", 16, &pcm), (b"data", u32::MAX, &AUDIO)];
        wav(u32::MAX, &parts)
    };
    for magic in [b"RF64", b"BW64"] {
        let mut file = rf64(1636 + 36, 1600);
        file[..4].copy_from_slice(magic);
        check(&file, 100, "");
    }
    check(&rf64(u64::MAX, u64::MAX), 100, "size_mismatch");
    check(&rf64(0, 0), 100, "size_mismatch");
}

#[test]
fn hostile_headers() {
    let pcm = format(1, 1, 8000, 16);
    let fmt = (b"fmt ", 16, &pcm[..]);
    check_refused(&wav(4, &[]), "before its data chunk");
    check_refused(&wav(36, &[fmt]), "before its data chunk");
    check_refused(&wav(36, &[(b"fmt ", 16, &pcm[..7])]), "inside its fmt chunk");
    check_refused(&wav(36, &[(b"data", 2, b"ab"), fmt]), "before its fmt chunk");
    check_refused(&wav(36, &[(b"LIST", u32::MAX, b"ab")]), "inside its chunk \"LIST\"");
    check_refused(&wav(36, &[(b"fmt ", 14, &pcm[..14])]), "14 bytes");
    check_refused(&wav(36, &[(b"fmt ", 0, b""), (b"data", 0, b"")]), "0 bytes");
    check_refused(&wav(36, &[(b"fmt ", 16, &format(1, 0, 8000, 16)), (b"data", 0, b"")]), "0 channels");
    check_refused(&wav(36, &[(b"fmt ", 16, &format(1, 1, 0, 16)), (b"data", 0, b"")]), "rate of 0");
    // The lowest rate there is: absurd, but not wrong.
    check(&wav(1636, &[(b"fmt ", 16, &format(1, 1, 1, 16)), (b"data", 1600, &AUDIO)]), 800_000, "");
}
