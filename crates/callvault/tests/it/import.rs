//! Importing folders, synchronising messages, and names that several customers have.

use std::path::Path;

use crate::vault::{OTHER_RECORDING, RECORDING, Vault, sample};

fn put(folder: &Path, name: &str, source: &str) {
    let path = folder.join(name);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::copy(sample(source), path).unwrap();
}

#[test]
fn a_folder_is_imported_file_by_file_and_once() {
    let vault = Vault::made();
    let folder = vault.beside("spool");
    put(&folder, "b/two.wav", OTHER_RECORDING);
    put(&folder, "a one+1.wav", RECORDING);
    put(&folder, ".hidden.wav", RECORDING);
    fs_err::write(folder.join("notes.txt"), "no audio").unwrap();
    std::os::unix::fs::symlink("a one+1.wav", folder.join("latest.wav")).unwrap();
    let shown = folder.display();

    let import = ["recording", "import", "--customer", "1", folder.to_str().unwrap()];
    let first = vault.run(&import).failed(1, &["2 stored, 0 already there, 1 refused", "latest.wav"]);
    let lines: Vec<&str> = first.out.lines().collect();
    assert_eq!(lines[..2], ["stored a one+1.wav (89168 bytes)", "stored two.wav (100200 bytes)"]);
    assert!(lines[2].starts_with(&format!("refused {shown}/notes.txt: ")) && lines.len() == 3, "{lines:?}");

    let again = vault.run(&import).failed(1, &["0 stored, 2 already there, 1 refused"]);
    assert!(again.out.starts_with("already there a one+1.wav\nalready there two.wav\n"), "{again:?}");

    // Other bytes under a name that is taken are refused, and what is stored stays.
    put(&folder, "b/two.wav", RECORDING);
    let taken = vault.run(&["recording", "import", "--customer", "1", folder.join("b").to_str().unwrap()]);
    assert!(taken.failed(1, &["1 refused"]).out.starts_with(&format!("refused {shown}/b/two.wav: ")));
    let kept = vault.run(&["recording", "show", "two.wav", "--json"]).json();
    assert_eq!(kept["audio"]["size_bytes"], 100_200);

    vault
        .run(&["recording", "import", "--customer", "9", folder.to_str().unwrap()])
        .failed(1, &["customer 9"]);
    assert_eq!(vault.run(&["check"]).done(), "clean");
}

#[test]
fn sources_are_removed_only_when_asked_for_and_stored() {
    let vault = Vault::made();
    let folder = vault.beside("spool");
    put(&folder, "one.wav", RECORDING);
    put(&folder, "two.wav", OTHER_RECORDING);
    fs_err::write(folder.join("bad.wav"), "no audio").unwrap();
    let import = ["recording", "import", "--customer", "1", folder.to_str().unwrap()];
    vault.run(&[&import[..], &["--json"]].concat()).failed(1, &[]);
    assert_eq!(fs_err::read_dir(&folder).unwrap().count(), 3, "not asked for");
    let ran = vault.run(&[&import[..], &["--remove-source", "--json"]].concat()).failed(1, &["1 refused"]);
    let rows: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcomes: Vec<_> =
        rows.iter().map(|row| (row["outcome"].as_str().unwrap(), row["source_removed"].as_bool())).collect();
    let expected = [("refused", None), ("already there", Some(true)), ("already there", Some(true))];
    assert_eq!(outcomes, expected);
    let left: Vec<_> = fs_err::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["bad.wav"]);
    vault.run(&["recording", "verify"]).failed(0, &["2 verified, 0 not intact"]);
}

