//! What strangers can do with bodies at the Enswitch door, and what they cannot.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use callvault_core::service::Policy;
use callvault_server::app::Settings;
use callvault_testkit::sound;
use callvault_testkit::world::{Answer, HERE, World};
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{FutureExt as _, StreamExt as _};
use http::Request;
use serde_json::json;
use tokio::sync::watch;

const UPLOAD: &str = "/api/json/huntgroups/files/upload/";
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 66));

async fn world(settings: Settings) -> World {
    let world = World::with(settings, Policy::default()).await;
    world.customer(1, None).await;
    world.person(1, "user", "administrator").await;
    world.person(1, "clerk", "auditor").await;
    world.add("/huntgroups", json!({ "id": 123, "customer": 1, "name": "Sales" })).await;
    world
}

/// Part by part: fields, then the file.
fn multipart(fields: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    body.extend(b"--cut\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a.wav\"\r\n\r\n");
    body.extend(data);
    body.extend(b"\r\n--cut--\r\n");
    body
}

fn request(query: &str, body: Body) -> Request<Body> {
    let builder = Request::post(format!("{UPLOAD}?{query}"));
    builder.header("content-type", "multipart/form-data; boundary=cut").body(body).unwrap()
}

fn code(answer: &Answer) -> String {
    answer.json()["responses"][0]["code"].as_str().unwrap().to_owned()
}

/// A body that begins, does not go on, and breaks off when its client leaves.
fn slow_body(mut client: watch::Receiver<()>) -> Body {
    let first = stream::iter([Ok(Bytes::from_static(b"--cut\r\n"))]);
    let rest = async move {
        while client.changed().await.is_ok() {}
        Err(std::io::Error::other("reset"))
    };
    Body::from_stream(first.chain(rest.into_stream()))
}

#[tokio::test]
async fn slow_strangers_take_no_places_from_others() {
    let world = world(Settings::default()).await;
    let (client, present) = watch::channel(());
    let mut slow: FuturesUnordered<_> = (0..40)
        .map(|_| world.call(STRANGER, request("huntgroup=123;level=1", slow_body(present.clone()))))
        .collect();
    for number in 0..32 {
        let answer = tokio::time::timeout(Duration::from_secs(20), slow.next()).await;
        let answer = answer.unwrap_or_else(|_| panic!("only {number} were turned away")).unwrap();
        assert_eq!(code(&answer), "500");
        assert!(answer.text().contains("The server is busy, try again."), "{}", answer.text());
    }
    let fields =
        [("auth_username", "user"), ("auth_password", "password"), ("huntgroup", "123"), ("level", "1")];
    let upload = multipart(&fields, &sound::wav(1, 100));
    let answer = world.call(HERE, request("", upload.into())).await;
    assert_eq!(code(&answer), "204", "{}", answer.text());
    // Who says in the query who they are has a place apart, also behind the same address.
    let known = "auth_username=user;auth_password=password;huntgroup=123;level=2";
    let wrong = known.replace("=password", "=wrong");
    let answer = world.call(STRANGER, request(&wrong, multipart(&[], &sound::wav(1, 100)).into())).await;
    assert_eq!(code(&answer), "401", "{}", answer.text());
    let answer = world.call(STRANGER, request(known, multipart(&[], &sound::wav(1, 100)).into())).await;
    assert_eq!(code(&answer), "204", "{}", answer.text());
    drop(client);
    while let Some(answer) = slow.next().await {
        assert_eq!(code(&answer), "401", "{}", answer.text());
    }
    let answer = world.call(STRANGER, request("", multipart(&fields, &sound::wav(1, 100)).into())).await;
    assert_eq!(code(&answer), "204", "the places are free again: {}", answer.text());
}

