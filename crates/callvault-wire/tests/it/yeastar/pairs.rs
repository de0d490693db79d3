//! Reads golden pairs; their form is told in `tests/golden/yeastar/README.md`.

use std::path::Path;

use crate::golden::{self, Message};

pub(crate) const TOKEN: &str = "1e3b3ebb6a974cb42ed31de5413df52d";
pub(crate) const RANDOM: &str = "2d2f919b742cc62f5e03c77351350f7c";
pub(crate) const REFRESH: &str = "55c7abd9d4d2a5adc19ddfeb5d1bc0a6";
pub(crate) const LENGTH: u64 = 32_044;

/// The folders of pairs: the calls around recordings, and the others.
pub(crate) const FOLDERS: [&str; 2] = ["yeastar", "yeastar-calls"];

/// Method, path and query of a request.
pub(crate) fn request_line(request: &Message) -> (&str, &str, &str) {
    let words: Vec<&str> = request.first_line.splitn(2, ' ').collect();
    let (Some(method), Some(target)) = (words.first(), words.get(1)) else {
        panic!("not a request line: {}", request.first_line);
    };
    let target = target.strip_suffix(" HTTP/1.1").expect("a request line ends in the version");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (method, path, query)
}

/// A request and what has to come back.
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) request: Message,
    pub(crate) response: Message,
}

/// All pairs of a folder, with the placeholders of what a client knows filled in.
pub(crate) fn pairs(folder: &str) -> Vec<Pair> {
    let folder = golden::folder(folder);
    golden::pairs(&folder).into_iter().map(|name| load(&folder, name)).collect()
}

fn load(folder: &Path, name: String) -> Pair {
    let read = |part: &str| Message::parse(&golden::read(&folder.join(format!("{name}.{part}"))));
    let mut request = read("request");
    for (placeholder, value) in [("{{token}}", TOKEN), ("{{random}}", RANDOM), ("{{refresh}}", REFRESH)] {
        request.first_line = request.first_line.replace(placeholder, value);
        request.body = fill(&request.body, placeholder, value);
    }
    let mut response = read("response");
    for (_, value) in &mut response.headers {
        *value = value.replace("{{length}}", &LENGTH.to_string());
    }
    Pair { name, request, response }
}

/// Fills in placeholders, also in bodies that are not UTF-8.
fn fill(bytes: &[u8], placeholder: &str, value: &str) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(placeholder.len()).position(|window| window == placeholder.as_bytes()) {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(value.as_bytes());
        rest = &rest[at + placeholder.len()..];
    }
    filled.extend_from_slice(rest);
    filled
}
