//! What only a failing medium shows: that nothing is called durable before every flush succeeded.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use bytes::Bytes;
use callvault_core::port::audio_store::{FinishError, SendableFile};

use super::*;

/// Notes every flush and fails the one with a number.
#[derive(Debug, Default)]
struct Failing {
    at: usize,
    calls: AtomicUsize,
    notes: Mutex<Vec<String>>,
}

impl Failing {
    fn note(&self, what: &str, path: &Path) -> io::Result<()> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let names: Vec<_> = path.parent().map(fs_err::read_dir).into_iter().flatten().flatten().collect();
        let part = names.iter().flatten().any(|entry| entry.file_name().to_string_lossy().ends_with(".part"));
        self.notes
            .lock()
            .unwrap()
            .push(format!("{what}{}", if part { " under its temporary name" } else { "" }));
        if call == self.at { Err(io::Error::other("no medium")) } else { Ok(()) }
    }
}

impl Medium for Failing {
    fn flush_file(&self, file: &fs_err::File) -> io::Result<()> {
        self.note("file", file.path())
    }

    fn flush_directory(&self, directory: &Path) -> io::Result<()> {
        self.note("directory", &directory.join("any"))
    }
}

const KEY: &str = "3f00112233445566778899aabbccddee";

async fn upload(at: usize) -> (tempfile::TempDir, LocalAudio, Arc<Failing>, Result<u64, FinishError>) {
    let directory = tempfile::tempdir().unwrap();
    LocalAudio::init(directory.path()).await.unwrap();
    let medium = Arc::new(Failing { at, ..Failing::default() });
    let store = LocalAudio::over(directory.path(), medium.clone());
    let mut upload = store.create(AudioKey::parse(KEY).unwrap()).await.unwrap();
    upload.write(Bytes::from_static(b"abc")).await.unwrap();
    let written = upload.finish().await.map(|written| written.size_bytes);
    (directory, store, medium, written)
}

#[tokio::test]
async fn the_file_is_flushed_before_the_rename_and_the_directory_after() {
    let (_directory, _store, medium, written) = upload(0).await;
    assert_eq!(written.unwrap(), 3);
    assert_eq!(*medium.notes.lock().unwrap(), ["file under its temporary name", "directory"]);
}

#[tokio::test]
async fn a_failed_flush_is_told_and_the_bytes_can_be_read_once_more() {
    for (at, flush) in [(1, "flushing the file"), (2, "flushing the directory")] {
        let (_directory, store, _, written) = upload(at).await;
        let Err(FinishError::NotDurable { staged, written, source }) = written else {
            panic!("{flush}: not told");
        };
        assert_eq!(source.to_string(), format!("audio {KEY}: {flush} failed"));
        assert_eq!(written.size_bytes, 3);
        // SHA-256("abc") from FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(written.sha256.to_string(), abc);
        store.remove(AudioKey::parse(KEY).unwrap()).await.unwrap();
        assert_eq!(&staged.read_at(0, 10).await.unwrap()[..], b"abc", "{flush}");
    }
}

#[tokio::test]
async fn a_removal_that_is_not_durable_is_told_and_can_be_tried_again() {
    let (_directory, store, _, written) = upload(3).await;
    written.unwrap();
    let key = AudioKey::parse(KEY).unwrap();
    assert!(store.remove(key).await.is_err());
    store.remove(key).await.unwrap();
    assert_eq!(store.keys(key.shard()).await.unwrap(), []);
}

#[tokio::test]
async fn a_removal_takes_the_temporary_name_first_so_that_a_late_rename_finds_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = LocalAudio::init(directory.path()).await.unwrap();
    let key = AudioKey::parse(KEY).unwrap();
    let upload = store.create(key).await.unwrap();
    // A directory in the place of the object cannot be unlinked, so the removal ends there.
    fs_err::create_dir(store.object(key)).unwrap();
    assert!(store.remove(key).await.is_err());
    assert!(!store.part(key).exists(), "the upload could still become an object that nothing knows of");
    fs_err::remove_dir(store.object(key)).unwrap();
    assert!(upload.finish().await.is_err());
    assert_eq!(store.keys(key.shard()).await.unwrap(), []);
}

