//! The calls of the dialects, by those who have no right to a thing.

use axum::body::Body;
use callvault_core::gate::Principal;
use callvault_testkit::world::HERE;
use callvault_wire::yeastar::path::Endpoint;
use http::{Method, Request, StatusCode};
use serde_json::json;

use super::{NAME, PROBES, assert_tells_nothing, fingerprint, world};

#[tokio::test]
async fn the_dialects_give_another_customer_nothing() {
    let (world, _) = world().await;
    let token = world.log_in(HERE, "other-api").await;
    let call = format!("recording/get_random?token={token}");
    for name in [NAME, "nothing.wav"] {
        let answer = world.yeastar(HERE, &call, json!({ "recording": name })).await;
        assert_eq!(answer, json!({ "status": "Failed", "errno": "20014" }), "{name}");
    }
    let body = json!({ "number": "4000-4001", "starttime": "2019-10-24 00:00:00", "endtime": "2019-10-24 23:59:59" });
    let made = world.yeastar(HERE, &format!("cdr/get_random?token={token}"), body).await;
    let span = ("4000-4001", "2019-10-24 00:00:00", "2019-10-24 23:59:59");
    let random = made["random"].as_str().unwrap();
    let file = world.call_file(HERE, Method::GET, span, random, &token).await.text();
    assert_eq!(file.lines().count(), 1, "another customer's calls: {file}");
    for (path, extra) in
        [("download", ""), ("download", "&check=1"), ("delete", ""), ("upload", "&data=UklGRg==")]
    {
        let ask = |hunt_group: i64| {
            let link = format!(
                "/api/json/huntgroups/files/{path}/?auth_username=other-administrator&auth_password=password\
                 &huntgroup={hunt_group}&level=1{extra}"
            );
            let world = &world;
            async move { world.call(HERE, Request::get(link).body(Body::empty()).unwrap()).await }
        };
        let (seen, missing) = (ask(123).await, ask(999).await);
        assert_eq!(fingerprint(&seen), fingerprint(&missing), "{path}{extra}");
        assert_eq!(seen.json()["responses"][0]["code"], "404", "{path}{extra}");
    }
}

/// Every call of the Yeastar dialect with its parameters, one of them about a thing of customer 1.
fn yeastar_calls() -> Vec<(Endpoint, Method, &'static str)> {
    let calls = "number=4000-4001&starttime=2019-10-24%2000:00:00&endtime=2019-10-24%2023:59:59";
    let voicemail = "number=4000-4001&voicemailfile=msg0000.wav&voicemailstatus=read";
    Endpoint::ALL
        .into_iter()
        .map(|endpoint| match endpoint {
            Endpoint::Login => (endpoint, Method::POST, ""),
            Endpoint::Heartbeat | Endpoint::Logout | Endpoint::TokenRefresh => (endpoint, Method::GET, ""),
            Endpoint::RecordingGetRandom | Endpoint::RecordingDownload => {
                (endpoint, Method::GET, "recording=20191024012719-1571909237.191-4000-4001-Internal.wav")
            }
            Endpoint::CdrGetRandom | Endpoint::CdrDownload => (endpoint, Method::GET, calls),
            Endpoint::VoicemailGetRandom | Endpoint::VoicemailDownload => (endpoint, Method::GET, voicemail),
            Endpoint::VoicemailQuery | Endpoint::ExtensionQuery | Endpoint::QueueQuery => {
                (endpoint, Method::GET, "number=4000-4001")
            }
            Endpoint::DeviceInfoQuery | Endpoint::ExtensionList | Endpoint::TrunkList => {
                (endpoint, Method::GET, "")
            }
        })
        .collect()
}

#[tokio::test]
async fn every_call_of_the_yeastar_dialect_is_walked() {
    let (world, _) = world().await;
    let random = "0".repeat(32);
    let ask = async |(endpoint, method, query): &(Endpoint, Method, &'static str), token: Option<&str>| {
        let token = token.map(|token| format!("&token={token}")).unwrap_or_default();
        let link = format!("/api/v2.0.0/{}?{query}&random={random}{token}", endpoint.name());
        world.call(HERE, Request::builder().method(method).uri(link).body(Body::empty()).unwrap()).await
    };
    for call in yeastar_calls() {
        let expected = match call.0 {
            Endpoint::Login => "20007",
            Endpoint::TokenRefresh => "10004",
            _ => "20005",
        };
        assert_eq!(ask(&call, None).await.json()["errno"], expected, "{call:?} with nothing");
        if call.0.needs_token() {
            assert_eq!(
                ask(&call, Some(&random)).await.json()["errno"],
                "20004",
                "{call:?} with a wrong token"
            );
        }
        let token = world.log_in(HERE, "other-api").await;
        let answer = ask(&call, Some(&token)).await;
        assert_eq!(answer.status, StatusCode::OK, "{call:?}");
        // What was asked for is repeated in the answer of the one that makes tickets for whatever there may be.
        if call.0 != Endpoint::CdrGetRandom {
            assert_tells_nothing(&answer, "other-api", call.0.name());
        }
    }
    let counted = world.app.metrics.render();
    for endpoint in Endpoint::ALL {
        let route = format!("route=\"/api/{{version}}/{}\"", endpoint.name());
        assert!(counted.contains(&route), "{route} is not counted");
    }
}

