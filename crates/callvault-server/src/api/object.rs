//! The objects of our own API as JSON (`docs/api.md`, Objects). Core types are not serialised; this is their edge.

use std::net::IpAddr;

use callvault_core::audio::{Codec, Container, StoredAudio};
use callvault_core::call::{CallKind, CallRecord, CallStatus};
use callvault_core::customer::{Customer, RecordingsEncoding};
use callvault_core::hunt_group::{HuntGroup, Message};
use callvault_core::kept::Place;
use callvault_core::listen::{Door, Head, LogRow};
use callvault_core::login_token::LoginToken;
use callvault_core::person::profile::{DateFormat, Profile, Profiled, TimeFormat};
use callvault_core::person::{DownloadErrors, EmptyCalls};
use callvault_core::recording::Recording;
use callvault_core::report::{Channel, TargetState};
use callvault_core::role::{Privilege, Reach, Role};
use callvault_core::service::lockouts::Lockout;
use callvault_core::session::Session;
use callvault_core::sound::Sound;
use callvault_core::ticket::{Ticket, TicketSubject};
use callvault_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::destinations::SettingsObject;
use super::schema::{Address, LevelNumber, Sha256, Time, Word};
use crate::work::reports::shown;

/// A customer, to whom everything else belongs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Customer")]
pub(super) struct CustomerObject {
    id: i64,
    /// The customer above it.
    parent: Option<i64>,
    name: String,
    description: String,
    /// Of the IANA database.
    timezone: String,
    /// The `sn` of the Yeastar dialect.
    serial: String,
    device_name: String,
    /// Whether hunt groups and messages may be added.
    huntgroups_allowed: bool,
    /// The most bytes of a message or sound; null is no limit of its own.
    largest_message_bytes: Option<u64>,
    /// The most bytes of all messages and sounds; null is no limit.
    total_message_bytes: Option<u64>,
    /// The most destinations of a hunt group; null is no limit.
    huntgroup_destinations: Option<u32>,
    sounds_allowed: bool,
    /// The most people; null is no limit.
    most_people: Option<u32>,
    /// The most customers directly below it; null is no limit.
    most_customers: Option<u32>,
    /// Whether record groups may be added and changed.
    recordgroups_allowed: bool,
    /// How the Enswitch dialect sends recordings when a call does not say.
    #[schemars(with = "Word<RecordingsEncoding>")]
    recordings_encoding: &'static str,
    disabled: bool,
    #[schemars(with = "Time")]
    created_at: String,
}

impl From<Customer> for CustomerObject {
    fn from(customer: Customer) -> Self {
        Self {
            id: customer.id.0,
            parent: customer.parent.map(|parent| parent.0),
            name: customer.name,
            description: customer.description,
            timezone: customer.timezone,
            serial: customer.serial,
            device_name: customer.device_name,
            huntgroups_allowed: customer.plan.hunt_groups_allowed,
            largest_message_bytes: customer.plan.largest_message_bytes,
            total_message_bytes: customer.plan.total_message_bytes,
            huntgroup_destinations: customer.plan.hunt_group_destinations,
            sounds_allowed: customer.plan.sounds_allowed,
            most_people: customer.plan.people,
            most_customers: customer.plan.customers,
            recordgroups_allowed: customer.plan.record_groups_allowed,
            recordings_encoding: customer.recordings_encoding.as_str(),
            disabled: customer.disabled,
            created_at: customer.created_at.to_string(),
        }
    }
}

