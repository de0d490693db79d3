//! What is in the world of the pairs, as told in their README.

use callvault_core::role::builtin_roles;
use callvault_wire::enswitch::parameters::Parameters;
use callvault_wire::enswitch::path::Function;
use callvault_wire::enswitch::raw;
use callvault_wire::enswitch::request::hunt_groups::{self, destinations, levels};
use callvault_wire::enswitch::request::people::Details;
use callvault_wire::enswitch::request::recording::groups;
use callvault_wire::enswitch::request::{Call, customers, sounds};
use callvault_wire::enswitch::response::rows::{
    CallRecord, Customer, Destination, HuntGroup, Level, Person, PersonOnPage, RecordGroup, Recording, Role,
    Sound,
};
use callvault_wire::enswitch::response::{AudioFile, Reply};
use callvault_wire::enswitch::schema::values::{DestinationKind, Inherited};

use crate::enswitch::sample;

/// Forty digits; the crate only passes them on.
pub(crate) const SHA1: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

/// The objects' fields, made by the calls that would create them.
pub(crate) struct Settings {
    hunt_group: hunt_groups::Settings,
    level: levels::Settings,
    destination: destinations::Settings,
    sound: sounds::Settings,
    record_group: groups::Settings,
    person: Details,
    customer: customers::Settings,
}

macro_rules! created {
    ($function:ident, $query:literal, $field:ident) => {
        match Call::from_parameters(&Parameters::from_query(Function::$function, $query)) {
            Ok(Call::$function(call)) => call.$field,
            other => panic!("{other:?}"),
        }
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hunt_group: created!(
                HuntgroupsCreate,
                b"name=Sales;description=Ground+floor;owner=45;btype=phone;bnumber=100",
                settings
            ),
            level: levels::Settings {
                ringtime: Inherited::FromHuntGroup,
                music_ringing: Inherited::FromHuntGroup,
                play_message: false,
            },
            destination: created!(
                HuntgroupsDestinationsCreate,
                b"huntgroup=123;level=1;dtype=phone;dnumber=100",
                settings
            ),
            sound: created!(SoundsCreate, b"name=Closed+now", settings),
            record_group: created!(RecordingGroupsCreate, b"name=Sales+calls", settings),
            person: created!(
                PeopleCreate,
                b"username=user;password=password;role=3;country=DE;forename=Ada;surname=Example",
                details
            ),
            customer: created!(CustomersCreate, b"name=Branch;timezone=Europe/Berlin", settings),
        }
    }
}

impl Settings {
    pub(crate) fn hunt_group(&self) -> HuntGroup<'_> {
        HuntGroup { id: 123, customer: 1, name: "Sales", settings: &self.hunt_group }
    }

    pub(crate) fn level(&self) -> Level<'_> {
        Level { huntgroup: 123, level: 10, settings: &self.level }
    }

    pub(crate) fn destination(&self) -> Destination<'_> {
        Destination {
            id: 123,
            huntgroup: 123,
            level: 1,
            kind: DestinationKind::Phone,
            number: "100",
            settings: &self.destination,
        }
    }

    pub(crate) fn sound(&self) -> Sound<'_> {
        Sound { id: 123, customer: 1, name: "Closed now", settings: &self.sound }
    }

    pub(crate) fn record_group(&self) -> RecordGroup<'_> {
        RecordGroup { id: 123, customer: 1, name: "Sales calls", settings: &self.record_group }
    }

    pub(crate) fn person(&self) -> Person<'_> {
        let email = "user@example.com";
        Person { id: 45, customer: 1, username: "user", email, role: 3, details: &self.person }
    }

    pub(crate) fn customer(&self) -> Customer<'_> {
        Customer { id: 123, parent: 1, name: "Branch", settings: &self.customer }
    }
}

pub(crate) fn person_on_page() -> PersonOnPage<'static> {
    PersonOnPage { id: 45, username: "user" }
}

/// An answer with the roles that are there from the start.
pub(crate) fn roles() -> Reply {
    let roles: Vec<_> =
        builtin_roles().into_iter().map(|role| (role.id.0, role.name, role.privileges.to_string())).collect();
    let rows: Vec<_> = roles
        .iter()
        .map(|(id, name, privileges)| Role { id: *id, name, description: "", privileges })
        .collect();
    Reply::rows(&rows)
}

pub(crate) fn recording() -> Recording<'static> {
    Recording {
        uniqueid: "1230000000.1",
        recordid: "1",
        recordgroup: 123,
        callid: "1230000000.0",
        start: 1_230_000_000,
        end: 1_230_000_060,
        totaltime: 60,
        talktime: 48,
        stype: "number",
        snumber: "+4930123456",
        snumber_display: "030 123456",
        ctype: "number",
        cnumber: "100",
        dtype: "phone",
        dnumber: "100",
        dnumber_display: "100",
        callerid_internal: "100",
        scustomer: 0,
        dcustomer: 1,
        status: "ANSWER",
        complete: true,
        number_shown: true,
        name: "example.wav",
        mimetype: "audio/x-wav",
        size: sample("example.wav").len().try_into().expect("a small file"),
        expires: 0,
    }
}

pub(crate) fn call_record() -> CallRecord<'static> {
    CallRecord {
        uniqueid: "1230000000.1",
        callid: "1230000000.0",
        start: 1_230_000_000,
        end: 1_230_000_060,
        totaltime: 60,
        talktime: 48,
        direction: "inbound",
        status: "ANSWER",
        stype: "number",
        snumber: "+4930123456",
        ctype: "number",
        cnumber: "100",
        dtype: "phone",
        dnumber: "100",
        scustomer: 0,
        dcustomer: 1,
    }
}

/// The file of every object.
pub(crate) fn audio_file(bytes: &[u8]) -> AudioFile<'static> {
    AudioFile {
        id: 123,
        name: "example.wav",
        mimetype: "audio/x-wav",
        size_bytes: bytes.len() as u64,
        escaped_bytes: raw::escaped_len(bytes),
    }
}
