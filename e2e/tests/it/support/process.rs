//! What Linux knows about a running process.

/// A value in kibibytes from `/proc/PID/status`, such as `VmRSS` (now) or `VmHWM` (the peak).
pub(crate) fn memory_kib(pid: u32, word: &str) -> u64 {
    let status = fs_err::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status
        .lines()
        .find(|line| line.strip_prefix(word).is_some_and(|rest| rest.starts_with(':')))
        .expect("the kernel counts this");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number of kB")
}

/// How many file descriptors a process has open.
pub(crate) fn descriptors(pid: u32) -> usize {
    fs_err::read_dir(format!("/proc/{pid}/fd")).expect("the process runs").count()
}

/// How many of them are sockets.
pub(crate) fn sockets(pid: u32) -> usize {
    fs_err::read_dir(format!("/proc/{pid}/fd"))
        .expect("the process runs")
        .filter_map(|entry| fs_err::read_link(entry.ok()?.path()).ok())
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}
