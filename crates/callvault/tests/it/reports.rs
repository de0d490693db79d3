//! Reports of the built server, by both ways, and what the command line shows of their targets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::vault::{Ran, Vault};

const CALL: &str = "\
callid,timestart,callfrom,callto,callduraction,talkduraction,srctrunkname,dsttrunkname,status,type,pincode,recording,didnumber,sn
1589299528.4,2020-05-12 17:05:28,900000001,110,42,34,TRUNK1,,ANSWERED,Inbound,,,,360000000000
";

const LONGEST: Duration = Duration::from_secs(60);

fn made() -> Vault {
    let vault = Vault::made();
    let add = ["person", "add", "--customer", "1", "--username", "crm", "--role", "api", "--password-stdin"];
    vault.run_with_input(&add, "password\n").done();
    vault
}

fn import(vault: &Vault) -> Ran {
    import_as(vault, "1589299528.4", &[])
}

/// Imports the call under another id.
fn import_as(vault: &Vault, call_id: &str, options: &[&str]) -> Ran {
    let file = vault.beside("calls.csv");
    fs_err::write(&file, CALL.replace("1589299528.4", call_id)).unwrap();
    let import = ["call", "import", "--customer", "1", file.to_str().unwrap()];
    vault.run(&[&import, options].concat())
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONGEST)).unwrap();
    stream
}

/// Logs in and asks for reports at a port of this machine.
fn log_in(server: SocketAddr, port: u16) {
    // The MD5 of `password`.
    let body =
        json!({ "username": "crm", "password": "5f4dcc3b5aa765d61d8327deb882cf99", "port": port.to_string(),
        "url": "report?key=hush", "version": "2.0.0" })
        .to_string();
    let mut stream = connect(server);
    let length = body.len();
    write!(
        stream,
        "POST /api/v2.0.0/login HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("\"Success\""), "{answer}");
}

/// The body of the next request, which is answered with this status.
fn take(receiver: &TcpListener, status: u16) -> Value {
    let (mut stream, _) = receiver.accept().unwrap();
    stream.set_read_timeout(Some(LONGEST)).unwrap();
    let mut request = vec![0; 64 * 1024];
    // It comes in one write.
    let length = stream.read(&mut request).unwrap();
    let text = String::from_utf8_lossy(&request[..length]).into_owned();
    write!(stream, "HTTP/1.1 {status} Whatever\r\n\r\n").unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /report?key=hush HTTP/1.1\r\n"), "{head}");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body:?}"))
}

#[test]
fn a_call_is_reported_and_the_target_can_be_tried_out() {
    let vault = made();
    let server = vault.start("serve");
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = receiver.local_addr().unwrap();
    log_in(server.address("http"), address.port());
    assert_eq!(import(&vault).code, 0);
    let report = take(&receiver, 200);
    assert_eq!((&report["event"], &report["callid"]), (&json!("NewCdr"), &json!("1589299528.4")));
    vault.wait_until("the report is counted", || {
        vault.run(&["target", "list", "--json"]).json()[0]["delivered"] == json!(1)
    });
    // Of the first of these two nobody is told.
    assert_eq!(import_as(&vault, "1589299528.5", &["--no-reports"]).code, 0);
    assert_eq!(import_as(&vault, "1589299528.6", &[]).code, 0);
    assert_eq!(take(&receiver, 200)["callid"], "1589299528.6");
    vault.wait_until("the second report is counted", || {
        vault.run(&["target", "list", "--json"]).json()[0]["delivered"] == json!(2)
    });
    let listed = vault.run(&["target", "list"]).done();
    assert!(listed.contains(&format!("http://{address}/***")) && !listed.contains("hush"), "{listed}");

    let try_out = |status: u16| {
        std::thread::scope(|scope| {
            let taken = scope.spawn(|| take(&receiver, status));
            let tried = vault.run(&["target", "test", "1", "--json"]);
            assert_eq!(taken.join().unwrap(), json!({ "event": "BootUp", "sn": "" }));
            tried
        })
    };
    assert_eq!(try_out(204).json()["status"], 204);
    let refused = try_out(403);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.out.contains("answered with status 403"), "{refused:?}");
    assert_eq!(vault.run(&["target", "resend", "1", "--json"]).json(), json!({ "resent": 0 }));
    vault.run(&["target", "test", "9"]).failed(1, &["cannot try target 9 out"]);
    let ended = server.stop(Signal::TERM);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(!ended.err.contains("hush"), "{ended:?}");
    // Without a server the same commands work on the folder.
    assert_eq!(vault.run(&["target", "list", "--json"]).json()[0]["delivered"], 2);
}

#[test]
fn the_door_of_reports_by_tcp_is_off_until_it_is_asked_for() {
    let vault = made();
    let server = vault.start("serve");
    assert!(!server.ready.contains("tcp-reports"), "{}", server.ready);
    server.stop(Signal::TERM);
    let server = vault.start_with("serve", &["--set", "reports.tcp_listen=127.0.0.1:0"]);
    let last = server.ready.lines().last().unwrap();
    assert!(last.starts_with("tcp-reports 127.0.0.1:"), "{}", server.ready);
    let mut stream = connect(server.address("tcp-reports"));
    stream.write_all(b"Username: crm\r\nSecret: password\r\nVersion: 2.0.0\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert_eq!((lines.next().as_deref(), lines.next().as_deref()), (Some("Response: Success"), Some("")));
    assert_eq!(import(&vault).code, 0);
    let report: Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
    assert_eq!(report["callid"], "1589299528.4");
    let ended = server.stop(Signal::TERM);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(lines.next(), None, "a stop closes the connection");
}

#[test]
fn settings_that_cannot_work_are_told() {
    let vault = made();
    let serve = |setting: &str| vault.run(&["serve", "--listen", "127.0.0.1:0", "--set", setting]);
    let missing = format!("reports.ca_file={}", vault.beside("missing").display());
    serve(&missing).failed(1, &["reports.ca_file"]);
    serve("reports.connections=0").failed(1, &["reports.connections: must be at least 1"]);
    serve("reports.networks=10.0.0.1/8").failed(1, &["reports.networks"]);
    let refused = ["serve", "--set", "plain_http=refuse", "--set", "reports.tcp_listen=127.0.0.1:0"];
    vault.run(&refused).failed(1, &["reports.tcp_listen: plain_http is `refuse`"]);
}
