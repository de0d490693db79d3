//! The files of queues, mailboxes, numbers and the other features at the Enswitch door: one table of families, and the same
//! questions to all of them.

use std::sync::Arc;

use base64_simd::STANDARD;
use callvault_core::feature::FeatureKind;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, World};
use callvault_wire::enswitch::path::Function;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::enswitch_calls::{entries, send};

/// A family as the vendor's pages tell it (`docs/enswitch.md`).
struct Family {
    /// The first part of its functions' paths.
    path: &'static str,
    /// The parameter that selects the object.
    selector: &'static str,
    /// Selected by a number, and not by an id.
    is_numbered: bool,
    /// Takes `customer`.
    takes_customer: bool,
    /// The words of `file`; none where there is but one file.
    files: &'static [&'static str],
    view: &'static [&'static str],
    change: &'static [&'static str],
}

const fn by_id(
    path: &'static str,
    selector: &'static str,
    files: &'static [&'static str],
    view: &'static [&'static str],
    change: &'static [&'static str],
) -> Family {
    Family { path, selector, is_numbered: false, takes_customer: false, files, view, change }
}

const fn by_number(
    path: &'static str,
    selector: &'static str,
    takes_customer: bool,
    files: &'static [&'static str],
    view: &'static [&'static str],
    change: &'static [&'static str],
) -> Family {
    Family { path, selector, is_numbered: true, takes_customer, files, view, change }
}

const USER: &[&str] = &["user"];
const ADMINISTRATOR: &[&str] = &["administrator"];
const VIEWERS: &[&str] = &["administrator", "user", "wholesale"];
const CHANGERS: &[&str] = &["administrator", "user"];
const MAILBOX: &[&str] = &["administrator", "residential", "user"];
const CARDS: &[&str] = &[
    "balance",
    "connecting",
    "destination",
    "dest-invalid",
    "expired",
    "goodbye",
    "in-use",
    "locked",
    "no-credit",
    "no-permission-to-dial-number",
];
const PIECES: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
const GREETINGS: &[&str] = &["busy", "greet", "temp", "unavail"];
const UNLIMITED: &[&str] = &["connecting", "destination", "invalid", "timeout", "welcome"];

const FAMILIES: [Family; 10] = [
    by_id("queues", "queue", &[], USER, USER),
    by_id("timegroups", "timegroup", &[], ADMINISTRATOR, ADMINISTRATOR),
    by_id("bulk", "campaign", &[], USER, USER),
    by_number("codes", "code", true, &["message", "screen"], VIEWERS, CHANGERS),
    by_number("numbers", "number", false, &["message", "screen"], VIEWERS, CHANGERS),
    by_id("patternmenus", "patternmenu", &["digits", "invalid", "goodbye"], USER, USER),
    by_id("music", "music", PIECES, VIEWERS, CHANGERS),
    by_number("mailboxes", "mailbox", true, GREETINGS, MAILBOX, MAILBOX),
    by_id("cards", "cardgroup", CARDS, &["cards"], &["cards"]),
    by_id("unlimited", "unlimited", UNLIMITED, &["commerce"], &["commerce"]),
];

