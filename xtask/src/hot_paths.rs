//! `cargo xtask hot-paths`: the guard of the hot paths, which counts instructions and looks at no clock.
//!
//! The release binary serves an installation of its own under callgrind. One client does a fixed number of pieces of work
//! on each path, one after the other over one kept connection, and only these are counted. What a piece costs is compared
//! with a stored bound ([`bounds`]), which lies a tenth above what was measured when it was stored.
//!
//! What is counted is the thread that serves the connection, and the threads that read, write and hash files for it.
//! The others are left out: the listen log, the catalog's writer and SQLite commit in groups of what came within some
//! milliseconds, so their work for each piece depends on the speed of the machine. What they did is printed and
//! judged by nobody.
//!
//! How repeatable it is: in fourteen runs on two cores, ten beside some other work and four beside compilers that had
//! three times as much to do as there were cores, the counts of a path lay within 0.05 % (480 KB), 0.4 % (downloads of 4 KiB), 0.4 % (range)
//! and 0.8 % (upload of 4 KiB) of each other, and a busy machine told nothing from an idle one.
//!
//! Other processors make little difference, because valgrind shows a program the same one on each machine that has AVX2
//! (a Haswell, as `valgrind --tool=none ld.so --list-diagnostics` tells). It has no SHA instructions and no AVX-512: hashing is
//! counted as software does it, some fifty instructions a byte by SHA-256, and `rep stosb` as one for each byte. So a count is good for
//! comparing with another count, not for guessing a time.
//!
//! Promises that nothing here depends on how long something took, but for giving up on a server that hangs.

use std::cell::RefCell;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use callvault_trial::installation::Installation;

use self::bounds::{Bounds, Verdict};
use self::client::Client;
use self::profile::{Cost, Profile};
use self::server::Server;
use self::work::{HotPath, SIZES, Worker};
use crate::cargo::{release_binary, root};
use crate::steps::Steps;
use crate::tools;

mod bounds;
mod client;
mod profile;
mod server;
mod work;

/// Where the bounds are stored, from the root of the repository.
const BOUNDS: &str = "xtask/src/hot_paths/bounds.txt";

/// Pieces of work before the count, so that what is made once (statements, verified passwords, buffers) is there.
const WARM_UP: u32 = 10;

/// How often a path is tried. Where two seconds pass without a commit, the server refuses to hand out what it cannot
/// log; on a machine with far more to do than it can, that happens to a program under valgrind.
const TRIES: u32 = 5;

/// How long to wait until the server hands things out again, and how often to ask.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(200);

/// In the names of the functions of a thread that serves connections, and of no other thread.
const SERVING: &str = "callvault_server::listen::connection";

/// In those of threads that are left out: the server's runtime with the listen log, and SQLite.
const LEFT_OUT: [&str; 3] = ["scheduler::multi_thread", "sqlx_sqlite", "rusqlite::"];

/// In those of all that run code of this workspace.
const OWN: &str = "callvault_";

/// How many functions are told of a path that is beyond its bound.
const FUNCTIONS: usize = 10;

/// Runs the chore: compares with the bounds, or stores new ones.
///
/// # Errors
/// The first step that failed.
pub(crate) fn run(renew: bool) -> anyhow::Result<()> {
    tools::provide()?;
    let mut steps = Steps::new();
    let binary = steps.step("release binary", release_binary)?;
    if renew {
        steps.step("hot paths, bounds renewed", || self::renew(&binary))?;
    } else {
        steps.step("hot paths", || check(&binary))?;
    }
    steps.finish();
    Ok(())
}

/// Measures each path and compares it with its bound.
///
/// # Errors
/// When a path is beyond its bound, after all were measured and told; or when one could not be measured.
pub(crate) fn check(binary: &Path) -> anyhow::Result<()> {
    let bounds = Bounds::parse(&fs_err::read_to_string(root().join(BOUNDS))?).context(BOUNDS)?;
    let mut beyond = Vec::new();
    for measured in measure(binary)? {
        let (path, instructions) = (measured.path, measured.instructions());
        let bound = bounds.of(path.name()).with_context(|| format!("{BOUNDS} has no line for it"))?;
        let verdict = bound.judge(instructions);
        println!("    {}: {instructions} instructions, {verdict}", measured.line());
        if verdict == Verdict::Beyond(bound) {
            print!("{}", measured.functions());
            beyond.push(path.name());
        }
    }
    if !beyond.is_empty() {
        bail!(
            "beyond the bound of {BOUNDS}: {}; if that is as it should be, `cargo xtask hot-paths --renew`",
            beyond.join(", ")
        );
    }
    Ok(())
}

/// Measures each path and stores the bounds that follow.
fn renew(binary: &Path) -> anyhow::Result<()> {
    let mut bounds = Bounds::default();
    for measured in measure(binary)? {
        println!("    {}: {} instructions", measured.line(), measured.instructions());
        bounds.store(measured.path.name(), measured.instructions());
    }
    fs_err::write(root().join(BOUNDS), bounds.to_string())?;
    Ok(())
}

/// What one path took.
struct Measured {
    path: HotPath,
    /// The threads that count.
    counted: Profile,
    /// Instructions of the others.
    left_out: u64,
}

