//! What is measured: which work, on which file, over how many connections, against whom, and what is promised.

use callvault_trial::installation::Size;

use crate::bound::Bound;

/// One kind of work, as one client does it over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Ask for a random, then fetch the recording with it: two requests, one ticket.
    Flow,
    /// A file behind a credential that goes with every call: user name and password with us (`wrap=none`).
    File,
    /// The same of ours with `encoding=base64` in the JSON envelope.
    Base64,
    /// The same of ours with `encoding=raw` in the JSON envelope: one code point per byte.
    Raw,
    /// 64 KiB at random places of a recording.
    Range,
}

impl Work {
    /// As it stands in the table and in the JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Work::Flow => "flow",
            Work::File => "enswitch none",
            Work::Base64 => "enswitch base64",
            Work::Raw => "enswitch raw",
            Work::Range => "range of 64 KiB",
        }
    }
}

/// A quarter of a second, half a minute and three minutes of 16-bit telephone audio.
pub(crate) const SIZES: [Size; 3] = [SMALL, MIDDLE, LARGE];
pub(crate) const SMALL: Size = Size { name: "4KiB", bytes: 4096, level: 1 };
pub(crate) const MIDDLE: Size = Size { name: "480KB", bytes: 480_000, level: 2 };
pub(crate) const LARGE: Size = Size { name: "3MB", bytes: 3_000_000, level: 3 };

/// Most of an hour and three quarters, to ask for parts of. No level: a message may not be so long.
pub(crate) const LONG: Size = Size { name: "100MB", bytes: 100_000_000, level: 0 };

/// Clients at once, each with a connection that it keeps.
pub(crate) const CONNECTIONS: [usize; 3] = [1, 16, 256];

/// Whom Callvault is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// nginx whose Lua hands out randoms and takes them back.
    NginxLua,
    /// nginx that serves files behind `secure_link`.
    NginxStatic,
    /// axum with tower-http's `ServeDir`, without any credential.
    ServeDir,
    /// Our own [`Work::File`].
    OwnFile,
}

impl Peer {
    /// As it stands in the table and in the JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Peer::NginxLua => "nginx + Lua",
            Peer::NginxStatic => "nginx static",
            Peer::ServeDir => "ServeDir",
            Peer::OwnFile => "own none",
        }
    }
}

/// How both sides run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// HTTP without TLS, everything as it comes.
    Plain,
    /// TLS 1.3 on both sides.
    Tls,
    /// Ours with `listen_log.strict`.
    Strict,
}

impl Mode {
    /// What stands behind the work in the table and in the JSON.
    fn suffix(self) -> &'static str {
        match self {
            Mode::Plain => "",
            Mode::Tls => ", TLS",
            Mode::Strict => ", strict",
        }
    }
}

/// What is read from two runs that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Pieces of work finished per second.
    Rate,
    /// Processor time of the server per 10^6 bytes of answers with audio, in milliseconds.
    Processor,
    /// The 99th percentile of what a piece of work takes, in milliseconds.
    P99,
    /// Time from one byte of answer to the next, over all connections, in nanoseconds.
    AnswerByte,
}

impl Measure {
    /// As it stands in the table and in the JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Measure::Rate => "per s",
            Measure::P99 => "p99 ms",
            Measure::Processor => "CPU ms/MB",
            Measure::AnswerByte => "ns/byte out",
        }
    }
}

/// One comparison: the runs of it, and what is read from them.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) work: Work,
    pub(crate) mode: Mode,
    pub(crate) size: Size,
    pub(crate) connections: usize,
    pub(crate) peer: Peer,
    /// Each with what is promised of the ratio ours to peer's; without a promise it is there to be seen.
    pub(crate) measures: Vec<(Measure, Option<Bound>)>,
}

impl Comparison {
    /// `flow, TLS`, as it stands in the table.
    pub(crate) fn title(&self) -> String {
        format!("{}{}", self.work.name(), self.mode.suffix())
    }

    /// `flow, TLS/480KB/16 against nginx + Lua`, for `--only`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}/{} against {}", self.title(), self.size.name, self.connections, self.peer.name())
    }
}

/// Something that is measured and gives lines of the table.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    /// Two servers, or one with two kinds of work.
    Comparison(Comparison),
    /// What the machine gives at most.
    Limits,
    /// Memory of the server, idle and with a thousand downloads at once.
    Memory,
    /// Recordings sent to us, and files written by as little a program as there can be.
    Upload,
    /// From the start to the first answer, with many recordings in the catalog.
    Start,
    /// Randoms out of a catalog with very many recordings, and out of one with few.
    Catalog,
}

