//! The golden pairs of both dialects against the real binary, as far as its command line can make the world that a
//! pair speaks of. What needs another clock or another role is replayed against the routes by
//! `callvault-server`; [`Pair::needs_more`] draws the line.

mod calls;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::audio::noise_wav;
use crate::support::http::{Answer, Request, get, read_head};
use crate::support::vault::{PASSWORD, Server, Vault};
use crate::support::yeastar::{Session, login_from, try_login};

const PLAIN: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";
const PLUS: &str = "20240305101530-1709633725.42-+4930123456-2002-Inbound.wav";

fn folder(dialect: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/callvault-wire/tests/golden").join(dialect)
}

/// A request and what has to come back.
struct Pair {
    name: String,
    world: BTreeMap<String, String>,
    request: Vec<u8>,
    expected: Vec<u8>,
}

fn pairs(dialect: &str) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for entry in fs_err::read_dir(folder(dialect)).expect("the golden files") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "request") {
            continue;
        }
        let mut request = fs_err::read(&path).expect("a request");
        let mut world = BTreeMap::new();
        while request.starts_with(b"# ") {
            let end = request.iter().position(|&byte| byte == b'\n').expect("a line ends");
            let line = String::from_utf8(request.drain(..=end).collect()).expect("comments are UTF-8");
            let (word, value) = line[2..].trim_end().split_once(": ").expect("a comment is `# word: value`");
            world.insert(word.to_owned(), value.to_owned());
        }
        let expected = fs_err::read(path.with_extension("response")).expect("its response");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        pairs.push(Pair { name, world, request, expected });
    }
    pairs.sort_by(|one, other| one.name.cmp(&other.name));
    pairs
}

/// Cuts at the first blank line: the head with LF, and the body without the final LF of the file.
fn split(message: &[u8]) -> (String, Vec<u8>) {
    let end = message.windows(2).position(|two| two == b"\n\n").expect("a blank line after the head");
    let head = String::from_utf8(message[..end].to_vec()).expect("a head in UTF-8");
    let body = &message[end + 2..];
    (head, body.strip_suffix(b"\n").unwrap_or(body).to_vec())
}

impl Pair {
    fn world(&self, word: &str) -> Option<&str> {
        self.world.get(word).map(String::as_str)
    }

    /// Whether the pair needs a world that the command line cannot make on a running server.
    fn needs_more(&self) -> bool {
        self.world.iter().any(|(word, value)| {
            matches!(
                (word.as_str(), value.as_str()),
                ("token" | "ticket" | "refresh", "expired")
                    | ("as", "auditor" | "disabled" | "elsewhere" | "owner" | "residential-owner" | "user")
                    | ("huntgroup", "absent" | "other-customer")
                    | ("owner" | "server-limit" | "sound", _)
                    | ("file", "unreadable")
            )
        })
    }

    /// Sends the request as it is written, from an address.
    fn send(&self, server: &Server, source: &str, fill: &[(&str, &str)]) -> Answer {
        let (mut head, mut body) = split(&self.request);
        for (placeholder, value) in fill {
            head = head.replace(placeholder, value);
            body = replace(&body, placeholder, value.as_bytes());
        }
        let method = head.split(' ').next().unwrap_or_default().to_owned();
        let lower = head.to_ascii_lowercase();
        if !lower.contains("\ncontent-length:") && (!body.is_empty() || method == "POST") {
            head.push_str(&format!("\nContent-Length: {}", body.len()));
        }
        head.push_str("\nConnection: close\n\n");
        let mut bytes = head.replace('\n', "\r\n").into_bytes();
        bytes.extend_from_slice(&body);
        let mut stream = get("/").from(source).connect(server.http);
        stream.write_all(&bytes).expect("the request");
        let opened = read_head(stream).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        opened.finish(method == "HEAD")
    }

    /// Status line and headers that have to be there; gives the expected body.
    fn check_head(&self, answer: &Answer, fill: &[(&str, &str)]) -> Result<Vec<u8>, String> {
        let (mut head, body) = split(&self.expected);
        for (placeholder, value) in fill {
            head = head.replace(placeholder, value);
        }
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
        if status != answer.status.to_string() {
            return Err(format!("{}: status {}, not {status}\n{}", self.name, answer.status, answer.text()));
        }
        for line in lines {
            let (name, value) = line.split_once(": ").expect("a header");
            let found: Vec<&str> = answer
                .headers
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
                .collect();
            if !found.contains(&value) {
                return Err(format!("{}: {name} is {found:?}, not {value:?}", self.name));
            }
        }
        Ok(body)
    }
}

