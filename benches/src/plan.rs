//! What is measured: which work, on which file, over how many connections, against whom, and what is promised.

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
}

impl Work {
    /// As it stands in the table and in the JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Work::Flow => "flow",
            Work::File => "enswitch none",
            Work::Base64 => "enswitch base64",
            Work::Raw => "enswitch raw",
        }
    }
}

/// A file size and the level of the hunt group that holds the message of this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// As it stands in the table and in the JSON.
    pub(crate) name: &'static str,
    /// The whole WAV file with its header.
    pub(crate) bytes: usize,
    /// 1 to 10.
    pub(crate) level: u8,
}

/// A quarter of a second, half a minute and three minutes of 16-bit telephone audio.
pub(crate) const SIZES: [Size; 3] = [SMALL, MIDDLE, LARGE];
const SMALL: Size = Size { name: "4KiB", bytes: 4096, level: 1 };
const MIDDLE: Size = Size { name: "480KB", bytes: 480_000, level: 2 };
const LARGE: Size = Size { name: "3MB", bytes: 3_000_000, level: 3 };

/// Clients at once, each with a connection that it keeps.
pub(crate) const CONNECTIONS: [usize; 3] = [1, 16, 256];

/// Whom Callvault is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// nginx whose Lua hands out randoms and takes them back.
    NginxLua,
    /// nginx that serves files behind `secure_link`.
    NginxStatic,
    /// Our own [`Work::File`].
    OwnFile,
}

impl Peer {
    /// As it stands in the table and in the JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Peer::NginxLua => "nginx + Lua",
            Peer::NginxStatic => "nginx static",
            Peer::OwnFile => "own none",
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
    /// Time from one byte of answer to the next, over all connections, in nanoseconds.
    AnswerByte,
}

impl Measure {
    /// As it stands in the table and in the JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Measure::Rate => "per s",
            Measure::Processor => "CPU ms/MB",
            Measure::AnswerByte => "ns/byte out",
        }
    }
}

/// One comparison: the runs of it, and what is read from them.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) work: Work,
    pub(crate) size: Size,
    pub(crate) connections: usize,
    pub(crate) peer: Peer,
    /// Each with what is promised of the ratio ours to peer's; without a promise it is there to be seen.
    pub(crate) measures: Vec<(Measure, Option<Bound>)>,
}

impl Comparison {
    /// `flow/480KB/16 against nginx + Lua`, for `--only`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}/{} against {}", self.work.name(), self.size.name, self.connections, self.peer.name())
    }
}

/// All comparisons, in the order of the table.
pub(crate) fn comparisons() -> Vec<Comparison> {
    let mut all = Vec::new();
    for size in SIZES {
        for connections in CONNECTIONS {
            let least = if size == SMALL && connections > 1 { 1.15 } else { 1.0 };
            let measures = vec![(Measure::Rate, Some(Bound::AtLeast(least))), (Measure::Processor, None)];
            all.push(Comparison { work: Work::Flow, size, connections, peer: Peer::NginxLua, measures });
        }
    }
    for (size, least, most) in [(MIDDLE, Some(0.9), 1.25), (LARGE, None, 1.5)] {
        for connections in CONNECTIONS {
            let measures = vec![
                (Measure::Rate, least.map(Bound::AtLeast)),
                (Measure::Processor, Some(Bound::AtMost(most))),
            ];
            all.push(Comparison { work: Work::File, size, connections, peer: Peer::NginxStatic, measures });
        }
    }
    let encoded =
        |work, measures| Comparison { work, size: MIDDLE, connections: 16, peer: Peer::OwnFile, measures };
    all.push(encoded(Work::Base64, vec![(Measure::Rate, Some(Bound::AtLeast(0.5)))]));
    all.push(encoded(Work::Raw, vec![(Measure::AnswerByte, Some(Bound::AtMost(2.0)))]));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comparison_has_a_name_of_its_own() {
        let mut names: Vec<String> = comparisons().iter().map(Comparison::name).collect();
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
        check("enswitch none/480KB/16 against nginx static", 0.9);
    }
}
