//! `people/*`: accounts.

use callvault_core::address::SourceList;

use crate::enswitch::request::Arguments;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::{
    Country, DateFormat, Description, Filled, NewSecret, NonNegative, PeopleOrder, ProfileText, PublicKey,
    Reference, TimeFormat, Username, ZoneName,
};
use crate::enswitch::schema::{
    InCustomer, Input, Presence, Rows, Validation, field, fields, input, row, wire_name,
};

/// The password of a new person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPassword {
    /// This one.
    Given(NewSecret),
    /// That of another person of the same customer.
    CopiedFrom(i64),
}

impl Input for NewPassword {
    const ROWS: &'static [Rows] = &[
        row::<NewSecret>("password", Presence::Unless("copy_password")),
        row::<Reference>("copy_password", Presence::Unless("password")),
    ];

    /// Exactly one of the two; a `copy_password` of 0 is none.
    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let password = arguments.given::<NewSecret>("password");
        let copied = arguments.or_default::<Reference>("copy_password", "0");
        let message = match (password?, copied?) {
            (Some(password), Reference(None)) => return Some(Self::Given(password)),
            (None, Reference(Some(id))) => return Some(Self::CopiedFrom(id)),
            (Some(_), Reference(Some(_))) => "Give either password or copy_password, not both.",
            (None, Reference(None)) => "One of password and copy_password is required.",
        };
        arguments.fault_of_all(["password", "copy_password"], message);
        None
    }

    fn write(&self, members: &mut Members) {
        match self {
            Self::Given(password) => members.put("password", password),
            Self::CopiedFrom(id) => members.number("copy_password", *id),
        }
    }
}

fields! {
    /// What is known of a person besides the account.
    Details,
    /// What changes about a person besides the account.
    Changes {
        /// The company.
        company: ProfileText = default(""),
        /// The country; none for that of the customer.
        country: Country = default(""),
        /// How dates are shown.
        date_format: DateFormat = default("YYYY-MM-DD"),
        /// A description.
        description: Description = default(""),
        /// Where "dial by name" forwards to.
        extension: ProfileText = default(""),
        /// Fax number.
        fax: ProfileText = default(""),
        /// First name.
        forename: ProfileText = default(""),
        /// Language code; empty for the default.
        language: ProfileText = default(""),
        /// Mobile number.
        mobile: ProfileText = default(""),
        /// PGP public key.
        public_key: PublicKey = default(""),
        /// Where the person may come from; empty for anywhere.
        source: SourceList = default(""),
        /// Last name.
        surname: ProfileText = default(""),
        /// Telephone number.
        telephone: ProfileText = default(""),
        /// How times of day are shown.
        time_format: TimeFormat = default("24"),
        /// The IANA name of the time zone; empty for that of the customer.
        timezone: ZoneName = default(""),
        /// Title.
        title: ProfileText = default(""),
    }
}

input! {
    /// A call of `people/create`.
    set Create {
        /// The user name.
        username: Username = required,
        /// E-mail addresses; this installation does not require one.
        email: ProfileText = default(""),
        /// The password.
        password: NewPassword = group,
        /// The role's id.
        role: i64 = required,
        /// Where to create the person.
        place: InCustomer = group,
        /// Everything else.
        details: Details = group,
        /// Whether to judge only.
        validation: Validation = group,
    }
}

input! {
    /// A call of `people/update`.
    set Update {
        /// The person.
        id: i64 = required,
        /// The new user name.
        username: Username = kept,
        /// The new e-mail addresses.
        email: ProfileText = kept,
        /// The new password.
        password: NewSecret = kept,
        /// The new role's id.
        role: i64 = kept,
        /// What else changes.
        changes: Changes = group,
        /// Whether to judge only.
        validation: Validation = group,
    }
}

/// Which person: the first that is given of `id`, `username` and `email`, in that order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The one with this id.
    Id(i64),
    /// The one with this user name.
    Username(Filled),
    /// The one with this e-mail address; several are code 409.
    Email(Filled),
}

impl Input for Whom {
    const ROWS: &'static [Rows] = &[
        row::<Filled>("email", Presence::Unless("id or username")),
        row::<Reference>("id", Presence::Unless("username or email")),
        row::<Filled>("username", Presence::Unless("id or email")),
    ];

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let email = arguments.given::<Filled>("email");
        let id = arguments.or_default::<Reference>("id", "0");
        let username = arguments.given::<Filled>("username");
        match (id?, username?, email?) {
            (Reference(Some(id)), ..) => Some(Self::Id(id)),
            (_, Some(username), _) => Some(Self::Username(username)),
            (.., Some(email)) => Some(Self::Email(email)),
            _ => {
                let message = "One of email, id and username is required.";
                arguments.fault_of_all(["email", "id", "username"], message);
                None
            }
        }
    }

    fn write(&self, members: &mut Members) {
        match self {
            Self::Id(id) => members.number("id", *id),
            Self::Username(username) => members.put("username", username),
            Self::Email(email) => members.put("email", email),
        }
    }
}

input! {
    /// A call of `people/get`.
    set Get {
        /// Whether only to say if there is such a person.
        check: bool = default("0"),
        /// The person.
        whom: Whom = group,
    }
}

input! {
    /// A call of `people/list`.
    set List {
        /// Whether to answer with how many there are.
        count: bool = default("0"),
        /// Whose people.
        place: InCustomer = group,
        /// Whether to sort downwards.
        descending: bool = default("0"),
        /// The most rows to answer with; 0 for all.
        limit: NonNegative = default("0"),
        /// The number of the first row, from 0.
        offset: NonNegative = default("0"),
        /// Whether to answer with what it takes to choose a page.
        pages: bool = default("0"),
        /// By what to sort.
        sort: PeopleOrder = default("username"),
    }
}

input! {
    /// A call of `people/delete`.
    set Delete {
        /// The person.
        id: i64 = required,
        /// Whether what they own goes as well.
        features: bool = default("0"),
    }
}
