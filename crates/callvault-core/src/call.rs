//! Call records: one for each answered or finally failed leg of a call, joined with recordings by name.

use crate::error::{Error, Result};
use crate::id::{CallRecordId, CustomerId};
use crate::recording::RecordingName;
use crate::time::Timestamp;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallStatus {
    /// Somebody answered.
    Answered,
    /// Nobody did.
    NoAnswer,
    /// The called party was busy.
    Busy,
    /// It could not be set up.
    Failed,
    /// Voicemail took it.
    Voicemail,
}

impl CallStatus {
    /// Every one there is.
    pub const ALL: &[Self] = &[Self::Answered, Self::NoAnswer, Self::Busy, Self::Failed, Self::Voicemail];

    /// The word of reports and CDR files, which is the catalog's too (`docs/yeastar.md` G28).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "ANSWERED",
            Self::NoAnswer => "NO ANSWER",
            Self::Busy => "BUSY",
            Self::Failed => "FAILED",
            Self::Voicemail => "VOICEMAIL",
        }
    }

    /// The inverse of [`CallStatus::as_str`], without regard to case; `NO ANSWERED` of the English guide is taken too.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_uppercase();
        if word == "NO ANSWERED" {
            return Some(Self::NoAnswer);
        }
        Self::ALL.iter().copied().find(|one| one.as_str() == word)
    }
}

/// Which way a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// Between extensions.
    Internal,
    /// From outside.
    Inbound,
    /// To outside.
    Outbound,
    /// A call back.
    Callback,
    /// A transferred call.
    Transfer,
}

impl CallKind {
    /// Every one there is.
    pub const ALL: &[Self] = &[Self::Internal, Self::Inbound, Self::Outbound, Self::Callback, Self::Transfer];

    /// The word of reports and CDR files, which is the catalog's too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "Internal",
            Self::Inbound => "Inbound",
            Self::Outbound => "Outbound",
            Self::Callback => "Callback",
            Self::Transfer => "Transfer",
        }
    }

    /// The inverse of [`CallKind::as_str`], without regard to case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

/// The names that a phone system shows for the parties of a call. What it shows none for is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartyNames {
    /// The caller's.
    pub from: String,
    /// The callee's.
    pub to: String,
}

/// One leg of a call as the phone system accounted for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// Its id, in order of arrival.
    pub id: CallRecordId,
    /// Where it belongs.
    pub customer: CustomerId,
    /// The leg's own id at the phone system, `epoch.counter`; with start and callee it is unique in the customer.
    pub call_id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Who called.
    pub from: String,
    /// Who was called.
    pub to: String,
    /// Seconds from beginning to end.
    pub call_seconds: u32,
    /// Seconds after the answer.
    pub talk_seconds: u32,
    /// The trunk it came in on, or nothing.
    pub source_trunk: String,
    /// The trunk it went out on, or nothing.
    pub destination_trunk: String,
    /// The PIN that was dialled, or nothing.
    pub pin_code: String,
    /// How it ended.
    pub status: CallStatus,
    /// Which way it went.
    pub kind: CallKind,
    /// The recording that was made of it; it may not be stored (yet).
    pub recording: Option<RecordingName>,
    /// The number that was dialled from outside, or nothing.
    pub did_number: String,
    /// Seconds in a queue before an agent answered.
    pub agent_ring_seconds: u32,
    /// The names of caller and callee, where they are known.
    pub names: PartyNames,
    /// When Callvault learned of it.
    pub received_at: Timestamp,
}

impl CallRecord {
    /// The number that was dialled: that from outside where there is one, else that of who was called.
    pub fn called(&self) -> &str {
        if self.did_number.is_empty() { &self.to } else { &self.did_number }
    }
}

/// A call record to add, as a phone system told it. Fields are those of [`CallRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCall {
    /// 1 to 128 bytes.
    pub call_id: String,
    /// From 1970 to 9999.
    pub started_at: Timestamp,
    /// At most 128 bytes, like every other text.
    pub from: String,
    /// See [`NewCall::from`].
    pub to: String,
    /// See [`CallRecord::call_seconds`].
    pub call_seconds: u32,
    /// Not more than `call_seconds`.
    pub talk_seconds: u32,
    /// See [`CallRecord::source_trunk`].
    pub source_trunk: String,
    /// See [`CallRecord::destination_trunk`].
    pub destination_trunk: String,
    /// See [`CallRecord::pin_code`].
    pub pin_code: String,
    /// See [`CallRecord::status`].
    pub status: CallStatus,
    /// See [`CallRecord::kind`].
    pub kind: CallKind,
    /// See [`CallRecord::recording`].
    pub recording: Option<RecordingName>,
    /// See [`CallRecord::did_number`].
    pub did_number: String,
    /// See [`CallRecord::agent_ring_seconds`].
    pub agent_ring_seconds: u32,
    /// See [`CallRecord::names`].
    pub names: PartyNames,
}

impl NewCall {
    /// The longest text of a call, in bytes.
    pub const LONGEST_TEXT: usize = 128;
    /// The first millisecond of the year 10000, which no vendor's time can show.
    const END_OF_TIME_MS: i64 = 253_402_300_800_000;