fn replace(bytes: &[u8], placeholder: &str, value: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut rest = bytes;
    while let Some(place) =
        rest.windows(placeholder.len()).position(|window| window == placeholder.as_bytes())
    {
        result.extend_from_slice(&rest[..place]);
        result.extend_from_slice(value);
        rest = &rest[place + placeholder.len()..];
    }
    result.extend_from_slice(rest);
    result
}

/// Whether bytes are the pattern, in which `{{hex32}}` stands for 32 lower-case hexadecimal digits and `{{any}}` for
/// anything without a quote.
fn matches(pattern: &[u8], bytes: &[u8]) -> bool {
    let Some(place) = pattern.windows(2).position(|window| window == b"{{") else { return pattern == bytes };
    if bytes.get(..place) != Some(&pattern[..place]) {
        return false;
    }
    let (pattern, bytes) = (&pattern[place..], &bytes[place..]);
    if let Some(rest) = pattern.strip_prefix(b"{{hex32}}") {
        let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        let digits = bytes.get(..32);
        return digits.is_some_and(|digits| digits.iter().all(is_digit)) && matches(rest, &bytes[32..]);
    }
    let Some(rest) = pattern.strip_prefix(b"{{any}}") else { return pattern == bytes };
    let most = bytes.iter().position(|byte| *byte == b'"').unwrap_or(bytes.len());
    (0..=most).any(|length| matches(rest, &bytes[length..]))
}

/// Fails with all complaints at once.
fn report(dialect: &str, replayed: usize, faults: &[String]) {
    println!("golden pairs of {dialect} replayed over the binary: {replayed}");
    assert!(faults.is_empty(), "{} of {replayed}:\n{}", faults.len(), faults.join("\n"));
}

struct YeastarWorld {
    vault: Vault,
    audio: Vec<u8>,
}

impl YeastarWorld {
    fn new() -> Self {
        let vault = Vault::with_api_person();
        vault.add_person(1, "desk", "user", PASSWORD);
        let audio = noise_wav(11, 32_000);
        vault.import_as(PLAIN, &audio);
        vault.import_as(PLUS, &audio);
        Self { vault, audio }
    }

    /// The token and the random of a pair, and where its request comes from.
    fn prepare(&self, pair: &Pair, server: &Server, home: &'static str) -> (String, String, &'static str) {
        if pair.world("lockout") == Some("locked") {
            for _ in 0..5 {
                try_login(server.http, home, "api", "wrong");
            }
        }
        if pair.world("as") != Some("api-user") {
            return ("0".repeat(32), "0".repeat(32), home);
        }
        let session = login_from(home, server.http, "api", PASSWORD);
        if pair.world("token") == Some("logged-out") {
            get(format!("/api/v2.0.0/logout?token={}", session.token)).send(server.http);
        }
        let random = self.ticket(pair, server, &session, home);
        if pair.world("recording") == Some("erased") {
            self.vault.ok(["recording", "remove", "--customer", "1", PLAIN]);
        }
        let peer = match pair.world("peer") {
            // 10.0.0.7 in the files; this machine has addresses of loopback only.
            Some("allowed") => "127.0.0.7",
            Some("stranger") => "127.0.0.8",
            _ => home,
        };
        (session.token, random, peer)
    }

    fn ticket(&self, pair: &Pair, server: &Server, session: &Session, home: &'static str) -> String {
        let name = if pair.world("recording-name") == Some("plus") { PLUS } else { PLAIN };
        let random = |session: &Session, name: &str| {
            let answer = session.get_random_with(name, json!({"allowedip": "127.0.0.7"})).json();
            answer["random"].as_str().unwrap_or_else(|| panic!("{}: {answer}", pair.name)).to_owned()
        };
        match pair.world("ticket") {
            Some("fresh") => random(session, name),
            Some("used") => {
                let random = random(session, name);
                assert_eq!(session.download(name, &random).body, self.audio, "{}", pair.name);
                random
            }
            Some("other-recording") => random(session, if name == PLAIN { PLUS } else { PLAIN }),
            Some("other-session") => random(&login_from(home, server.http, "api", PASSWORD), name),
            _ => "0".repeat(32),
        }
    }
}

/// Every pair gets an address of its own, so that neither lock-outs nor sessions of one reach the next.
fn address(index: usize) -> &'static str {
    // Leaked, because a session keeps its source for as long as the test runs.
    Box::leak(format!("127.1.{}.{}", index / 200, index % 200 + 1).into_boxed_str())
}