/// Somebody who may log in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Person")]
pub(super) struct PersonObject {
    id: i64,
    customer: i64,
    username: String,
    role: String,
    /// Addresses and networks from which a login is taken; empty is everywhere.
    source: String,
    /// What a Yeastar download answers when it fails.
    #[schemars(with = "Word<DownloadErrors>")]
    download_errors: &'static str,
    /// What a Yeastar download answers for call records of which there are none.
    #[schemars(with = "Word<EmptyCalls>")]
    empty_calls: &'static str,
    #[serde(flatten)]
    profile: ProfileObject,
    disabled: bool,
    #[schemars(with = "Time")]
    created_at: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ProfileObject {
    email: String,
    title: String,
    forename: String,
    surname: String,
    company: String,
    description: String,
    country: String,
    language: String,
    timezone: String,
    #[schemars(with = "Word<DateFormat>")]
    date_format: &'static str,
    #[schemars(with = "Word<TimeFormat>")]
    time_format: &'static str,
    telephone: String,
    mobile: String,
    fax: String,
    extension: String,
    public_key: String,
}

impl From<Profile> for ProfileObject {
    fn from(profile: Profile) -> Self {
        Self {
            email: profile.email,
            title: profile.title,
            forename: profile.forename,
            surname: profile.surname,
            company: profile.company,
            description: profile.description,
            country: profile.country,
            language: profile.language,
            timezone: profile.timezone,
            date_format: profile.date_format.as_str(),
            time_format: profile.time_format.as_str(),
            telephone: profile.telephone,
            mobile: profile.mobile,
            fax: profile.fax,
            extension: profile.extension,
            public_key: profile.public_key,
        }
    }
}

impl PersonObject {
    /// The role is shown by its name.
    pub(super) fn new(person: Profiled, roles: &[Role]) -> Self {
        let Profiled { person, profile } = person;
        let role = roles.iter().find(|role| role.id == person.role).map(|role| role.name.clone());
        Self {
            id: person.id.0,
            customer: person.customer.0,
            username: person.username,
            role: role.unwrap_or_default(),
            source: person.source.to_string(),
            download_errors: person.download_errors.as_str(),
            empty_calls: person.empty_calls.as_str(),
            profile: profile.into(),
            disabled: person.disabled,
            created_at: person.created_at.to_string(),
        }
    }
}

/// A named set of privileges.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Role")]
pub(super) struct RoleObject {
    id: i64,
    name: String,
    #[schemars(with = "Word<Reach>")]
    reach: &'static str,
    #[schemars(with = "Vec<Word<Privilege>>")]
    privileges: Vec<&'static str>,
    /// It is there from the start and cannot be changed.
    builtin: bool,
}

impl From<Role> for RoleObject {
    fn from(role: Role) -> Self {
        Self {
            id: role.id.0,
            reach: role.reach.as_str(),
            privileges: role.privileges.iter().map(Privilege::as_str).collect(),
            builtin: role.builtin,
            name: role.name,
        }
    }
}

/// A hunt group with its settings.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HuntGroup")]
pub(super) struct HuntGroupObject {
    id: i64,
    customer: i64,
    name: String,
    owner: Option<i64>,
    #[serde(flatten)]
    settings: SettingsObject,
    #[schemars(with = "Time")]
    created_at: String,
    /// The messages that the levels play now, where one hunt group is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<MessageObject>")]
    messages: Option<Vec<MessageObject>>,
}

impl From<HuntGroup> for HuntGroupObject {
    fn from(hunt_group: HuntGroup) -> Self {
        Self {
            id: hunt_group.id.0,
            customer: hunt_group.customer.0,
            name: hunt_group.name,
            owner: hunt_group.owner.map(|owner| owner.0),
            settings: hunt_group.settings.into(),
            created_at: hunt_group.created_at.to_string(),
            messages: None,
        }
    }
}

impl HuntGroupObject {
    /// With the messages that its levels play now.
    pub(super) fn with_messages(self, messages: Vec<Message>) -> Self {
        let current = messages.into_iter().filter(|message| message.current).map(Into::into);
        Self { messages: Some(current.collect()), ..self }
    }
}

/// A version of the message that a level of a hunt group plays.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Message")]
pub(super) struct MessageObject {
    huntgroup: i64,
    #[schemars(with = "LevelNumber")]
    level: u8,
    version: i64,
    name: String,
    current: bool,
    put_by: Option<i64>,
    #[schemars(with = "Time")]
    created_at: String,
    audio: AudioObject,
}

impl From<Message> for MessageObject {
    fn from(message: Message) -> Self {
        Self {
            huntgroup: message.hunt_group.0,
            level: message.level.number(),
            version: message.version,
            name: message.name,
            current: message.current,
            put_by: message.put_by.map(|person| person.0),
            created_at: message.created_at.to_string(),
            audio: (&message.audio).into(),
        }
    }
}

/// A sound of the library, which messages can be taken from.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Sound")]
pub(super) struct SoundObject {
    id: i64,
    customer: i64,
    name: String,
    description: String,
    shared: bool,
    #[schemars(with = "Time")]
    created_at: String,
    file_name: Option<String>,
    audio: Option<AudioObject>,
}

impl From<Sound> for SoundObject {
    fn from(sound: Sound) -> Self {
        Self {
            file_name: sound.audio.as_ref().map(|_| sound.served_name()),
            id: sound.id.0,
            customer: sound.customer.0,
            name: sound.name,
            description: sound.description,
            shared: sound.shared,
            created_at: sound.created_at.to_string(),
            audio: sound.audio.as_ref().map(Into::into),
        }
    }
}

/// The audio of one leg of a call.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Recording")]
pub(super) struct RecordingObject {
    /// As text: it has 63 bits.
    id: String,
    customer: i64,
    name: String,
    #[schemars(with = "Time")]
    stored_at: String,
    places: Vec<PlaceObject>,
    audio: AudioObject,
}

/// Where a recording is kept.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Place")]
struct PlaceObject {
    /// Null is none.
    record_group: Option<i64>,
    /// When it goes from here; null is never.
    #[schemars(with = "Option<Time>")]
    expires_at: Option<String>,
}

impl RecordingObject {
    /// A recording with the places where it is kept.
    pub(super) fn new(recording: Recording, places: Vec<Place>) -> Self {
        let places = places.into_iter().map(|place| PlaceObject {
            record_group: place.record_group.map(|group| group.0),
            expires_at: place.expires_at.map(|end| end.to_string()),
        });
        Self {
            places: places.collect(),
            id: recording.id.to_string(),
            customer: recording.customer.0,
            name: recording.name.to_string(),
            stored_at: recording.stored_at.to_string(),
            audio: (&recording.audio).into(),
        }
    }
}

/// What is known of stored audio.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Audio")]
pub(super) struct AudioObject {
    size_bytes: u64,
    #[schemars(with = "Sha256")]
    sha256: String,
    #[schemars(with = "Word<Container>")]
    container: &'static str,
    #[schemars(with = "Word<Codec>")]
    codec: &'static str,
    rate_hz: u32,
    channels: u16,
    duration_ms: u64,
    marks: Vec<&'static str>,
}

impl From<&StoredAudio> for AudioObject {
    fn from(audio: &StoredAudio) -> Self {
        Self {
            size_bytes: audio.size_bytes,
            sha256: audio.sha256.to_string(),
            container: audio.facts.container.as_str(),
            codec: audio.facts.codec.as_str(),
            rate_hz: audio.facts.rate_hz,
            channels: audio.facts.channels,
            duration_ms: audio.facts.duration_ms,
            marks: audio.facts.marks.words(),
        }
    }
}

/// The right to fetch something once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Ticket")]
pub(super) struct TicketObject {
    id: String,
    customer: i64,
    /// The name of the recording; null where it is for call records.
    recording: Option<String>,
    /// Times and numbers of the call records; null where it is for a recording.
    calls: Option<String>,
    /// The session that it goes with.
    session: Option<String>,
    /// The person who made it.
    made_by: Option<i64>,
    /// Addresses that may use it; empty is all.
    #[schemars(with = "Vec<Address>")]
    allowed: Vec<IpAddr>,
    #[schemars(with = "Time")]
    created_at: String,
    #[schemars(with = "Time")]
    expires_at: String,
}

impl From<Ticket<TicketSubject>> for TicketObject {
    fn from(ticket: Ticket<TicketSubject>) -> Self {
        let (recording, calls) = match ticket.subject {
            TicketSubject::Recording(name) => (Some(name.to_string()), None),
            TicketSubject::Calls(selection) => (None, Some(selection.to_string())),
        };
        Self {
            id: ticket.random.handle(),
            customer: ticket.customer.0,
            recording,
            calls,
            session: ticket.session.map(|session| session.handle()),
            made_by: ticket.made_by.map(|person| person.0),
            allowed: ticket.allowed,
            created_at: ticket.created_at.to_string(),
            expires_at: ticket.expires_at.to_string(),
        }
    }
}

/// A ticket at the one moment when its random is told.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewTicket")]
pub(super) struct NewTicketObject {
    #[serde(flatten)]
    pub(super) ticket: TicketObject,
    /// The right itself; it is told here alone.
    pub(super) random: String,
    /// Where to fetch it.
    pub(super) path: String,
}

/// A login of a dialect that lives now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub(super) struct SessionObject {
    id: String,
    /// `yeastar` or `enswitch`.
    door: &'static str,
    customer: i64,
    person: i64,
    /// Who switched to the person.
    switched_by: Option<i64>,
    #[schemars(with = "Address")]
    peer: IpAddr,
    #[schemars(with = "Option<Address>")]
    application_server: Option<IpAddr>,
    #[schemars(with = "Time")]
    created_at: String,
    /// Null never ends.
    #[schemars(with = "Option<Time>")]
    expires_at: Option<String>,
    #[serde(skip)]
    #[schemars(skip)]
    began: Timestamp,
}

