//! Every fuzz function over its corpus, and over mutations of it: some thousand that are the same on each run, or, for
//! `cargo xtask soak fuzz`, as many new ones as fit into a time.

mod mutation;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use callvault_fuzz::{TARGETS, Target};

use crate::mutation::{Chance, mutated};

/// The variable that says for how many seconds each target runs.
const SECONDS_VARIABLE: &str = "CALLVAULT_FUZZ_SECONDS";
/// The variable that names the only target to run.
const TARGET_VARIABLE: &str = "CALLVAULT_FUZZ_TARGET";

/// Mutations for each target; a debug build runs them all within seconds.
const MUTATIONS: u64 = 4_000;
/// No target takes longer than this on a slow machine. The corpus itself is always run whole.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// No input, of which none has 200 kB, takes longer than this: a parser that does could be kept busy from outside.
const LONGEST_INPUT: Duration = Duration::from_secs(10);

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut files: Vec<_> = fs_err::read_dir(folder)
        .expect("each target has a folder")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.clone(), fs_err::read(&path).expect("a seed")))
        .collect();
    files.sort();
    files
}

/// Runs a target and says which bytes broke it, ready to become a file of the corpus.
fn check(name: &str, target: Target, what: &str, bytes: &[u8]) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| target(bytes))) {
        let reason = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        panic!("{name}: {what}: {}\ninput: \"{}\"", reason.unwrap_or_default(), bytes.escape_ascii());
    }
}

#[test]
fn every_target_holds_on_its_corpus() {
    for (name, target) in TARGETS {
        let seeds = corpus(name);
        assert!(seeds.len() >= 3, "{name} has {} seeds", seeds.len());
        for (path, bytes) in &seeds {
            check(name, *target, &path.display().to_string(), bytes);
        }
        check(name, *target, "nothing", b"");
    }
}

#[test]
fn every_folder_of_the_corpus_has_a_target() {
    for entry in fs_err::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")).expect("the corpus") {
        let name = entry.expect("an entry").file_name();
        assert!(TARGETS.iter().any(|(target, _)| name == *target), "{}", name.display());
    }
}

/// How long to go on, and from which mutation on.
#[derive(Clone, Copy)]
struct Plan {
    seed: u64,
    mutations: u64,
    time_limit: Duration,
}

impl Plan {
    /// Some thousand, or new ones for the time that the environment asks for.
    fn of_environment() -> Self {
        match std::env::var(SECONDS_VARIABLE) {
            Err(_) => Self { seed: 0x9E37_79B9_7F4A_7C15, mutations: MUTATIONS, time_limit: TIME_LIMIT },
            Ok(seconds) => {
                let seconds = seconds.parse().expect("a number of seconds");
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
                let seed = u64::try_from(now.as_nanos() % (1 << 63)).expect("63 bits") | 1;
                Self { seed, mutations: u64::MAX, time_limit: Duration::from_secs(seconds) }
            }
        }
    }

    /// Runs a target over mutations; how many there were.
    fn run(self, number: usize) -> u64 {
        let (name, target) = TARGETS[number];
        let seeds = corpus(name);
        let mut chance = Chance(self.seed ^ number as u64);
        let start = Instant::now();
        let mut mutation = 0;
        while mutation < self.mutations && start.elapsed() < self.time_limit {
            let bytes = mutated(&seeds, &mut chance);
            let began = Instant::now();
            check(name, target, &format!("mutation {mutation} of seed {:#x}", self.seed), &bytes);
            let took = began.elapsed();
            assert!(took < LONGEST_INPUT, "{name} took {took:?} for \"{}\"", bytes.escape_ascii());
            mutation += 1;
        }
        mutation
    }
}

/// As many targets at a time as there are processors. One that breaks does not stop the others.
#[expect(clippy::print_stdout, reason = "a soak says how much it did")]
#[test]
fn every_target_holds_on_mutations_of_its_corpus() {
    let plan = Plan::of_environment();
    let only = std::env::var(TARGET_VARIABLE).ok();
    let chosen: Vec<usize> = (0..TARGETS.len())
        .filter(|number| only.as_ref().is_none_or(|only| TARGETS[*number].0 == only))
        .collect();
    assert!(!chosen.is_empty(), "no target {only:?}");
    let next = AtomicUsize::new(0);
    let work = || {
        let mut broken = Vec::new();
        while let Some(number) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            let name = TARGETS[*number].0;
            match catch_unwind(|| plan.run(*number)) {
                Ok(mutations) => println!("{name}: {mutations} mutations"),
                Err(_) => broken.push(name),
            }
        }
        broken
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let broken: Vec<&str> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("targets are caught")).collect()
    });
    assert!(broken.is_empty(), "broken: {}; the inputs are above", broken.join(", "));
}
