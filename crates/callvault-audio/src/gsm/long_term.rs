//! The long-term synthesis filter (section 5.3.2): adds what was heard one pitch period ago.

use super::SUBFRAME_SAMPLES;
use super::arithmetic::{add, mult_r};

/// The longest lag; shorter ones than a subframe do not exist, so a subframe never refers to itself.
const LONGEST_LAG: usize = 120;

/// `QLB` (table 5.3b): the gains.
const GAINS: [i16; 4] = [3277, 11469, 21299, 32767];

#[derive(Debug, Clone)]
pub(super) struct LongTerm {
    /// The last reconstructed samples (`drp`), the newest at the end.
    history: [i16; LONGEST_LAG],
    /// The last valid lag (`nrp`).
    lag: usize,
}

impl Default for LongTerm {
    fn default() -> Self {
        Self { history: [0; LONGEST_LAG], lag: SUBFRAME_SAMPLES }
    }
}

impl LongTerm {
    pub(super) fn synthesise(
        &mut self,
        lag: u8,
        gain: u8,
        excitation: &[i16; SUBFRAME_SAMPLES],
    ) -> [i16; SUBFRAME_SAMPLES] {
        // A lag that a coder cannot send is a transmission error: the one before stays.
        if (SUBFRAME_SAMPLES..=LONGEST_LAG).contains(&usize::from(lag)) {
            self.lag = usize::from(lag);
        }
        let gain = GAINS[usize::from(gain & 3)];
        let start = LONGEST_LAG - self.lag;
        let samples =
            std::array::from_fn(|index| add(excitation[index], mult_r(gain, self.history[start + index])));
        self.history.copy_within(SUBFRAME_SAMPLES.., 0);
        self.history[LONGEST_LAG - SUBFRAME_SAMPLES..].copy_from_slice(&samples);
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impossible_lag_leaves_the_last_one() {
        let mut filter = LongTerm::default();
        let mut pulse = [0; SUBFRAME_SAMPLES];
        pulse[0] = 1000;
        filter.synthesise(41, 0, &pulse);
        for lag in [0, 39, 121, 127] {
            let mut copy = filter.clone();
            let echo = copy.synthesise(lag, 3, &[0; SUBFRAME_SAMPLES]);
            assert_eq!((echo[0], echo[1]), (0, 1000), "lag {lag}");
        }
    }
}
