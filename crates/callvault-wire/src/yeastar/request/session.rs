//! The calls that begin, keep and end a session: `login`, `heartbeat`, `token/refresh`.

use std::net::IpAddr;

use callvault_core::secret::{PasswordMd5, Secret};

use super::values::{Unreadable, single_address};
use crate::yeastar::auth;
use crate::yeastar::error::Errno;
use crate::yeastar::fields::{Field, Fields};

/// The port that reports go to when login names none (`docs/yeastar.md` G42).
pub const DEFAULT_REPORT_PORT: u16 = 8260;

/// The parameters of `login`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user name as sent, not blank.
    pub username: String,
    /// The MD5 of the password. `None` when what was sent cannot be one: to be answered, and counted towards
    /// the lock-out, as a wrong password.
    pub password: Option<PasswordMd5>,
    /// The port that reports go to, 1 to 65535.
    pub report_port: u16,
    /// Where reports go, when the client said so. Secret, as it may carry a key.
    pub report_url: Option<Secret>,
    /// How `report_url` is meant.
    pub url_kind: UrlKind,
    /// The format of reports.
    pub report_format: ReportFormat,
}

/// The parameters of `heartbeat`; what is `None` stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// The new address of the application server.
    pub address: Option<IpAddr>,
    /// The new port for reports, 1 to 65535.
    pub report_port: Option<u16>,
    /// The new place for reports. Secret, as it may carry a key.
    pub report_url: Option<Secret>,
    /// How `report_url` is meant.
    pub url_kind: Option<UrlKind>,
    /// The new format of reports.
    pub report_format: Option<ReportFormat>,
}

/// The parameters of `token/refresh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRefresh {
    /// The refresh token that came with the token; good once (`docs/yeastar.md` G8).
    pub refresh_token: Secret,
}

/// What `urltag` (or `urlflag`) says about `url`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UrlKind {
    /// `0`: a path on the application server's address and port.
    #[default]
    Path,
    /// `1`: complete, with host and port, and with or without a scheme.
    Complete,
}

/// The format of reports, which `version` in login chooses whatever the version in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportFormat {
    /// `1.0.0`, when nothing is said.
    #[default]
    V1_0_0,
    /// `1.0.2`
    V1_0_2,
    /// `2.0.0`
    V2_0_0,
}

impl ReportFormat {
    /// The word of the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_0_0 => "1.0.0",
            Self::V1_0_2 => "1.0.2",
            Self::V2_0_0 => "2.0.0",
        }
    }

    /// Reads what a client sent: with the `v` of the path versions too, which it takes from the same setting.
    pub(in crate::yeastar) fn parse_sent(text: &str) -> Option<Self> {
        Self::parse(text.trim().trim_start_matches('v'))
    }

    /// The inverse of [`ReportFormat::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [Self::V1_0_0, Self::V1_0_2, Self::V2_0_0].into_iter().find(|one| one.as_str() == word)
    }
}

pub(super) fn login(fields: &Fields<'_>) -> Result<Login, Errno> {
    let username = fields.field("username").text().ok_or(Errno::ParameterBlank)?;
    let password = fields.field("password").text().map(Secret::new).ok_or(Errno::ParameterBlank)?;
    let report_port = port(fields)?.unwrap_or(DEFAULT_REPORT_PORT);
    Ok(Login {
        username: username.into_owned(),
        password: auth::password(password.reveal()),
        report_port,
        report_url: report_url(fields),
        // No errno of login fits a wrong `urltag` or `version`, and a login refused over its reports would
        // take the downloads away too.
        url_kind: url_kind(fields).ok().flatten().unwrap_or_default(),
        report_format: report_format(fields).ok().flatten().unwrap_or_default(),
    })
}

pub(super) fn heartbeat(fields: &Fields<'_>) -> Result<Heartbeat, Errno> {
    let report_port = port(fields)?;
    let rejected = |_: Unreadable| Errno::HeartbeatRejected;
    if fields.field("url") == Field::Composite {
        return Err(Errno::HeartbeatRejected);
    }
    Ok(Heartbeat {
        address: single_address(fields.field("ipaddr")).map_err(rejected)?,
        report_port,
        report_url: report_url(fields),
        url_kind: url_kind(fields).map_err(rejected)?,
        report_format: report_format(fields).map_err(rejected)?,
    })
}

pub(super) fn token_refresh(fields: &Fields<'_>) -> Result<TokenRefresh, Errno> {
    let sent = fields.field("refreshtoken").text().ok_or(Errno::ParameterBlank)?;
    Ok(TokenRefresh { refresh_token: Secret::new(sent.trim()) })
}

/// The report port; `None` when blank or 0 (`docs/yeastar.md` G42).
fn port(fields: &Fields<'_>) -> Result<Option<u16>, Errno> {
    let text = match fields.field("port") {
        Field::Blank => return Ok(None),
        Field::Composite => return Err(Errno::BadPort),
        Field::Text(text) => text,
    };
    // As a float, because JSON writes one whole number in several ways: 8260, 8260.0, 8.26e3.
    let number: f64 = text.trim().parse().map_err(|_| Errno::BadPort)?;
    if number.fract() != 0.0 || !(0.0..=f64::from(u16::MAX)).contains(&number) {
        return Err(Errno::BadPort);
    }
    Ok(Some(number as u16).filter(|port| *port != 0))
}

fn report_url(fields: &Fields<'_>) -> Option<Secret> {
    fields.field("url").text().map(|url| Secret::new(url.trim()))
}

fn url_kind(fields: &Fields<'_>) -> Result<Option<UrlKind>, Unreadable> {
    let field = match fields.field("urltag") {
        Field::Blank => fields.field("urlflag"),
        field => field,
    };
    match field {
        Field::Blank => Ok(None),
        Field::Composite => Err(Unreadable),
        Field::Text(text) => match text.trim() {
            "0" | "false" => Ok(Some(UrlKind::Path)),
            "1" | "true" => Ok(Some(UrlKind::Complete)),
            _ => Err(Unreadable),
        },
    }
}

fn report_format(fields: &Fields<'_>) -> Result<Option<ReportFormat>, Unreadable> {
    match fields.field("version") {
        Field::Blank => Ok(None),
        Field::Composite => Err(Unreadable),
        Field::Text(text) => ReportFormat::parse_sent(&text).map(Some).ok_or(Unreadable),
    }
}
