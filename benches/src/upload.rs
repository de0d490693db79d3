//! The requests of an upload: the same recording under a new name, with a number in its audio that makes it another one.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// All uploads to one server.
pub(crate) struct Upload {
    address: SocketAddr,
    key: String,
    file: Vec<u8>,
    /// How many were sent.
    count: AtomicU64,
}

impl Upload {
    /// Of recordings like `file`, with an API key.
    pub(crate) fn new(address: SocketAddr, key: &str, file: Vec<u8>) -> Upload {
        Upload { address, key: key.to_owned(), file, count: AtomicU64::new(0) }
    }

    /// Makes the next request.
    pub(crate) fn next(&self, request: &mut Vec<u8>) {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let (name, address, key, length) = (name(number), self.address, &self.key, self.file.len());
        request.clear();
        // Writing into a vector does not fail.
        let _ = write!(
            request,
            "PUT /api/v1/recordings/{name} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nContent-Type: audio/wav\r\nContent-Length: {length}\r\n\r\n"
        );
        self.append_file(number, request);
    }

    /// The request for the audio of an upload.
    pub(crate) fn fetch(&self, number: u64) -> Vec<u8> {
        let (name, address, key) = (name(number), self.address, &self.key);
        format!(
            "GET /api/v1/recordings/{name}/audio HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\r\n"
        )
        .into_bytes()
    }

    /// The file of an upload: the last eight bytes are its number.
    pub(crate) fn append_file(&self, number: u64, to: &mut Vec<u8>) {
        let (audio, _) = self.file.split_at(self.file.len() - 8);
        to.extend_from_slice(audio);
        to.extend_from_slice(&number.to_le_bytes());
    }

    /// How many were sent, of which the last may not have arrived.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// How long a file is.
    pub(crate) fn file_bytes(&self) -> usize {
        self.file.len()
    }
}

/// In the usual form of names.
fn name(number: u64) -> String {
    format!("20260106090000-1767690000.{number}-4000-4001-Internal.wav")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_upload_has_a_name_and_bytes_of_its_own() {
        let upload = Upload::new(SocketAddr::from(([127, 0, 0, 1], 80)), "cv_key", vec![7; 20]);
        let mut requests = Vec::new();
        for _ in 0..2 {
            let mut request = Vec::new();
            upload.next(&mut request);
            let text = String::from_utf8_lossy(&request).into_owned();
            assert!(text.contains("Content-Length: 20\r\n") && text.contains("Bearer cv_key\r\n"), "{text}");
            assert!(request.starts_with(b"PUT /api/v1/recordings/20260106090000-1767690000."), "{text}");
            let body = request.split_off(request.len() - 20);
            assert!(request.ends_with(b"\r\n\r\n"), "{text}");
            requests.push((request, body));
        }
        assert_ne!(requests[0].0, requests[1].0);
        assert_eq!(requests[0].1, [[7; 12].as_slice(), &[0; 8]].concat());
        assert_ne!(requests[0].1, requests[1].1);
        assert_eq!(upload.count(), 2);
    }
}
