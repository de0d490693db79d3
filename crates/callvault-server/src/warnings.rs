//! What an operator should know of how clients come, told once in the log and each time in the check.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How many addresses are remembered for each warning; anybody can cause them.
const MOST: usize = 16;

/// The warnings since the server started.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    /// Sent forwarding headers and is no configured proxy. An operator who put a proxy in front and forgot to say so
    /// would see every client at one address, and tickets and lock-outs judged by it.
    forwarding_ignored: Addresses,
    /// Logged in over plain HTTP from another machine: whoever reads the wire can log in too (`docs/yeastar.md` G39).
    plain_logins: Addresses,
}

#[derive(Debug, Default)]
struct Addresses(Mutex<BTreeSet<IpAddr>>);

impl Addresses {
    /// True for an address that is new.
    fn note(&self, address: IpAddr) -> bool {
        let mut addresses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.len() < MOST && addresses.insert(address)
    }

    fn tell(&self, what: &str) -> Vec<String> {
        let addresses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        addresses.iter().map(|address| format!("{address} {what}")).collect()
    }
}

impl Warnings {
    /// Notes a sender of forwarding headers that do not count.
    pub(crate) fn forwarding_ignored(&self, peer: IpAddr) {
        if self.forwarding_ignored.note(peer) {
            tracing::warn!(client = %peer, "forwarding headers do not count, their sender is no configured proxy");
        }
    }

    /// Notes a login over plain HTTP.
    pub(crate) fn plain_login(&self, peer: IpAddr) {
        if self.plain_logins.note(peer) {
            tracing::warn!(client = %peer, "a login came over plain HTTP: whoever reads it on the wire can log in too");
        }
    }

    /// One sentence for each.
    pub(crate) fn told(&self) -> Vec<String> {
        let mut told = self
            .forwarding_ignored
            .tell("sends forwarding headers and is no configured proxy: they do not count");
        told.extend(
            self.plain_logins.tell("logs in over plain HTTP: whoever reads it on the wire can log in too"),
        );
        told
    }
}
