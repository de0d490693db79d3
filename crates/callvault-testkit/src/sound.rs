//! Sound to store.

/// A mono WAV of 8 kHz, 16 bit, with a tone whose pitch depends on `seed`: no two seeds give the same bytes.
pub fn wav(seed: u32, samples: u32) -> Vec<u8> {
    let data_bytes = samples * 2;
    let mut file = Vec::with_capacity(44 + data_bytes as usize);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + data_bytes).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16u32.to_le_bytes());
    file.extend_from_slice(&1u16.to_le_bytes());
    file.extend_from_slice(&1u16.to_le_bytes());
    file.extend_from_slice(&8000u32.to_le_bytes());
    file.extend_from_slice(&16000u32.to_le_bytes());
    file.extend_from_slice(&2u16.to_le_bytes());
    file.extend_from_slice(&16u16.to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&data_bytes.to_le_bytes());
    let step = f64::from(seed % 900 + 300) / 8000.0 * std::f64::consts::TAU;
    for place in 0..samples {
        let tone = (step * f64::from(place)).sin() * 12000.0 + f64::from(seed % 97);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the amplitude is far below the limits of 16 bits"
        )]
        file.extend_from_slice(&(tone as i16).to_le_bytes());
    }
    file
}
