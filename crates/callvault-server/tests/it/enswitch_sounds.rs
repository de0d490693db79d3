//! The Enswitch functions about the library of sounds and their files: who may do what, what is shared, and what becomes of a
//! file that is replaced.

use axum::body::Body;
use base64_simd::STANDARD;
use callvault_core::service::Policy;
use callvault_server::app::Settings;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, HERE, World, basic};
use futures_util::future::{join, join_all};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::enswitch_calls::{bare_code as code, data, entries, send};

/// Customer 1 with customer 2 below it, customer 3 beside, and customer 4 of the system owner; a person of each role that
/// matters.
async fn world() -> World {
    world_with(Settings::default(), Policy::default()).await
}

async fn world_with(settings: Settings, policy: Policy) -> World {
    let world = World::with(settings, policy).await;
    world.customer(1, None).await;
    world.customer(2, Some(1)).await;
    world.customer(3, None).await;
    world.customer(4, None).await;
    world.add("/roles", json!({ "name": "listener", "privileges": ["sounds"] })).await;
    for (customer, username, role) in [
        (1, "admin", "administrator"),
        (1, "seller", "reseller"),
        (1, "user", "user"),
        (1, "listener", "listener"),
        (1, "resident", "residential"),
        (1, "supervisor", "supervisor"),
        (1, "auditor", "auditor"),
        (2, "below", "administrator"),
        (3, "beside", "administrator"),
        (4, "owner", "system owner"),
    ] {
        world.person(customer, username, role).await;
    }
    world
}

/// A sound with a file; answers its number.
async fn sound(world: &World, customer: i64, shared: bool, audio: &[u8]) -> i64 {
    let new = json!({ "customer": customer, "name": "Closed now", "shared": shared });
    let id = world.add("/sounds", new).await["id"].as_i64().unwrap();
    fill(world, id, audio).await;
    id
}

async fn fill(world: &World, id: i64, audio: &[u8]) {
    let filled = world.local(Method::PUT, &format!("/sounds/{id}/audio"), audio.to_vec()).await;
    assert_eq!(filled.status, StatusCode::NO_CONTENT, "{}", filled.text());
}

fn base64(audio: &[u8]) -> String {
    STANDARD.encode_to_string(audio).replace('+', "%2B")
}

async fn download(world: &World, username: &str, id: i64) -> Answer {
    send(world, username, "sounds/files/download", &format!("sound={id}&wrap=none")).await
}

