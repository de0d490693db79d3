//! The steps of a chore: each is announced, timed and listed in a summary; the first failure ends the chore.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::cargo;

/// The steps of one chore so far.
pub(crate) struct Steps {
    started: Instant,
    done: Vec<(String, Duration)>,
}

impl Steps {
    /// Starts the clock of a chore.
    pub(crate) fn new() -> Steps {
        Steps { started: Instant::now(), done: Vec::new() }
    }

    /// Runs one step that is code.
    ///
    /// # Errors
    /// What the step failed with, after the summary was printed.
    pub(crate) fn step<T>(
        &mut self,
        title: &str,
        work: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        println!("==> {title}");
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        let outcome = if result.is_ok() { "ok" } else { "FAILED" };
        println!("    {outcome}: {title}, {}", duration(took));
        if result.is_ok() {
            self.done.push((title.to_owned(), took));
        } else {
            self.print_summary(Some(title));
        }
        result.with_context(|| format!("step `{title}` failed"))
    }

    /// Runs one step that is a command; its output goes to the terminal.
    ///
    /// # Errors
    /// When the command cannot be started or exits with anything but 0.
    pub(crate) fn command(&mut self, title: &str, mut command: Command) -> anyhow::Result<()> {
        self.step(title, || run(&mut command))
    }

    /// Prints the summary of a chore that passed.
    pub(crate) fn finish(self) {
        self.print_summary(None);
    }

    fn print_summary(&self, failed: Option<&str>) {
        println!();
        for (title, took) in &self.done {
            println!("  ok      {:>9}  {title}", duration(*took));
        }
        match failed {
            None => println!("All {} steps passed in {}.", self.done.len(), duration(self.started.elapsed())),
            Some(title) => {
                println!("  FAILED             {title}");
                println!("Stopped after {}.", duration(self.started.elapsed()));
            }
        }
    }
}

/// Runs a command with its output on the terminal, printing it as one would type it.
///
/// # Errors
/// When it cannot be started or exits with anything but 0.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = cargo::line(command);
    println!("    {line}");
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Seconds with one digit, minutes from one minute on.
fn duration(time: Duration) -> String {
    if time < Duration::from_secs(60) {
        return format!("{:.1} s", time.as_secs_f64());
    }
    let seconds = time.as_secs();
    format!("{} m {:02} s", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_readable() {
        let check = |millis, expected: &str| assert_eq!(duration(Duration::from_millis(millis)), expected);
        check(0, "0.0 s");
        check(1_250, "1.2 s");
        check(59_900, "59.9 s");
        check(60_000, "1 m 00 s");
        check(754_321, "12 m 34 s");
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let mut steps = Steps::new();
        steps.command("passes", Command::new("true")).expect("true exits with 0");
        let error = steps.command("fails", Command::new("false")).expect_err("false exits with 1");
        assert!(format!("{error:#}").contains("`false` ended with exit status: 1"), "{error:#}");
        assert_eq!(steps.done.len(), 1);
    }
}
