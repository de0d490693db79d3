//! `huntgroups/files/download`, `upload` and `delete`: the message file of a hunt group's level.
//!
//! The mechanism is that of [`super::files`]; the calls are flattened, because they are what is served.

use super::Arguments;
use super::files::{self, Place};
use crate::enswitch::error::Fault;
use crate::enswitch::parameters::Parameters;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::{Input, Nothing, Rows};

pub use super::files::{Encoding, Source, Wanted};

type Download = files::Download<Place>;
type Upload = files::Upload<Place>;
type Delete = files::Delete<Place>;

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
    /// At least one fault, in the order of the function's table.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, Vec<Fault>> {
        Arguments::read(parameters)
    }
}

impl Input for DownloadCall {
    const ROWS: &'static [Rows] = Download::ROWS;

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let Download { file, wanted, .. } = Input::read(arguments)?;
        Some(Self { huntgroup: file.huntgroup, level: file.level, wanted })
    }

    fn write(&self, members: &mut Members) {
        let file = Place { huntgroup: self.huntgroup, level: self.level };
        Download { file, owner: Nothing, wanted: self.wanted }.write(members);
    }
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
    /// At least one fault, in the order of the function's table.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, Vec<Fault>> {
        Arguments::read(parameters)
    }
}

impl Input for UploadCall {
    const ROWS: &'static [Rows] = Upload::ROWS;

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let Upload { file, source, .. } = Input::read(arguments)?;
        Some(Self { huntgroup: file.huntgroup, level: file.level, source })
    }

    fn write(&self, members: &mut Members) {
        Place { huntgroup: self.huntgroup, level: self.level }.write(members);
        self.source.write(members);
    }

    fn file_selectors(&self) -> Option<Members> {
        let mut selectors = Members::default();
        Place { huntgroup: self.huntgroup, level: self.level }.write(&mut selectors);
        Some(selectors)
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
    /// At least one fault, in the order of the function's table.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, Vec<Fault>> {
        Arguments::read(parameters)
    }
}

impl Input for DeleteCall {
    const ROWS: &'static [Rows] = Delete::ROWS;

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let Delete { file, .. } = Input::read(arguments)?;
        Some(Self { huntgroup: file.huntgroup, level: file.level })
    }

    fn write(&self, members: &mut Members) {
        Place { huntgroup: self.huntgroup, level: self.level }.write(members);
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
