//! The sample data: two customers, a person for each role, hunt groups with messages, and recordings with their calls.

use anyhow::Context as _;
use callvault_core::time::Timestamp;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::client::{ApiClient, Route};

/// Requests at once: passwords are hashed and files flushed beside each other, so that the demo answers within a second.
const AT_ONCE: usize = 16;

/// An account of the demo. Its password is public.
pub(super) struct Account {
    customer: i64,
    pub(super) username: &'static str,
    pub(super) password: &'static str,
    role: &'static str,
}

/// The account of the Enswitch page's example.
pub(super) const DISPATCHER: Account =
    Account { customer: 1, username: "user", password: "password", role: "user" };
/// The account for the Yeastar API.
pub(super) const CONNECTOR: Account =
    Account { customer: 1, username: "apiuser", password: "Api-Demo-1", role: "api" };

const ACCOUNTS: [Account; 7] = [
    DISPATCHER,
    CONNECTOR,
    Account { customer: 1, username: "admin", password: "Admin-Demo-1", role: "system owner" },
    Account { customer: 1, username: "manager", password: "Manager-Demo-1", role: "administrator" },
    Account { customer: 1, username: "supervisor", password: "Supervisor-Demo-1", role: "supervisor" },
    Account { customer: 1, username: "auditor", password: "Auditor-Demo-1", role: "auditor" },
    Account { customer: 2, username: "otherapi", password: "Other-Demo-1", role: "api" },
];

/// Customers: number, name, and the serial number of the device they stand for.
const CUSTOMERS: [(i64, &str, &str); 2] =
    [(1, "Example Telecom", "360000000000"), (2, "Other Company", "360000000001")];

/// The hunt group of the Enswitch page's example.
pub(super) const HUNT_GROUP: i64 = 123;
/// The recording of the Yeastar page's example.
pub(super) const RECORDING: &str = "20191024012719-1571909237.191-4000-4001-Internal.wav";

/// Hunt groups: number, customer, name, and the username of the owner.
const HUNT_GROUPS: [(i64, i64, &str, Option<&str>); 3] = [
    (HUNT_GROUP, 1, "Reception", Some(DISPATCHER.username)),
    (124, 1, "Sales", None),
    (200, 2, "Service", None),
];

macro_rules! message {
    ($huntgroup:expr, $level:literal, $name:literal) => {
        Message {
            huntgroup: $huntgroup,
            level: $level,
            name: $name,
            bytes: include_bytes!(concat!("../../../../assets/demo/messages/", $name)),
        }
    };
}

struct Message {
    huntgroup: i64,
    level: u8,
    name: &'static str,
    bytes: &'static [u8],
}

/// Level 2 of the example's hunt group has none, as on the page.
const MESSAGES: [Message; 4] = [
    message!(HUNT_GROUP, 1, "example.wav"),
    message!(124, 1, "sales.wav"),
    message!(124, 2, "after-hours.wav"),
    message!(200, 1, "please-hold.wav"),
];

macro_rules! recordings {
    ($customer:literal: $($name:literal),* $(,)?) => {
        &[$(Recording {
            customer: $customer,
            name: $name,
            bytes: include_bytes!(concat!("../../../../assets/demo/recordings/", $name)),
        }),*]
    };
}

struct Recording {
    customer: i64,
    name: &'static str,
    bytes: &'static [u8],
}

const RECORDINGS: [&[Recording]; 2] = [
    recordings![1:
        "20170901181806-1504261084.7-1001-1003-Internal.wav",
        "20191024012719-1571909237.191-4000-4001-Internal.wav",
        "20260302091514-1772442912.3-+493012345678-4000-Inbound.wav",
        "20260304140242-1772632960.18-4001-02079460123-Outbound.wav",
        "20260309083107-1773045065.5-02079460958-1001-Inbound.wav",
        "20260311104453-1773225891.44-1003-1001-Internal.wav",
        "20260316132035-1773667233.61-4000-02079460301-Outbound.wav",
        "20260318160511-1773849909.90-12025550147-4001-Inbound.wav",
        "20260323075829-1774252707.12-1001-12025550163-Outbound.wav",
        "20260325153650-1774453008.27-12025550182-1003-Inbound.wav",
    ],
    recordings![2:
        "20260330111204-1774869122.33-02079460777-4000-Inbound.wav",
        "20260402122757-1775132875.8-4001-4000-Internal.wav",
    ],
];

/// Puts the sample data into an empty installation.
///
/// # Errors
/// When something of it is refused.
pub(super) async fn fill(client: &ApiClient) -> anyhow::Result<()> {
    for (id, name, serial) in CUSTOMERS {
        let body = json!({"id": id, "name": name, "serial": serial, "device_name": name});
        client.post(&Route::to([&"customers"]), &body).await?;
    }
    // The owner of a hunt group must be there before it, and it before its messages; the recordings need neither.
    tokio::try_join!(people_and_messages(client), recordings(client))?;
    Ok(())
}

