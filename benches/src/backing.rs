//! Memory that the host of a virtual machine has yet to give.
//!
//! Many hosts give a machine a page of memory when it is written to for the first time, and take back what lies idle for a
//! while. Files that are written fill memory that was free, so that whichever side met with more of such pages was the
//! slower one, by a factor of three: most of its processor time went into the copy to the page cache.

use std::hint::black_box;
use std::time::Duration;

use anyhow::Context;

use crate::process::kibibytes;

/// More than either side writes in a second.
const BYTES_PER_SECOND: f64 = 1.5e9;

/// Writes to as much free memory as files can fill within that time, at most to half of what is available, and lets it go.
///
/// # Errors
/// When /proc is not Linux's.
pub(crate) fn ask_for_memory(time: Duration) -> anyhow::Result<()> {
    let memory = fs_err::read_to_string("/proc/meminfo")?;
    let available = kibibytes(&memory, "MemAvailable:").context("/proc/meminfo has no MemAvailable")?;
    let bytes = (BYTES_PER_SECOND * time.as_secs_f64()).min(available as f64 / 2.0) as usize;
    drop(black_box(vec![1_u8; bytes]));
    Ok(())
}
