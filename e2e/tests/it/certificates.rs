//! HTTP and HTTPS on one port: the certificate that is made at first start, the operator's own and its renewal, and who
//! may speak plain HTTP.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::flows::curl;
use crate::support::audio::noise_wav;
use crate::support::http::get;
use crate::support::vault::{PASSWORD, Vault};
use crate::support::yeastar::login;
use crate::support::{run, told, wait_for};

/// The SHA-256 fingerprint of the certificate that a server shows, as openssl writes it (`AB:CD:...`).
fn shown_fingerprint(server: std::net::SocketAddr) -> String {
    let script = format!(
        "openssl s_client -connect {server} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256"
    );
    fingerprint_of(&run(Command::new("bash").args(["-c", &script])))
}

fn file_fingerprint(file: &Path) -> String {
    fingerprint_of(&run(Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
        .arg(file)))
}

fn fingerprint_of(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line).into_owned();
    line.trim().rsplit('=').next().unwrap_or_default().to_owned()
}

/// A self-signed certificate for `localhost` and its key.
fn make_certificate(certificate: &Path, key: &Path) {
    run(Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "30",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .arg("-keyout")
        .arg(key)
        .arg("-out")
        .arg(certificate)
        .stderr(std::process::Stdio::null()));
}

/// Letters and digits only, as fingerprints are written with and without colons.
fn squeezed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

#[test]
fn the_first_start_makes_a_certificate_and_tells_its_fingerprint() {
    let vault = Vault::with_api_person();
    let audio = noise_wav(1, 16_000);
    vault.import_as("one.wav", &audio);
    let server = vault.serve();
    assert_eq!(server.http, server.https, "one port for both");
    let fingerprint = shown_fingerprint(server.https);
    assert_eq!(squeezed(&fingerprint).len(), 64, "{fingerprint}");
    let told = squeezed(&(server.output() + &server.log()));
    assert!(told.contains(&squeezed(&fingerprint)), "the server did not tell {fingerprint}");

    // Its names: this host, its addresses, loopback.
    let pem = vault.folder().join("shown.pem");
    let script = format!("openssl s_client -connect {} </dev/null 2>/dev/null | openssl x509", server.https);
    fs_err::write(&pem, run(Command::new("bash").args(["-c", &script]))).expect("a file");
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{}/health/live", server.https.port());
        run(curl().arg("--fail").arg("--cacert").arg(&pem).arg(url));
    }
    // A session from HTTP is good on HTTPS and the other way round.
    let session = login(server.http, "api", PASSWORD);
    let random = session.get_random("one.wav");
    let link = format!("https://{}{}", server.https, session.link("one.wav", &random));
    assert_eq!(run(curl().arg("-k").arg(link)), audio);
    server.stop();

    let server = vault.serve();
    assert_eq!(shown_fingerprint(server.https), fingerprint, "it is kept");
    server.stop();
}

#[test]
fn certificate_files_of_the_operator_are_used_and_read_again_when_they_change() {
    let vault = Vault::with_api_person();
    let (certificate, key) = (vault.folder().join("cert.pem"), vault.folder().join("key.pem"));
    make_certificate(&certificate, &key);
    let server = vault.serve_with(|command| {
        command.env("CALLVAULT_TLS_CERTIFICATE", &certificate).env("CALLVAULT_TLS_KEY", &key);
    });
    let first = file_fingerprint(&certificate);
    assert_eq!(shown_fingerprint(server.https), first);
    let url = format!("https://localhost:{}/health/ready", server.https.port());
    run(curl().arg("--fail").arg("--cacert").arg(&certificate).arg(&url));

    // A renewal that is under way, and a broken one, leave the old certificate in use.
    fs_err::write(&certificate, "-----BEGIN CERTIFICATE-----\nbroken").expect("a file");
    wait_for("the complaint about it", Duration::from_secs(90), || {
        server.log().contains("the old one stays").then_some(())
    });
    assert_eq!(shown_fingerprint(server.https), first);

    let (new_certificate, new_key) = (vault.folder().join("new.pem"), vault.folder().join("new-key.pem"));
    make_certificate(&new_certificate, &new_key);
    fs_err::rename(&new_key, &key).expect("the new key");
    fs_err::rename(&new_certificate, &certificate).expect("the new certificate");
    let second = file_fingerprint(&certificate);
    assert_ne!(first, second);
    wait_for("the new certificate", Duration::from_secs(90), || {
        (shown_fingerprint(server.https) == second).then_some(())
    });
    run(curl().arg("--fail").arg("--cacert").arg(&certificate).arg(&url));
    server.stop();
}

#[test]
fn plain_http_can_be_refused() {
    let vault = Vault::with_api_person();
    let server = vault.serve_with(|command| {
        command.env("CALLVAULT_PLAIN_HTTP", "refuse");
    });
    run(curl().args(["-k", "--fail"]).arg(format!("https://{}/health/live", server.https)));
    let plain =
        curl().arg("--include").arg(format!("http://{}/health/live", server.https)).output().expect("curl");
    let text = String::from_utf8_lossy(&plain.stdout).into_owned();
    assert!(!plain.status.success() || text.starts_with("HTTP/1.1 4"), "{}", told(&plain));
    assert!(
        !text.contains("\r\nLocation:") && !text.contains("\r\nlocation:"),
        "a redirect turns POST into GET: {text}"
    );
    server.stop();

    // The default lets loopback through, and a port of its own for each protocol keeps to it.
    let mut command =
        vault.command(["serve", "--plain-listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"]);
    command.env_remove("CALLVAULT_LISTEN");
    let server = crate::support::vault::Server::start(command, vault.folder());
    assert_ne!(server.http, server.https);
    assert_eq!(get("/health/live").send(server.http).status, 200);
    run(curl().args(["-k", "--fail"]).arg(format!("https://{}/health/live", server.https)));
    let crossed = curl().args(["-k", "--fail"]).arg(format!("https://{}/health/live", server.http)).output();
    assert!(!crossed.expect("curl").status.success(), "no TLS on the plain port");
    let crossed = curl().arg("--fail").arg(format!("http://{}/health/live", server.https)).output();
    assert!(!crossed.expect("curl").status.success(), "no plain HTTP on the TLS port");
    server.stop();
}
