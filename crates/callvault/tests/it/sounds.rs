//! The library of sounds on the command line.

use crate::vault::{Vault, sample};

#[test]
fn sounds_are_made_changed_filled_and_taken_away() {
    let vault = Vault::made();
    let (first, second) = (sample("messages/example.wav"), sample("messages/sales.wav"));
    let fetched = vault.beside("fetched.wav");
    let [first, second, target] = [&first, &second, &fetched].map(|path| path.to_str().unwrap());
    // Without a file.
    let add =
        ["sound", "add", "--customer", "1", "--name", "Closed", "--description", "Ground floor", "--shared"];
    assert_eq!(vault.run(&add).done(), "1");
    let show = || vault.run(&["sound", "show", "1", "--json"]).json();
    let shown = show();
    assert_eq!((&shown["description"], &shown["shared"]), (&"Ground floor".into(), &true.into()));
    assert!(shown["audio"].is_null() && shown["file_name"].is_null(), "{shown}");
    vault.run(&["sound", "get", "1", "-o", target]).failed(1, &["cannot fetch sound 1"]);
    vault.run(&["sound", "remove", "1", "--file-only"]).failed(1, &["cannot remove the file of sound 1"]);
    vault.run(&["sound", "set", "1", "--name", "Open", "--description", "", "--shared", "no"]).done();
    let shown = show();
    assert_eq!((&shown["name"], &shown["description"]), (&"Open".into(), &"".into()));
    assert_eq!(shown["shared"], false);
    vault.run(&["sound", "set", "1"]).failed(2, &["--name"]);
    // With one file after the other.
    for (file, name, wanted) in [(first, None, "example.wav"), (second, Some("Night.wav"), "Night.wav")] {
        let mut put = vec!["sound", "put", "1", file];
        put.extend(name.iter().flat_map(|name| ["--name", *name]));
        vault.run(&put).done();
        assert_eq!(show()["file_name"], wanted);
        vault.run(&["sound", "get", "1", "-o", target]).done();
        assert_eq!(fs_err::read(target).unwrap(), fs_err::read(file).unwrap());
        fs_err::remove_file(target).unwrap();
    }
    vault.run(&["sound", "remove", "1", "--file-only"]).done();
    assert!(show()["audio"].is_null());
    let named = ["sound", "add", "--customer", "1", "--name", "Filled", first, "--json"];
    assert_eq!(vault.run(&named).json()["file_name"], "example.wav");
    // A plan may have none.
    vault.run(&["customer", "set", "1", "--sounds", "forbid"]).done();
    vault.run(&["sound", "put", "1", first]).failed(1, &["has no sounds"]);
    vault.run(&["sound", "set", "1", "--name", "x"]).failed(1, &["has no sounds"]);
    vault.run(&["customer", "set", "1", "--sounds", "allow"]).done();
    vault.run(&["sound", "put", "1", first]).done();
    vault.run(&["sound", "remove", "1"]).done();
    let list = vault.run(&["sound", "list", "--customer", "1", "--json"]).json();
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
}