impl Family {
    /// Its kind in our own API has the word of the selector.
    fn kind(&self) -> &'static str {
        self.selector
    }

    /// The words by which our own API and the dialect name its files; the second is none where the dialect has no word.
    fn words(&self) -> Vec<(&'static str, Option<&'static str>)> {
        match self.files {
            [] => vec![("main", None)],
            words => words.iter().map(|word| (*word, Some(*word))).collect(),
        }
    }

    /// What selects object `id` in a call: numbered ones are called `100 + id`.
    fn select(&self, id: i64, word: Option<&str>) -> String {
        let value = if self.is_numbered { 100 + id } else { id };
        let file = word.map(|word| format!("&file={word}")).unwrap_or_default();
        format!("{}={value}{file}", self.selector)
    }

    /// What selects the first of its files.
    fn first(&self, id: i64) -> String {
        self.select(id, self.words()[0].1)
    }

    /// Makes object `id`.
    async fn add(&self, world: &World, id: i64, customer: i64, owner: Option<i64>) {
        let number = self.is_numbered.then(|| (100 + id).to_string());
        let feature = json!({
            "kind": self.kind(), "id": id, "customer": customer, "name": "Any", "owner": owner, "number": number,
        });
        world.add("/features", feature).await;
    }

    /// Puts a file through our own API.
    async fn put(&self, world: &World, id: i64, audio: Vec<u8>) {
        let path = format!("/features/{}/{id}/prompts/{}", self.kind(), self.words()[0].0);
        let put = world.local(Method::PUT, &path, audio).await;
        assert_eq!(put.status, StatusCode::CREATED, "{path}: {}", put.text());
    }

    async fn send(&self, world: &World, login: &str, action: &str, parameters: &str) -> Answer {
        send(world, login, &format!("{}/files/{action}", self.path), parameters).await
    }

    /// The one code of a call with its key, in the envelope.
    async fn code(&self, world: &World, login: &str, action: &str, parameters: &str) -> (String, String) {
        let answer = self.send(world, login, action, parameters).await;
        let mut entries = entries(&answer);
        assert_eq!(entries.len(), 1, "{}/{action} {parameters}: {}", self.path, answer.text());
        entries.remove(0)
    }

    async fn upload(&self, world: &World, login: &str, selectors: &str, audio: &[u8]) -> (String, String) {
        let data = STANDARD.encode_to_string(audio).replace('+', "%2B");
        self.code(world, login, "upload", &format!("{selectors}&data={data}")).await
    }
}

fn answered(code: &str, key: &str) -> (String, String) {
    (code.to_owned(), key.to_owned())
}

/// Customer 1 with customer 2 below it, and customer 3 beside; a person of each role that matters, named after it.
async fn world() -> World {
    let world = World::new().await;
    world.customer(1, None).await;
    world.customer(2, Some(1)).await;
    world.customer(3, None).await;
    for (role, privileges) in [("wholesaler", "wholesale"), ("teller", "cards"), ("merchant", "commerce")] {
        world.add("/roles", json!({ "name": role, "privileges": [privileges] })).await;
    }
    for (username, role, _) in PEOPLE {
        world.person(1, username, role).await;
    }
    world.person(2, "below", "administrator").await;
    world.person(3, "beside", "administrator").await;
    world.person(3, "away", "reseller").await;
    world
}

/// Who is in customer 1: name, role, and the privileges of the role that any family names (the design's table).
const PEOPLE: [(&str, &str, &[&str]); 10] = [
    (
        "administrator",
        "administrator",
        &["administrator", "user", "residential", "wholesale", "cards", "commerce"],
    ),
    ("reseller", "reseller", &["administrator", "user", "residential", "wholesale", "cards", "commerce"]),
    ("owner", "user", &["user"]),
    ("user", "user", &["user"]),
    ("residential", "residential", &["residential"]),
    ("supervisor", "supervisor", &["user"]),
    ("auditor", "auditor", &[]),
    ("wholesaler", "wholesaler", &["wholesale"]),
    ("teller", "teller", &["cards"]),
    ("merchant", "merchant", &["commerce"]),
];

#[test]
fn the_tables_of_the_dialect_and_of_the_use_cases_agree() {
    let mut functions = 0;
    for family in FAMILIES {
        let kind = FeatureKind::parse(family.kind()).unwrap();
        let words: Vec<_> = kind.files().map(|file| file.as_str()).collect();
        let told: Vec<_> = family.words().into_iter().map(|(word, _)| word).collect();
        assert_eq!(
            (words, kind.is_numbered(), kind.has_one_file()),
            (told, family.is_numbered, family.files.is_empty())
        );
        for (action, told, known) in [
            ("download", family.view, kind.viewers()),
            ("upload", family.change, kind.changers()),
            ("delete", family.change, kind.changers()),
        ] {
            let path = format!("{}/files/{action}", family.path);
            let function = Function::all().find(|function| function.path() == path).unwrap();
            let known: Vec<_> = known.iter().map(|privilege| privilege.as_str()).collect();
            assert_eq!((function.privileges(), &known[..]), (told, told), "{path}");
            assert!(function.knows(family.selector), "{path}");
            assert_eq!(function.knows("customer"), family.takes_customer, "{path}");
            assert_eq!(function.knows("file"), !family.files.is_empty(), "{path}");
            functions += 1;
        }
    }
    assert_eq!((functions, FAMILIES.len()), (30, FeatureKind::ALL.len()));
}

