//! What hunt groups do with calls, and destinations, on the command line.

use serde_json::{Value, json};

use crate::vault::Vault;

/// The members of an object that `expected` names.
#[track_caller]
fn assert_has(object: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&object[name], value, "{name}");
    }
}

#[test]
fn hunt_groups_levels_and_destinations_are_set_and_shown() {
    let vault = Vault::made();
    let add = [
        "huntgroup",
        "add",
        "--customer",
        "1",
        "--name",
        "Sales",
        "--id",
        "123",
        "--type",
        "circular",
        "--ring-seconds",
        "20",
        "--default-exit",
        "sipuri:sip:a@example.com",
    ];
    assert_eq!(vault.run(&add).done(), "123");
    let show = || vault.run(&["huntgroup", "show", "123", "--json"]).json();
    assert_has(
        &show(),
        &json!({
            "type": "circular", "ring_seconds": 20, "music_ringing": false,
            "default_exit": { "type": "sipuri", "number": "sip:a@example.com" },
        }),
    );
    let set = [
        "huntgroup",
        "set",
        "123",
        "--screen",
        "name",
        "--music-ringing",
        "yes",
        "--allow-forwards",
        "yes",
        "--panel",
        "yes",
        "--description",
        "Ground floor",
        "--default-exit",
        "hangup",
        "--busy-exit",
        "phone:100",
    ];
    vault.run(&set).done();
    assert_has(
        &show(),
        &json!({
            "name": "Sales", "type": "circular", "screen": "name", "music_ringing": true, "allow_forwards": true,
            "panel": true, "description": "Ground floor", "default_exit": { "type": "hangup", "number": "" },
            "busy_exit": { "type": "phone", "number": "100" },
        }),
    );
    vault.run(&["huntgroup", "set", "123", "--busy-exit", "hangup:1"]).failed(1, &["busy_exit"]);

    let level = ["huntgroup", "level", "--huntgroup", "123", "--level", "3", "--json"];
    let inherited = json!({
        "huntgroup": 123, "level": 3, "ring_seconds": null, "music_ringing": null, "play_message": false,
    });
    assert_eq!(vault.run(&level).json(), inherited);
    let own =
        [&level[..], &["--ring-seconds", "5", "--music-ringing", "no", "--play-message", "yes"]].concat();
    let own = vault.run(&own).json();
    assert_has(&own, &json!({ "ring_seconds": 5, "music_ringing": false, "play_message": true }));
    let back = [&level[..], &["--ring-seconds", "inherit", "--music-ringing", "inherit"]].concat();
    let back = vault.run(&back).json();
    assert_has(&back, &json!({ "ring_seconds": null, "music_ringing": null, "play_message": true }));

    let add =
        ["destination", "add", "--huntgroup", "123", "--level", "1", "--type", "phone", "--number", "100"];
    assert_eq!(vault.run(&add).done(), "1");
    vault.run(&["customer", "set", "1", "--destinations", "1"]).done();
    vault.run(&add).failed(1, &["cannot add destination \"100\"", "1 destinations"]);
    vault.run(&["customer", "set", "1", "--destinations", "none"]).done();
    let more = [&add[..], &["--screen", "--unavailable", "--append-callerid", "9", "--json"]].concat();
    let more = vault.run(&more).json();
    assert_has(&more, &json!({ "id": 2, "screen": true, "available": false, "append_callerid": "9" }));
    let list = ["destination", "list", "--huntgroup", "123", "--json"];
    let rows = vault.run(&list).json();
    assert_eq!((rows.as_array().unwrap().len(), &rows[1]), (2, &more));
    vault.run(&["destination", "remove", "1"]).done();
    vault.run(&["destination", "remove", "1"]).failed(1, &["cannot remove destination 1"]);
    assert_eq!(vault.run(&list).json(), json!([more]));
}
