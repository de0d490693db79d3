//! No secret in any log line, metric or error text at the most talkative level, nor in the clear at rest.

use std::path::Path;

use serde_json::json;

use crate::support::audio::noise_wav;
use crate::support::http::{Answer, Request, encode, get, post};
use crate::support::md5;
use crate::support::vault::{Server, Vault};
use crate::support::yeastar::{Session, login, try_login};

const NAME: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";
// Long and odd, so that none is found by chance.
const API_PASSWORD: &str = "Xq7-api-password-Zw3";
const DESK_PASSWORD: &str = "Vb5-desk+password&Tr9";
const NEW_PASSWORD: &str = "Hn2-new-password-Kd8";
const WRONG_PASSWORD: &str = "Lp4-wrong-password-Gf6";
const FORGED_TOKEN: &str = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

/// What must not be found, and the answers in which nothing may be found.
struct Watch {
    secrets: Vec<(String, String)>,
    /// What has to be kept as it is, to be used later, and may not be spoken.
    kept: Vec<(String, String)>,
    failures: Vec<(String, String)>,
}

impl Watch {
    fn secret(&mut self, what: &str, text: &str) {
        assert!(text.len() >= 8, "{what} is too short to be looked for: {text:?}");
        self.secrets.push((what.to_owned(), text.to_owned()));
        let encoded = encode(text);
        if encoded != text {
            self.secrets.push((format!("{what}, encoded"), encoded));
        }
    }

    fn password(&mut self, what: &str, username: &str, password: &str) {
        self.secret(what, password);
        self.secret(&format!("MD5 of {what}"), &md5(password));
        self.secret(&format!("MD5 of {what} in capitals"), &md5(password).to_uppercase());
        self.secret(&format!("Basic header of {what}"), &basic(username, password)["Basic ".len()..]);
    }

