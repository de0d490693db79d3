//! The answers about the phone system itself: the device, its extensions, queues and trunks.
//!
//! The guides have some forty settings of an extension and twenty of a queue. What is here is what connectors
//! read at start-up and what a system that only keeps calls can know; passwords, which the device hands out in
//! clear, are never among it.

use std::time::Duration;

use crate::yeastar::object::Object;
use crate::yeastar::path::Version;
use crate::yeastar::time::CivilTime;

/// The answer of `deviceinfo/query`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The name of the device.
    pub name: String,
    /// Its serial number, the same as in reports.
    pub serial: String,
    /// What it says for a hardware version.
    pub hardware_version: String,
    /// What it says for a firmware version.
    pub firmware_version: String,
    /// The wall clock of the customer.
    pub system_time: CivilTime,
    /// The offset of that clock from UTC, in minutes, positive to the east.
    pub utc_offset_minutes: i16,
    /// Since when it runs.
    pub uptime: Duration,
    /// The extensions that are in use, the first number of `extensionstatus`.
    pub extensions_used: u32,
    /// The extensions that there may be, the second one.
    pub extensions_possible: u32,
}

impl DeviceInfo {
    pub(super) fn object(&self) -> Object<'_> {
        let offset = offset_text(self.utc_offset_minutes);
        Object::default()
            .text("devicename", &self.name)
            .text("sn", &self.serial)
            .text("hardwarever", &self.hardware_version)
            .text("firmwarever", &self.firmware_version)
            .text("systemtime", format!("{} {offset}", self.system_time))
            .text("uptime", uptime_text(self.uptime))
            .text("extensionstatus", format!("{}/{}", self.extensions_used, self.extensions_possible))
    }
}

/// As in `UTC-8`, with minutes where there are some.
fn offset_text(minutes: i16) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, rest) = (minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60);
    if rest == 0 { format!("UTC{sign}{hours}") } else { format!("UTC{sign}{hours}:{rest:02}") }
}

/// As in `00:32:59` and `3days 03:57:42`. The guides show no single day; `1days` follows their form.
fn uptime_text(uptime: Duration) -> String {
    let seconds = uptime.as_secs();
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if days == 0 { clock } else { format!("{days}days {clock}") }
}

/// The state of an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExtensionStatus {
    /// `Unavailable`: no telephone is registered.
    Unavailable,
    /// `Registered`
    Registered,
    /// `Ringing`
    Ringing,
    /// `Busy`
    Busy,
    /// `Hold`
    Hold,
    /// `Malfunction`
    Malfunction,
    /// `Idle`
    Idle,
}

impl ExtensionStatus {
    /// The word of the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "Unavailable",
            Self::Registered => "Registered",
            Self::Ringing => "Ringing",
            Self::Busy => "Busy",
            Self::Hold => "Hold",
            Self::Malfunction => "Malfunction",
            Self::Idle => "Idle",
        }
    }
}

/// An entry of `extensionlist/query` or `extension/list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Its number.
    pub number: String,
    /// Its state.
    pub status: ExtensionStatus,
    /// Its kind, such as `SIP` or `FXS`.
    pub kind: String,
    /// Whose it is; may be empty.
    pub username: String,
    /// The agent who uses it, where there is one.
    pub agent_id: Option<String>,
}

impl Extension {
    pub(super) fn object(&self, version: Version) -> Object<'_> {
        Object::default()
            .text(extension_listed(version), &self.number)
            .text("status", self.status.as_str())
            .text("type", &self.kind)
            .text("username", &self.username)
            .optional("agentid", self.agent_id.as_deref())
    }
}

/// An entry of `extension/query`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtensionInfo {
    /// Its number.
    pub number: String,
    /// Whose it is; may be empty.
    pub username: String,
    /// Its state.
    pub status: ExtensionStatus,
    /// The number that it shows when it calls, where it is known.
    pub caller_id: Option<String>,
    /// The e-mail address of its user, where it is known.
    pub email: Option<String>,
    /// The mobile number of its user, where it is known.
    pub mobile: Option<String>,
}

impl ExtensionInfo {
    pub(super) fn object(&self, version: Version) -> Object<'_> {
        Object::default()
            .text(extension_listed(version), &self.number)
            .text("username", &self.username)
            .text("status", self.status.as_str())
            .optional("callerid", self.caller_id.as_deref())
            .optional("email", self.email.as_deref())
            .optional("mobile", self.mobile.as_deref())
    }
}

fn extension_listed(version: Version) -> &'static str {
    if version.says_number() { "number" } else { "extnumber" }
}

