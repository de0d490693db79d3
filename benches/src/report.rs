//! The figures of a run: a table to read, which is Markdown as well, and JSON to compute with.

use std::path::Path;

use anyhow::Context;
use serde::{Serialize, Serializer};

use crate::bound::{Bound, Verdict};
use crate::comparison::{Figures, Round};
use crate::machine::Machine;
use crate::plot;
use crate::statistics::{Estimate, median};

/// A whole run.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// What nginx says it is.
    pub(crate) nginx: String,
    /// Whether the windows were too short to mean much.
    pub(crate) quick: bool,
    /// How often each side was measured.
    pub(crate) rounds: usize,
    /// Threads of the load generator.
    pub(crate) client_threads: usize,
    /// How the cores were shared out.
    pub(crate) pinning: String,
    pub(crate) results: Vec<Outcome>,
}

/// What came of one comparison.
#[derive(Serialize)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
    /// Every figure of every round; empty for what is no comparison.
    pub(crate) rounds: Vec<Round>,
    /// What the first client that failed met.
    pub(crate) failure: Option<String>,
}

/// A line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) work: String,
    pub(crate) file: String,
    pub(crate) connections: Option<usize>,
    pub(crate) measure: &'static str,
    /// None for a figure that stands for itself.
    pub(crate) peer: Option<&'static str>,
    /// Medians, in the unit of the measure.
    pub(crate) ours: Option<f64>,
    pub(crate) peers: Option<f64>,
    /// Of the ratio ours to peer's, or of the figure itself where there is no peer.
    #[serde(flatten)]
    pub(crate) estimate: Estimate,
    #[serde(rename = "target", serialize_with = "bound_text")]
    pub(crate) bound: Option<Bound>,
}

impl Row {
    /// A figure of ours that stands for itself, from its repetitions; None of none.
    pub(crate) fn figure(
        work: &str,
        measure: &'static str,
        values: &[f64],
        bound: Option<Bound>,
    ) -> Option<Row> {
        let estimate = Estimate::of(values)?;
        let ours = Some(estimate.median);
        let (file, connections, peer, peers) = (String::new(), None, None, None);
        Some(Row { work: work.to_owned(), file, connections, measure, peer, ours, peers, estimate, bound })
    }

    /// What the figures say about the target; None without one.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        self.bound.map(|bound| bound.judge(&self.estimate))
    }

    fn columns(&self) -> Vec<String> {
        let optional = |value: Option<f64>| value.map_or_else(String::new, figure);
        let estimate = &self.estimate;
        vec![
            self.work.clone(),
            self.file.clone(),
            self.connections.map_or_else(String::new, |connections| connections.to_string()),
            self.measure.to_owned(),
            self.peer.unwrap_or_default().to_owned(),
            optional(self.ours),
            optional(self.peers),
            figure(estimate.median),
            figure(estimate.min),
            figure(estimate.max),
            estimate
                .interval
                .map_or_else(String::new, |(low, high)| format!("{} to {}", figure(low), figure(high))),
            self.bound.map_or_else(String::new, |bound| bound.to_string()),
            self.verdict().map_or_else(String::new, |verdict| verdict.name().to_owned()),
        ]
    }
}

/// The share of its time from which on the load generator is taken for the limit.
const LIMITED: f64 = 0.9;

/// The head of the table.
const TITLES: [&str; 13] = [
    "work", "file", "conns", "measure", "peer", "ours", "peer's", "median", "min", "max", "95 %", "target",
    "met",
];

/// Which of them are words.
const WORDS: [usize; 4] = [0, 1, 3, 4];

impl Outcome {
    /// One line while the run goes on.
    pub(crate) fn summary(&self) -> String {
        if let Some(failure) = &self.failure {
            return format!("{}: FAILED: {failure}", self.name);
        }
        let rows = self.rows.iter().map(|row| {
            let verdict = row.verdict().map_or("", Verdict::name);
            format!("{} {} {verdict}", row.measure, figure(row.estimate.median)).trim_end().to_owned()
        });
        format!("{}: {}", self.name, rows.collect::<Vec<_>>().join(", "))
    }
}