impl SessionObject {
    /// Its place among all of them, newest first.
    pub(super) fn place(&self) -> (i64, String) {
        (-self.began.unix_ms(), self.id.clone())
    }
}

impl From<LoginToken> for SessionObject {
    fn from(token: LoginToken) -> Self {
        Self {
            id: token.token.handle(),
            door: Door::Enswitch.as_str(),
            customer: token.customer.0,
            person: token.person.0,
            switched_by: token.switched_by.map(|person| person.0),
            peer: token.peer,
            application_server: None,
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.map(|end| end.to_string()),
            began: token.created_at,
        }
    }
}

impl From<Session> for SessionObject {
    fn from(session: Session) -> Self {
        Self {
            id: session.token.handle(),
            door: Door::Yeastar.as_str(),
            customer: session.customer.0,
            person: session.person.0,
            switched_by: None,
            peer: session.peer,
            application_server: session.application_server,
            created_at: session.created_at.to_string(),
            expires_at: Some(session.expires_at.to_string()),
            began: session.created_at,
        }
    }
}

/// A lock after failed logins.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Lockout")]
pub(super) struct LockoutObject {
    door: &'static str,
    #[schemars(with = "Address")]
    address: IpAddr,
    username: Option<String>,
    remaining_seconds: u64,
}

