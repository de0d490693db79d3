//! The failures of the dialect: every `errcode` that the calls served here can answer with.

use callvault_core::Error;
use callvault_core::service::logins::LoginRefused;
use callvault_core::service::tickets::TicketRefused;

/// Why a request failed. The wire carries [`Errcode::code`] and [`Errcode::message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Errcode {
    /// -2: the request was good and the service behind it failed.
    #[error("the request could not be carried out")]
    Internal,
    /// 10001: no such call, or not with this method.
    #[error("no such interface")]
    InterfaceUnknown,
    /// 10003: another version than v1.0 in the path.
    #[error("the API version is not served")]
    VersionUnsupported,
    /// 10004: the token is not, or no longer, good (`docs/pseries.md` P9).
    #[error("the token is not good")]
    TokenExpired,
    /// 10005: no `User-Agent`, no token, or a wrong client id or secret (`docs/pseries.md` P2, P7, P11).
    #[error("access denied")]
    AccessDenied,
    /// 40001: the body is not a JSON object.
    #[error("the body is not a JSON object")]
    ParameterSyntax,
    /// 40002: a parameter is missing or has a value that it cannot have.
    #[error("a parameter is missing or wrong")]
    Parameter,
    /// 60001: no such recording or link, its audio is gone, or it may not be seen.
    #[error("no such recording")]
    NotFound,
    /// 60002: the person has all the access tokens alive that they may have (`docs/pseries.md` P10).
    #[error("too many live tokens")]
    LimitReached,
    /// 70004: the address is locked out after failed logins (`docs/pseries.md` P12).
    #[error("the address is locked out")]
    AddressBlocked,
    /// 70082: too much is waiting already.
    #[error("the server is busy")]
    Busy,
    /// 70087: a link may not be used from this address.
    #[error("not allowed from this address")]
    AddressForbidden,
}

/// Where a request arrived, which decides about the HTTP status of its failures (`docs/pseries.md` P3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// A call: always 200, as on the device.
    Call,
    /// A link: a status of its own, for clients that keep whatever comes with 200 as audio.
    Link,
}

impl Errcode {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 12] = [
        Self::Internal,
        Self::InterfaceUnknown,
        Self::VersionUnsupported,
        Self::TokenExpired,
        Self::AccessDenied,
        Self::ParameterSyntax,
        Self::Parameter,
        Self::NotFound,
        Self::LimitReached,
        Self::AddressBlocked,
        Self::Busy,
        Self::AddressForbidden,
    ];

    /// The code on the wire, which is a JSON number.
    pub fn code(self) -> i32 {
        match self {
            Self::Internal => -2,
            Self::InterfaceUnknown => 10001,
            Self::VersionUnsupported => 10003,
            Self::TokenExpired => 10004,
            Self::AccessDenied => 10005,
            Self::ParameterSyntax => 40001,
            Self::Parameter => 40002,
            Self::NotFound => 60001,
            Self::LimitReached => 60002,
            Self::AddressBlocked => 70004,
            Self::Busy => 70082,
            Self::AddressForbidden => 70087,
        }
    }

    /// The `errmsg` that the vendor's table has beside the code.
    pub fn message(self) -> &'static str {
        match self {
            Self::Internal => "INTERNAL SERVER ERROR",
            Self::InterfaceUnknown => "INTERFACE NOT EXISTED",
            Self::VersionUnsupported => "API VERSION UNSUPPORTED",
            Self::TokenExpired => "TOKEN EXPIRED",
            Self::AccessDenied => "ACCESS DENIED",
            Self::ParameterSyntax => "PARAMETER SYNTAX ERROR",
            Self::Parameter => "PARAMETER ERROR",
            Self::NotFound => "DATA NOT FOUND",
            Self::LimitReached => "MAX LIMITATION EXCEEDED",
            Self::AddressBlocked => "ACCOUNT IP BLOCKED",
            Self::Busy => "OVERLOAD_TASK_RUNNING",
            Self::AddressForbidden => "IP FORBIDDEN",
        }
    }

    /// The HTTP status that goes with it.
    pub fn status(self, surface: Surface) -> u16 {
        if surface == Surface::Call {
            return 200;
        }
        match self {
            Self::TokenExpired | Self::AccessDenied => 401,
            Self::AddressBlocked | Self::AddressForbidden => 403,
            Self::VersionUnsupported | Self::NotFound => 404,
            // A link that is none is not found; so this is one with the wrong method.
            Self::InterfaceUnknown => 405,
            Self::ParameterSyntax | Self::Parameter => 400,
            Self::LimitReached => 429,
            Self::Internal | Self::Busy => 503,
        }
    }
}

impl From<&Error> for Errcode {
    /// What is not visible does not exist; everything that is not the client's doing is [`Errcode::Internal`].
    fn from(error: &Error) -> Self {
        match error {
            Error::NotFound { .. }
            | Error::RoleForbids
            | Error::ScopeForbids { .. }
            | Error::Unreadable(_) => Self::NotFound,
            Error::Busy => Self::Busy,
            Error::Invalid { .. }
            | Error::Contradicts { .. }
            | Error::Conflict { .. }
            | Error::TooLarge { .. }
            | Error::PlanForbids(_)
            | Error::NotAudio(_)
            | Error::NotStored(_)
            | Error::Unlogged
            | Error::Catalog(_) => Self::Internal,
        }
    }
}

impl From<&LoginRefused> for Errcode {
    fn from(refused: &LoginRefused) -> Self {
        match refused {
            LoginRefused::Locked => Self::AddressBlocked,
            LoginRefused::Wrong => Self::AccessDenied,
            LoginRefused::Busy => Self::Busy,
            LoginRefused::Failed(error) => error.into(),
        }
    }
}

impl From<&TicketRefused> for Errcode {
    /// A link that is over looks like one that never was.
    fn from(refused: &TicketRefused) -> Self {
        match refused {
            TicketRefused::Invalid | TicketRefused::Missing => Self::NotFound,
            TicketRefused::Address => Self::AddressForbidden,
            TicketRefused::Failed(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise_so_none_is_there_twice() {
        let codes = Errcode::ALL.map(Errcode::code);
        assert!(codes.is_sorted_by(|one, next| one < next), "{codes:?}");
        assert!(!codes.contains(&0), "0 is success");
    }

    #[test]
    fn calls_are_200_and_links_never() {
        for errcode in Errcode::ALL {
            assert_eq!(errcode.status(Surface::Call), 200, "{errcode:?}");
            assert!((400..600).contains(&errcode.status(Surface::Link)), "{errcode:?}");
        }
    }

    #[test]
    fn messages_are_those_of_the_vendor() {
        for (errcode, code, message) in [
            (Errcode::InterfaceUnknown, 10001, "INTERFACE NOT EXISTED"),
            (Errcode::TokenExpired, 10004, "TOKEN EXPIRED"),
            (Errcode::Parameter, 40002, "PARAMETER ERROR"),
            (Errcode::NotFound, 60001, "DATA NOT FOUND"),
            (Errcode::AddressBlocked, 70004, "ACCOUNT IP BLOCKED"),
        ] {
            assert_eq!((errcode.code(), errcode.message()), (code, message));
        }
    }

    #[test]
    fn what_is_hidden_looks_absent() {
        let absent = Errcode::from(&Error::NotFound { what: "recording" });
        assert_eq!(Errcode::from(&Error::RoleForbids), absent);
        assert_eq!(Errcode::from(&TicketRefused::Invalid), Errcode::from(&TicketRefused::Missing));
    }
}
