//! The figures of a run: a table to read, which is Markdown as well, and JSON to compute with.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

use crate::load::Measured;
use crate::plan::Cell;
use crate::process::kibibytes;
use crate::work::Target;

/// A whole run.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// Whether the windows were too short to mean much.
    pub(crate) quick: bool,
    /// Threads of the load generator.
    pub(crate) client_threads: usize,
    pub(crate) rows: Vec<Row>,
}

/// What it ran on. No names: the file may be published.
#[derive(Serialize)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_bytes: u64,
    kernel: String,
}

/// One cell with its figures, those of the window unless it says otherwise.
#[derive(Serialize)]
pub(crate) struct Row {
    work: &'static str,
    file: &'static str,
    file_bytes: usize,
    /// Bytes of the body that carries the file.
    answer_bytes: u64,
    connections: usize,
    seconds: f64,
    finished: usize,
    per_second: f64,
    /// 10^6 bytes of the file, not of the answer.
    source_megabytes_per_second: f64,
    p50_milliseconds: f64,
    p99_milliseconds: f64,
    /// Before the load.
    server_idle_bytes: u64,
    /// During warm-up and window.
    server_peak_bytes: u64,
    server_processor_seconds: f64,
    client_processor_seconds: f64,
    /// Of all else on the machine: in a run that nothing disturbed, little.
    other_processor_seconds: f64,
    /// What the first client that failed met; the figures beside it mean nothing.
    pub(crate) failure: Option<String>,
}

impl Machine {
    /// Reads it from /proc.
    ///
    /// # Errors
    /// When that is not there.
    pub(crate) fn read() -> anyhow::Result<Machine> {
        let processors = fs_err::read_to_string("/proc/cpuinfo")?;
        let processor = processors
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.trim() == "model name")
            .map_or("unknown", |(_, model)| model.trim());
        let memory = fs_err::read_to_string("/proc/meminfo")?;
        // Without what the builder of the kernel appended, which may name a place.
        let release = fs_err::read_to_string("/proc/sys/kernel/osrelease")?;
        Ok(Machine {
            processor: processor.to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            memory_bytes: kibibytes(&memory, "MemTotal:").context("/proc/meminfo has no MemTotal")?,
            kernel: release.trim().split('-').next().unwrap_or_default().to_owned(),
        })
    }
}

impl Row {
    /// Works out the figures of a cell.
    pub(crate) fn new(cell: Cell, target: &Target, measured: Measured) -> Row {
        let seconds = measured.window.as_secs_f64();
        let per_second = measured.latencies.len() as f64 / seconds;
        Row {
            work: cell.work.name(),
            file: cell.size.name,
            file_bytes: cell.size.bytes,
            answer_bytes: target.answer_bytes,
            connections: cell.connections,
            seconds,
            finished: measured.latencies.len(),
            per_second,
            source_megabytes_per_second: per_second * cell.size.bytes as f64 / 1e6,
            p50_milliseconds: percentile(&measured.latencies, 50).as_secs_f64() * 1e3,
            p99_milliseconds: percentile(&measured.latencies, 99).as_secs_f64() * 1e3,
            server_idle_bytes: measured.idle_bytes,
            server_peak_bytes: measured.peak_bytes,
            server_processor_seconds: measured.server_time.as_secs_f64(),
            client_processor_seconds: measured.client_time.as_secs_f64(),
            other_processor_seconds: measured.other_time.as_secs_f64(),
            failure: measured.failure,
        }
    }

    /// One line while the run goes on.
    pub(crate) fn summary(&self) -> String {
        let name = format!("{}, {}, {} connections", self.work, self.file, self.connections);
        match &self.failure {
            Some(failure) => format!("{name}: FAILED: {failure}"),
            None => format!("{name}: {:.0}/s, p99 {:.2} ms", self.per_second, self.p99_milliseconds),
        }
    }

