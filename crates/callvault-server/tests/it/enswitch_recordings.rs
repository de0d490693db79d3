//! The Enswitch functions about recordings: who reaches them, what the lists hold, and what is handed out.

use std::time::Duration;

use callvault_server::work::expiry;
use callvault_testkit::sound::wav;
use callvault_testkit::world::World;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::enswitch_calls::{call, code, data};
use crate::enswitch_record_groups::world as people;
use crate::golden_enswitch::sample;

/// The people of the record groups' tests. Group 60 is `keeper`'s, 61 nobody's, 62 of customer 2, 63 of customer 3.
async fn world() -> World {
    let world = people().await;
    for (id, customer, owner) in [(60, 1, Some(3)), (61, 1, None), (62, 2, None), (63, 3, None)] {
        let group = json!({ "id": id, "customer": customer, "name": "Calls", "owner": owner });
        world.add("/recordgroups", group).await;
    }
    world
}

/// Stores a recording, in a group where the number is not 0; answers how the functions name it.
async fn store(world: &World, customer: i64, group: i64, name: &str) -> String {
    let into = if group == 0 { String::new() } else { format!("&record_group={group}") };
    let path = format!("/recordings/{name}?customer={customer}{into}");
    let answer = world.local(Method::PUT, &path, wav(1, 800)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    format!("recordgroup={group}&recordid={id}&uniqueid={id}")
}

async fn tell(world: &World, customer: i64, calls: &[Value]) {
    let body = json!({ "customer": customer, "calls": calls }).to_string();
    let answer = world.local(Method::POST, "/calls", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

async fn names(world: &World, username: &str, parameters: &str) -> Vec<String> {
    let list = data(world, username, "recording/recordings/list", parameters).await;
    list.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn who_reaches_a_recording() {
    let world = world().await;
    let kept = [
        store(&world, 1, 60, "owned.wav").await,
        store(&world, 1, 61, "open.wav").await,
        store(&world, 1, 0, "single.wav").await,
        store(&world, 2, 62, "below.wav").await,
        store(&world, 3, 63, "beside.wav").await,
    ];
    let no = "404 recordid";
    for (who, get, update) in [
        ("admin", ["200", "200", "200", no, no], ["204", "204", "204", no, no]),
        ("seller", ["200", "200", "200", "200", no], ["204", "204", "204", "204", no]),
        ("keeper", ["200", "200", no, no, no], ["204", no, no, no, no]),
        ("other-keeper", [no, "200", no, no, no], [no; 5]),
        ("supervisor", ["200", "200", "200", no, no], [no; 5]),
        ("user", ["402"; 5], ["402"; 5]),
        ("auditor", ["402"; 5], ["402"; 5]),
        ("below", [no, no, no, "200", no], [no, no, no, "204", no]),
    ] {
        for (place, which) in kept.iter().enumerate() {
            let seen = code(&world, who, "recording/recordings/get", which).await;
            assert_eq!(seen, get[place], "{who} gets {which}");
            for end in ["", "&expires=4000000000"] {
                let parameters = format!("{which}{end}");
                let seen = code(&world, who, "recording/recordings/update", &parameters).await;
                assert_eq!(seen, update[place], "{who} updates {which}");
                let valid = if update[place] == "204" { "201" } else { update[place] };
                let parameters = format!("{parameters}&validation=1");
                let seen = code(&world, who, "recording/recordings/update", &parameters).await;
                assert_eq!(seen, valid, "{who} would update {which}");
            }
            if update[place] != "204" {
                let seen = code(&world, who, "recording/recordings/delete", which).await;
                assert_eq!(seen, update[place], "{who} deletes {which}");
            }
        }
    }
    for (who, of, expected) in [
        ("admin", "", vec!["owned.wav", "open.wav", "single.wav"]),
        ("supervisor", "customer=1", vec!["owned.wav", "open.wav", "single.wav"]),
        ("keeper", "", vec!["owned.wav", "open.wav"]),
        ("other-keeper", "", vec!["open.wav"]),
        ("other-keeper", "recordgroup=61", vec!["open.wav"]),
        ("seller", "customer=2", vec!["below.wav"]),
        ("seller", "recordgroup=62", vec!["below.wav"]),
    ] {
        let mut expected: Vec<_> = expected.into_iter().map(str::to_owned).collect();
        let mut seen = names(&world, who, of).await;
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected, "{who} lists {of}");
    }
    for (who, of, expected) in [
        ("admin", "customer=2", "400 customer"),
        ("admin", "recordgroup=62", "400 recordgroup"),
        ("other-keeper", "recordgroup=60", "400 recordgroup"),
        ("admin", "recordgroup=99", "400 recordgroup"),
        ("user", "", "402"),
    ] {
        assert_eq!(code(&world, who, "recording/recordings/list", of).await, expected, "{who} lists {of}");
    }
    // A recording is named by its group, its leg and its own id, and by nothing else.
    let own = &kept[0];
    for wrong in [
        own.replace("recordgroup=60", "recordgroup=61"),
        own.replace("recordgroup=60", "recordgroup=0"),
        own.replace("recordid=", "recordid=x"),
        own.replace("uniqueid=", "uniqueid=1"),
    ] {
        assert_eq!(code(&world, "admin", "recording/recordings/get", &wrong).await, no, "{wrong}");
    }
    assert_eq!(code(&world, "keeper", "recording/recordings/delete", own).await, "204");
    assert_eq!(code(&world, "keeper", "recording/recordings/delete", own).await, no);
    let log = world.local(Method::GET, "/log?customer=1&name=owned.wav", "").await.json();
    let last = log["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["action"], &last["door"], &last["person"]),
        (&json!("delete"), &json!("enswitch"), &json!(3))
    );
}

#[tokio::test]
async fn a_copy_is_a_further_place() {
    let world = world().await;
    let kept = store(&world, 1, 61, "a.wav").await;
    world.add("/recordgroups", json!({ "id": 64, "customer": 1, "name": "None", "retention_days": 0 })).await;
    world.clock.advance(Duration::from_secs(100 * 24 * 60 * 60));
    let files = world.audio_files().len();
    let copy = async |who: &str, which: &str, to: i64| {
        code(&world, who, "recording/recordings/copy", &format!("{which}&destination={to}")).await
    };
    assert_eq!(copy("admin", &kept, 64).await, "400 destination");
    assert_eq!(copy("admin", &kept, 62).await, "400 destination");
    assert_eq!(copy("admin", &kept, 0).await, "400 destination");
    assert_eq!(copy("seller", &kept, 62).await, "400 destination", "of another customer");
    assert_eq!(copy("keeper", &kept, 60).await, "404 recordid", "seen, and not theirs to change");
    assert_eq!(copy("admin", &kept, 61).await, "204", "where it is already");
    for _ in 0..2 {
        assert_eq!(copy("admin", &kept, 60).await, "204");
    }
    assert_eq!(world.audio_files().len(), files);
    let list = data(&world, "admin", "recording/recordings/list", "").await;
    let rows: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["recordgroup"].clone(), row["expires"].clone()))
        .collect();
    let now = world.app.services.keeping.now().unix_ms() / 1000;
    let day = 24 * 60 * 60;
    assert_eq!(rows, [(json!(60), json!(now + 365 * day)), (json!(61), json!(now + 265 * day))]);
    let copied = kept.replace("recordgroup=61", "recordgroup=60");
    assert_eq!(copy("keeper", &copied, 61).await, "400 destination");
    // Each place has its end, and goes alone; the last one takes the recording along.
    assert_eq!(
        code(&world, "keeper", "recording/recordings/update", &format!("{copied}&expires=0")).await,
        "204"
    );
    let shown = data(&world, "admin", "recording/recordings/get", &format!("{copied}&encoding=base64")).await;
    assert_eq!(shown["expires"], 0);
    world.clock.advance(Duration::from_secs(266 * day as u64));
    expiry::let_go(&world.app.services, &world.app.metrics, &CancellationToken::new()).await;
    assert_eq!(names(&world, "admin", "").await, ["a.wav"]);
    assert_eq!(code(&world, "admin", "recording/recordings/get", &kept).await, "404 recordid");
    assert_eq!(code(&world, "admin", "recording/groups/delete", "id=60").await, "400 id");
    let over = format!("{copied}&expires={}", now + 266 * day);
    assert_eq!(code(&world, "keeper", "recording/recordings/update", &over).await, "204");
    expiry::let_go(&world.app.services, &world.app.metrics, &CancellationToken::new()).await;
    assert_eq!(names(&world, "admin", "").await, Vec::<String>::new());
    assert_eq!(world.audio_files().len(), files - 1);
    assert_eq!(code(&world, "admin", "recording/groups/delete", "id=60").await, "204");
}

/// An end that has passed deletes at once, and a nearer one soon: both in the name of who asked for it.
#[tokio::test]
async fn who_ends_a_recording_is_told() {
    let world = world().await;
    for (expires, validation, action) in [
        ("1", "&validation=1", None),
        ("1", "", Some("delete")),
        ("4000000000", "", None),
        ("1800000000", "&validation=1", None),
        ("1800000000", "", Some("limit")),
    ] {
        let name = format!("x{expires}{}.wav", validation.len());
        let which = store(&world, 1, 60, &name).await;
        let code = code(
            &world,
            "keeper",
            "recording/recordings/update",
            &format!("{which}&expires={expires}{validation}"),
        )
        .await;
        assert_eq!(code, if validation.is_empty() { "204" } else { "201" });
        let log = world.local(Method::GET, &format!("/log?customer=1&name={name}"), "").await.json();
        let seen: Vec<_> = log["items"].as_array().unwrap().iter().collect();
        assert_eq!(seen.first().map(|entry| &entry["action"]), action.map(|word| json!(word)).as_ref());
        assert!(seen.iter().all(|entry| entry["person"] == 3 && entry["door"] == "enswitch"), "{log}");
        expiry::let_go(&world.app.services, &world.app.metrics, &CancellationToken::new()).await;
        let is_there = world.local(Method::GET, &format!("/recordings/{name}"), "").await.status;
        let expected = if action == Some("delete") { StatusCode::NOT_FOUND } else { StatusCode::OK };
        assert_eq!(is_there, expected, "{expires}{validation}");
    }
}

#[tokio::test]
async fn the_file_comes_as_it_is_asked_for() {
    let world = world().await;
    let put =
        world.local(Method::PUT, "/recordings/a.wav?customer=1&record_group=61", sample("example.wav")).await;
    let id = put.json()["id"].as_str().unwrap().to_owned();
    let which = format!("recordgroup=61&recordid={id}&uniqueid={id}");
    let get = async |parameters: &str| {
        let parameters = format!("{which}&{parameters}");
        data(&world, "admin", "recording/recordings/get", &parameters).await
    };
    let raw = get("").await;
    let bytes: Vec<u8> = raw["data"].as_str().unwrap().chars().map(|letter| letter as u8).collect();
    assert_eq!(bytes, sample("example.wav"));
    assert_eq!(raw.get("sha1"), None);
    let encoded = base64_simd::STANDARD.encode_to_string(&bytes);
    assert_eq!(get("encoding=base64").await["data"], encoded);
    let encoding = json!({ "recordings_encoding": "base64" }).to_string();
    assert_eq!(world.local(Method::PATCH, "/customers/1", encoding).await.status, StatusCode::OK);
    assert_eq!(get("").await["data"], encoded);
    assert_eq!(get("encoding=raw").await["data"], raw["data"]);
    let wrong = world.local(Method::PATCH, "/customers/1", r#"{"recordings_encoding":"hex"}"#).await;
    assert_eq!(wrong.json()["field"], "recordings_encoding");
    assert_eq!(get("sha1=1").await["sha1"], SHA1);
    for entry in world.local(Method::GET, "/log?customer=1", "").await.json()["items"].as_array().unwrap() {
        assert_eq!((&entry["action"], &entry["door"]), (&json!("download"), &json!("enswitch")));
    }
    for file in world.audio_files() {
        fs_err::remove_file(file).unwrap();
    }
    for parameters in ["", "sha1=1"] {
        let seen = code(&world, "admin", "recording/recordings/get", &format!("{which}&{parameters}")).await;
        assert_eq!(seen, "500");
    }
}

/// What `sha1sum` says of the example of the golden pairs.
const SHA1: &str = "7bbadf45889a29e1de621432da3a959a12850a98";

#[tokio::test]
async fn a_recording_without_a_call_says_what_is_known() {
    let world = world().await;
    let which = store(&world, 1, 0, "x-1709633725.42.wav").await;
    let list = data(&world, "admin", "recording/recordings/list", "").await;
    let start = world.app.services.keeping.now().unix_ms() / 1000;
    let row = &list[0];
    for (name, value) in [
        ("uniqueid", json!("1709633725.42")),
        ("recordgroup", json!(0)),
        ("start", json!(start)),
        ("end", json!(start)),
        ("totaltime", json!(0)),
        ("snumber", json!("")),
        ("cnumber", json!("")),
        ("stype", json!("")),
        ("status", json!("")),
        ("dcustomer", json!(0)),
        ("complete", json!(1)),
        ("spresent", json!(0)),
        ("expires", json!(0)),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    // The id in its name is that of the leg, and its own id does as well.
    let leg = format!("recordgroup=0&uniqueid=1709633725.42&recordid={}", row["recordid"].as_str().unwrap());
    for which in [&leg, &which] {
        assert_eq!(code(&world, "admin", "recording/recordings/get", which).await, "200");
    }
    assert_eq!(names(&world, "admin", "complete=0").await, Vec::<String>::new());
    assert_eq!(names(&world, "admin", "complete=-1").await.len(), 1);
    assert_eq!(names(&world, "admin", "caller=1").await.len(), 0);
}

#[tokio::test]
async fn lists_are_sorted_filtered_and_whole() {
    let world = world().await;
    let group = json!({ "id": 65, "customer": 1, "name": "Many", "retention_days": 30 });
    world.add("/recordgroups", group).await;
    // More than several pages of the list; times repeat, numbers too.
    const ROWS: i64 = 1_500;
    for number in 0..ROWS {
        // Ids are those of a millisecond and some chance; as many in one would collide.
        world.clock.advance(Duration::from_millis(1));
        store(&world, 1, if number % 3 == 0 { 65 } else { 0 }, &format!("r{number}.wav")).await;
    }
    let began = |number: i64| 1_709_600_000 + number * 7 % 500;
    let told: Vec<_> = (0..ROWS)
        .map(|number| {
            json!({
                "call_id": format!("{}.{number}", began(number)),
                "started_at": callvault_core::time::Timestamp::from_unix_ms(began(number) * 1000 + 5).to_string(),
                "from": format!("+4930{}", number % 40), "to": format!("{}", 100 + number % 30),
                "call_seconds": number % 90, "talk_seconds": 0, "status": "NO ANSWER", "kind": "Inbound",
                "recording": format!("r{number}.wav"),
            })
        })
        .collect();
    for some in told.chunks(1000) {
        tell(&world, 1, some).await;
    }
    let everything = data(&world, "admin", "recording/recordings/list", "").await;
    let everything = everything.as_array().unwrap();
    assert_eq!(everything.len(), usize::try_from(ROWS).unwrap());
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let recordid = |row: &Value| row["recordid"].as_str().unwrap().parse::<i64>().unwrap();
    let never = |end: i64| if end == 0 { i64::MAX } else { end };
    for (sort, filter, wanted) in [
        ("start", "", Box::new(|_: &Value| true) as Box<dyn Fn(&Value) -> bool>),
        ("start", "recordgroup=65", Box::new(move |row| number(row, "recordgroup") == 65)),
        (
            "start",
            "start=1709600100&end=1709600199",
            Box::new(move |row| (1_709_600_100..=1_709_600_199).contains(&number(row, "start"))),
        ),
        ("cnumber", "called=12", Box::new(move |row| text(row, "cnumber").contains("12"))),
        (
            "snumber",
            "caller=303&totaltime_minimum=10",
            Box::new(move |row| text(row, "snumber").contains("303") && number(row, "totaltime") >= 10),
        ),
        (
            "totaltime",
            "recordgroup=65&totaltime_maximum=50",
            Box::new(move |row| number(row, "recordgroup") == 65 && number(row, "totaltime") <= 50),
        ),
        (
            "expires",
            "totaltime_minimum=20&totaltime_maximum=30",
            Box::new(move |row| (20..=30).contains(&number(row, "totaltime"))),
        ),
    ] {
        for descending in [0, 1] {
            let mut expected: Vec<_> = everything.iter().filter(|row| wanted(row)).cloned().collect();
            expected.sort_by_key(|row| {
                let key = match sort {
                    "cnumber" | "snumber" => (0, text(row, sort)),
                    "expires" => (never(number(row, sort)), String::new()),
                    _ => (number(row, sort), String::new()),
                };
                (key, recordid(row))
            });
            if descending == 1 {
                expected.reverse();
            }
            let parameters = format!("sort={sort}&descending={descending}&{filter}");
            let seen = data(&world, "admin", "recording/recordings/list", &parameters).await;
            let ids = |rows: &[Value]| rows.iter().map(recordid).collect::<Vec<_>>();
            assert!(!expected.is_empty(), "{parameters}");
            assert_eq!(ids(seen.as_array().unwrap()), ids(&expected), "{parameters}");
        }
    }
    let long = format!("caller={}", "1".repeat(60_000));
    assert_eq!(names(&world, "admin", &long).await, Vec::<String>::new());
    let row = everything.iter().find(|row| row["name"] == "r7.wav").unwrap();
    for (name, value) in [
        ("uniqueid", json!(format!("{}.7", began(7)))),
        ("callid", json!(format!("{}.7", began(7)))),
        ("start", json!(began(7))),
        ("end", json!(began(7) + 7)),
        ("totaltime", json!(7)),
        ("talktime", json!(0)),
        ("stype", json!("number")),
        ("snumber", json!("+49307")),
        ("ctype", json!("number")),
        ("cnumber", json!("107")),
        ("dtype", json!("phone")),
        ("dcustomer", json!(1)),
        ("status", json!("NOANSWER")),
        ("mimetype", json!("audio/x-wav")),
        ("spresent", json!(1)),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    let (entries, _) = call(&world, "admin", "recording/recordings/list", "customer=1&recordgroup=65").await;
    let keys: Vec<_> = entries.iter().map(|(code, key)| format!("{code} {key}")).collect();
    assert_eq!(keys, ["400 customer", "400 recordgroup"]);
}