    /// Keeps an answer that must be a failure.
    fn failure(&mut self, what: &str, answer: &Answer) {
        let failed = answer.status >= 400
            || !answer.errno().is_empty()
            || answer.text().contains(r#""code":"4"#)
            || answer.text().contains(r#""code": "4"#)
            || (answer.text().contains(r#""errcode":"#) && !answer.text().contains(r#""errcode":0,"#));
        assert!(failed, "{what} did not fail: {} {}", answer.status, answer.text());
        let headers: String =
            answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        self.failures.push((format!("the answer to {what}"), headers + &answer.text()));
    }

    fn look(&self, place: &str, text: &[u8]) -> Vec<String> {
        let found = |secret: &str| text.windows(secret.len()).any(|window| window == secret.as_bytes());
        self.secrets
            .iter()
            .filter(|(_, secret)| found(secret))
            .map(|(what, _)| format!("{what} stands in {place}"))
            .collect()
    }
}

fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", base64_simd::STANDARD.encode_to_string(format!("{username}:{password}")))
}

/// The Yeastar door, with right and wrong secrets.
fn use_yeastar(server: &Server, watch: &mut Watch) {
    let session = login(server.http, "api", API_PASSWORD);
    watch.secret("the token", &session.token);
    let random = session.get_random(NAME);
    watch.secret("the random", &random);
    assert_eq!(session.download(NAME, &random).status, 200);
    watch.failure("a used random", &session.download(NAME, &random));
    let open = session.get_random(NAME);
    watch.secret("an unused random", &open);
    watch.failure("a refused address", &get(session.link(NAME, &open)).from("127.0.0.3").send(server.http));
    watch.failure("a name that is not there", &get(session.link("nothing.wav", &open)).send(server.http));
    let forged = get(session.link(NAME, &open).replace(&session.token, FORGED_TOKEN));
    watch.failure("a forged token", &forged.send(server.http));
    let wrong = json!({"username": "api", "password": md5(WRONG_PASSWORD)}).to_string();
    watch.failure("a wrong login", &post("/api/v2.0.0/login", wrong).from("127.0.0.4").send(server.http));
    // Cut off in the middle of the secret, so that the parser has something to complain about.
    let broken = format!(r#"{{"username":"api","password":"{}"#, md5(API_PASSWORD));
    watch.failure("a broken login", &post("/api/v2.0.0/login", broken).send(server.http));
    let plain = json!({"username": "api", "password": API_PASSWORD}).to_string();
    watch.failure(
        "a password in the clear",
        &post("/api/v2.0.0/login", plain).from("127.0.0.5").send(server.http),
    );
    let unknown = format!("/api/v2.0.0/extension/dial?token={}", session.token);
    watch.failure("an unknown call", &post(unknown, "{}").send(server.http));
    let body = json!({"token": session.token, "recording": "../x"}).to_string();
    watch.failure("a token in the body", &post("/api/v2.0.0/recording/get_random", body).send(server.http));
    use_call_records(server, &session, watch);
    let report = "http://reports.example/?key=Rr8-report-key-Mm1";
    watch.kept.push(("the key of a report URL".to_owned(), "Rr8-report-key-Mm1".to_owned()));
    let body =
        json!({"username": "api", "password": md5(API_PASSWORD), "url": report, "urltag": "1"}).to_string();
    let answer = post("/api/v1.0.1/login", body).send(server.http).json();
    watch.secret("the token of a login with a report URL", answer["token"].as_str().expect("a token"));
}

/// The P-Series door, and its links.
fn use_pseries(server: &Server, watch: &mut Watch) {
    let call = |request: Request| request.header("User-Agent", "OpenAPI").send(server.http);
    let tell =
        |name: &str, body: serde_json::Value| call(post(format!("/openapi/v1.0/{name}"), body.to_string()));
    let ask = |name: &str, token: &str| call(get(format!("/openapi/v1.0/{name}access_token={token}")));
    let field = |answer: &Answer, name: &str| {
        answer.json()[name].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
    };
    let first = tell("get_token", json!({"username": "api", "password": API_PASSWORD}));
    let second = tell("refresh_token", json!({"refresh_token": field(&first, "refresh_token")}));
    for (answer, what) in [(&first, "first"), (&second, "second")] {
        watch.secret(&format!("the {what} access token"), &field(answer, "access_token"));
        watch.secret(&format!("the {what} refresh token"), &field(answer, "refresh_token"));
    }
    let (stale, token) = (field(&first, "access_token"), field(&second, "access_token"));
    watch.failure("a replaced token", &ask("recording/list?", &stale));
    watch.failure(
        "a used refresh token",
        &tell("refresh_token", json!({"refresh_token": field(&first, "refresh_token")})),
    );
    for wanted in [format!("recording/download?file={NAME}&"), "cdr/download?".to_owned()] {
        let link = field(&ask(&wanted, &token), "download_resource_url");
        let random = link.rsplit('-').next().and_then(|end| end.split('.').next()).expect("a random");
        watch.secret("the random of a link", random);
        assert_eq!(get(format!("{link}?access_token={token}")).send(server.http).status, 200);
        let head = Request::new("HEAD", format!("{link}?access_token={token}"));
        assert_eq!(head.send(server.http).status, 200);
        watch.failure("a link without a token", &get(&link).send(server.http));
        watch.failure(
            "a link with a replaced token",
            &get(format!("{link}?access_token={stale}")).send(server.http),
        );
        watch.failure(
            "a link with more behind it",
            &get(format!("{link}/x?access_token={token}")).send(server.http),
        );
        watch.failure("a posted link", &post(format!("{link}?access_token={token}"), "").send(server.http));
    }
    watch.failure("a token behind a wrong page", &ask("recording/list?page=x&", &token));
    watch.failure("a token behind an unknown call", &ask("extension/list?", &token));
    let wrong = json!({"username": "api", "password": WRONG_PASSWORD});
    watch.failure("a wrong client secret", &tell("get_token", wrong));
    let broken = format!(r#"{{"username":"api","password":"{API_PASSWORD}"#);
    watch.failure("a broken get_token", &call(post("/openapi/v1.0/get_token", broken)));
    let query = format!("/openapi/v1.0/get_token?username=api&password={API_PASSWORD}");
    watch.failure("a client secret in the query", &call(get(query)));
    assert_eq!(ask("del_token?", &token).json()["errcode"], 0);
}

/// A file of call records, and refresh tokens.
fn use_call_records(server: &Server, session: &Session, watch: &mut Watch) {
    let span = "starttime=2024-03-05%2000:00:00&endtime=2024-03-05%2023:59:59";
    let asked = get(format!("/api/v2.0.0/cdr/get_random?{span}&token={}", session.token));
    let random = asked.send(server.http).json()["random"].as_str().expect("a random").to_owned();
    watch.secret("the random of a file of call records", &random);
    let link = format!("/api/v2.0.0/cdr/download?{span}&random={random}&token={}", session.token);
    assert_eq!(get(&link).send(server.http).header("content-type"), Some("text/csv; charset=utf-8"));
    watch.failure("a used random of call records", &get(&link).send(server.http));
    let raw = link.replace("%20", " ");
    watch.failure("a link with blanks in it", &get(raw).send(server.http));

    let answer = try_login(server.http, "127.0.0.6", "api", API_PASSWORD).json();
    let mut refresh = answer["refreshtoken"].as_str().expect("a refresh token").to_owned();
    for what in ["the first refresh token", "the second refresh token"] {
        watch.secret(what, &refresh);
        let body = json!({ "refreshtoken": refresh }).to_string();
        let answer = post("/api/v2.0.0/token/refresh", body.clone()).send(server.http).json();
        watch.secret("a refreshed token", answer["token"].as_str().expect("a token"));
        watch.failure("a used refresh token", &post("/api/v2.0.0/token/refresh", body).send(server.http));
        refresh = answer["refreshtoken"].as_str().expect("a refresh token").to_owned();
    }
    watch.secret("an unused refresh token", &refresh);
}

/// The Enswitch door, by GET and POST, form and JSON.
fn use_enswitch(server: &Server, watch: &mut Watch) {
    let base = "/api/json/huntgroups/files/download/";
    let (right, wrong) = (encode(DESK_PASSWORD), encode(WRONG_PASSWORD));
    let query = |password: &str, more: &str| {
        format!("{base}?auth_username=desk;auth_password={password};huntgroup=123;{more}")
    };
    assert_eq!(get(query(&right, "level=1;wrap=none")).send(server.http).status, 200);
    for (what, target) in [
        ("a wrong password", query(&wrong, "level=1")),
        ("a level out of range", query(&right, "level=77")),
        ("an empty level", query(&right, "level=2")),
        ("an unknown function", format!("/api/json/users/list/?auth_username=desk;auth_password={right}")),
        ("a token that nobody has", format!("{base}?auth_token={FORGED_TOKEN};huntgroup=123;level=1")),
        ("a password that is not UTF-8", query("%FF%FE", "level=1")),
        ("bare, with a wrong password", query(&wrong, "level=1;wrap=none")),
    ] {
        watch.failure(what, &get(target).from("127.0.0.6").send(server.http));
    }
    let form = format!("auth_username=desk&auth_password={right}&huntgroup=123&level=x");
    watch.failure("a form", &post(base, form).send(server.http));
    let body = json!({"auth_username": "desk", "auth_password": DESK_PASSWORD, "huntgroup": [], "level": 1});
    let request = post(base, body.to_string()).header("Content-Type", "application/json");
    watch.failure("JSON that is nested", &request.send(server.http));
    let parts = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"auth_password\"\r\n\r\n{DESK_PASSWORD}\r\n--cu"
    );
    let request = post(base, parts).header("Content-Type", "multipart/form-data; boundary=cut");
    watch.failure("a form that is cut short", &request.send(server.http));
}

/// Our own API, and links that need no login.
fn use_own_api(vault: &Vault, server: &Server, watch: &mut Watch) {
    let list = |authorization: &str| get("/api/v1/recordings").header("Authorization", authorization);
    assert_eq!(list(&basic("desk", DESK_PASSWORD)).send(server.http).status, 200);
    watch.failure(
        "a wrong Basic header",
        &list(&basic("desk", WRONG_PASSWORD)).from("127.0.0.7").send(server.http),
    );
    watch.failure("a Bearer that is none", &list(&format!("Bearer {FORGED_TOKEN}")).send(server.http));
    let missing = get("/api/v1/recordings/none.wav").header("Authorization", basic("desk", DESK_PASSWORD));
    watch.failure("a recording that is not there", &missing.send(server.http));
    let body = json!({"customer": 1, "username": "api", "role": "api", "password": NEW_PASSWORD});
    let request = Request::new("POST", "/api/v1/people")
        .header("Authorization", basic("desk", DESK_PASSWORD))
        .header("Content-Type", "application/json")
        .body(body.to_string());
    watch.failure("a username that is taken", &request.send(server.http));

    let ticket = vault.json(["ticket", "create", "--customer", "1", "--recording", NAME]);
    let random = ticket["random"].as_str().expect("a random").to_owned();
    watch.secret("the random of a ticket", &random);
    let link = format!("/api/v1/tickets/{random}/audio");
    assert_eq!(get(&link).send(server.http).status, 200);
    watch.failure("a used ticket", &get(&link).send(server.http));
    watch.failure("a ticket with more behind it", &get(format!("{link}/more")).send(server.http));
    watch.failure(
        "a ticket in a wrong place",
        &get(format!("/s/{random}/x?token={FORGED_TOKEN}")).send(server.http),
    );

    let open = vault.json(["ticket", "create", "--customer", "1", "--recording", NAME, "--ttl", "1h"]);
    watch.secret("the random of an open ticket", open["random"].as_str().expect("a random"));
    vault.ok_with_input(["person", "set-password", "api", "--password-stdin"], NEW_PASSWORD);
}

/// Tokens of the Enswitch door, keys of our own API and one-time codes, right and wrong.
fn use_tokens_and_keys(vault: &Vault, server: &Server, watch: &mut Watch) {
    let login = "/api/json/user/login/";
    let form = format!("auth_username=desk&auth_password={}&token=1", encode(DESK_PASSWORD));
    let token = post(login, form).send(server.http).json()["data"]["auth_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    watch.secret("a login token", &token);
    let list = format!("/api/json/huntgroups/list/?auth_token={token}");
    assert!(get(&list).send(server.http).text().contains("Front desk"));
    watch.failure("a token behind a wrong parameter", &get(format!("{list};customer=x")).send(server.http));
    watch.failure("a token as a key", &bearer("/api/v1/recordings", &token).send(server.http));

    let made = vault.json(["key", "add", "--customer", "1", "--scope", "recordings:read"]);
    let key = made["key"].as_str().expect("a key").to_owned();
    watch.secret("a key", &key);
    watch.secret("a key without its prefix", key.trim_start_matches("cv_"));
    assert_eq!(bearer("/api/v1/recordings", &key).send(server.http).status, 200);
    watch.failure("a key without the scope", &bearer("/api/v1/calls", &key).send(server.http));
    watch.failure(
        "a key with more behind it",
        &bearer("/api/v1/recordings", &format!("{key}0")).send(server.http),
    );
    watch.failure(
        "a key in the query",
        &get(format!("/api/v1/recordings?access_token={key}")).send(server.http),
    );
    watch.failure(
        "a key as a token",
        &get(format!("/api/json/huntgroups/list/?auth_token={key}")).send(server.http),
    );
    let revoked = vault.json(["key", "add", "--customer", "1", "--scope", "calls:read"]);
    watch.secret("a revoked key", revoked["key"].as_str().expect("a key"));
    vault.ok(["key", "revoke", &revoked["id"].to_string()]);
    let answer = bearer("/api/v1/calls", revoked["key"].as_str().expect("a key")).send(server.http);
    watch.failure("a revoked key", &answer);

    let begun = vault.json(["person", "totp", "begin", "api"]);
    watch.secret("the secret of one-time codes", begun["secret"].as_str().expect("a secret"));
    let confirm = ["person", "totp", "confirm", "api", "--code", "Cd3-one-time-code"];
    watch.secret("a wrong one-time code", confirm[5]);
    vault.fails(confirm);
    let form = format!("totp_token={FORGED_TOKEN}&auth_code={}", confirm[5]);
    watch.failure("a second step that nobody began", &post(login, form).send(server.http));
    vault.ok(["person", "totp", "off", "api"]);
}

fn bearer(target: &str, key: &str) -> Request {
    get(target).header("Authorization", format!("Bearer {key}"))
}

/// Every file below a folder but the certificate's key, which is a secret of its own and has mode 0600.
fn look_at_files(watch: &Watch, folder: &Path, found: &mut Vec<String>) {
    for entry in fs_err::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = entry.path();
        let kind = entry.file_type().expect("its type");
        if kind.is_dir() {
            look_at_files(watch, &path, found);
        } else if kind.is_file() {
            found.extend(watch.look(&path.display().to_string(), &fs_err::read(&path).expect("a file")));
        }
    }
}

#[test]
fn secrets_stay_out_of_logs_metrics_errors_and_the_catalog() {
    let vault = Vault::empty();
    let mut watch = Watch { secrets: Vec::new(), kept: Vec::new(), failures: Vec::new() };
    // The one place that may show a password, once.
    let init = vault.json(["init"]);
    watch.password("what init printed", "admin", init["password"].as_str().expect("a password"));
    vault.add_person(1, "api", "api", API_PASSWORD);
    vault.add_person(1, "desk", "administrator", DESK_PASSWORD);
    vault.add_hunt_group(1, 123, "Front desk");
    vault.import_as(NAME, &noise_wav(1, 16_000));
    vault.put_message(123, 1, &vault.folder().join(NAME));
    watch.password("the password of api", "api", API_PASSWORD);
    watch.password("the password of desk", "desk", DESK_PASSWORD);
    watch.password("a new password", "api", NEW_PASSWORD);
    watch.password("a wrong password", "desk", WRONG_PASSWORD);
    watch.secret("a forged token", FORGED_TOKEN);

    let server = vault.serve_with(|command| {
        command.env("CALLVAULT_LOG_LEVEL", "trace").env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
    });
    use_yeastar(&server, &mut watch);
    use_pseries(&server, &mut watch);
    use_enswitch(&server, &mut watch);
    use_own_api(&vault, &server, &mut watch);
    use_tokens_and_keys(&vault, &server, &mut watch);
    let metrics = get("/metrics").send(server.http);
    assert_eq!(metrics.status, 200, "{}", metrics.text());
    let lists = [
        vault.ok(["session", "list", "--json"]),
        vault.ok(["ticket", "list", "--json"]),
        vault.ok(["key", "list", "--json"]),
        vault.ok(["lockout", "list", "--json"]),
        vault.ok(["person", "list", "--json"]),
        vault.ok(["log", "list", "--json"]),
        vault.ok(["config", "show", "--sources"]),
    ]
    .concat();

    let mut found = Vec::new();
    let failures = watch.failures.len();
    let mut places =
        vec![("the metrics".to_owned(), metrics.text()), ("what commands list".to_owned(), lists)];
    places.append(&mut watch.failures);
    // While it runs, and so with the write-ahead log in place.
    look_at_files(&watch, &vault.data(), &mut found);
    let lines = server.log().lines().count();
    let (log, output) = (vault.folder().join("server.log"), vault.folder().join("server.out"));
    server.stop();
    look_at_files(&watch, &vault.data(), &mut found);
    for file in [log, output] {
        places
            .push((file.display().to_string(), fs_err::read_to_string(&file).expect("what the server said")));
    }
    let spoken = places.iter().map(|(_, text)| text.len()).sum::<usize>();
    println!("secrets: {} looked for in {} places, {spoken} bytes", watch.secrets.len(), places.len());
    assert!(lines > failures, "the log has a line for each request, and {lines} for {failures} failures");
    watch.secrets.append(&mut watch.kept);
    for (place, text) in &places {
        found.extend(watch.look(place, text.as_bytes()));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
