use super::*;
use crate::enswitch::path::Function;

#[test]
fn methods() {
    let check = |method: &str, function: Function, query: &str, wanted: Result<(), &str>| {
        let parameters = Parameters::from_query(function, query.as_bytes());
        assert_eq!(check_method(method, &parameters), wanted, "{method} {query}");
    };
    let (download, upload) = (Function::HuntgroupsFilesDownload, Function::HuntgroupsFilesUpload);
    check("GET", download, "", Ok(()));
    check("POST", upload, "", Ok(()));
    check("GET", upload, "", Ok(()));
    check("HEAD", download, "wrap=none", Ok(()));
    check("HEAD", download, "wrap=json", Err("GET, HEAD, POST"));
    check("HEAD", upload, "wrap=none", Err("GET, POST"));
    check("PUT", download, "", Err("GET, HEAD, POST"));
    check("get", upload, "", Err("GET, POST"));
    check("HEAD", Function::RecordingRecordingsGet, "wrap=none", Ok(()));
}

/// What a call is understood as, or the keys of its faults.
fn understood(function: Function, query: &str) -> Result<String, Vec<&'static str>> {
    let parameters = Parameters::from_query(function, query.as_bytes());
    let call = Call::from_parameters(&parameters);
    call.map(|call| call.shown()).map_err(|faults| faults.iter().map(|fault| fault.key).collect())
}

