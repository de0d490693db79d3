//! Reports over a TCP connection that the application server opens and keeps (`docs/yeastar.md` G25).
//!
//! The client sends a login; after the answer, reports flow one per line. What the client sends after its login
//! means nothing.

pub mod login;

/// The answer to a login that went well.
pub const ACCEPTED: &[u8] = b"Response: Success\r\n\r\n";

/// The answer to any other; the reason is not told.
pub const REFUSED: &[u8] = b"Response: Error\r\n\r\n";

/// The line that carries a report, given as JSON text without line breaks.
pub fn line(body: &[u8]) -> Vec<u8> {
    [body, b"\r\n"].concat()
}