fn ids(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

async fn plan(world: &World, plan: Value) {
    let patched = world.local(Method::PATCH, "/customers/1", plan.to_string()).await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
}

#[tokio::test]
async fn what_is_created_is_shown_and_kept_by_updates() {
    let world = world().await;
    let created = data(&world, "admin", "sounds/create", "name=First&description=Ground+floor").await;
    assert_eq!(created, json!({ "id": 1 }));
    let mut shown =
        json!({ "id": 1, "customer": 1, "name": "First", "description": "Ground floor", "shared": 0 });
    assert_eq!(data(&world, "admin", "sounds/get", "id=1").await, shown);
    for (parameters, members) in [
        ("", json!({})),
        ("name=Second", json!({ "name": "Second" })),
        ("name=&description=&shared=", json!({ "description": "" })),
        ("name=Third&description=Two%0Alines", json!({ "name": "Third", "description": "Two\nlines" })),
    ] {
        let parameters = format!("id=1&{parameters}");
        let trial = format!("{parameters}&validation=1");
        assert_eq!(code(&world, "admin", "sounds/update", &trial).await, "201", "{trial}");
        assert_eq!(data(&world, "admin", "sounds/get", "id=1").await, shown, "{trial}");
        assert_eq!(code(&world, "admin", "sounds/update", &parameters).await, "204", "{parameters}");
        for (name, value) in members.as_object().unwrap() {
            shown[name] = value.clone();
        }
        assert_eq!(data(&world, "admin", "sounds/get", "id=1").await, shown, "{parameters}");
    }
    assert_eq!(code(&world, "admin", "sounds/create", "name=x&validation=1").await, "201");
    assert_eq!(data(&world, "admin", "sounds/create", "name=Again").await, json!({ "id": 2 }));
    let long = format!("name={}&description={}", "x".repeat(101), "x".repeat(1001));
    let answer = send(&world, "admin", "sounds/create", &long).await;
    let both = ["name", "description"].map(|key| ("400".to_owned(), key.to_owned()));
    assert_eq!(entries(&answer), both);
    assert_eq!(ids(&data(&world, "admin", "sounds/list", "").await), [1, 2]);
    assert_eq!(code(&world, "admin", "sounds/delete", "id=1").await, "204");
    assert_eq!(code(&world, "admin", "sounds/delete", "id=1").await, "404");
    assert_eq!(ids(&data(&world, "admin", "sounds/list", "").await), [2]);
    // A sound without a file.
    assert_eq!(
        data(&world, "admin", "sounds/files/download", "sound=2&check=1").await,
        json!({ "found": 0 })
    );
    for function in ["sounds/files/download", "sounds/files/delete"] {
        let answer = send(&world, "admin", function, "sound=2").await;
        assert_eq!(entries(&answer), [("404".to_owned(), "sound".to_owned())]);
        assert!(answer.text().contains("No file for this sound."), "{}", answer.text());
    }
}

#[tokio::test]
async fn roles_and_reach_decide_what_is_answered() {
    let world = world().await;
    let audio = wav(1, 100);
    let data = base64(&audio);
    // The codes of get, check, upload, files/delete, update and delete.
    let check = async |username: &str, (customer, shared): (i64, bool), wanted: &str| {
        let functions = [
            ("sounds/get", "id", ""),
            ("sounds/files/download", "sound", "&check=1"),
            ("sounds/files/upload", "sound", &format!("&data={data}")),
            ("sounds/files/delete", "sound", ""),
            ("sounds/update", "id", "&name=x"),
            ("sounds/delete", "id", ""),
        ];
        let mut seen = Vec::new();
        for (function, key, rest) in functions {
            let id = sound(&world, customer, shared, &audio).await;
            seen.push(code(&world, username, function, &format!("{key}={id}{rest}")).await);
        }
        assert_eq!(seen.join(" "), wanted, "{username}, customer {customer}, shared {shared}");
    };
    let all = "200 200 204 204 204 204";
    let none = "404 404 404 404 404 404";
    check("admin", (1, false), all).await;
    check("seller", (1, false), all).await;
    check("owner", (1, false), all).await;
    check("user", (1, false), "200 200 404 404 402 402").await;
    check("listener", (1, false), "200 200 404 404 402 402").await;
    check("supervisor", (1, false), "200 402 404 404 402 402").await;
    check("resident", (1, false), "402 402 402 402 402 402").await;
    check("auditor", (1, false), "402 402 402 402 402 402").await;
    check("below", (1, false), none).await;
    check("beside", (1, false), none).await;
    check("seller", (2, false), all).await;
    check("below", (2, false), all).await;
    check("admin", (2, false), none).await;
    check("user", (2, false), "404 404 404 404 402 402").await;
    check("owner", (4, true), all).await;
    // Shared: for all to hear, for the system owner to change.
    for customer in [1, 2, 4] {
        let viewed = "200 200 404 404 404 404";
        check("admin", (customer, true), viewed).await;
        check("seller", (customer, true), viewed).await;
        check("beside", (customer, true), viewed).await;
        check("user", (customer, true), "200 200 404 404 402 402").await;
        check("listener", (customer, true), "200 200 404 404 402 402").await;
        check("supervisor", (customer, true), "200 402 404 404 402 402").await;
        check("resident", (customer, true), "402 402 402 402 402 402").await;
    }
    // What is not there is answered like what is not visible.
    for function in ["sounds/get", "sounds/update", "sounds/delete"] {
        let hidden = sound(&world, 1, false, &audio).await;
        let there = send(&world, "beside", function, &format!("id={hidden}")).await;
        let absent = send(&world, "beside", function, "id=99999").await;
        assert_eq!(there.body, absent.body);
    }
    for (username, parameters, wanted) in [
        ("admin", "name=x", "200"),
        ("seller", "name=x&customer=2", "200"),
        ("admin", "name=x&customer=2", "400"),
        ("admin", "name=x&customer=99", "400"),
        ("user", "name=x", "402"),
        ("listener", "name=x", "402"),
    ] {
        assert_eq!(
            code(&world, username, "sounds/create", parameters).await,
            wanted,
            "{username} {parameters}"
        );
    }
    for (username, wanted) in
        [("user", "200"), ("listener", "200"), ("supervisor", "200"), ("resident", "402")]
    {
        assert_eq!(code(&world, username, "sounds/list", "").await, wanted, "{username}");
    }
    assert_eq!(code(&world, "admin", "sounds/list", "customer=2").await, "400");
    assert_eq!(code(&world, "seller", "sounds/list", "customer=2").await, "200");
}

#[tokio::test]
async fn what_a_system_owner_shares_all_customers_hear_and_use() {
    let world = world().await;
    let audio = wav(1, 100);
    // From anybody else it is not honoured.
    data(&world, "admin", "sounds/create", "name=Mine&shared=1").await;
    assert_eq!(data(&world, "admin", "sounds/get", "id=1").await["shared"], 0);
    assert_eq!(code(&world, "admin", "sounds/update", "id=1&shared=1").await, "204");
    assert_eq!(data(&world, "admin", "sounds/get", "id=1").await["shared"], 0);
    let refused = Request::post("/api/v1/sounds")
        .header("authorization", basic("admin"))
        .header("content-type", "application/json")
        .body(json!({ "name": "Mine", "shared": true }).to_string().into())
        .unwrap();
    let refused = world.call(HERE, refused).await;
    assert_eq!((refused.status, refused.json()["field"].as_str()), (StatusCode::BAD_REQUEST, Some("shared")));

    data(&world, "owner", "sounds/create", "name=Ours&shared=1").await;
    fill(&world, 2, &audio).await;
    assert_eq!(data(&world, "beside", "sounds/get", "id=2").await["customer"], 4);
    assert_eq!(ids(&data(&world, "admin", "sounds/list", "").await), [1, 2]);
    assert_eq!(ids(&data(&world, "beside", "sounds/list", "").await), [2]);
    assert_eq!(ids(&data(&world, "seller", "sounds/list", "customer=2").await), [2]);
    assert_eq!(download(&world, "beside", 2).await.body, audio);

    // Whoever may change a message takes it from there, whatever else their role has.
    let resident = world.local(Method::GET, "/people?username=resident", "").await.json();
    let new = json!({ "id": 123, "customer": 1, "name": "Sales", "owner": resident["items"][0]["id"] });
    world.add("/huntgroups", new).await;
    world.add("/huntgroups", json!({ "id": 300, "customer": 3, "name": "Sales" })).await;
    for (username, place) in [("resident", "huntgroup=123&level=1"), ("beside", "huntgroup=300&level=1")] {
        let upload = format!("{place}&sound=2");
        assert_eq!(code(&world, username, "huntgroups/files/upload", &upload).await, "204");
        let from_own = format!("{place}&sound=1");
        assert_eq!(code(&world, username, "huntgroups/files/upload", &from_own).await, "400");
    }
    // What was taken stays when the sound is not shared any more, or gone.
    assert_eq!(code(&world, "owner", "sounds/update", "id=2&shared=0").await, "204");
    assert_eq!(code(&world, "beside", "sounds/get", "id=2").await, "404");
    assert_eq!(
        code(&world, "beside", "huntgroups/files/upload", "huntgroup=300&level=2&sound=2").await,
        "400"
    );
    assert_eq!(code(&world, "owner", "sounds/delete", "id=2").await, "204");
    let bare = "huntgroup=300&level=1&wrap=none";
    assert_eq!(send(&world, "beside", "huntgroups/files/download", bare).await.body, audio);
}

#[tokio::test]
async fn a_file_comes_in_every_way_and_keeps_its_name() {
    let world = world().await;
    world.add("/sounds", json!({ "id": 7, "customer": 1, "name": "Closed now" })).await;
    let part = |head: &str, data: &[u8]| {
        let mut body = Vec::new();
        for (name, value) in [("auth_username", "admin"), ("auth_password", "password"), ("sound", "7")] {
            let field =
                format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(field.bytes());
        }
        body.extend(format!("--cut\r\nContent-Disposition: form-data; name=\"data\"{head}\r\n\r\n").bytes());
        body.extend(data);
        body.extend(b"\r\n--cut--\r\n");
        body
    };
    let url = "/api/json/sounds/files/upload/";
    let form = "application/x-www-form-urlencoded";
    let multipart = "multipart/form-data; boundary=cut";
    let who = "auth_username=admin&auth_password=password&sound=7";
    let sounds: Vec<_> = (1..=6).map(|seed| wav(seed, 90_000)).collect();
    let small = wav(7, 100);
    let json = json!({
        "auth_username": "admin", "auth_password": "password", "sound": 7,
        "data": STANDARD.encode_to_string(&sounds[4]),
    });
    let text = |index: usize| STANDARD.encode_to_string(&sounds[index]);
    for (query, kind, body, audio, name) in [
        (
            String::new(),
            form,
            format!("{who}&data={}", base64(&sounds[0])).into_bytes(),
            &sounds[0],
            "sound-7.wav",
        ),
        (
            who.to_owned(),
            form,
            format!("data={}", base64(&sounds[1])).into_bytes(),
            &sounds[1],
            "sound-7.wav",
        ),
        (
            String::new(),
            multipart,
            part("; filename=\"../a\u{e9}.wav\"", &sounds[2]),
            &sounds[2],
            "..a\u{e9}.wav",
        ),
        (String::new(), multipart, part("", text(3).as_bytes()), &sounds[3], "sound-7.wav"),
        (String::new(), "application/json", json.to_string().into_bytes(), &sounds[4], "sound-7.wav"),
        (
            String::new(),
            multipart,
            part("; filename=\"b.wav\"\r\nContent-Transfer-Encoding: base64", text(5).as_bytes()),
            &sounds[5],
            "b.wav",
        ),
        (format!("{who}&data={}", base64(&small)), form, Vec::new(), &small, "sound-7.wav"),
    ] {
        let request = Request::post(format!("{url}?{query}")).header("content-type", kind);
        let answer = world.call(HERE, request.body(body.into()).unwrap()).await;
        assert_eq!(entries(&answer)[0].0, "204", "{kind}: {}", answer.text());
        let got = download(&world, "admin", 7).await;
        assert_eq!(got.body, *audio, "{kind}");
        assert_eq!(got.header("content-type"), "audio/x-wav");
        let wrapped = data(&world, "admin", "sounds/files/download", "sound=7&encoding=base64").await;
        assert_eq!(wrapped["name"], *name, "{kind}");
        assert_eq!(wrapped["data"], STANDARD.encode_to_string(audio));
        let raw = data(&world, "admin", "sounds/files/download", "sound=7").await;
        assert!(
            raw["data"]
                .as_str()
                .unwrap()
                .chars()
                .map(u32::from)
                .eq(audio.iter().map(|byte| u32::from(*byte)))
        );
        assert_eq!(world.audio_files().len(), 1, "the former file is gone");
    }
    assert_eq!(world.local(Method::GET, "/sounds/7", "").await.json()["file_name"], "sound-7.wav");
    // Through our own API without a name it is called after the sound.
    fill(&world, 7, &small).await;
    assert_eq!(data(&world, "admin", "sounds/files/download", "sound=7").await["name"], "Closed now.wav");
    assert_eq!(code(&world, "admin", "sounds/files/delete", "sound=7").await, "204");
    assert_eq!(world.audio_files().len(), 0);
    let shown = world.local(Method::GET, "/sounds/7", "").await.json();
    assert_eq!((&shown["audio"], &shown["file_name"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn checks_go_in_their_order() {
    let largest_message_bytes = 1_000;
    let settings = Settings { largest_message_bytes, ..Settings::default() };
    let policy = Policy { largest_message_bytes, ..Policy::default() };
    let world = world_with(settings, policy).await;
    let id = sound(&world, 1, false, &wav(1, 100)).await;
    let good = base64(&wav(2, 100));
    let check = async |username: &str, parameters: &str, wanted: &[(&str, &str)]| {
        let answer = send(&world, username, "sounds/files/upload", parameters).await;
        let wanted: Vec<_> =
            wanted.iter().map(|(code, key)| ((*code).to_owned(), (*key).to_owned())).collect();
        assert_eq!(entries(&answer), wanted, "{username} {parameters}");
    };
    let with = |data: &str| format!("sound={id}&data={data}");
    check("nobody", "sound=x&data=*", &[("401", "")]).await;
    check("auditor", "sound=x&data=*", &[("402", "")]).await;
    check("admin", "sound=x&data=*", &[("400", "sound"), ("400", "data")]).await;
    check("admin", "sound=x", &[("400", "sound"), ("400", "data")]).await;
    check("beside", &with("*"), &[("400", "data")]).await;
    check("admin", "sound=99&data=Zm9v", &[("404", "sound")]).await;
    check("beside", &with("Zm9v"), &[("404", "sound")]).await;
    check("user", &with("Zm9v"), &[("404", "sound")]).await;
    check("admin", &with("Zm9v"), &[("400", "data")]).await;
    check("admin", &with(&base64(&wav(3, 1_000))), &[("400", "data")]).await;
    for limits in [
        json!({ "sounds_allowed": false }),
        json!({ "sounds_allowed": true, "largest_message_bytes": 143 }),
        json!({ "largest_message_bytes": null, "total_message_bytes": 143 }),
    ] {
        plan(&world, limits.clone()).await;
        check("admin", &with(&good), &[("403", "")]).await;
        check("admin", &with("Zm9v"), &[("400", "data")]).await;
        check("beside", &with(&good), &[("404", "sound")]).await;
        // What is there can be heard and taken away all the same.
        assert_eq!(download(&world, "admin", id).await.body, wav(1, 100), "{limits}");
    }
    assert_eq!(world.audio_files().len(), 1, "what was refused left nothing");
    plan(&world, json!({ "total_message_bytes": null, "sounds_allowed": false })).await;
    for (function, parameters) in [
        ("sounds/create", "name=x".to_owned()),
        ("sounds/create", "name=x&validation=1".to_owned()),
        ("sounds/update", format!("id={id}&name=x")),
        ("sounds/update", format!("id={id}&validation=1")),
    ] {
        assert_eq!(code(&world, "admin", function, &parameters).await, "403", "{function} {parameters}");
        assert_eq!(code(&world, "admin", function, &format!("{parameters}&shared=2")).await, "400");
    }
    assert_eq!(code(&world, "beside", "sounds/update", &format!("id={id}&name=x")).await, "404");
    assert_eq!(code(&world, "admin", "sounds/files/delete", &format!("sound={id}")).await, "204");
    assert_eq!(code(&world, "admin", "sounds/delete", &format!("id={id}")).await, "204");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_file_that_is_replaced_is_heard_wholly_old_or_wholly_new() {
    let world = world().await;
    let versions: Vec<_> = (0..12).map(|seed| wav(seed, 60_000 + seed)).collect();
    let id = sound(&world, 1, false, &versions[0]).await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 1, "name": "Sales" })).await;
    let replacing = async {
        for _ in 0..5 {
            for audio in &versions {
                fill(&world, id, audio).await;
            }
        }
    };
    let reading = async || {
        for _ in 0..40 {
            let answer = download(&world, "user", id).await;
            assert_eq!(answer.header("content-type"), "audio/x-wav", "{}", answer.text());
            assert!(versions.iter().any(|audio| answer.body == *audio), "neither old nor new");
            let check = format!("sound={id}&check=1");
            assert_eq!(data(&world, "user", "sounds/files/download", &check).await, json!({ "found": 1 }));
            // What is taken from it is one of them as well.
            let take = format!("huntgroup=123&level=1&sound={id}");
            assert_eq!(code(&world, "admin", "huntgroups/files/upload", &take).await, "204");
        }
    };
    join(replacing, join_all((0..4).map(|_| reading()))).await;
    let bare = "huntgroup=123&level=1&wrap=none";
    let taken = send(&world, "admin", "huntgroups/files/download", bare).await.body;
    assert!(versions.iter().any(|audio| taken == *audio));
    fill(&world, id, &wav(99, 100)).await;
    assert_eq!(
        send(&world, "admin", "huntgroups/files/download", bare).await.body,
        taken,
        "it keeps its bytes"
    );
    assert_eq!(code(&world, "admin", "sounds/files/delete", &format!("sound={id}")).await, "204");
    assert_eq!(code(&world, "admin", "sounds/delete", &format!("id={id}")).await, "204");
    assert_eq!(send(&world, "admin", "huntgroups/files/download", bare).await.body, taken);
}

#[tokio::test]
async fn a_lost_file_is_no_empty_sound_and_what_is_heard_is_logged() {
    let world = world().await;
    let id = sound(&world, 4, true, &wav(1, 100)).await;
    download(&world, "owner", id).await;
    data(&world, "owner", "sounds/files/download", &format!("sound={id}&check=1")).await;
    fill(&world, id, &wav(2, 100)).await;
    assert_eq!(code(&world, "owner", "sounds/files/delete", &format!("sound={id}")).await, "204");
    let log = world.local(Method::GET, &format!("/log?customer=4&name={id}"), "").await.json();
    let actions: Vec<_> = log["items"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
    assert_eq!(actions, ["download", "delete", "delete"]);
    fill(&world, id, &wav(3, 100)).await;
    for file in world.audio_files() {
        fs_err::remove_file(file).unwrap();
    }
    for parameters in ["", "&check=1"] {
        let answer =
            send(&world, "beside", "sounds/files/download", &format!("sound={id}{parameters}")).await;
        assert_eq!(entries(&answer), [("500".to_owned(), String::new())]);
        assert!(answer.text().contains("The sound file cannot be read."), "{}", answer.text());
    }
}

/// What the listen log of a customer has of a sound.
async fn log(world: &World, username: &str, customer: i64, id: i64) -> Vec<Value> {
    let request = Request::get(format!("/api/v1/log?customer={customer}&name={id}"));
    let request = request.header("authorization", basic(username)).body(Body::empty()).unwrap();
    let answer = world.call(HERE, request).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn who_hears_a_shared_sound_is_told_to_nobody_who_does_not_know_them() {
    let world = world().await;
    for (listener, of, told) in [
        ("beside", 1, 3),
        ("below", 1, 2),
        ("admin", 2, 1),
        // Who reaches the customer of the sound is told there, as with all other audio.
        ("admin", 1, 1),
        ("seller", 2, 2),
        ("owner", 1, 1),
    ] {
        let id = sound(&world, of, true, &wav(1, 100)).await;
        assert_eq!(download(&world, listener, id).await.status, StatusCode::OK);
        for customer in 1..=4 {
            let seen = log(&world, "owner", customer, id).await.len();
            let wanted = usize::from(customer == told);
            assert_eq!(seen, wanted, "{listener} hears a sound of {of}, log of {customer}");
        }
    }
    let id = sound(&world, 1, true, &wav(1, 100)).await;
    let request = Request::get(format!("/api/v1/sounds/{id}/audio")).header("authorization", basic("beside"));
    let answer = world.call(HERE, request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(log(&world, "admin", 1, id).await, [] as [Value; 0]);
    assert_eq!(log(&world, "beside", 3, id).await[0]["action"], "download");
}