impl Measured {
    fn of(path: HotPath, threads: &[Profile]) -> anyhow::Result<Measured> {
        let mut measured = Measured { path, counted: Profile::default(), left_out: 0 };
        for thread in threads {
            if counts(thread) {
                measured.counted.merge(thread);
            } else {
                measured.left_out += thread.total();
            }
        }
        if !measured.counted.has(SERVING) {
            bail!("{}: no thread ran a function of {SERVING}; was it renamed?", path.name());
        }
        Ok(measured)
    }

    /// For each piece of work.
    fn instructions(&self) -> u64 {
        self.piece(self.counted.total())
    }

    fn piece(&self, instructions: u64) -> u64 {
        instructions / u64::from(self.path.pieces())
    }

    fn line(&self) -> String {
        let for_each_byte = self.instructions() as f64 / self.path.audio_bytes() as f64;
        let left_out = self.piece(self.left_out);
        format!("{} ({for_each_byte:.1} a byte; {left_out} elsewhere)", self.path.name())
    }

    /// Where the instructions went: the highest by own cost, and the highest of our own by all that they call.
    fn functions(&self) -> String {
        let mut text = String::new();
        let own = self.counted.highest(FUNCTIONS, |_, cost| cost.own);
        let inclusive =
            self.counted.highest(FUNCTIONS, |name, cost| if name.contains(OWN) { cost.inclusive } else { 0 });
        text.push_str("      instructions in the function itself:\n");
        for (name, Cost { own, .. }) in own {
            text.push_str(&format!("      {:>12}  {name}\n", self.piece(own)));
        }
        text.push_str("      with what it calls:\n");
        for (name, Cost { inclusive, .. }) in inclusive {
            text.push_str(&format!("      {:>12}  {name}\n", self.piece(inclusive)));
        }
        text
    }
}

/// Whether the work of a thread is the same for each piece of work: it serves the connection, or files to it.
fn counts(thread: &Profile) -> bool {
    thread.has(SERVING) || (thread.has(OWN) && !LEFT_OUT.iter().any(|part| thread.has(part)))
}

/// Measures every path with one server.
fn measure(binary: &Path) -> anyhow::Result<Vec<Measured>> {
    let installation = Installation::create(binary, &SIZES)?;
    let server = Server::start(&installation)?;
    let mut worker = Worker::log_in(Client::open(server.address())?, &installation)?;
    let mut all = Vec::new();
    for path in HotPath::ALL {
        let worker = RefCell::new(&mut worker);
        let pieces =
            |count: u32| (0..count).try_for_each(|_| worker.borrow_mut().piece(path)).context(path.name());
        let mut tries = 1;
        let threads = loop {
            match server.count(|| pieces(WARM_UP), || pieces(path.pieces())) {
                Ok(threads) => break threads,
                Err(error) if tries == TRIES => return Err(error),
                Err(error) => println!("    once more: {error:#}"),
            }
            tries += 1;
            let refused = Instant::now();
            while let Err(error) = pieces(1) {
                if refused.elapsed() > PATIENCE {
                    return Err(error.context("it does not come back"));
                }
                sleep(LOOK);
            }
        };
        all.push(Measured::of(path, &threads)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread(functions: &[(&str, u64)]) -> Profile {
        let lines: String = functions
            .iter()
            .enumerate()
            .map(|(number, (name, cost))| format!("fn=({number}) {name}\n12 {cost}\n\n"))
            .collect();
        Profile::parse(&lines)
    }

    #[test]
    fn only_threads_that_serve_or_do_files_count() {
        let threads = [
            thread(&[("callvault_server::listen::connection::run::{{closure}}", 2000), ("memcpy", 400)]),
            thread(&[("callvault_store::audio::local::part::write", 600)]),
            thread(&[("tokio::runtime::scheduler::multi_thread::worker::run", 9), ("callvault_store::a", 9)]),
            thread(&[("sqlx_sqlite::connection::worker", 70), ("sqlite3VdbeExec", 700)]),
            // A lane without connections.
            thread(&[("tokio::runtime::scheduler::current_thread::Context::park", 50)]),
        ];
        let measured = Measured::of(HotPath::Upload, &threads).expect("a thread that serves");
        assert_eq!(HotPath::Upload.pieces(), 20);
        assert_eq!((measured.instructions(), measured.left_out), (150, 838));
        let text = measured.functions();
        let place = |name: &str| text.find(name).unwrap_or_else(|| panic!("{name} in {text}"));
        assert!(place("connection::run") < place("part::write") && place("part::write") < place("memcpy"));

        let error = Measured::of(HotPath::Upload, &threads[1..]).err().expect("nobody served");
        assert!(error.to_string().contains(SERVING), "{error}");
    }

    #[test]
    fn every_path_has_a_stored_bound() {
        let text = fs_err::read_to_string(root().join(BOUNDS)).expect("the file of bounds");
        let bounds = Bounds::parse(&text).expect("bounds");
        for path in HotPath::ALL {
            assert!(bounds.of(path.name()).is_some(), "{}", path.name());
        }
        assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), HotPath::ALL.len(), "{text}");
    }
}
