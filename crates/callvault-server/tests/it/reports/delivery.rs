//! What is sent, when, and in which order.

use callvault_testkit::application_server::Step;
use callvault_testkit::sound::wav;
use callvault_testkit::world::HERE;
use serde_json::json;

use super::*;

const NAME: &str = "20200512180528-1-900000001-110-Inbound.wav";

#[tokio::test]
async fn a_report_is_one_write_of_the_documented_request() {
    let world = World::new().await;
    let customer =
        json!({ "id": 1, "name": "Example", "timezone": "Europe/Berlin", "serial": "360000000000" });
    world.add("/customers", customer).await;
    world.person(1, "crm", "api").await;
    world.deliver();
    let server = ApplicationServer::start().await;
    let port = server.address().port();
    let path = json!({ "port": port.to_string(), "url": "report", "version": "2.0.0" });
    log_in_with(&world, HERE, "crm", path).await;
    ended(&world, 1, 4..5).await;
    let received = server.after(1).await;
    let body = "{\"event\":\"NewCdr\",\"callid\":\"4\",\"timestart\":\"2020-05-12 18:05:28\",\"callfrom\":\"900000001\",\
        \"callto\":\"110\",\"callduraction\":\"42\",\"talkduraction\":\"34\",\"srctrunkname\":\"\",\"dsttrcunkname\":\"\",\
        \"pincode\":\"\",\"status\":\"ANSWERED\",\"type\":\"Inbound\",\"recording\":\"\",\"didnumber\":\"\",\
        \"agentringtime\":\"0\",\"sn\":\"360000000000\"}";
    let head = format!(
        "POST /report HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: WebAPI\r\nAccept: application/json\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close",
        body.len()
    );
    assert_eq!(received[0].text(), format!("{head}\r\n\r\n{body}"));
    assert_eq!(received[0].first_read, received[0].bytes.len());
}

#[tokio::test]
async fn reports_come_in_the_order_of_the_calls() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    wanted_by(&world, &server).await;
    // More than are read at once.
    for first in [0, 30, 60] {
        ended(&world, 1, first..first + 30).await;
    }
    server.after(90).await;
    let expected: Vec<_> = (0..90).map(|number: usize| number.to_string()).collect();
    assert_eq!(server.told("callid"), expected);
    let targets = targets_until(&world, SECOND, all_delivered).await;
    assert_eq!((&targets[0]["delivered"], &targets[0]["failure"]), (&json!(90), &json!(null)));
}

#[tokio::test]
async fn any_answer_with_2xx_is_a_success() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    wanted_by(&world, &server).await;
    let bytes = |text: &str| Step::Bytes(text.as_bytes().to_vec());
    let steps = [
        Step::Status(200),
        Step::Status(204),
        Step::Status(299),
        Step::StatusLine,
        bytes("HTTP/1.1 200"),
        bytes("HTTP/1.0 200 OK\n"),
        bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"),
        bytes("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nless than said"),
    ];
    let count = steps.len();
    server.script(steps);
    ended(&world, 1, 0..count).await;
    server.after(count).await;
    let targets = targets_until(&world, SECOND, all_delivered).await;
    assert_eq!(targets[0]["delivered"], count);
    assert_eq!(server.received().len(), count, "none was sent twice");
}

/// `docs/yeastar.md` G23: the receiver fetches the recording before it answers.
#[tokio::test]
async fn a_receiver_can_fetch_the_recording_while_it_handles_the_report() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    server.otherwise(Step::Held(200));
    let token = wanted_by(&world, &server).await;
    let mut with_recording = call(1);
    with_recording["recording"] = json!(NAME);
    tell(&world, 1, &[with_recording]).await;
    ended(&world, 1, 2..3).await;
    // The call without a recording waits for nothing.
    assert_eq!(server.after(1).await[0].json()["callid"], "2");
    server.release();
    let audio = wav(1, 16_000);
    world.recording(1, NAME, audio.clone()).await;
    let report = server.after(2).await[1].json();
    assert_eq!((&report["callid"], &report["recording"]), (&json!("1"), &json!(NAME)));
    let random = world.ticket(HERE, &token, NAME).await;
    assert_eq!(world.download(HERE, Method::GET, NAME, &random, &token).await.body, audio);
    server.release();
    let targets = targets_until(&world, SECOND, all_delivered).await;
    assert_eq!(targets[0]["delivered"], 2);
}

#[tokio::test]
async fn patience_with_a_recording_ends_and_the_recording_is_told_of_once_more() {
    let world = world().await;
    let server = ApplicationServer::start().await;
    wanted_by(&world, &server).await;
    let mut with_recording = call(1);
    with_recording["recording"] = json!(NAME);
    tell(&world, 1, &[with_recording]).await;
    world.pass(Duration::from_secs(59));
    // A later call overtakes it, which proves that the courier looked.
    ended(&world, 1, 2..3).await;
    server.after(1).await;
    assert_eq!(server.told("callid"), ["2"]);
    world.pass(SECOND);
    assert_eq!(server.after(2).await[1].json()["recording"], NAME);
    world.recording(1, NAME, wav(1, 16_000)).await;
    server.after(3).await;
    assert_eq!(server.told("callid"), ["2", "1", "1"]);
}

#[tokio::test]
async fn each_customer_hears_of_its_own_calls() {
    let world = world().await;
    world.customer(2, None).await;
    world.person(2, "other", "api").await;
    let (server, other) = (ApplicationServer::start().await, ApplicationServer::start().await);
    wanted_by(&world, &server).await;
    log_in_for(&world, HERE, "other", &format!("http://{}/", other.address())).await;
    for number in 0..10 {
        ended(&world, 1 + i64::try_from(number % 2).unwrap(), number..number + 1).await;
    }
    server.after(5).await;
    other.after(5).await;
    assert_eq!(server.told("callid"), ["0", "2", "4", "6", "8"]);
    assert_eq!(other.told("callid"), ["1", "3", "5", "7", "9"]);
}

/// Two customers behind one address, as behind a NAT: the place is the same, the targets are not.
#[tokio::test]
async fn two_customers_at_one_place_have_a_target_each() {
    let world = world().await;
    world.customer(2, None).await;
    world.person(2, "other", "api").await;
    let server = ApplicationServer::start().await;
    let address = server.address();
    let one = log_in_for(&world, HERE, "crm", &format!("http://{address}/one")).await;
    log_in_for(&world, HERE, "other", &format!("http://{address}/other")).await;
    ended(&world, 1, 1..2).await;
    ended(&world, 2, 2..3).await;
    let lines = |received: Vec<Received>| {
        let line =
            |one: &Received| (one.head().lines().next().unwrap().to_owned(), one.json()["callid"].clone());
        let mut lines: Vec<_> = received.iter().map(line).collect();
        lines.sort_by_key(|(line, _)| line.clone());
        lines
    };
    let expected =
        [("POST /one HTTP/1.1".to_owned(), json!("1")), ("POST /other HTTP/1.1".to_owned(), json!("2"))];
    assert_eq!(lines(server.after(2).await), expected);
    // One leaves, the other stays.
    world.yeastar(HERE, &format!("logout?token={one}"), json!({})).await;
    ended(&world, 1, 3..4).await;
    ended(&world, 2, 4..5).await;
    assert_eq!(server.after(3).await[2].json()["callid"], "4");
}
