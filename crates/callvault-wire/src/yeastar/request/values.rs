//! Rules that parameters of several calls share.

use std::net::IpAddr;

use callvault_core::address::canonical;
use callvault_core::secret::Secret;

use crate::yeastar::error::Errno;
use crate::yeastar::fields::{Field, Fields};

/// A field that says something which its rule does not allow. Each call has its own errno for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Exactly one IPv4 or IPv6 literal, or nothing (`docs/yeastar.md` G12).
pub(super) fn single_address(field: Field<'_>) -> Result<Option<IpAddr>, Unreadable> {
    match field {
        Field::Blank => Ok(None),
        Field::Composite => Err(Unreadable),
        Field::Text(text) => {
            let address: IpAddr = text.trim().parse().map_err(|_| Unreadable)?;
            Ok(Some(canonical(address)))
        }
    }
}

/// `allowedip` of the calls that make tickets.
pub(super) fn allowed_address(fields: &Fields<'_>) -> Result<Option<IpAddr>, Errno> {
    single_address(fields.field("allowedip")).map_err(|_| Errno::AddressRefused)
}

/// The ticket in a download link; `None` where there is none.
pub(super) fn random(fields: &Fields<'_>) -> Option<Secret> {
    fields.field("random").text().map(|random| Secret::new(random.trim()))
}