    /// Trims the texts and holds every field against its bounds.
    ///
    /// # Errors
    /// [`Error::Invalid`], naming the first field that is not acceptable.
    pub fn checked(mut self) -> Result<Self> {
        let texts = [
            ("call_id", &mut self.call_id),
            ("from", &mut self.from),
            ("to", &mut self.to),
            ("source_trunk", &mut self.source_trunk),
            ("destination_trunk", &mut self.destination_trunk),
            ("pin_code", &mut self.pin_code),
            ("did_number", &mut self.did_number),
            ("from_name", &mut self.names.from),
            ("to_name", &mut self.names.to),
        ];
        for (field, text) in texts {
            if text.trim().len() != text.len() {
                *text = text.trim().to_owned();
            }
            if text.len() > Self::LONGEST_TEXT {
                return Err(Error::invalid(field, "must have at most 128 bytes"));
            }
            if text.contains(char::is_control) {
                return Err(Error::invalid(field, "must not hold control characters"));
            }
        }
        if self.call_id.is_empty() {
            return Err(Error::invalid("call_id", "must not be empty"));
        }
        if !(0..Self::END_OF_TIME_MS).contains(&self.started_at.unix_ms()) {
            return Err(Error::invalid("started_at", "must lie between the years 1970 and 9999"));
        }
        if self.talk_seconds > self.call_seconds {
            return Err(Error::invalid("talk_seconds", "must not be more than call_seconds"));
        }
        Ok(self)
    }

    /// The record that it becomes.
    pub(crate) fn into_record(
        self,
        id: CallRecordId,
        customer: CustomerId,
        received_at: Timestamp,
    ) -> CallRecord {
        CallRecord {
            id,
            customer,
            call_id: self.call_id,
            started_at: self.started_at,
            from: self.from,
            to: self.to,
            call_seconds: self.call_seconds,
            talk_seconds: self.talk_seconds,
            source_trunk: self.source_trunk,
            destination_trunk: self.destination_trunk,
            pin_code: self.pin_code,
            status: self.status,
            kind: self.kind,
            recording: self.recording,
            did_number: self.did_number,
            agent_ring_seconds: self.agent_ring_seconds,
            names: self.names,
            received_at,
        }
    }
}

/// Which call records are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallFilter {
    /// Begun at this time or later.
    pub since: Option<Timestamp>,
    /// Begun at this time or earlier.
    pub until: Option<Timestamp>,
    /// With one of these numbers as caller or callee; any otherwise.
    pub numbers: Vec<String>,
    /// With this recording.
    pub recording: Option<RecordingName>,
}

/// The place of a call record in the order of beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallPlace {
    /// When it began.
    pub started_at: Timestamp,
    /// Its id.
    pub id: CallRecordId,
}

/// What a customer's calls name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallParties {
    /// Extensions: both parties of internal calls, callees of inbound ones, callers of outbound ones.
    pub extensions: Vec<String>,
    /// Trunks that calls came in or went out on.
    pub trunks: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> NewCall {
        NewCall {
            call_id: "1589299528.4".to_owned(),
            started_at: Timestamp::from_unix_ms(1_589_299_528_000),
            from: " 900000001 ".to_owned(),
            to: "110".to_owned(),
            call_seconds: 42,
            talk_seconds: 34,
            source_trunk: "TRUNK1".to_owned(),
            destination_trunk: String::new(),
            pin_code: String::new(),
            status: CallStatus::Answered,
            kind: CallKind::Inbound,
            recording: None,
            did_number: String::new(),
            agent_ring_seconds: 0,
            names: PartyNames::default(),
        }
    }

    #[test]
    fn every_field_has_bounds() {
        assert_eq!(call().checked().unwrap().from, "900000001");
        let check = |change: fn(&mut NewCall), expected: Option<&str>| {
            let mut new = call();
            change(&mut new);
            match (new.checked(), expected) {
                (Ok(_), None) => {}
                (Err(Error::Invalid { field, .. }), Some(expected)) => assert_eq!(field, expected),
                (other, expected) => panic!("expected {expected:?}: {other:?}"),
            }
        };
        check(|call| call.call_id = "  ".to_owned(), Some("call_id"));
        check(|call| call.call_id = "x".repeat(129), Some("call_id"));
        check(|call| call.call_id = "x".repeat(128), None);
        check(|call| call.from = String::new(), None);
        check(|call| call.from = "a\nb".to_owned(), Some("from"));
        check(|call| call.to = "ü".repeat(65), Some("to"));
        check(|call| call.pin_code = "a\0".to_owned(), Some("pin_code"));
        check(|call| call.did_number = "1".repeat(200), Some("did_number"));
        check(|call| call.source_trunk = "1".repeat(200), Some("source_trunk"));
        check(|call| call.destination_trunk = "1".repeat(200), Some("destination_trunk"));
        check(|call| call.names.from = "a\tb".to_owned(), Some("from_name"));
        check(|call| call.names.to = "1".repeat(129), Some("to_name"));
        check(|call| call.started_at = Timestamp::from_unix_ms(-1), Some("started_at"));
        // `date -u -d 9999-12-31T23:59:59 +%s` says 253402300799.
        check(|call| call.started_at = Timestamp::from_unix_ms(253_402_300_799_999), None);
        check(|call| call.started_at = Timestamp::from_unix_ms(253_402_300_800_000), Some("started_at"));
        check(|call| call.talk_seconds = 43, Some("talk_seconds"));
        check(|call| call.talk_seconds = 42, None);
    }

    #[test]
    fn words_round_trip() {
        for word in ["ANSWERED", "NO ANSWER", "BUSY", "FAILED", "VOICEMAIL"] {
            assert_eq!(CallStatus::parse(word).unwrap().as_str(), word);
        }
        assert_eq!(CallStatus::parse("no answered"), Some(CallStatus::NoAnswer));
        assert_eq!(CallStatus::parse("MAYBE"), None);
        for word in ["Internal", "Inbound", "Outbound", "Callback", "Transfer"] {
            assert_eq!(CallKind::parse(&word.to_uppercase()).unwrap().as_str(), word);
        }
    }
}
