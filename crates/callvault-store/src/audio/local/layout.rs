//! Where objects lie: 256 shard directories named `00` to `ff`.

use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use callvault_core::audio::AudioKey;

use super::medium::Medium;

pub(super) fn shard(directory: &Path, shard: u8) -> PathBuf {
    directory.join(format!("{shard:02x}"))
}

/// Makes what is missing and flushes all of it, from the shards up to the directory that holds the store.
pub(super) fn make(directory: &Path, medium: &dyn Medium) -> io::Result<()> {
    private_directory(directory, medium)?;
    for number in 0..=u8::MAX {
        private_directory(&shard(directory, number), medium)?;
    }
    medium.flush_directory(directory)?;
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
    medium.flush_directory(parent.unwrap_or(Path::new(".")))
}

fn private_directory(path: &Path, medium: &dyn Medium) -> io::Result<()> {
    let made = std::fs::DirBuilder::new().mode(0o700).create(path);
    match made {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
        }
        Err(error) => {
            return Err(io::Error::new(error.kind(), format!("making `{}`: {error}", path.display())));
        }
    }
    medium.flush_directory(path)
}

/// Fails unless all shards are there.
pub(super) fn find(directory: &Path) -> io::Result<()> {
    for number in 0..=u8::MAX {
        let path = shard(directory, number);
        if !fs_err::metadata(&path)?.is_dir() {
            let text = format!("`{}` is not a directory", path.display());
            return Err(io::Error::new(io::ErrorKind::NotADirectory, text));
        }
    }
    Ok(())
}

/// The finished objects of a shard. What has another kind of name is no object and no concern of this store.
pub(super) fn keys(directory: &Path, shard: u8) -> io::Result<Vec<AudioKey>> {
    let mut keys = Vec::new();
    for entry in fs_err::read_dir(directory)? {
        let name = entry?.file_name();
        keys.extend(name.to_str().and_then(AudioKey::parse).filter(|key| key.shard() == shard));
    }
    Ok(keys)
}