#[tokio::test]
async fn each_file_of_each_family_is_kept_apart() {
    let world = world().await;
    for family in FAMILIES {
        family.add(&world, 7, 1, None).await;
        let login = "administrator";
        for (seed, (word, sent)) in family.words().into_iter().enumerate() {
            let (selectors, audio) = (family.select(7, sent), wav(seed as u32 + 1, 60));
            let told = format!("{} {selectors}", family.path);
            let missing = if sent.is_some() { "file" } else { family.selector };
            assert_eq!(
                family.code(&world, login, "download", &selectors).await,
                answered("404", missing),
                "{told}"
            );
            assert_eq!(
                family.code(&world, login, "delete", &selectors).await,
                answered("404", missing),
                "{told}"
            );
            let checked =
                family.send(&world, login, "download", &format!("{selectors}&check=1")).await.json();
            assert_eq!(checked["data"], json!({ "found": 0 }), "{told}");
            assert_eq!(family.upload(&world, login, &selectors, &audio).await, answered("204", ""), "{told}");
            let checked =
                family.send(&world, login, "download", &format!("{selectors}&check=1")).await.json();
            assert_eq!(checked["data"], json!({ "found": 1 }), "{told}");
            let wrapped =
                family.send(&world, login, "download", &format!("{selectors}&encoding=base64")).await.json();
            let selected = family.select(7, None).replace('=', "-");
            let name = match sent {
                None => format!("{selected}.wav"),
                Some(_) => format!("{selected}-file-{word}.wav"),
            };
            let expected = json!({
                "id": 7, "name": name, "mimetype": "audio/x-wav", "data": STANDARD.encode_to_string(&audio),
            });
            assert_eq!(wrapped["data"], expected, "{told}");
            // Our own API has the same file, under the same name.
            let own =
                world.local(Method::GET, &format!("/features/{}/7/prompts/{word}", family.kind()), "").await;
            assert_eq!(own.body, audio, "{told}");
            assert_eq!(
                own.header("content-disposition"),
                format!("attachment; filename=\"{name}\""),
                "{told}"
            );
        }
        for (seed, (_, sent)) in family.words().into_iter().enumerate() {
            let bare = format!("{}&wrap=none", family.select(7, sent));
            let bare = family.send(&world, login, "download", &bare).await;
            assert_eq!(bare.body, wav(seed as u32 + 1, 60), "{} {sent:?}", family.path);
        }
        let selectors = family.first(7);
        assert_eq!(family.code(&world, login, "delete", &selectors).await, answered("204", ""));
        assert_eq!(
            family.send(&world, login, "download", &selectors).await.json()["responses"][0]["code"],
            "404"
        );
        if !family.files.is_empty() {
            for word in ["nothing", "main", "0", "11", "MESSAGE"] {
                for action in ["download", "upload", "delete"] {
                    let sent = format!("{}&sound=1", family.select(7, Some(word)));
                    let code = family.code(&world, login, action, &sent).await;
                    assert_eq!(code, answered("400", "file"), "{}/{action} {word}", family.path);
                }
            }
        }
        assert_eq!(
            family.code(&world, login, "download", &family.first(8)).await,
            answered("404", family.selector)
        );
    }
    assert_eq!(world.local(Method::POST, "/check", "").await.json()["problems"], json!([]));
}

/// The codes of decision 21 of `docs/enswitch.md` for somebody of the object's own customer.
fn allowed(family: &Family, person: usize, owner: Option<&str>, views: bool) -> &'static str {
    let (username, role, privileges) = PEOPLE[person];
    let named = if views { family.view } else { family.change };
    let is_owner = owner == Some(username);
    let reaches_all = ["administrator", "reseller", "supervisor"].contains(&role);
    if !named.iter().any(|privilege| privileges.contains(privilege)) {
        "402"
    } else if privileges.contains(&"administrator") || is_owner || views && (owner.is_none() || reaches_all) {
        if views { "200" } else { "204" }
    } else {
        "404"
    }
}