impl Report {
    /// All lines of the table.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.results.iter().flat_map(|outcome| &outcome.rows)
    }

    /// The table, with the machine under it.
    pub(crate) fn table(&self) -> String {
        let mut lines = vec![TITLES.map(str::to_owned).to_vec()];
        lines.extend(self.rows().map(Row::columns));
        let mut text = markdown(&lines, &WORDS);
        text.push('\n');
        text.push_str(&self.circumstances());
        text.push('\n');
        let count = |wanted| self.rows().filter(|row| row.verdict() == Some(wanted)).count();
        let (met, open, missed) = (count(Verdict::Met), count(Verdict::Open), count(Verdict::Missed));
        text.push_str(&format!("Targets: {met} met, {open} open, {missed} missed.\n"));
        if let Some(share) = self.disturbance() {
            text.push_str(&format!(
                "All else on the machine took {:.0} % of its processor time.\n",
                share * 100.0
            ));
        }
        let limited: Vec<&str> = self
            .results
            .iter()
            .filter(|outcome| self.is_limited(outcome))
            .map(|outcome| outcome.name.as_str())
            .collect();
        if !limited.is_empty() {
            text.push_str(&format!("The load generator was the limit in: {}.\n", limited.join("; ")));
        }
        if self.quick {
            text.push_str("A quick run: the figures mean little.\n");
        }
        for outcome in self.results.iter().filter(|outcome| outcome.failure.is_some()) {
            text.push_str(&outcome.summary());
            text.push('\n');
        }
        text
    }

    /// Whether the load generator was at work nearly all the time of one side: that side could do more.
    fn is_limited(&self, outcome: &Outcome) -> bool {
        let busy = |side: fn(&Round) -> &Figures| {
            let shares: Vec<f64> = outcome.rounds.iter().map(|round| side(round).client_share()).collect();
            median(&shares).is_some_and(|share| share > LIMITED * self.client_threads as f64)
        };
        busy(|round| &round.ours) || busy(|round| &round.peer)
    }

    /// How much of the machine's processor time went neither to a server nor to the load generator, where that was measured.
    fn disturbance(&self) -> Option<f64> {
        let rounds = || self.results.iter().flat_map(|outcome| &outcome.rounds);
        let all = rounds().flat_map(|round| [&round.ours, &round.peer]);
        let (other, seconds) = all.fold((0.0, 0.0), |(other, seconds), figures| {
            (other + figures.other_processor_seconds, seconds + figures.seconds)
        });
        (seconds > 0.0).then(|| other / (seconds * self.machine.cores as f64))
    }

    /// The machine and how it was measured, in one line.
    pub(crate) fn circumstances(&self) -> String {
        let machine = &self.machine;
        format!(
            "{}, {} cores, {} MiB memory, Linux {}, TCP {}, {}; {} rounds; load generator with {} thread(s) on the same machine, {}",
            machine.processor,
            machine.cores,
            machine.memory_bytes / (1024 * 1024),
            machine.kernel,
            machine.congestion_control,
            self.nginx,
            self.rounds,
            self.client_threads,
            self.pinning,
        )
    }

    /// Writes the table, the figures of every round and the picture, with the folder if that is missing.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        fs_err::create_dir_all(folder)?;
        fs_err::write(folder.join("comparisons.md"), self.table())?;
        plot::write(self.rows(), &self.circumstances(), &folder.join("comparisons.svg"))?;
        let mut text = serde_json::to_string_pretty(self).context("the report is no JSON")?;
        text.push('\n');
        Ok(fs_err::write(folder.join("comparisons.json"), text)?)
    }
}

/// `>= 1.15`, as in the table.
fn bound_text<S: Serializer>(bound: &Option<Bound>, serializer: S) -> Result<S::Ok, S::Error> {
    bound.map(|bound| bound.to_string()).serialize(serializer)
}

/// Three digits that mean something, more only where they stand before the point.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A table with its first line as the head; the columns of `words` are words, the others numbers.
fn markdown(lines: &[Vec<String>], words: &[usize]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..columns).map(|column| lines.iter().map(|line| line[column].len()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let padded = if words.contains(&column) {
                format!("| {cell:<width$} ")
            } else {
                format!("| {cell:>width$} ")
            };
            text.push_str(&padded);
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(width + 1);
                text.push_str(&if words.contains(&column) {
                    format!("|{dashes}-")
                } else {
                    format!("|{dashes}:")
                });
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        for (value, expected) in [
            (4721.3, "4721"),
            (100.0, "100"),
            (99.96, "100"),
            (17.59, "17.6"),
            (1.154, "1.15"),
            (0.0123, "0.012"),
        ] {
            assert_eq!(figure(value), expected);
        }
    }

    #[test]
    fn the_table_is_markdown_that_lines_up() {
        let line = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let table =
            markdown(&[line(["work", "file", "per s"]), line(["yeastar flow", "4KiB", "12"])], &[0, 1]);
        let expected = "\
| work         | file | per s |
|--------------|------|------:|
| yeastar flow | 4KiB |    12 |
";
        assert_eq!(table, expected);
    }
}
