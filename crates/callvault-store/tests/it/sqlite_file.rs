//! The catalog on SQLite: the contract, and what a file must survive.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use callvault_core::call::CallRecord;
use callvault_core::found::{FoundFilter, FoundOrder, FoundRecording, IdSpan, Slice};
use callvault_core::port::catalog::Catalog;
use callvault_core::role::builtin_roles;
use callvault_store::catalog::open_sqlite;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _, SqliteConnection};
use tempfile::TempDir;

use crate::bench::{Bench, at, first, name};
use crate::catalog_contract::calls::{PATIENCE_ENDS, call};
use crate::catalog_contract::catalog_contract;
use crate::catalog_contract::sessions::{begin, session};

pub(crate) async fn open() -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let catalog = open_sqlite(&directory.path().join("catalog.db")).await.unwrap();
    Bench::over(catalog, directory)
}

catalog_contract!(crate::sqlite_file::open);

pub(crate) async fn at_path(path: &Path) -> Bench {
    Bench::over(open_sqlite(path).await.unwrap(), ())
}

pub(crate) fn directory() -> (TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    (directory, path)
}

/// Other hands in the file.
pub(crate) async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).foreign_keys(false).connect().await.unwrap()
}

#[tokio::test]
async fn all_is_there_after_closing_and_opening() {
    let (_directory, path) = directory();
    let bench = at_path(&path).await;
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let recording = bench.recording(customer, "a.wav", 1).await;
    begin(&bench, session("one", person), vec![]).await;
    // Whoever closes it second waits as well.
    tokio::join!(bench.catalog.close(), async {
        bench.catalog.close().await;
        let files = fs_err::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(files, 1, "the write-ahead log is folded in");
    });
    let bench = at_path(&path).await;
    let inside = bench.inside(customer).await;
    assert_eq!(bench.catalog.recording(&inside, &name("a.wav")).await.unwrap(), Some(recording));
    assert_eq!(bench.catalog.sessions().await.unwrap(), [session("one", person)]);
    assert_eq!(bench.catalog.roles().await.unwrap(), builtin_roles());
    assert!(bench.customer(None).await > customer, "numbers go on");
}

/// A copy of the files at one moment is what a killed process leaves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answered_write_survives_a_kill() {
    let (_directory, path) = directory();
    let bench = Arc::new(at_path(&path).await);
    let customer = bench.customer(None).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100 {
        let bench = bench.clone();
        tasks.spawn(async move { bench.recording(customer, &format!("{number}.wav"), 1).await });
    }
    tasks.join_all().await;
    let left = tempfile::tempdir().unwrap();
    for entry in fs_err::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        // The shared-memory file is made anew from the log, as after a restart of the machine.
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            fs_err::copy(entry.path(), left.path().join(entry.file_name())).unwrap();
        }
    }
    let again = at_path(&left.path().join("catalog.db")).await;
    let inside = again.inside(customer).await;
    assert_eq!(again.catalog.recordings(&inside, first(1000)).await.unwrap().len(), 100);
    assert_eq!(again.catalog.self_check().await.unwrap(), Vec::<String>::new());
}

#[test]
fn every_answered_write_survives_a_dropped_runtime() {
    let (_directory, path) = directory();
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let first_run = runtime();
    let customer = first_run.block_on(async {
        let bench = at_path(&path).await;
        let customer = bench.customer(None).await;
        bench.recording(customer, "a.wav", 1).await;
        let catalog = bench.catalog.clone();
        tokio::spawn(async move {
            loop {
                catalog.ping().await.unwrap();
            }
        });
        customer
    });
    first_run.shutdown_background();
    runtime().block_on(async {
        let bench = at_path(&path).await;
        let inside = bench.inside(customer).await;
        assert!(bench.catalog.recording(&inside, &name("a.wav")).await.unwrap().is_some());
    });
}

