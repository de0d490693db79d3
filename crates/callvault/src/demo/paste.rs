//! The commands that the demo prints: each works in bash as it stands.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use callvault_core::secret::{PasswordMd5, Secret};

use super::content::{CONNECTOR, DISPATCHER, HUNT_GROUP, RECORDING};
use crate::serve::Reached;

/// What is printed when the server accepts connections.
pub(super) fn commands(reached: &[Reached], fingerprint: Option<&str>) -> String {
    let base = |scheme: &str| {
        let one = reached.iter().find(|one| one.scheme == scheme)?;
        Some(format!("{scheme}://{}", reachable(one.address)))
    };
    let mut text =
        String::from("# The demo is running; Ctrl-C stops it. All of this can be pasted into bash.\n");
    for (base, insecure) in [(base("http"), ""), (base("https"), "k")] {
        let Some(base) = base else { continue };
        let curl = format!("curl -sS{insecure}");
        if !insecure.is_empty() {
            text.push_str(
                "\n# The same over HTTPS, on the same port; -k because the certificate is self-signed\n",
            );
            if let Some(fingerprint) = fingerprint {
                writeln!(text, "# Its SHA-256: {fingerprint}").expect("writing to a string cannot fail");
            }
        }
        yeastar(&mut text, &base, &curl);
        enswitch(&mut text, &base, &curl);
    }
    text
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        named => named,
    };
    SocketAddr::new(ip, address.port())
}

/// A filter that leaves the hexadecimal value of a JSON field.
fn field(name: &str) -> String {
    format!(r#"sed -n 's/.*"{name}" *: *"\([0-9a-f]*\)".*/\1/p'"#)
}

fn yeastar(text: &mut String, base: &str, curl: &str) {
    let api = format!("{base}/api/v2.0.0");
    let username = CONNECTOR.username;
    let password = PasswordMd5::of_password(&Secret::new(CONNECTOR.password));
    // The variable is not called RANDOM, which bash keeps for itself.
    write!(
        text,
        r#"
# Yeastar S-Series API: log in, get a random (good for 30 seconds and one download), fetch the recording
TOKEN=$({curl} -X POST {api}/login -d '{{"username":"{username}","password":"{}"}}' | {})
TICKET=$({curl} -X POST "{api}/recording/get_random?token=$TOKEN" -d '{{"recording":"{RECORDING}"}}' | {})
{curl} -o call.wav "{api}/recording/download?recording={RECORDING}&random=$TICKET&token=$TOKEN"

# The file of call records, likewise: all numbers, one month
TICKET=$({curl} -X POST "{api}/cdr/get_random?token=$TOKEN" -d '{{"number":"all","starttime":"2026-03-01 00:00:00","endtime":"2026-03-31 23:59:59"}}' | {})
{curl} "{api}/cdr/download?number=all&starttime=2026-03-01%2000:00:00&endtime=2026-03-31%2023:59:59&random=$TICKET&token=$TOKEN"
"#,
        password.reveal(),
        field("token"),
        field("random"),
        field("random"),
    )
    .expect("writing to a string cannot fail");
}

fn enswitch(text: &mut String, base: &str, curl: &str) {
    let (username, password) = (DISPATCHER.username, DISPATCHER.password);
    let url = |level: u8, more: &str| {
        format!(
            "'{base}/api/json/huntgroups/files/download/?auth_username={username};auth_password={password};huntgroup={HUNT_GROUP};level={level}{more}'"
        )
    };
    // `head` stops reading, and curl need not complain about that.
    let quiet = curl.replace("-sS", "-s");
    write!(
        text,
        "
# Enswitch JSON API: is there a message (level 1 yes, level 2 no)? Fetch it in JSON, then as a plain file
{curl} {}; echo
{curl} {}; echo
{quiet} {} | head -c 200; echo
{curl} -o example.wav {}
",
        url(1, ";check=1"),
        url(2, ";check=1"),
        url(1, ""),
        url(1, ";wrap=none"),
    )
    .expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_name_the_real_port_and_an_address_that_can_be_reached() {
        let reached = |scheme, address: &str| Reached { scheme, address: address.parse().unwrap() };
        let text = commands(&[reached("http", "0.0.0.0:4711"), reached("https", "0.0.0.0:4711")], None);
        assert!(text.contains("curl -sS -X POST http://127.0.0.1:4711/api/v2.0.0/login"), "{text}");
        assert!(text.contains("curl -sSk -X POST https://127.0.0.1:4711/api/v2.0.0/login"), "{text}");
        // md5sum of `Api-Demo-1`.
        assert!(text.contains(r#""password":"830bc6b0a97718b090f4937ca352ffaf""#), "{text}");
        assert!(!text.contains("RANDOM="), "bash would not keep it");
        assert!(commands(&[reached("https", "[::]:1")], None).contains("https://[::1]:1/"));
    }
}
