//! Our own API: uploads, ranges, errors.

use axum::body::Body;
use callvault_core::service::Policy;
use callvault_server::app::Settings;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, HERE, World, basic};
use http::{Method, Request, StatusCode};
use serde_json::json;

async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.person(1, "boss", "administrator").await;
    world
}

async fn get(world: &World, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(format!("/api/v1{path}")).header("authorization", basic("boss"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.call(HERE, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn an_upload_is_idempotent_by_name_and_bytes() {
    let world = world().await;
    let put = |audio: Vec<u8>| world.local(Method::PUT, "/recordings/call.wav?customer=1", audio);
    assert_eq!(put(wav(1, 800)).await.status, StatusCode::CREATED);
    let again = put(wav(1, 800)).await;
    assert_eq!((again.status, again.json()["name"].as_str()), (StatusCode::OK, Some("call.wav")));
    let other = put(wav(2, 800)).await;
    assert_eq!((other.status, other.json()["field"].as_str()), (StatusCode::CONFLICT, Some("name")));
    assert_eq!(world.audio_files().len(), 1, "what was not kept leaves nothing behind");
    assert_eq!(get(&world, "/recordings/call.wav/audio", &[]).await.body, wav(1, 800));
}

#[tokio::test]
async fn what_is_no_audio_is_refused_with_a_reason_and_leaves_nothing() {
    let world = world().await;
    let refused = world.local(Method::PUT, "/recordings/call.wav?customer=1", "this is text").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let problem = refused.json();
    assert_eq!(problem["code"], "not_audio");
    assert!(problem["detail"].as_str().unwrap().contains("WAV"), "{problem}");
    assert_eq!(problem["request_id"], refused.header("x-request-id"));
    assert_eq!(world.audio_files().len(), 0);
    let listed = world.local(Method::GET, "/recordings?customer=1", "").await.json();
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn limits_are_enforced_and_told() {
    let policy = Policy { largest_recording_bytes: 1000, largest_message_bytes: 500, ..Policy::default() };
    let world = World::with(Settings::default(), policy).await;
    world.customer(1, None).await;
    world.person(1, "boss", "administrator").await;
    world.add("/huntgroups", json!({ "id": 5, "customer": 1, "name": "Sales" })).await;
    let big = world.local(Method::PUT, "/recordings/call.wav?customer=1", wav(1, 800)).await;
    assert_eq!(big.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(big.json()["detail"].as_str().unwrap().contains("1000"));
    let path = "/huntgroups/5/levels/1/message";
    let request = Request::put(format!("/api/v1{path}")).header("authorization", basic("boss"));
    let over_network = world.call(HERE, request.body(Body::from(wav(1, 300))).unwrap()).await;
    assert_eq!(over_network.status, StatusCode::PAYLOAD_TOO_LARGE);
    let local = world.local(Method::PUT, path, wav(1, 300)).await;
    assert_eq!(local.status, StatusCode::CREATED, "the command line is not held to the cap on messages");
    assert_eq!(world.audio_files().len(), 1);
}

#[tokio::test]
async fn ranges_of_a_recording() {
    let world = world().await;
    let audio = wav(1, 800);
    world.recording(1, "call.wav", audio.clone()).await;
    let path = "/recordings/call.wav/audio";
    let whole = get(&world, path, &[]).await;
    assert_eq!((whole.status, whole.header("accept-ranges")), (StatusCode::OK, "bytes"));
    let etag = whole.header("etag").to_owned();
    let part = get(&world, path, &[("range", "bytes=10-19")]).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.header("content-range"), format!("bytes 10-19/{}", audio.len()));
    assert_eq!(part.body, audio[10..20]);
    let tail = get(&world, path, &[("range", "bytes=-4")]).await;
    assert_eq!(tail.body, audio[audio.len() - 4..]);
    let beyond = get(&world, path, &[("range", "bytes=99999-")]).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.header("content-range"), format!("bytes */{}", audio.len()));
    let fresh = get(&world, path, &[("if-none-match", &etag)]).await;
    assert_eq!((fresh.status, fresh.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let same = get(&world, path, &[("range", "bytes=0-3"), ("if-range", &etag)]).await;
    assert_eq!(same.body, b"RIFF".as_slice());
    let other = get(&world, path, &[("range", "bytes=0-3"), ("if-range", "\"other\"")]).await;
    assert_eq!((other.status, other.body.len()), (StatusCode::OK, audio.len()));
    let several = get(&world, path, &[("range", "bytes=0-3,100-103")]).await;
    assert_eq!(several.header("content-length"), several.body.len().to_string());
    let text = several.body.windows(4).filter(|four| *four == b"RIFF").count();
    assert_eq!((several.status, text), (StatusCode::PARTIAL_CONTENT, 1));
    let log = world.local(Method::GET, "/log?customer=1&name=call.wav", "").await.json();
    let actions: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            format!("{} {} {}", entry["action"].as_str().unwrap(), entry["first_byte"], entry["last_byte"])
        })
        .collect();
    let last = audio.len() - 1;
    let expected = [
        format!("download 0 {last}"),
        "play 10 19".to_owned(),
        format!("play {} {last}", audio.len() - 4),
        "play 0 3".to_owned(),
        format!("download 0 {last}"),
        "play 0 103".to_owned(),
    ];
    assert_eq!(actions, expected);
    assert_eq!(world.local(Method::POST, "/log/verify", "").await.json()["faults"], json!([]));
}

/// How many rows each page of a list has; what the pages have together is not told twice.
async fn pages(world: &World, list: &str) -> Vec<usize> {
    let (mut sizes, mut seen, mut after) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = world.local(Method::GET, &format!("{list}{after}"), "").await.json();
        let items = page["items"].as_array().unwrap();
        assert!(items.iter().all(|item| !seen.contains(item)), "{list}{after} tells something twice");
        seen.extend(items.iter().cloned());
        if !items.is_empty() {
            sizes.push(items.len());
        }
        let Some(next) = page["next"].as_str() else { return sizes };
        let escaped = next.replace('%', "%25").replace(' ', "%20").replace('&', "%26");
        after = format!("&after={escaped}");
    }
}

#[tokio::test]
async fn short_lists_have_pages_as_well() {
    let world = world().await;
    assert_eq!(pages(&world, "/roles?limit=3").await, [3, 3, 2], "the eight roles of every installation");
    for unknown in ["nobody", "a&b", "c%20d", "e f"] {
        for _ in 0..5 {
            let request = Request::get("/api/v1/roles").header("authorization", basic(unknown));
            world.call(HERE, request.body(Body::empty()).unwrap()).await;
        }
    }
    assert_eq!(pages(&world, "/lockouts?limit=3").await, [3, 1]);
}

#[tokio::test]
async fn errors_name_the_field_and_echo_no_secret() {
    let world = world().await;
    let post = |path: &'static str, body: &'static str| world.local(Method::POST, path, body);
    let cases = [
        ("/people", r#"{"customer":1,"username":"x","role":"user"}"#, "password"),
        ("/people", r#"{"customer":1,"username":"x","role":"user","password":"short"}"#, "password"),
        ("/people", r#"{"customer":1,"username":"x","role":"emperor","password":"hunter2-hunter2"}"#, "role"),
        (
            "/people",
            r#"{"customer":1,"username":"boss","role":"user","password":"hunter2-hunter2"}"#,
            "username",
        ),
        (
            "/people",
            r#"{"customer":1,"username":"a b","role":"user","password":"hunter2-hunter2"}"#,
            "username",
        ),
        (
            "/people",
            r#"{"customer":1,"username":"x","role":"user","password":"hunter2-hunter2","source":"host"}"#,
            "source",
        ),
        ("/customers", r#"{"name":"x","timezone":"Mars/Olympus"}"#, "timezone"),
        ("/customers", r#"{"name":"x","serial":"123456789012345678901234567890123"}"#, "serial"),
        ("/customers", r#"{"name":"x","serial":"36\u00e9"}"#, "serial"),
        ("/customers", r#"{"name":"x","device_name":"a\nb"}"#, "device_name"),
        ("/customers", r#"{"id":1,"name":"x"}"#, "id"),
        ("/customers", r#"{"id":0,"name":"x"}"#, "id"),
        ("/customers", r#"{"id":9223372036854775807,"name":"x"}"#, "id"),
        ("/customers", r#"{"name":"x","colour":"red"}"#, "colour"),
        ("/roles", r#"{"name":"x","privileges":["fly"]}"#, "privileges"),
        ("/customers?name=y", r#"{"name":"x"}"#, "name"),
        ("/check?deep=true", "", "deep"),
        ("/tickets", r#"{"customer":1,"recording":"../x"}"#, "recording"),
        ("/tickets", r#"{"customer":1,"recording":"x","allow":["10.0.0.0/8"]}"#, "allow"),
    ];
    for (path, body, field) in cases {
        let answer = post(path, body).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.text());
        assert_eq!(answer.json()["field"], field, "{body}: {}", answer.text());
        assert!(!answer.text().contains("hunter2"), "{body}: {}", answer.text());
    }
    let secret_in_the_wrong_place = post("/people", r#"{"customer":"hunter2-hunter2","username":"x"}"#).await;
    assert_eq!(secret_in_the_wrong_place.status, StatusCode::BAD_REQUEST);
    assert!(!secret_in_the_wrong_place.text().contains("hunter2"), "{}", secret_in_the_wrong_place.text());
    let unknown = get(&world, "/nothing", &[]).await;
    assert_eq!((unknown.status, unknown.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("not_found")));
    let method = world.local(Method::POST, "/customers/1", "").await;
    assert_eq!(
        (method.status, method.json()["code"].as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, Some("method"))
    );
}

/// serde reads a list as a structure, in the order of its fields, which no description says.
#[tokio::test]
async fn a_list_is_no_object() {
    let world = world().await;
    let call = r#"["1709633725.1","2024-03-05T10:15:25Z","2001","2002",1,1,"ANSWERED","Internal",null,"","","","",0,"",""]"#;
    let calls = format!(r#"{{"customer":1,"calls":[{call}]}}"#);
    world.add("/sounds", json!({ "id": 7, "customer": 1, "name": "Greeting" })).await;
    world.add("/huntgroups", json!({ "id": 7, "customer": 1, "name": "Sales" })).await;
    let mut taken = Vec::new();
    for (method, path, body) in [
        (Method::POST, "/roles", r#"["Made",["user"],null]"#),
        (Method::PATCH, "/sounds/7", r#"["Made",null,null]"#),
        (Method::PATCH, "/huntgroups/7/levels/1", "[20,null,null]"),
        (Method::PATCH, "/huntgroups/7/levels/1", "[20.0,null,null]"),
        (Method::PATCH, "/huntgroups/7", r#"{"busy_exit":["phone","100"]}"#),
        (Method::POST, "/calls", &calls),
    ] {
        let answer = world.local(method, path, body.to_owned()).await;
        if answer.status != StatusCode::BAD_REQUEST {
            taken.push(format!("{path} {body}: {}", answer.text()));
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
}

#[tokio::test]
async fn versions_of_a_message_are_kept_and_come_back() {
    let world = world().await;
    world.add("/huntgroups", json!({ "id": 5, "customer": 1, "name": "Sales" })).await;
    for seed in 1..=12 {
        world.message(5, 3, &format!("v{seed}.wav"), wav(seed, 400)).await;
    }
    let versions = world.local(Method::GET, "/huntgroups/5/versions?level=3", "").await.json();
    let numbers: Vec<_> = versions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["version"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, (3..=12).rev().collect::<Vec<_>>(), "ten versions are kept");
    assert_eq!(pages(&world, "/huntgroups/5/versions?level=3&limit=3").await, [3, 3, 3, 1]);
    assert_eq!(world.audio_files().len(), 10);
    let path = "/huntgroups/5/levels/3/message";
    let restored = world.local(Method::POST, &format!("{path}/restore"), r#"{"version":4}"#).await;
    assert_eq!(restored.status, StatusCode::NO_CONTENT);
    assert_eq!(world.local(Method::GET, path, "").await.body, wav(4, 400));
    let gone = world.local(Method::POST, &format!("{path}/restore"), r#"{"version":1}"#).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(world.local(Method::DELETE, path, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.local(Method::GET, path, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.local(Method::DELETE, path, "").await.status, StatusCode::NOT_FOUND);
    world.local(Method::POST, &format!("{path}/restore"), r#"{"version":12}"#).await;
    assert_eq!(world.local(Method::GET, path, "").await.body, wav(12, 400));
    assert_eq!(world.local(Method::DELETE, "/huntgroups/5", "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.audio_files().len(), 0, "a removed hunt group takes its messages along");
    assert_eq!(world.local(Method::POST, "/check", "").await.json()["problems"], json!([]));
}

#[tokio::test]
async fn the_check_tells_lost_cut_and_stray_audio() {
    let world = world().await;
    for seed in 1..=3 {
        world.recording(1, &format!("call{seed}.wav"), wav(seed, 400 * seed)).await;
    }
    let mut files = world.audio_files();
    files.sort_by_key(|file| fs_err::metadata(file).unwrap().len());
    fs_err::remove_file(&files[0]).unwrap();
    fs_err::OpenOptions::new().write(true).open(&files[1]).unwrap().set_len(100).unwrap();
    let shard = files[2].parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let stray = files[2].with_file_name(format!("{shard}{}", "0".repeat(30)));
    fs_err::write(&stray, "stray").unwrap();
    let problems =
        world.local(Method::POST, "/check", "").await.json()["problems"].as_array().unwrap().clone();
    assert_eq!(problems.len(), 3, "{problems:?}");
    let damaged = world.local(Method::POST, "/recordings/call2.wav/verify", "").await.json();
    assert_eq!(damaged["verdict"], "damaged");
    let lost = world.local(Method::POST, "/recordings/call1.wav/verify", "").await.json();
    assert_eq!(lost["verdict"], "unreadable");
    let intact = world.local(Method::POST, "/recordings/call3.wav/verify", "").await.json();
    assert_eq!(intact["verdict"], "intact");
    let played = get(&world, "/recordings/call2.wav/audio", &[]).await;
    assert_eq!(
        (played.status, played.json()["code"].as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, Some("unreadable"))
    );
}

#[tokio::test]
async fn the_check_tells_of_lost_audio_that_was_just_played() {
    let world = world().await;
    world.recording(1, "call.wav", wav(1, 400)).await;
    assert_eq!(get(&world, "/recordings/call.wav/audio", &[]).await.body, wav(1, 400));
    assert_eq!(world.local(Method::POST, "/check", "").await.json()["problems"], json!([]));
    // It has a name yet, as under a backup by hard links, though not that by which it is looked for.
    fs_err::rename(&world.audio_files()[0], world.audio_folder().with_file_name("elsewhere")).unwrap();
    let problems = world.local(Method::POST, "/check", "").await.json()["problems"].clone();
    assert_eq!(problems.as_array().unwrap().len(), 1, "{problems}");
}

#[tokio::test]
async fn a_stale_lease_is_swept_and_a_late_commit_refused() {
    let world = world().await;
    let services = world.app.services.clone();
    let owner = callvault_core::gate::Principal::local_owner();
    let name = callvault_core::recording::RecordingName::new("slow.wav").unwrap();
    let mut slow =
        services.recordings.begin(&owner, Some(callvault_core::id::CustomerId(1)), name, None).await.unwrap();
    slow.incoming.write(wav(1, 400).into()).await.unwrap();
    assert_eq!(services.installation.sweep().await.unwrap(), 0);
    world.clock.advance(std::time::Duration::from_secs(16 * 60));
    assert_eq!(services.installation.sweep().await.unwrap(), 1);
    assert!(
        services.recordings.keep(slow).await.is_err(),
        "its object is gone, so nothing may be acknowledged"
    );
    services.installation.sweep().await.unwrap();
    assert_eq!(world.audio_files().len(), 0);
    assert_eq!(world.local(Method::GET, "/recordings?customer=1", "").await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_new_process_sweeps_at_once_what_an_earlier_one_left() {
    let world = world().await;
    let owner = callvault_core::gate::Principal::local_owner();
    let begin = |world: &World, name: &str| {
        let services = world.app.services.clone();
        let name = callvault_core::recording::RecordingName::new(name).unwrap();
        let owner = owner.clone();
        async move {
            let customer = Some(callvault_core::id::CustomerId(1));
            let mut new = services.recordings.begin(&owner, customer, name, None).await.unwrap();
            new.incoming.write(wav(1, 400).into()).await.unwrap();
            new
        }
    };
    drop(begin(&world, "cut.wav").await);
    let world = world.restart().await;
    world.clock.advance(std::time::Duration::from_secs(5));
    let started = callvault_core::port::clock::Clock::now(world.clock.as_ref());
    let fresh = begin(&world, "fresh.wav").await;
    assert_eq!(world.app.services.installation.sweep_earlier(started).await.unwrap(), 1);
    assert!(
        world.app.services.recordings.keep(fresh).await.unwrap().new,
        "an upload of this process goes on"
    );
    assert_eq!(world.audio_files().len(), 1);
}

#[tokio::test]
async fn keys_that_were_leased_ahead_leave_nothing_behind() {
    let world = world().await;
    let store = async |world: &World, from: u32| {
        for seed in from..from + 5 {
            let path = format!("/recordings/{seed}.wav?customer=1");
            assert_eq!(world.local(Method::PUT, &path, wav(seed, 400)).await.status, StatusCode::CREATED);
        }
    };
    let later = callvault_core::port::clock::Clock::now(world.clock.as_ref())
        .after(std::time::Duration::from_secs(3600));
    // As uploads come one right after the other: one key, then two, then four, of which two are left.
    store(&world, 1).await;
    assert_eq!(world.app.services.installation.sweep().await.unwrap(), 0);
    assert_eq!(world.catalog.removable(later, 100).await.unwrap(), [], "the sweep took them back");
    // Whoever is killed gives nothing back.
    store(&world, 6).await;
    let world = world.restart().await;
    world.clock.advance(std::time::Duration::from_secs(5));
    let started = callvault_core::port::clock::Clock::now(world.clock.as_ref());
    assert!(world.app.services.installation.sweep_earlier(started).await.unwrap() > 0);
    assert_eq!(world.catalog.removable(later, 100).await.unwrap(), []);
    store(&world, 11).await;
    assert_eq!(world.audio_files().len(), 15);
}

#[tokio::test]
async fn whatever_takes_audio_away_is_in_the_listen_log() {
    let policy = Policy { message_versions: 2, ..Policy::default() };
    let world = World::with(Settings::default(), policy).await;
    world.customer(1, None).await;
    world.add("/huntgroups", json!({ "id": 5, "customer": 1, "name": "Sales" })).await;
    for seed in 1..=3 {
        world.message(5, 1, "v.wav", wav(seed, 400)).await;
    }
    world.add("/sounds", json!({ "id": 7, "customer": 1, "name": "Closed" })).await;
    for seed in 4..=5 {
        world.local(Method::PUT, "/sounds/7/audio", wav(seed, 400)).await;
    }
    world.local(Method::DELETE, "/sounds/7", "").await;
    world.local(Method::DELETE, "/huntgroups/5", "").await;
    let log = world.local(Method::GET, "/log?customer=1", "").await.json();
    let told = |entry: &serde_json::Value| {
        format!("{} {}", entry["action"].as_str().unwrap(), entry["name"].as_str().unwrap())
    };
    let mut entries: Vec<_> = log["items"].as_array().unwrap().iter().map(told).collect();
    entries.sort();
    assert_eq!(entries, ["delete 5/1/1", "delete 5/1/2", "delete 5/1/3", "delete 7", "delete 7"]);
}

#[tokio::test]
async fn a_sound_is_a_wav_file() {
    let world = world().await;
    world.add("/sounds", json!({ "id": 7, "customer": 1, "name": "Closed" })).await;
    let mp3 = include_bytes!("../../../callvault-audio/tests/fixtures/mpeg2.mp3").to_vec();
    let kept = world.local(Method::PUT, "/recordings/a.mp3?customer=1", mp3.clone()).await;
    assert_eq!(kept.status, StatusCode::CREATED, "a recording may be MP3: {}", kept.text());
    let refused = world.local(Method::PUT, "/sounds/7/audio", mp3).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("not_audio"))
    );
    assert_eq!(world.audio_files().len(), 1);
}

#[tokio::test]
async fn numbers_are_chosen_by_system_owners_alone() {
    let world = world().await;
    world.customer(2, None).await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 2, "name": "Other" })).await;
    for id in [123, 124, 9_007_199_254_740_991_i64] {
        let body = json!({ "id": id, "name": "Mine" }).to_string();
        let request = Request::post("/api/v1/huntgroups").header("authorization", basic("boss"));
        let answer = world.call(HERE, request.body(Body::from(body)).unwrap()).await;
        assert_eq!(
            (answer.status, answer.json()["field"].as_str()),
            (StatusCode::BAD_REQUEST, Some("id")),
            "{id}"
        );
    }
}
