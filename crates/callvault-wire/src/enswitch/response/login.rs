//! Answers of `user/login` and `user/switch` (`docs/enswitch.md` 36 and 47 to 50).

use callvault_core::secret::Secret;

use super::rows::{Person, Row};
use super::{Code, Reply, envelope};
use crate::enswitch::schema::members::Members;

/// A token that later calls pass as `auth_token`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token.
    pub token: Secret,
    /// When it ends; `None` for never.
    pub expires: Option<Expiry>,
}

/// The end of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// In how many seconds.
    pub left_seconds: i64,
    /// At which Unix time in seconds.
    pub at: i64,
}

impl Reply {
    /// The answer to a login or a switch: the person's fields, and the token where one was asked for.
    pub fn logged_in(person: &Person<'_>, token: Option<&Token>) -> Self {
        let mut members = Members::default();
        person.write(&mut members);
        if let Some(Token { token, expires }) = token {
            members.text("auth_token", token.reveal());
            members.number("auth_token_expiry", expires.map_or(-1, |expiry| expiry.left_seconds));
            if let Some(expiry) = expires {
                members.number("auth_token_expires", expiry.at);
            }
        }
        Self::data(&members.object())
    }

    /// The answer where the password was right and a one-time code is still wanted: code 202. The token is
    /// good for the second step alone, and for two minutes.
    pub fn code_wanted(token: &Secret, username: &str) -> Self {
        let mut members = Members::default();
        // The one boolean of the vendor's pages that is printed as such.
        members.literal("totp_required", "true".to_owned());
        members.text("totp_token", token.reveal());
        members.text("username", username);
        Self::json(200, envelope(Code::CodeWanted, &[("", "OK")], Some(&members.object())))
    }
}