#[test]
fn yeastar_pairs() {
    let world = YeastarWorld::new();
    let length = world.audio.len().to_string();
    let (mut replayed, mut faults) = (0, Vec::new());
    for option in ["device", "real-status"] {
        let server = world.vault.serve();
        let errors = if option == "device" { "envelope" } else { "status" };
        world.vault.ok(["person", "set", "api", "--download-errors", errors]);
        for (index, pair) in pairs("yeastar").iter().enumerate() {
            if pair.needs_more() || pair.world("option").unwrap_or("device") != option {
                continue;
            }
            replayed += 1;
            let (token, random, peer) = world.prepare(pair, &server, address(index));
            let answer = pair.send(&server, peer, &[("{{token}}", &token), ("{{random}}", &random)]);
            match pair.check_head(&answer, &[("{{length}}", &length)]) {
                Err(fault) => faults.push(fault),
                Ok(body) => {
                    let body =
                        replace(&replace(&body, "{{length}}", length.as_bytes()), "{{audio}}", &world.audio);
                    if !matches(&body, &answer.body) {
                        faults.push(format!("{}: the body is {}", pair.name, answer.text()));
                    }
                }
            }
            if pair.world("recording") == Some("erased") {
                world.vault.import(&world.vault.folder().join(PLAIN));
            }
        }
        server.stop();
    }
    assert!(replayed >= 110, "only {replayed} pairs were replayed");
    report("Yeastar", replayed, &faults);
}

/// The wildcards for the audio, which stand alone in a JSON string, put in.
fn fill_json(value: &mut Value, audio: &[u8]) {
    match value {
        Value::String(text) if text == "{{audio-raw}}" => {
            *text = audio.iter().map(|&byte| char::from(byte)).collect();
        }
        Value::String(text) if text == "{{audio-base64}}" => {
            *text = base64_simd::STANDARD.encode_to_string(audio);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill_json(item, audio)),
        Value::Object(members) => members.values_mut().for_each(|member| fill_json(member, audio)),
        _ => {}
    }
}

fn is_same_body(pair: &Pair, expected: &[u8], answer: &Answer, audio: &[u8]) -> bool {
    if pair.expected.windows(16).any(|window| window.eq_ignore_ascii_case(b"application/json")) {
        let Ok(mut expected) = serde_json::from_slice::<Value>(expected) else { return false };
        fill_json(&mut expected, audio);
        return serde_json::from_slice::<Value>(&answer.body).is_ok_and(|body| body == expected);
    }
    let base64 = base64_simd::STANDARD.encode_to_string(audio);
    let expected = replace(&replace(expected, "{{audio}}", audio), "{{audio-base64}}", base64.as_bytes());
    expected.trim_ascii_end() == answer.body.trim_ascii_end()
}

/// What a pair says about level 1 afterwards.
fn check_afterwards(pair: &Pair, server: &Server) -> Result<(), String> {
    let base = "/api/json/huntgroups/files/download/?auth_username=user;auth_password=password;huntgroup=123;level=1";
    match pair.world("then-file") {
        None => {}
        Some("absent") => {
            let found = get(format!("{base};check=1")).send(server.http).json();
            if found["data"] != json!({"found": 0}) {
                return Err(format!("{}: the file is still there: {found}", pair.name));
            }
        }
        Some(file) => {
            let wanted = fs_err::read(folder("enswitch").join(file)).expect("the golden audio");
            if get(format!("{base};wrap=none")).send(server.http).body != wanted {
                return Err(format!("{}: level 1 does not hold {file}", pair.name));
            }
        }
    }
    if let Some(name) = pair.world("then-name") {
        let answer = get(format!("{base};encoding=base64")).send(server.http).json();
        if answer["data"]["name"] != name {
            return Err(format!("{}: the file is called {}, not {name}", pair.name, answer["data"]["name"]));
        }
    }
    Ok(())
}

