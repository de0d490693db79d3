//! `user/login` and `user/switch`. Name, password and the token of the second step are credentials:
//! [`crate::enswitch::auth`] takes them out before anything here is judged.

use callvault_core::secret::Secret;

use crate::enswitch::request::Arguments;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::{Filled, Reference};
use crate::enswitch::schema::{Input, Presence, Rows, field, input, row, wire_name};

input! {
    /// A call of `user/login`.
    set Login {
        /// A one-time code, for people who turned them on.
        code "auth_code": Secret = otherwise("none"),
        /// The token that a first call was answered with; the caller has been authenticated by it.
        second_step "totp_token": Secret = otherwise("none"),
        /// Whether to hand out a token for later calls.
        token: bool = default("0"),
    }
}

/// Whom `user/switch` switches to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The person with this id.
    Id(i64),
    /// The person with this user name.
    Username(Filled),
}

impl Input for Whom {
    const ROWS: &'static [Rows] = &[
        row::<Reference>("id", Presence::Unless("username")),
        row::<Filled>("username", Presence::Unless("id")),
    ];

    /// Exactly one of the two; an id of 0 is none.
    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let id = arguments.or_default::<Reference>("id", "0");
        let username = arguments.given::<Filled>("username");
        let message = match (id?, username?) {
            (Reference(Some(id)), None) => return Some(Self::Id(id)),
            (Reference(None), Some(username)) => return Some(Self::Username(username)),
            (Reference(Some(_)), Some(_)) => "Give either id or username, not both.",
            (Reference(None), None) => "One of id and username is required.",
        };
        arguments.fault_of_all(["id", "username"], message);
        None
    }

    fn write(&self, members: &mut Members) {
        match self {
            Self::Id(id) => members.number("id", *id),
            Self::Username(username) => members.put("username", username),
        }
    }
}

input! {
    /// A call of `user/switch`.
    set Switch {
        /// The other person.
        whom: Whom = group,
        /// Whether to hand out a token for later calls.
        token: bool = default("0"),
    }
}
