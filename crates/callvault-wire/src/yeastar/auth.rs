//! The password of `login`, which travels as its MD5.

use callvault_core::secret::{PasswordMd5, Secret};

/// Reads what a client sent as its password: 32 hexadecimal digits, without regard to case or to blanks
/// around them (`docs/yeastar.md` G42).
///
/// `None` for what cannot be an MD5, such as a password that was not hashed. That is a wrong password like any
/// other, and to be counted as one.
pub fn password(sent: &str) -> Option<PasswordMd5> {
    PasswordMd5::from_hex(sent.trim())
}

/// Reads what a client of the TCP reports sent as its secret: the MD5, or the password itself
/// (`docs/yeastar.md` G25). A password that looks like an MD5 is taken for one.
pub fn tcp_secret(sent: &str) -> PasswordMd5 {
    password(sent).unwrap_or_else(|| PasswordMd5::of_password(&Secret::new(sent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: &str, expected: Option<&str>) {
        assert_eq!(password(sent).as_ref().map(PasswordMd5::reveal), expected, "for {sent:?}");
    }

    /// `5f4dcc3b...` is what `printf password | md5sum` prints.
    #[test]
    fn md5_text_is_taken_in_either_case() {
        let right = Some("5f4dcc3b5aa765d61d8327deb882cf99");
        check("5f4dcc3b5aa765d61d8327deb882cf99", right);
        check("5F4DCC3B5AA765D61D8327DEB882CF99", right);
        check(" 5f4dcc3b5aa765d61d8327DEB882cf99\n", right);
    }

    #[test]
    fn other_text_is_not_an_md5() {
        check("password", None);
        check("", None);
        check("5f4dcc3b5aa765d61d8327deb882cf9", None);
        check("5f4dcc3b5aa765d61d8327deb882cf990", None);
        check("5f4dcc3b5aa765d61d8327deb882cf9g", None);
        // 32 bytes, not all of them digits.
        check("5f4dcc3b5aa765d61d8327deb882cfé", None);
    }

    #[test]
    fn it_does_not_print() {
        let password = password("5f4dcc3b5aa765d61d8327deb882cf99").expect("32 digits");
        assert!(!format!("{password:?}").contains("5f4d"));
    }
}
