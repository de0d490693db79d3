//! `huntgroups/files/download`, `upload` and `delete`: the message file of a hunt group's level.

use super::{Arguments, Kind, Parameter};
use crate::enswitch::error::Fault;
use crate::enswitch::parameters::{Parameters, SentAudio};

/// The table of `huntgroups/files/download`.
pub static DOWNLOAD: [Parameter; 5] = [
    HUNTGROUP,
    LEVEL,
    Parameter { name: "check", kind: Kind::Integer },
    Parameter { name: "encoding", kind: Kind::Text },
    Parameter { name: "wrap", kind: Kind::Text },
];

/// The table of `huntgroups/files/upload`.
pub static UPLOAD: [Parameter; 4] = [
    HUNTGROUP,
    LEVEL,
    Parameter { name: "data", kind: Kind::Base64 },
    Parameter { name: "sound", kind: Kind::Integer },
];

/// The table of `huntgroups/files/delete`.
pub static DELETE: [Parameter; 2] = [HUNTGROUP, LEVEL];

const HUNTGROUP: Parameter = Parameter { name: "huntgroup", kind: Kind::Integer };
const LEVEL: Parameter = Parameter { name: "level", kind: Kind::Integer };

/// How a file's bytes are written in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As they are; inside JSON, one code point for each byte.
    Raw,
    /// As base64 text.
    Base64,
}

/// What the answer to a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Only whether there is a file.
    Check,
    /// The file inside the envelope.
    Json(Encoding),
    /// The file and nothing else.
    Bare(Encoding),
}

/// A call of `huntgroups/files/download`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DownloadCall {
    /// The hunt group's id; any integer, known or not.
    pub huntgroup: i64,
    /// The level, 1 to 10.
    pub level: u8,
    /// What to answer with.
    pub wanted: Wanted,
}

impl DownloadCall {
    /// Judges the parameters of a download.
    ///
    /// # Errors
    /// At least one fault, in the order of [`DOWNLOAD`].
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, Vec<Fault>> {
        let mut arguments = Arguments::new(parameters)?;
        let target = arguments.level_of_huntgroup();
        let check = arguments.flag("check", false);
        let encoding = arguments.choice("encoding", [("raw", Encoding::Raw), ("base64", Encoding::Base64)]);
        let bare = arguments.choice("wrap", [("json", false), ("none", true)]);
        match (target, check, encoding, bare) {
            (Some((huntgroup, level)), Some(check), Some(encoding), Some(bare)) => {
                let wanted = match (bare, check) {
                    // The vendor's page says that `none` cancels a check.
                    (true, _) => Wanted::Bare(encoding),
                    (false, true) => Wanted::Check,
                    (false, false) => Wanted::Json(encoding),
                };
                Ok(Self { huntgroup, level, wanted })
            }
            _ => Err(arguments.faults),
        }
    }
}

/// Where the new message of a level comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Audio that was sent along; not yet known to be a WAV file.
    Audio(SentAudio),
    /// The sound of the library with this id.
    Sound(i64),
}

/// A call of `huntgroups/files/upload`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadCall {
    /// The hunt group's id; any integer, known or not.
    pub huntgroup: i64,
    /// The level, 1 to 10.
    pub level: u8,
    /// The new message.
    pub source: Source,
}

impl UploadCall {
    /// Judges the parameters of an upload.
    ///
    /// # Errors
    /// At least one fault, in the order of [`UPLOAD`].
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, Vec<Fault>> {
        let mut arguments = Arguments::new(parameters)?;
        let target = arguments.level_of_huntgroup();
        let source = arguments.source();
        match (target, source) {
            (Some((huntgroup, level)), Some(source)) => Ok(Self { huntgroup, level, source }),
            _ => Err(arguments.faults),
        }
    }
}

/// A call of `huntgroups/files/delete`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteCall {
    /// The hunt group's id; any integer, known or not.
    pub huntgroup: i64,
    /// The level, 1 to 10.
    pub level: u8,
}

impl DeleteCall {
    /// Judges the parameters of a delete.
    ///
    /// # Errors
    /// At least one fault, in the order of [`DELETE`].
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, Vec<Fault>> {
        let mut arguments = Arguments::new(parameters)?;
        match arguments.level_of_huntgroup() {
            Some((huntgroup, level)) => Ok(Self { huntgroup, level }),
            None => Err(arguments.faults),
        }
    }
}

