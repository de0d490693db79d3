//! G.711: the two logarithmic codes of the telephone network, to and from 16-bit linear samples.
//!
//! ITU-T G.711 (11/88) numbers A-law in 13 bits and mu-law in 14; here both are shifted up to 16, so that A-law reaches
//! ±32256 and mu-law ±32124. Encoding takes the interval of the decision values (tables 1a to 2b) that the sample falls
//! into, by magnitude, so that it is symmetrical around zero; decoding gives the value in the middle of the interval.

/// All linear values of A-law, by code.
pub static ALAW_TO_LINEAR: [i16; 256] = table(Law::A);

/// All linear values of mu-law, by code.
pub static MULAW_TO_LINEAR: [i16; 256] = table(Law::Mu);

/// On the line, A-law has every even bit inverted, so that silence is not a row of zeros.
const ALAW_INVERTED: u8 = 0x55;

/// What makes the mu-law segments begin at powers of two: 33 in 14 bits.
const MULAW_BIAS: i32 = 33 << 2;

/// The largest magnitude that mu-law tells apart: the virtual decision value 8159, less one step of 16-bit input.
const MULAW_CLIP: i32 = (8159 << 2) - 1;

/// The 16-bit sample of an A-law code.
pub fn decode_alaw(code: u8) -> i16 {
    ALAW_TO_LINEAR[usize::from(code)]
}

/// The 16-bit sample of a mu-law code.
pub fn decode_mulaw(code: u8) -> i16 {
    MULAW_TO_LINEAR[usize::from(code)]
}

/// The A-law code of a 16-bit sample.
pub fn encode_alaw(sample: i16) -> u8 {
    let sign = if sample >= 0 { 0x80 } else { 0 };
    // -32768 lies past the last decision value and belongs to the last interval.
    let magnitude = i32::from(sample).abs().min(i32::from(i16::MAX)) >> 4;
    let code = if magnitude < 32 {
        // The first two chords have the same step, of 16.
        magnitude
    } else {
        // Chord n begins at 8 << n and has 16 steps up to the next.
        let chord = (magnitude.ilog2() - 3) as i32;
        (chord << 4) | ((magnitude >> (chord - 1)) & 0x0F)
    };
    (code as u8 | sign) ^ ALAW_INVERTED
}

/// The mu-law code of a 16-bit sample.
pub fn encode_mulaw(sample: i16) -> u8 {
    let sign = if sample >= 0 { 0x80 } else { 0 };
    let biased = i32::from(sample).abs().min(MULAW_CLIP) + MULAW_BIAS;
    let chord = (biased.ilog2() - 7) as i32;
    let step = (biased >> (chord + 3)) & 0x0F;
    // All bits but the sign go over the line inverted.
    (((chord << 4) | step) as u8 ^ 0x7F) | sign
}

#[derive(Clone, Copy)]
enum Law {
    A,
    Mu,
}

const fn alaw_value(code: u8) -> i16 {
    let bits = code ^ ALAW_INVERTED;
    let chord = (bits >> 4) & 0x07;
    let step = (bits & 0x0F) as i32;
    let magnitude = if chord == 0 { (step * 2 + 1) << 3 } else { (step * 2 + 33) << (chord + 2) };
    (if bits & 0x80 != 0 { magnitude } else { -magnitude }) as i16
}

const fn mulaw_value(code: u8) -> i16 {
    let bits = !code;
    let chord = (bits >> 4) & 0x07;
    let step = (bits & 0x0F) as i32;
    let magnitude = ((step * 8 + MULAW_BIAS) << chord) - MULAW_BIAS;
    (if bits & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

const fn table(law: Law) -> [i16; 256] {
    let mut values = [0; 256];
    let mut code = 0;
    while code < 256 {
        values[code] = match law {
            Law::A => alaw_value(code as u8),
            Law::Mu => mulaw_value(code as u8),
        };
        code += 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decision values of the positive half: (first value, step) of each chord and the end of the last, as tables 1a
    /// and 2a of the recommendation list them.
    const ALAW_CHORDS: [(i32, i32); 7] =
        [(0, 2), (64, 4), (128, 8), (256, 16), (512, 32), (1024, 64), (2048, 128)];
    const MULAW_CHORDS: [(i32, i32); 8] =
        [(31, 4), (95, 8), (223, 16), (479, 32), (991, 64), (2015, 128), (4063, 256), (8159, 0)];

    fn alaw_decisions() -> Vec<i32> {
        let ends = ALAW_CHORDS.iter().skip(1).map(|chord| chord.0).chain([4096]);
        let chords = ALAW_CHORDS.iter().zip(ends);
        chords.flat_map(|(&(start, step), end)| (start..end).step_by(step as usize)).collect()
    }

    fn mulaw_decisions() -> Vec<i32> {
        let first = [0].into_iter().chain((1..31).step_by(2));
        let chords = MULAW_CHORDS.windows(2);
        let rest = chords.flat_map(|pair| (pair[0].0..pair[1].0).step_by(pair[0].1 as usize));
        first.chain(rest).collect()
    }

    /// The number of the interval that a magnitude falls into.
    fn interval(decisions: &[i32], magnitude: i32) -> u8 {
        (decisions.partition_point(|&decision| decision <= magnitude) - 1) as u8
    }

    #[test]
    fn every_sample_is_coded_by_the_decision_values() {
        let (alaw, mulaw) = (alaw_decisions(), mulaw_decisions());
        assert_eq!((alaw.len(), mulaw.len()), (128, 128));
        for sample in i16::MIN..=i16::MAX {
            let (sign, magnitude) = (if sample < 0 { 0 } else { 0x80 }, i32::from(sample).abs());
            let expected = (interval(&alaw, magnitude / 8) | sign) ^ 0x55;
            assert_eq!(encode_alaw(sample), expected, "A-law of {sample}");
            let expected = (0x7F - interval(&mulaw, magnitude / 4)) | sign;
            assert_eq!(encode_mulaw(sample), expected, "mu-law of {sample}");
        }
    }

    #[test]
    fn values_lie_in_the_middle_of_their_interval() {
        for (decode, decisions, scale, top) in [
            (decode_alaw as fn(u8) -> i16, alaw_decisions(), 8, 4096),
            (decode_mulaw, mulaw_decisions(), 4, 8159),
        ] {
            for code in 0..=255u8 {
                let positive = code & 0x80 != 0;
                let number = usize::from(if scale == 8 { (code ^ 0x55) & 0x7F } else { !code & 0x7F });
                let (low, high) = (decisions[number], decisions.get(number + 1).copied().unwrap_or(top));
                // The first interval of mu-law reaches over zero to the other side.
                let middle = if scale == 4 && number == 0 { 0 } else { (low + high) * scale / 2 };
                assert_eq!(
                    i32::from(decode(code)),
                    if positive { middle } else { -middle },
                    "code {code:#04x}"
                );
            }
        }
    }

    #[test]
    fn decoding_and_encoding_again_gives_the_same_code() {
        for code in 0..=255u8 {
            assert_eq!(encode_alaw(decode_alaw(code)), code);
            // The two zeros of mu-law are one.
            let expected = if code == 0x7F { 0xFF } else { code };
            assert_eq!(encode_mulaw(decode_mulaw(code)), expected);
        }
    }
}
