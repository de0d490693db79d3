//! Every kind of thing, made and read again by the same commands: without a server, and through one.

use serde_json::json;

use crate::vault::{OTHER_RECORDING, RECORDING, Vault, sample};

fn round_trip(vault: &Vault) {
    let customer = vault.run(&["customer", "add", "--name", "Example", "--timezone", "Europe/Berlin"]).done();
    vault.run(&["customer", "set", &customer, "--name", "Renamed"]).done();
    let shown = vault.run(&["customer", "show", &customer, "--json"]).json();
    assert_eq!((&shown["name"], &shown["timezone"]), (&json!("Renamed"), &json!("Europe/Berlin")));
    assert_eq!((&shown["serial"], &shown["device_name"]), (&json!(""), &json!("")));
    let set = ["customer", "set", &customer, "--serial", "360000000000", "--device-name", "Front desk"];
    vault.run(&set).done();
    vault.run(&["customer", "set", &customer, "--device-name", ""]).done();
    let shown = vault.run(&["customer", "show", &customer, "--json"]).json();
    assert_eq!((&shown["serial"], &shown["device_name"]), (&json!("360000000000"), &json!("")));

    plans(vault, &customer);
    let role =
        vault.run(&["role", "add", "--name", "exporter", "--privileges", "record,cdrs", "--json"]).json();
    assert_eq!((&role["name"], &role["builtin"]), (&json!("exporter"), &json!(false)));
    assert_eq!(vault.run(&["role", "show", "exporter", "--json"]).json()["id"], role["id"]);

    let add = [
        "person",
        "add",
        "--customer",
        &customer,
        "--username",
        "anna",
        "--role",
        "exporter",
        "--password-stdin",
        "--source",
        "192.0.2.7,10.0.0.0/8",
        "--json",
    ];
    let person = vault.run_with_input(&add, "a good password\n").json();
    assert_eq!((&person["username"], &person["role"]), (&json!("anna"), &json!("exporter")));
    vault
        .run(&["person", "set", "anna", "--role", "user", "--source", "", "--download-errors", "status"])
        .done();
    vault
        .run_with_input(&["person", "set-password", "anna", "--password-stdin"], "another password\n")
        .done();
    let shown = vault.run(&["person", "show", "anna", "--json"]).json();
    assert_eq!((&shown["role"], &shown["source"]), (&json!("user"), &json!("")));
    assert_eq!((&shown["download_errors"], &shown["empty_calls"]), (&json!("status"), &json!("header")));
    vault.run(&["person", "set", "anna", "--empty-calls", "missing"]).done();
    assert_eq!(vault.run(&["person", "show", "anna", "--json"]).json()["empty_calls"], "missing");

    messages(vault, &customer);
    recordings(vault, &customer);
    assert_eq!(vault.run(&["lockout", "list", "--json"]).json(), json!([]));
    assert_eq!(vault.run(&["lockout", "clear", "192.0.2.7", "--json"]).json()["cleared"], 0);
    assert_eq!(vault.run(&["session", "list", "--json"]).json(), json!([]));
    let entries = vault.run(&["log", "list", "--customer", &customer, "--json"]).json();
    let actions: Vec<&str> =
        entries.as_array().unwrap().iter().filter_map(|entry| entry["action"].as_str()).collect();
    for action in ["download", "link", "delete"] {
        assert!(actions.contains(&action), "{entries}");
    }
    assert_eq!(vault.run(&["log", "verify"]).done(), "clean");
    assert_eq!(vault.run(&["check"]).done(), "clean");
}

