//! The failures of the dialect: every `errno` that the calls served here can answer with.

use callvault_core::Error;
use callvault_core::service::logins::LoginRefused;
use callvault_core::service::tickets::TicketRefused;

/// Why a call failed. The text is for logs; the wire carries [`Errno::code`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Errno {
    /// 10002: the body is XML.
    #[error("XML bodies are not supported")]
    XmlBody,
    /// 10003: no such version or endpoint.
    #[error("no such API request")]
    RequestUnknown,
    /// 10004: a required parameter is missing or blank.
    #[error("a required parameter is blank")]
    ParameterBlank,
    /// 10006: no extension has this number.
    #[error("no such extension")]
    ExtensionUnknown,
    /// 10013: no queue has this number.
    #[error("no such queue")]
    QueueUnknown,
    /// 10025: a limit of ours was reached (`docs/yeastar.md` G37).
    #[error("asked too often")]
    TooOften,
    /// 20000: the body is not a JSON object.
    #[error("the body is not a JSON object")]
    NotJson,
    /// 20001: the method is not one that the call takes.
    #[error("the method is not accepted")]
    MethodRefused,
    /// 20002: the address is locked out after failed logins.
    #[error("login refused: the address is locked out")]
    LoginLocked,
    /// 20003: wrong user name or password, or a person who may not use this door (`docs/yeastar.md` G44).
    #[error("login refused: wrong user name or password")]
    LoginRefused,
    /// 20004: no such token.
    #[error("no such token")]
    TokenUnknown,
    /// 20005: the token is missing or blank.
    #[error("the token is blank")]
    TokenBlank,
    /// 20006: the token timed out; which versions say so is in [`Version::expired_token`].
    ///
    /// [`Version::expired_token`]: crate::yeastar::path::Version::expired_token
    #[error("the token timed out")]
    TokenExpired,
    /// 20007: no body where one is required.
    #[error("the body is blank")]
    DataBlank,
    /// 20008: the report port is not a number from 0 to 65535 (`docs/yeastar.md` G42).
    #[error("bad port")]
    BadPort,
    /// 20009: a version and nothing after it.
    #[error("the request names no endpoint")]
    RequestBlank,
    /// 20010: the call was good and the service behind it failed.
    #[error("the request could not be carried out")]
    Unavailable,
    /// 20011: the settings in a heartbeat are wrong.
    #[error("heartbeat settings rejected")]
    HeartbeatRejected,
    /// 20012: the `random` is wrong, spent, too old, or for another recording or session.
    #[error("the random of the recording is not valid")]
    RandomInvalid,
    /// 20014: no such recording, its audio is gone, or its name is not a safe one (`docs/yeastar.md` G21).
    #[error("the recording does not exist")]
    RecordingMissing,
    /// 20015: `allowedip` is not one address, or the download comes from an address that is not allowed.
    #[error("address wrong or not allowed")]
    AddressRefused,
    /// 20016: `voicemailstatus` is neither `read` nor `unread`.
    #[error("the status of a voicemail is `read` or `unread`")]
    VoicemailStatus,
    /// 20017: what 20012 is for recordings.
    #[error("the random of the voicemail is not valid")]
    VoicemailRandomInvalid,
    /// 20018: no such voicemail, its audio is gone, or its name is not a safe one.
    #[error("the voicemail does not exist")]
    VoicemailMissing,
    /// 20019: a time is not `yyyy-mm-dd hh:mm:ss`, or the end is before the start (`docs/yeastar.md` G30).
    #[error("the times of the call records are wrong")]
    CdrTimeWrong,
    /// 20020: what 20012 is for recordings; also a link with other numbers or times than were asked for
    /// (`docs/yeastar.md` G31).
    #[error("the random of the call records is not valid")]
    CdrRandomInvalid,
    /// 20021: no call record fits, where that counts as a failure (`docs/yeastar.md` G32).
    #[error("no call record fits")]
    CdrMissing,
}

