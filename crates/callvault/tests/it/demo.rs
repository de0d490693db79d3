//! The demo: what it makes, and where it refuses to.

use rustix::process::Signal;

use crate::vault::Vault;

#[test]
fn the_demo_serves_samples_and_comes_back_as_it_was() {
    let vault = Vault::bare();
    let demo = vault.start("demo");
    let address = demo.address("http");
    assert!(demo.get("/health/ready").starts_with("HTTP/1.1 200"));
    let check = "/api/json/huntgroups/files/download/?auth_username=user;auth_password=password;huntgroup=123;check=1";
    assert!(demo.get(&format!("{check};level=1")).contains(r#""found":1"#));
    assert!(demo.get(&format!("{check};level=2")).contains(r#""found":0"#));
    let count = |customer: &str| {
        vault.run(&["recording", "list", "--customer", customer, "--json"]).json().as_array().unwrap().len()
    };
    assert_eq!((count("1"), count("2")), (10, 2));
    let calls = vault.run(&["call", "list", "--customer", "1", "--json"]).json();
    assert_eq!(calls.as_array().unwrap().len(), 10, "{calls}");
    assert_eq!(vault.run(&["check"]).done(), "clean");
    vault.run(&["customer", "set", "2", "--name", "Changed"]).done();
    let ended = demo.stop(Signal::INT);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.contains(&format!("http://{address}/api/v2.0.0/login")), "{ended:?}");
    assert!(
        ended.out.contains(&format!("https://{address}/api/json/huntgroups/files/download/")),
        "{ended:?}"
    );

    let again = vault.start("demo");
    assert_eq!(vault.run(&["customer", "show", "2", "--json"]).json()["name"], "Changed");
    assert_eq!(again.stop(Signal::TERM).code, 0);
    let served = vault.start("serve").stop(Signal::TERM);
    assert!(served.err.contains("passwords are public"), "{served:?}");
}

#[test]
fn a_real_installation_is_never_made_a_demo() {
    let vault = Vault::made();
    vault.run(&["demo", "--listen", "127.0.0.1:0"]).failed(1, &["is no demo", "hint: "]);
    let people = vault.run(&["person", "list", "--json"]).json();
    assert_eq!(people.as_array().unwrap().len(), 1);
}
