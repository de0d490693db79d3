//! The paths of the dialect: `/openapi/v1.0/{call}`, and the links `/api/download/{resource}` that it gives out.

use callvault_core::secret::Secret;

use crate::pseries::error::{Errcode, Surface};

/// A place that a request can go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `get_token`
    GetToken,
    /// `refresh_token`
    RefreshToken,
    /// `del_token`
    DelToken,
    /// `recording/list`
    RecordingList,
    /// `recording/search`
    RecordingSearch,
    /// `recording/download`
    RecordingDownload,
    /// `cdr/download`
    CdrDownload,
    /// A link that was given out by one of the two downloads.
    Resource(Resource),
}

/// A request method, as far as the dialect tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Queries, `del_token` and links.
    Get,
    /// `get_token` and `refresh_token`.
    Post,
    /// Asks a link for its headers.
    Head,
    /// Whatever else; refused everywhere, preflights too (`docs/pseries.md` P5).
    Other,
}

impl Method {
    /// Reads the method of the request line; upper case, as HTTP has it.
    pub fn parse(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "POST" => Self::Post,
            "HEAD" => Self::Head,
            _ => Self::Other,
        }
    }
}

impl Endpoint {
    /// Whether it takes the method (`docs/pseries.md` P4).
    pub fn accepts(&self, method: Method) -> bool {
        match self {
            Self::GetToken | Self::RefreshToken => method == Method::Post,
            Self::DelToken
            | Self::RecordingList
            | Self::RecordingSearch
            | Self::RecordingDownload
            | Self::CdrDownload => method == Method::Get,
            Self::Resource(_) => matches!(method, Method::Get | Method::Head),
        }
    }

    /// Whether it needs an access token.
    pub fn needs_token(&self) -> bool {
        !matches!(self, Self::GetToken | Self::RefreshToken)
    }

    /// Whether it needs a `User-Agent`. Links do not: players and download tools fetch them (`docs/pseries.md` P2).
    pub fn needs_user_agent(&self) -> bool {
        !matches!(self, Self::Resource(_))
    }
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// The audio of a recording.
    Recording,
    /// A file of call records.
    Cdr,
}

impl ResourceKind {
    const ALL: [Self; 2] = [Self::Recording, Self::Cdr];

    /// The word that its links begin with.
    fn word(self) -> &'static str {
        match self {
            Self::Recording => "Recording",
            Self::Cdr => "CDR",
        }
    }
}

/// The last part of a link, which holds the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// What it says it is for; the ticket decides.
    pub kind: ResourceKind,
    /// The ticket: 1 to 64 ASCII letters and digits.
    pub random: Secret,
}

/// A ticket is 32 digits; what is longer than any ticket was need not be looked up.
const LONGEST_RANDOM: usize = 64;

/// The path of a link, for `download_resource_url`: `/api/download/Recording-Callvault-download-{stamp}-{random}.wav`.
///
/// `stamp` is when the link was made, by [`time::Display::stamp`]. `extension` goes without its dot and is left out
/// if it has anything but ASCII letters and digits, as it may come from the name of a recording.
/// The path is a secret: with a token it opens the audio (`docs/pseries.md` P21).
///
/// [`time::Display::stamp`]: crate::pseries::time::Display::stamp
pub fn link(kind: ResourceKind, stamp: &str, random: &Secret, extension: &str) -> Secret {
    let mut path = format!("/api/download/{}-Callvault-download-{stamp}-{}", kind.word(), random.reveal());
    if !extension.is_empty() && extension.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        path.push('.');
        path.push_str(extension);
    }
    Secret::new(path)
}

impl Resource {
    /// Reads the last segment of a link. Only its first word and what stands between the last `-` and the next
    /// dot count, so that links of an older server with another stamp go on working.
    fn parse(segment: &str) -> Option<Self> {
        let (head, tail) = segment.rsplit_once('-')?;
        let kind = ResourceKind::ALL.into_iter().find(|kind| {
            head.strip_prefix(kind.word()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })?;
        let random = tail.split('.').next().unwrap_or_default();
        let fits = (1..=LONGEST_RANDOM).contains(&random.len())
            && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| Self { kind, random: Secret::new(random) })
    }
}

