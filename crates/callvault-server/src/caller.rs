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
    /// A client.
    Network {
        /// Its address.
        address: IpAddr,
        /// Whether what it sends crosses a network as plain text, as far as this server can tell.
        plain: bool,
    },
}

impl Caller {
    /// Reads what the accept loop put into the extensions. A request without it came from nowhere that is trusted.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        if extensions.get::<Peer>() == Some(&Peer::ControlSocket) {
            return Self::ControlSocket;
        }
        let client = extensions.get::<ClientAddress>().map(|client| client.address);
        let plain = match extensions.get::<Peer>() {
            Some(Peer::Tcp(info)) => !info.tls && !info.address.ip().is_loopback(),
            _ => false,
        };
        Self::Network { address: client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), plain }
    }

    /// The address that doors compare; the control socket counts as loopback.
    pub(crate) fn address(self) -> IpAddr {
        match self {
            Self::ControlSocket => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Self::Network { address, .. } => address,
        }
    }

    /// Whether somebody between the client and this machine can read what it sends.
    pub(crate) fn is_readable_on_the_wire(self) -> bool {
        matches!(self, Self::Network { plain: true, .. })
    }
}
