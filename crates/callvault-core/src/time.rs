//! Points in time: stored in UTC, in milliseconds.

mod wall;

use std::fmt;
use std::time::Duration;

pub use self::wall::WallTime;

/// A point in time, in Unix milliseconds (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From Unix milliseconds.
    pub const fn from_unix_ms(unix_ms: i64) -> Self {
        Self(unix_ms)
    }

    /// Unix milliseconds.
    pub fn unix_ms(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, which names an offset: `2026-11-22T03:51:55.120Z`. What is finer than milliseconds is cut off.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|moment| Self(moment.as_millisecond()))
    }

    /// This much later; saturates.
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds, for example `2026-11-22T03:51:55.120Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

/// Whether `name` is a time zone of the IANA database, for example `Europe/Berlin`.
pub fn is_zone(name: &str) -> bool {
    jiff::tz::TimeZone::get(name).is_ok()
}

/// A time zone, by which phone systems write down the times of their calls.
#[derive(Debug, Clone)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// The zone of this name in the IANA database.
    pub fn named(name: &str) -> Option<Self> {
        jiff::tz::TimeZone::get(name).ok().map(Self)
    }

    /// When a clock of this zone showed `yyyy-mm-dd hh:mm:ss` (or a `T` for the blank). In the hour that comes twice in
    /// autumn it is the time that lies closer to `near`, the first one without it (`docs/yeastar.md` G34). A time that
    /// the clock left out in spring is read as if it had been put forward later. `None` for anything else.
    pub fn read(&self, text: &str, near: Option<Timestamp>) -> Option<Timestamp> {
        let shown = self.0.to_ambiguous_timestamp(WallTime::parse(text)?.0);
        let unix_ms = |moment: jiff::Timestamp| moment.as_millisecond();
        let moment = if matches!(shown.offset(), jiff::tz::AmbiguousOffset::Fold { .. }) {
            let (first, second) = (unix_ms(shown.earlier().ok()?), unix_ms(shown.later().ok()?));
            let closer = |near: &Timestamp| near.0.abs_diff(second) < near.0.abs_diff(first);
            if near.as_ref().is_some_and(closer) { second } else { first }
        } else {
            unix_ms(shown.compatible().ok()?)
        };
        Some(Timestamp(moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rfc_3339() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(Timestamp::parse(text).map(Timestamp::unix_ms), expected, "{text:?}");
        };
        check("2017-09-14T01:30:15.274Z", Some(1_505_352_615_274));
        check("2017-09-14T03:30:15.274999+02:00", Some(1_505_352_615_274));
        check("2017-09-14T01:30:15.274", None);
        check("2017-09-14", None);
        check("", None);
    }

    /// Expected values by `date -u -d ... +%s`; 1589299528 is the row of `docs/yeastar.md`, "Fetching call records".
    #[test]
    fn reads_the_clock_on_the_wall() {
        let check = |zone: &str, text: &str, near: Option<i64>, expected: Option<i64>| {
            let zone = Zone::named(zone).unwrap();
            let near = near.map(|seconds| Timestamp::from_unix_ms(seconds * 1000));
            let seconds = zone.read(text, near).map(|time| time.unix_ms() / 1000);
            assert_eq!(seconds, expected, "{text:?} near {near:?}");
        };
        check("Europe/London", "2020-05-12 17:05:28", None, Some(1_589_299_528));
        check("UTC", " 2020-05-12T17:05:28", None, Some(1_589_303_128));
        // 2026-10-25 02:30 comes twice in Berlin: 00:30 UTC and 01:30 UTC.
        check("Europe/Berlin", "2026-10-25 02:30:00", None, Some(1_792_888_200));
        check("Europe/Berlin", "2026-10-25 02:30:00", Some(1_792_888_195), Some(1_792_888_200));
        check("Europe/Berlin", "2026-10-25 02:30:00", Some(1_792_891_795), Some(1_792_891_800));
        // 2026-03-29 02:30 does not come: 01:30 UTC is 03:30.
        check("Europe/Berlin", "2026-03-29 02:30:00", None, Some(1_774_747_800));
        for text in [
            "",
            "2020-05-12",
            "2020-05-12 17:05",
            "2020-13-12 17:05:28",
            "2020-05-12 17:05:28Z",
            "1589299528",
        ] {
            check("UTC", text, None, None);
        }
        assert!(Zone::named("Mars/Olympus").is_none());
    }

    #[test]
    fn what_names_an_offset_or_parts_of_a_second_is_no_time_on_the_wall() {
        // Each has 19 bytes, as the form that is read.
        for text in
            ["2020-05-12 17:05+02", "2020-05-12 17[Zulu]", "2020-05-12 170528.1", "2020-05-12T17:05,55"]
        {
            assert_eq!(Zone::named("UTC").unwrap().read(text, None), None, "{text:?}");
        }
    }

    #[test]
    fn shows_utc_with_milliseconds() {
        assert_eq!(Timestamp::from_unix_ms(1_505_352_615_274).to_string(), "2017-09-14T01:30:15.274Z");
        assert_eq!(Timestamp::from_unix_ms(0).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn knows_zones() {
        assert!(is_zone("Europe/Berlin"));
        assert!(is_zone("UTC"));
        assert!(!is_zone("Mars/Olympus"));
    }
}
