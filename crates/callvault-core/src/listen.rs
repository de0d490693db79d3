//! The listen log: who fetched, linked, changed or deleted what, from where, which bytes; chained by hashes.
//!
//! A chain belongs to one customer and one writer epoch (one run of one server), so that several servers never queue for
//! one row. Entry n's hash covers entry n-1's hash and every field of entry n; the head of each chain is kept apart, so
//! that a cut tail shows as well as a changed or missing entry.

use std::net::IpAddr;

use sha2::{Digest as _, Sha256 as Hasher};

use crate::audio::Sha256;
use crate::id::{CustomerId, PersonId};
use crate::role::Privilege;
use crate::time::Timestamp;

/// The door through which something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// The Yeastar S-Series dialect.
    Yeastar,
    /// The P-Series dialect, the successor of the Yeastar S-Series.
    PSeries,
    /// The Enswitch dialect.
    Enswitch,
    /// Our own API over the network.
    Api,
    /// The control socket, or the same routes in process: the local system owner.
    Local,
    /// A link that needs no login.
    Link,
}

impl Door {
    /// Its word in logs and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yeastar => "yeastar",
            Self::PSeries => "pseries",
            Self::Enswitch => "enswitch",
            Self::Api => "api",
            Self::Local => "local",
            Self::Link => "link",
        }
    }

    /// Whether failed logins lock an address for every username, the right password included, as on the devices whose
    /// dialects these are (`docs/yeastar.md` G2, `docs/pseries.md` P12).
    pub const fn locks_addresses(self) -> bool {
        matches!(self, Self::Yeastar | Self::PSeries)
    }

    /// The privilege without which the door stays closed to a role.
    pub const fn privilege(self) -> Option<Privilege> {
        match self {
            Self::Yeastar | Self::PSeries => Some(Privilege::YeastarApi),
            Self::Enswitch | Self::Api | Self::Local | Self::Link => None,
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Parts of the audio were fetched, as a player does.
    Play,
    /// The whole audio was fetched.
    Download,
    /// A file of call records was fetched.
    Export,
    /// A ticket was made.
    Link,
    /// Taken out of use: a recording removed, a message, prompt or sound deleted.
    Delete,
    /// Made to be kept less long: a recording lost a place, or an end of it was brought nearer.
    Limit,
    /// Went on as another person.
    Switch,
}

impl Action {
    /// Its word in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Play => "play",
            Self::Download => "download",
            Self::Export => "export",
            Self::Link => "link",
            Self::Delete => "delete",
            Self::Limit => "limit",
            Self::Switch => "switch",
        }
    }
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listened {
    /// `recording`, `message`, `sound` or `calls`.
    pub kind: &'static str,
    /// A recording's name, `huntgroup/level/version`, a sound's number, or the times and numbers of calls.
    pub name: String,
    /// The bytes' hash; none for a file that is written while it is read.
    pub sha256: Option<Sha256>,
    /// First and last byte handed out, where bytes were.
    pub bytes: Option<(u64, u64)>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenEntry {
    /// Whose audio it is about, or of a shared sound of another customer, who heard it.
    pub customer: CustomerId,
    /// When.
    pub at: Timestamp,
    /// Who; `None` is the local system owner, or the bearer of a link.
    pub person: Option<PersonId>,
    /// Through which door.
    pub door: Door,
    /// From where; `None` on the control socket.
    pub peer: Option<IpAddr>,
    /// What was done.
    pub action: Action,
    /// To what.
    pub subject: Listened,
    /// The handle of the ticket that was used or made.
    pub ticket: Option<String>,
}

/// A stored entry as read back: every field as text or number, so that a changed row of any kind can be shown and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// The customer of the chain.
    pub customer: CustomerId,
    /// The writer epoch of the chain.
    pub epoch: i64,
    /// The place in the chain, from 1.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub person: Option<PersonId>,
    /// The door's word.
    pub door: String,
    /// The address.
    pub peer: String,
    /// The action's word.
    pub action: String,
    /// The kind of the subject.
    pub kind: String,
    /// The name of the subject.
    pub name: String,
    /// The hash of the subject's bytes, or nothing.
    pub sha256: Vec<u8>,
    /// First byte, -1 for none.
    pub first_byte: i64,
    /// Last byte, -1 for none.
    pub last_byte: i64,
    /// The ticket's handle, or empty.
    pub ticket: String,
    /// The hash over the previous entry's hash and the fields above.
    pub hash: [u8; 32],
}

