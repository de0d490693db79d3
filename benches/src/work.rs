//! What the clients of a run send, and the proof that the answers are right.
//!
//! Before a run is measured each of its answers is fetched once, decoded here and compared with the file byte by byte. From then
//! on each answer must have the same status, length and [checksum](Checksum) as that one, whoever it is that answers.

use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::checksum::Checksum;
use crate::endpoint::Endpoint;
use crate::head::Head;
use crate::http::{Connection, SharedBuffer, Sink, shared_buffer};
use crate::upload::Upload;

/// The requests of a client.
pub(crate) enum Steps {
    /// Requests that never change, taken in turn.
    Fixed(Vec<Fetch>),
    /// Ask for a random and leave it, for one recording after the other.
    Ask(Vec<Vec<u8>>),
    /// Send a file under a new name each time.
    Upload(Upload),
    /// Ask for a random, then fetch with it, where it stands between the two parts.
    Ticket { ask: Vec<u8>, before: Vec<u8>, after: Vec<u8> },
}

/// A request, and which part of the file it asks for.
pub(crate) struct Fetch {
    pub(crate) request: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) part: Range<usize>,
}

/// How the audio lies in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The body is the audio.
    Bare,
    /// In the JSON envelope, as base64.
    Base64,
    /// In the JSON envelope, one code point per byte.
    Raw,
}

/// Where the clients of a run go, what they send, and what must come back.
pub(crate) struct Target {
    endpoint: Endpoint,
    /// What TLS came to with it.
    suite: Option<rustls::CipherSuite>,
    steps: Steps,
    /// For each request of [`Steps::Fixed`]; one otherwise.
    answers: Vec<Answer>,
}

/// What an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    bytes: u64,
    checksum: u64,
}

impl Target {
    /// Fetches every answer once and compares it with `file`.
    ///
    /// # Errors
    /// When the server refuses, or an answer does not decode to its part of the file.
    pub(crate) async fn prepare(
        endpoint: Endpoint,
        steps: Steps,
        form: Form,
        file: &[u8],
    ) -> anyhow::Result<Arc<Target>> {
        let fetches: Vec<(u16, Range<usize>)> = match &steps {
            Steps::Ask(_) => vec![(200, 0..0)],
            Steps::Upload(_) => vec![(201, 0..0)],
            Steps::Fixed(fetches) => fetches.iter().map(|fetch| (fetch.status, fetch.part.clone())).collect(),
            Steps::Ticket { .. } => vec![(200, 0..file.len())],
        };
        let mut target = Target { endpoint, suite: None, steps, answers: Vec::new() };
        let mut client = Client::open(&target, shared_buffer()).await?;
        target.suite = client.connection.suite();
        for (turn, (status, part)) in fetches.into_iter().enumerate() {
            let mut body = Vec::new();
            let head = client.fetch(&target, turn, &mut body).await?;
            if head.status != status {
                bail!("status {}: {}", head.status, beginning(&body));
            }
            let (bytes, checksum) = (body.len() as u64, Checksum::of(&body));
            target.answers.push(Answer { status, bytes, checksum });
            if matches!(target.steps, Steps::Ask(_) | Steps::Upload(_)) {
                continue;
            }
            let audio = decode(form, &body)?;
            if audio != file[part.clone()] {
                bail!("{} bytes came, which are not the {} asked for", audio.len(), part.len());
            }
        }
        Ok(Arc::new(target))
    }

    /// The cipher suite that its server takes; none without TLS.
    pub(crate) fn suite(&self) -> Option<rustls::CipherSuite> {
        self.suite
    }

    /// The uploads, where that is the work.
    pub(crate) fn upload(&self) -> Option<&Upload> {
        match &self.steps {
            Steps::Upload(upload) => Some(upload),
            _ => None,
        }
    }

    /// Bytes of the bodies that carry audio, whichever way; the mean, should they differ.
    pub(crate) fn answer_bytes(&self) -> f64 {
        if let Steps::Upload(upload) = &self.steps {
            return upload.file_bytes() as f64;
        }
        let sum: u64 = self.answers.iter().map(|answer| answer.bytes).sum();
        sum as f64 / self.answers.len() as f64
    }
}

