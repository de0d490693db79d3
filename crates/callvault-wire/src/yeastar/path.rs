//! The path of a call: `/api/{version}/{endpoint}`.

use crate::yeastar::error::Errno;

/// A version in the path. It scopes neither tokens nor tickets (`docs/yeastar.md` G1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// `v1.0.0`
    V1_0_0,
    /// `v1.0.1`
    V1_0_1,
    /// `v1.0.2`
    V1_0_2,
    /// `v1.0.6`
    V1_0_6,
    /// `v1.1.0`, also written `v1.10` by real clients.
    V1_1_0,
    /// `v2.0.0`
    V2_0_0,
}

impl Version {
    /// Reads the path segment; exact, because anything else is 10003 (`docs/yeastar.md` G1).
    pub fn parse(segment: &str) -> Option<Self> {
        Some(match segment {
            "v1.0.0" => Self::V1_0_0,
            "v1.0.1" => Self::V1_0_1,
            "v1.0.2" => Self::V1_0_2,
            "v1.0.6" => Self::V1_0_6,
            "v1.1.0" | "v1.10" => Self::V1_1_0,
            "v2.0.0" => Self::V2_0_0,
            _ => return None,
        })
    }

    /// How a session that timed out is reported: connectors of v1.x log in again on 20004 only, those of
    /// v2.0.0 know 20006 (`docs/yeastar.md` G7).
    pub fn expired_token(self) -> Errno {
        match self {
            Self::V2_0_0 => Errno::TokenExpired,
            Self::V1_0_0 | Self::V1_0_1 | Self::V1_0_2 | Self::V1_0_6 | Self::V1_1_0 => Errno::TokenUnknown,
        }
    }
}

/// A call by its place in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `login`
    Login,
    /// `heartbeat`
    Heartbeat,
    /// `logout`
    Logout,
    /// `recording/get_random`
    RecordingGetRandom,
    /// `recording/download`
    RecordingDownload,
}

/// A request method, as far as the dialect tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// The method of every call in the vendor's guide.
    Post,
    /// Download links, and any call but login with its parameters in the query (`docs/yeastar.md` G43).
    Get,
    /// Asks a download link for its headers; never spends the ticket (`docs/yeastar.md` G14).
    Head,
    /// A browser's preflight (`docs/yeastar.md` G10).
    Options,
    /// PUT, DELETE, PATCH and whatever else; refused everywhere.
    Other,
}

impl Method {
    /// Reads the method of the request line; upper case, as HTTP has it.
    pub fn parse(name: &str) -> Self {
        match name {
            "POST" => Self::Post,
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "OPTIONS" => Self::Options,
            _ => Self::Other,
        }
    }
}

impl Endpoint {
    /// Whether the call takes the method (`docs/yeastar.md` G22, G43).
    pub fn accepts(self, method: Method) -> bool {
        match self {
            Self::Login => method == Method::Post,
            Self::Heartbeat | Self::Logout | Self::RecordingGetRandom => {
                matches!(method, Method::Post | Method::Get)
            }
            Self::RecordingDownload => matches!(method, Method::Post | Method::Get | Method::Head),
        }
    }

    /// Whether the call needs a token; all do but login.
    pub fn needs_token(self) -> bool {
        self != Self::Login
    }
}

/// Splits a path into version and endpoint.
///
/// Empty segments count for nothing, because connectors join a base address and a path with one slash too many.
/// Fails with [`Errno::RequestUnknown`] for an unknown version or endpoint, and with [`Errno::RequestBlank`]
/// for a known version with nothing after it.
pub fn parse(path: &str) -> Result<(Version, Endpoint), Errno> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    if segments.next() != Some("api") {
        return Err(Errno::RequestUnknown);
    }
    let version = segments.next().and_then(Version::parse).ok_or(Errno::RequestUnknown)?;
    let endpoint = match (segments.next(), segments.next(), segments.next()) {
        (None, _, _) => return Err(Errno::RequestBlank),
        (Some("login"), None, _) => Endpoint::Login,
        (Some("heartbeat"), None, _) => Endpoint::Heartbeat,
        (Some("logout"), None, _) => Endpoint::Logout,
        (Some("recording"), Some("get_random"), None) => Endpoint::RecordingGetRandom,
        (Some("recording"), Some("download"), None) => Endpoint::RecordingDownload,
        _ => return Err(Errno::RequestUnknown),
    };
    Ok((version, endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Result<(Version, Endpoint), Errno>) {
        assert_eq!(parse(path), expected, "for {path}");
    }

    #[test]
    fn every_version_is_served() {
        for (segment, version) in [
            ("v1.0.0", Version::V1_0_0),
            ("v1.0.1", Version::V1_0_1),
            ("v1.0.2", Version::V1_0_2),
            ("v1.0.6", Version::V1_0_6),
            ("v1.1.0", Version::V1_1_0),
            ("v1.10", Version::V1_1_0),
            ("v2.0.0", Version::V2_0_0),
        ] {
            check(&format!("/api/{segment}/login"), Ok((version, Endpoint::Login)));
        }
    }

    #[test]
    fn every_endpoint_is_found() {
        let version = Version::V2_0_0;
        check("/api/v2.0.0/heartbeat", Ok((version, Endpoint::Heartbeat)));
        check("/api/v2.0.0/logout", Ok((version, Endpoint::Logout)));
        check("/api/v2.0.0/recording/get_random", Ok((version, Endpoint::RecordingGetRandom)));
        check("/api/v2.0.0/recording/download", Ok((version, Endpoint::RecordingDownload)));
        check("//api/v2.0.0//recording/download/", Ok((version, Endpoint::RecordingDownload)));
    }

    #[test]
    fn unknown_paths() {
        for path in [
            "",
            "/",
            "/api",
            "/api/",
            "/api/v1/login",
            "/api/v2.0/login",
            "/api/V2.0.0/login",
            "/api/v3.0.0/login",
            "/api/v3.0.0/",
            "/apis/v2.0.0/login",
            "/api/v2.0.0/Login",
            "/api/v2.0.0/login/now",
            "/api/v2.0.0/recording",
            "/api/v2.0.0/recording/list",
            "/api/v2.0.0/recording/download/x.wav",
        ] {
            check(path, Err(Errno::RequestUnknown));
        }
    }

    #[test]
    fn a_version_alone_is_a_blank_request() {
        check("/api/v2.0.0", Err(Errno::RequestBlank));
        check("/api/v1.10//", Err(Errno::RequestBlank));
    }

    #[test]
    fn expired_tokens_by_version() {
        assert_eq!(Version::V2_0_0.expired_token().code(), "20006");
        assert_eq!(Version::V1_1_0.expired_token().code(), "20004");
        assert_eq!(Version::V1_0_0.expired_token().code(), "20004");
    }
}
