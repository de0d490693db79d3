//! Record groups, and where recordings are kept, on the command line.

use serde_json::{Value, json};

use crate::vault::{RECORDING, Vault, sample};

#[test]
fn record_groups_are_set_and_hold_recordings() {
    let vault = Vault::made();
    let run = |line: &str| vault.run(&line.split(' ').collect::<Vec<_>>());
    let add =
        "recordgroup add --customer 1 --name Sales --id 60 --expires 90 --inbound no --announcement all";
    assert_eq!(run(add).done(), "60");
    assert_eq!(run("recordgroup add --customer 1 --name Archive").done(), "61");
    run("recordgroup set 60 --beep 15 --fraction 50 --transcribe yes --email a@example.com").done();
    let shown = run("recordgroup show 60 --json").json();
    for (name, value) in [
        ("name", json!("Sales")),
        ("retention_days", json!(90)),
        ("record_inbound", json!(false)),
        ("record_outbound", json!(true)),
        ("announcement", json!("all")),
        ("beep_seconds", json!(15)),
        ("fraction_percent", json!(50)),
        ("transcribe", json!(true)),
        ("email", json!("a@example.com")),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    assert!(run("recordgroup list --customer 1").done().contains("Archive"));
    run("huntgroup add --customer 1 --name Desk --id 123 --record-group 60").done();
    assert_eq!(run("huntgroup show 123 --json").json()["record_group"], 60);
    run("huntgroup set 123 --record-group none").done();
    assert_eq!(run("huntgroup show 123 --json").json()["record_group"], Value::Null);

    let file = sample(RECORDING);
    let path = file.to_str().unwrap();
    vault.run(&["recording", "import", "--customer", "1", "--record-group", "60", path]).done();
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    let places = || {
        let shown = vault.run(&["recording", "show", &name, "--json"]).json();
        let places = shown["places"].as_array().unwrap().iter();
        places.map(|one| (one["record_group"].clone(), one["expires_at"].is_string())).collect::<Vec<_>>()
    };
    assert_eq!(places(), [(json!(60), true)]);
    vault.run(&["recording", "copy", &name, "--record-group", "61"]).done();
    assert_eq!(places(), [(json!(60), true), (json!(61), true)]);
    run("recordgroup remove 60").failed(1, &["record group 60", "still has recordings"]);
    vault.run(&["recording", "set", &name, "--record-group", "61", "--expires", "never"]).done();
    assert_eq!(places(), [(json!(61), false)]);
    run("recordgroup remove 60").done();
    run("recordgroup set 61 --expires 0").done();
    vault.run(&["recording", "copy", &name, "--record-group", "61"]).done();
    vault.run(&["recording", "set", &name, "--record-group", "none"]).done();
    assert_eq!(places(), [(Value::Null, false)]);
    vault.run(&["recording", "copy", &name, "--record-group", "61"]).failed(1, &["0 days"]);
    run("customer set 1 --record-groups forbid --recordings-encoding base64").done();
    let customer = run("customer show 1 --json").json();
    assert_eq!(
        (&customer["recordgroups_allowed"], &customer["recordings_encoding"]),
        (&json!(false), &json!("base64"))
    );
    run("recordgroup add --customer 1 --name More").failed(1, &["no record groups"]);
}