#[tokio::test]
async fn who_may_do_what_follows_role_and_owner() {
    let world = world().await;
    let people = world.local(Method::GET, "/people?username=owner", "").await.json();
    let owner = people["items"][0]["id"].as_i64();
    for family in FAMILIES {
        family.add(&world, 1, 1, None).await;
        family.add(&world, 2, 1, owner).await;
        for (id, owned_by) in [(1, None), (2, Some("owner"))] {
            family.put(&world, id, wav(1, 60)).await;
            let selectors = family.first(id);
            for (person, (username, ..)) in PEOPLE.iter().enumerate() {
                let told = format!("{} {selectors} as {username}", family.path);
                let (views, changes) =
                    (allowed(&family, person, owned_by, true), allowed(&family, person, owned_by, false));
                let check = format!("{selectors}&check=1");
                assert_eq!(family.code(&world, username, "download", &check).await.0, views, "check {told}");
                assert_eq!(
                    family.code(&world, username, "download", &selectors).await.0,
                    views,
                    "download {told}"
                );
                let uploaded = family.upload(&world, username, &selectors, &wav(2, 60)).await;
                assert_eq!(uploaded.0, changes, "upload {told}");
                let deleted = family.code(&world, username, "delete", &selectors).await;
                assert_eq!(deleted.0, changes, "delete {told}");
                if changes == "404" {
                    assert_eq!(
                        (uploaded.1.as_str(), deleted.1.as_str()),
                        (family.selector, family.selector),
                        "{told}"
                    );
                }
                if changes == "204" {
                    family.put(&world, id, wav(1, 60)).await;
                }
            }
        }
        let counted =
            world.local(Method::GET, &format!("/features/{}/1/prompts", family.kind()), "").await.json();
        assert_eq!(counted["items"].as_array().unwrap().len(), 1, "{}", family.path);
    }
}

