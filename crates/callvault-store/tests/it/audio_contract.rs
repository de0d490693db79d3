//! What every store of audio must do. An engine joins with one line: `audio_contract!(open)`, where `open` makes an
//! empty store and what keeps it alive.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use callvault_core::audio::{AudioKey, Sha256};
use callvault_core::port::audio_store::{AudioStore, AudioStoreError, ReadFrom, Written};
use sha2::Digest as _;

macro_rules! audio_contract {
    ($open:path) => {
        $crate::audio_contract::audio_contract! { $open;
            bytes_come_back_as_written reads_are_exact nothing_is_visible_before_the_end
                an_open_reader_outlives_the_object removal_is_of_everything a_key_is_used_once
                keys_are_listed_by_shard many_at_once
        }
    };
    ($open:path; $($case:ident)*) => {
        mod contract {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let (store, _keep) = $open().await;
                    $crate::audio_contract::$case(&store).await;
                }
            )*
        }
    };
}

pub(crate) use audio_contract;

fn key() -> AudioKey {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    AudioKey::parse(&format!("{:032x}", NEXT.fetch_add(1, Ordering::Relaxed))).unwrap()
}

/// Bytes without a period that a wrong offset could hide in.
fn content(size: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_be_bytes()[0]
        })
        .collect()
}

fn expected(content: &[u8]) -> Written {
    Written { size_bytes: content.len() as u64, sha256: Sha256(sha2::Sha256::digest(content).into()) }
}

