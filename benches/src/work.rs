//! The requests of each kind of work, and the proof that the answers are right.
//!
//! Before a cell is measured its answer is fetched once, decoded here and compared with the file byte by byte. From then
//! on each answer must have the same length and [checksum](Checksum) as that one.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, bail};
use md5::{Digest, Md5};
use serde_json::Value;

use crate::audio::wave_file;
use crate::checksum::Checksum;
use crate::head::Head;
use crate::http::{Connection, SharedBuffer, Sink, shared_buffer};
use crate::installation::{CALLER, CONNECTOR, Installation, PASSWORD};
use crate::plan::{Cell, Work};

/// What the clients of a cell send, and what must come back.
pub(crate) struct Target {
    address: SocketAddr,
    steps: Steps,
    /// Bytes of the body that carries the audio.
    pub(crate) answer_bytes: u64,
    checksum: u64,
}

enum Steps {
    /// One request that never changes.
    One(Vec<u8>),
    /// Ask for a random, then fetch with it, where it stands between the two parts.
    Ticket { ask: Vec<u8>, before: Vec<u8>, after: Vec<u8> },
}

impl Target {
    /// Builds the requests of a cell and fetches its answer once. `token` keeps the one login of a run.
    ///
    /// # Errors
    /// When the server refuses, or its answer does not decode to the file.
    pub(crate) fn prepare(
        address: SocketAddr,
        cell: Cell,
        installation: &Installation,
        token: &mut Option<String>,
    ) -> anyhow::Result<Arc<Target>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let steps = match cell.work {
                Work::YeastarFlow => {
                    let token = match token {
                        Some(token) => token,
                        None => token.insert(login(address).await.context("login")?),
                    };
                    ticket_steps(address, &Installation::recording(cell.size), token)
                }
                Work::EnswitchNone => one_step(address, installation.huntgroup(), cell, "&wrap=none"),
                Work::EnswitchBase64 => one_step(address, installation.huntgroup(), cell, "&encoding=base64"),
                Work::EnswitchRaw => one_step(address, installation.huntgroup(), cell, "&encoding=raw"),
            };
            let mut target = Target { address, steps, answer_bytes: 0, checksum: 0 };
            let mut client = Client::open(&target, shared_buffer()).await?;
            let mut body = Vec::new();
            let head = client.fetch(&target, &mut body).await?;
            if head.status != 200 {
                bail!("status {}: {}", head.status, beginning(&body));
            }
            let audio = decode(cell.work, &body)?;
            if audio != wave_file(cell.size.bytes) {
                bail!("{} bytes came, which are not the file of {} bytes", audio.len(), cell.size.bytes);
            }
            target.answer_bytes = body.len() as u64;
            target.checksum = Checksum::of(&body);
            Ok(Arc::new(target))
        })
    }

    /// Where the server is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// One client with its connection.
pub(crate) struct Client {
    connection: Connection,
    /// The answer to `get_random`, and the request made from it; kept to be filled again.
    answer: Vec<u8>,
    request: Vec<u8>,
}

impl Client {
    /// Connects to the server of a target.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub(crate) async fn open(target: &Target, buffer: SharedBuffer) -> anyhow::Result<Client> {
        let connection = Connection::open(target.address(), buffer).await?;
        Ok(Client { connection, answer: Vec::new(), request: Vec::new() })
    }

    /// Does the work once and checks the answer.
    ///
    /// # Errors
    /// When anything at all is not as it was when the target was prepared.
    pub(crate) async fn once(&mut self, target: &Target) -> anyhow::Result<()> {
        let mut body = Checked::default();
        let head = self.fetch(target, &mut body).await?;
        if head.status != 200 || head.body_bytes != target.answer_bytes {
            bail!(
                "status {} with {} bytes instead of 200 with {}: {}",
                head.status,
                head.body_bytes,
                target.answer_bytes,
                beginning(&body.start[..body.start_bytes])
            );
        }
        if body.checksum.finish() != target.checksum {
            bail!("the answer has the right length and the wrong content");
        }
        Ok(())
    }

    /// Does the work once; the body with the audio goes to `sink`.
    async fn fetch(&mut self, target: &Target, sink: &mut impl Sink) -> anyhow::Result<Head> {
        match &target.steps {
            Steps::One(request) => self.connection.exchange(request, sink).await,
            Steps::Ticket { ask, before, after } => {
                self.answer.clear();
                let head = self.connection.exchange(ask, &mut self.answer).await.context("get_random")?;
                let random = random(&self.answer).with_context(|| {
                    format!("get_random: status {}: {}", head.status, beginning(&self.answer))
                })?;
                self.request.clear();
                for part in [before, random, after] {
                    self.request.extend_from_slice(part);
                }
                self.connection.exchange(&self.request, sink).await.context("download")
            }
        }
    }
}

