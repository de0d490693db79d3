//! Bytes in are bytes out: both dialects with curl, for every format of audio, in every form.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::audio::{every_byte, every_format};
use crate::support::http::encode;
use crate::support::vault::{PASSWORD, Server, Vault};
use crate::support::{md5, run, sha256};

/// curl that fails with a message, and without a progress bar.
pub(crate) fn curl() -> Command {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "60"]);
    command
}

fn curl_json(command: &mut Command) -> Value {
    let body = run(command);
    serde_json::from_slice(&body)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&body)))
}

/// login, get_random, download; the file as curl saved it.
fn fetch_recording(base: &str, extra: &[&str], name: &str, save_as: &Path) -> Vec<u8> {
    let body = json!({"username": "api", "password": md5(PASSWORD), "port": "8260"}).to_string();
    let login = curl_json(curl().args(extra).arg(format!("{base}/api/v2.0.0/login")).args(["-d", &body]));
    let token = login["token"].as_str().unwrap_or_else(|| panic!("{login}")).to_owned();
    let body = json!({"recording": name}).to_string();
    let url = format!("{base}/api/v2.0.0/recording/get_random?token={token}");
    let ticket = curl_json(curl().args(extra).arg(url).args(["-d", &body]));
    assert_eq!(ticket["recording"], name);
    let random = ticket["random"].as_str().unwrap_or_else(|| panic!("{ticket}"));
    let url = format!(
        "{base}/api/v2.0.0/recording/download?recording={}&random={random}&token={token}",
        encode(name)
    );
    run(curl().args(extra).arg("-o").arg(save_as).arg(url));
    fs_err::read(save_as).expect("what curl saved")
}

#[test]
fn recordings_of_every_format_come_back_byte_for_byte() {
    let vault = Vault::with_api_person();
    let samples = every_format(vault.folder());
    for sample in &samples {
        vault.import(&sample.path);
    }
    let server = vault.serve();
    let saved = vault.folder().join("saved");
    for sample in &samples {
        for (base, extra) in [(server.url(), &[][..]), (format!("https://{}", server.https), &["-k"][..])] {
            let bytes = fetch_recording(&base, extra, &sample.name, &saved);
            assert_eq!(sha256(&bytes), sha256(&sample.bytes), "{} over {base}", sample.name);
        }
    }
    server.stop();
}

/// The program, its arguments, and then the encoding, the file with the answer and the file to write. Each reads JSON, and
/// base64, with what it brings along.
const JSON_PARSERS: &[(&str, &[&str])] = &[
    (
        "python3",
        &[
            "-c",
            "import base64, json, sys\n\
             encoding, source, target = sys.argv[1:]\n\
             text = json.load(open(source, encoding='utf-8'))['data']['data']\n\
             plain = text.encode('latin-1')\n\
             data = base64.b64decode(plain, validate=True) if encoding == 'base64' else plain\n\
             open(target, 'wb').write(data)",
        ],
    ),
    (
        "node",
        &[
            "-e",
            "const fs = require('fs');\n\
             const [encoding, source, target] = process.argv.slice(1);\n\
             const answer = JSON.parse(fs.readFileSync(source, 'utf8'));\n\
             const form = encoding === 'base64' ? 'base64' : 'latin1';\n\
             fs.writeFileSync(target, Buffer.from(answer.data.data, form));",
        ],
    ),
    (
        "perl",
        &[
            "-MJSON::PP",
            "-MMIME::Base64",
            "-e",
            "my ($encoding, $source, $target) = @ARGV;\n\
             local $/; open my $in, '<:raw', $source or die $!;\n\
             my $text = JSON::PP->new->utf8->decode(<$in>)->{data}{data};\n\
             utf8::downgrade($text) or die 'a code point above 255';\n\
             $text = decode_base64($text) if $encoding eq 'base64';\n\
             open my $out, '>:raw', $target or die $!; print $out $text; close $out;",
        ],
    ),
];

/// Calls a function of the Enswitch dialect; what curl saved.
fn call(server: &Server, function: &str, fields: &[&str], save_as: &Path) -> Vec<u8> {
    let mut command = curl();
    command.arg(format!("{}/api/json/{function}/", server.url()));
    for field in ["auth_username=desk", "auth_password=Callvault1"].iter().chain(fields) {
        command.args(["-d", field]);
    }
    run(command.arg("-o").arg(save_as));
    fs_err::read(save_as).expect("what curl saved")
}

fn fetch_message(server: &Server, level: usize, more: &[&str], save_as: &Path) -> Vec<u8> {
    let level = format!("level={level}");
    call(server, "huntgroups/files/download", &[&["huntgroup=123", &level], more].concat(), save_as)
}

/// What each parser makes of an answer is the file.
fn check_parsers(encoding: &str, answer: &Path, decoded: &Path, file: &[u8], told: &str) {
    for (program, arguments) in JSON_PARSERS {
        run(Command::new(program).args(*arguments).arg(encoding).arg(answer).arg(decoded));
        let bytes = fs_err::read(decoded).expect("what the parser wrote");
        assert_eq!(sha256(&bytes), sha256(file), "{told}, {encoding}, read by {program}");
    }
}

