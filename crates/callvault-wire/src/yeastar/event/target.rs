//! Where reports go: what login and heartbeat said, turned into one address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use callvault_core::address::canonical;
use callvault_core::secret::Secret;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::yeastar::request::UrlKind;

/// The longest `url` that is taken, in bytes.
pub const MOST_URL_BYTES: usize = 2048;

/// What may not stand in a request line as it is. A `%` stays: a client that encoded its path meant that.
const NOT_IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// An address that reports can be sent to. It holds nothing that could break a request line or a header.
///
/// `Debug` and `Display` leave out the path, as it may carry a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    is_https: bool,
    host: Host,
    port: u16,
    path: Secret,
}

/// The machine that reports go to. Whether it may be reached is for the caller to decide, of a name after it was
/// resolved.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// An address; IPv4 where it is IPv4 in IPv6's clothes.
    Address(IpAddr),
    /// A name in lower case.
    Name(String),
}

/// Why reports cannot go where a client wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// More than [`MOST_URL_BYTES`].
    #[error("the url for reports has more than {MOST_URL_BYTES} bytes")]
    TooLong,
    /// A line break or another control character.
    #[error("the url for reports holds a control character")]
    ControlCharacter,
    /// Neither `http` nor `https`.
    #[error("reports go to http and https addresses only")]
    Scheme,
    /// A user name or password before the host.
    #[error("the url for reports holds a user name or a password")]
    Credentials,
    /// No host, or not one.
    #[error("the url for reports names no host")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the port for reports is not a number from 1 to 65535")]
    Port,
}

impl Target {
    /// Where reports go for a client at `application_server` that asked for `port` and `url`
    /// (`docs/yeastar.md`, "Reports").
    ///
    /// A path may lack its slash. A complete address may lack its scheme, which then is `http`, its port, which
    /// then is the scheme's, and its path. An address with a scheme is complete whatever `kind` says, because it
    /// is no sensible path. A fragment is dropped.
    pub fn new(
        application_server: IpAddr,
        port: u16,
        url: Option<&str>,
        kind: UrlKind,
    ) -> Result<Self, InvalidTarget> {
        let url = url.unwrap_or_default().trim();
        if url.len() > MOST_URL_BYTES {
            return Err(InvalidTarget::TooLong);
        }
        if url.chars().any(char::is_control) {
            return Err(InvalidTarget::ControlCharacter);
        }
        let has_scheme = ["http://", "https://"].iter().any(|scheme| strip_prefix(url, scheme).is_some());
        if !url.is_empty() && (kind == UrlKind::Complete || has_scheme) {
            return complete(url);
        }
        if port == 0 {
            return Err(InvalidTarget::Port);
        }
        let host = Host::Address(canonical(application_server));
        Ok(Self { is_https: false, host, port, path: path(url) })
    }

    /// Whether it is to be reached by TLS.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// The machine.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port, 1 to 65535.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, beginning with a slash.
    pub fn path(&self) -> &Secret {
        &self.path
    }

    /// Host and port: what makes two logins' targets the same (`docs/yeastar.md` G6).
    pub fn key(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The value of the header `Host`: without the port if that is the scheme's own.
    pub fn authority(&self) -> String {
        if self.port == default_port(self.is_https) { self.host.to_string() } else { self.key() }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        let path = if self.path.reveal() == "/" { "/" } else { "/***" };
        write!(f, "{scheme}://{}{path}", self.authority())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Host {
    /// As in an address line: IPv6 in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

fn default_port(is_https: bool) -> u16 {
    if is_https { 443 } else { 80 }
}

/// Without regard to case, as schemes are.
fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

fn complete(url: &str) -> Result<Target, InvalidTarget> {
    let (is_https, rest) = match (strip_prefix(url, "https://"), strip_prefix(url, "http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => (false, url.trim_start_matches('/')),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    if authority.ends_with(':') && after.starts_with("//") {
        return Err(InvalidTarget::Scheme);
    }
    if authority.contains('@') {
        return Err(InvalidTarget::Credentials);
    }
    let (host, port) = split_port(authority)?;
    let port = match port {
        "" => default_port(is_https),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port != 0).ok_or(InvalidTarget::Port)?
        }
        _ => return Err(InvalidTarget::Port),
    };
    Ok(Target { is_https, host, port, path: path(after) })
}

/// Host and the digits of the port, which may be missing.
fn split_port(authority: &str) -> Result<(Host, &str), InvalidTarget> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, rest) = rest.split_once(']').ok_or(InvalidTarget::Host)?;
        let port = if rest.is_empty() { rest } else { rest.strip_prefix(':').ok_or(InvalidTarget::Port)? };
        return Ok((ipv6(address)?, port));
    }
    // Without brackets only where it can be nothing else, so never with a port.
    if authority.bytes().filter(|byte| *byte == b':').count() > 1 {
        return Ok((ipv6(authority)?, ""));
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    Ok((name(host)?, port))
}

fn ipv6(text: &str) -> Result<Host, InvalidTarget> {
    let address: Ipv6Addr = text.parse().map_err(|_| InvalidTarget::Host)?;
    Ok(Host::Address(canonical(address.into())))
}

/// An IPv4 address or a name. What ends in a number must be an address as it stands: resolvers also read
/// `127.1` and `2130706433`, and who writes those wants to hide where they lead.
fn name(text: &str) -> Result<Host, InvalidTarget> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_number = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > 253 || text.starts_with('.') || is_number || !text.bytes().all(fits) {
        return Err(InvalidTarget::Host);
    }
    Ok(Host::Name(text.to_ascii_lowercase()))
}