/// A body of which the checksum and the first bytes are kept, these to say what came instead of the audio.
struct Checked {
    checksum: Checksum,
    start: [u8; 120],
    start_bytes: usize,
}

impl Default for Checked {
    fn default() -> Checked {
        Checked { checksum: Checksum::default(), start: [0; 120], start_bytes: 0 }
    }
}

impl Sink for Checked {
    fn take(&mut self, bytes: &[u8]) {
        let room = &mut self.start[self.start_bytes..];
        let kept = room.len().min(bytes.len());
        room[..kept].copy_from_slice(&bytes[..kept]);
        self.start_bytes += kept;
        self.checksum.update(bytes);
    }
}

/// A token for the person of the Yeastar flow (`docs/yeastar.md G39`: the password goes as its MD5).
async fn login(address: SocketAddr) -> anyhow::Result<String> {
    let secret = hex::encode(Md5::digest(PASSWORD));
    let body = format!(r#"{{"username":"{CONNECTOR}","password":"{secret}","port":"8260"}}"#);
    let request = post(address, "/api/v2.0.0/login", "application/json", &body);
    let mut answer = Vec::new();
    Connection::open(address, shared_buffer()).await?.exchange(&request, &mut answer).await?;
    let json: Value = serde_json::from_slice(&answer).context("the answer is not JSON")?;
    Ok(json["token"].as_str().with_context(|| format!("no token: {}", beginning(&answer)))?.to_owned())
}

fn ticket_steps(address: SocketAddr, recording: &str, token: &str) -> Steps {
    let path = format!("/api/v2.0.0/recording/get_random?token={token}");
    Steps::Ticket {
        ask: post(address, &path, "application/json", &format!(r#"{{"recording":"{recording}"}}"#)),
        before: format!("GET /api/v2.0.0/recording/download?recording={recording}&random=").into_bytes(),
        after: format!("&token={token} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes(),
    }
}

/// User name and password go with every call, as this API's clients send them.
fn one_step(address: SocketAddr, huntgroup: u64, cell: Cell, form: &str) -> Steps {
    let password = PASSWORD.replace(' ', "+");
    let level = cell.size.level;
    let body =
        format!("auth_username={CALLER}&auth_password={password}&huntgroup={huntgroup}&level={level}{form}");
    let path = "/api/json/huntgroups/files/download/";
    Steps::One(post(address, path, "application/x-www-form-urlencoded", &body))
}

/// A whole POST, to be sent in one write.
fn post(address: SocketAddr, path: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The random in an answer of `get_random`, found without parsing the JSON: this runs for every flow.
fn random(answer: &[u8]) -> Option<&[u8]> {
    let key = b"\"random\"";
    let at = answer.windows(key.len()).position(|window| window == key)?;
    let value = answer[at + key.len()..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let (random, rest) = value.strip_prefix(b"\"")?.split_at_checked(32)?;
    (rest.starts_with(b"\"") && random.iter().all(u8::is_ascii_hexdigit)).then_some(random)
}

/// The audio in an answer, taken out as a client would.
fn decode(work: Work, body: &[u8]) -> anyhow::Result<Vec<u8>> {
    if matches!(work, Work::YeastarFlow | Work::EnswitchNone) {
        return Ok(body.to_vec());
    }
    let json: Value =
        serde_json::from_slice(body).with_context(|| format!("no JSON: {}", beginning(body)))?;
    if json["responses"][0]["code"] != "200" {
        bail!("the envelope says {}", json["responses"]);
    }
    let data = json["data"]["data"].as_str().context("the envelope has no data")?;
    if work == Work::EnswitchBase64 {
        return base64_simd::STANDARD.decode_to_vec(data).context("the data is not base64");
    }
    data.chars().map(u8::try_from).collect::<Result<_, _>>().context("a code point of the data is no byte")
}

/// The first bytes of an answer as text, for an error.
fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(120)]);
    text.chars().map(|character| if character.is_control() { '.' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn the_random_is_found_however_the_json_is_spaced() {
        let seed =
            r#"{ "status": "Success", "recording": "a.wav", "random": "2d2f919b742cc62f5e03c77351350f7c" }"#;
        let tight = r#"{"status":"Success","random":"2d2f919b742cc62f5e03c77351350f7c"}"#;
        for answer in [seed, tight] {
            assert_eq!(random(answer.as_bytes()), Some(&b"2d2f919b742cc62f5e03c77351350f7c"[..]), "{answer}");
        }
        for answer in [r#"{"status":"Failed","errno":"20004"}"#, r#"{"random":"2d2f"}"#, ""] {
            assert_eq!(random(answer.as_bytes()), None, "{answer}");
        }
    }

    /// Answers the flow of one client: a random for each ask, and for the downloads what is given.
    async fn serve(listener: TcpListener, downloads: &[&str]) {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let random = "2d2f919b742cc62f5e03c77351350f7c";
        let mut request = vec![0; 4096];
        for download in downloads {
            for (line, body) in
                [("POST /ask", format!(r#"{{"random":"{random}"}}"#)), ("GET /", (*download).to_owned())]
            {
                let received = stream.read(&mut request).await.expect("a request");
                let text = String::from_utf8_lossy(&request[..received]);
                assert!(text.starts_with(line), "{text}");
                assert!(line == "POST /ask" || text.contains(random), "{text}");
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.expect("a client that listens");
            }
        }
    }

    #[tokio::test]
    async fn every_wrong_answer_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let steps = Steps::Ticket {
            ask: post(address, "/ask", "application/json", "{}"),
            before: b"GET /".to_vec(),
            after: b" HTTP/1.1\r\n\r\n".to_vec(),
        };
        let audio = "RIFF and the audio";
        let target = Target {
            address,
            steps,
            answer_bytes: audio.len() as u64,
            checksum: Checksum::of(audio.as_bytes()),
        };
        let client = async {
            let mut client = Client::open(&target, shared_buffer()).await.expect("a server");
            client.once(&target).await.expect("the right answer");
            let check = |result: anyhow::Result<()>, expected: &str| {
                let error = format!("{:#}", result.expect_err(expected));
                assert!(error.contains(expected), "{error}");
            };
            check(client.once(&target).await, "the right length and the wrong content");
            check(client.once(&target).await, "status 200 with 4 bytes instead of 200 with 18: RIFF");
            check(client.once(&target).await, r#"{"status":"Failed","errno":"20012"}"#);
        };
        let downloads = [audio, "RIFF and the audiO", "RIFF", r#"{"status":"Failed","errno":"20012"}"#];
        tokio::join!(serve(listener, &downloads), client);
    }

    #[test]
    fn audio_is_taken_out_of_each_form() {
        let check = |work, body: &str, expected: &[u8]| {
            assert_eq!(decode(work, body.as_bytes()).expect(body), expected, "{work:?}");
        };
        check(Work::EnswitchNone, "RIFF", b"RIFF");
        let envelope =
            |data: &str| format!(r#"{{ "responses":[ {{ "code":"200" }} ], "data":{{ "data":"{data}" }} }}"#);
        check(Work::EnswitchBase64, &envelope("UklGRv8="), b"RIFF\xff");
        check(Work::EnswitchRaw, &envelope(r#"RI\"\u0000\u00ff"#), b"RI\"\x00\xff");
        let refused = r#"{ "responses":[ { "code":"404", "key":"level" } ] }"#;
        let error = decode(Work::EnswitchRaw, refused.as_bytes()).expect_err("no audio").to_string();
        assert!(error.contains("404"), "{error}");
        assert!(decode(Work::EnswitchRaw, envelope("\u{100}").as_bytes()).is_err());
    }
}
