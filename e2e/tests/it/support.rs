//! What the scenarios share: the program, clients, and audio that sox makes.

pub(crate) mod audio;
pub(crate) mod http;
pub(crate) mod process;
pub(crate) mod vault;
pub(crate) mod yeastar;

use std::fmt::Write as _;
use std::process::{Command, Output};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

/// Whether the scenarios run at the size that was promised (`cargo xtask soak`).
pub(crate) fn is_soak() -> bool {
    std::env::var_os("CALLVAULT_SOAK").is_some_and(|value| value == "1")
}

/// The SHA-256 of bytes in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The MD5 that the Yeastar dialect sends in place of a password.
pub(crate) fn md5(text: &str) -> String {
    hex::encode(<md5::Md5 as md5::Digest>::digest(text.as_bytes()))
}

/// Waits until `condition` gives something, and fails with `what` after `limit`.
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a program that must succeed and gives its standard output.
pub(crate) fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(output.status.success(), "{command:?} failed\n{}", told(&output));
    output.stdout
}

/// Everything that a program said, for the message of a failed assertion.
pub(crate) fn told(output: &Output) -> String {
    let mut text = format!("{}\n", output.status);
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let _ = writeln!(text, "--- {name}\n{}", String::from_utf8_lossy(bytes));
    }
    text
}

/// A seed that each run has another of; printed, so that a failure can be looked at again.
pub(crate) fn seed(what: &str) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    let seed = now.as_nanos() as u64;
    println!("{what}: seed {seed}");
    seed
}

/// A generator of bytes that do not compress and do not repeat (xorshift64*, by George Marsaglia).
pub(crate) struct Noise(u64);

impl Noise {
    /// The sequence of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    /// Fills a buffer whose length is a multiple of eight.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) {
        for eight in buffer.chunks_exact_mut(8) {
            eight.copy_from_slice(&self.number().to_le_bytes());
        }
    }
}