    fn columns(&self) -> Vec<String> {
        let mut columns = vec![self.work.to_owned(), self.file.to_owned(), self.connections.to_string()];
        if self.failure.is_some() {
            columns.push("FAILED".to_owned());
            columns.resize(TITLES.len(), String::new());
            return columns;
        }
        columns.extend([
            format!("{:.0}", self.per_second),
            format!("{:.1}", self.source_megabytes_per_second),
            format!("{:.2}", self.p50_milliseconds),
            format!("{:.2}", self.p99_milliseconds),
            format!("{:.1}", mebibytes(self.server_idle_bytes)),
            format!("{:.1}", mebibytes(self.server_peak_bytes)),
            format!("{:.2}", self.server_processor_seconds),
            format!("{:.2}", self.client_processor_seconds),
            format!("{:.2}", self.other_processor_seconds),
            format!("{:.2}", self.seconds),
        ]);
        columns
    }
}

/// The head of the table. `s` is the length of the window to which the processor seconds belong.
const TITLES: [&str; 13] = [
    "work",
    "file",
    "conns",
    "per s",
    "MB/s",
    "p50 ms",
    "p99 ms",
    "idle MiB",
    "peak MiB",
    "server CPU s",
    "client CPU s",
    "other CPU s",
    "s",
];

impl Report {
    /// The table, with the machine under it.
    pub(crate) fn table(&self) -> String {
        let mut lines = vec![TITLES.map(str::to_owned).to_vec()];
        lines.extend(self.rows.iter().map(Row::columns));
        let machine = &self.machine;
        let mut text = format!(
            "{}\n{}, {} cores, {:.0} MiB memory, Linux {}; load generator with {} thread(s) on the same machine\n",
            markdown(&lines),
            machine.processor,
            machine.cores,
            mebibytes(machine.memory_bytes),
            machine.kernel,
            self.client_threads,
        );
        if self.quick {
            text.push_str("A quick run: the figures mean little.\n");
        }
        for row in self.rows.iter().filter(|row| row.failure.is_some()) {
            text.push_str(&row.summary());
            text.push('\n');
        }
        text
    }

    /// Writes the JSON, with its folder if that is missing.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        if let Some(folder) = file.parent() {
            fs_err::create_dir_all(folder)?;
        }
        let mut text = serde_json::to_string_pretty(self).context("the report is no JSON")?;
        text.push('\n');
        Ok(fs_err::write(file, text)?)
    }
}

/// A table with its first line as the head; the first two columns are words, the others numbers.
fn markdown(lines: &[Vec<String>]) -> String {
    const WORDS: usize = 2;
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..columns).map(|column| lines.iter().map(|line| line[column].len()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let padded =
                if column < WORDS { format!("| {cell:<width$} ") } else { format!("| {cell:>width$} ") };
            text.push_str(&padded);
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(width + 1);
                text.push_str(&if column < WORDS { format!("|{dashes}-") } else { format!("|{dashes}:") });
            }
            text.push_str("|\n");
        }
    }
    text
}

/// The smallest of the sorted values that at least `percent` of them do not exceed (nearest rank); 0 of none.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        let check = |values: &[u64], percent, expected| {
            let sorted: Vec<Duration> = values.iter().copied().map(Duration::from_millis).collect();
            assert_eq!(
                percentile(&sorted, percent),
                Duration::from_millis(expected),
                "{percent} of {values:?}"
            );
        };
        // The example of the usual definition: of 15, 20, 35, 40, 50 the 30th is 20 and the 50th is 35.
        check(&[15, 20, 35, 40, 50], 30, 20);
        check(&[15, 20, 35, 40, 50], 50, 35);
        check(&[15, 20, 35, 40, 50], 99, 50);
        check(&[7], 50, 7);
        check(&[], 99, 0);
        let hundred: Vec<u64> = (1..=100).collect();
        check(&hundred, 99, 99);
    }

    #[test]
    fn the_table_is_markdown_that_lines_up() {
        let line = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let table = markdown(&[line(["work", "file", "per s"]), line(["yeastar flow", "4KiB", "12"])]);
        let expected = "\
| work         | file | per s |
|--------------|------|------:|
| yeastar flow | 4KiB |    12 |
";
        assert_eq!(table, expected);
    }
}
