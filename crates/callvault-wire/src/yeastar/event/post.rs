//! The request that carries a report, as one run of bytes.

use super::target::Target;

/// The whole request: headers and body for a single write, because receivers are known that read once and take
/// what came with that for the whole request (`docs/yeastar.md`, "Reports").
pub fn request(target: &Target, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "POST {} HTTP/1.1\r\n\
         Host: {}\r\n\
         User-Agent: WebAPI\r\n\
         Accept: application/json\r\n\
         Content-Type: application/json\r\n\
         Content-Length: {}\r\n\
         Connection: close\r\n\
         \r\n",
        target.path().reveal(),
        target.authority(),
        body.len(),
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yeastar::request::UrlKind;

    #[test]
    fn the_request_is_whole() {
        let server = "10.0.0.5".parse().expect("an address");
        let target = Target::new(server, 8260, Some("report"), UrlKind::Path).expect("a target");
        let expected = "POST /report HTTP/1.1\r\nHost: 10.0.0.5:8260\r\nUser-Agent: WebAPI\r\n\
            Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\
            Connection: close\r\n\r\n{\"a\":\"é\"}";
        // The é has two bytes, and bytes are what Content-Length counts.
        let expected = expected.replace("Content-Length: 8", "Content-Length: 10");
        assert_eq!(String::from_utf8_lossy(&request(&target, "{\"a\":\"é\"}".as_bytes())), expected);
    }
}
