//! Where a call goes on from a hunt group: a type and a number (`docs/enswitch.md` 30).
//!
//! The vendor's tables print the types of both as integers and have their defaults swapped, an empty type
//! with the number `hangup`. Promises: `hangup` in either place, with the other empty, is
//! [`ExitKind::hangup`] and no number.

use super::members::{Members, Scalar};
use super::values::ExitNumber;
use super::{Kind, Presence, Rows, Value, row};
use crate::enswitch::error::Fault;
use crate::enswitch::request::Arguments;

const HANGUP: &str = "hangup";
const LONGEST: usize = 32;

/// The word for where an exit leads, such as `hangup`, `phone` or `mailbox`. The vendor publishes no list of
/// them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExitKind(String);

impl ExitKind {
    /// The word, where it is one.
    pub fn new(word: &str) -> Option<Self> {
        <Self as Value>::parse(word).ok()
    }

    /// The call ends.
    pub fn hangup() -> Self {
        Self(HANGUP.to_owned())
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_hangup(&self) -> bool {
        self.0 == HANGUP
    }
}

impl Value for ExitKind {
    const KIND: Kind = Kind::Text;
    const ALLOWED: &'static str =
        "a destination type such as \"hangup\": at most 32 lower-case letters, digits or underscores";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_word = (1..=LONGEST).contains(&text.len()) && text.bytes().all(fits);
        if is_word { Ok(Self(text.to_owned())) } else { Err(Self::ALLOWED) }
    }

    fn scalar(&self) -> Scalar {
        Scalar::Text(self.0.clone())
    }
}

/// The rows of an exit, whose names are given.
pub(in crate::enswitch) const fn rows(kind: &'static str, number: &'static str, keep: bool) -> [Rows; 2] {
    if keep {
        [row::<ExitKind>(kind, Presence::Keep), row::<ExitNumber>(number, Presence::Keep)]
    } else {
        [row::<ExitKind>(kind, Presence::Default(HANGUP)), row::<ExitNumber>(number, Presence::Default(""))]
    }
}

/// Where calls go on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exit {
    /// What is there.
    pub kind: ExitKind,
    /// Its number; empty with `hangup`.
    pub number: ExitNumber,
}

impl Exit {
    /// The call ends.
    pub fn hangup() -> Self {
        Self { kind: ExitKind::hangup(), number: ExitNumber::none() }
    }

    pub(in crate::enswitch) fn read(
        arguments: &mut Arguments<'_>,
        kind_name: &'static str,
        number_name: &'static str,
    ) -> Option<Self> {
        let change = ExitChange::read(arguments, kind_name, number_name)?;
        match (change.kind, change.number) {
            (None, None) => Some(Self::hangup()),
            (None, Some(number)) if number.as_str().is_empty() => Some(Self::hangup()),
            (Some(kind), number) => Some(Self { kind, number: number.unwrap_or_else(ExitNumber::none) }),
            (None, Some(_)) => {
                arguments.fault(Fault::new(kind_name, "The type is required where a number is given."));
                None
            }
        }
    }

    pub(in crate::enswitch) fn write(&self, members: &mut Members, kind: &str, number: &str) {
        members.put(kind, &self.kind);
        members.put(number, &self.number);
    }
}

/// What changes about an exit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExitChange {
    /// The new type; `None` keeps.
    pub kind: Option<ExitKind>,
    /// The new number; `None` keeps. Always given, and empty, where the new type is `hangup`.
    pub number: Option<ExitNumber>,
}

impl From<Exit> for ExitChange {
    fn from(exit: Exit) -> Self {
        Self { kind: Some(exit.kind), number: Some(exit.number) }
    }
}

