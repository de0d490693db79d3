//! What the wish of a session comes to: one place, one address, one format.

use std::net::IpAddr;

use callvault_core::report::{Channel, Target, WantedTarget};
use callvault_core::secret::Secret;
use callvault_core::service::sessions::Asking;
use callvault_core::session::ReportWish;
use callvault_wire::yeastar::event::target::{InvalidTarget, Target as Address};
use callvault_wire::yeastar::request::UrlKind;

/// The target that an HTTP login or heartbeat asks for (`docs/yeastar.md`, "Reports").
pub(crate) fn by_http(wish: &ReportWish, application_server: IpAddr) -> Result<WantedTarget, InvalidTarget> {
    let kind = if wish.url_is_complete { UrlKind::Complete } else { UrlKind::Path };
    let target = Address::new(application_server, wish.port, Some(wish.url.reveal()), kind)?;
    let scheme = if target.is_https() { "https" } else { "http" };
    Ok(WantedTarget {
        place: target.key(),
        channel: Channel::Http,
        address: Secret::new(format!("{scheme}://{}{}", target.key(), target.path().reveal())),
        format: wish.version.clone(),
    })
}

/// A target as its newest live session wants it (`docs/yeastar.md` G6). What its row says came from whichever login or
/// heartbeat was the last, which may be of an older session, or of one that is gone.
pub(crate) fn as_asked(mut target: Target, asking: Option<&Asking>) -> Target {
    let Some(asking) = asking else { return target };
    match target.wanted.channel {
        Channel::Http => {
            // A place is what a wish came to, so this wish comes to one.
            if let Ok(wanted) = by_http(&asking.report, asking.application_server) {
                target.wanted = wanted;
            }
        }
        Channel::Tcp => target.wanted.format = asking.report.version.clone(),
    }
    target
}
