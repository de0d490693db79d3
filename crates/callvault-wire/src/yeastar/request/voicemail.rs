//! `voicemail/get_random` and `voicemail/download`.

use std::net::IpAddr;

use callvault_core::secret::Secret;

use super::numbers::EXTENSION;
use super::values::{allowed_address, random};
use crate::yeastar::error::Errno;
use crate::yeastar::fields::{Field, Fields};
use crate::yeastar::name::SentName;

/// Whether a message was listened to. On the device it is part of a message's name: there is a `msg0000.wav`
/// among the read ones and another among the unread ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VoicemailStatus {
    /// `read`
    Read,
    /// `unread`
    Unread,
}

impl VoicemailStatus {
    /// The word of the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Unread => "unread",
        }
    }

    /// The inverse of [`VoicemailStatus::as_str`], without regard to case or to blanks around it.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Read, Self::Unread].into_iter().find(|one| one.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

/// The parameters of `voicemail/get_random`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoicemailGetRandom {
    /// The extension whose message it is.
    pub number: String,
    /// The message.
    pub file: SentName,
    /// Among which messages it is.
    pub status: VoicemailStatus,
    /// One more address that may fetch it.
    pub allowed_address: Option<IpAddr>,
}

/// The parameters of `voicemail/download`. All of them must be those of the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoicemailDownload {
    /// The extension whose message it is.
    pub number: String,
    /// The message.
    pub file: SentName,
    /// Among which messages it is.
    pub status: VoicemailStatus,
    /// The ticket.
    pub random: Secret,
    /// A HEAD request: headers only, and the ticket is not spent (`docs/yeastar.md` G14).
    pub headers_only: bool,
}

pub(super) fn get_random(fields: &Fields<'_>) -> Result<VoicemailGetRandom, Errno> {
    let number = fields.any(EXTENSION).text().ok_or(Errno::ParameterBlank)?;
    let file = fields.field("voicemailfile").text().ok_or(Errno::ParameterBlank)?;
    let status = fields.field("voicemailstatus").text().ok_or(Errno::ParameterBlank)?;
    let number = single_number(&number)?;
    let allowed_address = allowed_address(fields)?;
    let status = VoicemailStatus::parse(&status).ok_or(Errno::VoicemailStatus)?;
    let file = match fields {
        Fields::Query(_) => SentName::from_query(fields.raw_any(&["voicemailfile"]).unwrap_or_default()),
        Fields::Json(_) => SentName::from_json(&file),
    };
    Ok(VoicemailGetRandom { number, file: file.map_err(missing)?, status, allowed_address })
}

/// A link that lacks a part cannot be the one that its ticket is for.
pub(super) fn download(fields: &Fields<'_>, headers_only: bool) -> Result<VoicemailDownload, Errno> {
    let random = random(fields).ok_or(Errno::VoicemailRandomInvalid)?;
    let number = fields.any(EXTENSION).text().ok_or(Errno::VoicemailRandomInvalid)?;
    let raw = fields.raw_any(&["voicemailfile"]).ok_or(Errno::VoicemailRandomInvalid)?;
    let Field::Text(status) = fields.field("voicemailstatus") else {
        return Err(Errno::VoicemailRandomInvalid);
    };
    let status = VoicemailStatus::parse(&status).ok_or(Errno::VoicemailStatus)?;
    let file = SentName::from_query(raw).map_err(missing)?;
    Ok(VoicemailDownload { number: single_number(&number)?, file, status, random, headers_only })
}

/// One ticket is for one message, so a list or `all` names no extension.
fn single_number(text: &str) -> Result<String, Errno> {
    let number = text.trim();
    if number.contains(',') || number.eq_ignore_ascii_case("all") {
        return Err(Errno::ExtensionUnknown);
    }
    Ok(number.to_owned())
}

/// The code for an unsafe name, which for recordings is 20014.
fn missing(_: Errno) -> Errno {
    Errno::VoicemailMissing
}