#[track_caller]
fn check(function: Function, query: &str, wanted: Result<&str, &[&'static str]>) {
    let wanted = wanted.map(str::to_owned).map_err(<[_]>::to_vec);
    assert_eq!(understood(function, query), wanted, "{query}");
}

#[test]
fn a_level_knows_its_hunt_group_by_two_names() {
    let get = Function::HuntgroupsLevelsGet;
    let level = Ok(r#"{ "huntgroup":123, "level":1 }"#);
    check(get, "huntgroup=123;level=1", level);
    check(get, "id=123;level=1", level);
    check(get, "id=123;huntgroup=0123;level=1", level);
    check(get, "id=124;huntgroup=123;level=1", Err(&["huntgroup", "id"]));
    check(get, "level=1", Err(&["huntgroup"]));
    check(get, "id=x;huntgroup=123;level=0", Err(&["id", "level"]));
}

#[test]
fn a_level_inherits_by_a_sentinel() {
    let set = Function::HuntgroupsLevelsSet;
    let wanted = r#"{ "huntgroup":1, "level":2, "ringtime":-2, "music_ringing":-2, "validation":0 }"#;
    check(set, "huntgroup=1;level=2;ringtime=-2;music_ringing=-2", Ok(wanted));
    let wanted =
        r#"{ "huntgroup":1, "level":2, "ringtime":0, "music_ringing":1, "play_message":1, "validation":1 }"#;
    check(set, "huntgroup=1;level=2;ringtime=0;music_ringing=1;play_message=1;validation=1", Ok(wanted));
    let bad = "huntgroup=1;level=2;ringtime=-1;music_ringing=2;play_message=-2;validation=2";
    check(set, bad, Err(&["ringtime", "music_ringing", "play_message", "validation"]));
}

#[test]
fn destinations_are_selected_one_way() {
    let get = Function::HuntgroupsDestinationsGet;
    check(get, "id=5", Ok(r#"{ "id":5 }"#));
    check(get, "id=5;dtype=phone", Ok(r#"{ "id":5 }"#));
    let place = r#"{ "dtype":"phone", "dnumber":"100", "huntgroup":1, "level":2 }"#;
    check(get, "dtype=phone;dnumber=100;huntgroup=1;level=2", Ok(place));
    check(get, "", Err(&["id"]));
    check(get, "dtype=phone;huntgroup=1", Err(&["dnumber", "level"]));
    check(get, "id=x;dtype=pigeon;level=11", Err(&["id", "dtype", "level"]));

    let list = Function::HuntgroupsDestinationsList;
    check(list, "huntgroup=1", Ok(r#"{ "huntgroup":1 }"#));
    check(list, "dtype=sipuri;dnumber=a@b", Ok(r#"{ "dtype":"sipuri", "dnumber":"a@b" }"#));
    check(list, "", Err(&["dtype", "dnumber", "huntgroup"]));
    check(list, "dtype=phone", Err(&["dnumber"]));
    check(list, "dnumber=1", Err(&["dtype"]));
    check(list, "dnumber=1;huntgroup=1", Err(&["dnumber", "huntgroup"]));
    check(list, "dtype=phone;dnumber=1;huntgroup=1", Err(&["dtype", "dnumber", "huntgroup"]));
}

#[test]
fn recordings_are_of_a_customer_or_of_a_group() {
    let of = |query: &str, wanted: Result<&str, &[&'static str]>| {
        let rest = concat!(
            r#", "start":0, "called":"", "caller":"", "complete":1, "totaltime_minimum":0, "#,
            r#""totaltime_maximum":-1, "sort":"start", "descending":0 }"#
        );
        let wanted = wanted.map(|of| format!("{{ {of}{rest}")).map_err(<[_]>::to_vec);
        assert_eq!(understood(Function::RecordingRecordingsList, query), wanted, "{query}");
    };
    of("", Ok(r#""customer":0"#));
    of("customer=2", Ok(r#""customer":2"#));
    of("recordgroup=7;customer=0", Ok(r#""recordgroup":7"#));
    of("recordgroup=7;customer=2", Err(&["customer", "recordgroup"]));
}

#[test]
fn people_are_named_by_one_thing() {
    let get = Function::PeopleGet;
    check(get, "id=3;username=u;email=e", Ok(r#"{ "check":0, "id":3 }"#));
    check(get, "id=0;username=u;email=e", Ok(r#"{ "check":0, "username":"u" }"#));
    check(get, "email=e;check=1", Ok(r#"{ "check":1, "email":"e" }"#));
    check(get, "", Err(&["email", "id", "username"]));
    check(get, "id=x;check=x", Err(&["check", "id"]));

    let switch = Function::UserSwitch;
    check(switch, "id=3", Ok(r#"{ "id":3, "token":0 }"#));
    check(switch, "username=u;token=1", Ok(r#"{ "username":"u", "token":1 }"#));
    check(switch, "username=u;id=3", Err(&["id", "username"]));
    check(switch, "id=0", Err(&["id", "username"]));
}

#[test]
fn no_call_shows_a_secret() {
    let of = |function, query| understood(function, query).unwrap();
    let created = of(Function::PeopleCreate, "username=u;password=swordfish;role=1");
    assert!(created.contains(r#""password":"***""#) && !created.contains("swordfish"), "{created}");
    let updated = of(Function::PeopleUpdate, "id=1;password=swordfish");
    assert!(updated.contains(r#""password":"***""#) && !updated.contains("swordfish"), "{updated}");
    let login = of(Function::UserLogin, "auth_code=swordfish;totp_token=swordfish");
    assert!(!login.contains("swordfish"), "{login}");
    for function in [Function::PeopleCreate, Function::PeopleUpdate, Function::UserLogin] {
        let query =
            "password=swordfish;auth_code=swordfish;totp_token=swordfish;auth_password=swordfish;role=x";
        let parameters = Parameters::from_query(function, query.as_bytes());
        let call = Call::from_parameters(&parameters);
        let shown = format!("{parameters:?} {call:?}");
        assert!(!shown.contains("swordfish"), "{shown}");
    }
}

#[test]
fn an_update_can_empty_text_but_no_name() {
    let update = Function::SoundsUpdate;
    check(update, "id=7;description=", Ok(r#"{ "id":7, "description":"", "validation":0 }"#));
    check(update, "id=7;name=;shared=", Ok(r#"{ "id":7, "validation":0 }"#));
    check(update, "id=7;name=%00", Err(&["name"]));
}

#[test]
fn an_upload_is_named_after_its_selectors() {
    let named = |function, query: &str, client_name: Option<&str>| {
        let parameters = Parameters::from_query(function, query.as_bytes());
        Call::from_parameters(&parameters).unwrap().upload_name(client_name)
    };
    let check = |function, query, client_name, wanted: Option<&str>| {
        assert_eq!(named(function, query, client_name).as_deref(), wanted, "{query}");
    };
    check(Function::QueuesFilesUpload, "queue=7;sound=1", None, Some("queue-7.wav"));
    check(Function::QueuesFilesUpload, "queue=7;sound=1", Some("a/b.wav"), Some("ab.wav"));
    let code = "code=*1\"/0;file=message;sound=1;customer=2";
    check(Function::CodesFilesUpload, code, None, Some("code-*10-file-message.wav"));
    check(Function::MusicFilesUpload, "music=3;file=10;sound=1", Some("/"), Some("music-3-file-10.wav"));
    check(Function::QueuesFilesDelete, "queue=7", None, None);
    let level = "huntgroup=123;level=1;sound=1";
    check(Function::HuntgroupsFilesUpload, level, None, Some("huntgroup-123-level-1.wav"));
}
