//! `*/files/download`, `upload` and `delete`: one mechanism for every family that carries files.
//!
//! A family is told by the type of its selectors, [`Queue`] and the like; whether another customer's files
//! can be named, by [`crate::enswitch::schema::InCustomer`] or [`Nothing`]; and what an upload takes, by
//! [`Source`] or [`Data`]. Everything else is the same for all, and described in the table of
//! [`crate::enswitch::function`].

mod selectors;
mod source;

pub use selectors::{
    Campaign, CardFile, CardPrompt, Code, CodeFile, Greeting, Mailbox, MenuFile, MenuPrompt, Music, Number,
    Place, Queue, Sound, Timegroup, Unlimited, UnlimitedFile,
};
pub use source::{Data, Source};

use crate::enswitch::request::Arguments;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::words;
use crate::enswitch::schema::{Input, Nothing, Presence, Rows, row};

words! {
    /// How a file's bytes are written in the answer.
    Encoding: r#""raw" or "base64""# {
        /// As they are; inside JSON, one code point for each byte.
        Raw = "raw",
        /// As base64 text.
        Base64 = "base64",
    }

    /// What is around a file in the answer.
    Wrap: r#""json" or "none""# {
        /// The envelope.
        Json = "json",
        /// Nothing.
        None = "none",
    }
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

impl Input for Wanted {
    const ROWS: &'static [Rows] = &[
        row::<bool>("check", Presence::Default("0")),
        row::<Encoding>("encoding", Presence::Default("raw")),
        row::<Wrap>("wrap", Presence::Default("json")),
    ];

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let check = arguments.or_default("check", "0");
        let encoding = arguments.or_default("encoding", "raw");
        let wrap = arguments.or_default("wrap", "json");
        Some(match (wrap?, check?, encoding?) {
            // The vendor's page says that `none` cancels a check.
            (Wrap::None, _, encoding) => Self::Bare(encoding),
            (Wrap::Json, true, _) => Self::Check,
            (Wrap::Json, false, encoding) => Self::Json(encoding),
        })
    }

    fn write(&self, members: &mut Members) {
        match self {
            Self::Check => members.put("check", &true),
            Self::Json(encoding) => members.put("encoding", encoding),
            Self::Bare(encoding) => {
                members.put("encoding", encoding);
                members.put("wrap", &Wrap::None);
            }
        }
    }
}

/// A call of a `files/download`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download<S, C = Nothing> {
    /// Which file.
    pub file: S,
    /// Whose.
    pub owner: C,
    /// What to answer with.
    pub wanted: Wanted,
}

impl<S: Input, C: Input> Input for Download<S, C> {
    const ROWS: &'static [Rows] = &[Rows::Group(S::ROWS), Rows::Group(C::ROWS), Rows::Group(Wanted::ROWS)];

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let (file, owner) = (S::read(arguments), C::read(arguments));
        let wanted = Wanted::read(arguments);
        Some(Self { file: file?, owner: owner?, wanted: wanted? })
    }

    fn write(&self, members: &mut Members) {
        self.file.write(members);
        self.owner.write(members);
        self.wanted.write(members);
    }
}

/// A call of a `files/upload`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload<S, F = Source, C = Nothing> {
    /// Which file.
    pub file: S,
    /// The new content.
    pub source: F,
    /// Whose.
    pub owner: C,
}

impl<S: Input, F: Input, C: Input> Input for Upload<S, F, C> {
    const ROWS: &'static [Rows] = &[Rows::Group(S::ROWS), Rows::Group(F::ROWS), Rows::Group(C::ROWS)];

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let (file, source) = (S::read(arguments), F::read(arguments));
        let owner = C::read(arguments);
        Some(Self { file: file?, source: source?, owner: owner? })
    }

    fn write(&self, members: &mut Members) {
        self.file.write(members);
        self.source.write(members);
        self.owner.write(members);
    }

    fn file_selectors(&self) -> Option<Members> {
        let mut selectors = Members::default();
        self.file.write(&mut selectors);
        Some(selectors)
    }
}

/// A call of a `files/delete`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delete<S, C = Nothing> {
    /// Which file.
    pub file: S,
    /// Whose.
    pub owner: C,
}

impl<S: Input, C: Input> Input for Delete<S, C> {
    const ROWS: &'static [Rows] = &[Rows::Group(S::ROWS), Rows::Group(C::ROWS)];

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let (file, owner) = (S::read(arguments), C::read(arguments));
        Some(Self { file: file?, owner: owner? })
    }

    fn write(&self, members: &mut Members) {
        self.file.write(members);
        self.owner.write(members);
    }
}
