//! The credentials of a call: `auth_token`, or `auth_username` with `auth_password`.
//!
//! Promises: what was sent can be read only through [`Secret::reveal`]; no `Debug` or `Display` shows it.

use crate::enswitch::parameters::Parameters;
use callvault_core::secret::Secret;

/// The names of the credentials, known to every function.
pub const NAMES: [&str; 3] = ["auth_username", "auth_password", "auth_token"];

/// What a call authenticates with.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A token; a name and password next to it are not looked at (`docs/enswitch.md` 19).
    Token(Secret),
    /// A name and a password, neither of them empty.
    Password {
        /// The name; masked as well, because it is half of what a log would give away.
        username: Secret,
        /// The password.
        password: Secret,
    },
}

impl Credentials {
    /// The credentials among `parameters`; `None` means code 401.
    ///
    /// Credentials given twice with different values, or not as UTF-8, cannot be checked and so are none:
    /// code 401 goes before code 400 (`docs/enswitch.md` 13).
    pub fn from_parameters(parameters: &Parameters) -> Option<Self> {
        let usable = |name| parameters.value(name).map(|value| value.ok().filter(|text| !text.is_empty()));
        match parameters.value("auth_token") {
            Some(Ok("")) | None => {}
            Some(Ok(token)) => return Some(Self::Token(Secret::new(token))),
            Some(Err(_)) => return None,
        }
        Some(Self::Password {
            username: Secret::new(usable("auth_username")??),
            password: Secret::new(usable("auth_password")??),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enswitch::path::Function;

    fn credentials(query: &str) -> Option<Credentials> {
        let function = Function::HuntgroupsFilesDownload;
        Credentials::from_parameters(&Parameters::from_query(function, query.as_bytes()))
    }

    #[test]
    fn credentials_are_found_or_refused() {
        let check = |query: &str, wanted: Option<(&str, &str)>| {
            let found = credentials(query);
            let seen = found.as_ref().map(|found| match found {
                Credentials::Token(token) => ("token", token.reveal()),
                Credentials::Password { username, password } => (username.reveal(), password.reveal()),
            });
            assert_eq!(seen, wanted, "{query}");
        };
        check("auth_username=user;auth_password=password", Some(("user", "password")));
        check("auth_username=user&auth_password=p%26q%3B+%2B", Some(("user", "p&q; +")));
        check("auth_token=abc&auth_username=user&auth_password=password", Some(("token", "abc")));
        check("auth_token=&auth_username=user&auth_password=password", Some(("user", "password")));
        check("", None);
        check("auth_username=user", None);
        check("auth_password=password", None);
        check("auth_username=&auth_password=", None);
        check("auth_username=user&auth_username=other&auth_password=password", None);
        check("auth_username=user&auth_password=%FF", None);
        check("auth_token=a&auth_token=b&auth_username=user&auth_password=password", None);
    }

    #[test]
    fn nothing_shows_a_secret() {
        let shown = format!("{:?}", credentials("auth_username=alice&auth_password=wonder"));
        assert!(!shown.contains("alice") && !shown.contains("wonder"), "{shown}");
        let function = Function::HuntgroupsFilesDownload;
        let parameters = Parameters::from_query(function, b"auth_token=jabber&auth_password=wocky&level=1");
        let shown = format!("{parameters:?} {}", Secret::new("jabber"));
        assert!(!shown.contains("jabber") && !shown.contains("wocky"), "{shown}");
    }
}
