//! Who is at the other end of a request, as the listener saw it.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::Extensions;

use crate::http::address::ClientAddress;
use crate::listen::Peer;

/// The other end of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The local system owner.
    ControlSocket,
    /// A client at this address.
    Network(IpAddr),
}

impl Caller {
    /// Reads what the accept loop put into the extensions. A request without it came from nowhere that is trusted.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        if extensions.get::<Peer>() == Some(&Peer::ControlSocket) {
            return Self::ControlSocket;
        }
        let client = extensions.get::<ClientAddress>().map(|client| client.address);
        Self::Network(client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    }

    /// The address that doors compare; the control socket counts as loopback.
    pub(crate) fn address(self) -> IpAddr {
        match self {
            Self::ControlSocket => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Self::Network(address) => address,
        }
    }
}
