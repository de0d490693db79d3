//! What is known of a person besides the account: names, numbers, and how they read dates and times.
//!
//! Nothing of it opens a door. It is kept as it was given, within bounds (`docs/enswitch.md` 58).

use super::Person;
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::time::is_zone;
use crate::words::words;

/// The most characters of most texts of a profile.
pub const MOST_TEXT: usize = 255;

/// The most characters of a description.
pub const MOST_DESCRIPTION: usize = 1000;

/// The most characters of a public key.
pub const MOST_PUBLIC_KEY: usize = 10_000;

macro_rules! profile {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// What is known of a person. Texts may be empty.
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct Profile { $($(#[$doc])* pub $field: $type,)* }

        /// What may change about a profile; `None` keeps.
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct ProfileChange { $($(#[$doc])* pub $field: Option<$type>,)* }

        impl Profile {
            /// With a change.
            pub fn changed(self, change: ProfileChange) -> Self {
                Self { $($field: change.$field.unwrap_or(self.$field),)* }
            }
        }
    };
}

profile! {
    /// E-mail address; several people may have the same.
    email: String,
    /// Title.
    title: String,
    /// First name.
    forename: String,
    /// Last name.
    surname: String,
    /// The company.
    company: String,
    /// A description.
    description: String,
    /// Two letters in upper case; empty for that of the customer.
    country: String,
    /// Language code; empty for the default.
    language: String,
    /// An IANA zone; empty for that of the customer.
    timezone: String,
    /// How dates are shown.
    date_format: DateFormat,
    /// How times of day are shown.
    time_format: TimeFormat,
    /// Telephone number.
    telephone: String,
    /// Mobile number.
    mobile: String,
    /// Fax number.
    fax: String,
    /// Where "dial by name" forwards to.
    extension: String,
    /// PGP public key.
    public_key: String,
}

words! {
    /// How a person reads dates.
    #[derive(Default)]
    DateFormat {
        /// Year first.
        #[default]
        YearFirst = "YYYY-MM-DD",
        /// Day first.
        DayFirst = "DD/MM/YYYY",
        /// Month first.
        MonthFirst = "MM/DD/YYYY",
    }

    /// How a person reads times of day.
    #[derive(Default)]
    TimeFormat {
        /// With hours up to 23.
        #[default]
        TwentyFour = "24",
        /// With AM and PM.
        Twelve = "12",
    }
}

impl ProfileChange {
    /// Within the bounds, the country in upper case.
    ///
    /// # Errors
    /// [`Error::Invalid`] on the field.
    pub fn checked(mut self) -> Result<Self> {
        for (field, text, most) in [
            ("email", &self.email, MOST_TEXT),
            ("title", &self.title, MOST_TEXT),
            ("forename", &self.forename, MOST_TEXT),
            ("surname", &self.surname, MOST_TEXT),
            ("company", &self.company, MOST_TEXT),
            ("description", &self.description, MOST_DESCRIPTION),
            ("language", &self.language, MOST_TEXT),
            ("telephone", &self.telephone, MOST_TEXT),
            ("mobile", &self.mobile, MOST_TEXT),
            ("fax", &self.fax, MOST_TEXT),
            ("extension", &self.extension, MOST_TEXT),
            ("public_key", &self.public_key, MOST_PUBLIC_KEY),
        ] {
            let Some(text) = text else { continue };
            if text.chars().count() > most {
                return Err(Error::invalid(field, format!("must have at most {most} characters")));
            }
            if text.contains('\0') {
                return Err(Error::invalid(field, "must not hold NUL characters"));
            }
        }
        if let Some(country) = &mut self.country {
            country.make_ascii_uppercase();
            if !matches!(country.as_bytes(), [] | [b'A'..=b'Z', b'A'..=b'Z']) {
                return Err(Error::invalid("country", "must be empty or a country's two letters"));
            }
        }
        if self.timezone.as_ref().is_some_and(|zone| !zone.is_empty() && !is_zone(zone)) {
            let reason = "must be empty or a zone of the IANA database, such as Europe/Berlin";
            return Err(Error::invalid("timezone", reason));
        }
        Ok(self)
    }
}

/// A person with their profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profiled {
    /// The account.
    pub person: Person,
    /// What is known of them besides.
    pub profile: Profile,
}

/// By what people are sorted, without regard to case; where that is the same, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeopleOrder {
    /// User name.
    Username,
    /// First name.
    Forename,
    /// Last name.
    Surname,
    /// First and last name.
    FullName,
}

impl PeopleOrder {
    /// What is compared of a person.
    pub fn key(self, username: &str, profile: &Profile) -> String {
        match self {
            Self::Username => username.to_lowercase(),
            Self::Forename => profile.forename.to_lowercase(),
            Self::Surname => profile.surname.to_lowercase(),
            Self::FullName => format!("{} {}", profile.forename, profile.surname).trim().to_lowercase(),
        }
    }
}

/// A slice of a customer's people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleSlice {
    /// By what they are sorted.
    pub order: PeopleOrder,
    /// From the last one.
    pub descending: bool,
    /// Behind this one: what [`PeopleOrder::key`] says of it, and its number.
    pub after: Option<(String, PersonId)>,
    /// How many to leave out.
    pub skip: u64,
    /// How many at most.
    pub limit: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let profile =
            Profile { email: "a@example.com".to_owned(), title: "Dr".to_owned(), ..Profile::default() };
        assert_eq!(profile.clone().changed(ProfileChange::default()), profile);
        let change = ProfileChange {
            title: Some(String::new()),
            time_format: Some(TimeFormat::Twelve),
            ..ProfileChange::default()
        };
        let expected = Profile { title: String::new(), time_format: TimeFormat::Twelve, ..profile.clone() };
        assert_eq!(profile.changed(change), expected);
    }

    #[test]
    fn bounds_are_those_of_the_table() {
        let check = |change: ProfileChange, fault: Option<&str>| {
            let found = match change.checked() {
                Ok(_) => None,
                Err(Error::Invalid { field, .. }) => Some(field),
                Err(other) => panic!("{other}"),
            };
            assert_eq!(found, fault);
        };
        let none = ProfileChange::default;
        check(none(), None);
        check(ProfileChange { email: Some("ü".repeat(255)), ..none() }, None);
        check(ProfileChange { email: Some("ü".repeat(256)), ..none() }, Some("email"));
        check(ProfileChange { surname: Some("a\0".to_owned()), ..none() }, Some("surname"));
        check(ProfileChange { description: Some("x".repeat(1001)), ..none() }, Some("description"));
        check(ProfileChange { public_key: Some("x".repeat(10_000)), ..none() }, None);
        check(ProfileChange { public_key: Some("x".repeat(10_001)), ..none() }, Some("public_key"));
        check(ProfileChange { country: Some("DEU".to_owned()), ..none() }, Some("country"));
        check(ProfileChange { country: Some("ß".to_owned()), ..none() }, Some("country"));
        check(ProfileChange { country: Some(String::new()), ..none() }, None);
        check(ProfileChange { timezone: Some("Mars/Olympus".to_owned()), ..none() }, Some("timezone"));
        check(ProfileChange { timezone: Some(String::new()), ..none() }, None);
        let lower = ProfileChange { country: Some("de".to_owned()), ..none() };
        assert_eq!(lower.checked().unwrap().country.as_deref(), Some("DE"));
    }

    #[test]
    fn names_are_compared_without_regard_to_case() {
        let profile =
            Profile { forename: "Ada".to_owned(), surname: "EXAMPLE".to_owned(), ..Profile::default() };
        let check = |order: PeopleOrder, key: &str| assert_eq!(order.key("User", &profile), key);
        check(PeopleOrder::Username, "user");
        check(PeopleOrder::Forename, "ada");
        check(PeopleOrder::Surname, "example");
        check(PeopleOrder::FullName, "ada example");
    }
}
