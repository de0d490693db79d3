//! Text, secrets, and text of a certain form.

use callvault_core::address::SourceList;
use callvault_core::secret::Secret;
use callvault_core::time::is_zone;

use crate::enswitch::schema::members::Scalar;
use crate::enswitch::schema::{Kind, Value};

const TEXT: &str = "text without NUL characters";

impl Value for String {
    const KIND: Kind = Kind::Text;
    const ALLOWED: &'static str = TEXT;
    const EMPTY_IS_A_VALUE: bool = true;

    fn parse(text: &str) -> Result<Self, &'static str> {
        // Not every engine behind the catalog can keep a NUL.
        if text.contains('\0') { Err(TEXT) } else { Ok(text.to_owned()) }
    }

    fn scalar(&self) -> Scalar {
        Scalar::Text(self.clone())
    }
}

/// Text that is not empty: names, numbers, keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Filled(String);

impl Filled {
    /// The text, unless it is empty or has a NUL.
    pub fn new(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for Filled {
    const KIND: Kind = Kind::Text;
    const ALLOWED: &'static str = TEXT;

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() { Err(TEXT) } else { String::parse(text).map(Self) }
    }

    fn scalar(&self) -> Scalar {
        Scalar::Text(self.0.clone())
    }
}

impl Value for Secret {
    const KIND: Kind = Kind::Secret;
    const ALLOWED: &'static str = TEXT;

    fn parse(text: &str) -> Result<Self, &'static str> {
        String::parse(text).map(Self::new)
    }

    fn scalar(&self) -> Scalar {
        Scalar::Text(self.to_string())
    }
}

impl Value for SourceList {
    const KIND: Kind = Kind::Text;
    const ALLOWED: &'static str = "IP addresses or networks, separated by spaces or commas";
    const EMPTY_IS_A_VALUE: bool = true;

    fn parse(text: &str) -> Result<Self, &'static str> {
        text.parse().map_err(|_| Self::ALLOWED)
    }

    fn scalar(&self) -> Scalar {
        Scalar::Text(self.to_string())
    }
}

/// A new password: 8 to 256 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSecret(Secret);

impl NewSecret {
    /// The password.
    pub fn into_secret(self) -> Secret {
        self.0
    }
}

impl Value for NewSecret {
    const KIND: Kind = Kind::Secret;
    const ALLOWED: &'static str = "text of 8 to 256 characters";
    const REQUIRED: &'static str = TEXT;

    fn parse(text: &str) -> Result<Self, &'static str> {
        let secret = Secret::parse(text)?;
        if (8..=256).contains(&text.chars().count()) { Ok(Self(secret)) } else { Err(Self::ALLOWED) }
    }

    fn scalar(&self) -> Scalar {
        self.0.scalar()
    }
}

/// The name of a time zone; or none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ZoneName(String);

impl ZoneName {
    /// The name, where there is such a zone, or the empty text.
    pub fn new(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }

    /// The name, or the empty text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for ZoneName {
    const KIND: Kind = Kind::Text;
    const ALLOWED: &'static str = "empty or a time zone of the IANA database";
    const EMPTY_IS_A_VALUE: bool = true;

    fn parse(text: &str) -> Result<Self, &'static str> {
        let text = String::parse(text)?;
        if text.is_empty() || is_zone(&text) { Ok(Self(text)) } else { Err(Self::ALLOWED) }
    }

    fn scalar(&self) -> Scalar {
        Scalar::Text(self.0.clone())
    }
}

/// A country by its two letters, in upper case; or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Country(Option<[u8; 2]>);

impl Country {
    /// The country of two letters, or none of the empty text.
    pub fn new(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }

    /// The two letters, or the empty text.
    pub fn as_str(&self) -> &str {
        self.0.as_ref().and_then(|letters| std::str::from_utf8(letters).ok()).unwrap_or_default()
    }
}

impl Value for Country {
    const KIND: Kind = Kind::Text;
    const ALLOWED: &'static str = "a country's two letters";
    const EMPTY_IS_A_VALUE: bool = true;

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.as_bytes() {
            [] => Ok(Self(None)),
            [one, two] if one.is_ascii_alphabetic() && two.is_ascii_alphabetic() => {
                Ok(Self(Some([one.to_ascii_uppercase(), two.to_ascii_uppercase()])))
            }
            _ => Err(Self::ALLOWED),
        }
    }

    fn scalar(&self) -> Scalar {
        Scalar::Text(self.as_str().to_owned())
    }
}
