//! The types of settings: how each is read from text or TOML, and how it is shown.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use callvault_core::address::Network;

/// A setting as it was written, before its type is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Raw {
    /// One text, as from the environment; a list has commas in it.
    One(String),
    /// A TOML array.
    Many(Vec<String>),
}

impl Raw {
    /// From TOML; `None` for tables and dates, which no setting is.
    pub(crate) fn of_toml(value: &toml::Value) -> Option<Self> {
        let scalar = |value: &toml::Value| match value {
            toml::Value::String(text) => Some(text.clone()),
            toml::Value::Integer(number) => Some(number.to_string()),
            toml::Value::Float(number) => Some(number.to_string()),
            toml::Value::Boolean(truth) => Some(truth.to_string()),
            _ => None,
        };
        match value {
            toml::Value::Array(items) => Some(Self::Many(items.iter().map(scalar).collect::<Option<_>>()?)),
            other => scalar(other).map(Self::One),
        }
    }
}

/// A type of setting.
pub(crate) trait Value: Sized {
    /// Reads it; the error is a phrase that says what is expected.
    fn read(raw: &Raw) -> Result<Self, String>;
    /// Shows it as it would be written in the environment.
    fn show(&self) -> String;
}

fn one(raw: &Raw) -> Result<&str, String> {
    match raw {
        Raw::One(text) => Ok(text.trim()),
        Raw::Many(_) => Err("takes one value, not a list".to_owned()),
    }
}

