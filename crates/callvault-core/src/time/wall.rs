//! Times as a clock on the wall shows them: without a zone, to the second.

use std::fmt;

use jiff::civil::DateTime;

use super::{Timestamp, Zone};

/// What the clock shows. Sorts in the order of its reading, which in the hour that comes twice is not that of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WallTime(pub(super) DateTime);

impl WallTime {
    /// Reads `yyyy-mm-dd hh:mm:ss` (or a `T` for the blank), the years 0 to 9999. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // The library reads more than this, such as offsets, which it would pass over.
        let is_in_place = |(place, byte): (usize, u8)| match place {
            4 | 7 => byte == b'-',
            10 => matches!(byte, b' ' | b'T'),
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        };
        if text.len() != 19 || !text.bytes().enumerate().all(is_in_place) {
            return None;
        }
        text.parse().ok().map(Self)
    }
}

impl fmt::Display for WallTime {
    /// `yyyy-mm-dd hh:mm:ss`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }
}

impl Zone {
    /// What a clock of this zone shows at a time; what is finer than seconds is cut off.
    pub fn shown(&self, at: Timestamp) -> WallTime {
        let second = Timestamp(at.0.div_euclid(1000).saturating_mul(1000));
        WallTime(self.0.to_datetime(moment(second)))
    }

    /// The first and the last millisecond at which a clock of this zone can show something from `first` to `last`, both
    /// included. Where the clock is put back it shows some of that twice, and something else between: what lies within is
    /// to be held against [`Zone::shown`].
    pub fn span(&self, first: WallTime, last: WallTime) -> (Timestamp, Timestamp) {
        let unix_ms = |moment: Result<jiff::Timestamp, jiff::Error>| {
            // Only the last day of the year 9999 lies beyond what can be told.
            moment.map_or(i64::MAX, jiff::Timestamp::as_millisecond)
        };
        let begin = unix_ms(self.0.to_ambiguous_timestamp(first.0).earlier());
        let end = unix_ms(self.0.to_ambiguous_timestamp(last.0).later());
        (Timestamp(begin), Timestamp(end.saturating_add(999)))
    }

    /// How far a clock of this zone is from UTC at a time, in minutes, positive to the east.
    pub fn offset_minutes(&self, at: Timestamp) -> i16 {
        // Offsets are less than 26 hours.
        i16::try_from(self.0.to_offset(moment(at)).seconds() / 60).unwrap_or_default()
    }
}

/// The time as the library has it; it ends near the years -9999 and 9999.
fn moment(at: Timestamp) -> jiff::Timestamp {
    let end = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(WallTime::parse(text).map(|time| time.to_string()).as_deref(), expected, "{text:?}");
        };
        check("2020-05-12 17:05:28", Some("2020-05-12 17:05:28"));
        check(" 2020-05-12T17:05:28", Some("2020-05-12 17:05:28"));
        check("0000-01-01 00:00:00", Some("0000-01-01 00:00:00"));
        check("9999-12-31 23:59:59", Some("9999-12-31 23:59:59"));
        check("2020-02-30 00:00:00", None);
        check("2020-05-12 17:05", None);
        check("20200512170528....5", None);
        check("2020-05-12 17:05:28Z", None);
        check("2020-05-12 17:05+02", None);
        check("2020-05-12 17:05.28", None);
        check("", None);
    }

    /// Expected values by `TZ=... date -d @... '+%F %T %z'`.
    #[test]
    fn shows_the_clock_of_a_zone() {
        let check = |zone: &str, unix_ms: i64, expected: &str, minutes: i16| {
            let (zone, at) = (Zone::named(zone).unwrap(), Timestamp::from_unix_ms(unix_ms));
            assert_eq!((zone.shown(at).to_string().as_str(), zone.offset_minutes(at)), (expected, minutes));
        };
        check("Europe/London", 1_589_299_528_999, "2020-05-12 17:05:28", 60);
        check("UTC", 0, "1970-01-01 00:00:00", 0);
        check("America/St_Johns", 1_589_299_528_000, "2020-05-12 13:35:28", -150);
        check("Asia/Kathmandu", 1_589_299_528_000, "2020-05-12 21:50:28", 345);
        // 02:30 comes twice on 2026-10-25 in Berlin.
        check("Europe/Berlin", 1_792_888_200_000, "2026-10-25 02:30:00", 120);
        check("Europe/Berlin", 1_792_891_800_000, "2026-10-25 02:30:00", 60);
        check("UTC", -1, "1969-12-31 23:59:59", 0);
    }

    /// Expected values by `date -u -d ... +%s`.
    #[test]
    fn a_span_holds_all_that_shows_a_time_within() {
        let check = |zone: &str, first: &str, last: &str, expected: (i64, i64)| {
            let zone = Zone::named(zone).unwrap();
            let (first, last) = (WallTime::parse(first).unwrap(), WallTime::parse(last).unwrap());
            let (begin, end) = zone.span(first, last);
            assert_eq!((begin.unix_ms(), end.unix_ms()), expected, "{first} to {last}");
        };
        let day = ("2024-03-05 00:00:00", "2024-03-05 23:59:59");
        check("UTC", day.0, day.1, (1_709_596_800_000, 1_709_683_199_999));
        check("Asia/Kathmandu", day.0, day.1, (1_709_576_100_000, 1_709_662_499_999));
        // From the first 02:30 of the night to the second 02:40.
        let night = ("2026-10-25 02:30:00", "2026-10-25 02:40:00");
        check("Europe/Berlin", night.0, night.1, (1_792_888_200_000, 1_792_892_400_999));
        // 02:30 does not come in this one: from 00:30 UTC (01:30 on the wall) to 01:30 UTC (03:30), which the next hour needs.
        let gap = "2026-03-29 02:30:00";
        check("Europe/Berlin", gap, gap, (1_774_744_200_000, 1_774_747_800_999));
        check("UTC", "9999-12-31 12:00:00", "9999-12-31 23:59:59", (i64::MAX, i64::MAX));
    }
}
