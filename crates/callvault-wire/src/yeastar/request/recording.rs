//! `recording/get_random` and `recording/download`.

use std::net::IpAddr;

use callvault_core::secret::Secret;

use super::values::{allowed_address, random};
use crate::yeastar::error::Errno;
use crate::yeastar::fields::Fields;
use crate::yeastar::name::SentName;

/// The parameters of `recording/get_random`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingGetRandom {
    /// The recording that a ticket is wanted for.
    pub recording: SentName,
    /// One more address that may fetch it, IPv4 where it is IPv4 in IPv6's clothes (`docs/yeastar.md` G12).
    pub allowed_address: Option<IpAddr>,
}

/// The parameters of `recording/download`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingDownload {
    /// The recording, which must be the ticket's.
    pub recording: SentName,
    /// The ticket.
    pub random: Secret,
    /// A HEAD request: headers only, and the ticket is not spent (`docs/yeastar.md` G14).
    pub headers_only: bool,
}

pub(super) fn get_random(fields: &Fields<'_>) -> Result<RecordingGetRandom, Errno> {
    let name = fields.field("recording").text().ok_or(Errno::ParameterBlank)?;
    let allowed_address = allowed_address(fields)?;
    let recording = match fields {
        Fields::Query(query) => SentName::from_query(query.raw("recording").unwrap_or_default()),
        Fields::Json(_) => SentName::from_json(&name),
    }?;
    Ok(RecordingGetRandom { recording, allowed_address })
}

/// A link without `random` or `recording` has no valid ticket, and 20012 is the code that its clients know.
pub(super) fn download(fields: &Fields<'_>, headers_only: bool) -> Result<RecordingDownload, Errno> {
    let random = random(fields).ok_or(Errno::RandomInvalid)?;
    let raw = fields.raw_any(&["recording"]).ok_or(Errno::RandomInvalid)?;
    Ok(RecordingDownload { recording: SentName::from_query(raw)?, random, headers_only })
}
