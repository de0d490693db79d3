//! Two sides doing the same work in turns, and what can be read from it.
//!
//! Both servers run during the whole comparison. Round by round ours is measured, then the peer, so that what changes on the
//! machine over time changes for both; a ratio is that of one round.

use std::sync::Arc;

use anyhow::Context;
use serde::Serialize;

use crate::bound::Bound;
use crate::load::{self, Measured, Pace};
use crate::plan::Measure;
use crate::report::Row;
use crate::statistics::{Estimate, median, percentile};
use crate::work::Target;

/// One side of a comparison.
pub(crate) struct Side {
    /// What its clients send and get.
    pub(crate) target: Arc<Target>,
    /// The processes of its server.
    pub(crate) ids: Vec<u32>,
}

/// How to measure.
#[derive(Clone, Copy)]
pub(crate) struct Conditions {
    pub(crate) pace: Pace,
    /// How often each side is measured.
    pub(crate) rounds: usize,
    /// Threads of the load generator.
    pub(crate) threads: usize,
}

/// The figures of one side in one round; those of the window unless it says otherwise.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) seconds: f64,
    pub(crate) finished: usize,
    pub(crate) per_second: f64,
    /// Bytes of the body that carries the audio.
    pub(crate) answer_bytes: f64,
    pub(crate) p50_milliseconds: f64,
    pub(crate) p99_milliseconds: f64,
    /// Resident during warm-up and window; what processes share is counted for each.
    pub(crate) server_peak_bytes: u64,
    pub(crate) server_processor_seconds: f64,
    pub(crate) client_processor_seconds: f64,
    /// Of all else on the machine: in a run that nothing disturbed, little.
    pub(crate) other_processor_seconds: f64,
}

/// Both sides, one after the other.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Round {
    pub(crate) ours: Figures,
    pub(crate) peer: Figures,
}

impl Figures {
    /// Of what was measured, with so many bytes in each answer (or in each file that was sent).
    pub(crate) fn new(measured: &Measured, answer_bytes: f64) -> Figures {
        let seconds = measured.window.as_secs_f64();
        let milliseconds = |percent| percentile(&measured.latencies, percent).as_secs_f64() * 1e3;
        Figures {
            seconds,
            finished: measured.latencies.len(),
            per_second: measured.latencies.len() as f64 / seconds,
            answer_bytes,
            p50_milliseconds: milliseconds(50),
            p99_milliseconds: milliseconds(99),
            server_peak_bytes: measured.peak_bytes,
            server_processor_seconds: measured.server_time.as_secs_f64(),
            client_processor_seconds: measured.client_time.as_secs_f64(),
            other_processor_seconds: measured.other_time.as_secs_f64(),
        }
    }

    /// For how much of the window the load generator was at work, 1 for each of its threads.
    pub(crate) fn client_share(&self) -> f64 {
        self.client_processor_seconds / self.seconds
    }

    /// What a measure reads from them.
    pub(crate) fn read(&self, measure: Measure) -> f64 {
        let bytes = self.finished as f64 * self.answer_bytes;
        match measure {
            Measure::Rate => self.per_second,
            Measure::P99 => self.p99_milliseconds,
            Measure::Processor => self.server_processor_seconds * 1e3 / (bytes / 1e6),
            Measure::AnswerByte => self.seconds * 1e9 / bytes,
        }
    }
}

/// What clients met in a comparison that ended early.
pub(crate) type Failure = String;

/// Lets both sides do the work in turns. `Ok(Err)` says what a client met that was not right.
///
/// # Errors
/// When a server is gone, or nothing was finished in time.
pub(crate) fn run(
    ours: &Side,
    peer: &Side,
    connections: usize,
    conditions: Conditions,
) -> anyhow::Result<Result<Vec<Round>, Failure>> {
    let mut rounds = Vec::new();
    for _ in 0..conditions.rounds {
        let mut both = Vec::new();
        for (who, side) in [("ours", ours), ("the peer", peer)] {
            let measured =
                load::run(&side.ids, &side.target, connections, conditions.pace, conditions.threads)
                    .with_context(|| who.to_owned())?;
            if let Some(failure) = measured.failure {
                return Ok(Err(format!("{who}: {failure}")));
            }
            both.push(Figures::new(&measured, side.target.answer_bytes()));
        }
        if let (Some(peer), Some(ours)) = (both.pop(), both.pop()) {
            rounds.push(Round { ours, peer });
        }
    }
    Ok(Ok(rounds))
}

/// What stands before the figures of a comparison.
#[derive(Clone, Copy)]
pub(crate) struct Labels<'a> {
    pub(crate) work: &'a str,
    pub(crate) file: &'a str,
    pub(crate) connections: usize,
    pub(crate) peer: &'static str,
}

/// The rows of the table that a comparison gives, one for each measure.
pub(crate) fn rows(labels: Labels<'_>, measures: &[(Measure, Option<Bound>)], rounds: &[Round]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (measure, bound) in measures {
        let ours: Vec<f64> = rounds.iter().map(|round| round.ours.read(*measure)).collect();
        let peers: Vec<f64> = rounds.iter().map(|round| round.peer.read(*measure)).collect();
        // Too little processor time to be counted at all, in a quick run, is no ratio.
        let ratios: Vec<f64> = ours
            .iter()
            .zip(&peers)
            .map(|(ours, peer)| ours / peer)
            .filter(|ratio| ratio.is_finite() && *ratio > 0.0)
            .collect();
        let Some(estimate) = Estimate::of(&ratios) else { continue };
        rows.push(Row {
            work: labels.work.to_owned(),
            file: labels.file.to_owned(),
            connections: Some(labels.connections),
            measure: measure.name(),
            peer: Some(labels.peer),
            ours: median(&ours),
            peers: median(&peers),
            estimate,
            bound: *bound,
        });
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(per_second: f64, answer_bytes: f64, processor: f64) -> Figures {
        Figures {
            seconds: 2.0,
            finished: (per_second * 2.0) as usize,
            per_second,
            answer_bytes,
            p50_milliseconds: 1.0,
            p99_milliseconds: 2.0,
            server_peak_bytes: 0,
            server_processor_seconds: processor,
            client_processor_seconds: 0.0,
            other_processor_seconds: 0.0,
        }
    }

    #[test]
    fn measures_are_read_in_their_units() {
        // 200 pieces of 1 MB in 2 s with half a second of processor time.
        let figures = figures(100.0, 1e6, 0.5);
        assert_eq!(figures.read(Measure::Rate), 100.0);
        assert_eq!(figures.read(Measure::Processor), 2.5);
        assert_eq!(figures.read(Measure::AnswerByte), 10.0);
    }

    #[test]
    fn a_ratio_is_that_of_a_round() {
        let round = |ours, peer| Round { ours: figures(ours, 1e6, 0.5), peer: figures(peer, 1e6, 0.25) };
        // The medians alone would say 200 / 150.
        let rounds = [round(100.0, 50.0), round(200.0, 150.0), round(300.0, 200.0)];
        let labels = Labels { work: "flow", file: "4KiB", connections: 16, peer: "nginx" };
        let measures = [(Measure::Rate, Some(Bound::AtLeast(1.15))), (Measure::Processor, None)];
        let rows = rows(labels, &measures, &rounds);
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].ours, rows[0].peers), (Some(200.0), Some(150.0)));
        assert_eq!((rows[0].estimate.median, rows[0].estimate.max), (1.5, 2.0));
        assert_eq!(rows[0].bound, Some(Bound::AtLeast(1.15)));
        assert_eq!(rows[1].bound, None);
    }
}
