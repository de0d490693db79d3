//! Connectors that were written for the S-Series do their whole job against the server, over real sockets. The clock is the
//! test's, so those that wait do not.

use std::sync::Arc;
use std::time::Duration;

use callvault_testkit::clock::HandClock;
use callvault_testkit::connectors::account::{Account, link};
use callvault_testkit::connectors::capped::{self, Taken};
use callvault_testkit::connectors::cdr_poller::{Link, Poller};
use callvault_testkit::connectors::logging_proxy::{LoggingProxy, parameter};
use callvault_testkit::connectors::manner::MANNERS;
use callvault_testkit::connectors::relogin::{BY_GUESS, BY_V1, BY_V2};
use callvault_testkit::connectors::report_handler::ReportHandler;
use callvault_testkit::connectors::wire::Pbx;
use callvault_testkit::connectors::{
    behind_nat, browser_player, exact_success, fresh_login, kept_connection, link_builder, relogin,
    status_saver, timer, unverified_tls,
};
use callvault_testkit::sound::wav;
use callvault_testkit::world::World;
use http::{Method, StatusCode};
use serde_json::{Value, json};

const RECORDING: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";

/// Names that a client may write in more than one way.
const NAMES: [&str; 3] =
    [RECORDING, "20260302091514-1772442914.9-+49301234-4001-Inbound.wav", "Anruf 7 aus dem Büro.wav"];

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// An installation that listens, with customer 1, its person `crm` and the recordings of [`NAMES`].
struct Served {
    world: World,
    account: Account,
}

async fn served() -> Served {
    let world = World::new().await;
    world.customer(1, None).await;
    world.person(1, "crm", "api").await;
    for name in NAMES {
        world.recording(1, name, audio()).await;
    }
    let account = Account::new(Pbx::at(world.serve().await), "crm", "password");
    Served { world, account }
}

/// Longer than what a socket holds, so that a download can be broken off.
fn audio() -> Vec<u8> {
    wav(7, 150_000)
}

impl Served {
    /// Runs a script, which blocks.
    async fn run<T: Send + 'static>(
        &self,
        script: impl FnOnce(Account) -> std::io::Result<T> + Send + 'static,
    ) -> T {
        let account = self.account.clone();
        tokio::task::spawn_blocking(|| script(account)).await.unwrap().unwrap()
    }

    /// What scripts wait with.
    fn wait(&self) -> impl Fn(Duration) + Send + 'static {
        let clock: Arc<HandClock> = self.world.clock.clone();
        move |span| clock.advance(span)
    }

    async fn tell(&self, calls: &[Value]) {
        let body = json!({ "customer": 1, "calls": calls }).to_string();
        let answer = self.world.local(Method::POST, "/calls", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
}

/// Point 1: the link dies with the first GET, and the page must have another one ready.
#[tokio::test]
async fn a_browser_plays_and_seeks_with_a_second_link() {
    let served = served().await;
    for seek_to in [0, 1, 44, 200_000, 300_043] {
        let played = served.run(move |account| {
            let token = account.log_in()?;
            browser_player::play(&account.pbx, seek_to, || account.new_link(&token, RECORDING))
        });
        let played = played.await;
        assert_eq!((played.links, played.spent), (2, vec!["20012".to_owned()]), "{seek_to}");
        assert_eq!(played.bytes, audio(), "{seek_to}");
    }
}

/// Point 2: half a minute, and not a second more.
#[tokio::test]
async fn a_link_that_was_passed_on_is_asked_for_again() {
    let served = served().await;
    for (seconds, late) in [(29, vec![]), (31, vec!["20012"]), (29 * 60, vec!["20012"])] {
        let wait = served.wait();
        let opened =
            served.run(move |account| link_builder::open_later(&account, RECORDING, seconds * SECOND, wait));
        let opened = opened.await;
        assert_eq!(opened.late, late, "{seconds} s");
        assert_eq!(opened.bytes, audio());
    }
}

/// Point 3: the address that fetches is told, however it is written.
#[tokio::test]
async fn a_connector_behind_nat_names_its_address_outside() {
    let served = served().await;
    for configured in ["127.0.0.9", " 127.0.0.9 ", "::ffff:127.0.0.9"] {
        let fetched = served.run(move |account| {
            let outside = account.pbx.seen_from("127.0.0.9");
            behind_nat::fetch(&account, RECORDING, &outside, configured)
        });
        let fetched = fetched.await;
        assert_eq!(fetched.without, "20015");
        assert!(fetched.bytes == audio() && fetched.by_first_link == audio(), "{configured}");
    }
}

/// Point 4.
#[tokio::test]
async fn a_connector_that_verifies_nothing_speaks_tls() {
    let served = served().await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let fetched = served.run(move |account| unverified_tls::fetch(&account, RECORDING, version)).await;
        assert_eq!(fetched, audio(), "{version:?}");
    }
}

