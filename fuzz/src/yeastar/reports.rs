//! Reports of the Yeastar dialect: who logs in for them by TCP, where they go, and what comes back.

use std::net::{IpAddr, Ipv4Addr};

use callvault_core::address::canonical;
use callvault_wire::yeastar::event::answer::{Answer, AnswerReader};
use callvault_wire::yeastar::event::target::{Host, InvalidTarget, MOST_URL_BYTES, Target};
use callvault_wire::yeastar::request::UrlKind;
use callvault_wire::yeastar::tcp::login::{InvalidLogin, LoginReader, MOST_LOGIN_BYTES, Progress, TcpLogin};
use serde_json::json;

use crate::{is_unmistakable, pieces};

/// What a TCP client sends. What is made of it does not depend on how the bytes arrive, up to the first thing that has no
/// end to go on after.
pub fn yeastar_tcp_login(data: &[u8]) {
    let whole = logins(data, data.len().max(1));
    // Of long ones few pieces: with each piece the reader looks at all that it holds.
    let lengths: &[usize] = if data.len() <= 400 { &[1, 2, 3, 61] } else { &[157, 4095, 4096, 4097] };
    for &length in lengths {
        assert_eq!(logins(data, length), whole, "in pieces of {length}");
    }
    let mut reader = LoginReader::new();
    reader.push(data);
    assert_ne!(reader.finish(), Progress::Pending, "the end decides");
    assert_eq!(reader.finish(), Progress::Invalid(InvalidLogin::Incomplete), "and nothing is left");
    for progress in &whole {
        if let Progress::Login(login) = progress {
            check_login(login);
            let secret = login.password.reveal();
            // A name may hold the very text of it, and names are shown.
            let is_named = login.username.contains(secret);
            assert!(
                is_named || !is_unmistakable(secret, data) || !format!("{login:?}").contains(secret),
                "the secret is shown"
            );
        }
    }
}

/// All that a reader says, in order. After `TooLong` and `Malformed` it does not know where the next login begins.
fn logins(data: &[u8], length: usize) -> Vec<Progress> {
    let mut reader = LoginReader::new();
    let mut said = Vec::new();
    for piece in pieces(data, length).chain([&b""[..]]) {
        let mut next = piece;
        loop {
            let progress = reader.push(next);
            next = b"";
            match progress {
                Progress::Pending => break,
                Progress::Invalid(InvalidLogin::TooLong | InvalidLogin::Malformed) => {
                    said.push(progress);
                    return said;
                }
                progress => said.push(progress),
            }
            assert!(said.len() <= data.len(), "no login takes no bytes");
        }
        let held: usize = format!("{reader:?}")
            .split(' ')
            .next()
            .and_then(|number| number.parse().ok())
            .expect("how many bytes");
        assert!(held <= MOST_LOGIN_BYTES, "{held} bytes are held");
    }
    said.push(Progress::Pending);
    said
}