/// Path and query as they go into the request line.
fn path(text: &str) -> Secret {
    let text = text.split('#').next().unwrap_or_default();
    let slash = if text.starts_with('/') { "" } else { "/" };
    Secret::new(format!("{slash}{}", utf8_percent_encode(text, NOT_IN_PATH)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The application server of the vendor's example.
    const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(110, 22, 2, 3));

    fn shown(target: &Target) -> String {
        let scheme = if target.is_https { "https" } else { "http" };
        format!("{scheme}://{}{}", target.key(), target.path.reveal())
    }

    #[track_caller]
    fn check(url: &str, kind: UrlKind, expected: Result<&str, InvalidTarget>) {
        let target = Target::new(SERVER, 8260, Some(url), kind);
        assert_eq!(target.map(|target| shown(&target)), expected.map(str::to_owned), "for {url:?} {kind:?}");
    }

    #[test]
    fn paths_on_the_application_server() {
        let kind = UrlKind::Path;
        check("report", kind, Ok("http://110.22.2.3:8260/report"));
        check("/report", kind, Ok("http://110.22.2.3:8260/report"));
        check("a/b?c=d&e#f", kind, Ok("http://110.22.2.3:8260/a/b?c=d&e"));
        check("?c=d", kind, Ok("http://110.22.2.3:8260/?c=d"));
        check("a b\u{e9}%41", kind, Ok("http://110.22.2.3:8260/a%20b%C3%A9%41"));
        check(" ", kind, Ok("http://110.22.2.3:8260/"));
        check("a:b@c", kind, Ok("http://110.22.2.3:8260/a:b@c"));
        check("HTTP://crm.example.org/x", kind, Ok("http://crm.example.org:80/x"));
    }

    #[test]
    fn complete_addresses() {
        let kind = UrlKind::Complete;
        check("110.22.2.3:8260/report", kind, Ok("http://110.22.2.3:8260/report"));
        check("http://10.0.0.5:8001/report", kind, Ok("http://10.0.0.5:8001/report"));
        check("https://CRM.example.org/hook?key=1", kind, Ok("https://crm.example.org:443/hook?key=1"));
        check("crm.example.org", kind, Ok("http://crm.example.org:80/"));
        check("crm.example.org:/x", kind, Ok("http://crm.example.org:80/x"));
        check("//crm.example.org:81/x", kind, Ok("http://crm.example.org:81/x"));
        check("crm:81?x", kind, Ok("http://crm:81/?x"));
        check("[2001:db8::5]:8001/x", kind, Ok("http://[2001:db8::5]:8001/x"));
        check("https://[::ffff:10.0.0.5]", kind, Ok("https://10.0.0.5:443/"));
        check("2001:db8::5/x", kind, Ok("http://[2001:db8::5]:80/x"));
        check("", kind, Ok("http://110.22.2.3:8260/"));
    }

    #[test]
    fn what_is_no_address() {
        let kind = UrlKind::Complete;
        check("ftp://crm.example.org/", kind, Err(InvalidTarget::Scheme));
        check("http://api:secret@crm.example.org/", kind, Err(InvalidTarget::Credentials));
        for host in [
            "http://",
            "http:///x",
            ":80",
            "crm example.org",
            "127.1",
            "2130706433",
            "0x7f000001",
            "10.0.0.256",
            "[::1",
            "[crm]",
            "1:2:3",
            "fe80::1%25eth0",
            "b\u{fc}ro.example",
            ".",
        ] {
            check(host, kind, Err(InvalidTarget::Host));
        }
        for port in ["crm:0", "crm:65536", "crm:-1", "crm:+80", "crm:x", "[::1]80"] {
            check(port, kind, Err(InvalidTarget::Port));
        }
        for kind in [UrlKind::Path, UrlKind::Complete] {
            check("x\r\nHost: y", kind, Err(InvalidTarget::ControlCharacter));
            check(&"a".repeat(2049), kind, Err(InvalidTarget::TooLong));
        }
        assert_eq!(Target::new(SERVER, 0, None, UrlKind::Path), Err(InvalidTarget::Port));
    }

    #[test]
    fn the_host_header_leaves_out_the_usual_port() {
        for (url, expected) in [
            ("http://crm.example.org:80/", "crm.example.org"),
            ("https://crm.example.org:443/", "crm.example.org"),
            ("https://crm.example.org:80/", "crm.example.org:80"),
            ("[2001:db8::5]:8001", "[2001:db8::5]:8001"),
        ] {
            let target = Target::new(SERVER, 8260, Some(url), UrlKind::Complete).expect("complete");
            assert_eq!(target.authority(), expected);
        }
        let server = "::ffff:10.0.0.5".parse().expect("an address");
        let target = Target::new(server, 8260, None, UrlKind::Path).expect("complete");
        assert_eq!(target.authority(), "10.0.0.5:8260");
    }

    #[test]
    fn the_path_does_not_print() {
        let target = Target::new(SERVER, 8260, Some("hook?key=hush"), UrlKind::Path).expect("complete");
        assert_eq!(format!("{target} {target:?}").matches("http://110.22.2.3:8260/***").count(), 2);
    }

    proptest! {
        #[test]
        fn any_url_gives_one_request_line(url in any::<String>(), is_complete in any::<bool>()) {
            let kind = if is_complete { UrlKind::Complete } else { UrlKind::Path };
            if let Ok(target) = Target::new(SERVER, 8260, Some(&url), kind) {
                let line = format!("{}{}", target.authority(), target.path.reveal());
                prop_assert!(line.bytes().all(|byte| byte.is_ascii_graphic()), "{line:?}");
                prop_assert!(target.path.reveal().starts_with('/'));
            }
        }
    }
}
