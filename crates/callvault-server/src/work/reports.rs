//! Reports on their way out: the courier, the ways to a target, and the door of those who want reports by TCP.
//!
//! What waits is in the catalog; what is remembered here between attempts may be lost. A report is taken off its target's
//! list after the target took it, so each comes at least once.

mod attempts;
mod body;
mod connections;
mod courier;
mod crew;
mod delivery;
mod http;
mod outlet;
mod reach;
mod resolve;
pub mod tcp;
mod trust;
mod wanted;

pub use self::courier::Courier;
pub use self::http::Patience;
pub use self::outlet::Outlet;
pub(crate) use self::outlet::shown;
pub use self::reach::{Reach, Refused};
pub use self::trust::{Trust, TrustError};
pub(crate) use self::wanted::{as_asked, by_http};

/// What an operator may set about reports.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which addresses reports may go to.
    pub reach: Reach,
    /// Which certificates of `https` targets are believed.
    pub trust: Trust,
    /// How long a target may take.
    pub patience: Patience,
    /// To how many targets reports are under way at once; at least 1.
    pub connections: usize,
    /// To how many of one customer's; at least 1.
    pub connections_per_customer: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reach: Reach::default(),
            trust: Trust::default(),
            patience: Patience::default(),
            connections: 64,
            connections_per_customer: 8,
        }
    }
}
