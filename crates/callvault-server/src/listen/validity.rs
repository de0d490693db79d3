//! When a certificate expires, read straight from its DER.
//!
//! Walks the few fields of RFC 5280 section 4.1 that stand before the validity and understands nothing
//! else; a certificate it cannot read simply has no known end.

use std::time::{Duration, SystemTime};

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const EXPLICIT_VERSION: u8 = 0xa0;

/// The `notAfter` of a DER-encoded X.509 certificate.
pub(super) fn expires_at(certificate: &[u8]) -> Option<SystemTime> {
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (to_be_signed, _) = element(certificate, SEQUENCE)?;
    let rest = match element(to_be_signed, EXPLICIT_VERSION) {
        Some((_, rest)) => rest,
        None => to_be_signed,
    };
    let (_serial, rest) = element(rest, INTEGER)?;
    let (_algorithm, rest) = element(rest, SEQUENCE)?;
    let (_issuer, rest) = element(rest, SEQUENCE)?;
    let (validity, _) = element(rest, SEQUENCE)?;
    let (_, rest) = time(validity)?;
    let (not_after, _) = time(rest)?;
    not_after
}

/// The content of an element with this tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = bytes.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn time(bytes: &[u8]) -> Option<(Option<SystemTime>, &[u8])> {
    if let Some((text, rest)) = element(bytes, UTC_TIME) {
        // RFC 5280 section 4.1.2.5.1: years below 50 are of this century.
        let century: &[u8] = if text.first()? < &b'5' { b"20" } else { b"19" };
        return Some((moment(&[century, text].concat()), rest));
    }
    let (text, rest) = element(bytes, GENERALIZED_TIME)?;
    Some((moment(text), rest))
}

/// Reads `YYYYMMDDHHMMSSZ`; `None` before 1970 as well, when nothing is valid.
fn moment(text: &[u8]) -> Option<SystemTime> {
    let digits = text.strip_suffix(b"Z").filter(|digits| digits.len() == 14)?;
    let number =
        |from: usize, to: usize| -> Option<u64> { std::str::from_utf8(&digits[from..to]).ok()?.parse().ok() };
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970 with years that begin in March, so that the leap day comes last.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = shifted_year / 4 - shifted_year / 100 + shifted_year / 400;
    let days = 365 * shifted_year + leap_days + (153 * shifted_month + 2) / 5 + (day - 1) - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_agree_with_date() {
        // Expected seconds are from `date -u -d ... +%s`.
        let check = |text: &str, seconds: Option<u64>| {
            let expected = seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(moment(text.as_bytes()), expected, "{text}");
        };
        check("19700101000000Z", Some(0));
        check("20000229235959Z", Some(951_868_799));
        check("20000301000000Z", Some(951_868_800));
        check("20261122040013Z", Some(1_795_320_013));
        check("21000301000000Z", Some(4_107_542_400));
        check("40960101000000Z", Some(67_090_118_400));
        check("20261322040013Z", None);
        check("20261122040013", None);
        check("19691231235959Z", None);
        check("2026112204001xZ", None);
    }

    #[test]
    fn the_end_of_a_certificate_is_found() {
        for (year, seconds) in [(2049, 2_493_072_000_u64), (2050, 2_524_608_000)] {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
            // UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5).
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
            let certificate = params.self_signed(&key).unwrap();
            let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(expires_at(certificate.der()), Some(expected));
            for length in 0..80 {
                assert_eq!(expires_at(&certificate.der()[..length]), None);
            }
        }
    }
}
