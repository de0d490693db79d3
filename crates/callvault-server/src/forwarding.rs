//! Forwarding headers that did not count, because their sender is no configured proxy: an operator who put a proxy in
//! front and forgot to say so would see every client at one address, and tickets and lock-outs judged by it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How many senders are remembered; anybody can send such a header.
const MOST: usize = 16;

/// Who sent headers that did not count, since the server started.
#[derive(Debug, Default)]
pub(crate) struct IgnoredForwarding(Mutex<BTreeSet<IpAddr>>);

impl IgnoredForwarding {
    /// Notes a sender; each is logged once.
    pub(crate) fn ignored(&self, peer: IpAddr) {
        let mut senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if senders.len() < MOST && senders.insert(peer) {
            tracing::warn!(client = %peer, "forwarding headers do not count, their sender is no configured proxy");
        }
    }

    /// One sentence for each sender.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tell = |peer: &IpAddr| {
            format!("{peer} sends forwarding headers and is no configured proxy: they do not count")
        };
        senders.iter().map(tell).collect()
    }
}