#[test]
fn the_writer_goes_on_without_the_runtime_on_which_it_began() {
    let (_directory, path) = directory();
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let first = runtime();
    let bench = first.block_on(at_path(&path));
    drop(first);
    runtime().block_on(async {
        bench.catalog.ping().await.unwrap();
        bench.catalog.close().await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrators_do_not_clash() {
    let (_directory, path) = directory();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = path.clone();
        tasks.spawn(async move { open_sqlite(&path).await.unwrap() });
    }
    let catalogs: Vec<Arc<dyn Catalog>> = tasks.join_all().await;
    for catalog in &catalogs {
        catalog.ping().await.unwrap();
        assert_eq!(catalog.roles().await.unwrap(), builtin_roles());
    }
    let mut raw = raw(&path).await;
    let applied = sqlx::query("SELECT name FROM migration ORDER BY name").fetch_all(&mut raw).await.unwrap();
    let applied: Vec<String> = applied.iter().map(|row| row.get(0)).collect();
    assert_eq!(applied, migrations());
}

/// The names of the scripts, sorted: each must be in the migrator's list.
fn migrations() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog/migrations");
    let files = fs_err::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<_> =
        files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn recordings_of_before_are_joined_with_their_calls() {
    let (_directory, path) = directory();
    let bench = at_path(&path).await;
    let customer = bench.customer(None).await;
    let called = bench.recording(customer, "called.wav", 1).await;
    bench.recording(customer, "alone.wav", 2).await;
    let mut calls =
        [(1, 3_000), (2, 1_000), (3, 2_000)].map(|(id, began)| call(customer, id, began, "a", "b"));
    for call in &mut calls {
        call.recording = Some(called.name.clone());
    }
    bench.catalog.add_calls(calls.to_vec(), PATIENCE_ENDS).await.unwrap();
    bench.catalog.close().await;
    let mut raw = raw(&path).await;
    for change in [
        "DROP INDEX recording_arrival",
        "DROP INDEX recording_began",
        "ALTER TABLE recording DROP COLUMN call",
        "ALTER TABLE recording DROP COLUMN began_at",
        "DELETE FROM migration WHERE name = '20261122_recording_calls'",
    ] {
        sqlx::query(change).execute(&mut raw).await.unwrap();
    }
    at_path(&path).await.catalog.close().await;
    let rows =
        sqlx::query("SELECT name, call, began_at FROM recording ORDER BY began_at").fetch_all(&mut raw);
    let rows: Vec<(String, Option<i64>, i64)> =
        rows.await.unwrap().iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let expected = [("called.wav".to_owned(), Some(2), 1_000), ("alone.wav".to_owned(), None, 5_000)];
    assert_eq!(rows, expected);
}

/// A recording's row is led astray by other hands: what it names is still no call of its customer's.
#[tokio::test]
async fn a_call_of_another_customer_is_never_shown() {
    let (_directory, path) = directory();
    let bench = at_path(&path).await;
    let (own, other) = (bench.customer(None).await, bench.customer(None).await);
    let recording = bench.recording(own, "a.wav", 1).await;
    bench.catalog.add_calls(vec![call(other, 9, 1_000, "a", "b")], PATIENCE_ENDS).await.unwrap();
    sqlx::query("UPDATE recording SET call = 9").execute(&mut raw(&path).await).await.unwrap();
    let inside = bench.inside(own).await;
    let slice = Slice { skip: 0, limit: 10 };
    let (filter, order) = (FoundFilter::default(), FoundOrder::default());
    let found = bench.catalog.find_recordings(&inside, &filter, order, slice).await.unwrap();
    assert_eq!(found, [FoundRecording { recording: recording.clone(), call: None }]);
    let span = IdSpan { lowest: recording.id, highest: recording.id };
    let found = bench.catalog.recordings_in_spans(&inside, vec![span]).await.unwrap();
    assert_eq!(found, [FoundRecording { recording, call: None }]);
}

/// The tables of before, where a recording in no group had its end in its own row.
#[tokio::test]
async fn recordings_of_before_keep_their_places() {
    let (_directory, path) = directory();
    let bench = at_path(&path).await;
    let customer = bench.customer(None).await;
    for (text, seed) in [("ended.wav", 1), ("forever.wav", 2), ("grouped.wav", 3)] {
        bench.recording(customer, text, seed).await;
    }
    bench.catalog.close().await;
    let mut raw = raw(&path).await;
    for change in [
        "DROP TABLE recording_place",
        "DELETE FROM migration WHERE name IN ('20261122_recording_places', '20261122_place_rows')",
    ] {
        sqlx::query(change).execute(&mut raw).await.unwrap();
    }
    let before = include_str!("../../src/catalog/migrations/20261122_recording_places.sql");
    sqlx::raw_sql(before).execute(&mut raw).await.unwrap();
    for change in [
        "INSERT INTO migration (name) VALUES ('20261122_recording_places')",
        "INSERT INTO record_group VALUES (60, 1, 'Calls', NULL, 0, '', '', 1, 100, 0, TRUE, TRUE, FALSE, 'none')",
        "UPDATE recording SET expires_at = 7000 WHERE name = 'ended.wav'",
        "INSERT INTO recording_place SELECT 60, id, began_at, 9000 FROM recording WHERE name = 'grouped.wav'",
    ] {
        sqlx::query(change).execute(&mut raw).await.unwrap();
    }
    let bench = at_path(&path).await;
    let rows = sqlx::query(
        "SELECT r.name, p.record_group, p.expires_at, p.began_at = r.began_at
         FROM recording r JOIN recording_place p ON p.recording = r.id ORDER BY r.name",
    );
    let rows = rows.fetch_all(&mut raw).await.unwrap();
    let rows: Vec<(String, Option<i64>, Option<i64>, bool)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    let expected = [
        ("ended.wav".to_owned(), None, Some(7_000), true),
        ("forever.wav".to_owned(), None, None, true),
        ("grouped.wav".to_owned(), Some(60), Some(9_000), true),
    ];
    assert_eq!(rows, expected);
    assert_eq!(bench.catalog.self_check().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_newer_migration_is_left_alone() {
    let (_directory, path) = directory();
    at_path(&path).await.catalog.close().await;
    let mut newer = raw(&path).await;
    for change in [
        "INSERT INTO migration (name) VALUES ('29990101_later')",
        "ALTER TABLE customer ADD COLUMN colour TEXT",
        "UPDATE role SET privileges = privileges || ',teleport' WHERE id = 7",
    ] {
        sqlx::query(change).execute(&mut newer).await.unwrap();
    }
    let bench = at_path(&path).await;
    bench.customer(None).await;
    let count = sqlx::query("SELECT COUNT(*) FROM migration").fetch_one(&mut newer).await.unwrap();
    assert_eq!(count.get::<i64, _>(0) as usize, migrations().len() + 1);
    sqlx::query("UPDATE role SET privileges = privileges || ',teleport' WHERE id = 7")
        .execute(&mut newer)
        .await
        .unwrap();
    assert_eq!(bench.catalog.roles().await.unwrap(), builtin_roles(), "an unknown privilege opens nothing");
}

#[tokio::test]
async fn the_self_check_finds_what_other_hands_did() {
    let (_directory, path) = directory();
    let bench = at_path(&path).await;
    let customer = bench.customer(None).await;
    let hunt_group = bench.hunt_group(customer).await;
    bench.recording(customer, "a.wav", 1).await;
    for _ in 0..2 {
        let audio = bench.received(1).await;
        bench.catalog.put_message(bench.new_message(hunt_group, 1, audio)).await.unwrap();
    }
    bench.person(customer, "ann").await;
    let recorded = Some(name("a.wav"));
    let recorded = CallRecord { recording: recorded, ..call(customer, 1, 1_000, "2001", "2002") };
    bench.catalog.add_calls(vec![recorded], PATIENCE_ENDS).await.unwrap();
    assert_eq!(bench.catalog.self_check().await.unwrap(), Vec::<String>::new());
    let mut raw = raw(&path).await;
    for damage in [
        "DELETE FROM audio WHERE key = (SELECT audio FROM recording)",
        "DROP INDEX message_current",
        "UPDATE message SET current = TRUE",
        "UPDATE person SET customer = 99",
        "UPDATE recording SET call = NULL, began_at = stored_at",
        "DELETE FROM recording_place",
    ] {
        sqlx::query(damage).execute(&mut raw).await.unwrap();
    }
    let faults = bench.catalog.self_check().await.unwrap();
    let expected = [
        "recording a.wav of customer 1 has no audio row",
        "level 1 of hunt group 1 has more than one current message",
        "person 1 has no customer or no role",
        "recording a.wav of customer 1 is not joined with its first call",
        "recording a.wav of customer 1 is kept at no place",
    ];
    assert_eq!(faults, expected);
    let damaged = bench.catalog.account_named("ann").await.unwrap();
    assert_eq!(damaged.unwrap().person.customer.0, 99);
}

#[tokio::test]
async fn an_unreadable_row_is_an_error_and_no_guess() {
    for (damage, told) in [
        ("UPDATE audio SET codec = 'codec2'", "the catalog holds an unreadable audio codec"),
        ("UPDATE audio SET size_bytes = -1", "the catalog holds an unreadable audio size"),
        ("UPDATE audio SET sha256 = X'00'", "the catalog holds an unreadable audio hash"),
    ] {
        let (_directory, path) = directory();
        let bench = at_path(&path).await;
        let customer = bench.customer(None).await;
        let inside = bench.inside(customer).await;
        bench.recording(customer, "a.wav", 1).await;
        sqlx::query(damage).execute(&mut raw(&path).await).await.unwrap();
        let error = bench.catalog.recording(&inside, &name("a.wav")).await.unwrap_err();
        assert_eq!(error.to_string(), told);
    }
}

/// Another process holds the lock for longer than the group waits to begin, then lets go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_held_elsewhere_delays_and_loses_nothing() {
    let (_directory, path) = directory();
    let bench = at_path(&path).await;
    let customer = bench.customer(None).await;
    let mut raw = raw(&path).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut raw).await.unwrap();
    let catalog = bench.catalog.clone();
    let mut write = tokio::spawn(async move { catalog.receive(vec![crate::bench::any_key()], at(1)).await });
    let waited = tokio::time::timeout(std::time::Duration::from_millis(200), &mut write).await;
    assert!(waited.is_err(), "answered while the lock was held");
    // Reads do not wait.
    assert!(bench.catalog.customer(customer).await.unwrap().is_some());
    sqlx::query("ROLLBACK").execute(&mut raw).await.unwrap();
    write.await.unwrap().unwrap();
    assert_eq!(bench.removable().await, [crate::bench::any_key()]);
}

#[tokio::test]
async fn the_files_are_private() {
    let (_directory, path) = directory();
    let bench = at_path(&path).await;
    bench.customer(None).await;
    for entry in fs_err::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = directory.path().join("none/catalog.db");
    let text = directory.path().join("text.db");
    fs_err::write(&text, "This is no catalog, only a text that is long enough to be looked at. ".repeat(50))
        .unwrap();
    for path in [nowhere, text] {
        let error = open_sqlite(&path).await.map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}
