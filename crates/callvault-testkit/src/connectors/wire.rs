//! Bytes to a telephone system and back, with nothing in between that tidies them up.

use std::io::{self, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use socket2::{Domain, Socket, Type};

/// Longer than any answer here takes; a client that waits for so long gives up with an error.
const PATIENCE: Duration = Duration::from_secs(60);

/// A telephone system as a client reaches it.
#[derive(Debug, Clone)]
pub struct Pbx {
    address: SocketAddr,
    source: Option<IpAddr>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, values as they came.
    pub headers: Vec<(String, String)>,
    /// All of the body.
    pub body: Vec<u8>,
}

impl Pbx {
    /// At an address.
    pub fn at(address: SocketAddr) -> Self {
        Self { address, source: None }
    }

    /// The same, for a client that sends from this address; all of 127.0.0.0/8 is ours on Linux.
    pub fn seen_from(&self, source: &str) -> Self {
        Self { address: self.address, source: Some(source.parse().unwrap()) }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(&self) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, None)?;
        if let Some(source) = self.source {
            socket.bind(&SocketAddr::new(source, 0).into())?;
        }
        socket.connect_timeout(&self.address.into(), PATIENCE)?;
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// Sends these bytes over a connection of their own and reads the answer.
    ///
    /// # Errors
    /// When the server goes before the answer is whole.
    pub fn exchange(&self, request: &[u8]) -> io::Result<Answer> {
        let mut stream = self.connect()?;
        stream.write_all(request)?;
        Answer::read(stream, request.starts_with(b"HEAD "))
    }

    /// GET of a target that is written as it is.
    ///
    /// # Errors
    /// As with [`Pbx::exchange`].
    pub fn get(&self, target: &str) -> io::Result<Answer> {
        self.exchange(get(target, "").as_bytes())
    }

    /// POST of a body.
    ///
    /// # Errors
    /// As with [`Pbx::exchange`].
    pub fn post(&self, target: &str, content_type: &str, body: &str) -> io::Result<Answer> {
        self.exchange(post(target, content_type, body).as_bytes())
    }
}

/// A GET with further headers, each with its end.
pub fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: pbx\r\n{headers}Connection: close\r\n\r\n")
}

/// A POST; without a `Content-Type` if that is empty.
pub fn post(target: &str, content_type: &str, body: &str) -> String {
    let content_type = match content_type {
        "" => String::new(),
        named => format!("Content-Type: {named}\r\n"),
    };
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nHost: pbx\r\n{content_type}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

impl Answer {
    /// Reads an answer from a connection. The answer to HEAD has no body.
    ///
    /// # Errors
    /// When it is no HTTP, or breaks off.
    pub fn read(stream: impl Read, is_head: bool) -> io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let first = line(&mut reader)?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status line: {first:?}")))?;
        let mut headers = Vec::new();
        loop {
            let header = line(&mut reader)?;
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').ok_or_else(|| io::Error::other("no header"))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Self { status, headers, body: Vec::new() };
        if is_head {
            reader.read_to_end(&mut answer.body)?;
        } else if let Some(length) = answer.length() {
            answer.body.resize(length, 0);
            reader.read_exact(&mut answer.body)?;
        } else if answer.header("transfer-encoding") == "chunked" {
            read_chunks(&mut reader, &mut answer.body)?;
        } else {
            reader.read_to_end(&mut answer.body)?;
        }
        Ok(answer)
    }

    /// The value of a header, by its name in lower case; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// What `Content-Length` says.
    pub fn length(&self) -> Option<usize> {
        self.header("content-length").parse().ok()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A member of a JSON body, if it is a text; empty where there is none, or no JSON.
    pub fn member(&self, name: &str) -> String {
        let value: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        value[name].as_str().unwrap_or_default().to_owned()
    }
}

fn line(reader: &mut impl io::BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("the head broke off: {line:?}"))),
    }
}

fn read_chunks(reader: &mut impl io::BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let size = usize::from_str_radix(&line(reader)?, 16).map_err(io::Error::other)?;
        let start = body.len();
        body.resize(start + size, 0);
        reader.read_exact(&mut body[start..])?;
        line(reader)?;
        if size == 0 {
            return Ok(());
        }
    }
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
pub fn encode(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The MD5 that stands for a password.
pub fn md5(password: &str) -> String {
    hex::encode(<md5::Md5 as md5::Digest>::digest(password))
}