async fn people_and_messages(client: &ApiClient) -> anyhow::Result<()> {
    let adding = ACCOUNTS.iter().map(|account| add_person(client, account));
    let people: Vec<Value> = futures_util::stream::iter(adding).buffered(AT_ONCE).try_collect().await?;
    for (id, customer, name, owner) in HUNT_GROUPS {
        let owner = people.iter().find(|person| owner.is_some_and(|owner| person["username"] == owner));
        let mut body = json!({"id": id, "customer": customer, "name": name});
        if let Some(owner) = owner {
            body["owner"] = owner["id"].clone();
        }
        client.post(&Route::to([&"huntgroups"]), &body).await.with_context(|| format!("hunt group {id}"))?;
    }
    let putting = MESSAGES.iter().map(async |message| {
        let segments = Route::to([&"huntgroups", &message.huntgroup, &"levels", &message.level, &"message"]);
        let put = client.put_bytes(&segments.query("name", &message.name), message.bytes).await;
        put.map(drop).with_context(|| format!("message {}", message.name))
    });
    futures_util::stream::iter(putting).buffer_unordered(AT_ONCE).try_collect().await
}

async fn add_person(client: &ApiClient, account: &Account) -> anyhow::Result<Value> {
    let Account { customer, username, password, role } = account;
    let body = json!({"customer": customer, "username": username, "password": password, "role": role});
    client.post(&Route::to([&"people"]), &body).await.with_context(|| format!("person {username}"))
}

async fn recordings(client: &ApiClient) -> anyhow::Result<()> {
    let putting = RECORDINGS.into_iter().flatten().map(async |recording| {
        let route = Route::to([&"recordings", &recording.name]).query("customer", &recording.customer);
        let stored = client.put_bytes(&route, recording.bytes).await;
        let stored = stored.with_context(|| format!("recording {}", recording.name))?;
        let talk_seconds = stored["audio"]["duration_ms"].as_i64().unwrap_or_default() / 1000;
        call(recording.name, talk_seconds).map(|call| (recording.customer, call))
    });
    let calls: Vec<(i64, Value)> =
        futures_util::stream::iter(putting).buffered(AT_ONCE).try_collect().await?;
    for of_customer in calls.chunk_by(|one, next| one.0 == next.0) {
        let calls: Vec<_> = of_customer.iter().map(|(_, call)| call).collect();
        let body = json!({"customer": of_customer[0].0, "calls": calls});
        client.post(&Route::to([&"calls"]), &body).await.context("calls")?;
    }
    Ok(())
}

/// The call of a recording, told from its name, which has the vendor's form: when the recording began, the call id (which
/// begins with the second in which the call did), caller, callee, and the type.
fn call(recording: &str, talk_seconds: i64) -> anyhow::Result<Value> {
    let parts: Vec<&str> = recording.trim_end_matches(".wav").splitn(5, '-').collect();
    let [recorded, call_id, from, to, kind] = parts[..] else {
        anyhow::bail!("{recording} has no five parts")
    };
    let began: i64 = call_id.split('.').next().unwrap_or_default().parse().context("the call id")?;
    // By the minutes and seconds of both, as the hours differ by the zone of the telephone system.
    let in_hour: Vec<i64> =
        [&recorded[10..12], &recorded[12..]].iter().filter_map(|two| two.parse().ok()).collect();
    let [minutes, seconds] = in_hour[..] else { anyhow::bail!("{recording} begins with no time") };
    let rang = (minutes * 60 + seconds - began % 3600).rem_euclid(3600);
    Ok(json!({
        "call_id": call_id,
        "started_at": Timestamp::from_unix_ms(began * 1000).to_string(),
        "from": from,
        "to": to,
        "call_seconds": rang + talk_seconds,
        "talk_seconds": talk_seconds,
        "status": "ANSWERED",
        "kind": kind,
        "recording": recording,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `date -u -d @1571909237` says 09:27:17; the name says minute 27, second 19.
    #[test]
    fn a_call_is_told_from_the_name_of_its_recording() {
        let call = call(RECORDING, 15).unwrap();
        let told = ["call_id", "started_at", "from", "to", "kind"].map(|field| call[field].as_str().unwrap());
        assert_eq!(told, ["1571909237.191", "2019-10-24T09:27:17.000Z", "4000", "4001", "Internal"]);
        assert_eq!((call["call_seconds"].as_i64(), call["talk_seconds"].as_i64()), (Some(17), Some(15)));
        for recording in RECORDINGS.into_iter().flatten() {
            assert!(super::call(recording.name, 1).unwrap()["call_seconds"].as_i64().unwrap() < 120);
        }
    }

    #[test]
    fn what_the_vendors_pages_show_is_there() {
        let names: Vec<&str> = RECORDINGS[0].iter().map(|recording| recording.name).collect();
        assert!(names.contains(&RECORDING));
        assert!(names.contains(&"20170901181806-1504261084.7-1001-1003-Internal.wav"));
        assert_eq!((DISPATCHER.username, DISPATCHER.password, HUNT_GROUP), ("user", "password", 123));
        let on = |level| MESSAGES.iter().find(|message| message.huntgroup == 123 && message.level == level);
        assert_eq!(on(1).map(|message| message.name), Some("example.wav"));
        assert!(on(2).is_none());
        assert!(ACCOUNTS.iter().all(|account| account.password.len() >= 8));
    }
}