impl ExitChange {
    pub(in crate::enswitch) fn read(
        arguments: &mut Arguments<'_>,
        kind_name: &'static str,
        number_name: &'static str,
    ) -> Option<Self> {
        let kind_was_sent = arguments.parameters().value(kind_name).is_some();
        let kind = arguments.given::<ExitKind>(kind_name);
        let number = arguments.given::<ExitNumber>(number_name);
        let (kind, number) = kind.zip(number)?;
        let hangup = || Some(Self { kind: Some(ExitKind::hangup()), number: Some(ExitNumber::none()) });
        let hangs_up = kind.as_ref().map(ExitKind::is_hangup);
        match (hangs_up, number.as_ref().map(ExitNumber::as_str)) {
            (None | Some(true), Some(HANGUP)) | (Some(true), None | Some("")) => hangup(),
            (Some(true), Some(_)) => {
                arguments.fault(Fault::number_of_hangup(number_name));
                None
            }
            // Both sent empty, as a form does. A number alone that is empty is text that is emptied.
            (None, Some("")) if kind_was_sent => Some(Self { kind: None, number: None }),
            _ => Some(Self { kind, number }),
        }
    }

    pub(in crate::enswitch) fn write(&self, members: &mut Members, kind: &str, number: &str) {
        if let Some(value) = &self.kind {
            members.put(kind, value);
        }
        if let Some(value) = &self.number {
            members.put(number, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::enswitch::function::{Call, Function};
    use crate::enswitch::parameters::Parameters;

    /// The default exit as a call has it, or the faults' keys.
    fn exit(function: Function, query: &str) -> Result<Vec<(String, String)>, Vec<&'static str>> {
        let parameters = Parameters::from_query(function, format!("id=1;name=n;{query}").as_bytes());
        let call = Call::from_parameters(&parameters);
        let call = call.map_err(|faults| faults.iter().map(|fault| fault.key).collect::<Vec<_>>())?;
        let shown: serde_json::Value = serde_json::from_str(&call.shown()).unwrap();
        let member = |name: &str| shown[name].as_str().map(|value| (name.to_owned(), value.to_owned()));
        Ok(["dtype", "dnumber"].into_iter().filter_map(member).collect())
    }

    #[track_caller]
    fn check(function: Function, query: &str, wanted: Result<&[(&str, &str)], &[&'static str]>) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let wanted = wanted.map(|exit| exit.iter().map(owned).collect()).map_err(<[_]>::to_vec);
        assert_eq!(exit(function, query), wanted, "{query}");
    }

    #[test]
    fn a_new_exit_hangs_up_unless_told_otherwise() {
        let check = |query, wanted| check(Function::HuntgroupsCreate, query, wanted);
        let hangup = Ok([("dtype", "hangup"), ("dnumber", "")].as_slice());
        check("", hangup);
        check("dtype=hangup", hangup);
        check("dnumber=hangup", hangup);
        // The defaults as the page prints them.
        check("dtype=;dnumber=hangup", hangup);
        check("dtype=hangup;dnumber=hangup", hangup);
        check("dtype=;dnumber=", hangup);
        check("dnumber=", hangup);
        check("dtype=phone;dnumber=100", Ok(&[("dtype", "phone"), ("dnumber", "100")]));
        check("dtype=callback", Ok(&[("dtype", "callback"), ("dnumber", "")]));
        check("dnumber=100", Err(&["dtype"]));
        check("dtype=hangup;dnumber=100", Err(&["dnumber"]));
        check("dtype=Phone;dnumber=100", Err(&["dtype"]));
        check("dtype=4;dnumber=%00", Err(&["dnumber"]));
    }

    #[test]
    fn a_changed_exit_keeps_what_is_not_given() {
        let check = |query, wanted| check(Function::HuntgroupsUpdate, query, wanted);
        let hangup = Ok([("dtype", "hangup"), ("dnumber", "")].as_slice());
        check("", Ok(&[]));
        check("dtype=;dnumber=", Ok(&[]));
        check("dtype=", Ok(&[]));
        check("dnumber=", Ok(&[("dnumber", "")]));
        check("dtype=hangup", hangup);
        check("dnumber=hangup", hangup);
        check("dtype=phone", Ok(&[("dtype", "phone")]));
        check("dnumber=100", Ok(&[("dnumber", "100")]));
        check("dtype=hangup;dnumber=100", Err(&["dnumber"]));
    }
}