impl From<Lockout> for LockoutObject {
    fn from(lockout: Lockout) -> Self {
        Self {
            door: lockout.door.as_str(),
            address: lockout.address,
            username: lockout.username,
            remaining_seconds: lockout.remaining.as_secs().max(1),
        }
    }
}

/// An entry of the listen log: who played, fetched, shared or deleted what.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Log")]
pub(super) struct LogObject {
    customer: i64,
    epoch: i64,
    sequence: i64,
    #[schemars(with = "Time")]
    at: String,
    person: Option<i64>,
    door: String,
    peer: String,
    action: String,
    kind: String,
    name: String,
    #[schemars(with = "Option<Sha256>")]
    sha256: Option<String>,
    first_byte: Option<i64>,
    last_byte: Option<i64>,
    ticket: Option<String>,
    #[schemars(with = "Sha256")]
    hash: String,
}

impl From<LogRow> for LogObject {
    fn from(row: LogRow) -> Self {
        let byte = |place: i64| (place >= 0).then_some(place);
        Self {
            customer: row.customer.0,
            epoch: row.epoch,
            sequence: row.sequence,
            at: row.at.to_string(),
            person: row.person.map(|person| person.0),
            door: row.door,
            peer: row.peer,
            action: row.action,
            kind: row.kind,
            name: row.name,
            sha256: Some(hex::encode(row.sha256)).filter(|hash| !hash.is_empty()),
            first_byte: byte(row.first_byte),
            last_byte: byte(row.last_byte),
            ticket: Some(row.ticket).filter(|ticket| !ticket.is_empty()),
            hash: hex::encode(row.hash),
        }
    }
}

