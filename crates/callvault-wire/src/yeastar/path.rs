//! The path of a call: `/api/{version}/{endpoint}`.

use crate::yeastar::error::{Errno, Subject};

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

    /// Whether numbers are called `number` in answers, as since v2.0.0, and not `extid`, `extnumber` or
    /// `queuenumber`. In requests each version takes both (`docs/yeastar.md` G1).
    pub fn says_number(self) -> bool {
        self == Self::V2_0_0
    }

    /// Whether login hands out a refresh token and `token/refresh` takes it (`docs/yeastar.md` G8).
    pub fn refreshes(self) -> bool {
        matches!(self, Self::V1_1_0 | Self::V2_0_0)
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
    /// `token/refresh`, on v1.1.0 and v2.0.0
    TokenRefresh,
    /// `recording/get_random`
    RecordingGetRandom,
    /// `recording/download`
    RecordingDownload,
    /// `cdr/get_random`
    CdrGetRandom,
    /// `cdr/download`
    CdrDownload,
    /// `voicemail/query`
    VoicemailQuery,
    /// `voicemail/get_random`
    VoicemailGetRandom,
    /// `voicemail/download`
    VoicemailDownload,
    /// `deviceinfo/query`
    DeviceInfoQuery,
    /// `extensionlist/query` of v1, `extension/list` of v2
    ExtensionList,
    /// `extension/query`
    ExtensionQuery,
    /// `queue/query`
    QueueQuery,
    /// `trunklist/query` of v1, `trunk/list` of v2
    TrunkList,
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
    /// Every call that is served.
    pub const ALL: [Self; 16] = [
        Self::Login,
        Self::Heartbeat,
        Self::Logout,
        Self::TokenRefresh,
        Self::RecordingGetRandom,
        Self::RecordingDownload,
        Self::CdrGetRandom,
        Self::CdrDownload,
        Self::VoicemailQuery,
        Self::VoicemailGetRandom,
        Self::VoicemailDownload,
        Self::DeviceInfoQuery,
        Self::ExtensionList,
        Self::ExtensionQuery,
        Self::QueueQuery,
        Self::TrunkList,
    ];

    /// The call of the given name. Names that changed from v1 to v2 are taken in both versions, as clients change the
    /// version in their configuration and not the names in their code.
    fn parse(first: &str, second: Option<&str>) -> Option<Self> {
        Some(match (first, second) {
            ("login", None) => Self::Login,
            ("heartbeat", None) => Self::Heartbeat,
            ("logout", None) => Self::Logout,
            ("token", Some("refresh")) => Self::TokenRefresh,
            ("recording", Some("get_random")) => Self::RecordingGetRandom,
            ("recording", Some("download")) => Self::RecordingDownload,
            ("cdr", Some("get_random")) => Self::CdrGetRandom,
            ("cdr", Some("download")) => Self::CdrDownload,
            ("voicemail", Some("query")) => Self::VoicemailQuery,
            ("voicemail", Some("get_random")) => Self::VoicemailGetRandom,
            ("voicemail", Some("download")) => Self::VoicemailDownload,
            ("deviceinfo", Some("query")) => Self::DeviceInfoQuery,
            ("extension", Some("list")) | ("extensionlist", Some("query")) => Self::ExtensionList,
            ("extension", Some("query")) => Self::ExtensionQuery,
            ("queue", Some("query")) => Self::QueueQuery,
            ("trunk", Some("list")) | ("trunklist", Some("query")) => Self::TrunkList,
            _ => return None,
        })
    }

    /// The route without its version, for logs and metrics; where there are two names, that of v2.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Heartbeat => "heartbeat",
            Self::Logout => "logout",
            Self::TokenRefresh => "token/refresh",
            Self::RecordingGetRandom => "recording/get_random",
            Self::RecordingDownload => "recording/download",
            Self::CdrGetRandom => "cdr/get_random",
            Self::CdrDownload => "cdr/download",
            Self::VoicemailQuery => "voicemail/query",
            Self::VoicemailGetRandom => "voicemail/get_random",
            Self::VoicemailDownload => "voicemail/download",
            Self::DeviceInfoQuery => "deviceinfo/query",
            Self::ExtensionList => "extension/list",
            Self::ExtensionQuery => "extension/query",
            Self::QueueQuery => "queue/query",
            Self::TrunkList => "trunk/list",
        }
    }

    /// What a ticket that the call makes or takes is for; `None` for calls without tickets.
    pub fn subject(self) -> Option<Subject> {
        match self {
            Self::RecordingGetRandom | Self::RecordingDownload => Some(Subject::Recording),
            Self::CdrGetRandom | Self::CdrDownload => Some(Subject::Cdr),
            Self::VoicemailGetRandom | Self::VoicemailDownload => Some(Subject::Voicemail),
            _ => None,
        }
    }

    /// Whether it is a download link: parameters in the query whatever the method, bytes for an answer, and
    /// failures with a status of their own where the person wants that (`docs/yeastar.md` G19, G22).
    pub fn is_download(self) -> bool {
        matches!(self, Self::RecordingDownload | Self::CdrDownload | Self::VoicemailDownload)
    }

    /// Whether the call takes the method (`docs/yeastar.md` G22, G43).
    pub fn accepts(self, method: Method) -> bool {
        match method {
            Method::Post => true,
            Method::Get => self != Self::Login,
            Method::Head => self.is_download(),
            Method::Options | Method::Other => false,
        }
    }

    /// Whether the call needs a token; all do but login, and the refresh of a token that may have ended.
    pub fn needs_token(self) -> bool {
        !matches!(self, Self::Login | Self::TokenRefresh)
    }
}