impl LogRow {
    /// The next row of a chain.
    pub fn chained(entry: &ListenEntry, epoch: i64, head: &Head) -> Self {
        let place = |byte: u64| i64::try_from(byte).unwrap_or(i64::MAX);
        let (first_byte, last_byte) = match entry.subject.bytes {
            Some((first, last)) => (place(first), place(last)),
            None => (-1, -1),
        };
        let mut row = Self {
            customer: entry.customer,
            epoch,
            sequence: head.sequence + 1,
            at: entry.at,
            person: entry.person,
            door: entry.door.as_str().to_owned(),
            peer: entry.peer.map(|peer| peer.to_string()).unwrap_or_default(),
            action: entry.action.as_str().to_owned(),
            kind: entry.subject.kind.to_owned(),
            name: entry.subject.name.clone(),
            sha256: entry.subject.sha256.map(|hash| hash.0.to_vec()).unwrap_or_default(),
            first_byte,
            last_byte,
            ticket: entry.ticket.clone().unwrap_or_default(),
            hash: [0; 32],
        };
        row.hash = row.computed_hash(&head.hash);
        row
    }

    /// The hash this row must have after a row with hash `previous`. Fields are length-prefixed, so that no two
    /// different rows are hashed over the same bytes.
    pub fn computed_hash(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut hasher = Hasher::new();
        hasher.update(previous);
        let person = self.person.map_or(-1, |person| person.0);
        let numbers = [
            self.customer.0,
            self.epoch,
            self.sequence,
            self.at.unix_ms(),
            person,
            self.first_byte,
            self.last_byte,
        ];
        for number in numbers {
            hasher.update(number.to_be_bytes());
        }
        let texts = [&self.door, &self.peer, &self.action, &self.kind, &self.name, &self.ticket];
        for bytes in texts.into_iter().map(|text| text.as_bytes()).chain([self.sha256.as_slice()]) {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        }
        hasher.finalize().into()
    }
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The customer of the chain.
    pub customer: CustomerId,
    /// The writer epoch of the chain.
    pub epoch: i64,
    /// How many entries it has.
    pub sequence: i64,
    /// The hash of the last one; zeros before the first.
    pub hash: [u8; 32],
}

impl Head {
    /// The head of a chain without entries.
    pub fn start(customer: CustomerId, epoch: i64) -> Self {
        Self { customer, epoch, sequence: 0, hash: [0; 32] }
    }

    /// The head after `row`.
    pub fn at(row: &LogRow) -> Self {
        Self { customer: row.customer, epoch: row.epoch, sequence: row.sequence, hash: row.hash }
    }
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Rows are missing before this one.
    #[error("customer {customer}, epoch {epoch}: entry {expected} is missing")]
    Gap {
        /// The chain's customer.
        customer: CustomerId,
        /// The chain's epoch.
        epoch: i64,
        /// The first entry that is not there.
        expected: i64,
    },
    /// A row does not have the hash it must have.
    #[error("customer {customer}, epoch {epoch}: entry {sequence} was changed")]
    Changed {
        /// The chain's customer.
        customer: CustomerId,
        /// The chain's epoch.
        epoch: i64,
        /// The row.
        sequence: i64,
    },
    /// The head knows of more entries than there are, or of another last one.
    #[error(
        "customer {customer}, epoch {epoch}: the end was cut after entry {found}, the head says {expected}"
    )]
    Cut {
        /// The chain's customer.
        customer: CustomerId,
        /// The chain's epoch.
        epoch: i64,
        /// The last entry there is.
        found: i64,
        /// The last entry there must be.
        expected: i64,
    },
}

/// Walks one chain, row by row in order.
#[derive(Debug)]
pub struct ChainCheck {
    head: Head,
}