#[test]
fn damage_is_found_and_a_damaged_copy_keeps_its_source() {
    let vault = Vault::made();
    let folder = vault.beside("spool");
    put(&folder, "one.wav", RECORDING);
    let import = ["recording", "import", "--customer", "1", folder.to_str().unwrap()];
    vault.run(&import).done();
    let stored = stored_files(&vault.data().join("audio"));
    assert_eq!(stored.len(), 1);
    let mut bytes = fs_err::read(&stored[0]).unwrap();
    bytes[50_000] ^= 1;
    fs_err::write(&stored[0], bytes).unwrap();
    let verified = vault.run(&["recording", "verify"]).failed(1, &["1 verified, 1 not intact"]);
    assert!(verified.out.starts_with("damaged one.wav (customer 1)"), "{verified:?}");
    let kept = vault.run(&[&import[..], &["--remove-source"]].concat()).failed(1, &["1 sources kept"]);
    assert!(kept.out.contains("\nkept "), "{kept:?}");
    assert!(folder.join("one.wav").exists());
    fs_err::remove_file(&stored[0]).unwrap();
    let checked = vault.run(&["check"]).failed(1, &[]);
    assert!(checked.out.contains("one.wav"), "{checked:?}");
}

fn stored_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let shards =
        fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    shards.flat_map(|shard| fs_err::read_dir(shard).unwrap().map(|entry| entry.unwrap().path())).collect()
}

#[test]
fn a_name_that_several_customers_have_must_be_told_apart() {
    let vault = Vault::made();
    let other = vault.run(&["customer", "add", "--name", "Other"]).done();
    let folder = vault.beside("spool");
    for (customer, source) in [("1", RECORDING), (other.as_str(), OTHER_RECORDING)] {
        put(&folder, "same.wav", source);
        vault.run(&["recording", "import", "--customer", customer, folder.to_str().unwrap()]).done();
    }
    let list = format!("{other} Other");
    let words =
        ["several customers have it", "1 Main", list.as_str(), "hint: name the customer with --customer"];
    let target = vault.beside("out.wav");
    for command in ["show", "remove", "verify"] {
        vault.run(&["recording", command, "same.wav"]).failed(1, &words);
    }
    vault.run(&["recording", "get", "same.wav", "-o", target.to_str().unwrap()]).failed(1, &words);
    assert!(!target.exists(), "a download that failed leaves nothing");
    let shown = vault.run(&["recording", "show", "same.wav", "--customer", &other, "--json"]).json();
    assert_eq!(shown["audio"]["size_bytes"], 100_200);
    vault.run(&["recording", "remove", "same.wav", "--customer", &other]).done();
    let shown = vault.run(&["recording", "show", "same.wav", "--json"]).json();
    assert_eq!(shown["audio"]["size_bytes"], 89_168);
}

#[test]
fn messages_are_put_where_they_differ() {
    let vault = Vault::made();
    vault.run(&["huntgroup", "add", "--customer", "1", "--name", "Sales", "--id", "5"]).done();
    let folder = vault.beside("prompts");
    put(&folder, "5/1.wav", "messages/example.wav");
    put(&folder, "5/2.wav", "messages/sales.wav");
    let sync = ["message", "sync", folder.to_str().unwrap()];
    let shown = folder.display();
    assert_eq!(vault.run(&sync).done(), format!("put {shown}/5/1.wav\nput {shown}/5/2.wav"));
    put(&folder, "5/2.wav", "messages/after-hours.wav");
    fs_err::remove_file(folder.join("5/1.wav")).unwrap();
    put(&folder, "5/3.wav", "messages/example.wav");
    put(&folder, "6/1.wav", "messages/example.wav");
    put(&folder, "5/11.wav", "messages/example.wav");
    let ran = vault.run(&sync).failed(1, &[]);
    let words: Vec<&str> = ran.out.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(words, ["refused", "put", "put", "refused"], "{ran:?}");
    let hunt_group = vault.run(&["huntgroup", "show", "5", "--json"]).json();
    let levels: Vec<_> =
        hunt_group["messages"].as_array().unwrap().iter().map(|row| row["level"].clone()).collect();
    assert_eq!(levels, [1, 2, 3], "nothing is removed");
    fs_err::remove_file(folder.join("5/11.wav")).unwrap();
    fs_err::remove_dir_all(folder.join("6")).unwrap();
    assert_eq!(vault.run(&sync).done(), format!("unchanged {shown}/5/2.wav\nunchanged {shown}/5/3.wav"));
}
