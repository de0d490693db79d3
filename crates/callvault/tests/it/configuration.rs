//! `config`: where values come from, as the binary sees it.

use crate::vault::{Vault, ran};

#[test]
fn the_origin_of_each_value_is_shown() {
    let vault = Vault::bare();
    let file = vault.beside("callvault.toml");
    fs_err::write(&file, "connections = 5\nshutdown_grace = \"5s\"\n[limits]\nlargest_message = \"1MiB\"\n")
        .unwrap();
    let file = file.to_str().unwrap();
    let mut command = vault.command(&[
        "--config",
        file,
        "--set",
        "limits.largest_message=3MiB",
        "config",
        "show",
        "--sources",
        "--json",
    ]);
    let shown = ran(command.env("CALLVAULT_SHUTDOWN_GRACE", "7s")).json();
    let check = |key: &str, value: &str, source: &str| {
        assert_eq!(
            (shown[key]["value"].as_str(), shown[key]["source"].as_str()),
            (Some(value), Some(source)),
            "{key}"
        );
    };
    check("data", vault.data().to_str().unwrap(), "env CALLVAULT_DATA");
    check("connections", "5", &format!("file {file}"));
    check("shutdown_grace", "7s", "env CALLVAULT_SHUTDOWN_GRACE");
    check("limits.largest_message", "3MiB", "flag --set");
    check("listen", "127.0.0.1:8088", "default");

    let mut from_variable = vault.command(&["config", "show"]);
    let text = ran(from_variable.env("CALLVAULT_CONFIG", file)).done();
    assert!(text.lines().any(|line| line == "connections = \"5\""), "{text}");
    assert!(!vault.data().exists());
}

#[test]
fn every_mistake_is_told_before_anything_is_done() {
    let vault = Vault::made();
    let wrong = [
        "--set",
        "limits.largest_message=huge",
        "--set",
        "nonsense=1",
        "--set",
        "log.level=a=b=c",
        "serve",
        "--listen",
        "nowhere",
    ];
    vault
        .run(&wrong)
        .failed(1, &["limits.largest_message", "nonsense", "log.level", "listen (flag --listen)", "hint: "]);
    let strange = vault.command(&["config", "show"]).env("CALLVAULT_TYPO", "1").output().unwrap();
    assert!(String::from_utf8_lossy(&strange.stderr).contains("CALLVAULT_TYPO"));
}

#[test]
fn settings_reach_the_server_and_the_commands() {
    let vault = Vault::made();
    let source = crate::vault::sample(crate::vault::RECORDING);
    let import = ["recording", "import", "--customer", "1", source.to_str().unwrap()];
    let limited = ["--set", "limits.largest_recording=1KiB"];
    let refused = vault.run(&[&limited[..], &import].concat()).failed(1, &["1 refused"]);
    assert!(refused.out.contains("1024"), "{refused:?}");
    vault.run(&import).done();
}
