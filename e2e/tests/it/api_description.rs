//! The description of our own API against the running server: schemathesis makes requests from the one, fitting and not,
//! and holds the answers of the other to it.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::audio::noise_wav;
use crate::support::vault::{PASSWORD, Vault};
use crate::support::{is_soak, run, told};

/// What the checks expect, with the number of somebody who may be changed in place of `VICTIM`.
const EXPECTED: &str = include_str!("api_description/schemathesis.toml");

/// A check of ours: that what may be refused although it fits is refused for its reason alone.
const REFUSALS: &str = include_str!("api_description/refusals.py");

/// Numbers are chosen by system owners alone, and sounds shared by them: to all others `id` and `shared` are refused with 400,
/// which is said in words, because a description is the same for all who read it.
const NO_OWNER: &str = r#"
[[operations]]
include-name = [
  "POST /huntgroups",
  "POST /sounds",
  "PATCH /sounds/{id}",
  "POST /destinations",
  "POST /features",
  "POST /recordgroups",
]
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 403, 404, 409]
"#;

/// The program that `cargo xtask` installs.
fn schemathesis() -> Command {
    let path = std::env::var_os("CALLVAULT_SCHEMATHESIS").expect(
        "CALLVAULT_SCHEMATHESIS must name the program schemathesis: run `cargo xtask test`, which installs it",
    );
    Command::new(PathBuf::from(path))
}

/// An installation with one of everything, and a system owner and an administrator to ask for it. Numbers are small, so
/// that requests meet them.
fn arrange() -> (Vault, i64) {
    let vault = Vault::init();
    let owner = ["--customer", "1", "--username", "owner", "--role", "system owner", "--password-stdin"];
    vault.ok_with_input(["person", "add"].into_iter().chain(owner), PASSWORD);
    vault.add_person(1, "chief", "administrator", PASSWORD);
    vault.add_person(1, "victim", "user", PASSWORD);
    vault.add_hunt_group(1, 1, "Sales");
    let file = vault.folder().join("20191024012719-1571909237.191-4000-4001-Internal.wav");
    fs_err::write(&file, noise_wav(1, 16_000)).expect("a file to import");
    vault.import(&file);
    vault.put_message(1, 1, &file);
    let file = file.to_str().expect("a path in UTF-8");
    vault.ok(["sound", "add", "--customer", "1", "--name", "greeting", file]);
    let destination = ["--huntgroup", "1", "--level", "1", "--type", "phone", "--number", "4001"];
    vault.ok(["destination", "add"].into_iter().chain(destination));
    let people = vault.list(["person", "list"]);
    let victim =
        people.iter().find(|person| person["username"] == "victim").and_then(|one| one["id"].as_i64());
    (vault, victim.expect("a person with an id"))
}

/// Runs schemathesis as `username`; every check that it has has to pass.
fn check(username: &str, more_expected: &str) {
    let (vault, victim) = arrange();
    let write = |name: &str, text: &str| {
        let path = vault.folder().join(name);
        fs_err::write(&path, text).expect("a file for schemathesis");
        path
    };
    let expected = EXPECTED.replace("VICTIM", &victim.to_string());
    let config = write("schemathesis.toml", &format!("{expected}{more_expected}"));
    let refusals = write("refusals.py", REFUSALS);
    let description = write("openapi.json", &vault.ok(["openapi"]));
    // That a wrong login is refused is tried out on every operation, from one address: the lock-out has its own tests.
    let server = vault.serve_with(|command| {
        command.args(["--set", "lockout.failures=1000000", "--set", "lockout.address_failures=1000000"]);
    });
    let mut command = schemathesis();
    command.env("SCHEMATHESIS_HOOKS", refusals);
    command.current_dir(vault.folder()).arg("--config-file").arg(config).arg("run").arg(description);
    command.args(["--url", &format!("{}/api/v1", server.url()), "--auth", &format!("{username}:{PASSWORD}")]);
    // All checks run unless something else is said. `--checks all` would also run those that the file switches off for an
    // operation: what the command line names goes before it.
    command.args(["--phases", "examples,coverage,fuzzing,stateful"]);
    command.args(["--continue-on-failure", "--no-color", "--output-truncate", "false"]);
    // No request can be unfit for a body that may be any bytes, and a busy machine is slow: neither is a finding.
    command.args(["--suppress-health-check", "filter_too_much,too_slow"]);
    if is_soak() {
        // Other requests each time; a failure is printed with the seed.
        command.args(["--max-examples", "200"]);
    } else {
        // The same requests each time.
        command.args(["--max-examples", "10", "--generation-deterministic"]);
    }
    let output = command.output().expect("schemathesis starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let log = server.log();
    let faults: Vec<_> = log.lines().filter(|line| line.contains(" ERROR ")).collect();
    assert!(output.status.success(), "{}\nlogged: {faults:#?}", told(&output));
    assert!(faults.is_empty(), "{faults:#?}");
    let cases = text.lines().find(|line| line.contains(" generated, ")).unwrap_or_default();
    println!("api description, as {username}: {}", cases.trim());
    // It has not shut itself out, which would pass as well: everything is 401 then.
    let roles = format!("{}/api/v1/roles", server.url());
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--user", &format!("{username}:{PASSWORD}"), &roles]);
    let roles: Value = serde_json::from_slice(&run(&mut curl)).expect("a list in JSON");
    assert!(roles["items"].is_array(), "{username} can still log in: {roles}");
    server.stop();
}

#[test]
fn api_description_holds_for_a_system_owner() {
    check("owner", "");
}

#[test]
fn api_description_holds_for_an_administrator() {
    check("chief", NO_OWNER);
}
