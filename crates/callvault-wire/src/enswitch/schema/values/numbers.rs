//! Integers: plain ones, ranges, flags, and those with sentinels (`docs/enswitch.md` 10).

use crate::enswitch::schema::members::Scalar;
use crate::enswitch::schema::{Kind, Value};

const INTEGER: &str = "an integer";

/// An optional sign and digits, space around them allowed; `None` too where 64 bits do not hold it.
pub(in crate::enswitch) fn integer(text: &str) -> Option<i64> {
    let text = text.trim_ascii();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if well_formed { text.parse().ok() } else { None }
}

impl Value for i64 {
    const KIND: Kind = Kind::Integer;
    const ALLOWED: &'static str = INTEGER;

    fn parse(text: &str) -> Result<Self, &'static str> {
        integer(text).ok_or(INTEGER)
    }

    fn scalar(&self) -> Scalar {
        Scalar::Number(*self)
    }
}

impl Value for bool {
    const KIND: Kind = Kind::Integer;
    const ALLOWED: &'static str = "0 or 1";

    fn parse(text: &str) -> Result<Self, &'static str> {
        match integer(text) {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            _ => Err(Self::ALLOWED),
        }
    }

    fn scalar(&self) -> Scalar {
        Scalar::Number(i64::from(*self))
    }
}

/// Declares integers within a range. What is no integer at all is told so; the range is told to the others.
macro_rules! ranges {
    ($($(#[$about:meta])* $name:ident($type:ty): $low:literal..=$high:literal, $allowed:literal;)*) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($type);

        impl $name {
            /// The value, where it is within the range.
            pub fn new(value: i64) -> Option<Self> {
                if ($low..=$high).contains(&value) { <$type>::try_from(value).ok().map(Self) } else { None }
            }

            /// The number.
            pub fn get(self) -> $type {
                self.0
            }
        }

        impl Value for $name {
            const KIND: Kind = Kind::Integer;
            const ALLOWED: &'static str = $allowed;
            const REQUIRED: &'static str = INTEGER;

            fn parse(text: &str) -> Result<Self, &'static str> {
                Self::new(integer(text).ok_or(INTEGER)?).ok_or(Self::ALLOWED)
            }

            fn scalar(&self) -> Scalar {
                Scalar::Number(i64::from(self.0))
            }
        }
    )*};
}

ranges! {
    /// A level of a hunt group, or a place in a music class: 1 to 10.
    Level(u8): 1..=10, "an integer from 1 to 10";
    /// Seconds, up to an hour: how long something rings, or how often something beeps.
    Seconds(u16): 0..=3600, "an integer from 0 to 3600";
    /// Days, up to a century.
    Days(u32): 0..=36500, "an integer from 0 to 36500";
    /// 0 to 100.
    Percent(u8): 0..=100, "an integer from 0 to 100";
    /// A count, or the number of a first result.
    NonNegative(i64): 0..=9223372036854775807, "an integer from 0";
    /// Unix time in seconds, up to the end of the year 9999. Milliseconds are told apart by being beyond it.
    Timestamp(i64): 0..=253402300799, "a Unix time in seconds, from 0 to 253402300799";
    /// Whether an answering hunt-group member is screened: 0 no, 1 the caller id is played, 2 the caller
    /// records a name.
    Screen(u8): 0..=2, "an integer from 0 to 2";
}

/// The id of another object, or none, which is 0 on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reference(pub Option<i64>);

impl Value for Reference {
    const KIND: Kind = Kind::Integer;
    const ALLOWED: &'static str = "an integer";

    fn parse(text: &str) -> Result<Self, &'static str> {
        let id = integer(text).ok_or(Self::ALLOWED)?;
        Ok(Self((id != 0).then_some(id)))
    }

    fn scalar(&self) -> Scalar {
        Scalar::Number(self.0.unwrap_or(0))
    }
}

/// An upper bound, or none, which is -1 on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit(pub Option<NonNegative>);

impl Value for Limit {
    const KIND: Kind = Kind::Integer;
    const ALLOWED: &'static str = "an integer from 0, or -1 for no limit";
    const REQUIRED: &'static str = INTEGER;

    fn parse(text: &str) -> Result<Self, &'static str> {
        match integer(text).ok_or(INTEGER)? {
            -1 => Ok(Self(None)),
            value => NonNegative::new(value).map(|value| Self(Some(value))).ok_or(Self::ALLOWED),
        }
    }

    fn scalar(&self) -> Scalar {
        Scalar::Number(self.0.map_or(-1, NonNegative::get))
    }
}

/// A level's own value, or the hunt group's, which is -2 on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Inherited<T> {
    /// As the hunt group has it.
    FromHuntGroup,
    /// The level's own.
    Own(T),
}

impl<T: Inheritable> Value for Inherited<T> {
    const KIND: Kind = Kind::Integer;
    const ALLOWED: &'static str = T::OR_INHERITED;
    const REQUIRED: &'static str = INTEGER;

    fn parse(text: &str) -> Result<Self, &'static str> {
        match integer(text).ok_or(INTEGER)? {
            -2 => Ok(Self::FromHuntGroup),
            _ => T::parse(text).map(Self::Own).map_err(|_| Self::ALLOWED),
        }
    }

    fn scalar(&self) -> Scalar {
        match self {
            Self::FromHuntGroup => Scalar::Number(-2),
            Self::Own(value) => value.scalar(),
        }
    }
}

/// What a level may take from its hunt group.
pub(in crate::enswitch) trait Inheritable: Value {
    /// What a value must be, with the sentinel.
    const OR_INHERITED: &'static str;
}

impl Inheritable for Seconds {
    const OR_INHERITED: &'static str = "an integer from 0 to 3600, or -2 for the value of the hunt group";
}

impl Inheritable for bool {
    const OR_INHERITED: &'static str = "0, 1, or -2 for the value of the hunt group";
}

/// Which recordings a list holds: 1 those of finished calls, 0 those of running ones, -1 all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OnlyComplete(pub Option<bool>);

impl Value for OnlyComplete {
    const KIND: Kind = Kind::Integer;
    const ALLOWED: &'static str = "0, 1, or -1 for all";
    const REQUIRED: &'static str = INTEGER;

    fn parse(text: &str) -> Result<Self, &'static str> {
        match integer(text).ok_or(INTEGER)? {
            -1 => Ok(Self(None)),
            _ => bool::parse(text).map(|complete| Self(Some(complete))).map_err(|_| Self::ALLOWED),
        }
    }

    fn scalar(&self) -> Scalar {
        Scalar::Number(self.0.map_or(-1, i64::from))
    }
}
