//! `BootUp`: the device started. It tells of no call, so it is what a target is tried out with.

use crate::yeastar::object::Object;
use crate::yeastar::request::ReportFormat;

/// The JSON text of a report, in one line. A serial number that is not known is treated like the unknown values of
/// [`super::new_cdr`] (`docs/yeastar.md` G29).
pub fn boot_up(serial: &str, format: ReportFormat) -> Vec<u8> {
    match format {
        ReportFormat::V1_0_0 | ReportFormat::V1_0_2 => {
            let known = (!serial.is_empty()).then_some(serial);
            Object::default().text("action", "BootUp").optional("sn", known)
        }
        ReportFormat::V2_0_0 => Object::default().text("event", "BootUp").text("sn", serial),
    }
    .to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_its_own_first_member() {
        let check = |serial: &str, format: ReportFormat, expected: &str| {
            assert_eq!(String::from_utf8_lossy(&boot_up(serial, format)), expected, "{format:?}");
        };
        let (older, newest) = ([ReportFormat::V1_0_0, ReportFormat::V1_0_2], ReportFormat::V2_0_0);
        for format in older {
            check("360000000000", format, r#"{"action":"BootUp","sn":"360000000000"}"#);
            check("", format, r#"{"action":"BootUp"}"#);
        }
        check("360000000000", newest, r#"{"event":"BootUp","sn":"360000000000"}"#);
        check("", newest, r#"{"event":"BootUp","sn":""}"#);
    }
}
