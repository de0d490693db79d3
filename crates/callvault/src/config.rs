//! Settings: defaults, the TOML file, the environment and the command line, in rising order.
//!
//! Each setting has one key. In the file it stands under its area (`[limits]`, then `largest_message = "20MiB"`); in the
//! environment it is `CALLVAULT_` and the key in capitals (`CALLVAULT_LIMITS_LARGEST_MESSAGE`), with commas between the
//! items of a list; on the command line `--set limits.largest_message=20MiB`, or an option of its own. Every mistake is
//! reported, not only the first.

mod layers;
mod reference;
mod value;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use callvault_core::address::Network;
use callvault_server::telemetry::{self, LogFormat, LogSettings};
use callvault_wire::enswitch::path::Prefixes;
use callvault_wire::yeastar::response::Cors;

pub(crate) use self::layers::{Invocation, Resolved, Shown, resolve};
pub(crate) use self::reference::reference;
pub(crate) use self::value::{Bytes, HeaderWord, LogShape, PlainHttp, Span, StatusMode, TokenLife};

/// What is known about a setting without its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Its name: the area and a dot, if it has one, and the name within.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) help: &'static str,
    /// What holds when nobody says otherwise.
    pub(crate) default: &'static str,
}

impl Key {
    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("CALLVAULT_{}", self.name.replace('.', "_").to_uppercase())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

macro_rules! settings {
    ($( $(#[doc = $about:literal])* $area:ident: $Area:ident, $prefix:literal {
        $( $(#[doc = $help:literal])+ $field:ident: $type:ty = $default:literal, )*
    } )*) => {
        $(
            $(#[doc = $about])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub(crate) struct $Area {
                $( $(#[doc = $help])+ pub(crate) $field: $type, )*
            }
        )*

        /// All settings, by area.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct Settings {
            $( $(#[doc = $about])* pub(crate) $area: $Area, )*
        }

        /// Every setting there is, in the order of the reference.
        pub(crate) const KEYS: &[Key] = &[
            $( $( Key {
                name: concat!($prefix, stringify!($field)),
                help: concat!($($help),+),
                default: $default,
            }, )* )*
        ];

        impl Settings {
            /// Takes every setting out of the layers.
            fn take(layers: &mut layers::Layers) -> Self {
                let mut keys = KEYS.iter();
                Self {
                    $( $area: $Area {
                        $( $field: layers.take(keys.next().expect("there is a key for each field")), )*
                    }, )*
                }
            }
        }
    };
}

settings! {
    /// The server itself.
    server: Server, "" {
        /// The folder that holds the installation. Relative paths start at the working directory.
        data: PathBuf = "./callvault-data",
        /// Addresses that speak HTTP and HTTPS on one port. The default counts only when none of the three lists is set.
        listen: Vec<SocketAddr> = "127.0.0.1:8088",
        /// Addresses that speak plain HTTP only.
        plain_listen: Vec<SocketAddr> = "",
        /// Addresses that speak HTTPS only.
        tls_listen: Vec<SocketAddr> = "",
        /// From where plain HTTP is served: `allow` (everywhere), `private` (loopback, private and link-local addresses) or `refuse`.
        plain_http: PlainHttp = "private",
        /// Networks whose clients are served at all, such as `10.0.0.0/8`. Empty: everybody.
        clients: Vec<Network> = "",
        /// Connections open at once; further ones wait. Never more than the limit on open files allows.
        connections: usize = "10000",
        /// Connections that one address may have open at once; further ones are closed. Configured proxies are exempt.
        connections_per_address: usize = "1024",
        /// How long requests under way may take to finish when the server stops.
        shutdown_grace: Span = "30s",
        /// A file that is written when the server accepts connections, with one line per protocol and address: `http`, `https` or, at last, `tcp-reports`.
        ready_file: Option<PathBuf> = "",
    }
    /// Certificates.
    tls: Tls, "tls." {
        /// PEM file with the certificate chain, leaf first. Empty: a self-signed certificate is made and kept.
        certificate: Option<PathBuf> = "",
        /// PEM file with the private key of the certificate.
        key: Option<PathBuf> = "",
        /// Further host names and addresses for the self-signed certificate.
        names: Vec<String> = "",
    }
    /// Proxies in front of the server.
    proxies: Proxies, "proxies." {
        /// Networks of the proxies whose forwarding header is believed. Nobody else's is.
        networks: Vec<Network> = "",
        /// Which header they write: `x-forwarded-for` or `forwarded` (RFC 7239).
        header: HeaderWord = "x-forwarded-for",
        /// Networks of the proxies that begin each connection with a PROXY header. From these it is demanded.
        proxy_protocol: Vec<Network> = "",
    }
    /// The log, which goes to standard error.
    log: Log, "log." {
        /// What is logged: `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,callvault_server=debug`.
        level: String = "info",
        /// How a line looks: `text` or `json`.
        format: LogShape = "text",
    }
    /// Bounds.
    limits: Limits, "limits." {
        /// The largest recording that is taken in.
        largest_recording: Bytes = "16GiB",
        /// The largest message, prompt or sound that is taken in over the network.
        largest_message: Bytes = "10MiB",
        /// How many versions of a level's message are kept, the current one included.
        message_versions: u32 = "10",
        /// How many live sessions one person may have.
        sessions_per_person: usize = "64",
        /// How long a verified password is believed without hashing it again.
        credential_cache: Span = "30s",
    }
    /// The listen log.
    listen_log: ListenLog, "listen_log." {
        /// Whether no byte of audio leaves before its entry is committed. Otherwise a crash can lose the last entries: normally those of 50 ms, never of more than 2 s.
        strict: bool = "false",
    }
    /// Lock-outs after failed logins.
    lockout: Lockout, "lockout." {
        /// Failures in a row that lock: one address at each Yeastar door, one address with one username elsewhere.
        failures: u32 = "5",
        /// Failures from one address within `lockout.duration`, over all usernames, that lock the address at the other doors.
        address_failures: u32 = "50",
        /// How long a lock lasts.
        duration: Span = "10m",
    }
    /// Reports of calls to application servers.
    reports: Reports, "reports." {
        /// How long the report of a call waits for the call's recording.
        patience: Span = "1m",
        /// Whether reports may go to private addresses (such as `10.0.0.0/8` or `fd00::/8`).
        allow_private: bool = "true",
        /// Whether reports may go to loopback addresses (`127.0.0.1`) whoever asks. A client that logged in from this machine may have them there anyway.
        allow_loopback: bool = "false",
        /// Whether reports may go to link-local addresses and to those where clouds serve metadata (`169.254.169.254`).
        allow_link_local: bool = "false",
        /// The only networks that reports may go to. Empty: all that is allowed otherwise.
        networks: Vec<Network> = "",
        /// Whether the certificates of `https` targets are verified.
        verify_tls: bool = "true",
        /// PEM file with root certificates that are believed besides those of the system.
        ca_file: Option<PathBuf> = "",
        /// To how many targets reports are under way at once.
        connections: usize = "64",
        /// To how many targets of one customer reports are under way at once.
        connections_per_customer: usize = "8",
        /// Addresses at which application servers connect to get reports by TCP, in plain text. Empty: nowhere.
        tcp_listen: Vec<SocketAddr> = "",
        /// Connections for reports by TCP open at once; further ones wait. `connections_per_address` holds for them too.
        tcp_connections: usize = "1000",
    }
    /// The Yeastar dialect.
    yeastar: Yeastar, "yeastar." {
        /// The origin that browsers may call from; `*` is every one, as on the device.
        origin: String = "*",
    }
    /// The Enswitch dialect.
    enswitch: Enswitch, "enswitch." {
        /// The paths under which the functions live.
        prefixes: Vec<String> = "/api/json,/local/api/json",
        /// The HTTP status of an answer: `envelope` (always 200) or `mirror` (the code of the answer).
        status: StatusMode = "envelope",
        /// How long a token of `user/login` lives, at least a second; `never` is for ever.
        token_life: TokenLife = "1h",
    }
}

impl Settings {
    /// What is wrong with the settings together, with each key it is about.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            problems.push("tls.certificate and tls.key belong together: set both or none".to_owned());
        }
        let server = &self.server;
        if server.plain_http == PlainHttp::Refuse && !server.plain_listen.is_empty() {
            problems.push("plain_listen: plain_http is `refuse`, so nobody would be served there".to_owned());
        }
        let reports = &self.reports;
        if server.plain_http == PlainHttp::Refuse && !reports.tcp_listen.is_empty() {
            let reason =
                "plain_http is `refuse`, so nobody would be served there: logins by TCP are plain text";
            problems.push(format!("reports.tcp_listen: {reason}"));
        }
        let mut addresses: Vec<SocketAddr> =
            [&server.listen, &server.plain_listen, &server.tls_listen, &reports.tcp_listen]
                .into_iter()
                .flatten()
                .copied()
                .collect();
        addresses.retain(|address| address.port() != 0);
        addresses.sort();
        for pair in addresses.windows(2).filter(|pair| pair[0] == pair[1]) {
            problems.push(format!("listen: {} is named twice", pair[0]));
        }
        for (name, number) in [
            ("connections", server.connections as u64),
            ("connections_per_address", server.connections_per_address as u64),
            ("limits.largest_recording", self.limits.largest_recording.0),
            ("limits.largest_message", self.limits.largest_message.0),
            ("limits.message_versions", self.limits.message_versions.into()),
            ("limits.sessions_per_person", self.limits.sessions_per_person as u64),
            ("reports.connections", reports.connections as u64),
            ("reports.connections_per_customer", reports.connections_per_customer as u64),
            ("reports.tcp_connections", reports.tcp_connections as u64),
            ("lockout.failures", self.lockout.failures.into()),
            ("lockout.address_failures", self.lockout.address_failures.into()),
        ] {
            if number == 0 {
                problems.push(format!("{name}: must be at least 1"));
            }
        }
        if self.enswitch.token_life.0.is_some_and(|life| life.0 < Duration::from_secs(1)) {
            problems.push("enswitch.token_life: must be at least 1s, or never".to_owned());
        }
        if let Err(error) = Prefixes::new(self.enswitch.prefixes.iter().map(String::as_str)) {
            problems.push(format!("enswitch.prefixes: {error}"));
        }
        if let Err(error) = Cors::new(&self.yeastar.origin) {
            problems.push(format!("yeastar.origin: {error}"));
        }
        let log = LogSettings { format: LogFormat::Text, filter: self.log.level.clone() };
        if let Err(error) = telemetry::dispatch(&log, std::io::sink, false) {
            problems.push(format!("log.level: {:#}", anyhow::Error::from(error)));
        }
        problems
    }

    /// The default address counts only when no address of any kind was named.
    fn settle_listeners(&mut self, listen_is_default: bool) {
        let server = &mut self.server;
        if listen_is_default && !(server.plain_listen.is_empty() && server.tls_listen.is_empty()) {
            server.listen.clear();
        }
    }
}