/// Finds the endpoint of a path.
///
/// Empty segments count for nothing, because clients join a base address and a path with one slash too many.
/// Fails with [`Errcode::VersionUnsupported`] for another version, [`Errcode::NotFound`] for a link that cannot
/// be one of ours, and [`Errcode::InterfaceUnknown`] for anything else.
pub fn parse(path: &str) -> Result<Endpoint, Errcode> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    match (segments.next(), segments.next()) {
        (Some("api"), Some("download")) => {
            let resource = segments.next().and_then(Resource::parse).ok_or(Errcode::NotFound)?;
            return if segments.next().is_none() {
                Ok(Endpoint::Resource(resource))
            } else {
                Err(Errcode::NotFound)
            };
        }
        (Some("openapi"), Some("v1.0")) => {}
        (Some("openapi"), Some(version)) if is_version(version) => return Err(Errcode::VersionUnsupported),
        _ => return Err(Errcode::InterfaceUnknown),
    }
    Ok(match (segments.next(), segments.next(), segments.next()) {
        (Some("get_token"), None, _) => Endpoint::GetToken,
        (Some("refresh_token"), None, _) => Endpoint::RefreshToken,
        (Some("del_token"), None, _) => Endpoint::DelToken,
        (Some("recording"), Some("list"), None) => Endpoint::RecordingList,
        (Some("recording"), Some("search"), None) => Endpoint::RecordingSearch,
        (Some("recording"), Some("download"), None) => Endpoint::RecordingDownload,
        (Some("cdr"), Some("download"), None) => Endpoint::CdrDownload,
        _ => return Err(Errcode::InterfaceUnknown),
    })
}

/// Whether failures at this path are those of a link.
pub fn surface(path: &str) -> Surface {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    match (segments.next(), segments.next()) {
        (Some("api"), Some("download")) => Surface::Link,
        _ => Surface::Call,
    }
}

/// `v` and a digit: a version, if not one that is served.
fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Result<Endpoint, Errcode>) {
        assert_eq!(parse(path), expected, "for {path}");
    }

    #[test]
    fn every_endpoint_is_found() {
        check("/openapi/v1.0/get_token", Ok(Endpoint::GetToken));
        check("/openapi/v1.0/refresh_token", Ok(Endpoint::RefreshToken));
        check("/openapi/v1.0/del_token", Ok(Endpoint::DelToken));
        check("/openapi/v1.0/recording/list", Ok(Endpoint::RecordingList));
        check("/openapi/v1.0/recording/search", Ok(Endpoint::RecordingSearch));
        check("/openapi/v1.0/recording/download", Ok(Endpoint::RecordingDownload));
        check("/openapi/v1.0/cdr/download", Ok(Endpoint::CdrDownload));
        check("//openapi/v1.0//cdr/download/", Ok(Endpoint::CdrDownload));
    }

    #[test]
    fn unknown_paths() {
        for path in [
            "",
            "/openapi",
            "/openapi/latest/get_token",
            "/openapi/v1.0",
            "/openapi/v1.0/",
            "/openapi/v1.0/Get_token",
            "/openapi/v1.0/get_token/now",
            "/openapi/v1.0/recording",
            "/openapi/v1.0/recording/list/1",
            "/openapi/v1.0/extension/list",
            "/api/v1.0/get_token",
        ] {
            check(path, Err(Errcode::InterfaceUnknown));
        }
        for path in ["/openapi/v2.0/cdr/list", "/openapi/v1/get_token", "/openapi/v1.0.0/get_token"] {
            check(path, Err(Errcode::VersionUnsupported));
        }
    }

    const RANDOM: &str = "120732c546381fb020f17fba676b0ea0";

    fn resource(kind: ResourceKind, random: &str) -> Result<Endpoint, Errcode> {
        Ok(Endpoint::Resource(Resource { kind, random: Secret::new(random) }))
    }

    #[test]
    fn links_are_read_back() {
        for kind in ResourceKind::ALL {
            for extension in ["wav", "csv", "", "w v", "../x"] {
                let path = link(kind, "20220412175901", &Secret::new(RANDOM), extension);
                check(path.reveal(), resource(kind, RANDOM));
            }
        }
        let path = link(ResourceKind::Recording, "20220412175901", &Secret::new(RANDOM), "wav");
        let expected =
            "/api/download/Recording-Callvault-download-20220412175901-120732c546381fb020f17fba676b0ea0.wav";
        assert_eq!(path.reveal(), expected);
        assert!(!format!("{path:?}").contains(RANDOM));
    }

    #[test]
    fn the_links_of_the_device_have_the_same_form() {
        // The sample of the vendor's page on recordings.
        check(
            "/api/download/Recording-X.7.0.6-1-download-20220412175901-M8zB66xYUNTNMr2D.wav",
            resource(ResourceKind::Recording, "M8zB66xYUNTNMr2D"),
        );
    }

    #[test]
    fn what_is_no_link() {
        for path in [
            "/api/download",
            "/api/download/x.wav",
            "/api/download/Recording",
            "/api/download/Recording-.wav",
            "/api/download/Recordings-a.wav",
            "/api/download/Recording-a%2Fb.wav",
            "/api/download/Recording-a/b.wav",
            "/api/download/Backup-download-20220412175901-M8zB66xYUNTNMr2D.wav",
        ] {
            check(path, Err(Errcode::NotFound));
            assert_eq!(surface(path), Surface::Link, "{path}");
        }
        check(&format!("/api/download/Recording-{}", "a".repeat(65)), Err(Errcode::NotFound));
        assert_eq!(surface("/openapi/v1.0/recording/download"), Surface::Call);
    }
}
