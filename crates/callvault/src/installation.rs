//! The data folder: what is in it, who may use it, and the engine that stands on it.
//!
//! ```text
//! DATA/installation   says that the folder holds an installation, and in which format; written last by `init`
//! DATA/demo           says that it is one of the demo, whose passwords everybody knows
//! DATA/lock           locked by the one process that works with the folder
//! DATA/control.sock   the control socket, while a server runs
//! DATA/catalog.sqlite the catalog, with its write-ahead log beside it
//! DATA/audio/         the audio
//! DATA/spool/         uploads whose sender is not known yet, as files without a name
//! DATA/tls/           the self-signed certificate, if there is no other
//! ```

mod engine;
mod lock;

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use callvault_core::port::random::Random;
use callvault_core::secret::Secret;
use tokio::net::UnixStream;
use tokio::time::Instant;

pub(crate) use self::engine::Engine;
pub(crate) use self::lock::Lock;
use crate::failure::hinted;

/// The format of the data folder that this version reads and writes.
const FORMAT: &str = "callvault 1";

/// How long a command waits for another one that holds the folder.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(5);
/// How often it looks.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The places in a data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    data: PathBuf,
}

impl Places {
    /// Those of a folder.
    pub(crate) fn of(data: &Path) -> Self {
        Self { data: data.to_owned() }
    }

    fn marker(&self) -> PathBuf {
        self.data.join("installation")
    }

    fn demo_marker(&self) -> PathBuf {
        self.data.join("demo")
    }

    fn lock(&self) -> PathBuf {
        self.data.join("lock")
    }

    /// The control socket.
    pub(crate) fn control_socket(&self) -> PathBuf {
        self.data.join("control.sock")
    }

    fn catalog(&self) -> PathBuf {
        self.data.join("catalog.sqlite")
    }

    fn audio(&self) -> PathBuf {
        self.data.join("audio")
    }

    fn spool(&self) -> PathBuf {
        self.data.join("spool")
    }

    /// The folder of the self-signed certificate.
    pub(crate) fn tls(&self) -> PathBuf {
        self.data.join("tls")
    }
}

/// What a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Absent, or without anything of ours.
    Free,
    /// An `init` that was broken off left something.
    Half,
    /// An installation.
    Installed,
    /// An installation of the demo.
    Demo,
}