#[tokio::test]
async fn only_resellers_reach_the_customers_below() {
    let world = world().await;
    for family in FAMILIES {
        family.add(&world, 5, 2, None).await;
        family.put(&world, 5, wav(5, 60)).await;
        let plain = family.first(5);
        let absent = family.first(6);
        for action in ["download", "upload", "delete"] {
            let sound = |selectors: &str| format!("{selectors}&sound=99");
            for login in ["administrator", "beside", "away"] {
                let seen = family.send(&world, login, action, &sound(&plain)).await.text();
                let missing = family.send(&world, login, action, &sound(&absent)).await.text();
                assert_eq!(seen, missing, "{}/{action} as {login}", family.path);
                assert!(seen.contains(r#""404""#), "{}/{action} as {login}: {seen}", family.path);
            }
        }
        let reached = if family.takes_customer { format!("{plain}&customer=2") } else { plain.clone() };
        for (login, selectors) in [("below", &plain), ("reseller", &reached)] {
            let bare = family.send(&world, login, "download", &format!("{selectors}&wrap=none")).await;
            assert_eq!(
                (bare.status, bare.body),
                (StatusCode::OK, wav(5, 60).into()),
                "{} as {login}",
                family.path
            );
            let put = family.upload(&world, login, selectors, &wav(5, 60)).await;
            assert_eq!(put, answered("204", ""), "{} as {login}", family.path);
        }
        if family.takes_customer {
            // Their own customer has no such number, and others do not show whether they exist.
            assert_eq!(family.code(&world, "reseller", "download", &plain).await.0, "404");
            for customer in [2, 3, 99] {
                let sent = format!("{plain}&customer={customer}");
                let code = family.code(&world, "administrator", "download", &sent).await;
                assert_eq!(code, answered("400", "customer"), "{} of {customer}", family.path);
            }
            for customer in [3, 99] {
                let sent = format!("{plain}&customer={customer}");
                assert_eq!(
                    family.code(&world, "reseller", "delete", &sent).await,
                    answered("400", "customer")
                );
            }
        }
    }
}

#[tokio::test]
async fn a_number_is_looked_for_in_the_callers_own_customer_first() {
    let world = world().await;
    let numbers = &FAMILIES[4];
    let download = async |login: &str| {
        let answer = numbers.send(&world, login, "download", "number=%2B4930&file=message&wrap=none").await;
        (answer.status == StatusCode::OK).then_some(answer.body)
    };
    for (id, customer) in [(8, 3), (9, 2), (10, 1)] {
        let feature =
            json!({ "kind": "number", "id": id, "customer": customer, "name": "Any", "number": "+4930" });
        world.add("/features", feature).await;
        numbers.put(&world, id, wav(id as u32, 60)).await;
        let expected = if id == 8 { None } else { Some(wav(id as u32, 60).into()) };
        assert_eq!(download("reseller").await, expected, "after number {id}");
    }
    assert_eq!(download("administrator").await, Some(wav(10, 60).into()));
    assert_eq!(download("below").await, Some(wav(9, 60).into()));
    assert_eq!(download("beside").await, Some(wav(8, 60).into()));
}

#[tokio::test]
async fn a_music_class_of_the_phone_system_has_no_files() {
    let world = world().await;
    let music = &FAMILIES[6];
    let class = json!({ "kind": "music", "id": 3, "customer": 1, "name": "Default", "system": true });
    assert_eq!(world.add("/features", class).await["system"], true);
    for action in ["download", "upload", "delete"] {
        let code = music.code(&world, "administrator", action, "music=3&file=1&sound=1").await;
        assert_eq!(code, answered("404", "music"), "{action}");
    }
    let check = music.code(&world, "administrator", "download", "music=3&file=1&check=1").await;
    assert_eq!(check, answered("404", "music"));
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = world.local(method.clone(), "/features/music/3/prompts/1", wav(1, 60)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method}");
    }
    let shown = world.local(Method::GET, "/features/music/3", "").await.json();
    assert_eq!((&shown["system"], &shown["prompts"]), (&json!(true), &json!([])));
    assert_eq!(world.audio_files().len(), 0);
}

#[tokio::test]
async fn a_sound_is_copied_and_what_is_no_sound_is_told() {
    let world = world().await;
    let menus = &FAMILIES[5];
    menus.add(&world, 7, 1, None).await;
    world.add("/sounds", json!({ "id": 20, "customer": 1, "name": "Closed now" })).await;
    world.add("/sounds", json!({ "id": 30, "customer": 3, "name": "Not theirs" })).await;
    for id in [20, 30] {
        world.local(Method::PUT, &format!("/sounds/{id}/audio"), wav(id, 60)).await;
    }
    let selectors = menus.select(7, Some("goodbye"));
    for sound in ["30", "99"] {
        let code = menus.code(&world, "administrator", "upload", &format!("{selectors}&sound={sound}")).await;
        assert_eq!(code, answered("400", "sound"), "{sound}");
    }
    let from_sound = format!("{selectors}&sound=20");
    assert_eq!(menus.code(&world, "administrator", "upload", &from_sound).await, answered("204", ""));
    assert_eq!(
        menus.code(&world, "administrator", "upload", &from_sound).await,
        answered("204", ""),
        "again"
    );
    world.local(Method::DELETE, "/sounds/20", "").await;
    let data = menus.send(&world, "user", "download", &selectors).await.json()["data"].clone();
    let latin: String = wav(20, 60).into_iter().map(char::from).collect();
    assert_eq!((&data["name"], &data["data"]), (&json!("Closed now.wav"), &json!(latin)));
    // A plan counts it as any other, and what is no audio is told before.
    let plan = json!({ "total_message_bytes": wav(20, 60).len() }).to_string();
    world.local(Method::PATCH, "/customers/1", plan).await;
    let other = menus.select(7, Some("digits"));
    assert_eq!(menus.upload(&world, "administrator", &other, &wav(1, 60)).await, answered("403", ""));
    assert_eq!(menus.upload(&world, "administrator", &other, &[7; 300]).await, answered("400", "data"));
    assert_eq!(menus.upload(&world, "administrator", &selectors, &wav(1, 60)).await, answered("204", ""));
    assert_eq!(world.audio_files().len(), 2, "the prompt and the sound of the other customer");
}

#[tokio::test]
async fn what_is_lost_is_500_and_what_leaves_is_in_the_log() {
    let world = world().await;
    let queues = &FAMILIES[0];
    queues.add(&world, 7, 1, None).await;
    queues.put(&world, 7, wav(1, 60)).await;
    for parameters in ["queue=7", "queue=7&check=1", "queue=7&wrap=none"] {
        queues.send(&world, "user", "download", parameters).await;
    }
    queues.upload(&world, "administrator", "queue=7", &wav(2, 60)).await;
    queues.code(&world, "administrator", "delete", "queue=7").await;
    let log = world.local(Method::GET, "/log?customer=1&name=queue/7/main", "").await.json();
    let seen: Vec<_> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let word = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            (word("action"), word("kind"), word("door"), entry["last_byte"].clone())
        })
        .collect();
    let entry =
        |action: &str, last: Value| (action.to_owned(), "prompt".to_owned(), "enswitch".to_owned(), last);
    let whole = json!(wav(1, 60).len() - 1);
    // The file that an upload pushes out is gone for good, so it is noted too.
    let expected = [
        entry("download", whole.clone()),
        entry("download", whole),
        entry("delete", Value::Null),
        entry("delete", Value::Null),
    ];
    assert_eq!(seen, expected);

    queues.put(&world, 7, wav(1, 60)).await;
    for file in world.audio_files() {
        fs_err::remove_file(file).unwrap();
    }
    for parameters in ["queue=7", "queue=7&check=1"] {
        assert_eq!(
            queues.code(&world, "user", "download", parameters).await,
            answered("500", ""),
            "{parameters}"
        );
    }
    let bare = queues.send(&world, "user", "download", "queue=7&wrap=none").await;
    assert_eq!(bare.status, StatusCode::INTERNAL_SERVER_ERROR);
    let problems = world.local(Method::POST, "/check", "").await.json()["problems"].clone();
    assert_eq!(problems.as_array().unwrap().len(), 1);
    assert!(problems[0].as_str().unwrap().starts_with("prompt queue/7/main: "), "{problems}");
    // A new file makes it whole again.
    assert_eq!(queues.upload(&world, "administrator", "queue=7", &wav(3, 60)).await, answered("204", ""));
    assert_eq!(world.local(Method::POST, "/check", "").await.json()["problems"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_download_sees_wholly_the_old_or_the_new_file() {
    let world = Arc::new(world().await);
    let mailboxes = &FAMILIES[7];
    mailboxes.add(&world, 7, 1, None).await;
    // Small ones, so that many downloads begin while one goes, and some of several pieces.
    let sizes = [60, 70, 80, 300_000, 90, 100, 310_000];
    let audio: Arc<Vec<Vec<u8>>> =
        Arc::new((1..).zip(sizes).map(|(seed, samples)| wav(seed, samples)).collect());
    mailboxes.put(&world, 7, audio[0].clone()).await;
    let (done, replacing) = watch::channel(());
    let mut clients = JoinSet::new();
    for _ in 0..12 {
        let (world, audio, replacing) = (world.clone(), audio.clone(), replacing.clone());
        clients.spawn(async move {
            let mut downloads = 0;
            while replacing.has_changed().is_ok() {
                let query = format!("{}&wrap=none", mailboxes.first(7));
                let answer = mailboxes.send(&world, "user", "download", &query).await;
                assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
                assert!(audio.iter().any(|whole| answer.body == *whole), "{} bytes", answer.body.len());
                downloads += 1;
            }
            downloads
        });
    }
    for audio in audio.iter().cycle().skip(1).take(150) {
        mailboxes.put(&world, 7, audio.clone()).await;
    }
    drop(done);
    let downloads: u32 = clients.join_all().await.into_iter().sum();
    assert!(downloads > 150, "only {downloads} downloads");
    assert_eq!(world.audio_files().len(), 1, "what was replaced is gone");
    assert_eq!(world.local(Method::POST, "/check", "").await.json()["problems"], json!([]));
}
