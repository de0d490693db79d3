//! The answer of `voicemail/query`.

use crate::yeastar::object::Object;
use crate::yeastar::path::Version;
use crate::yeastar::request::VoicemailStatus;
use crate::yeastar::time::CivilTime;

/// An extension and the messages that were left for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoicemailBox {
    /// The extension.
    pub number: String,
    /// Its messages.
    pub messages: Vec<Voicemail>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voicemail {
    /// Its name, such as `msg0000.wav`.
    pub file: String,
    /// The number that left it.
    pub from: String,
    /// Whether it was listened to.
    pub status: VoicemailStatus,
    /// When it was left, on the customer's wall clock.
    pub left_at: CivilTime,
    /// How long it is, in seconds.
    pub length_seconds: u32,
}

/// Without any message there is `status` alone, as on the device.
pub(super) fn query<'a>(success: Object<'a>, version: Version, boxes: &'a [VoicemailBox]) -> Object<'a> {
    let filled = || boxes.iter().filter(|one| !one.messages.is_empty());
    if filled().next().is_none() {
        return success;
    }
    let number = if version.says_number() { "number" } else { "extid" };
    success.many(
        "voicemails",
        filled().map(|one| {
            Object::default()
                .text(number, &one.number)
                .many("voicemail", one.messages.iter().map(Voicemail::object))
        }),
    )
}

impl Voicemail {
    fn object(&self) -> Object<'_> {
        Object::default()
            .text("voicemailfile", &self.file)
            .text("messagefrom", &self.from)
            .text("voicemailstatus", self.status.as_str())
            .text("voicemaildate", self.left_at.to_string())
            .text("voicemaillength", self.length_seconds.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are those of the vendor's page on `voicemail/query`.
    #[test]
    fn messages_by_extension() {
        let message = Voicemail {
            file: "msg0000.wav".into(),
            from: "2000".into(),
            status: VoicemailStatus::Read,
            left_at: CivilTime::parse("2018-05-04 18:00:00").expect("a time"),
            length_seconds: 42,
        };
        let boxes = [
            VoicemailBox { number: "1000".into(), messages: vec![message] },
            VoicemailBox { number: "1001".into(), messages: Vec::new() },
        ];
        for (version, number) in [(Version::V1_1_0, "extid"), (Version::V2_0_0, "number")] {
            let text = String::from_utf8(query(Object::default(), version, &boxes).to_bytes());
            let expected = format!(
                r#"{{"voicemails":[{{"{number}":"1000","voicemail":[{{"voicemailfile":"msg0000.wav","messagefrom":"2000","voicemailstatus":"read","voicemaildate":"2018-05-04 18:00:00","voicemaillength":"42"}}]}}]}}"#
            );
            assert_eq!(text, Ok(expected));
        }
        let text = String::from_utf8(query(Object::default(), Version::V2_0_0, &boxes[1..]).to_bytes());
        assert_eq!(text.as_deref(), Ok("{}"));
    }
}