/// An entry of `queue/query`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// How it rings, such as `Ring All`, where it is known.
    pub ring_strategy: Option<String>,
    /// Its agents' numbers, which go out joined by commas; may be empty.
    pub agents: Vec<String>,
}

impl Queue {
    pub(super) fn object(&self, version: Version) -> Object<'_> {
        let number = if version.says_number() { "number" } else { "queuenumber" };
        Object::default()
            .text(number, &self.number)
            .text("queuename", &self.name)
            .optional("ringstrategy", self.ring_strategy.as_deref())
            .text("agents", self.agents.join(","))
    }
}

/// An entry of `trunklist/query` or `trunk/list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    /// Its name, the one in call records.
    pub name: String,
    /// Its state, such as `Registered` or `Idle`.
    pub status: String,
    /// Its kind, such as `SIP`.
    pub kind: String,
    /// The socket that it is plugged into, where there is one.
    pub port: Option<String>,
}

impl Trunk {
    pub(super) fn object(&self) -> Object<'_> {
        Object::default()
            .text("trunkname", &self.name)
            .text("status", &self.status)
            .text("type", &self.kind)
            .optional("port", self.port.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(object: &Object<'_>, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&object.to_bytes()), expected);
    }

    /// The values are those of the vendor's page on `deviceinfo/query`.
    #[test]
    fn the_device() {
        let device = DeviceInfo {
            name: "Yeastar S100".into(),
            serial: "369364835218".into(),
            hardware_version: "V1.30 0000-0000".into(),
            firmware_version: "30.5.0.19".into(),
            system_time: CivilTime::parse("2017-05-24 23:25:20").expect("a time"),
            utc_offset_minutes: -480,
            uptime: Duration::from_secs(3 * 3600 + 25 * 60 + 4),
            extensions_used: 7,
            extensions_possible: 100,
        };
        check(
            &device.object(),
            r#"{"devicename":"Yeastar S100","sn":"369364835218","hardwarever":"V1.30 0000-0000","firmwarever":"30.5.0.19","systemtime":"2017-05-24 23:25:20 UTC-8","uptime":"03:25:04","extensionstatus":"7/100"}"#,
        );
    }

    #[test]
    fn offsets_and_uptimes() {
        for (minutes, expected) in
            [(0, "UTC+0"), (60, "UTC+1"), (330, "UTC+5:30"), (-210, "UTC-3:30"), (-30, "UTC-0:30")]
        {
            assert_eq!(offset_text(minutes), expected);
        }
        for (seconds, expected) in [
            (0, "00:00:00"),
            (86_399, "23:59:59"),
            (86_400, "1days 00:00:00"),
            (3 * 86_400 + 3 * 3600 + 57 * 60 + 42, "3days 03:57:42"),
        ] {
            assert_eq!(uptime_text(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn the_version_names_the_number() {
        let extension = Extension {
            number: "4000".into(),
            status: ExtensionStatus::Registered,
            kind: "SIP".into(),
            username: "Alice".into(),
            agent_id: None,
        };
        let rest = r#""4000","status":"Registered","type":"SIP","username":"Alice"}"#;
        check(&extension.object(Version::V1_0_0), &format!(r#"{{"extnumber":{rest}"#));
        check(&extension.object(Version::V2_0_0), &format!(r#"{{"number":{rest}"#));
        let queue = Queue {
            number: "6700".into(),
            name: "Sales".into(),
            ring_strategy: Some("Ring All".into()),
            agents: vec!["4000".into(), "4001".into()],
        };
        let rest = r#""6700","queuename":"Sales","ringstrategy":"Ring All","agents":"4000,4001"}"#;
        check(&queue.object(Version::V1_1_0), &format!(r#"{{"queuenumber":{rest}"#));
        check(&queue.object(Version::V2_0_0), &format!(r#"{{"number":{rest}"#));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let extension = ExtensionInfo {
            number: "4000".into(),
            username: String::new(),
            status: ExtensionStatus::Idle,
            caller_id: None,
            email: Some("a@example.org".into()),
            mobile: None,
        };
        check(
            &extension.object(Version::V1_1_0),
            r#"{"extnumber":"4000","username":"","status":"Idle","email":"a@example.org"}"#,
        );
        let trunk = Trunk { name: "TRUNK1".into(), status: "Idle".into(), kind: "SIP".into(), port: None };
        check(&trunk.object(), r#"{"trunkname":"TRUNK1","status":"Idle","type":"SIP"}"#);
    }
}