/// Point 5: what such a client does with the device's way of failing, and how the person's option mends it (G19).
#[tokio::test]
async fn a_client_that_sees_the_status_alone_needs_the_real_one() {
    let served = served().await;
    let save = || {
        let wait = served.wait();
        served.run(|account| status_saver::save(&account, RECORDING, 31 * SECOND, wait))
    };
    let saved = save().await;
    assert_eq!(saved.statuses, [200]);
    assert_eq!(String::from_utf8_lossy(&saved.bytes), r#"{"status":"Failed","errno":"20012"}"#);

    let set = json!({ "download_errors": "status" }).to_string();
    let answer = served.world.local(Method::PATCH, "/people/1", set).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let saved = save().await;
    assert_eq!(saved.statuses, [410, 200]);
    assert_eq!(saved.bytes, audio());
}

/// Point 6: eight hours on one login, the heartbeats of v1.
#[tokio::test]
async fn a_timer_of_25_minutes_keeps_a_token_for_a_working_day() {
    let served = served().await;
    let wait = served.wait();
    let fetched = served.run(|account| timer::fetch_after(&account, RECORDING, 19, wait)).await;
    assert_eq!(fetched, audio());
}

/// Point 6: 400 logins of one client and none ended; the newest ones work, and the oldest made room.
#[tokio::test]
async fn a_login_before_each_call_goes_on_for_ever() {
    let served = served().await;
    let wait = served.wait();
    let (fetched, tokens) =
        served.run(|account| fresh_login::fetch_often(&account, RECORDING, 200, wait)).await;
    assert_eq!((fetched, tokens.len()), (audio(), 400));
    let alive = served.run(move |account| {
        let mut alive = Vec::new();
        for token in &tokens {
            let status = account.call("heartbeat", token, &json!({}))?.member("status");
            alive.push(status == "Success");
        }
        Ok(alive)
    });
    let alive = alive.await;
    assert_eq!(alive.iter().filter(|alive| **alive).count(), 64);
    // Those for the other port make room for each other alone.
    assert!(!alive[0] && alive[400 - 40..].iter().all(|alive| *alive), "{alive:?}");
}

/// Point 6: a token that timed out is said to be so in the words that the client's author knew (G7).
#[tokio::test]
async fn clients_log_in_again_by_the_codes_that_they_know() {
    let served = served().await;
    for knowledge in [BY_V1, BY_V2, BY_GUESS] {
        for (idle, logins) in [(29 * MINUTE, 1), (31 * MINUTE, 2)] {
            let wait = served.wait();
            let fetched = served
                .run(move |account| relogin::fetch_twice(&account, knowledge, RECORDING, idle, wait))
                .await;
            assert_eq!(fetched.logins, logins, "{knowledge:?} {idle:?}");
            assert_eq!(fetched.bytes, audio());
        }
    }
}

/// Point 7.
#[tokio::test]
async fn an_exact_comparer_finds_its_words_in_every_answer() {
    let served = served().await;
    assert_eq!(served.run(|account| exact_success::run(&account, RECORDING)).await, audio());
}

/// Point 8, and the ways in which links to such files are written: a working day of polls every quarter of an hour, each
/// looking back over forty minutes, for calls that go on meanwhile.
#[tokio::test]
async fn a_poller_with_overlapping_windows_gets_every_call_once() {
    let served = served().await;
    let at = |minute: u32| format!("2026-03-02 {:02}:{:02}:00", 8 + minute / 60, minute % 60);
    let call = |number: u32, minute: u32, kind: &str| {
        json!({
            "call_id": format!("1772438400.{number}"), "started_at": format!("{}Z", at(minute).replace(' ', "T")),
            "from": "4000", "to": format!("{number}"), "call_seconds": 20, "talk_seconds": 9, "status": "ANSWERED",
            "kind": kind, "source_trunk": "", "recording": RECORDING,
        })
    };
    let pollers = [
        (Link::Percent, json!("all")),
        (Link::Plus, json!("4000,4001")),
        (Link::Raw, json!(4000)),
        (Link::Posted, json!("all")),
    ];
    let start = served.run(move |account| {
        pollers.into_iter().map(|(link, numbers)| Poller::start(account.clone(), link, numbers)).collect()
    });
    let mut pollers: Vec<Poller> = start.await;
    for poll in 1..=32 {
        // A call is told of when it ends: this one began long before.
        let minute = poll * 15;
        let calls = [
            call(poll * 10, minute - 14, "Internal"),
            call(poll * 10 + 1, minute.saturating_sub(35), "Inbound"),
            call(poll * 10 + 2, minute, "Transfer"),
        ];
        served.tell(&calls).await;
        served.world.clock.advance(15 * MINUTE);
        let (from, to) = (at(minute.saturating_sub(40)), at(minute));
        pollers = served
            .run(move |_| {
                pollers.iter_mut().try_for_each(|poller| poller.poll(&from, &to))?;
                Ok(pollers)
            })
            .await;
    }
    for poller in &pollers {
        assert_eq!(poller.rows.len(), 64, "{poller:?}");
        assert!(poller.again >= 31 && poller.dropped >= 90, "{poller:?}");
        let expected =
            format!("1772438400.321,{},4000,321,20,9,,,ANSWERED,Inbound,,{RECORDING},,", at(480 - 35));
        assert_eq!(poller.rows["1772438400.321"].join(","), expected);
    }
}

/// Point 9: the recording is there when the report is, also for a handler whose token was ended meanwhile.
#[tokio::test]
async fn a_handler_fetches_the_recording_before_it_answers() {
    let served = served().await;
    served.world.deliver();
    let handler = served.run(|account| {
        ReportHandler::start(account, |_, bytes| {
            if bytes == audio() { Ok(()) } else { Err(format!("{} other bytes", bytes.len())) }
        })
    });
    let handler = handler.await;
    let tell = |number: usize| {
        let call = json!({
            "call_id": format!("1772438400.{number}"), "started_at": "2026-03-02T08:00:00Z", "from": "1", "to": "2",
            "call_seconds": 2, "talk_seconds": 1, "status": "ANSWERED", "kind": "Internal",
            "recording": NAMES[number % 3],
        });
        vec![call]
    };
    for number in 0..6 {
        served.tell(&tell(number)).await;
    }
    let longest = Duration::from_secs(20);
    let (handler, taken) = served
        .run(move |_| {
            let taken = handler.wait_taken(6, longest);
            Ok((handler, taken))
        })
        .await;
    assert_eq!(taken, 6, "{:?}", handler.told());

    // Another login for the same place takes the reports over; an operator ends the first session.
    let address = handler.address();
    served.world.clock.advance(SECOND);
    served.run(move |account| account.log_in_for_reports(address)).await;
    let sessions = served.world.local(Method::GET, "/sessions", "").await.json();
    let oldest = sessions["items"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap();
    let ended = served.world.local(Method::DELETE, &format!("/sessions/{}", oldest), "").await;
    assert!(ended.status.is_success(), "{}", ended.text());
    served.tell(&tell(6)).await;
    let (handler, taken) = served
        .run(move |_| {
            let taken = handler.wait_taken(7, longest);
            Ok((handler, taken))
        })
        .await;
    assert_eq!((taken, handler.count(), handler.logins()), (7, 7, 2), "{:?}", handler.told());
}

/// Point 10: a length is told before the audio, so that who cannot hold it can leave.
#[tokio::test]
async fn a_client_with_a_bound_is_told_the_length_first() {
    let served = served().await;
    let long = wav(9, 12_500_001);
    let length = long.len() as u64;
    served.world.recording(1, "long.wav", long).await;
    let taken = served.run(|account| {
        let token = account.log_in()?;
        let long = capped::fetch(&account, &token, "long.wav")?;
        Ok((long, capped::fetch(&account, &token, RECORDING)?))
    });
    let (too_long, usual) = taken.await;
    assert_eq!(too_long, Taken::TooLong(length));
    assert!(length > capped::CAP_BYTES && usual == Taken::Audio(audio()));
}

/// Point 11: what a proxy's log gives away is a session, until that ends; a link in it is spent.
#[tokio::test]
async fn what_a_proxy_logged_is_worth_nothing_after_a_logout() {
    let served = served().await;
    let proxy = LoggingProxy::start(served.account.pbx.clone());
    let errnos = served.run(move |account| {
        let client = account.by(proxy.pbx());
        let token = client.log_in()?;
        client.pbx.get(&client.new_link(&token, RECORDING)?)?;
        let logged = proxy.log().into_iter().find(|target| target.contains("/download")).unwrap();
        let seen = parameter(&logged, "token").unwrap().to_owned();
        let spent = account.pbx.get(&logged)?.member("errno");
        let other = account.ask_for_ticket(&seen, NAMES[1], None)?;
        client.call("logout", &token, &json!({}))?;
        let random = other.member("random");
        let later = account.pbx.get(&link(NAMES[1], &random, &seen))?.member("errno");
        Ok((spent, other.member("status"), later))
    });
    // In the middle the risk that docs/yeastar.md G35 tells of.
    assert_eq!(errnos.await, ("20012".to_owned(), "Success".to_owned(), "20004".to_owned()));
}

/// The ways of writing requests in chapters 1.4, 4.1 and 5.1 of the guides, and what G42 and G43 say of them.
#[tokio::test]
async fn every_manner_of_writing_fetches_every_recording() {
    let served = served().await;
    let failed = served.run(|account| {
        let mut failed = Vec::new();
        for manner in MANNERS {
            for name in NAMES {
                match manner.fetch(&account, name) {
                    Ok(bytes) if bytes == audio() => {}
                    Ok(bytes) => failed.push(format!("{}, {name}: {} other bytes", manner.name, bytes.len())),
                    Err(error) => failed.push(format!("{}, {name}: {error}", manner.name)),
                }
            }
        }
        Ok(failed)
    });
    let failed = failed.await;
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test]
async fn a_kept_connection_serves_one_request_after_another() {
    let served = served().await;
    let fetched = served.run(|account| kept_connection::fetch_all(&account, &NAMES)).await;
    assert!(fetched.len() == NAMES.len() && fetched.iter().all(|bytes| *bytes == audio()));
}
