//! One kept connection of HTTP/1.1, one request at a time: as much of HTTP as the server's answers here need.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};

/// How long one answer may take; under valgrind, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The connection.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub(super) fn open(address: SocketAddr) -> anyhow::Result<Client> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Client { stream: BufReader::new(stream) })
    }

    /// Sends a request and takes the whole answer. `headers` are lines with their CR LF; the length is added.
    ///
    /// # Errors
    /// When the connection breaks, or the answer has no length.
    pub(super) fn exchange(
        &mut self,
        method: &str,
        target: &str,
        headers: &str,
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        let length =
            if method == "GET" { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let mut request =
            format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n").into_bytes();
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request).context("cannot send a request")?;
        let status_line = self.line()?;
        let status = status(&status_line).with_context(|| format!("no status line: {status_line:?}"))?;
        let mut body_bytes = None;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            body_bytes = content_length(&line).or(body_bytes);
        }
        let Some(body_bytes) = body_bytes else { bail!("an answer of status {status} without a length") };
        let mut body = vec![0; body_bytes];
        self.stream.read_exact(&mut body).context("an answer broke off")?;
        Ok(Answer { status, body })
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).context("cannot receive an answer")? == 0 {
            bail!("the server closed the connection");
        }
        Ok(line.trim_end().to_owned())
    }
}

fn status(line: &str) -> Option<u16> {
    line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

fn content_length(line: &str) -> Option<usize> {
    let (name, value) = line.split_once(':')?;
    if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read() {
        assert_eq!(status("HTTP/1.1 206 Partial Content"), Some(206));
        assert_eq!(status("HTTP/1.1"), None);
        assert_eq!(content_length("content-length: 4096"), Some(4096));
        assert_eq!(content_length("Content-Type: 4096"), None);
    }
}
