//! What Linux says about a process and the whole machine: processor time and memory (proc(5)).

use std::time::Duration;

use anyhow::{Context, bail};

/// Processor time of all threads of a process, user and system, in steps of a clock tick (10 ms nearly everywhere).
///
/// # Errors
/// When the process is gone, or /proc is not Linux's.
pub(crate) fn processor_time(id: u32) -> anyhow::Result<Duration> {
    let stat = fs_err::read_to_string(format!("/proc/{id}/stat"))?;
    let ticks = ticks(&stat).with_context(|| format!("cannot read /proc/{id}/stat: {stat}"))?;
    Ok(duration(ticks))
}

/// The same of several processes together.
///
/// # Errors
/// As [`processor_time`].
pub(crate) fn processor_time_of(ids: &[u32]) -> anyhow::Result<Duration> {
    ids.iter().map(|id| processor_time(*id)).sum()
}

/// The processes that this one has started, of which each must have a single thread that did so.
///
/// # Errors
/// As [`processor_time`], and when the kernel does not list them.
pub(crate) fn children(id: u32) -> anyhow::Result<Vec<u32>> {
    let list = fs_err::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
    list.split_ascii_whitespace()
        .map(|child| child.parse().with_context(|| format!("/proc lists `{child}` as a process")))
        .collect()
}

/// Processor time that all cores have spent on anything, or that other guests of the same host have taken from them.
///
/// # Errors
/// When /proc is not Linux's.
pub(crate) fn busy_time() -> anyhow::Result<Duration> {
    let stat = fs_err::read_to_string("/proc/stat")?;
    Ok(duration(busy_ticks(&stat).context("cannot read the first line of /proc/stat")?))
}

fn duration(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// user, nice, system, irq, softirq and steal; between them stand idle and iowait. Guest time is part of user.
fn busy_ticks(stat: &str) -> Option<u64> {
    let fields = stat.lines().next()?.strip_prefix("cpu ")?.split_ascii_whitespace().take(8);
    let times: Vec<u64> = fields.map(str::parse).collect::<Result<_, _>>().ok()?;
    let &[user, nice, system, _idle, _iowait, irq, softirq, steal] = times.as_slice() else { return None };
    Some(user + nice + system + irq + softirq + steal)
}

/// utime + stime, the fields 14 and 15; the second is a name in brackets, which may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Bytes resident now.
///
/// # Errors
/// As [`processor_time`].
pub(crate) fn resident(id: u32) -> anyhow::Result<u64> {
    status_bytes(id, "VmRSS:")
}

/// The most bytes resident at once since [`reset_peak`].
///
/// # Errors
/// As [`processor_time`].
pub(crate) fn peak_resident(id: u32) -> anyhow::Result<u64> {
    status_bytes(id, "VmHWM:")
}

/// Starts the peak afresh from what is resident now; writing 5 does that and nothing else.
///
/// # Errors
/// When the process is gone or belongs to somebody else.
pub(crate) fn reset_peak(id: u32) -> anyhow::Result<()> {
    Ok(fs_err::write(format!("/proc/{id}/clear_refs"), "5")?)
}

fn status_bytes(id: u32, label: &str) -> anyhow::Result<u64> {
    let status = fs_err::read_to_string(format!("/proc/{id}/status"))?;
    let Some(bytes) = kibibytes(&status, label) else { bail!("/proc/{id}/status has no {label}") };
    Ok(bytes)
}

/// Bytes of a line `Label:   123 kB`, as /proc/PID/status and /proc/meminfo have them.
pub(crate) fn kibibytes(text: &str, label: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(label))?;
    let number: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(number * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_process_does_not_move_the_fields() {
        // The layout of proc(5): state is the third field, utime the 14th, stime the 15th.
        let stat = "42 (a ) b (c)) S 1 2 3 4 5 6 7 8 9 10 250 31 0 0 20 0";
        assert_eq!(ticks(stat), Some(281));
        assert_eq!(ticks("42 (short) S 1"), None);
    }

    #[test]
    fn the_machine_is_busy_when_it_is_not_idle_and_does_not_wait() {
        let stat = "cpu  1 20 300 4000 50000 600000 7000000 80000000 900000000 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(busy_ticks(stat), Some(87_600_321));
        assert_eq!(busy_ticks("cpu  1 2 3\n"), None);
        assert!(busy_time().expect("/proc/stat") > Duration::ZERO);
    }

    #[test]
    fn sizes_are_in_units_of_1024() {
        let status = "VmPeak:\t  999 kB\nVmHWM:\t   12345 kB\nVmRSS:\t       1 kB\n";
        assert_eq!(kibibytes(status, "VmHWM:"), Some(12_345 * 1024));
        assert_eq!(kibibytes(status, "VmSwap:"), None);
    }

    #[test]
    fn this_process_can_be_read() {
        let own = std::process::id();
        let peak = peak_resident(own).expect("its peak");
        assert!(peak >= 1024 * 1024, "{peak}");
        assert!(processor_time(own).is_ok());
    }
}