/// A leg of a call as the phone system accounted for it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Call")]
pub(super) struct CallObject {
    /// As text: it has 63 bits.
    id: String,
    customer: i64,
    call_id: String,
    #[schemars(with = "Time")]
    started_at: String,
    from: String,
    to: String,
    call_seconds: u32,
    talk_seconds: u32,
    #[schemars(with = "Word<CallStatus>")]
    status: &'static str,
    #[schemars(with = "Word<CallKind>")]
    kind: &'static str,
    recording: Option<String>,
    source_trunk: String,
    destination_trunk: String,
    pin_code: String,
    did_number: String,
    agent_ring_seconds: u32,
    from_name: String,
    to_name: String,
    #[schemars(with = "Time")]
    received_at: String,
}

impl From<CallRecord> for CallObject {
    fn from(record: CallRecord) -> Self {
        Self {
            id: record.id.to_string(),
            customer: record.customer.0,
            call_id: record.call_id,
            started_at: record.started_at.to_string(),
            from: record.from,
            to: record.to,
            call_seconds: record.call_seconds,
            talk_seconds: record.talk_seconds,
            status: record.status.as_str(),
            kind: record.kind.as_str(),
            recording: record.recording.map(|name| name.to_string()),
            source_trunk: record.source_trunk,
            destination_trunk: record.destination_trunk,
            pin_code: record.pin_code,
            did_number: record.did_number,
            agent_ring_seconds: record.agent_ring_seconds,
            from_name: record.names.from,
            to_name: record.names.to,
            received_at: record.received_at.to_string(),
        }
    }
}

/// The last entry of the listen log of a customer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Head")]
pub(super) struct HeadObject {
    customer: i64,
    epoch: i64,
    entries: i64,
    hash: String,
}

impl From<Head> for HeadObject {
    fn from(head: Head) -> Self {
        Self {
            customer: head.customer.0,
            epoch: head.epoch,
            entries: head.sequence,
            hash: hex::encode(head.hash),
        }
    }
}

/// Where an application server wants to be told of calls.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Target")]
pub(super) struct TargetObject {
    id: i64,
    customer: i64,
    person: i64,
    #[schemars(with = "Word<Channel>")]
    channel: &'static str,
    /// Without path and query, which may carry a key.
    address: String,
    format: String,
    waiting: u64,
    #[schemars(with = "Option<Time>")]
    waiting_since: Option<String>,
    parked: u64,
    delivered: u64,
    #[schemars(with = "Option<Time>")]
    delivered_at: Option<String>,
    #[schemars(with = "Option<Time>")]
    failed_at: Option<String>,
    failure: Option<String>,
    #[schemars(with = "Time")]
    kept_until: String,
}

impl From<TargetState> for TargetObject {
    fn from(state: TargetState) -> Self {
        let TargetState { target, waiting, waiting_since, parked } = state;
        let (failed_at, failure) =
            target.failure.as_ref().map(|failure| (failure.at.to_string(), failure.reason.clone())).unzip();
        Self {
            id: target.id.0,
            customer: target.customer.0,
            person: target.person.0,
            channel: target.wanted.channel.as_str(),
            address: shown(&target),
            format: target.wanted.format.clone(),
            waiting,
            waiting_since: waiting_since.map(|at| at.to_string()),
            parked,
            delivered: target.delivered,
            delivered_at: target.delivered_at.map(|at| at.to_string()),
            failed_at,
            failure,
            kept_until: target.kept_until.to_string(),
        }
    }
}
