//! One file of each format; expected values come from soxi and ffprobe (see the README of the fixtures).

use callvault_core::audio::{Codec, Container, Marks};

use crate::{fixture, probe, probe_in_pieces};

/// `marks` as words, parted by commas.
#[track_caller]
fn check(name: &str, form: (Container, Codec), rate_hz: u32, channels: u16, duration_ms: u64, marks: &str) {
    let bytes = fixture(name);
    let facts = probe(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((facts.container, facts.codec), form, "{name}");
    assert_eq!((facts.rate_hz, facts.channels), (rate_hz, channels), "{name}");
    assert_eq!(facts.duration_ms, duration_ms, "{name}");
    assert_eq!(facts.marks, Marks::from_words(marks.split(',')), "{name}");
    assert_eq!(probe_in_pieces(bytes.chunks(1)), Ok(facts), "{name} byte by byte");
}

#[test]
fn wave() {
    let wave = |codec| (Container::Wave, codec);
    check("pcm16.wav", wave(Codec::PcmS16), 8000, 1, 1500, "");
    check("pcm8.wav", wave(Codec::PcmU8), 8000, 1, 300, "");
    check("alaw.wav", wave(Codec::ALaw), 8000, 1, 300, "");
    check("mulaw.wav", wave(Codec::MuLaw), 8000, 1, 300, "");
    check("gsm.wav", wave(Codec::Gsm), 8000, 1, 1520, "");
    check("rf64.wav", wave(Codec::PcmS16), 8000, 1, 200, "");
    // More than two channels make sox write WAVE_FORMAT_EXTENSIBLE.
    check("six.wav", wave(Codec::PcmS16), 48000, 6, 20, "");
    check("piped.wav", wave(Codec::PcmS16), 8000, 1, 200, "size_mismatch");
}

#[test]
fn silence() {
    let wave = |codec| (Container::Wave, codec);
    check("silence.wav", wave(Codec::PcmS16), 16000, 1, 250, "silent");
    check("silence-gsm.wav", wave(Codec::Gsm), 8000, 1, 520, "silent");
    check("silence-alaw.wav", wave(Codec::ALaw), 8000, 2, 100, "silent");
    check("silence-mulaw.wav", wave(Codec::MuLaw), 8000, 1, 100, "silent");
    check("one-sided.wav", wave(Codec::PcmS16), 8000, 2, 200, "one_sided");
    check("one-sided-mulaw.wav", wave(Codec::MuLaw), 8000, 2, 200, "one_sided");
    check("two-sided.wav", wave(Codec::PcmS16), 8000, 2, 200, "");
}

#[test]
fn compressed() {
    let mpeg = (Container::Mp3, Codec::Mpeg);
    check("mpeg1.mp3", mpeg, 44100, 2, 1541, "");
    check("mpeg2.mp3", mpeg, 16000, 1, 1584, "");
    check("mpeg25.mp3", mpeg, 8000, 1, 1656, "");
    check("layer2.mp2", mpeg, 32000, 1, 1512, "");
    check("speech.opus", (Container::Ogg, Codec::Opus), 48000, 1, 1500, "");
    check("speech.ogg", (Container::Ogg, Codec::Vorbis), 16000, 1, 1000, "");
    check("flac.oga", (Container::Ogg, Codec::Flac), 8000, 1, 500, "");
    check("speech.flac", (Container::Flac, Codec::Flac), 8000, 1, 1500, "");
    check("piped.flac", (Container::Flac, Codec::Flac), 8000, 1, 700, "");
}

#[test]
fn what_is_refused_is_named() {
    for (name, words) in [
        ("float.wav", "IEEE float"),
        ("pcm24.wav", "24-bit PCM"),
        ("adpcm.wav", "Microsoft ADPCM"),
        ("g722.wav", "G.722"),
        ("mp3-in-wav.wav", "MP3"),
        ("speex.spx", "Speex"),
        ("speech.m4a", "MP4"),
        ("speech.aiff", "AIFF"),
        ("speech.gsm", "not a WAV, MP3, Ogg or FLAC file"),
    ] {
        let reason = probe(&fixture(name)).expect_err(name).reason;
        assert!(reason.contains(words), "{name}: {reason:?} should name {words:?}");
        assert!(!reason.ends_with('.'), "{reason}");
    }
    for (bytes, words) in [
        (&b""[..], "empty"),
        (b"RIFF\x24\0\0", "first 12 bytes"),
        (b"RIFF\x24\0\0\0AVI LIST", "another kind"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"ID3\x04\0\0\0\0\0\x40ab", "cut short"),
        (b"ID3\x04\0\0\0\0\0\x02ab", "no MPEG audio"),
        (b"ID3\x04\0\0\0\0\0\x02abcdefghijklmn", "no MPEG audio"),
        (b"fLaC\0\0\0\x22", "before its STREAMINFO"),
        (b"OggS\0\x02", "before its first stream"),
        (b"hello", "not a WAV"),
    ] {
        let reason = probe(bytes).expect_err(words).reason;
        assert!(reason.contains(words), "{bytes:?}: {reason:?} should say {words:?}");
    }
}

#[test]
fn cut_streams_have_the_length_that_is_there() {
    for (name, keep, expected_ms) in [
        // 20 frames of 72 bytes, and a piece of the next.
        ("mpeg25.mp3", 20 * 72 + 40, 20 * 72),
        ("mpeg25.mp3", 20 * 72 + 2, 20 * 72),
        // One frame that fills the file.
        ("mpeg25.mp3", 72, 72),
        // Two frames behind the tag of 45 bytes.
        ("mpeg2.mp3", 45 + 2 * 108, 2 * 36),
    ] {
        let facts = probe(&fixture(name)[..keep]).expect(name);
        assert_eq!(facts.duration_ms, expected_ms, "{name} cut to {keep}");
    }
    assert!(probe(&fixture("mpeg25.mp3")[..71]).is_err());

    let flac = fixture("speech.flac");
    let facts = probe(&flac[..flac.len() / 2]).expect("half a FLAC file");
    assert!(facts.marks.size_mismatch);
    assert!((500..1100).contains(&facts.duration_ms), "{} ms", facts.duration_ms);
    let facts = probe(&flac[..42]).expect("STREAMINFO alone");
    assert!(facts.marks.header_only && facts.duration_ms == 0);

    let opus = fixture("speech.opus");
    let facts = probe(&opus[..opus.len() - 1]).expect("an Opus file without its last page");
    assert!(facts.duration_ms < 1500 && facts.codec == Codec::Opus);
    let audio =
        opus.windows(4).enumerate().filter(|(_, four)| four == b"OggS").nth(2).expect("a third page").0;
    assert!(probe(&opus[..audio]).expect("headers alone").marks.header_only);
}

#[test]
fn mp3_goes_on_behind_junk_and_tags() {
    let frames = fixture("mpeg25.mp3");
    let tagged = fixture("mpeg2.mp3");
    for (between, count) in [
        (vec![0; 1000], 2),
        (b"ID3\x03\0\0\0\0\0\x05hello".to_vec(), 2),
        (vec![0xFF; 500], 2),
        (vec![0x55; 70_000], 1),
        ([b"TAG".as_slice(), &[b' '; 125]].concat(), 1),
    ] {
        let joined = [frames.as_slice(), &between, &frames].concat();
        let facts = probe(&joined).expect("an MP3 file");
        assert_eq!(facts.duration_ms, 1656 * count, "{} bytes between", between.len());
        assert_eq!(probe_in_pieces(joined.chunks(7)), Ok(facts));
    }
    // Files of two rates, joined: the second begins with a tag.
    let joined = [frames.as_slice(), &tagged].concat();
    assert_eq!(probe(&joined).expect("an MP3 file").duration_ms, 1656 + 1584);
    // Some junk in front is passed over, much is not.
    assert_eq!(probe(&[&[0; 600], frames.as_slice()].concat()).expect("an MP3 file").duration_ms, 1656);
    assert!(probe(&[&[0; 6000], frames.as_slice()].concat()).is_err());
    // An ID3v1 tag behind a single frame.
    let single = [&frames[..72], b"TAG", &[0; 125]].concat();
    assert_eq!(probe(&single).expect("one frame").duration_ms, 72);
    // FLAC behind an ID3 tag, as some taggers write it.
    let flac = [b"ID3\x03\0\0\0\0\0\x05hello".as_slice(), &fixture("speech.flac")].concat();
    assert_eq!(probe(&flac).expect("a FLAC file").container, Container::Flac);
}

#[test]
fn ogg_chains_add_up() {
    let (opus, vorbis) = (fixture("speech.opus"), fixture("speech.ogg"));
    let facts = probe(&[opus.as_slice(), &vorbis].concat()).expect("a chain");
    assert_eq!((facts.codec, facts.duration_ms), (Codec::Opus, 2500));
    let facts = probe(&[opus.as_slice(), b"damage", &opus].concat()).expect("a chain");
    assert_eq!(facts.duration_ms, 3000);
}