/// What a ticket is for. Each kind has its own codes for a ticket that is no good and for a thing that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The audio of a call.
    Recording,
    /// A file of call records.
    Cdr,
    /// A message on an extension's voicemail.
    Voicemail,
}

impl Subject {
    /// The ticket is wrong, spent, too old, or another's.
    pub fn random_invalid(self) -> Errno {
        match self {
            Self::Recording => Errno::RandomInvalid,
            Self::Cdr => Errno::CdrRandomInvalid,
            Self::Voicemail => Errno::VoicemailRandomInvalid,
        }
    }

    /// The thing is not there.
    pub fn missing(self) -> Errno {
        match self {
            Self::Recording => Errno::RecordingMissing,
            Self::Cdr => Errno::CdrMissing,
            Self::Voicemail => Errno::VoicemailMissing,
        }
    }

    /// The code for a download that was refused.
    pub fn refused(self, refused: &TicketRefused) -> Errno {
        match refused {
            TicketRefused::Invalid => self.random_invalid(),
            TicketRefused::Address => Errno::AddressRefused,
            TicketRefused::Missing => self.missing(),
            TicketRefused::Failed(error) => self.failed(error),
        }
    }

    /// The code for a use case about such a thing that failed: what is not visible does not exist, and what is
    /// not the client's doing is [`Errno::Unavailable`].
    pub fn failed(self, error: &Error) -> Errno {
        match Errno::from(error) {
            Errno::RecordingMissing => self.missing(),
            other => other,
        }
    }
}

impl Errno {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 27] = [
        Self::XmlBody,
        Self::RequestUnknown,
        Self::ParameterBlank,
        Self::ExtensionUnknown,
        Self::QueueUnknown,
        Self::TooOften,
        Self::NotJson,
        Self::MethodRefused,
        Self::LoginLocked,
        Self::LoginRefused,
        Self::TokenUnknown,
        Self::TokenBlank,
        Self::TokenExpired,
        Self::DataBlank,
        Self::BadPort,
        Self::RequestBlank,
        Self::Unavailable,
        Self::HeartbeatRejected,
        Self::RandomInvalid,
        Self::RecordingMissing,
        Self::AddressRefused,
        Self::VoicemailStatus,
        Self::VoicemailRandomInvalid,
        Self::VoicemailMissing,
        Self::CdrTimeWrong,
        Self::CdrRandomInvalid,
        Self::CdrMissing,
    ];

    /// The code on the wire, which is a JSON string.
    pub fn code(self) -> &'static str {
        match self {
            Self::XmlBody => "10002",
            Self::RequestUnknown => "10003",
            Self::ParameterBlank => "10004",
            Self::ExtensionUnknown => "10006",
            Self::QueueUnknown => "10013",
            Self::TooOften => "10025",
            Self::NotJson => "20000",
            Self::MethodRefused => "20001",
            Self::LoginLocked => "20002",
            Self::LoginRefused => "20003",
            Self::TokenUnknown => "20004",
            Self::TokenBlank => "20005",
            Self::TokenExpired => "20006",
            Self::DataBlank => "20007",
            Self::BadPort => "20008",
            Self::RequestBlank => "20009",
            Self::Unavailable => "20010",
            Self::HeartbeatRejected => "20011",
            Self::RandomInvalid => "20012",
            Self::RecordingMissing => "20014",
            Self::AddressRefused => "20015",
            Self::VoicemailStatus => "20016",
            Self::VoicemailRandomInvalid => "20017",
            Self::VoicemailMissing => "20018",
            Self::CdrTimeWrong => "20019",
            Self::CdrRandomInvalid => "20020",
            Self::CdrMissing => "20021",
        }
    }

    /// The HTTP status on a download link for a person with the "real status" option.
    ///
    /// `docs/yeastar.md` G19 fixes 401 (token), 403 (address), 404 (file) and 410 (ticket). The rest follows
    /// its purpose: a client that keeps whatever comes with 200 as audio must not see 200 on any failure.
    pub fn real_status(self) -> u16 {
        match self {
            Self::TokenUnknown | Self::TokenBlank | Self::TokenExpired => 401,
            Self::LoginRefused | Self::LoginLocked => 401,
            Self::AddressRefused => 403,
            Self::RecordingMissing | Self::VoicemailMissing | Self::CdrMissing => 404,
            Self::RequestUnknown | Self::RequestBlank | Self::ExtensionUnknown | Self::QueueUnknown => 404,
            Self::MethodRefused => 405,
            Self::RandomInvalid | Self::VoicemailRandomInvalid | Self::CdrRandomInvalid => 410,
            Self::TooOften => 429,
            Self::Unavailable => 503,
            Self::XmlBody
            | Self::ParameterBlank
            | Self::NotJson
            | Self::DataBlank
            | Self::BadPort
            | Self::HeartbeatRejected
            | Self::VoicemailStatus
            | Self::CdrTimeWrong => 400,
        }
    }
}

