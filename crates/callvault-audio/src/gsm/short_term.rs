//! The short-term synthesis filter (sections 5.2.8, 5.2.9 and 5.3.3): gives the sound the shape of the vocal tract.

use std::ops::Range;

use super::FRAME_SAMPLES;
use super::arithmetic::{add, mult_r, sub};

/// `INVA` (table 5.2): the inverse of the slope at which each log area ratio was quantised.
const INVERSE_SLOPES: [i16; 8] = [13107, 13107, 13107, 13107, 19223, 17476, 31454, 29708];

/// `B` (table 5.1): the offset at which each was quantised.
const OFFSETS: [i16; 8] = [0, 0, 2048, -2560, 94, -1792, -341, -1144];

/// `MIC` (table 5.1): the smallest code of each, which the coded number counts from.
const SMALLEST: [i16; 8] = [-32, -32, -16, -16, -8, -8, -4, -4];

/// How the ratios of the frame before fade into those of this one (table 3.2): samples, and the two summing functions.
const FADES: [(Range<usize>, Fade); 4] = [
    (0..13, |before, now| add(add(before >> 2, now >> 2), before >> 1)),
    (13..27, |before, now| add(before >> 1, now >> 1)),
    (27..40, |before, now| add(add(before >> 2, now >> 2), now >> 1)),
    (40..FRAME_SAMPLES, |_, now| now),
];

type Fade = fn(i16, i16) -> i16;

#[derive(Debug, Clone, Default)]
pub(super) struct ShortTerm {
    /// The decoded ratios of the frame before (`LARpp(j-1)`).
    ratios: [i16; 8],
    /// The memory of the lattice (`v`).
    lattice: [i16; 9],
}

impl ShortTerm {
    /// Filters a frame in place.
    pub(super) fn synthesise(&mut self, coded: &[u8; 8], samples: &mut [i16; FRAME_SAMPLES]) {
        let now: [i16; 8] = std::array::from_fn(|index| decode_ratio(index, coded[index]));
        for (range, fade) in FADES {
            let reflection = std::array::from_fn(|index| reflection(fade(self.ratios[index], now[index])));
            self.filter(&reflection, &mut samples[range]);
        }
        self.ratios = now;
    }

    fn filter(&mut self, reflection: &[i16; 8], samples: &mut [i16]) {
        for sample in samples {
            let mut value = *sample;
            for index in (0..8).rev() {
                value = sub(value, mult_r(reflection[index], self.lattice[index]));
                self.lattice[index + 1] = add(self.lattice[index], mult_r(reflection[index], value));
            }
            self.lattice[0] = value;
            *sample = value;
        }
    }
}

/// `LARc` to `LARpp`.
fn decode_ratio(index: usize, coded: u8) -> i16 {
    let value = add(i16::from(coded), SMALLEST[index]) << 10;
    let value = mult_r(INVERSE_SLOPES[index], sub(value, OFFSETS[index] << 1));
    add(value, value)
}

/// `LARp` to `rp`: the logarithm, in three straight lines, is taken back.
fn reflection(ratio: i16) -> i16 {
    let magnitude = ratio.saturating_abs();
    let value = match magnitude {
        ..11059 => magnitude << 1,
        11059..20070 => magnitude + 11059,
        _ => add(magnitude >> 2, 26112),
    };
    if ratio < 0 { -value } else { value }
}
