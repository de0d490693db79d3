//! A small HTTP client over plain sockets, for what curl cannot do: a source address, a race, a slow reader.
//!
//! One connection for each request, closed by the server. It checks that a body is as long as announced.

use std::fmt::Debug;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// No answer of these tests takes longer to begin or to go on.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request, built up by the methods and ended by one that sends it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    source: Option<IpAddr>,
}

/// An answer whose body was read whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// Names in lower case, values as they came.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// The head of an answer, and the connection from which its body comes.
pub(crate) struct Opened<S> {
    /// The status code.
    pub(crate) status: u16,
    /// Names in lower case, values as they came.
    pub(crate) headers: Vec<(String, String)>,
    /// The body follows.
    pub(crate) reader: BufReader<S>,
}

pub(crate) fn get(target: impl Into<String>) -> Request {
    Request::new("GET", target)
}

pub(crate) fn post(target: impl Into<String>, body: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", target).body(body)
}

impl Request {
    pub(crate) fn new(method: &str, target: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
            source: None,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends from this address; all of 127.0.0.0/8 is ours on Linux.
    pub(crate) fn from(mut self, source: &str) -> Self {
        self.source = Some(source.parse().expect("an address"));
        self
    }

    /// The bytes of the request.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let has = |name: &str| self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !has("host") {
            head.push_str("Host: callvault.test\r\n");
        }
        if !has("connection") {
            head.push_str("Connection: close\r\n");
        }
        if !has("content-length") && (!self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT"))
        {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Connects to the server from the request's source address.
    pub(crate) fn connect(&self, server: SocketAddr) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        if let Some(source) = self.source {
            socket.bind(&SocketAddr::new(source, 0).into()).expect("loopback addresses are ours");
        }
        socket.connect_timeout(&server.into(), PATIENCE).expect("the server accepts connections");
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// Sends the request and reads the head of the answer.
    pub(crate) fn open(&self, server: SocketAddr) -> Opened<TcpStream> {
        let mut stream = self.connect(server);
        // A server may answer before it has read a body that it does not want.
        let _ = stream.write_all(&self.bytes());
        read_head(stream).unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.target))
    }

    /// Sends the request and reads the answer.
    pub(crate) fn send(&self, server: SocketAddr) -> Answer {
        self.open(server).finish(self.method == "HEAD")
    }

    /// Sends the request and reads the answer; an error where the server went away on the way.
    pub(crate) fn try_send(&self, server: SocketAddr) -> io::Result<Answer> {
        let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(&self.bytes())?;
        read_head(stream)?.read_body(self.method == "HEAD")
    }

    /// Sends the request over a control socket; an error where the server went away on the way.
    pub(crate) fn send_unix(&self, socket: &Path) -> io::Result<Answer> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(&self.bytes())?;
        read_head(stream)?.read_body(self.method == "HEAD")
    }
}

/// Reads status line and headers.
pub(crate) fn read_head<S: Read>(stream: S) -> io::Result<Opened<S>> {
    let mut reader = BufReader::with_capacity(64 * 1024, stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no status line but {line:?}")))?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim_end_matches(['\r', '\n']) {
            "" => break,
            header => {
                let (name, value) = header.split_once(':').ok_or_else(|| io::Error::other("no header"))?;
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
    }
    Ok(Opened { status, headers, reader })
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

impl<S: Read> Opened<S> {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body, which must be a chunked one.
    pub(crate) fn into_body(self) -> Body<S> {
        assert_eq!(self.header("transfer-encoding"), Some("chunked"), "{} {:?}", self.status, self.headers);
        Body { reader: self.reader, left: 0, ended: false }
    }

    /// Reads the body, whose length must be as announced.
    pub(crate) fn finish(self, is_head: bool) -> Answer {
        self.read_body(is_head).expect("a whole body")
    }

    fn read_body(mut self, is_head: bool) -> io::Result<Answer> {
        let announced: Option<usize> = self.header("content-length").and_then(|length| length.parse().ok());
        let mut body = Vec::new();
        if is_head || self.status == 204 || self.status == 304 {
            self.reader.read_to_end(&mut body)?;
            assert!(body.is_empty(), "a body where there may be none: {body:?}");
        } else if self.header("transfer-encoding").is_some_and(|coding| coding == "chunked") {
            read_chunks(&mut self.reader, &mut body)?;
        } else if let Some(announced) = announced {
            body.resize(announced, 0);
            self.reader.read_exact(&mut body)?;
        } else {
            self.reader.read_to_end(&mut body)?;
        }
        Ok(Answer { status: self.status, headers: self.headers, body })
    }
}

/// A chunked body, read line by line.
pub(crate) struct Body<S> {
    reader: BufReader<S>,
    left: usize,
    ended: bool,
}

impl<S: Read> Body<S> {
    /// Puts the next line with its end in place of what `line` holds; false at the end of the body, which must be whole.
    pub(crate) fn read_line(&mut self, line: &mut String) -> bool {
        line.clear();
        let mut bytes = std::mem::take(line).into_bytes();
        while !bytes.ends_with(b"\n") && self.more() {
            let piece = self.reader.fill_buf().expect("the next piece");
            assert!(!piece.is_empty(), "the body broke off");
            let piece = &piece[..piece.len().min(self.left)];
            let size = piece.iter().position(|byte| *byte == b'\n').map_or(piece.len(), |end| end + 1);
            bytes.extend_from_slice(&piece[..size]);
            self.reader.consume(size);
            self.left -= size;
        }
        *line = String::from_utf8(bytes).expect("UTF-8");
        !line.is_empty()
    }

    /// Whether there are bytes left, in this chunk or the next one.
    fn more(&mut self) -> bool {
        if self.left == 0 && !self.ended {
            let mut line = String::new();
            self.reader.read_line(&mut line).expect("the size of a chunk");
            if line.trim().is_empty() {
                // The end of the chunk before.
                line.clear();
                self.reader.read_line(&mut line).expect("the size of a chunk");
            }
            self.left = usize::from_str_radix(line.trim(), 16).expect("the size of a chunk");
            self.ended = self.left == 0;
        }
        self.left > 0
    }
}

fn read_chunks<R: BufRead>(reader: &mut R, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let start = body.len();
        body.resize(start + length, 0);
        reader.read_exact(&mut body[start..])?;
        reader.read_line(&mut line)?;
        if length == 0 {
            return Ok(());
        }
    }
}

impl Answer {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The `errno` of the Yeastar dialect; empty where there is none.
    pub(crate) fn errno(&self) -> String {
        let value: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        value.and_then(|value| value["errno"].as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
