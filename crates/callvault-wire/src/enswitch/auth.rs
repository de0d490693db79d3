//! The credentials of a call: `auth_token`, or `auth_username` with `auth_password`; in the second step of a
//! login with one-time codes `totp_token` with `auth_code`.
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
    /// The second step of `user/login`: the token of the first and a one-time code. It goes before all others
    /// (`docs/enswitch.md` 50).
    OneTime {
        /// The token that the first step was answered with.
        token: Secret,
        /// The code.
        code: Secret,
    },
}

impl Credentials {
    /// The credentials among `parameters`; `None` means code 401.
    ///
    /// Credentials given twice with different values, or not as UTF-8, cannot be checked and so are none:
    /// code 401 goes before code 400 (`docs/enswitch.md` 13).
    pub fn from_parameters(parameters: &Parameters) -> Option<Self> {
        let usable = |name| parameters.value(name).map(|value| value.ok().filter(|text| !text.is_empty()));
        if let Some(token) = parameters.value("totp_token").filter(|value| *value != Ok("")) {
            let code = Secret::new(usable("auth_code")??);
            return Some(Self::OneTime { token: Secret::new(token.ok()?), code });
        }
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
                Credentials::OneTime { token, code } => (token.reveal(), code.reveal()),
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
    fn only_a_login_has_a_second_step() {
        let check = |function: Function, query: &str, wanted: Option<(&str, &str)>| {
            let found = Credentials::from_parameters(&Parameters::from_query(function, query.as_bytes()));
            let seen = found.as_ref().map(|found| match found {
                Credentials::Token(token) => ("token", token.reveal()),
                Credentials::Password { username, password } => (username.reveal(), password.reveal()),
                Credentials::OneTime { token, code } => (token.reveal(), code.reveal()),
            });
            assert_eq!(seen, wanted, "{query}");
        };
        let second = "totp_token=t&auth_code=123456";
        check(Function::UserLogin, second, Some(("t", "123456")));
        let all = format!("auth_username=u&auth_password=p&auth_token=a&{second}");
        check(Function::UserLogin, &all, Some(("t", "123456")));
        check(Function::UserLogin, "auth_username=u&auth_password=p&auth_code=1", Some(("u", "p")));
        check(Function::UserLogin, "auth_username=u&auth_password=p&totp_token=", Some(("u", "p")));
        // A second step without its code is none, nor does a password stand in for the code.
        check(Function::UserLogin, "auth_username=u&auth_password=p&totp_token=t", None);
        check(Function::UserLogin, "totp_token=t&totp_token=u&auth_code=1", None);
        check(Function::UserLogin, "totp_token=t&auth_code=%FF", None);
        check(Function::RolesList, &all, Some(("token", "a")));
        check(Function::RolesList, second, None);
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
