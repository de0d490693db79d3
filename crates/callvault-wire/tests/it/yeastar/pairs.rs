//! Reads golden pairs; their form is told in `tests/golden/yeastar/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub(crate) const TOKEN: &str = "1e3b3ebb6a974cb42ed31de5413df52d";
pub(crate) const RANDOM: &str = "2d2f919b742cc62f5e03c77351350f7c";
pub(crate) const REFRESH: &str = "55c7abd9d4d2a5adc19ddfeb5d1bc0a6";
pub(crate) const LENGTH: u64 = 32_044;

/// The folders of pairs: the calls around recordings, and the others.
pub(crate) const FOLDERS: [&str; 2] = ["yeastar", "yeastar-calls"];

/// One file: its comments, first line, headers and body.
pub(crate) struct Message {
    pub(crate) comments: BTreeMap<String, String>,
    pub(crate) first_line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The value of a comment; empty if it is missing.
    pub(crate) fn comment(&self, word: &str) -> &str {
        self.comments.get(word).map_or("", String::as_str)
    }

    /// Method, path and query of a request.
    pub(crate) fn request_line(&self) -> (&str, &str, &str) {
        let words: Vec<&str> = self.first_line.splitn(2, ' ').collect();
        let (Some(method), Some(target)) = (words.first(), words.get(1)) else {
            panic!("not a request line: {}", self.first_line);
        };
        let target = target.strip_suffix(" HTTP/1.1").expect("a request line ends in the version");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        (method, path, query)
    }
}

/// A request and what has to come back.
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) request: Message,
    pub(crate) response: Message,
}

/// All pairs of a folder, with the placeholders of what a client knows filled in.
pub(crate) fn pairs(folder: &str) -> Vec<Pair> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    names(&folder).into_iter().map(|name| load(&folder, name)).collect()
}

fn names(folder: &PathBuf) -> Vec<String> {
    let mut stems: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in fs_err::read_dir(folder).expect("the folder of golden files") {
        let path = entry.expect("an entry").path();
        let part =
            |part: Option<&std::ffi::OsStr>| part.and_then(|text| text.to_str()).unwrap_or("").to_owned();
        if path.file_name().is_some_and(|name| name != "README.md") {
            stems.entry(part(path.file_stem())).or_default().insert(part(path.extension()));
        }
    }
    let pair = BTreeSet::from(["request".to_owned(), "response".to_owned()]);
    for (stem, extensions) in &stems {
        assert_eq!(*extensions, pair, "{stem} is a pair");
    }
    stems.into_keys().collect()
}

fn load(folder: &Path, name: String) -> Pair {
    let mut request = read(&folder.join(format!("{name}.request")));
    for (placeholder, value) in [("{{token}}", TOKEN), ("{{random}}", RANDOM), ("{{refresh}}", REFRESH)] {
        request.first_line = request.first_line.replace(placeholder, value);
        request.body = fill(&request.body, placeholder, value);
    }
    let mut response = read(&folder.join(format!("{name}.response")));
    for (_, value) in &mut response.headers {
        *value = value.replace("{{length}}", &LENGTH.to_string());
    }
    Pair { name, request, response }
}

fn read(path: &Path) -> Message {
    let bytes = fs_err::read(path).expect("a readable golden file");
    let end = bytes.windows(2).position(|two| two == b"\n\n").expect("a blank line after the head");
    let head = std::str::from_utf8(&bytes[..end]).expect("a head in UTF-8");
    let body = &bytes[end + 2..];
    let mut lines = head.lines().peekable();
    let mut comments = BTreeMap::new();
    while let Some(comment) = lines.next_if(|line| line.starts_with("# ")) {
        let (word, value) = comment[2..].split_once(": ").expect("a comment is `# word: value`");
        comments.insert(word.to_owned(), value.to_owned());
    }
    let first_line = lines.next().expect("a first line").to_owned();
    let headers = lines
        .map(|line| line.split_once(": ").expect("a header is `name: value`"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Message { comments, first_line, headers, body: body.strip_suffix(b"\n").unwrap_or(body).to_vec() }
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