#[test]
fn an_upload_that_was_given_up_in_a_write_goes_on_no_more() {
    // One thread for blocking work, and that one busy: the write cannot end before it is given up.
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let directory = tempfile::tempdir().unwrap();
        let store = LocalAudio::init(directory.path()).await.unwrap();
        let key = AudioKey::parse(KEY).unwrap();
        let mut upload = store.create(key).await.unwrap();
        let (free, busy) = std::sync::mpsc::channel::<()>();
        let thread = tokio::task::spawn_blocking(move || busy.recv().unwrap());
        assert!(poll_once(upload.write(Bytes::from(vec![1; 2 * 1024 * 1024]))).is_none());
        free.send(()).unwrap();
        thread.await.unwrap();
        assert!(upload.write(Bytes::from_static(b"x")).await.is_err());
        assert!(upload.finish().await.is_err());
        assert_eq!(store.keys(key.shard()).await.unwrap(), []);
    });
}

/// Polls once and drops.
fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    }
}

#[tokio::test]
async fn files_and_directories_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let (directory, store, _, _) = upload(0).await;
    let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&store.object(AudioKey::parse(KEY).unwrap())), 0o600);
    assert_eq!(mode(&directory.path().join("3f")), 0o700);
    assert_eq!(mode(directory.path()), 0o700);
}

#[tokio::test]
async fn a_store_with_a_missing_shard_is_not_opened() {
    let directory = tempfile::tempdir().unwrap();
    assert!(LocalAudio::open(directory.path()).await.is_err());
    LocalAudio::init(directory.path()).await.unwrap();
    LocalAudio::open(directory.path()).await.unwrap();
    fs_err::remove_dir(directory.path().join("a7")).unwrap();
    let Err(AudioStoreError::Unusable { source, .. }) = LocalAudio::open(directory.path()).await else {
        panic!("opened");
    };
    assert!(source.to_string().contains("a7"), "{source}");
    LocalAudio::init(directory.path()).await.unwrap();
    LocalAudio::open(directory.path()).await.unwrap();
}

#[tokio::test]
async fn a_file_cut_on_the_disk_is_an_error_and_no_short_object() {
    let (_directory, store, _, _) = upload(0).await;
    let key = AudioKey::parse(KEY).unwrap();
    let reader = store.open(key, ReadFrom::Anywhere).await.unwrap();
    fs_err::OpenOptions::new().write(true).open(store.object(key)).unwrap().set_len(1).unwrap();
    let Err(AudioStoreError::Failed { source, .. }) = reader.read_at(0, 3).await else { panic!("read") };
    assert_eq!(source.kind(), io::ErrorKind::UnexpectedEof);
    assert!(source.to_string().contains(KEY), "{source}");
}

#[tokio::test]
async fn an_open_file_is_used_again_until_its_object_is_gone() {
    let (directory, store, _, _) = upload(0).await;
    let key = AudioKey::parse(KEY).unwrap();
    store.open(key, ReadFrom::Anywhere).await.unwrap();
    let reader = store.opened.reader(key).expect("its file is open");
    assert_eq!(reader.read_at(1, 2).await.unwrap(), "bc");
    // By somebody else, or by a medium that loses it.
    fs_err::remove_file(layout::shard(directory.path(), key.shard()).join(KEY)).unwrap();
    assert!(store.opened.reader(key).is_err());
    let error = store.open(key, ReadFrom::Anywhere).await.unwrap_err();
    assert!(matches!(error, AudioStoreError::Missing { .. }), "{error}");
}

#[tokio::test]
async fn an_object_that_was_moved_away_is_not_in_its_place() {
    let (directory, store, _, _) = upload(0).await;
    let key = AudioKey::parse(KEY).unwrap();
    store.open(key, ReadFrom::Anywhere).await.unwrap();
    assert_eq!(store.open(key, ReadFrom::Place).await.unwrap().size_bytes(), 3);
    fs_err::rename(store.object(key), directory.path().join("elsewhere")).unwrap();
    let error = store.open(key, ReadFrom::Place).await.unwrap_err();
    assert!(matches!(error, AudioStoreError::Missing { .. }), "{error}");
}

