use serde_json::{Value, json};

use super::*;
use crate::enswitch::parameters::Parameters;
use crate::enswitch::path::Function;
use crate::enswitch::request::Call;
use crate::enswitch::response::Reply;

#[test]
fn lists_are_arrays_of_any_length() {
    let person = |id| PersonOnPage { id, username: "user" };
    let check = |count: usize, data: &str| {
        let people: Vec<_> = (1..).take(count).map(person).collect();
        let body = String::from_utf8(Reply::rows(&people).body).unwrap();
        let head = r#"{ "responses":[ { "code":"200", "key":"", "message":"OK" } ], "data":"#;
        assert_eq!(body, format!("{head}{data} }}"));
    };
    check(0, "[ ]");
    check(1, r#"[ { "id":1, "username":"user" } ]"#);
    check(2, r#"[ { "id":1, "username":"user" }, { "id":2, "username":"user" } ]"#);
}

/// What a row shows can be sent back: the members of a get are the parameters of a create.
#[test]
fn a_hunt_group_is_shown_in_the_words_it_is_created_with() {
    let query = "name=Sales;dtype=phone;dnumber=100;type=circular;ringtime=20;owner=4;music_ringing=1";
    let created = |query: &str| {
        let parameters = Parameters::from_query(Function::HuntgroupsCreate, query.as_bytes());
        match Call::from_parameters(&parameters) {
            Ok(Call::HuntgroupsCreate(call)) => call,
            other => panic!("{other:?}"),
        }
    };
    let call = created(query);
    let row = HuntGroup { id: 123, customer: 1, name: call.name.as_str(), settings: &call.settings };
    let shown: Value = serde_json::from_str(&object(&row)).unwrap();
    let wanted = json!({
        "id": 123, "customer": 1, "name": "Sales", "description": "", "owner": 4, "type": "circular",
        "ringtime": 20, "music": 0, "music_ringing": 1, "allow_forwards": 0, "screen": 0, "recordgroup": 0,
        "panel": 0, "dtype": "phone", "dnumber": "100", "atype": "hangup", "anumber": "",
        "btype": "hangup", "bnumber": "",
    });
    assert_eq!(shown, wanted);
    let members = shown.as_object().unwrap().iter();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let again: Vec<String> = members.map(|(name, value)| format!("{name}={}", text(value))).collect();
    assert_eq!(created(&again.join(";")).settings, call.settings);
}
