//! What the run happened on.

use anyhow::Context;
use serde::Serialize;

use crate::process::kibibytes;

/// No names: the results may be published.
#[derive(Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_bytes: u64,
    pub(crate) kernel: String,
    /// How TCP decides how much it sends at once. It weighs more than one would think: `bbr` paces even what goes over
    /// loopback, which takes several times the processor time of `cubic`, the kernel's own choice.
    pub(crate) congestion_control: String,
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
        let congestion_control = fs_err::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control")?;
        Ok(Machine {
            processor: processor.to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            memory_bytes: kibibytes(&memory, "MemTotal:").context("/proc/meminfo has no MemTotal")?,
            kernel: release.trim().split('-').next().unwrap_or_default().to_owned(),
            congestion_control: congestion_control.trim().to_owned(),
        })
    }
}
