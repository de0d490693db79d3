//! What is measured: every kind of work, at every file size, at every number of connections.

/// One kind of work, as one client does it over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// `recording/get_random`, then `recording/download`: two requests, one ticket.
    YeastarFlow,
    /// `huntgroups/files/download` with `wrap=none`: the bare file.
    EnswitchNone,
    /// The same with `encoding=base64` in the JSON envelope.
    EnswitchBase64,
    /// The same with `encoding=raw` in the JSON envelope: one code point per byte.
    EnswitchRaw,
}

impl Work {
    /// Every kind, in the order of the table.
    pub(crate) const ALL: [Work; 4] =
        [Work::YeastarFlow, Work::EnswitchNone, Work::EnswitchBase64, Work::EnswitchRaw];

    /// As it stands in the table and in the JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Work::YeastarFlow => "yeastar flow",
            Work::EnswitchNone => "enswitch none",
            Work::EnswitchBase64 => "enswitch base64",
            Work::EnswitchRaw => "enswitch raw",
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
pub(crate) const SIZES: [Size; 3] = [
    Size { name: "4KiB", bytes: 4096, level: 1 },
    Size { name: "480KB", bytes: 480_000, level: 2 },
    Size { name: "3MB", bytes: 3_000_000, level: 3 },
];

/// Clients at once, each with a connection that it keeps.
pub(crate) const CONNECTIONS: [usize; 3] = [1, 16, 256];

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) work: Work,
    pub(crate) size: Size,
    pub(crate) connections: usize,
}

impl Cell {
    /// `enswitch none/480KB/16`, for `--only`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}/{}", self.work.name(), self.size.name, self.connections)
    }
}

/// All cells, in the order of the table.
pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for work in Work::ALL {
        for size in SIZES {
            for connections in CONNECTIONS {
                cells.push(Cell { work, size, connections });
            }
        }
    }
    cells
}
