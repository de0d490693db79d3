//! Byte ranges over the network: curl resumes and cuts, browsers seek, and strict tickets ignore them.

use crate::flows::curl;
use crate::support::audio::noise_wav;
use crate::support::http::{Answer, Request, get};
use crate::support::vault::{PASSWORD, Server, Vault};
use crate::support::yeastar::login;
use crate::support::{run, sha256};

const NAME: &str = "20240305101530-1709633725.42-+4930123456-2002-Inbound.wav";
const URL: &str = "/api/v1/recordings/20240305101530-1709633725.42-%2B4930123456-2002-Inbound.wav/audio";

fn vault(audio: &[u8]) -> Vault {
    let vault = Vault::with_api_person();
    vault.add_person(1, "desk", "administrator", PASSWORD);
    vault.import_as(NAME, audio);
    vault
}

fn authorised(request: Request) -> Request {
    let basic = base64_simd::STANDARD.encode_to_string(format!("desk:{PASSWORD}"));
    request.header("Authorization", format!("Basic {basic}"))
}

fn ranged(server: &Server, range: &str) -> Answer {
    authorised(get(URL)).header("Range", range).send(server.http)
}

#[test]
fn curl_cuts_and_resumes() {
    let audio = noise_wav(1, 100_000);
    let vault = vault(&audio);
    let server = vault.serve();
    let url = server.url() + URL;
    let user = format!("desk:{PASSWORD}");
    for (range, expected) in [
        ("0-0", &audio[..1]),
        ("0-43", &audio[..44]),
        ("1000-1999", &audio[1000..2000]),
        ("99999-", &audio[99_999..]),
        ("-500", &audio[audio.len() - 500..]),
        ("50000-9999999", &audio[50_000..]),
        ("-9999999", &audio[..]),
    ] {
        let body = run(curl().args(["--fail", "-u", &user, "-r", range, &url]));
        assert!(body == expected, "{range}: {} bytes", body.len());
    }
    // A transfer that broke off goes on where it stopped.
    let file = vault.folder().join("resumed.wav");
    fs_err::write(&file, &audio[..40_000]).expect("half a file");
    run(curl().args(["--fail", "-u", &user, "-C", "-", "-o"]).arg(&file).arg(&url));
    assert_eq!(sha256(&fs_err::read(&file).expect("the file")), sha256(&audio));
    server.stop();
}

#[test]
fn browsers_and_players_seek() {
    let audio = noise_wav(2, 100_000);
    let vault = vault(&audio);
    let server = vault.serve();
    let size = audio.len();

    let first = ranged(&server, "bytes=0-");
    assert_eq!(first.status, 206);
    assert_eq!(first.header("content-range"), Some(format!("bytes 0-{}/{size}", size - 1).as_str()));
    assert_eq!(first.header("content-type"), Some("audio/wav"));
    assert_eq!(first.header("accept-ranges"), Some("bytes"));
    assert_eq!(first.header("x-content-type-options"), Some("nosniff"));
    assert!(first.body == audio);
    let etag = first.header("etag").expect("a validator").to_owned();
    assert_eq!(etag, format!("\"{}\"", sha256(&audio)), "strong, and the hash of the bytes");

    let behind = ranged(&server, &format!("bytes={size}-"));
    assert_eq!(behind.status, 416);
    assert_eq!(behind.header("content-range"), Some(format!("bytes */{size}").as_str()));

    let several = ranged(&server, "bytes=0-9,1000-1009");
    assert_eq!(several.status, 206);
    let kind = several.header("content-type").expect("a type").to_owned();
    let boundary =
        kind.strip_prefix("multipart/byteranges; boundary=").expect("several parts").trim_matches('"');
    let text = several.body;
    let count = text.windows(boundary.len()).filter(|window| *window == boundary.as_bytes()).count();
    assert_eq!(count, 3, "two parts and the end");
    assert!(text.windows(10).any(|window| *window == audio[1000..1010]));

    let request = |condition: &str| {
        authorised(get(URL)).header("Range", "bytes=5-9").header("If-Range", condition).send(server.http)
    };
    assert_eq!((request(&etag).status, request(&etag).body), (206, audio[5..10].to_vec()));
    assert_eq!(request("\"other\"").status, 200, "another representation: the whole");
    let known = authorised(get(URL)).header("If-None-Match", etag.as_str()).send(server.http);
    assert_eq!((known.status, known.body.len()), (304, 0));
    for ignored in ["bytes=9-5", "lines=1-2", "bytes=a-b", "bytes="] {
        let answer = ranged(&server, ignored);
        assert!(answer.status == 200 && answer.body == audio, "{ignored}: {}", answer.status);
    }
    let head = authorised(Request::new("HEAD", URL)).send(server.http);
    assert_eq!((head.status, head.header("content-length")), (200, Some(size.to_string().as_str())));
    server.stop();
}

#[test]
fn a_ticket_gives_one_whole_stream_whatever_is_asked() {
    let audio = noise_wav(3, 100_000);
    let vault = vault(&audio);
    let server = vault.serve();
    let session = login(server.http, "api", PASSWORD);
    let random = session.get_random(NAME);
    let answer = get(session.link(NAME, &random)).header("Range", "bytes=0-9").send(server.http);
    assert_eq!((answer.status, answer.header("accept-ranges")), (200, Some("none")));
    assert!(answer.body == audio);
    server.stop();
}

/// What one connection sends goes through one queue of stretches of files; none may be sent for another.
#[test]
fn a_kept_connection_sends_what_was_asked_for_each_time() {
    let (one, two) = (noise_wav(4, 1_500_000), noise_wav(5, 1_300_000));
    let vault = vault(&one);
    vault.import_as("two.wav", &two);
    let server = vault.serve();
    let user = format!("desk:{PASSWORD}");
    for base in [format!("http://{}", server.http), format!("https://{}", server.https)] {
        let (first, second) = (base.clone() + URL, base + "/api/v1/recordings/two.wav/audio");
        let unchanged = format!("If-None-Match: \"{}\"", sha256(&one));
        let folder = vault.folder();
        let asked: [(&str, &[&str], &[u8]); 8] = [
            (&first, &[], &one),
            (&second, &["--head"], &[]),
            (&second, &[], &two),
            (&first, &["-H", &unchanged], &[]),
            (&first, &["-r", "100000-1400000"], &one[100_000..=1_400_000]),
            (&second, &["-r", "9999999-"], &[]),
            (&second, &["-r", "-700000"], &two[two.len() - 700_000..]),
            (&first, &[], &one),
        ];
        let mut command = curl();
        for (number, (url, options, _)) in asked.iter().enumerate() {
            if number > 0 {
                command.args(["--next", "--silent"]);
            }
            let file = folder.join(format!("answer-{number}"));
            command
                .args(["-k", "-u", &user, "-w", "%{num_connects} "])
                .args(*options)
                .arg("-o")
                .arg(file)
                .arg(url);
        }
        let connections = String::from_utf8(run(&mut command)).expect("numbers");
        assert_eq!(connections.trim(), "1 0 0 0 0 0 0 0", "{first}: all on one connection");
        for (number, (_, options, expected)) in asked.iter().enumerate() {
            let body = fs_err::read(folder.join(format!("answer-{number}"))).unwrap_or_default();
            // An answer to HEAD is saved with its head, a refused range is told in words.
            let is_told = options.contains(&"--head") || options.contains(&"9999999-");
            assert!(is_told || body == *expected, "{first} {number}: {} bytes", body.len());
            let _ = fs_err::remove_file(folder.join(format!("answer-{number}")));
        }
    }
    server.stop();
}
