//! What an upload takes: a file, or where the family has that, the id of a sound to copy (`docs/enswitch.md`
//! 24).

use crate::enswitch::parameters::SentAudio;
use crate::enswitch::request::{Arguments, Kind, Parameter};
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::Reference;
use crate::enswitch::schema::{Input, Presence, Rows, Value};

const BASE64: &str = "base64 of at least one byte";

const fn data(presence: Presence) -> Rows {
    Rows::One(Parameter { name: "data", kind: Kind::Base64, allowed: BASE64, presence })
}

fn write_data(audio: &SentAudio, members: &mut Members) {
    members.number("data", i64::try_from(audio.bytes).unwrap_or(i64::MAX));
}

/// Where the new content comes from. Shown as the number of its bytes, or the id of the sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Audio that was sent along; not yet known to be a WAV file.
    Audio(SentAudio),
    /// The sound of the library with this id.
    Sound(i64),
}

impl Input for Source {
    const ROWS: &'static [Rows] = &[
        data(Presence::Unless("sound")),
        Rows::One(Parameter {
            name: "sound",
            kind: Kind::Integer,
            allowed: Reference::ALLOWED,
            presence: Presence::Unless("data"),
        }),
    ];

    /// Exactly one of `data` and `sound`.
    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let audio = arguments.parameters().audio();
        let before = arguments.mark();
        let sound = arguments.or_default::<Reference>("sound", "0");
        match (audio, sound) {
            (Some(Ok(audio)), Some(Reference(None))) => Some(Self::Audio(audio)),
            (Some(Err(fault)), Some(Reference(None))) => {
                arguments.fault(fault);
                None
            }
            (None, Some(Reference(Some(sound)))) => Some(Self::Sound(sound)),
            // A fault of `sound` alone is noted already.
            (None, None) => None,
            (audio, _) => {
                let message = match audio {
                    Some(_) => "Give either data or sound, not both.",
                    None => "One of data and sound is required.",
                };
                arguments.take_back(before);
                arguments.fault_of_all(["data", "sound"], message);
                None
            }
        }
    }

    fn write(&self, members: &mut Members) {
        match self {
            Self::Audio(audio) => write_data(audio, members),
            Self::Sound(sound) => members.number("sound", *sound),
        }
    }
}

/// A file that must be sent along. Shown as the number of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data(pub SentAudio);

impl Input for Data {
    const ROWS: &'static [Rows] = &[data(Presence::Required)];

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        match arguments.parameters().audio() {
            Some(Ok(audio)) => Some(Self(audio)),
            Some(Err(fault)) => {
                arguments.fault(fault);
                None
            }
            None => {
                arguments.fault_of_all(
                    ["data"],
                    "This parameter is required, and must be base64 of at least one byte.",
                );
                None
            }
        }
    }

    fn write(&self, members: &mut Members) {
        write_data(&self.0, members);
    }
}
