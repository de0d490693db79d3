//! Out to a target, by whichever way it wants.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use callvault_core::report::{Channel, Target};
use callvault_wire::yeastar::event::target::{InvalidTarget, Target as Address};
use callvault_wire::yeastar::request::UrlKind;
use callvault_wire::yeastar::tcp;
use tokio::sync::Semaphore;

use super::Settings;
use super::body;
use super::connections::Connections;
use super::http::Sender;
use super::reach::Refused;

/// How long a TCP client may leave a report untaken.
const TAKING: Duration = Duration::from_secs(5);

/// How many targets are tried out at once.
const TRIALS: usize = 4;

/// Why a report was not taken, as an operator is told. Nothing in it comes from the path or the answer's text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// The policy forbids the address.
    #[error(transparent)]
    Forbidden(#[from] Refused),
    /// It is no address.
    #[error(transparent)]
    Address(#[from] InvalidTarget),
    /// No connection, no TLS, or no answer in time: the order is held.
    #[error("{0}")]
    Unreached(String),
    /// The client of TCP reports is not there.
    #[error("the application server is not connected")]
    Absent,
    /// A complete answer other than 2xx.
    #[error("the application server answered with status {0}")]
    Status(u16),
    /// It answered something else.
    #[error("the application server answered something that is no HTTP")]
    Garbage,
}

/// What came of trying a target out.
#[derive(Debug)]
pub(crate) struct Trial {
    /// The status; `None` by TCP, and when there was none.
    pub(crate) status: Option<u16>,
    /// Why it failed.
    pub(crate) failure: Option<SendError>,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Sends to all targets of an installation.
pub struct Outlet {
    sender: Sender,
    connections: Arc<Connections>,
    trials: Semaphore,
}

impl Outlet {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            sender: Sender::new(settings.reach.clone(), settings.trust.clone(), settings.patience),
            connections: Arc::default(),
            trials: Semaphore::new(TRIALS),
        }
    }

    /// The connections of TCP clients.
    pub(super) fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    /// Whether it makes sense to send now: always, but for a TCP client that is not connected.
    pub(super) fn is_open(&self, target: &Target) -> bool {
        match target.wanted.channel {
            Channel::Http => true,
            Channel::Tcp => self.connections.has(target.person, &target.wanted.place),
        }
    }

    /// Sends one report; answers the status, which TCP does not have. `login` is where the login that wants reports came
    /// from.
    pub(super) async fn send(
        &self,
        target: &Target,
        body: &[u8],
        login: Option<IpAddr>,
    ) -> Result<Option<u16>, SendError> {
        match target.wanted.channel {
            Channel::Http => {
                let address = address(target)?;
                self.sender.send(&address, body, login).await.map(Some)
            }
            Channel::Tcp => {
                let line = tcp::line(body);
                let place = &target.wanted.place;
                self.connections.send(target.person, place, &line, TAKING).await?;
                Ok(None)
            }
        }
    }

    /// Sends an event that tells of no call; `None` when too many are being tried out.
    pub(crate) async fn try_out(
        &self,
        target: &Target,
        serial: &str,
        login: Option<IpAddr>,
    ) -> Option<Trial> {
        let _permit = self.trials.try_acquire().ok()?;
        let begun = tokio::time::Instant::now();
        let sent = self.send(target, &body::of_trial(serial, &target.wanted.format), login).await;
        let (status, failure) = match sent {
            Ok(status) => (status, None),
            Err(SendError::Status(status)) => (Some(status), Some(SendError::Status(status))),
            Err(failure) => (None, Some(failure)),
        };
        Some(Trial { status, failure, took: begun.elapsed() })
    }
}

/// Where a target is, without path and query, which may carry a key.
pub(crate) fn shown(target: &Target) -> String {
    match target.wanted.channel {
        Channel::Http => address(target)
            .map_or_else(|error| format!("{}: {error}", target.wanted.place), |address| address.to_string()),
        Channel::Tcp => target.wanted.place.clone(),
    }
}

fn address(target: &Target) -> Result<Address, InvalidTarget> {
    // What is complete does not look at the application server.
    let unused = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
    Address::new(unused, 0, Some(target.wanted.address.reveal()), UrlKind::Complete)
}