async fn put(store: &dyn AudioStore, key: AudioKey, content: &[u8], piece: usize) -> Written {
    let mut upload = store.create(key).await.unwrap();
    for piece in content.chunks(piece) {
        upload.write(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    upload.finish().await.unwrap()
}

fn assert_missing<T>(result: Result<T, AudioStoreError>, expected: AudioKey) {
    match result {
        Err(AudioStoreError::Missing { key }) => assert_eq!(key, expected),
        Err(error) => panic!("not missing but: {error}"),
        Ok(_) => panic!("there"),
    }
}

pub(crate) async fn bytes_come_back_as_written(store: &dyn AudioStore) {
    const MIB: usize = 1024 * 1024;
    for size in [0, 1, 65, 4095, 4096, MIB - 1, MIB, MIB + 1, 3 * MIB + 17] {
        for piece in [997, 64 * 1024, MIB, 5 * MIB] {
            let (key, content) = (key(), content(size));
            let told = format!("{size} bytes in pieces of {piece}");
            assert_eq!(put(store, key, &content, piece).await, expected(&content), "{told}");
            for from in [ReadFrom::Anywhere, ReadFrom::Place, ReadFrom::Medium] {
                let reader = store.open(key, from).await.unwrap();
                assert_eq!(reader.size_bytes(), size as u64, "{told}");
                assert!(reader.read_at(0, 8 * MIB).await.unwrap()[..] == content[..], "{told} {from:?}");
            }
        }
    }
    // SHA-256 of nothing; FIPS 180-4 gives the algorithm, `sha256sum /dev/null` the value.
    let empty = put(store, key(), b"", 1).await;
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(empty.sha256.to_string(), nothing);
}

pub(crate) async fn reads_are_exact(store: &dyn AudioStore) {
    let (key, content) = (key(), content(300_000));
    put(store, key, &content, 10_000).await;
    let reader = store.open(key, ReadFrom::Anywhere).await.unwrap();
    for (offset, length) in [
        (0, 0),
        (0, 1),
        (1, 299_999),
        (65_535, 131_073),
        (299_999, 1),
        (299_999, 100),
        (300_000, 1),
        (300_001, 1),
        (123, usize::MAX),
    ] {
        let start = offset.min(content.len());
        let end = start.saturating_add(length).min(content.len());
        let found = reader.read_at(offset as u64, length).await.unwrap();
        assert!(found[..] == content[start..end], "{length} from {offset}: {} bytes", found.len());
    }
    assert!(reader.read_at(u64::MAX, 10).await.unwrap().is_empty());
    let mut buffer = vec![0xEE; 131_073];
    for offset in [0, 65_535, 200_000, 299_999, 300_000, usize::MAX] {
        let start = offset.min(content.len());
        let end = start.saturating_add(buffer.len()).min(content.len());
        buffer = reader.read_over(offset as u64, buffer).await.unwrap();
        assert!(buffer[..] == content[start..end], "over a buffer from {offset}: {} bytes", buffer.len());
    }
}

pub(crate) async fn nothing_is_visible_before_the_end(store: &dyn AudioStore) {
    let key = key();
    assert_missing(store.open(key, ReadFrom::Anywhere).await, key);
    let mut upload = store.create(key).await.unwrap();
    upload.write(Bytes::from(content(2_000_000))).await.unwrap();
    assert_missing(store.open(key, ReadFrom::Anywhere).await, key);
    assert!(!store.keys(key.shard()).await.unwrap().contains(&key));
    drop(upload);
    assert_missing(store.open(key, ReadFrom::Medium).await, key);
    store.remove(key).await.unwrap();
    // The key is free again, as nothing of it is left.
    put(store, key, b"abc", 1).await;
}

pub(crate) async fn an_open_reader_outlives_the_object(store: &dyn AudioStore) {
    let (key, content) = (key(), content(2_000_000));
    put(store, key, &content, 100_000).await;
    let reader = store.open(key, ReadFrom::Anywhere).await.unwrap();
    assert_eq!(reader.read_at(0, 10).await.unwrap()[..], content[..10]);
    store.remove(key).await.unwrap();
    assert_missing(store.open(key, ReadFrom::Anywhere).await, key);
    assert!(reader.read_at(0, 2_000_000).await.unwrap()[..] == content[..]);
}

pub(crate) async fn removal_is_of_everything(store: &dyn AudioStore) {
    let (finished, begun, never) = (key(), key(), key());
    put(store, finished, b"abc", 3).await;
    drop(store.create(begun).await.unwrap());
    for key in [finished, begun, never] {
        for _ in 0..2 {
            store.remove(key).await.unwrap();
            assert_missing(store.open(key, ReadFrom::Anywhere).await, key);
        }
        put(store, key, b"again", 3).await;
    }
}

pub(crate) async fn a_key_is_used_once(store: &dyn AudioStore) {
    let key = key();
    let first = store.create(key).await.unwrap();
    assert!(store.create(key).await.is_err(), "two uploads under one key");
    first.finish().await.unwrap();
    // A finished object is never overwritten, whichever step refuses.
    if let Ok(mut second) = store.create(key).await {
        second.write(Bytes::from_static(b"other")).await.unwrap();
        assert!(second.finish().await.is_err());
    }
    assert_eq!(store.open(key, ReadFrom::Anywhere).await.unwrap().size_bytes(), 0);
}

pub(crate) async fn keys_are_listed_by_shard(store: &dyn AudioStore) {
    let parse = |text: &str| AudioKey::parse(text).unwrap();
    let here = [parse("3f000000000000000000000000000001"), parse("3fffffffffffffffffffffffffffffff")];
    let elsewhere = parse("ff000000000000000000000000000001");
    for key in here.into_iter().chain([elsewhere]) {
        put(store, key, b"abc", 3).await;
    }
    drop(store.create(parse("3f000000000000000000000000000002")).await.unwrap());
    let mut found = store.keys(0x3f).await.unwrap();
    found.sort();
    assert_eq!(found, here);
    assert_eq!(store.keys(0xff).await.unwrap(), [elsewhere]);
    assert_eq!(store.keys(0x40).await.unwrap(), []);
}

pub(crate) async fn many_at_once(store: &dyn AudioStore) {
    let uploads = (0..40).map(|number: usize| async move {
        let (key, content) = (key(), content(number * 50_000));
        assert_eq!(put(store, key, &content, 30_000).await, expected(&content));
        let reader = store.open(key, ReadFrom::Anywhere).await.unwrap();
        assert!(reader.read_at(0, content.len()).await.unwrap()[..] == content[..]);
    });
    futures_util::future::join_all(uploads).await;
}