fn check_login(login: &TcpLogin) {
    assert!(!login.username.is_empty() && login.username.trim() == login.username, "{login:?}");
    assert!(login.username.len() <= MOST_LOGIN_BYTES);
    let (secret, version) = (login.password.reveal(), login.report_format.as_str());
    assert!(secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let expected = Progress::Login(login.clone());
    let object = json!({"username": login.username, "secret": secret, "version": version}).to_string();
    if object.len() <= MOST_LOGIN_BYTES {
        assert_eq!(LoginReader::new().push(object.as_bytes()), expected, "{object}");
        // Names are read without regard to case, and the last one counts.
        let other = format!("{{\"USERNAME\":\"other\",\"Username\":\"another\",{}", &object[1..]);
        let last = format!("{},\"USERNAME\":\"other\"}}", &object[..object.len() - 1]);
        if last.len() < MOST_LOGIN_BYTES - 100 {
            assert_eq!(LoginReader::new().push(other.as_bytes()), expected, "{other}");
            let renamed = Progress::Login(TcpLogin { username: "other".into(), ..login.clone() });
            assert_eq!(LoginReader::new().push(last.as_bytes()), renamed, "{last}");
        }
    }
    // The form of lines says the same, unless the name holds what ends one.
    let lines = format!(
        "Action: login\r\nUsername: {}\r\nSecret: {secret}\r\nVersion: {version}\r\n\r\n",
        login.username
    );
    if !login.username.contains('\n') && lines.len() <= MOST_LOGIN_BYTES {
        assert_eq!(LoginReader::new().push(lines.as_bytes()), expected, "{lines:?}");
    }
}

/// What a receiver of reports sends back.
pub fn yeastar_answer(data: &[u8]) {
    let mut reader = AnswerReader::new();
    let whole = reader.push(data);
    let ended = reader.finish();
    for length in [1, 2, 3, 7, 64] {
        let mut reader = AnswerReader::new();
        let mut decided = Answer::Pending;
        for piece in pieces(data, length) {
            let answer = reader.push(piece);
            assert!(decided == Answer::Pending || decided == answer, "{decided:?} became {answer:?}");
            decided = answer;
        }
        assert_eq!(decided, whole, "in pieces of {length}");
        assert_eq!(reader.finish(), ended, "the end after pieces of {length}");
    }
    assert_ne!(ended, Answer::Pending, "the end decides");
    assert!(whole == Answer::Pending || whole == ended, "the end changed {whole:?} into {ended:?}");
    if let Answer::Status(status) = ended {
        assert!((100..=999).contains(&status) && !matches!(status, 100 | 102..=199), "{status}");
        // It stands there, behind the name of the protocol.
        let text = data.escape_ascii().to_string().to_ascii_uppercase();
        let place = text.find("HTTP/").expect("a status line");
        assert!(
            text[place..].contains(&format!(" {status}")) || text[place..].contains(&format!("\\T{status}"))
        );
        // Interim answers before it change nothing.
        let behind = [b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n", data].concat();
        assert_eq!(AnswerReader::new().push(&behind), whole, "behind an interim answer");
    }
}

/// The `url` of a login; the first byte chooses how it is meant, the port and the application server.
pub fn yeastar_report_target(data: &[u8]) {
    let Some((choice, url)) = data.split_first() else { return };
    let Ok(url) = std::str::from_utf8(url) else { return };
    let kind = if choice % 2 == 0 { UrlKind::Path } else { UrlKind::Complete };
    let port = [8260, 80, 443, 0][usize::from(choice / 2 % 4)];
    let server: IpAddr = ["110.22.2.3", "2001:db8::3", "::ffff:10.0.0.5"][usize::from(choice / 8 % 3)]
        .parse()
        .expect("an address");
    let target = match Target::new(server, port, Some(url), kind) {
        Ok(target) => target,
        Err(invalid) => {
            assert!(!invalid.to_string().is_empty());
            assert!(invalid != InvalidTarget::TooLong || url.trim().len() > MOST_URL_BYTES);
            return;
        }
    };
    assert_ne!(target.port(), 0);
    let path = target.path().reveal();
    assert!(path.starts_with('/') && !path.contains('#'), "{path:?}");
    // Each byte becomes three at most.
    assert!(path.len() <= 3 * MOST_URL_BYTES + 1, "{} bytes of path", path.len());
    match target.host() {
        Host::Address(address) => assert_eq!(*address, address.to_canonical(), "IPv4 in IPv6's clothes"),
        Host::Name(name) => {
            assert!((1..=253).contains(&name.len()), "{name:?}");
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b)),
                "{name:?}"
            );
            // What a resolver would take for an address in disguise.
            let last = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
            assert!(!last.starts_with("0x") && last.bytes().any(|byte| !byte.is_ascii_digit()), "{name:?}");
        }
    }
    for (what, text) in [("authority", target.authority()), ("key", target.key()), ("path", path.to_owned())]
    {
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{what}: {text:?}");
        assert!(what == "path" || !text.contains(['@', '/', '?', '#', '\\']), "{what}: {text:?}");
    }
    let scheme = if target.is_https() { "https" } else { "http" };
    let shown = format!("{scheme}://{}/{}", target.authority(), if path == "/" { "" } else { "***" });
    assert_eq!(format!("{target} {target:?}"), format!("{shown} {shown}"), "what may be a key is not shown");
    // Written out in full, it is the same whatever was meant, and whoever asks.
    for host in [target.key(), target.authority()] {
        let full = format!("{scheme}://{host}{path}");
        for kind in [UrlKind::Path, UrlKind::Complete] {
            let again = Target::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1, Some(&full), kind);
            let expected =
                if full.len() > MOST_URL_BYTES { Err(InvalidTarget::TooLong) } else { Ok(target.clone()) };
            assert_eq!(again, expected, "{full}");
        }
    }
    // A path alone never leads away from the application server.
    let is_path = kind == UrlKind::Path && !url.trim().to_ascii_lowercase().starts_with("http");
    if is_path || url.trim().is_empty() {
        assert_eq!((target.host(), target.port()), (&Host::Address(canonical(server)), port), "{url:?}");
        assert!(!target.is_https());
    }
}