#[test]
fn enswitch_pairs() {
    let vault = Vault::init();
    vault.add_person(1, "user", "administrator", "password");
    vault.add_hunt_group(1, 123, "Front desk");
    let example = folder("enswitch").join("example.wav");
    let greeting = folder("enswitch").join("greeting.wav");
    vault.ok([
        "sound",
        "add",
        "--customer",
        "1",
        "--id",
        "7",
        "--name",
        "Closed now",
        greeting.to_str().expect("a path in UTF-8"),
    ]);
    let audio = fs_err::read(&example).expect("the golden audio");
    vault.put_message(123, 1, &example);
    let mut has_example = true;
    let (mut replayed, mut faults) = (0, Vec::new());
    for mirror in ["off", "on"] {
        let server = vault.serve_with(|command| {
            let status = if mirror == "on" { "mirror" } else { "envelope" };
            command.env("CALLVAULT_ENSWITCH_STATUS", status);
        });
        for (index, pair) in pairs("enswitch").iter().enumerate() {
            if pair.needs_more() || pair.world("mirror").unwrap_or("off") != mirror {
                continue;
            }
            replayed += 1;
            let wants_example = pair.world("file") != Some("absent");
            match (has_example, wants_example) {
                (true, false) => drop(vault.ok(["message", "remove", "--huntgroup", "123", "--level", "1"])),
                (false, true) => vault.put_message(123, 1, &example),
                _ => {}
            }
            let forbids = pair.world("plan") == Some("forbids");
            if forbids {
                vault.ok(["customer", "set", "1", "--hunt-groups", "forbid"]);
            }
            let answer = pair.send(&server, address(index), &[]);
            if forbids {
                vault.ok(["customer", "set", "1", "--hunt-groups", "allow"]);
            }
            match pair.check_head(&answer, &[]) {
                Err(fault) => faults.push(fault),
                Ok(body) if !is_same_body(pair, &body, &answer, &audio) => {
                    faults.push(format!("{}: the body is {}", pair.name, answer.text()));
                }
                Ok(_) => faults.extend(check_afterwards(pair, &server).err()),
            }
            has_example = wants_example && !pair.world.contains_key("then-file");
        }
        server.stop();
    }
    assert!(replayed >= 90, "only {replayed} pairs were replayed");
    report("Enswitch", replayed, &faults);
}

/// The three requests of the vendor's page `huntgroups/files/download`, and the answers that it prints. The page shows
/// the same request with both outcomes of `check=1`, so the message goes away in between.
#[test]
fn the_requests_of_the_enswitch_page() {
    let vault = Vault::init();
    vault.add_person(1, "user", "user", "password");
    vault.add_hunt_group(1, 123, "Front desk");
    let example = folder("enswitch").join("example.wav");
    vault.put_message(123, 1, &example);
    let server = vault.serve();
    let download = "/api/json/huntgroups/files/download/?auth_username=user;auth_password=password;huntgroup=123;level=1";
    let check = format!("{download};check=1");
    let ok = json!([{"code": "200", "key": "", "message": "OK"}]);

    let answer = get(download).send(server.http).json();
    let text = answer["data"]["data"].as_str().expect("the audio").to_owned();
    assert!(text.starts_with("RIFF"), "{text:?}");
    let expected = json!({
        "responses": ok,
        "data": {"id": 123, "name": "example.wav", "mimetype": "audio/x-wav", "data": text},
    });
    assert_eq!(answer, expected, "no member more, none less");
    assert_eq!(get(&check).send(server.http).json(), json!({"responses": ok, "data": {"found": 1}}));
    vault.ok(["message", "remove", "--huntgroup", "123", "--level", "1"]);
    assert_eq!(get(&check).send(server.http).json(), json!({"responses": ok, "data": {"found": 0}}));
    server.stop();
}

/// The request and the link of the vendor's page on recordings, header lines included.
#[test]
fn the_requests_of_the_yeastar_page() {
    const LINKED: &str = "20170901181806-1504261084.7-1001-1003-Internal.wav";
    let vault = Vault::with_api_person();
    let audio = noise_wav(12, 32_000);
    vault.import_as(PLAIN, &audio);
    vault.import_as(LINKED, &audio);
    let server = vault.serve();
    let session = login_from("127.0.0.1", server.http, "api", PASSWORD);

    let answer = Request::new("POST", format!("/api/v2.0.0/recording/get_random?token={}", session.token))
        .header("Content-Type", "application/json; charset=utf-8")
        .header("Host", "192.168.5.150")
        .body(format!(r#"{{ "recording": "{PLAIN}" }}"#))
        .send(server.http);
    assert_eq!(answer.status, 200);
    for (name, value) in [
        ("accept-ranges", "bytes"),
        ("connection", "close"),
        ("content-type", "application/json"),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, POST, OPTIONS, PUT, DELETE"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let body = answer.json();
    assert_eq!((body["status"].clone(), body["recording"].clone()), (json!("Success"), json!(PLAIN)));
    assert!(matches(b"{{hex32}}", body["random"].as_str().unwrap_or_default().as_bytes()), "{body}");
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(3), "no member more: {body}");

    let random = session.get_random(LINKED);
    let link =
        format!("/api/v2.0.0/recording/download?recording={LINKED}&random={random}&token={}", session.token);
    assert_eq!(get(link).send(server.http).body, audio);
    server.stop();
}