/// The calls of the P-Series dialect that are about a thing of customer 1, and the same calls with one that does not exist.
fn pseries_stops(id: &str) -> Vec<(String, String)> {
    let stop = |existing: String, absent: &str| (existing, absent.to_owned());
    vec![
        stop("recording/list?".to_owned(), "recording/list?"),
        stop("recording/search?caller=4000-4001&".to_owned(), "recording/search?caller=9999&"),
        stop(
            "recording/search?callee=4001&start_time=0&".to_owned(),
            "recording/search?callee=9999&start_time=0&",
        ),
        stop(format!("recording/search?ids={id}&"), "recording/search?ids=1&"),
        stop(format!("recording/download?file={NAME}&"), "recording/download?file=nothing.wav&"),
        stop(format!("recording/download?id={id}&"), "recording/download?id=1&"),
    ]
}

#[tokio::test]
async fn the_pseries_dialect_gives_nobody_anything() {
    let (world, _) = world().await;
    let (own, _) = world.pseries_tokens(HERE, "hidden", "password").await;
    let listed = world.pseries(HERE, "recording/list?", &own).await;
    assert!(
        PROBES[..1].iter().all(|probe| listed.text().contains(probe)),
        "the owner sees: {}",
        listed.text()
    );
    let id = listed.json()["data"][0]["id"].to_string();
    let links = [
        world.pseries_link(HERE, &format!("recording/download?id={id}&"), &own).await,
        world.pseries_link(HERE, "cdr/download?", &own).await,
    ];
    let unknown = |link: &str| {
        let (before, after) = link.rsplit_once('-').unwrap();
        format!("{before}-{}.{}", "0".repeat(32), after.rsplit_once('.').unwrap().1)
    };
    let fetch = async |method: &Method, path: String| {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        world.call(HERE, request).await
    };
    let (other, _) = world.pseries_tokens(HERE, "other-api", "password").await;
    for (existing, absent) in pseries_stops(&id) {
        let (seen, missing) =
            (world.pseries(HERE, &existing, &other).await, world.pseries(HERE, &absent, &other).await);
        assert_eq!(fingerprint(&seen), fingerprint(&missing), "{existing} against {absent}");
        assert_tells_nothing(&seen, "other-api", &existing);
        for (token, errcode) in [("", 10005), ("0123456789abcdef0123456789abcdef", 10004)] {
            let answer = world.pseries(HERE, &existing, token).await;
            assert_eq!(answer.json()["errcode"], errcode, "{existing}");
            assert_tells_nothing(&answer, "nobody", &existing);
        }
    }
    // The file of call records is that of one's own customer.
    let file = world.pseries_link(HERE, "cdr/download?", &other).await;
    let file = fetch(&Method::GET, format!("{file}?access_token={other}")).await;
    assert_eq!((file.status, file.text().lines().count()), (StatusCode::OK, 1));
    for link in &links {
        for method in [Method::GET, Method::HEAD] {
            let seen = fetch(&method, format!("{link}?access_token={other}")).await;
            let missing = fetch(&method, format!("{}?access_token={other}", unknown(link))).await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{method} {link}");
            assert_eq!(fingerprint(&seen), fingerprint(&missing), "{method} {link}");
            assert_eq!(
                fetch(&method, link.clone()).await.status,
                StatusCode::UNAUTHORIZED,
                "{method} {link}"
            );
            let own = fetch(&method, format!("{link}?access_token={own}")).await;
            assert_eq!(own.status, StatusCode::OK, "{method} {link}");
        }
    }
    // Without the privilege of the door there is no token at all.
    for role in ["administrator", "user", "residential", "supervisor", "auditor"] {
        let body = json!({ "username": format!("other-{role}"), "password": "password" });
        let answer = world.pseries_post(HERE, "get_token", body).await;
        assert_eq!(answer, json!({ "errcode": 10005, "errmsg": "ACCESS DENIED" }), "{role}");
        world.app.services.logins.clear_lockouts(&Principal::local_owner(), None).unwrap();
    }
    for body in [json!({ "refresh_token": other }), json!({ "refresh_token": "0".repeat(32) })] {
        let answer = world.pseries_post(HERE, "refresh_token", body).await;
        assert_eq!(answer, json!({ "errcode": 10004, "errmsg": "TOKEN EXPIRED" }));
    }
    // Ending a token ends one's own.
    assert_eq!(world.pseries(HERE, "del_token?", &other).await.json()["errcode"], 0);
    assert_eq!(world.pseries(HERE, "recording/list?", &own).await.json()["errcode"], 0);
    // All calls that the documentation names were among these.
    let docs = include_str!("../../../../../docs/pseries.md");
    let table = docs.split("## Calls").nth(1).unwrap().split("\n\n").nth(1).unwrap();
    let documented: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let documented: Vec<_> = documented.iter().map(|line| line.split('`').next().unwrap()).collect();
    let walked = [
        "get_token",
        "refresh_token",
        "del_token",
        "recording/list",
        "recording/search",
        "recording/download",
        "cdr/download",
    ];
    assert_eq!(documented, walked);
}
