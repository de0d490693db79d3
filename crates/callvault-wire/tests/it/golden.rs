//! Golden pairs: a file with a request and one with what has to come back. Their form is told in the READMEs beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// One file: its comments, first line, headers (their names in lower case) and body.
pub(crate) struct Message {
    pub(crate) comments: BTreeMap<String, String>,
    pub(crate) first_line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(2).position(|two| two == b"\n\n").expect("an empty line behind the head");
        let head = std::str::from_utf8(&bytes[..end]).expect("a head in UTF-8");
        let mut lines = head.lines().peekable();
        let mut comments = BTreeMap::new();
        while let Some(comment) = lines.next_if(|line| line.starts_with("# ")) {
            let (word, value) = comment[2..].split_once(": ").expect("a comment is `# word: value`");
            comments.insert(word.to_owned(), value.to_owned());
        }
        let first_line = lines.next().expect("a first line").to_owned();
        let headers = lines
            .map(|line| line.split_once(": ").expect("a header is `Name: value`"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let body = &bytes[end + 2..];
        Self { comments, first_line, headers, body: body.strip_suffix(b"\n").unwrap_or(body).to_vec() }
    }

    /// The value of a comment; empty if it is missing.
    pub(crate) fn comment(&self, word: &str) -> &str {
        self.comments.get(word).map_or("", String::as_str)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A folder of pairs.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

pub(crate) fn read(path: &Path) -> Vec<u8> {
    fs_err::read(path).expect("a readable golden file")
}

/// The names of the pairs in a folder that holds other files too.
pub(crate) fn requests(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = files(folder)
        .map(|path| path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8").to_owned())
        .filter_map(|name| name.strip_suffix(".request").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// The names of the pairs in a folder that holds nothing else but its README.
pub(crate) fn pairs(folder: &Path) -> Vec<String> {
    let mut stems: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files(folder) {
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

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs_err::read_dir(folder).expect("the folder of golden files");
    entries.map(|entry| entry.expect("an entry").path())
}