impl From<&Error> for Errno {
    /// What is not visible does not exist; everything that is not the client's doing is [`Errno::Unavailable`].
    fn from(error: &Error) -> Self {
        match error {
            Error::NotFound { .. }
            | Error::RoleForbids
            | Error::ScopeForbids { .. }
            | Error::Unreadable(_) => Self::RecordingMissing,
            Error::Invalid { .. }
            | Error::Contradicts { .. }
            | Error::Conflict { .. }
            | Error::TooLarge { .. }
            | Error::PlanForbids(_)
            | Error::NotAudio(_)
            | Error::NotStored(_)
            | Error::Busy
            | Error::Unlogged
            | Error::Catalog(_) => Self::Unavailable,
        }
    }
}

impl From<&LoginRefused> for Errno {
    fn from(refused: &LoginRefused) -> Self {
        match refused {
            LoginRefused::Locked => Self::LoginLocked,
            LoginRefused::Wrong => Self::LoginRefused,
            LoginRefused::Busy | LoginRefused::Failed(_) => Self::Unavailable,
        }
    }
}

impl From<&TicketRefused> for Errno {
    /// For recordings; [`Subject::refused`] is for all kinds.
    fn from(refused: &TicketRefused) -> Self {
        Subject::Recording.refused(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise_and_are_five_digits() {
        let codes = Errno::ALL.map(Errno::code);
        assert!(codes.is_sorted_by(|one, next| one < next), "{codes:?}");
        assert!(codes.iter().all(|code| code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit())));
    }

    #[test]
    fn real_status_is_never_a_success() {
        for errno in Errno::ALL {
            assert!((400..600).contains(&errno.real_status()), "{errno:?}");
        }
    }

    #[test]
    fn real_status_of_a_download() {
        for (errno, status) in [
            (Errno::TokenUnknown, 401),
            (Errno::TokenBlank, 401),
            (Errno::TokenExpired, 401),
            (Errno::AddressRefused, 403),
            (Errno::RecordingMissing, 404),
            (Errno::RandomInvalid, 410),
            (Errno::VoicemailMissing, 404),
            (Errno::VoicemailRandomInvalid, 410),
            (Errno::CdrMissing, 404),
            (Errno::CdrRandomInvalid, 410),
        ] {
            assert_eq!(errno.real_status(), status, "{errno:?}");
        }
    }

    #[test]
    fn each_kind_of_ticket_has_its_codes() {
        for (subject, expected) in [
            (Subject::Recording, ["20012", "20015", "20014", "20010"]),
            (Subject::Cdr, ["20020", "20015", "20021", "20010"]),
            (Subject::Voicemail, ["20017", "20015", "20018", "20010"]),
        ] {
            let refusals = [
                TicketRefused::Invalid,
                TicketRefused::Address,
                TicketRefused::Missing,
                TicketRefused::Failed(Error::Busy),
            ];
            assert_eq!(refusals.map(|refused| subject.refused(&refused).code()), expected, "{subject:?}");
            assert_eq!(subject.failed(&Error::RoleForbids), subject.missing());
        }
    }
}
