//! The shapes of values that are text or number in JSON and more than that to us, for `#[schemars(with = "...")]`. They say
//! what the core and the extractors enforce; the run of schemathesis against the server holds them to it.

use std::borrow::Cow;
use std::marker::PhantomData;

use callvault_core::feature::FeatureKind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Declares shapes.
macro_rules! shapes {
    ($($(#[$about:meta])* $name:ident = $schema:tt;)*) => {$(
        $(#[$about])*
        pub(crate) struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

shapes! {
    /// A time as it is answered, or looked for.
    Time = { "type": "string", "format": "date-time" };
    /// A time of a call: between the years 1970 and 9999.
    CallTime = { "type": "string", "format": "date-time", "pattern": "^(19[7-9][0-9]|[2-9][0-9]{3})-" };
    /// A time when something is to end: in the future, of which a schema knows the era at least.
    End = { "type": "string", "format": "date-time", "pattern": "^(19[7-9][0-9]|[2-9][0-9]{3})-" };
    /// A number that is chosen for something new.
    NewNumber = { "type": "integer", "format": "int64", "minimum": 1, "maximum": 9_007_199_254_740_991_i64 };
    /// A limit in bytes.
    Bytes = { "type": "integer", "format": "int64", "minimum": 1, "maximum": 9_007_199_254_740_991_i64 };
    /// How many of something there may be.
    Count = { "type": "integer", "minimum": 0, "maximum": u32::MAX };
    /// Seconds that a phone rings.
    RingSeconds = { "type": "integer", "minimum": 0, "maximum": 3600 };
    /// A level of a hunt group.
    LevelNumber = { "type": "integer", "minimum": 1, "maximum": 10 };
    /// The name of a thing: 1 to 100 characters, no control characters, not blanks alone.
    Title = {
        "type": "string",
        "minLength": 1,
        "maxLength": 100,
        "pattern": r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
    };
    /// A name to log in with: as a title, without blanks; those in square brackets are of customers.
    Username = {
        "type": "string",
        "minLength": 1,
        "maxLength": 100,
        "pattern": r"^[^\s\x00-\x1f\x7f-\x9f\[][^\s\x00-\x1f\x7f-\x9f]*$",
    };
    /// A password.
    Password = { "type": "string", "format": "password", "minLength": 8, "maxLength": 256 };
    /// A one-time code.
    OneTimeCode = { "type": "string", "pattern": "^[0-9]{6}$" };
    /// The serial number of a device, or nothing.
    Serial = { "type": "string", "maxLength": 32, "pattern": r"^[\x21-\x7e]*$" };
    /// The name of a device, or nothing.
    DeviceName = { "type": "string", "maxLength": 100, "pattern": r"^[^\x00-\x1f\x7f-\x9f]*$" };
    /// What a key is for, or nothing.
    KeyName = { "type": "string", "maxLength": 100, "pattern": r"^[^\x00-\x1f\x7f-\x9f]*$" };
    /// Free text.
    Description = { "type": "string", "maxLength": 1000, "pattern": r"^[^\x00]*$" };
    /// A text of a person's profile, or nothing.
    ProfileText = { "type": "string", "maxLength": 255, "pattern": r"^[^\x00]*$" };
    /// E-mail addresses, or nothing.
    Emails = { "type": "string", "maxLength": 1000, "pattern": r"^[^\x00]*$" };
    /// A country, as two letters, or nothing.
    Country = { "type": "string", "pattern": "^([A-Za-z]{2})?$" };
    /// A public key, or nothing.
    PublicKey = { "type": "string", "maxLength": 10_000, "pattern": r"^[^\x00]*$" };
    /// A number, line or URI that a call goes to, or nothing.
    Number = { "type": "string", "maxLength": 255, "pattern": r"^[^\x00]*$" };
    /// A number, line or URI that a call goes to.
    Callee = { "type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[^\x00]*$" };
    /// What is added to a caller id.
    CallerId = { "type": "string", "maxLength": 100, "pattern": r"^[^\x00]*$" };
    /// What is there when a call leaves a hunt group.
    ExitKind = { "type": "string", "pattern": "^[a-z0-9_]{1,32}$" };
    /// How long a part of a call was.
    CallSeconds = { "type": "integer", "minimum": 0, "maximum": u32::MAX };
    /// A text of a call record, of at most 128 bytes.
    CallText = { "type": "string", "maxLength": 128, "pattern": r"^[^\x00-\x1f\x7f-\x9f]*$" };
    /// The id of a call at the phone system.
    CallId = { "type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[^\x00-\x1f\x7f-\x9f]*$" };
    /// The name of a recording (`docs/yeastar.md` G21), of at most 255 bytes.
    RecordingNameText = {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": r"^(?!.*\.\.)[^/\\\x00-\x1f\x7f-\x9f]+$",
    };
    /// An IP address.
    Address = { "type": "string", "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] };
    /// SHA-256 in hexadecimal.
    Sha256 = { "type": "string", "pattern": "^[0-9a-f]{64}$" };
    /// Seconds that a ticket lives: at most 30 days.
    TicketSeconds = { "type": "integer", "minimum": 1, "maximum": 2_592_000 };
    /// The key of a page of a list by number.
    NumberKey = { "type": "string", "pattern": "^[0-9]{1,18}$" };
    /// The key of a page of a list by time or number, and handle.
    PlaceKey = { "type": "string", "pattern": "^-?[0-9]{1,18}_" };
    /// The key of a page of sessions: a time, and a handle, which is the beginning of a hash.
    SessionKey = { "type": "string", "pattern": "^-?[0-9]{1,18}_[0-9a-fA-F]{12}$" };
    /// The key of a page of calls or log entries.
    PairKey = { "type": "string", "pattern": "^[0-9]{1,15}-[0-9]{1,18}$" };
}

/// The key of a page of features: a kind and a number.
pub(crate) struct KindKey;

impl JsonSchema for KindKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "KindKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds = FeatureKind::words().join("|");
        json_schema!({ "type": "string", "pattern": format!("^({kinds})/-?[0-9]{{1,18}}$") })
    }
}

/// Words of which one is meant.
pub(crate) trait Words {
    /// All of them.
    fn words() -> Vec<&'static str>;
}

/// One of the words of `W`, as JSON has it.
pub(crate) struct Word<W>(PhantomData<W>);

impl<W: Words> JsonSchema for Word<W> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Word_{}", W::words().join("_")).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": W::words() })
    }
}

macro_rules! words {
    ($($words:ty),* $(,)?) => {$(
        impl Words for $words {
            fn words() -> Vec<&'static str> {
                Self::ALL.iter().map(|one| one.as_str()).collect()
            }
        }
    )*};
}

words! {
    callvault_core::audio::Codec,
    callvault_core::audio::Container,
    callvault_core::call::CallKind,
    callvault_core::call::CallStatus,
    callvault_core::destination::DestinationKind,
    FeatureKind,
    callvault_core::hunt_group::settings::RingOrder,
    callvault_core::hunt_group::settings::Screening,
    callvault_core::person::DownloadErrors,
    callvault_core::person::EmptyCalls,
    callvault_core::person::profile::DateFormat,
    callvault_core::person::profile::TimeFormat,
    callvault_core::customer::RecordingsEncoding,
    callvault_core::record_group::Announcement,
    callvault_core::report::Channel,
    callvault_core::role::Privilege,
    callvault_core::role::Reach,
    callvault_core::scope::Scope,
    callvault_core::service::one_time_codes::CodesState,
}
