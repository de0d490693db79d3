//! Keys and one-time codes on the command line.

use serde_json::json;

use crate::vault::Vault;

#[test]
fn a_key_is_shown_once_listed_and_revoked() {
    let vault = Vault::made();
    let add =
        ["key", "add", "--customer", "1", "--scope", "sounds:*", "--scope", "calls:read", "--name", "export"];
    let made = vault.run(&[&add[..], &["--expires", "2126-01-31", "--json"]].concat()).json();
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("cv_"), "{made}");
    assert_eq!(made["expires_at"], "2126-01-31T00:00:00.000Z");
    let listed = vault.run(&["key", "list", "--json"]).json();
    assert_eq!(listed[0]["scopes"], json!(["sounds:read", "sounds:write", "calls:read"]));
    assert!(!listed.to_string().contains(key));
    assert!(vault.run(&add).done().contains("cv_"));
    let endless = vault.run(&[&add[..], &["--expires", "never", "--below", "--json"]].concat()).json();
    assert_eq!((&endless["expires_at"], &endless["below"]), (&json!(null), &json!(true)));
    vault.run(&["key", "revoke", &endless["id"].to_string()]).done();
    vault.run(&["key", "revoke", &endless["id"].to_string()]).failed(1, &["cannot revoke key"]);
    vault
        .run(&["key", "add", "--customer", "1", "--scope", "sounds:play"])
        .failed(1, &["scopes", "sounds:play"]);
    vault.run(&["key", "add", "--customer", "1"]).failed(2, &["--scope"]);
    vault.run(&[&add[..], &["--expires", "tomorrow"]].concat()).failed(2, &["tomorrow", "90d"]);
}

#[test]
fn one_time_codes_are_begun_and_taken_back() {
    let vault = Vault::made();
    let show = || vault.run(&["person", "totp", "show", "admin", "--json"]).json()["state"].clone();
    assert_eq!(show(), "off");
    let begun = vault.run(&["person", "totp", "begin", "admin", "--json"]).json();
    assert!(begun["uri"].as_str().unwrap().contains(begun["secret"].as_str().unwrap()), "{begun}");
    assert_eq!(show(), "begun");
    vault.run(&["person", "totp", "confirm", "admin", "--code", "x"]).failed(1, &["code"]);
    vault.run(&["person", "totp", "off", "admin"]).done();
    assert_eq!(show(), "off");
    vault.run(&["person", "totp", "off", "admin"]).failed(1, &["cannot turn one-time codes"]);
}
