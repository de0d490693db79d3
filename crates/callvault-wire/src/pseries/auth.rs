//! The secret of `get_token`, and the lives of what it gives.

pub use callvault_core::token_pair::{ACCESS_TOKEN_LIFE, REFRESH_TOKEN_LIFE};

use callvault_core::secret::{PasswordMd5, Secret};

/// What a client secret is verified as. It travels in clear and is taken as it is, blanks included, while the
/// stored secret is a hash over the MD5 for every door (`docs/pseries.md` P6).
pub fn password(client_secret: &Secret) -> PasswordMd5 {
    PasswordMd5::of_password(client_secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: &str, expected: &str) {
        assert_eq!(password(&Secret::new(sent)).reveal(), expected, "for {sent:?}");
    }

    /// The expected values are what `printf '%s' TEXT | md5sum` prints.
    #[test]
    fn the_secret_is_hashed_as_it_is() {
        check("password", "5f4dcc3b5aa765d61d8327deb882cf99");
        check("Callvault1", "058b4f17c7536ed003fb4da1df4759a0");
        // An MD5 is a password like any other here: it is not the password it was made of.
        check("5f4dcc3b5aa765d61d8327deb882cf99", "696d29e0940a4957748fe3fc9efd22a3");
    }
}