/// Splits a path into version and endpoint.
///
/// Empty segments count for nothing, because connectors join a base address and a path with one slash too many.
/// Fails with [`Errno::RequestUnknown`] for an unknown version or endpoint, also for one that the guides have
/// and Callvault does not (`docs/yeastar.md`, "Calls"), and with [`Errno::RequestBlank`] for a known version
/// with nothing after it.
pub fn parse(path: &str) -> Result<(Version, Endpoint), Errno> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    if segments.next() != Some("api") {
        return Err(Errno::RequestUnknown);
    }
    let version = segments.next().and_then(Version::parse).ok_or(Errno::RequestUnknown)?;
    let first = segments.next().ok_or(Errno::RequestBlank)?;
    let endpoint = Endpoint::parse(first, segments.next()).ok_or(Errno::RequestUnknown)?;
    let is_known = endpoint != Endpoint::TokenRefresh || version.refreshes();
    if segments.next().is_some() || !is_known {
        return Err(Errno::RequestUnknown);
    }
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
        for endpoint in Endpoint::ALL {
            check(&format!("/api/v2.0.0/{}", endpoint.name()), Ok((version, endpoint)));
        }
        check("//api/v2.0.0//recording/download/", Ok((version, Endpoint::RecordingDownload)));
    }

    #[test]
    fn either_name_of_a_list_is_taken_in_either_version() {
        for (segment, version) in [("v1.0.0", Version::V1_0_0), ("v2.0.0", Version::V2_0_0)] {
            for name in ["extension/list", "extensionlist/query"] {
                check(&format!("/api/{segment}/{name}"), Ok((version, Endpoint::ExtensionList)));
            }
            for name in ["trunk/list", "trunklist/query"] {
                check(&format!("/api/{segment}/{name}"), Ok((version, Endpoint::TrunkList)));
            }
        }
    }

    #[test]
    fn tokens_are_refreshed_since_v1_1() {
        for segment in ["v1.0.0", "v1.0.1", "v1.0.2", "v1.0.6"] {
            check(&format!("/api/{segment}/token/refresh"), Err(Errno::RequestUnknown));
        }
        for (segment, version) in
            [("v1.1.0", Version::V1_1_0), ("v1.10", Version::V1_1_0), ("v2.0.0", Version::V2_0_0)]
        {
            check(&format!("/api/{segment}/token/refresh"), Ok((version, Endpoint::TokenRefresh)));
        }
    }

    #[test]
    fn methods_by_call() {
        let all = [Method::Post, Method::Get, Method::Head, Method::Options, Method::Other];
        for endpoint in Endpoint::ALL {
            let expected = match endpoint {
                Endpoint::Login => [true, false, false, false, false],
                Endpoint::RecordingDownload | Endpoint::CdrDownload | Endpoint::VoicemailDownload => {
                    [true, true, true, false, false]
                }
                _ => [true, true, false, false, false],
            };
            assert_eq!(all.map(|method| endpoint.accepts(method)), expected, "{endpoint:?}");
        }
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
            "/api/v2.0.0/cdr",
            "/api/v2.0.0/extension/query/4000",
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