/// One client with its connection.
pub(crate) struct Client {
    connection: Connection,
    /// Which of the fixed requests comes next.
    turn: usize,
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
        let connection = Connection::open(&target.endpoint, buffer).await?;
        Ok(Client { connection, turn: 0, answer: Vec::new(), request: Vec::new() })
    }

    /// The same client, beginning with another of the fixed requests.
    pub(crate) fn starting_at(mut self, turn: usize) -> Client {
        self.turn = turn;
        self
    }

    /// Does the work once and checks the answer.
    ///
    /// # Errors
    /// When anything at all is not as it was when the target was prepared.
    pub(crate) async fn once(&mut self, target: &Target) -> anyhow::Result<()> {
        let turn = self.turn;
        self.turn += 1;
        if let Steps::Ask(_) | Steps::Upload(_) = &target.steps {
            return self.small(target, turn).await;
        }
        let turn = turn % target.answers.len();
        let answer = target.answers[turn];
        let mut body = Checked::default();
        let head = self.fetch(target, turn, &mut body).await?;
        if head.status != answer.status || head.body_bytes != answer.bytes {
            bail!(
                "status {} with {} bytes instead of {} with {}: {}",
                head.status,
                head.body_bytes,
                answer.status,
                answer.bytes,
                beginning(&body.start[..body.start_bytes])
            );
        }
        if body.checksum.finish() != answer.checksum {
            bail!("the answer has the right length and the wrong content");
        }
        Ok(())
    }

    /// Does work once of which the answer is short and never the same: its status counts, and that it has what it must have.
    async fn small(&mut self, target: &Target, turn: usize) -> anyhow::Result<()> {
        let mut answer = std::mem::take(&mut self.answer);
        answer.clear();
        let head = self.fetch(target, turn, &mut answer).await?;
        let whole = matches!(target.steps, Steps::Upload(_)) || random(&answer).is_some();
        if head.status != target.answers[0].status || !whole {
            bail!("status {} instead of {}: {}", head.status, target.answers[0].status, beginning(&answer));
        }
        self.answer = answer;
        Ok(())
    }

    /// Does the work once; the body with the audio goes to `sink`.
    async fn fetch(&mut self, target: &Target, turn: usize, sink: &mut impl Sink) -> anyhow::Result<Head> {
        match &target.steps {
            Steps::Ask(requests) => self.connection.exchange(&requests[turn % requests.len()], sink).await,
            Steps::Upload(upload) => {
                upload.next(&mut self.request);
                self.connection.exchange(&self.request, sink).await
            }
            Steps::Fixed(fetches) => self.connection.exchange(&fetches[turn].request, sink).await,
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

/// The random in an answer of `get_random`, found without parsing the JSON: this runs for every flow.
fn random(answer: &[u8]) -> Option<&[u8]> {
    let key = b"\"random\"";
    let at = answer.windows(key.len()).position(|window| window == key)?;
    let value = answer[at + key.len()..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let (random, rest) = value.strip_prefix(b"\"")?.split_at_checked(32)?;
    (rest.starts_with(b"\"") && random.iter().all(u8::is_ascii_hexdigit)).then_some(random)
}

/// The audio in an answer, taken out as a client would.
fn decode(form: Form, body: &[u8]) -> anyhow::Result<Vec<u8>> {
    if form == Form::Bare {
        return Ok(body.to_vec());
    }
    let json: Value =
        serde_json::from_slice(body).with_context(|| format!("no JSON: {}", beginning(body)))?;
    if json["responses"][0]["code"] != "200" {
        bail!("the envelope says {}", json["responses"]);
    }
    let data = json["data"]["data"].as_str().context("the envelope has no data")?;
    if form == Form::Base64 {
        return base64_simd::STANDARD.decode_to_vec(data).context("the data is not base64");
    }
    data.chars().map(u8::try_from).collect::<Result<_, _>>().context("a code point of the data is no byte")
}

/// The first bytes of an answer as text, for an error.
pub(crate) fn beginning(body: &[u8]) -> String {
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
    async fn serve(listener: &TcpListener, downloads: &[&str]) {
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
            ask: b"POST /ask HTTP/1.1\r\n\r\n".to_vec(),
            before: b"GET /".to_vec(),
            after: b" HTTP/1.1\r\n\r\n".to_vec(),
        };
        let audio = "RIFF and the audio";
        let client = async {
            let target = Target::prepare(Endpoint::plain(address), steps, Form::Bare, audio.as_bytes())
                .await
                .expect("a target");
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
        let server = async {
            // Preparing is done on a connection of its own.
            serve(&listener, &[audio]).await;
            let refused = r#"{"status":"Failed","errno":"20012"}"#;
            serve(&listener, &[audio, "RIFF and the audiO", "RIFF", refused]).await;
        };
        tokio::join!(server, client);
    }

    #[test]
    fn audio_is_taken_out_of_each_form() {
        let check = |form, body: &str, expected: &[u8]| {
            assert_eq!(decode(form, body.as_bytes()).expect(body), expected, "{form:?}");
        };
        check(Form::Bare, "RIFF", b"RIFF");
        let envelope =
            |data: &str| format!(r#"{{ "responses":[ {{ "code":"200" }} ], "data":{{ "data":"{data}" }} }}"#);
        check(Form::Base64, &envelope("UklGRv8="), b"RIFF\xff");
        check(Form::Raw, &envelope(r#"RI\"\u0000\u00ff"#), b"RI\"\x00\xff");
        let refused = r#"{ "responses":[ { "code":"404", "key":"level" } ] }"#;
        let error = decode(Form::Raw, refused.as_bytes()).expect_err("no audio").to_string();
        assert!(error.contains("404"), "{error}");
        assert!(decode(Form::Raw, envelope("\u{100}").as_bytes()).is_err());
    }
}