#[tokio::test]
async fn credentials_in_the_query_are_judged_before_the_body_is_spooled() {
    let world = world(Settings::default()).await;
    let check = async |query: &str, wanted: &str| {
        // Nobody says that the body may come, so it never does.
        let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let mut waiting = request(query, never);
        waiting.headers_mut().insert("expect", "100-continue".parse().unwrap());
        let sent = request(query, multipart(&[], &vec![0; 1 << 20]).into());
        for request in [waiting, sent] {
            let answer = tokio::time::timeout(Duration::from_secs(20), world.call(HERE, request)).await;
            let answer = answer.expect("the body is not waited for");
            assert_eq!(code(&answer), wanted, "{query}: {}", answer.text());
        }
    };
    check("auth_username=user;auth_password=wrong;huntgroup=123;level=1", "401").await;
    check("auth_username=clerk;auth_password=password;huntgroup=123;level=1", "402").await;
}

#[tokio::test]
async fn a_spool_that_fails_is_told_to_who_is_known_alone() {
    let folder = tempfile::tempdir().unwrap();
    let spool_folder = folder.path().join("missing");
    let world = world(Settings { spool_folder, ..Settings::default() }).await;
    for (password, wanted) in [("password", "500"), ("wrong", "401")] {
        let fields = [("auth_username", "user"), ("auth_password", password)];
        let body = multipart(&fields, &vec![0; 1 << 20]);
        let answer = world.call(HERE, request("huntgroup=123;level=1", body.into())).await;
        assert_eq!(code(&answer), wanted, "{}", answer.text());
    }
}

#[tokio::test]
async fn faults_of_a_body_are_told_to_who_is_known_alone() {
    let largest_message_bytes = 1000;
    let world = world(Settings { largest_message_bytes, ..Settings::default() }).await;
    let right = [("auth_username", "user"), ("auth_password", "password")];
    let wrong = [("auth_username", "user"), ("auth_password", "wrong")];
    let too_long = vec![0; 200_000];
    let broken = |fields: &[(&str, &str)]| {
        let pieces: [Result<_, std::io::Error>; 2] =
            [Ok(Bytes::from(multipart(fields, b"RIFF"))), Err(std::io::Error::other("reset"))];
        Body::from_stream(stream::iter(pieces))
    };
    for (body, wanted, words) in [
        (multipart(&right, &too_long).into(), "400", "larger than the 1000 bytes"),
        (multipart(&wrong, &too_long).into(), "401", ""),
        (multipart(&[], &too_long).into(), "401", ""),
        (broken(&right), "400", "broke off"),
        (broken(&wrong), "401", ""),
        (broken(&[]), "401", ""),
    ] {
        let answer = world.call(HERE, request("huntgroup=123;level=1", body)).await;
        assert_eq!(code(&answer), wanted, "{}", answer.text());
        assert!(answer.text().contains(words), "{}", answer.text());
    }
}

/// `docs/enswitch.md` 13 and 23: whether the bytes can be a message is looked at for a hunt group that is there.
#[tokio::test]
async fn a_hunt_group_that_is_not_there_goes_before_a_file_that_is_too_large() {
    let world = world(Settings { largest_message_bytes: 1000, ..Settings::default() }).await;
    let fields = [("auth_username", "user"), ("auth_password", "password"), ("level", "1")];
    let too_large = sound::wav(1, 479);
    assert_eq!(too_large.len(), 1002);
    let check = async |hunt_group: &str, wanted: (&str, &str)| {
        let body = multipart(&fields, &too_large);
        let answer = world.call(HERE, request(&format!("huntgroup={hunt_group}"), body.into())).await;
        let first = answer.json()["responses"][0].clone();
        assert_eq!((first["code"].as_str(), first["key"].as_str()), (Some(wanted.0), Some(wanted.1)));
    };
    check("9", ("404", "huntgroup")).await;
    check("123", ("400", "data")).await;
    // 403 goes behind it.
    let plan = json!({ "huntgroups_allowed": false }).to_string();
    world.local(http::Method::PATCH, "/customers/1", plan).await;
    check("123", ("400", "data")).await;
    assert_eq!(world.audio_files().len(), 0, "nothing is kept");
}
