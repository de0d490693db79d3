//! Golden pairs: a request as a client writes it, and what has to come back. The form of the files is told in the READMEs
//! beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use axum::body::Body;
use http::Request;

/// A request or response file.
#[derive(Debug, Clone)]
pub struct Message {
    /// The comments before the first line, by their word.
    pub comments: BTreeMap<String, String>,
    /// The request line or status line.
    pub first_line: String,
    /// The headers as written.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Message {
    /// Reads a file.
    pub fn read(path: &Path) -> Self {
        let bytes = fs_err::read(path).unwrap();
        let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap_or(bytes.len());
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.lines().peekable();
        let mut comments = BTreeMap::new();
        while let Some(comment) = lines.next_if(|line| line.starts_with("# ")) {
            let (word, value) = comment[2..].split_once(": ").unwrap();
            comments.insert(word.to_owned(), value.to_owned());
        }
        let first_line = lines.next().unwrap().trim_end().to_owned();
        let headers = lines.filter(|line| !line.is_empty()).map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_owned(), value.trim().to_owned())
        });
        let headers = headers.collect();
        let body = bytes.get(end + 2..).unwrap_or_default();
        let body = body.strip_suffix(b"\n").unwrap_or(body).to_vec();
        Self { comments, first_line, headers, body }
    }

    /// The value of a comment, or its default.
    pub fn comment<'a>(&'a self, word: &str, default: &'a str) -> &'a str {
        self.comments.get(word).map_or(default, String::as_str)
    }

    /// The request that a request file tells.
    pub fn request(&self) -> Request<Body> {
        let mut parts = self.first_line.split(' ');
        let (method, target) = (parts.next().unwrap(), parts.next().unwrap());
        let mut builder = Request::builder().method(method).uri(target);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        builder.body(Body::from(self.body.clone())).unwrap()
    }

    /// Replaces a placeholder everywhere.
    pub fn fill(&mut self, placeholder: &str, value: &str) {
        self.first_line = self.first_line.replace(placeholder, value);
        for (_, text) in &mut self.headers {
            *text = text.replace(placeholder, value);
        }
        if let Ok(text) = std::str::from_utf8(&self.body) {
            self.body = text.replace(placeholder, value).into_bytes();
        }
    }
}

/// The folder of a dialect's pairs.
pub fn folder(dialect: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../callvault-wire/tests/golden").join(dialect)
}

/// The pairs of a folder, by name, as the paths of request and response.
fn pairs(folder: &Path) -> Vec<(String, PathBuf, PathBuf)> {
    let mut pairs: Vec<_> = fs_err::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "request"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, path.clone(), path.with_extension("response"))
        })
        .collect();
    pairs.sort();
    pairs
}

/// Replays the pairs of a dialect one after the other, and fails with all that do not hold and why. Answers how many there
/// are.
///
/// # Panics
/// When a pair does not hold, or a file cannot be read.
pub async fn replay_all(
    dialect: &str,
    mut replay: impl AsyncFnMut(Message, Message) -> Result<(), String>,
) -> usize {
    let pairs = pairs(&folder(dialect));
    let count = pairs.len();
    let mut failures = Vec::new();
    for (name, request, response) in pairs {
        if let Err(failure) = replay(Message::read(&request), Message::read(&response)).await {
            failures.push(format!("{name}: {failure}"));
        }
    }
    assert!(failures.is_empty(), "{} pairs fail:\n{}", failures.len(), failures.join("\n"));
    count
}

/// Whether a body is the expected one, in which `{{hex32}}` stands for 32 lower-case hexadecimal digits and `{{any}}` for
/// any text without a quote.
pub fn fits(text: &str, expected: &str) -> bool {
    let mut rest = text;
    let mut expected = expected;
    loop {
        let Some(at) = expected.find("{{") else { return rest == expected };
        let Some(after) = rest.strip_prefix(&expected[..at]) else { return false };
        (rest, expected) = (after, &expected[at..]);
        if let Some(behind) = expected.strip_prefix("{{hex32}}") {
            let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            if !rest.get(..32).is_some_and(|hex| hex.bytes().all(is_hex)) {
                return false;
            }
            (rest, expected) = (&rest[32..], behind);
        } else if let Some(behind) = expected.strip_prefix("{{any}}") {
            let literal = &behind[..behind.find("{{").unwrap_or(behind.len())];
            let Some(at) = rest.find(literal).filter(|at| !rest[..*at].contains('"')) else { return false };
            (rest, expected) = (&rest[at..], behind);
        } else {
            panic!("a placeholder that nobody knows in {expected:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn placeholders_stand_for_what_they_say() {
        let hex = "0123456789abcdef0123456789abcdef";
        let check = |text: &str, expected: &str, fit: bool| {
            assert_eq!(fits(text, expected), fit, "{text} and {expected}");
        };
        check("", "", true);
        check("a", "", false);
        check(&format!("a{hex}b"), "a{{hex32}}b", true);
        check(&format!("a{hex}0b"), "a{{hex32}}b", false);
        check(&hex.to_uppercase(), "{{hex32}}", false);
        check(&hex[1..], "{{hex32}}", false);
        check(&format!("{hex}{hex}"), "{{hex32}}{{hex32}}", true);
        check("\"x\":\"some thing UTC+0\"", "\"x\":\"{{any}} UTC+0\"", true);
        check("\"x\":\"some\",\"y\":\" UTC+0\"", "\"x\":\"{{any}} UTC+0\"", false);
        check("ab\"", "{{any}}\"", true);
    }
}
