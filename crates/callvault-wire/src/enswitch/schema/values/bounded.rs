//! Text of a bounded length, in characters (`docs/enswitch.md` 58): what is kept of hunt groups, record groups, sounds, people and
//! customers.
//!
//! A NUL is told apart from a length, because no text may have one.

use crate::enswitch::schema::members::Scalar;
use crate::enswitch::schema::{Kind, Value};

const WITHOUT_NUL: &str = "text without NUL characters";

/// Declares texts of at most so many characters. What is declared `filled` is never empty; of the others the empty text is a
/// value.
macro_rules! texts {
    ($($(#[$about:meta])* $name:ident: $how:ident $most:literal, $allowed:literal;)*) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text, where it is one of these.
            pub fn new(text: &str) -> Option<Self> {
                <Self as Value>::parse(text).ok()
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Value for $name {
            const KIND: Kind = Kind::Text;
            const ALLOWED: &'static str = $allowed;
            const REQUIRED: &'static str = WITHOUT_NUL;
            const EMPTY_IS_A_VALUE: bool = texts!(may_be_empty $how);

            fn parse(text: &str) -> Result<Self, &'static str> {
                if text.contains('\0') {
                    return Err(WITHOUT_NUL);
                }
                if texts!(fits $how text, $most) { Ok(Self(text.to_owned())) } else { Err($allowed) }
            }

            fn scalar(&self) -> Scalar {
                Scalar::Text(self.0.clone())
            }
        }
    )*};
    (may_be_empty empty) => { true };
    (may_be_empty $how:ident) => { false };
    (fits empty $text:ident, $most:literal) => { $text.chars().count() <= $most };
    (fits filled $text:ident, $most:literal) => { !$text.is_empty() && $text.chars().count() <= $most };
    (fits username $text:ident, $most:literal) => {
        texts!(fits title $text, $most) && !$text.trim().contains(char::is_whitespace)
    };
    // The space around a title is not kept.
    (fits title $text:ident, $most:literal) => {{
        let title = $text.trim();
        (1..=$most).contains(&title.chars().count()) && !title.chars().any(char::is_control)
    }};
}

texts! {
    /// A name for a thing.
    Title: title 100, "text of 1 to 100 characters without control characters";
    /// The number, line or URI that a call goes to.
    Dialled: filled 255, "text of 1 to 255 characters";
    /// The number, line or URI that a call goes on to, where there is one.
    ExitNumber: empty 255, "text of at most 255 characters";
    /// What is added to a caller id.
    CallerIdSuffix: empty 100, "text of at most 100 characters";
    /// A description.
    Description: empty 1000, "text of at most 1000 characters";
    /// A part of a person's profile.
    ProfileText: empty 255, "text of at most 255 characters";
    /// A public key.
    PublicKey: empty 10000, "text of at most 10000 characters";
    /// The name that a person logs in with.
    Username: username 100, "text of 1 to 100 characters without blanks and control characters";
    /// E-mail addresses.
    Emails: empty 1000, "text of at most 1000 characters";
}

impl ExitNumber {
    /// No number.
    pub fn none() -> Self {
        Self(String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_bounds_in_characters() {
        fn check<T: Value>(least: usize, most: usize) {
            let parsed = |count: usize| T::parse(&"\u{fc}".repeat(count));
            assert_eq!(T::EMPTY_IS_A_VALUE, least == 0, "{}", T::ALLOWED);
            assert_eq!(parsed(0).is_ok(), least == 0, "{}", T::ALLOWED);
            assert!(parsed(1).is_ok() && parsed(most).is_ok(), "{}", T::ALLOWED);
            assert_eq!(parsed(most + 1).err(), Some(T::ALLOWED));
            assert_eq!(T::parse("a\0").err(), Some("text without NUL characters"));
        }
        check::<Title>(1, 100);
        check::<Dialled>(1, 255);
        check::<ExitNumber>(0, 255);
        check::<CallerIdSuffix>(0, 100);
        check::<Description>(0, 1000);
        check::<ProfileText>(0, 255);
        check::<PublicKey>(0, 10_000);
        check::<Username>(1, 100);
        check::<Emails>(0, 1000);
    }

    #[test]
    fn a_title_is_more_than_space() {
        let padded = format!(" {} ", "x".repeat(100));
        assert!(Title::new(&padded).is_some());
        for text in [" ", "a\nb", "a\u{7f}"] {
            assert!(Title::new(text).is_none(), "{text:?}");
        }
        assert!(Description::new("a\nb").is_some());
        for text in ["a b", "a\u{a0}b", "a\tb", " "] {
            assert!(Username::new(text).is_none(), "{text:?}");
        }
        assert!(Username::new(" user ").is_some());
    }
}
