//! One-time codes of a shared secret and the time: RFC 6238 with HMAC-SHA-1, steps of 30 seconds and six digits, which is
//! what every authenticator app understands.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use crate::port::random::Random;
use crate::secret::Secret;
use crate::time::Timestamp;

/// How long a code is the one of now, in milliseconds.
const STEP_MS: i64 = 30_000;

/// How many steps a clock may be wrong, each way.
const DRIFT_STEPS: i64 = 1;

/// Digits of a code.
const DIGITS: usize = 6;

/// Bytes of a secret: as long as the hash, as RFC 4226 recommends (section 4, R6).
const SECRET_BYTES: usize = 20;

/// A shared secret. Whoever has it computes the codes, so it shows itself nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OneTimeSecret([u8; SECRET_BYTES]);

impl fmt::Debug for OneTimeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl OneTimeSecret {
    /// A fresh one.
    pub fn fresh(random: &dyn Random) -> Self {
        let mut bytes = [0; SECRET_BYTES];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// From stored bytes.
    pub fn from_bytes(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// From the text that people type into an app; `None` if it is not such a text.
    pub fn from_base32(text: &str) -> Option<Self> {
        BASE32_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// The bytes, for the catalog.
    pub fn as_bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// As people type it into an app.
    pub fn base32(&self) -> Secret {
        Secret::new(BASE32_NOPAD.encode(&self.0))
    }

    /// As apps read it from a QR code: the `otpauth` URI of a person.
    pub fn uri(&self, username: &str) -> Secret {
        let (name, secret) = (percent_encoded(username), self.base32());
        Secret::new(format!(
            "otpauth://totp/Callvault:{name}?secret={}&issuer=Callvault&algorithm=SHA1&digits=6&period=30",
            secret.reveal()
        ))
    }

    /// The code of a step: six digits.
    pub fn code(&self, step: i64) -> Secret {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        // Dynamic truncation, RFC 4226 section 5.3.
        let offset = usize::from(digest[19] & 0x0f);
        let bytes = [digest[offset] & 0x7f, digest[offset + 1], digest[offset + 2], digest[offset + 3]];
        let number = u32::from_be_bytes(bytes) % 10_u32.pow(DIGITS as u32);
        Secret::new(format!("{number:0DIGITS$}"))
    }

    /// The step near `now` and after `last` whose code this is. Blanks, with which apps group digits, do not count.
    pub fn step_of(&self, code: &Secret, now: Timestamp, last: i64) -> Option<i64> {
        let digits: String = code.reveal().chars().filter(|character| *character != ' ').collect();
        let present = step_at(now);
        let steps = present - DRIFT_STEPS..=present + DRIFT_STEPS;
        // All are compared, so that the time it takes tells nothing.
        let matching: Vec<i64> = steps
            .filter(|step| self.code(*step).reveal().as_bytes().ct_eq(digits.as_bytes()).into())
            .collect();
        matching.into_iter().find(|step| *step > last)
    }
}

/// The step of a moment.
pub fn step_at(now: Timestamp) -> i64 {
    now.unix_ms().div_euclid(STEP_MS)
}

/// A secret as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredSecret {
    /// The secret.
    pub secret: OneTimeSecret,
    /// Whether a code has shown that the person has it too; until then it counts for nothing.
    pub confirmed: bool,
    /// The step of the last code that was used; 0 before the first.
    pub last_step: i64,
}

/// Everything but what RFC 3986 leaves unreserved as `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of the test vectors: "12345678901234567890" in ASCII.
    fn vectors() -> OneTimeSecret {
        OneTimeSecret(*b"12345678901234567890")
    }

    fn at(unix_seconds: i64) -> Timestamp {
        Timestamp::from_unix_ms(unix_seconds * 1000)
    }

    #[test]
    fn codes_are_those_of_the_standards() {
        // RFC 4226, appendix D: the first ten counters.
        let hotp = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (counter, code) in (0..).zip(hotp) {
            assert_eq!(vectors().code(counter).reveal(), code, "counter {counter}");
        }
        // RFC 6238, appendix B: SHA-1, the last six of its eight digits.
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(vectors().code(step_at(at(seconds))).reveal(), &code[2..], "{seconds} s");
        }
    }

    #[test]
    fn a_clock_may_be_a_step_off_and_no_code_counts_twice() {
        // Counter 1 of the vectors, which is the seconds 30 to 59.
        let check = |code: &str, seconds: i64, last: i64, step: Option<i64>| {
            let found = vectors().step_of(&Secret::new(code), at(seconds), last);
            assert_eq!(found, step, "{code} at {seconds} s after step {last}");
        };
        check("287082", 29, 0, Some(1));
        check("287082", 30, 0, Some(1));
        check("287082", 89, 0, Some(1));
        check("287082", 90, 0, None);
        check("287082", -1, 0, None);
        check("287 082", 30, 0, Some(1));
        check("287082", 30, 1, None);
        check("287082", 30, 2, None);
        check("28708", 30, 0, None);
        check("0287082", 30, 0, None);
        check("", 30, 0, None);
    }

    #[test]
    fn a_secret_is_told_as_apps_read_it() {
        // The base32 of the vectors' secret, as RFC 4648 gives it and every app shows it.
        assert_eq!(vectors().base32().reveal(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(OneTimeSecret::from_base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), Some(vectors()));
        assert_eq!(OneTimeSecret::from_base32("GEZDGNBV"), None);
        assert_eq!(
            vectors().uri("ann@example.com").reveal(),
            "otpauth://totp/Callvault:ann%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Callvault&algorithm=SHA1&digits=6&period=30"
        );
        let stored = StoredSecret { secret: vectors(), confirmed: true, last_step: 0 };
        let shown = format!("{stored:?} {:?} {}", vectors().base32(), vectors().code(1));
        assert!(!shown.contains("GEZ") && !shown.contains("49") && !shown.contains("287082"), "{shown}");
    }
}