impl Item {
    /// For `--only`.
    pub(crate) fn name(&self) -> String {
        match self {
            Item::Comparison(comparison) => comparison.name(),
            Item::Limits => "limits".to_owned(),
            Item::Memory => "memory".to_owned(),
            Item::Upload => "upload".to_owned(),
            Item::Start => "start".to_owned(),
            Item::Catalog => "catalog".to_owned(),
        }
    }
}

/// All that is measured, in the order of the table.
pub(crate) fn items() -> Vec<Item> {
    let mut all = vec![Item::Limits];
    all.extend(comparisons().into_iter().map(Item::Comparison));
    all.extend([Item::Memory, Item::Upload, Item::Start, Item::Catalog]);
    all
}

/// All comparisons, in the order of the table; those of one mode are together.
fn comparisons() -> Vec<Comparison> {
    let mut all = flows(Mode::Plain, &CONNECTIONS);
    for (size, least, most) in [(MIDDLE, Some(0.9), 1.25), (LARGE, None, 1.5)] {
        for connections in CONNECTIONS {
            let measures = vec![
                (Measure::Rate, least.map(Bound::AtLeast)),
                (Measure::Processor, Some(Bound::AtMost(most))),
            ];
            all.push(plain(Work::File, size, connections, Peer::NginxStatic, measures));
        }
    }
    for connections in CONNECTIONS {
        let measures = vec![(Measure::Rate, Some(Bound::AtLeast(1.0))), (Measure::Processor, None)];
        all.push(plain(Work::Range, LONG, connections, Peer::NginxStatic, measures));
    }
    let rate = vec![(Measure::Rate, Some(Bound::AtLeast(0.5)))];
    all.push(plain(Work::Base64, MIDDLE, 16, Peer::OwnFile, rate));
    let bytes = vec![(Measure::AnswerByte, Some(Bound::AtMost(2.0)))];
    all.push(plain(Work::Raw, MIDDLE, 16, Peer::OwnFile, bytes));
    for size in SIZES {
        let measures = vec![(Measure::Rate, None), (Measure::Processor, None)];
        all.push(plain(Work::File, size, 16, Peer::ServeDir, measures));
    }
    all.extend(flows(Mode::Tls, &CONNECTIONS));
    all.extend(flows(Mode::Strict, &CONNECTIONS[1..]));
    all
}

fn plain(
    work: Work,
    size: Size,
    connections: usize,
    peer: Peer,
    measures: Vec<(Measure, Option<Bound>)>,
) -> Comparison {
    Comparison { work, mode: Mode::Plain, size, connections, peer, measures }
}

fn flows(mode: Mode, connections: &[usize]) -> Vec<Comparison> {
    let mut all = Vec::new();
    for size in SIZES {
        for connections in connections.iter().copied() {
            let least = match mode {
                Mode::Plain if size == SMALL && connections > 1 => 1.15,
                Mode::Plain | Mode::Tls => 1.0,
                Mode::Strict => 0.7,
            };
            let measures = vec![(Measure::Rate, Some(Bound::AtLeast(least))), (Measure::Processor, None)];
            all.push(Comparison {
                work: Work::Flow,
                mode,
                size,
                connections,
                peer: Peer::NginxLua,
                measures,
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_name_of_its_own() {
        let mut names: Vec<String> = items().iter().map(Item::name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn small_files_over_many_connections_must_be_faster_than_the_peer() {
        let check = |name: &str, expected: f64| {
            let found = comparisons().into_iter().find(|comparison| comparison.name() == name).expect(name);
            assert_eq!(found.measures[0], (Measure::Rate, Some(Bound::AtLeast(expected))), "{name}");
        };
        check("flow/4KiB/1 against nginx + Lua", 1.0);
        check("flow/4KiB/16 against nginx + Lua", 1.15);
        check("flow/4KiB/256 against nginx + Lua", 1.15);
        check("flow/3MB/256 against nginx + Lua", 1.0);
        check("flow, TLS/4KiB/256 against nginx + Lua", 1.0);
        check("flow, strict/4KiB/256 against nginx + Lua", 0.7);
        check("enswitch none/480KB/16 against nginx static", 0.9);
    }
}