fn plans(vault: &Vault, customer: &str) {
    let shown = |id: &str| {
        let shown = vault.run(&["customer", "show", id, "--json"]).json();
        let names = ["huntgroups_allowed", "largest_message_bytes", "total_message_bytes"];
        json!(names.map(|name| shown[name].clone()))
    };
    let set = |words: &[&str]| vault.run(&[&["customer", "set", customer], words].concat());
    assert_eq!(shown(customer), json!([true, null, null]));
    set(&["--hunt-groups", "forbid", "--largest-message", "2MiB", "--total-messages", "500kB"]).done();
    assert_eq!(shown(customer), json!([false, 2_097_152, 500_000]));
    vault
        .run(&["huntgroup", "add", "--customer", customer, "--name", "Sales"])
        .failed(1, &["has no hunt groups", "hint: `callvault customer show ID`"]);
    set(&["--largest-message", "none"]).done();
    assert_eq!(shown(customer), json!([false, null, 500_000]));
    set(&["--total-messages", "none", "--hunt-groups", "allow"]).done();
    assert_eq!(shown(customer), json!([true, null, null]));
    set(&["--largest-message", "large"]).failed(2, &["10MiB"]);
    set(&["--largest-message", "0"]).failed(1, &["largest_message_bytes"]);
    set(&["--hunt-groups", "yes"]).failed(2, &["allow", "forbid"]);
    let group = vault.run(&["huntgroup", "add", "--customer", customer, "--name", "Sales"]).done();
    set(&["--largest-message", "1000"]).done();
    let put = |file: &str| vault.run(&["message", "put", "--huntgroup", &group, "--level", "1", file]);
    let large = vault.beside("large.wav");
    fs_err::write(&large, vec![0; 8 << 20]).unwrap();
    for file in [large, sample("messages/example.wav")] {
        put(file.to_str().unwrap()).failed(1, &["1000 bytes at most", "hint: `callvault customer show ID`"]);
    }
    set(&["--largest-message", "none"]).done();
    put(sample("messages/example.wav").to_str().unwrap()).done();
    vault.run(&["huntgroup", "remove", &group]).done();
    let small =
        ["customer", "add", "--name", "Small", "--hunt-groups", "forbid", "--largest-message", "4096"];
    assert_eq!(shown(&vault.run(&small).done()), json!([false, 4096, null]));
}

fn messages(vault: &Vault, customer: &str) {
    let (first, second) = (sample("messages/example.wav"), sample("messages/sales.wav"));
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    let add =
        ["huntgroup", "add", "--customer", customer, "--name", "Sales", "--id", "123", "--owner", "anna"];
    assert_eq!(vault.run(&add).done(), "123");
    assert!(vault.run(&["huntgroup", "show", "123", "--json"]).json()["owner"].is_i64());
    vault.run(&["huntgroup", "set", "123", "--no-owner", "--name", "Reception"]).done();
    let shown = vault.run(&["huntgroup", "show", "123", "--json"]).json();
    assert_eq!((&shown["owner"], &shown["name"]), (&json!(null), &json!("Reception")));

    let level = ["--huntgroup", "123", "--level", "1"];
    let on_level = |words: &[&str], more: &[&str]| vault.run(&[words, &level, more].concat());
    let put = on_level(&["message", "put"], &[first, "--json"]).json();
    assert_eq!((&put["name"], &put["version"]), (&json!("example.wav"), &json!(1)));
    on_level(&["message", "put"], &[second]).done();
    let fetched = vault.beside("fetched.wav");
    let fetch = |expected: &str| {
        on_level(&["message", "get"], &["-o", fetched.to_str().unwrap()]).done();
        assert!(fs_err::read(&fetched).unwrap() == fs_err::read(expected).unwrap(), "{expected}");
    };
    fetch(second);
    on_level(&["message", "restore"], &["1"]).done();
    fetch(first);
    let versions = vault.run(&["message", "versions", "--huntgroup", "123", "--json"]).json();
    let current: Vec<_> = versions
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["version"].clone(), row["current"].clone()))
        .collect();
    assert_eq!(current, [(json!(2), json!(false)), (json!(1), json!(true))]);
    on_level(&["message", "remove"], &[]).done();
    on_level(&["message", "get"], &["-o", fetched.to_str().unwrap()])
        .failed(1, &["cannot fetch the message"]);
    let bad = vault.beside("bad.wav");
    fs_err::write(&bad, "no audio").unwrap();
    on_level(&["message", "put"], &[bad.to_str().unwrap()]).failed(1, &["cannot put the message"]);

    let add = ["sound", "add", "--customer", customer, "--name", "welcome", second, "--json"];
    let sound = vault.run(&add).json();
    let id = sound["id"].to_string();
    assert_eq!(sound["audio"]["size_bytes"], fs_err::metadata(second).unwrap().len());
    on_level(&["message", "put"], &["--sound", &id]).done();
    fetch(second);
    vault.run(&["sound", "get", &id, "-o", fetched.to_str().unwrap()]).done();
    let bad_add = ["sound", "add", "--customer", customer, "--name", "bad", bad.to_str().unwrap()];
    vault.run(&bad_add).failed(1, &["cannot add sound \"bad\""]);
    let sounds = vault.run(&["sound", "list", "--customer", customer, "--json"]).json();
    assert_eq!(sounds.as_array().unwrap().len(), 1, "a refused sound leaves nothing: {sounds}");
    vault.run(&["sound", "remove", &id]).done();
    vault.run(&["huntgroup", "remove", "123"]).done();
    vault.run(&["huntgroup", "show", "123"]).failed(1, &["cannot show hunt group 123"]);
}