/// Looks at a folder.
///
/// # Errors
/// When it cannot be read, or a newer version wrote it.
pub(crate) fn state(data: &Path) -> anyhow::Result<State> {
    let places = Places::of(data);
    match fs_err::read_to_string(places.marker()) {
        Ok(text) if text.trim() == FORMAT => {
            Ok(if fs_err::exists(places.demo_marker())? { State::Demo } else { State::Installed })
        }
        Ok(text) => Err(hinted(
            format!(
                "{} is in the format `{}`, which this version does not know",
                data.display(),
                printable(&text)
            ),
            "use the version of callvault that wrote it, or a newer one",
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let half = fs_err::exists(places.catalog())? || fs_err::exists(places.audio())?;
            Ok(if half { State::Half } else { State::Free })
        }
        Err(error) => Err(error).context("cannot look at the data folder"),
    }
}

fn printable(text: &str) -> String {
    crate::printer::printable(text.lines().next().unwrap_or_default())
}

fn insist_installed(data: &Path) -> anyhow::Result<()> {
    match state(data)? {
        State::Installed | State::Demo => Ok(()),
        State::Free => Err(hinted(
            format!("{} holds no installation", data.display()),
            "`callvault init` makes one; --data DIR or CALLVAULT_DATA names another folder",
        )),
        State::Half => Err(half_made(data)),
    }
}

fn half_made(data: &Path) -> anyhow::Error {
    hinted(
        format!("{} holds an installation that was never finished", data.display()),
        "if `callvault init` or `callvault demo` was broken off, remove the folder and run it again",
    )
}

/// How a command gets at an installation.
#[derive(Debug)]
pub(crate) enum Access {
    /// Through the server at this control socket.
    Server(PathBuf),
    /// By itself, with the lock.
    Lock(Lock),
}

/// Finds out how to get at an installation; waits a few seconds while another command has it.
///
/// # Errors
/// When there is none, or the other command does not end.
pub(crate) async fn reach(data: &Path) -> anyhow::Result<Access> {
    insist_installed(data)?;
    let places = Places::of(data);
    let end = Instant::now() + WAIT_FOR_OTHERS;
    loop {
        if let Some(lock) = Lock::take(&places.lock())? {
            return Ok(Access::Lock(lock));
        }
        let socket = places.control_socket();
        if UnixStream::connect(&socket).await.is_ok() {
            return Ok(Access::Server(socket));
        }
        if Instant::now() >= end {
            return Err(hinted(
                format!(
                    "{} is in use by another callvault command{}",
                    data.display(),
                    Lock::holder(&places.lock())
                ),
                "wait until it has ended; while `callvault serve` runs, commands can run side by side",
            ));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Takes the lock for a server; waits a few seconds for a command that is just at work.
///
/// # Errors
/// When there is no installation, or the folder is in use.
pub(crate) async fn lock_for_server(data: &Path) -> anyhow::Result<Lock> {
    match reach(data).await? {
        Access::Lock(lock) => Ok(lock),
        Access::Server(_) => Err(hinted(
            format!(
                "a server works with {} already{}",
                data.display(),
                Lock::holder(&Places::of(data).lock())
            ),
            "stop it first, or name another folder with --data",
        )),
    }
}

/// Makes the folder, or takes an empty one, and locks it. Nothing of ours may be in it.
///
/// # Errors
/// When there is something, or the folder cannot be made.
pub(crate) fn claim(data: &Path) -> anyhow::Result<Lock> {
    let refuse = |state| match state {
        State::Free => Ok(()),
        State::Half => Err(half_made(data)),
        State::Installed | State::Demo => Err(hinted(
            format!("{} holds an installation already", data.display()),
            "nothing was changed; `callvault serve` serves it, --data DIR names another folder",
        )),
    };
    refuse(state(data)?)?;
    make_private(data).with_context(|| format!("cannot make the data folder {}", data.display()))?;
    let path = Places::of(data).lock();
    let lock = Lock::take(&path)?.ok_or_else(|| {
        hinted(format!("{} is in use{}", data.display(), Lock::holder(&path)), "wait and try again")
    })?;
    // Two may have looked at the same time; the second one finds the work of the first.
    refuse(state(data)?)?;
    Ok(lock)
}

fn make_private(data: &Path) -> std::io::Result<()> {
    if !data.is_dir() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
    }
    let metadata = fs_err::metadata(data)?;
    if metadata.mode() & 0o077 != 0 && metadata.uid() == rustix::process::geteuid().as_raw() {
        fs_err::set_permissions(data, PermissionsExt::from_mode(0o700))?;
    }
    // A folder that a power cut takes away again would take the installation with it.
    let absolute = fs_err::canonicalize(data)?;
    match absolute.parent() {
        Some(parent) => fs_err::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Says that the folder holds an installation: the last step of making one.
///
/// # Errors
/// When that cannot be written durably.
pub(crate) fn finish(data: &Path) -> anyhow::Result<()> {
    write_durably(&Places::of(data).marker(), &format!("{FORMAT}\n"))
        .context("cannot finish the installation")
}

/// Says that the folder is one of the demo.
///
/// # Errors
/// When that cannot be written durably.
pub(crate) fn mark_as_demo(data: &Path) -> anyhow::Result<()> {
    write_durably(&Places::of(data).demo_marker(), "the passwords of this installation are public\n")
        .context("cannot mark the folder")
}

/// Temporary file, fsync, rename, fsync of the directory.
pub(crate) fn write_durably(path: &Path, text: &str) -> std::io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(std::io::ErrorKind::InvalidInput)?.to_string_lossy();
    let temporary = directory.join(format!(".{name}.{}.new", std::process::id()));
    let mut file = fs_err::File::create(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs_err::rename(&temporary, path)?;
    fs_err::File::open(directory)?.sync_all()
}

/// Letters and digits that nobody takes for each other.
const LOOK_ALIKE_FREE: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/// A password of 20 characters, about 116 bits.
pub(crate) fn fresh_password(random: &dyn Random) -> Secret {
    let mut password = String::new();
    // Bytes at or above the last whole multiple of the alphabet would make some letters likelier.
    let fair = 256 - 256 % LOOK_ALIKE_FREE.len();
    while password.len() < 20 {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        let letters = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let letters = letters.map(|byte| char::from(LOOK_ALIKE_FREE[byte % LOOK_ALIKE_FREE.len()]));
        let missing = 20 - password.len();
        password.extend(letters.take(missing));
    }
    Secret::new(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_claimed_once_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("new/data");
        assert_eq!(state(&data).unwrap(), State::Free);
        let lock = claim(&data).unwrap();
        assert_eq!(fs_err::metadata(&data).unwrap().mode() & 0o777, 0o700);
        assert!(claim(&data).is_err(), "it is locked");
        finish(&data).unwrap();
        drop(lock);
        assert_eq!(state(&data).unwrap(), State::Installed);
        assert!(claim(&data).is_err(), "it is an installation");
        mark_as_demo(&data).unwrap();
        assert_eq!(state(&data).unwrap(), State::Demo);
    }

    #[tokio::test]
    async fn what_is_half_made_or_of_a_newer_version_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path();
        fs_err::create_dir(data.join("audio")).unwrap();
        assert_eq!(state(data).unwrap(), State::Half);
        assert!(claim(data).is_err() && lock_for_server(data).await.is_err());
        fs_err::write(data.join("installation"), "callvault 99\n").unwrap();
        assert!(state(data).unwrap_err().to_string().contains("`callvault 99`"));
    }

    #[tokio::test]
    async fn without_an_installation_init_is_the_hint() {
        let directory = tempfile::tempdir().unwrap();
        let error = reach(directory.path()).await.unwrap_err();
        assert!(crate::failure::lines(&error).contains("hint: `callvault init`"));
    }

    #[test]
    fn passwords_have_twenty_clear_characters() {
        struct Counting(std::sync::atomic::AtomicU8);
        impl Random for Counting {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill_with(|| self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
            }
        }
        let random = Counting(240.into());
        let (one, other) = (fresh_password(&random), fresh_password(&random));
        assert_ne!(one, other);
        for password in [one, other] {
            assert_eq!(password.reveal().len(), 20);
            assert!(!password.reveal().contains(['0', 'O', '1', 'l', 'I']));
        }
    }
}