#[test]
fn messages_of_every_format_come_back_in_every_form() {
    let vault = Vault::init();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    vault.add_hunt_group(1, 123, "Front desk");
    let mut samples = every_format(vault.folder());
    samples.retain(|sample| sample.fits_message);
    samples.push(every_byte(vault.folder()));
    assert!((1..=10).contains(&samples.len()), "a hunt group has ten levels");
    for (index, sample) in samples.iter().enumerate() {
        vault.put_message(123, u8::try_from(index + 1).expect("a level"), &sample.path);
    }
    let server = vault.serve();
    let (saved, decoded) = (vault.folder().join("saved"), vault.folder().join("decoded"));
    for (index, sample) in samples.iter().enumerate() {
        let (level, name) = (index + 1, &sample.name);
        let bare = fetch_message(&server, level, &["wrap=none"], &saved);
        assert_eq!(sha256(&bare), sha256(&sample.bytes), "{name}, wrap=none");

        for encoding in ["base64", "raw"] {
            fetch_message(&server, level, &[&format!("encoding={encoding}")], &saved);
            check_parsers(encoding, &saved, &decoded, &sample.bytes, name);
        }
        // raw is what one gets without asking for either.
        let answer: Value =
            serde_json::from_slice(&fetch_message(&server, level, &[], &saved)).expect("JSON");
        assert_eq!(answer["responses"], json!([{"code": "200", "key": "", "message": "OK"}]));
        assert_eq!(answer["data"]["id"], 123);
        assert_eq!(answer["data"]["name"], **name);
        assert_eq!(answer["data"]["mimetype"], "audio/x-wav");
        let text = answer["data"]["data"].as_str().expect("a string");
        let bytes: Vec<u8> = text.chars().map(|point| u8::try_from(point).expect("up to U+00FF")).collect();
        assert_eq!(sha256(&bytes), sha256(&sample.bytes), "{name}, no encoding");
    }
    server.stop();
}

#[test]
fn recordings_of_every_format_come_back_inside_json() {
    let vault = Vault::init();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    let mut samples = every_format(vault.folder());
    samples.push(every_byte(vault.folder()));
    for sample in &samples {
        vault.import(&sample.path);
    }
    let server = vault.serve();
    let (saved, decoded) = (vault.folder().join("saved"), vault.folder().join("decoded"));
    let list = call(&server, "recording/recordings/list", &[], &saved);
    let list: Value = serde_json::from_slice(&list).expect("JSON");
    assert_eq!(list["data"].as_array().map(Vec::len), Some(samples.len()), "{list}");
    for row in list["data"].as_array().expect("rows") {
        let sample = samples.iter().find(|sample| row["name"] == *sample.name);
        let sample = sample.unwrap_or_else(|| panic!("{row} was not imported"));
        let text = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("{name} of {row}")).to_owned();
        let which = [format!("uniqueid={}", text("uniqueid")), format!("recordid={}", text("recordid"))];
        for encoding in ["base64", "raw"] {
            let fields = ["recordgroup=0", &which[0], &which[1], &format!("encoding={encoding}"), "sha1=1"];
            let answer = call(&server, "recording/recordings/get", &fields, &saved);
            check_parsers(encoding, &saved, &decoded, &sample.bytes, &sample.name);
            // Another program's word for it.
            let answer: Value = serde_json::from_slice(&answer).expect("JSON");
            let sha1 = run(Command::new("sha1sum").arg(&sample.path));
            assert_eq!(answer["data"]["sha1"].as_str().map(str::as_bytes), sha1.get(..40), "{}", sample.name);
        }
    }
    server.stop();
}

#[test]
fn what_was_uploaded_through_the_dialect_comes_back_and_the_previous_message_is_a_version() {
    let vault = Vault::init();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    vault.add_hunt_group(1, 123, "Front desk");
    let mut samples = every_format(vault.folder());
    samples.retain(|sample| sample.fits_message);
    let server = vault.serve();
    let saved = vault.folder().join("saved");
    for sample in &samples {
        let file = format!("data=@{}", sample.path.display());
        let answer =
            curl_json(curl().arg(format!("{}/api/json/huntgroups/files/upload/", server.url())).args([
                "-F",
                "auth_username=desk",
                "-F",
                "auth_password=Callvault1",
                "-F",
                "huntgroup=123",
                "-F",
                "level=1",
                "-F",
                &file,
            ]));
        assert_eq!(answer["responses"][0]["code"], "204", "{}: {answer}", sample.name);
        let bytes = fetch_message(&server, 1, &["wrap=none"], &saved);
        assert_eq!(sha256(&bytes), sha256(&sample.bytes), "{}", sample.name);
    }
    let versions = vault.list(["message", "versions", "--huntgroup", "123"]);
    assert_eq!(versions.len(), samples.len(), "every upload keeps the one before it: {versions:?}");
    server.stop();
}
