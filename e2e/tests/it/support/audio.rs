//! Audio of every format that is kept: made by sox when a test needs it, or a fixture of the audio crate where sox alone
//! cannot write the format.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Noise, run};

/// What sox writes: the name of the file and the options that choose its encoding.
const BY_SOX: &[(&str, &[&str])] = &[
    ("pcm16.wav", &["-b", "16", "-e", "signed-integer"]),
    ("pcm8.wav", &["-b", "8", "-e", "unsigned-integer"]),
    ("alaw.wav", &["-e", "a-law"]),
    ("mulaw.wav", &["-e", "u-law"]),
    ("gsm.wav", &["-e", "gsm-full-rate"]),
    ("stereo.wav", &["-b", "16", "-e", "signed-integer", "-c", "2"]),
    // More than two channels make sox write WAVE_FORMAT_EXTENSIBLE.
    ("extensible.wav", &["-b", "16", "-e", "signed-integer", "-c", "3"]),
];

/// What comes from the fixtures of `callvault-audio`: recordings may have these formats, messages not.
const FIXTURES: &[&str] = &["rf64.wav", "mpeg1.mp3", "speech.opus", "piped.flac"];

/// A file in one of the formats that are kept.
pub(crate) struct Sample {
    /// Its name without a folder.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it holds.
    pub(crate) bytes: Vec<u8>,
    /// Whether a hunt group takes it as well.
    pub(crate) fits_message: bool,
}

/// One file of each format, in `folder`.
pub(crate) fn every_format(folder: &Path) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (name, options) in BY_SOX {
        let path = folder.join(name);
        tone(&path, options, 1.5);
        samples.push((path, true));
    }
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/callvault-audio/tests/fixtures");
    for name in FIXTURES {
        let path = folder.join(name);
        fs_err::copy(fixtures.join(name), &path).expect("a copy of the fixture");
        samples.push((path, false));
    }
    samples
        .into_iter()
        .map(|(path, fits_message)| Sample {
            name: path.file_name().expect("a file").to_string_lossy().into_owned(),
            bytes: fs_err::read(&path).expect("the sample"),
            path,
            fits_message,
        })
        .collect()
}

/// A WAV of 8-bit PCM whose samples are every byte value beside every other, so that no escape can lean on its neighbour.
pub(crate) fn every_byte(folder: &Path) -> Sample {
    let pairs = (0..=255_u8).flat_map(|first| (0..=255_u8).flat_map(move |second| [first, second]));
    let data: Vec<u8> = pairs.collect();
    let mut bytes = wav_header(u32::try_from(data.len()).expect("a small file"));
    // Bytes per second, bytes per sample, bits per sample.
    bytes[28..36].copy_from_slice(&[0x40, 0x1F, 0, 0, 1, 0, 8, 0]);
    bytes.extend_from_slice(&data);
    let path = folder.join("every-byte.wav");
    fs_err::write(&path, &bytes).expect("a file");
    Sample { name: "every-byte.wav".to_owned(), path, bytes, fits_message: true }
}

/// Writes a rising tone of 8 kHz audio in the encoding that the options choose.
pub(crate) fn tone(path: &Path, options: &[&str], seconds: f64) {
    let seconds = seconds.to_string();
    run(Command::new("sox")
        .args(["-D", "-R", "-n", "-r", "8000"])
        .args(options)
        .arg(path)
        .args(["synth", &seconds, "sine", "300-3000", "vol", "0.7"]));
}

/// The bytes of a mono PCM 16-bit WAV of noise, about `size` bytes long, different for each seed.
pub(crate) fn noise_wav(seed: u64, size: usize) -> Vec<u8> {
    let mut data = vec![0_u8; size.next_multiple_of(8)];
    Noise::new(seed).fill(&mut data);
    let mut file = wav_header(u32::try_from(data.len()).expect("a small file"));
    file.extend_from_slice(&data);
    file
}

/// Writes a WAV of noise with `data_bytes` of samples (a multiple of 1 MiB) and gives its SHA-256.
pub(crate) fn write_noise_wav(path: &Path, seed: u64, data_bytes: u32) -> String {
    use sha2::{Digest, Sha256};
    let mut file = BufWriter::new(fs_err::File::create(path).expect("a new file"));
    let mut digest = Sha256::new();
    let header = wav_header(data_bytes);
    digest.update(&header);
    file.write_all(&header).expect("the header");
    let mut noise = Noise::new(seed);
    let mut piece = vec![0_u8; 1 << 20];
    for _ in 0..data_bytes >> 20 {
        noise.fill(&mut piece);
        digest.update(&piece);
        file.write_all(&piece).expect("a mebibyte");
    }
    file.flush().expect("the last bytes");
    hex::encode(digest.finalize())
}

/// RIFF/WAVE, mono, 8 kHz, PCM 16 bit, as in the specification of Microsoft and IBM of 1991.
fn wav_header(data_bytes: u32) -> Vec<u8> {
    let mut header = Vec::with_capacity(44);
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&(data_bytes + 36).to_le_bytes());
    header.extend_from_slice(b"WAVEfmt ");
    header.extend_from_slice(&16_u32.to_le_bytes());
    header.extend_from_slice(&1_u16.to_le_bytes());
    header.extend_from_slice(&1_u16.to_le_bytes());
    header.extend_from_slice(&8000_u32.to_le_bytes());
    header.extend_from_slice(&16_000_u32.to_le_bytes());
    header.extend_from_slice(&2_u16.to_le_bytes());
    header.extend_from_slice(&16_u16.to_le_bytes());
    header.extend_from_slice(b"data");
    header.extend_from_slice(&data_bytes.to_le_bytes());
    header
}
