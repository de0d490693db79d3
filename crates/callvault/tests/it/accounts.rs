//! `init`, usage errors, and who is there at the start.

use std::os::unix::fs::PermissionsExt as _;

use crate::vault::Vault;

#[test]
fn init_makes_one_administrator_and_shows_the_password_once() {
    let vault = Vault::bare();
    let made = vault.run(&["init", "--json"]).json();
    assert_eq!(made["username"], "admin");
    assert_eq!(made["password"].as_str().unwrap().len(), 20);
    let mode = fs_err::metadata(vault.data()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let mode = fs_err::metadata(vault.data().join("spool")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "audio waits there");

    let customers = vault.run(&["customer", "list", "--json"]).json();
    assert_eq!((customers[0]["id"].as_i64(), customers[0]["name"].as_str()), (Some(1), Some("Main")));
    // Nobody of the demo, whose passwords are public.
    let people = vault.run(&["person", "list", "--json"]).json();
    assert_eq!(people.as_array().unwrap().len(), 1, "{people}");
    assert_eq!((&people[0]["username"], &people[0]["role"]), (&"admin".into(), &"system owner".into()));
    assert_eq!(vault.run(&["recording", "list", "--json"]).json(), serde_json::json!([]));

    vault.run(&["init"]).failed(1, &["holds an installation already", "hint: "]);
    assert_eq!(vault.run(&["person", "list", "--json"]).json(), people);
}

#[test]
fn failures_are_1_and_wrong_usage_is_2() {
    let vault = Vault::bare();
    vault.run(&["check"]).failed(1, &["holds no installation", "hint: `callvault init`"]);
    vault.run(&["serve"]).failed(1, &["holds no installation", "hint: `callvault init`"]);
    assert!(!vault.data().exists(), "looking makes nothing");
    vault.run(&["nonsense"]).failed(2, &["nonsense"]);
    vault.run(&["customer", "add"]).failed(2, &["--name"]);
    vault.run(&[]).failed(2, &["Usage"]);
    assert!(vault.run(&["--help"]).done().contains("Examples:"));
    assert!(vault.run(&["recording", "import", "--help"]).done().contains("--remove-source"));
}

#[test]
fn what_the_api_refuses_is_told_with_its_field() {
    let vault = Vault::made();
    vault.run(&["customer", "show", "7"]).failed(1, &["error: cannot show customer 7: "]);
    vault
        .run(&["customer", "add", "--name", "X", "--id", "1"])
        .failed(1, &["cannot add customer \"X\"", "id"]);
    vault.run(&["customer", "set", "1", "--timezone", "Mars/Olympus"]).failed(1, &["timezone"]);
    vault.run(&["customer", "set", "1", "--serial", "36 00"]).failed(1, &["serial", "32 visible"]);
    vault.run(&["customer", "set", "1"]).failed(2, &["--serial"]);
    let add =
        ["person", "add", "--customer", "1", "--username", "anna", "--role", "user", "--password-stdin"];
    vault.run_with_input(&add, "short\n").failed(1, &["password"]);
    vault.run_with_input(&add, "").failed(1, &["standard input"]);
    vault.run(&add[..8]).failed(1, &["no terminal", "hint: ", "--password-stdin"]);
    let no_role =
        ["person", "add", "--customer", "1", "--username", "x", "--role", "boss", "--password-stdin"];
    vault.run_with_input(&no_role, "long enough\n").failed(1, &["role", "hint: `callvault role list`"]);
    vault.run(&["role", "show", "boss"]).failed(1, &["there is no role", "hint: "]);
    vault.run(&["person", "disable", "nobody"]).failed(1, &["there is no person", "hint: "]);
    vault.run(&["recording", "show", "nothing.wav"]).failed(1, &["cannot show recording \"nothing.wav\""]);
}

#[test]
fn people_are_found_by_id_and_by_username() {
    let vault = Vault::made();
    let add = |username: &str| {
        let arguments = [
            "person",
            "add",
            "--customer",
            "1",
            "--username",
            username,
            "--role",
            "user",
            "--password-stdin",
        ];
        vault.run_with_input(&arguments, "long enough\n").done()
    };
    let anna = add("anna");
    // An extension as a username that is the id of someone else.
    let extension = add(&anna);
    assert_ne!(anna, extension);
    vault.run(&["person", "disable", "anna"]).done();
    assert_eq!(vault.run(&["person", "show", "ANNA", "--json"]).json()["disabled"], true);
    vault.run(&["person", "enable", &format!("id:{anna}")]).done();
    assert_eq!(vault.run(&["person", "show", "anna", "--json"]).json()["disabled"], false);
    vault.run(&["person", "disable", &anna]).failed(1, &["hint: write id:"]);
    vault.run(&["person", "disable", &format!("name:{anna}")]).done();
    assert_eq!(vault.run(&["person", "show", &extension, "--json"]).json()["disabled"], true);
}

#[test]
fn people_have_profiles_and_go_when_they_own_nothing() {
    let vault = Vault::made();
    let branch = vault.run(&["customer", "add", "--name", "Branch", "--parent", "1", "--people", "2"]).done();
    let add = ["person", "add", "--role", "user", "--customer", &branch, "--username"];
    let anna = [&add[..], &["anna", "--email", "anna@example.com", "--password-stdin"]].concat();
    vault.run_with_input(&anna, "long enough\n").done();
    vault.run(&[&add[..], &["bert", "--copy-password", "anna", "--surname", "Miller"]].concat()).done();
    // The third is one too many.
    vault.run(&[&add[..], &["carl", "--copy-password", "anna"]].concat()).failed(1, &["plan", "2 people"]);
    let set = ["person", "set", "anna", "--username", "anne", "--email", "", "--time-format", "12"];
    vault.run(&set).done();
    let shown = vault.run(&["person", "show", "anne", "--json"]).json();
    assert_eq!((shown["email"].as_str(), shown["time_format"].as_str()), (Some(""), Some("12")));
    vault.run(&["person", "set", "anne", "--country", "DEU"]).failed(1, &["country"]);
    let group = ["huntgroup", "add", "--customer", &branch, "--name", "Sales", "--owner", "anne"];
    let group = vault.run(&group).done();
    vault.run(&["person", "remove", "anne"]).failed(1, &["cannot remove person anne", "hunt groups"]);
    vault.run(&["customer", "remove", &branch]).failed(1, &["people, hunt groups"]);
    vault.run(&["huntgroup", "set", &group, "--no-owner"]).done();
    vault.run(&["person", "remove", "anne"]).done();
    vault.run(&["person", "remove", "bert"]).done();
    vault.run(&["huntgroup", "remove", &group]).done();
    vault.run(&["customer", "remove", &branch]).done();
    vault.run(&["customer", "show", &branch]).failed(1, &["cannot show customer"]);
    // The owner whom `init` made is the last one.
    let people = vault.run(&["person", "list", "--json"]).json();
    let owner = people[0]["username"].as_str().unwrap().to_owned();
    vault.run(&["person", "disable", &owner]).failed(1, &["system owner"]);
    vault.run(&["person", "remove", &owner]).failed(1, &["system owner"]);
}