fn recordings(vault: &Vault, customer: &str) {
    let source = sample(RECORDING);
    let name = source.file_name().unwrap().to_str().unwrap();
    let import = ["recording", "import", "--customer", customer, source.to_str().unwrap()];
    assert_eq!(vault.run(&import).done(), format!("stored {name} (89168 bytes)"));
    let shown = vault.run(&["recording", "show", name, "--json"]).json();
    // As `file` and `soxi` describe it.
    assert_eq!((&shown["audio"]["rate_hz"], &shown["audio"]["channels"]), (&json!(8000), &json!(1)));
    let fetched = vault.beside("fetched.wav");
    vault.run(&["recording", "get", name, "-o", fetched.to_str().unwrap()]).done();
    let bytes = fs_err::read(&source).unwrap();
    assert!(fs_err::read(&fetched).unwrap() == bytes);
    let output = vault.command(&["recording", "get", name, "-o", "-"]).output().unwrap();
    assert!(output.status.success() && output.stdout == bytes);
    let verified = vault.run(&["recording", "verify", name, "--json"]).json();
    assert_eq!(verified["verdict"], "intact");

    let make = [
        "ticket",
        "create",
        "--customer",
        customer,
        "--recording",
        name,
        "--allow",
        "127.0.0.1",
        "--ttl",
        "10m",
        "--json",
    ];
    let ticket = vault.run(&make).json();
    assert_eq!(ticket["random"].as_str().unwrap().len(), 32);
    let id = ticket["id"].as_str().unwrap();
    let listed = vault.run(&["ticket", "list", "--json"]).json();
    assert_eq!(listed[0]["id"], id);
    assert!(!listed.to_string().contains(ticket["random"].as_str().unwrap()), "the random is shown once");
    vault.run(&["ticket", "revoke", id]).done();
    vault.run(&["ticket", "revoke", id]).failed(1, &["cannot revoke ticket"]);
    assert_eq!(vault.run(&["ticket", "list", "--json"]).json(), json!([]));

    let other = sample(OTHER_RECORDING);
    let other_name = other.file_name().unwrap().to_str().unwrap();
    vault.run(&["recording", "import", "--customer", customer, other.to_str().unwrap()]).done();
    vault.run(&["recording", "remove", other_name]).done();
    vault.run(&["recording", "show", other_name]).failed(1, &["cannot show recording"]);
}

#[test]
fn without_a_server() {
    round_trip(&Vault::made());
}

#[test]
fn through_a_server() {
    let vault = Vault::made();
    let server = vault.start("serve");
    round_trip(&vault);
    let ended = server.stop(rustix::process::Signal::TERM);
    assert_eq!(ended.code, 0, "{ended:?}");
    // What was done through the server is there without it.
    assert_eq!(
        vault.run(&["recording", "verify"]).failed(0, &["1 verified, 0 not intact"]).out.lines().count(),
        1
    );
    assert_eq!(vault.run(&["log", "verify"]).done(), "clean");
}
