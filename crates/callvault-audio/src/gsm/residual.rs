//! Decoding of the residual signal: 13 coded pulses become 40 samples of excitation (sections 5.2.15 to 5.2.17).

use super::arithmetic::{add, mult_r};
use super::{SUBFRAME_SAMPLES, Subframe};

/// `FAC` (table 5.6): the mantissa of the largest pulse, denormalised.
const MANTISSAS: [i16; 8] = [18431, 20479, 22527, 24575, 26623, 28671, 30719, 32767];

/// The excitation of one subframe; all samples off the grid are 0.
pub(super) fn decode(subframe: &Subframe) -> [i16; SUBFRAME_SAMPLES] {
    let (exponent, mantissa) = split_maximum(subframe.maximum);
    let shift = 6 - exponent;
    // Half of what is shifted out below, for rounding; nothing where nothing is shifted out.
    let half = if shift > 0 { 1i16 << (shift - 1) } else { 0 };
    let mut excitation = [0; SUBFRAME_SAMPLES];
    for (index, &pulse) in subframe.pulses.iter().enumerate() {
        // 0 to 7 stand for -7, -5 ... 7, and go to the top of the word.
        let value = (i16::from(pulse) * 2 - 7) << 12;
        let value = add(mult_r(MANTISSAS[mantissa], value), half) >> shift;
        excitation[usize::from(subframe.grid) + 3 * index] = value;
    }
    excitation
}

/// Exponent (-4 to 6) and mantissa (0 to 7) of `xmaxc`.
fn split_maximum(maximum: u8) -> (i16, usize) {
    let maximum = i16::from(maximum);
    let mut exponent = if maximum > 15 { (maximum >> 3) - 1 } else { 0 };
    let mut mantissa = maximum - (exponent << 3);
    if mantissa == 0 {
        return (-4, 7);
    }
    while mantissa <= 7 {
        mantissa = (mantissa << 1) | 1;
        exponent -= 1;
    }
    (exponent, (mantissa - 8) as usize)
}
