//! Destinations: whom the levels of hunt groups call.

use crate::hunt_group::Level;
use crate::id::{DestinationId, HuntGroupId};
use crate::words::words;

words! {
    /// What a destination is.
    DestinationKind {
        /// A number to forward to.
        Forward = "forward",
        /// A number at a peer.
        Peer = "peer",
        /// A telephone line.
        Phone = "phone",
        /// A SIP URI.
        SipUri = "sipuri",
    }
}

/// A destination. It stays with its hunt group, and may be there several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its number.
    pub id: DestinationId,
    /// The hunt group.
    pub hunt_group: HuntGroupId,
    /// Everything else.
    pub details: DestinationDetails,
}

/// What a destination is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationDetails {
    /// The level that calls it.
    pub level: Level,
    /// What it is.
    pub kind: DestinationKind,
    /// Its number, line or URI, 1 to 255 characters.
    pub number: String,
    /// Digits added to the caller id, at most 100 characters.
    pub append_caller_id: String,
    /// It is called; otherwise it is skipped.
    pub available: bool,
    /// Who answers hears the caller id first.
    pub screen: bool,
    /// At most 1000 characters.
    pub description: String,
}

/// A destination to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDestination {
    /// A number of one's own; the next free one otherwise.
    pub id: Option<DestinationId>,
    /// See [`Destination::hunt_group`].
    pub hunt_group: HuntGroupId,
    /// See [`Destination::details`].
    pub details: DestinationDetails,
}

/// What may change about a destination; `None` keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DestinationChange {
    /// See [`DestinationDetails::level`].
    pub level: Option<Level>,
    /// See [`DestinationDetails::kind`].
    pub kind: Option<DestinationKind>,
    /// See [`DestinationDetails::number`].
    pub number: Option<String>,
    /// See [`DestinationDetails::append_caller_id`].
    pub append_caller_id: Option<String>,
    /// See [`DestinationDetails::available`].
    pub available: Option<bool>,
    /// See [`DestinationDetails::screen`].
    pub screen: Option<bool>,
    /// See [`DestinationDetails::description`].
    pub description: Option<String>,
}
