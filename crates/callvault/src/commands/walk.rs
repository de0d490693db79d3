//! Going through folders of files: in order, without hidden files, without following symbolic links.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

/// What is in a folder, by name, without hidden files.
pub(super) fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs_err::read_dir(folder).context("cannot go through the folder")?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    Ok(paths)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Goes through files and folders. Memory grows with the depth of the tree and the width of its folders, not with the
/// number of files in all of it.
pub(super) struct Walk {
    ahead: Vec<PathBuf>,
}

impl Walk {
    /// Over these paths, in this order.
    pub(super) fn over(paths: &[PathBuf]) -> Self {
        Self { ahead: paths.iter().rev().cloned().collect() }
    }
}

/// What stands at a path.
#[derive(Debug)]
pub(super) enum Found {
    /// A file.
    File,
    /// A symbolic link, which is not followed.
    Link,
    /// Something that cannot be read, or is neither file nor folder.
    Wrong(anyhow::Error),
}

impl Iterator for Walk {
    type Item = (PathBuf, Found);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let path = self.ahead.pop()?;
            let kind = match fs_err::symlink_metadata(&path) {
                Ok(metadata) => metadata.file_type(),
                Err(error) => return Some((path, Found::Wrong(error.into()))),
            };
            if kind.is_dir() {
                match entries(&path) {
                    Ok(mut inside) => {
                        inside.reverse();
                        self.ahead.append(&mut inside);
                    }
                    Err(error) => return Some((path, Found::Wrong(error))),
                }
            } else if kind.is_symlink() {
                return Some((path, Found::Link));
            } else if kind.is_file() {
                return Some((path, Found::File));
            } else {
                return Some((path, Found::Wrong(anyhow::anyhow!("is neither a file nor a folder"))));
            }
        }
    }
}

/// SHA-256 of a file in lower-case hex.
pub(super) fn sha256(path: &Path) -> anyhow::Result<String> {
    let mut file = fs_err::File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 256 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex::encode(hash.finalize())),
            bytes => hash.update(&piece[..bytes]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_order_and_links_are_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs_err::create_dir(root.join("b")).unwrap();
        for name in ["c.wav", "b/2.wav", "b/1.wav", "a.wav", ".hidden", "b/.part"] {
            fs_err::write(root.join(name), "").unwrap();
        }
        std::os::unix::fs::symlink(root.join("b"), root.join("link")).unwrap();
        let found: Vec<String> = Walk::over(&[root.to_owned(), root.join("gone")])
            .map(|(path, found)| {
                let kind = match found {
                    Found::File => "file",
                    Found::Link => "link",
                    Found::Wrong(_) => "wrong",
                };
                format!("{kind} {}", path.strip_prefix(root).unwrap().display())
            })
            .collect();
        let expected =
            ["file a.wav", "file b/1.wav", "file b/2.wav", "file c.wav", "link link", "wrong gone"];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_hash_is_the_well_known_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("abc");
        fs_err::write(&path, "abc").unwrap();
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&path).unwrap(), expected);
    }
}