impl ChainCheck {
    /// Before the first row.
    pub fn start(customer: CustomerId, epoch: i64) -> Self {
        Self { head: Head::start(customer, epoch) }
    }

    /// Takes the next row. After a fault the walk goes on from the row as it is, so that one fault is told once.
    pub fn row(&mut self, row: &LogRow) -> Option<Broken> {
        let expected = self.head.sequence + 1;
        let fault = if row.sequence != expected {
            Some(Broken::Gap { customer: row.customer, epoch: row.epoch, expected })
        } else if row.computed_hash(&self.head.hash) != row.hash {
            Some(Broken::Changed { customer: row.customer, epoch: row.epoch, sequence: row.sequence })
        } else {
            None
        };
        self.head = Head::at(row);
        fault
    }

    /// After the last row, against the head that was kept apart.
    pub fn end(self, kept: &Head) -> Option<Broken> {
        (self.head != *kept).then_some(Broken::Cut {
            customer: kept.customer,
            epoch: kept.epoch,
            found: self.head.sequence,
            expected: kept.sequence,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> ListenEntry {
        ListenEntry {
            customer: CustomerId(7),
            at: Timestamp::from_unix_ms(1_700_000_000_000),
            person: Some(PersonId(3)),
            door: Door::Yeastar,
            peer: Some("192.0.2.7".parse().unwrap()),
            action: Action::Download,
            subject: Listened {
                kind: "recording",
                name: name.to_owned(),
                sha256: Some(Sha256([1; 32])),
                bytes: Some((0, 99)),
            },
            ticket: None,
        }
    }

    fn chain(length: usize) -> (Vec<LogRow>, Head) {
        let mut head = Head::start(CustomerId(7), 1);
        let rows: Vec<_> = (0..length)
            .map(|place| {
                let row = LogRow::chained(&entry(&format!("r{place}.wav")), 1, &head);
                head = Head::at(&row);
                row
            })
            .collect();
        (rows, head)
    }

    fn faults(rows: &[LogRow], head: &Head) -> Vec<String> {
        let mut check = ChainCheck::start(CustomerId(7), 1);
        let mut faults: Vec<_> = rows.iter().filter_map(|row| check.row(row)).collect();
        faults.extend(check.end(head));
        faults.iter().map(Broken::to_string).collect()
    }

    #[test]
    fn an_untouched_chain_holds() {
        let (rows, head) = chain(5);
        assert_eq!(faults(&rows, &head), Vec::<String>::new());
    }

    #[test]
    fn every_field_is_covered() {
        let (rows, head) = chain(3);
        let edits: [fn(&mut LogRow); 11] = [
            |row| row.at = Timestamp::from_unix_ms(0),
            |row| row.person = None,
            |row| row.door.push('x'),
            |row| row.peer = "192.0.2.8".to_owned(),
            |row| row.action = "play".to_owned(),
            |row| row.kind = "message".to_owned(),
            |row| row.name = "other.wav".to_owned(),
            |row| row.sha256[0] ^= 1,
            |row| row.first_byte = 1,
            |row| row.last_byte = 98,
            |row| row.ticket = "abc".to_owned(),
        ];
        for edit in edits {
            let mut rows = rows.clone();
            edit(&mut rows[1]);
            assert_eq!(faults(&rows, &head), ["customer 7, epoch 1: entry 2 was changed"]);
        }
    }

    #[test]
    fn text_cannot_move_between_fields() {
        let (mut rows, head) = chain(1);
        rows[0].door = "yeasta".to_owned();
        rows[0].peer = format!("r{}", rows[0].peer);
        assert_eq!(faults(&rows, &head).len(), 1);
    }

    #[test]
    fn a_removed_row_and_a_cut_tail_show() {
        let (mut rows, head) = chain(5);
        rows.remove(2);
        assert_eq!(faults(&rows, &head)[0], "customer 7, epoch 1: entry 3 is missing");
        let (mut rows, head) = chain(5);
        rows.truncate(3);
        let cut = "customer 7, epoch 1: the end was cut after entry 3, the head says 5";
        assert_eq!(faults(&rows, &head), [cut]);
    }
}
