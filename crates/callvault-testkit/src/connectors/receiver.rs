//! An application server for tests without a runtime: a thread for each report, so that what it does with one may block.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// A client that sends nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is answered to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// This status, with a whole answer.
    Status(u16),
    /// Nothing; the connection ends.
    Close,
}

/// A running one. It ends when it is dropped; what is under way then goes on.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Receiver {
    /// On a free port of 127.0.0.1. `handle` gets the body of each report and says what is answered.
    pub fn start(handle: impl Fn(&[u8]) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let (seen, handle) = (ended.clone(), Arc::new(handle));
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if seen.load(Ordering::SeqCst) {
                    break;
                }
                let handle = handle.clone();
                // Whoever sent the report may be gone when it is answered; that is theirs to know.
                std::thread::spawn(move || stream.and_then(|stream| serve(stream, handle.as_ref())));
            }
        });
        Self { address, ended, accepting: Some(accepting) }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes it up; if it cannot be reached, it has ended.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn serve(mut stream: TcpStream, handle: &dyn Fn(&[u8]) -> Reply) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let Some(body) = read_body(&mut stream)? else { return Ok(()) };
    if let Reply::Status(status) = handle(&body) {
        let head = format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes())?;
    }
    stream.shutdown(Shutdown::Write)
}

/// The body of a request; nothing if it broke off.
fn read_body(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            let body = &bytes[end + 4..];
            if body.len() >= length.unwrap_or(0_usize) {
                return Ok(Some(body.to_vec()));
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(None),
            length => bytes.extend_from_slice(&buffer[..length]),
        }
    }
}

/// By what a receiver knows a report again (`docs/yeastar.md` G24): `callid`, `timestart` and `callto`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportKey {
    /// `callid`.
    pub call_id: String,
    /// `timestart`.
    pub started_at: String,
    /// `callto`.
    pub to: String,
}

impl ReportKey {
    /// That of a body; empty where it has none.
    pub fn of(body: &Value) -> Self {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        Self { call_id: text("callid"), started_at: text("timestart"), to: text("callto") }
    }
}
