//! Audio in local files: the contract, and what lies on the disk.

use bytes::Bytes;
use callvault_core::audio::AudioKey;
use callvault_core::port::audio_store::AudioStore as _;
use callvault_store::audio::local::LocalAudio;

use crate::audio_contract::audio_contract;

pub(crate) async fn open() -> (LocalAudio, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let store = LocalAudio::init(&directory.path().join("audio")).await.unwrap();
    (store, directory)
}

audio_contract!(crate::local_files::open);

#[tokio::test]
async fn objects_are_there_after_opening_again() {
    let (store, directory) = open().await;
    let key = AudioKey::parse("a7000000000000000000000000000001").unwrap();
    let mut upload = store.create(key).await.unwrap();
    upload.write(Bytes::from_static(b"abc")).await.unwrap();
    upload.finish().await.unwrap();
    let again = LocalAudio::open(&directory.path().join("audio")).await.unwrap();
    assert_eq!(again.keys(0xa7).await.unwrap(), [key]);
    let file = directory.path().join("audio/a7/a7000000000000000000000000000001");
    assert_eq!(fs_err::read(file).unwrap(), b"abc");
}

#[tokio::test]
async fn strange_files_are_no_objects() {
    let (store, directory) = open().await;
    let shard = directory.path().join("audio/a7");
    for name in ["README", "a7", "A7000000000000000000000000000001", "b7000000000000000000000000000001"] {
        fs_err::write(shard.join(name), "x").unwrap();
    }
    assert_eq!(store.keys(0xa7).await.unwrap(), []);
}

#[tokio::test]
async fn a_part_left_by_a_killed_server_is_removed() {
    let (store, directory) = open().await;
    let key = AudioKey::parse("a7000000000000000000000000000001").unwrap();
    let part = directory.path().join(format!("audio/a7/.{key}.part"));
    let mut upload = store.create(key).await.unwrap();
    upload.write(Bytes::from(vec![1; 3_000_000])).await.unwrap();
    assert!(part.exists());
    drop(upload);
    store.remove(key).await.unwrap();
    assert!(!part.exists());
}