impl Arguments<'_> {
    fn level_of_huntgroup(&mut self) -> Option<(i64, u8)> {
        let huntgroup = self.integer("huntgroup");
        let level = self.integer_in("level", 1..=10).and_then(|level| u8::try_from(level).ok());
        huntgroup.zip(level)
    }

    /// Exactly one of `data` and `sound` (`docs/enswitch.md` 24).
    fn source(&mut self) -> Option<Source> {
        let audio = self.parameters.audio();
        let faults_before = self.faults.len();
        let sound = self.optional_integer("sound");
        match (audio, sound) {
            (Some(Ok(audio)), Some(None | Some(0))) => Some(Source::Audio(audio)),
            (Some(Err(fault)), Some(None | Some(0))) => {
                self.faults.push(fault);
                None
            }
            (None, Some(Some(sound))) if sound != 0 => Some(Source::Sound(sound)),
            // A fault of `sound` alone is noted already.
            (None, None) => None,
            (audio, _) => {
                let message = match audio {
                    Some(_) => "Give either data or sound, not both.",
                    None => "One of data and sound is required.",
                };
                self.faults.truncate(faults_before);
                self.faults.extend(["data", "sound"].map(|key| Fault::new(key, message)));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enswitch::parameters::AudioPlace;
    use crate::enswitch::path::Function;

    fn keys(faults: Vec<Fault>) -> Vec<&'static str> {
        faults.into_iter().map(|fault| fault.key).collect()
    }

    #[test]
    fn downloads() {
        let check = |query: &str, wanted: Result<(i64, u8, Wanted), &[&str]>| {
            let parameters = Parameters::from_query(Function::HuntgroupsFilesDownload, query.as_bytes());
            let call = DownloadCall::from_parameters(&parameters);
            let seen = call.map(|call| (call.huntgroup, call.level, call.wanted)).map_err(keys);
            assert_eq!(seen, wanted.map_err(<[&str]>::to_vec), "{query}");
        };
        check("huntgroup=123;level=1", Ok((123, 1, Wanted::Json(Encoding::Raw))));
        check("huntgroup=123;level=10;encoding=base64", Ok((123, 10, Wanted::Json(Encoding::Base64))));
        check("huntgroup=123;level=1;check=1", Ok((123, 1, Wanted::Check)));
        check("huntgroup=123;level=1;check=1;wrap=none", Ok((123, 1, Wanted::Bare(Encoding::Raw))));
        check("huntgroup=1;level=1;wrap=none;encoding=base64", Ok((1, 1, Wanted::Bare(Encoding::Base64))));
        check("huntgroup=1;level=1;check=;encoding=;wrap=", Ok((1, 1, Wanted::Json(Encoding::Raw))));
        check("huntgroup=-5;level=+1", Ok((-5, 1, Wanted::Json(Encoding::Raw))));
        check("huntgroup=1;level=0", Err(&["level"]));
        check("huntgroup=1;level=11", Err(&["level"]));
        check("huntgroup=1;level=257", Err(&["level"]));
        check("huntgroup=1;level=1;check=2", Err(&["check"]));
        check("huntgroup=1;level=1;encoding=RAW", Err(&["encoding"]));
        check("huntgroup=1;level=1;wrap=xml", Err(&["wrap"]));
        check("", Err(&["huntgroup", "level"]));
        check(
            "wrap=a;encoding=b;check=c;level=d;huntgroup=e",
            Err(&["huntgroup", "level", "check", "encoding", "wrap"]),
        );
    }

    #[test]
    fn uploads() {
        let check = |query: &str, wanted: Result<Option<i64>, &[&str]>| {
            let parameters = Parameters::from_query(Function::HuntgroupsFilesUpload, query.as_bytes());
            let seen = UploadCall::from_parameters(&parameters).map(|call| match call.source {
                Source::Sound(sound) => Some(sound),
                Source::Audio(audio) => {
                    assert_eq!(audio.place, AudioPlace::Query(b"foo".to_vec()));
                    None
                }
            });
            assert_eq!(seen.map_err(keys), wanted.map_err(<[&str]>::to_vec), "{query}");
        };
        check("huntgroup=1;level=1;data=Zm9v", Ok(None));
        check("huntgroup=1;level=1;data=Zm9v;sound=0", Ok(None));
        check("huntgroup=1;level=1;data=Zm9v;sound=", Ok(None));
        check("huntgroup=1;level=1;sound=7", Ok(Some(7)));
        check("huntgroup=1;level=1;sound=7;data=", Ok(Some(7)));
        check("huntgroup=1;level=1;sound=7;data=Zm9v", Err(&["data", "sound"]));
        check("huntgroup=1;level=1;sound=7;data=*", Err(&["data", "sound"]));
        check("huntgroup=1;level=1;sound=x;data=Zm9v", Err(&["data", "sound"]));
        check("huntgroup=1;level=1", Err(&["data", "sound"]));
        check("huntgroup=1;level=1;sound=0;data=", Err(&["data", "sound"]));
        check("huntgroup=1;level=1;data=*", Err(&["data"]));
        check("huntgroup=1;level=1;sound=x", Err(&["sound"]));
        check("level=0;sound=x", Err(&["huntgroup", "level", "sound"]));
    }

    #[test]
    fn deletes() {
        let parameters = Parameters::from_query(Function::HuntgroupsFilesDelete, b"huntgroup=4&level=10");
        assert_eq!(DeleteCall::from_parameters(&parameters), Ok(DeleteCall { huntgroup: 4, level: 10 }));
        let parameters = Parameters::from_query(Function::HuntgroupsFilesDelete, b"huntgroup=&level=x");
        assert_eq!(DeleteCall::from_parameters(&parameters).map_err(keys), Err(vec!["huntgroup", "level"]));
    }
}