#[tokio::test]
async fn a_file_is_not_kept_open_when_its_object_was_removed() {
    let (_directory, store, _, _) = upload(0).await;
    let key = AudioKey::parse(KEY).unwrap();
    store.open(key, ReadFrom::Anywhere).await.unwrap();
    let file = store.opened.reader(key).expect("its file is open").file();
    store.remove(key).await.unwrap();
    assert_eq!(Arc::strong_count(&file), 1, "whoever still reads it is the last");
}

#[tokio::test]
async fn a_file_is_not_kept_open_when_the_removal_is_not_durable_yet() {
    let (_directory, store, _, _) = upload(3).await;
    let key = AudioKey::parse(KEY).unwrap();
    let file = file_of(store.open(key, ReadFrom::Anywhere).await.unwrap()).await;
    assert!(store.remove(key).await.is_err());
    assert_eq!(Arc::strong_count(&file), 1, "its name is gone, and its room is to be given back");
}

/// The file of a reader that nobody reads with any more.
async fn file_of(reader: Arc<dyn AudioReader>) -> SendableFile {
    reader.file(0..3).await.unwrap().expect("local audio is in files")
}

/// Opens an object on a thread that may wait, and removes it before whoever opened it hears of that.
#[cfg(target_os = "linux")]
#[track_caller]
fn check_opened_beside_a_removal(from: ReadFrom) {
    // One thread for blocking work, so that it goes in order, and not before there is enough of it.
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (directory, _, medium, _) = upload(0).await;
        // What is behind a link of the process is never found at once (openat2(2), RESOLVE_CACHED).
        let behind = Path::new("/proc/self/root").join(directory.path().strip_prefix("/").unwrap());
        let store = LocalAudio::over(&behind, medium);
        let key = AudioKey::parse(KEY).unwrap();
        let (free, busy) = std::sync::mpsc::channel::<()>();
        let thread = tokio::task::spawn_blocking(move || busy.recv().unwrap());
        let mut opening = std::pin::pin!(store.open(key, from));
        assert!(opening.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        free.send(()).unwrap();
        thread.await.unwrap();
        store.remove(key).await.unwrap();
        let file = file_of(opening.await.unwrap()).await;
        assert_eq!(Arc::strong_count(&file), 1, "{from:?}: whoever still reads it is the last");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_is_not_kept_open_when_its_object_was_removed_while_it_was_opened() {
    check_opened_beside_a_removal(ReadFrom::Anywhere);
    check_opened_beside_a_removal(ReadFrom::Medium);
}

/// Reads a whole object in pieces until somebody else's turn came, which is after so many pieces at most.
#[track_caller]
fn check_others_go_on(size_bytes: usize, piece_bytes: usize, most_pieces: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let directory = tempfile::tempdir().unwrap();
        let store = LocalAudio::init(directory.path()).await.unwrap();
        let key = AudioKey::parse(KEY).unwrap();
        let mut upload = store.create(key).await.unwrap();
        upload.write(Bytes::from(vec![7; size_bytes])).await.unwrap();
        upload.finish().await.unwrap();
        let reader = store.open(key, ReadFrom::Anywhere).await.unwrap();
        // Twice, as the first may bring it into memory on another thread.
        let mut pieces = 0;
        for _ in 0..2 {
            // With all that a task may do at once.
            tokio::task::yield_now().await;
            let came = Arc::new(AtomicUsize::new(0));
            let other = Arc::clone(&came);
            tokio::spawn(async move { other.fetch_add(1, Ordering::SeqCst) });
            pieces = 0;
            while came.load(Ordering::SeqCst) == 0 && pieces <= most_pieces {
                let offset = (pieces * piece_bytes) % size_bytes;
                assert_eq!(reader.read_at(offset as u64, piece_bytes).await.unwrap().len(), piece_bytes);
                pieces += 1;
            }
        }
        assert!(pieces <= most_pieces, "{piece_bytes} bytes at once: nobody else's turn came");
        assert!(pieces > 1, "{piece_bytes} bytes at once are no reason to let others go first");
    });
}

#[test]
fn whoever_reads_many_pieces_lets_others_go_on() {
    // The budget of a task, which is 128, counts the small ones; of large ones 2 MiB are enough.
    check_others_go_on(1024, 1, 130);
    check_others_go_on(512 * 1024, 16 * 1024, 130);
    check_others_go_on(512 * 1024, 256 * 1024, 10);
}
