//! Features and prompts on the command line.

use serde_json::json;

use crate::vault::{OTHER_RECORDING, RECORDING, Vault, sample};

#[test]
fn features_and_prompts_are_kept_and_fetched() {
    let vault = Vault::made();
    let person =
        ["person", "add", "--customer", "1", "--role", "user", "--password-stdin", "--username", "anna"];
    let anna = vault.run_with_input(&person, "a long password\n").done();
    let add = |rest: &[&str]| {
        let words = [&["feature", "add", "--customer", "1", "--name", "Front desk"], rest].concat();
        vault.run(&words)
    };
    assert_eq!(add(&["--kind", "queue", "--id", "7", "--owner", "anna"]).done(), "queue/7");
    // Ids count within a kind.
    assert_eq!(add(&["--kind", "music", "--id", "7"]).done(), "music/7");
    assert_eq!(add(&["--kind", "queue"]).done(), "queue/8");
    assert_eq!(add(&["--kind", "mailbox", "--number", "100"]).done(), "mailbox/1");
    assert_eq!(add(&["--kind", "music", "--system", "--json"]).json()["system"], true);
    add(&["--kind", "mailbox", "--number", "100"])
        .failed(1, &["cannot add mailbox \"Front desk\"", "number"]);
    add(&["--kind", "mailbox"]).failed(1, &["number"]);
    add(&["--kind", "huntgroup"]).failed(2, &["cardgroup"]);
    let shown = vault.run(&["feature", "show", "queue/7", "--json"]).json();
    assert_eq!((shown["owner"].to_string(), &shown["prompts"]), (anna, &json!([])));

    let recording = sample(RECORDING);
    let file = recording.to_str().unwrap();
    vault.run(&["prompt", "put", "--feature", "queue/7", file]).done();
    let put =
        ["prompt", "put", "--feature", "mailbox/1", "--file", "busy", "--name", "busy.wav", "--json", file];
    let put = vault.run(&put).json();
    assert_eq!(
        (&put["name"], &put["file"], &put["audio"]["size_bytes"]),
        (&json!("busy.wav"), &json!("busy"), &json!(89168))
    );
    vault
        .run(&["prompt", "put", "--feature", "mailbox/1", file])
        .failed(1, &["several files", "busy, greet, temp, unavail"]);
    let wrong = ["prompt", "put", "--feature", "mailbox/1", "--file", "main", file];
    vault.run(&wrong).failed(1, &["a mailbox has no file \"main\""]);
    vault.run(&["prompt", "put", "--feature", "queue", file]).failed(2, &["queue/7"]);

    let fetched = vault.beside("fetched.wav");
    let get = |feature: &str, word: &str| {
        let words = ["prompt", "get", "--feature", feature, "--file", word, "-o", fetched.to_str().unwrap()];
        vault.run(&words)
    };
    get("queue/7", "main").done();
    assert_eq!(fs_err::read(&fetched).unwrap(), fs_err::read(&recording).unwrap());
    // Another file takes its place, and nothing is left of the former one.
    let other = sample(OTHER_RECORDING);
    vault.run(&["prompt", "put", "--feature", "queue/7", other.to_str().unwrap()]).done();
    get("queue/7", "main").done();
    assert_eq!(fs_err::read(&fetched).unwrap(), fs_err::read(&other).unwrap());
    let check = vault.run(&["check", "--json"]).json();
    assert_eq!((&check["audio_objects"], &check["problems"]), (&json!(2), &json!([])));

    let sound = vault.run(&["sound", "add", "--customer", "1", "--name", "Closed", file]).done();
    vault.run(&["prompt", "put", "--feature", "music/7", "--file", "10", "--sound", &sound]).done();
    let listed = vault.run(&["prompt", "list", "--feature", "music/7", "--json"]).json();
    assert_eq!((&listed[0]["name"], listed.as_array().unwrap().len()), (&json!("Closed.wav"), 1));

    vault.run(&["feature", "set", "mailbox/1", "--number", "101", "--owner", "anna"]).done();
    vault.run(&["feature", "set", "queue/7", "--name", "Support", "--no-owner"]).done();
    vault
        .run(&["feature", "set", "queue/7", "--number", "1"])
        .failed(1, &["cannot change queue/7", "number"]);
    let rows = vault.run(&["feature", "list", "--json"]).json();
    let seen: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["kind"].as_str().unwrap(), row["id"].as_i64().unwrap()))
        .collect();
    assert_eq!(seen, [("mailbox", 1), ("music", 7), ("music", 8), ("queue", 7), ("queue", 8)]);
    assert_eq!(
        (&rows[0]["number"], &rows[3]["name"], &rows[3]["owner"]),
        (&json!("101"), &json!("Support"), &json!(null))
    );
    assert_eq!(
        vault.run(&["feature", "list", "--kind", "music", "--json"]).json(),
        json!([rows[1], rows[2]])
    );

    vault.run(&["prompt", "remove", "--feature", "mailbox/1", "--file", "busy"]).done();
    vault
        .run(&["prompt", "remove", "--feature", "mailbox/1", "--file", "busy"])
        .failed(1, &["cannot remove the prompt busy of mailbox/1"]);
    vault.run(&["feature", "remove", "queue/7"]).done();
    vault.run(&["feature", "remove", "queue/7"]).failed(1, &["cannot remove queue/7"]);
    get("queue/7", "main").failed(1, &["cannot fetch the prompt main of queue/7"]);
    let log = vault.run(&["log", "list", "--name", "queue/7/main", "--json"]).json();
    let actions: Vec<_> =
        log.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["download", "delete", "download", "delete"]);
}
