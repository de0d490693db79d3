//! The head of an HTTP/1.1 answer, as far as the load generator needs it: where it ends, the status, the length.

use anyhow::{Context, bail};

/// A head that was read whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The status code.
    pub(crate) status: u16,
    /// Bytes of the head with its empty line; the body starts there.
    pub(crate) head_bytes: usize,
    /// Bytes of the body.
    pub(crate) body_bytes: u64,
}

/// The head at the start of `bytes`; `None` while its end has not come.
///
/// # Errors
/// What is not HTTP/1.1, and what must not happen under load: no `Content-Length`, or the connection is to close.
pub(crate) fn parse(bytes: &[u8]) -> anyhow::Result<Option<Head>> {
    let Some(head_bytes) = end(bytes) else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..head_bytes]).context("the head of the answer is not UTF-8")?;
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok())
        .with_context(|| format!("the answer starts with `{first}`"))?;
    let mut body_bytes = None;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            body_bytes = Some(value.parse().with_context(|| format!("Content-Length is `{value}`"))?);
        } else if name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close") {
            bail!("the server closes the connection after status {status}");
        }
    }
    let body_bytes = body_bytes.with_context(|| format!("no Content-Length with status {status}"))?;
    Ok(Some(Head { status, head_bytes, body_bytes }))
}

/// Where the empty line ends.
fn end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_head_gives_status_and_lengths() {
        let text = "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\ncontent-length:  4096\r\n\r\nRIFF";
        let expected = Head { status: 200, head_bytes: text.len() - 4, body_bytes: 4096 };
        assert_eq!(parse(text.as_bytes()).expect("a good head"), Some(expected));
        for cut in [0, 5, 17, text.len() - 5] {
            assert_eq!(parse(&text.as_bytes()[..cut]).expect("no fault yet"), None, "cut at {cut}");
        }
    }

    #[test]
    fn what_must_not_happen_under_load_is_an_error() {
        let check = |text: &str, expected: &str| {
            let error = parse(text.as_bytes()).expect_err(text).to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("HTTP/1.0 200 OK\r\n\r\n", "starts with `HTTP/1.0 200 OK`");
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "no Content-Length with status 200");
        check("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "Content-Length is `x`");
        check(
            "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            "closes the connection after status 503",
        );
    }
}