macro_rules! parsed {
    ($($type:ty, $expected:literal;)*) => {$(
        impl Value for $type {
            fn read(raw: &Raw) -> Result<Self, String> {
                let text = one(raw)?;
                text.parse().map_err(|_| format!("{text:?} is not {}", $expected))
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

parsed! {
    bool, "`true` or `false`";
    u32, "a whole number";
    usize, "a whole number";
    SocketAddr, "an address with a port, such as 127.0.0.1:8088 or [::]:8088";
}

impl Value for Network {
    fn read(raw: &Raw) -> Result<Self, String> {
        one(raw)?.parse().map_err(|error: callvault_core::address::NetworkError| error.to_string())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    fn read(raw: &Raw) -> Result<Self, String> {
        one(raw).map(str::to_owned)
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Value for PathBuf {
    fn read(raw: &Raw) -> Result<Self, String> {
        match one(raw)? {
            "" => Err("must not be empty".to_owned()),
            path => Ok(path.into()),
        }
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl<T: Value> Value for Option<T> {
    fn read(raw: &Raw) -> Result<Self, String> {
        if one(raw)?.is_empty() { Ok(None) } else { T::read(raw).map(Some) }
    }

    fn show(&self) -> String {
        self.as_ref().map(Value::show).unwrap_or_default()
    }
}

impl<T: Value> Value for Vec<T> {
    fn read(raw: &Raw) -> Result<Self, String> {
        let items: Vec<&str> = match raw {
            Raw::One(text) => text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect(),
            Raw::Many(items) => items.iter().map(String::as_str).collect(),
        };
        items.into_iter().map(|item| T::read(&Raw::One(item.to_owned()))).collect()
    }

    fn show(&self) -> String {
        self.iter().map(Value::show).collect::<Vec<_>>().join(",")
    }
}

/// The digits at the start of a text as a number, and the unit after them.
fn split_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    Some((digits.parse().ok()?, unit.trim()))
}

/// A number of bytes, written with a unit: `10MiB`, `500kB`, `4096`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

const BYTE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("B", 1),
];

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, size): &&(&str, u64)| self.0 > 0 && self.0.is_multiple_of(*size);
        let (unit, size) = BYTE_UNITS.iter().find(fits).copied().unwrap_or(("B", 1));
        write!(formatter, "{}{unit}", self.0 / size)
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = split_unit(text).and_then(|(number, unit)| match unit {
            "" => Some(number),
            unit => {
                let (_, size) = BYTE_UNITS.iter().find(|(word, _)| word.eq_ignore_ascii_case(unit))?;
                number.checked_mul(*size)
            }
        });
        bytes.map(Self).ok_or_else(|| format!("{text:?} is not a size such as 10MiB, 500kB or 4096"))
    }
}

impl Value for Bytes {
    fn read(raw: &Raw) -> Result<Self, String> {
        one(raw)?.parse()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A span of time, written with a unit: `500ms`, `30s`, `10m`, `2h`, `1d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

const SPAN_UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let fits = |(_, size): &&(&str, u64)| milliseconds > 0 && milliseconds.is_multiple_of(*size);
        let (unit, size) = SPAN_UNITS.iter().find(fits).copied().unwrap_or(("s", 1000));
        write!(formatter, "{}{unit}", milliseconds / size)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let milliseconds = split_unit(text).and_then(|(number, unit)| {
            let (_, size) = SPAN_UNITS.iter().find(|(word, _)| *word == unit)?;
            number.checked_mul(*size)
        });
        // A century; beyond that sums of times could overflow.
        let longest = 100 * 366 * 86_400_000;
        milliseconds
            .filter(|span| *span <= longest)
            .map(|span| Self(Duration::from_millis(span)))
            .ok_or_else(|| format!("{text:?} is not a span of time such as 500ms, 30s, 10m, 2h or 1d"))
    }
}

impl Value for Span {
    fn read(raw: &Raw) -> Result<Self, String> {
        one(raw)?.parse()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A span of time that may have no end: `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenLife(pub(crate) Option<Span>);

impl Value for TokenLife {
    fn read(raw: &Raw) -> Result<Self, String> {
        if one(raw)? == "never" { Ok(Self(None)) } else { Span::read(raw).map(|span| Self(Some(span))) }
    }

    fn show(&self) -> String {
        self.0.as_ref().map_or_else(|| "never".to_owned(), Value::show)
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$variant_doc])* $variant),+ }

        impl Value for $name {
            fn read(raw: &Raw) -> Result<Self, String> {
                match one(raw)? {
                    $($word => Ok(Self::$variant),)+
                    other => {
                        let words = [$(concat!("`", $word, "`")),+];
                        Err(format!("{other:?} is none of {}", words.join(", ")))
                    }
                }
            }

            fn show(&self) -> String {
                match self { $(Self::$variant => $word),+ }.to_owned()
            }
        }
    )*};
}

words! {
    /// From where plain HTTP is served.
    PlainHttp {
        /// From everywhere.
        Allow = "allow",
        /// From loopback, private and link-local addresses.
        Private = "private",
        /// From nowhere.
        Refuse = "refuse"
    }
    /// Which forwarding header proxies write.
    HeaderWord {
        /// `X-Forwarded-For`.
        XForwardedFor = "x-forwarded-for",
        /// `Forwarded`.
        Forwarded = "forwarded"
    }
    /// The shape of log lines.
    LogShape {
        /// For people.
        Text = "text",
        /// For programs.
        Json = "json"
    }
    /// The HTTP status of Enswitch answers (`docs/enswitch.md` 1).
    StatusMode {
        /// Always 200.
        Envelope = "envelope",
        /// The code of the answer.
        Mirror = "mirror"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Value>(text: &str) -> Result<T, String> {
        T::read(&Raw::One(text.to_owned()))
    }

    #[test]
    fn sizes_have_units() {
        let check = |text: &str, bytes: Option<u64>| {
            assert_eq!(read::<Bytes>(text).ok().map(|size| size.0), bytes, "{text}");
        };
        check("0", Some(0));
        check("4096", Some(4096));
        check("10MiB", Some(10_485_760));
        check("10 mib", Some(10_485_760));
        check("16GiB", Some(17_179_869_184));
        check("500kB", Some(500_000));
        check("1TB", Some(1_000_000_000_000));
        for wrong in ["", "MiB", "-1", "1.5MiB", "10M", "10MiBs", "99999999999TiB"] {
            check(wrong, None);
        }
        assert_eq!(Bytes(10_485_760).show(), "10MiB");
        assert_eq!(Bytes(1_500_000).show(), "1500kB");
    }

    #[test]
    fn spans_have_units() {
        let check = |text: &str, milliseconds: Option<u64>| {
            assert_eq!(read::<Span>(text).ok().map(|span| span.0.as_millis() as u64), milliseconds, "{text}");
        };
        check("500ms", Some(500));
        check("30s", Some(30_000));
        check("10m", Some(600_000));
        check("2h", Some(7_200_000));
        check("1d", Some(86_400_000));
        for wrong in ["", "30", "s", "-1s", "1y", "99999999d", "99999999999999999999s"] {
            check(wrong, None);
        }
        assert_eq!(read::<TokenLife>("never"), Ok(TokenLife(None)));
        assert_eq!(read::<TokenLife>("2h").unwrap().show(), "2h");
        assert!(read::<TokenLife>("").is_err());
        assert_eq!(Span(Duration::from_secs(600)).show(), "10m");
        assert_eq!(Span(Duration::from_millis(1500)).show(), "1500ms");
    }

    #[test]
    fn lists_come_from_commas_or_arrays() {
        let from_text: Vec<String> = read(" a, b,,c ").unwrap();
        let from_array = Vec::<String>::read(&Raw::Many(vec!["a".into(), "b".into(), "c".into()])).unwrap();
        assert_eq!((from_text, from_array.len()), (from_array.clone(), 3));
        assert_eq!(read::<Vec<Network>>("10.0.0.0/8,2001:db8::/32").unwrap().len(), 2);
        assert!(read::<Vec<Network>>("10.0.0.0/33").is_err());
        assert!(bool::read(&Raw::Many(vec![])).is_err());
    }

    #[test]
    fn words_are_named_when_none_fits() {
        assert_eq!(read::<PlainHttp>("refuse"), Ok(PlainHttp::Refuse));
        assert_eq!(read::<PlainHttp>("no").unwrap_err(), "\"no\" is none of `allow`, `private`, `refuse`");
    }
}
