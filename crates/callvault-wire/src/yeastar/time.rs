//! Times of the dialect: `yyyy-mm-dd hh:mm:ss` on the phone system's wall clock, without a zone.
//!
//! Nothing here knows which zone that is. Whoever turns such a time into a point in time does, and decides about
//! the hour that comes twice (`docs/yeastar.md` G34).

use std::fmt;

use callvault_core::time::WallTime;

/// A wall-clock time to the second, of a day that exists. Sorts in the order of the clock's reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CivilTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl CivilTime {
    /// Checks the parts: years 0 to 9999, days that exist in the Gregorian calendar, no leap second.
    pub fn new(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<Self> {
        let fits = year <= 9999
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        fits.then_some(Self { year, month, day, hour, minute, second })
    }

    /// Reads `yyyy-mm-dd hh:mm:ss`, exactly; blanks around it are passed over. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: &[u8; 19] = text.trim().as_bytes().try_into().ok()?;
        let separators = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')];
        if separators.iter().any(|(at, separator)| bytes[*at] != *separator) {
            return None;
        }
        let number = |from: usize, to: usize| {
            bytes[from..to].iter().try_fold(0_u16, |number, byte| {
                byte.is_ascii_digit().then(|| number * 10 + u16::from(byte - b'0'))
            })
        };
        let two = |from: usize| number(from, from + 2).and_then(|number| u8::try_from(number).ok());
        Self::new(number(0, 4)?, two(5)?, two(8)?, two(11)?, two(14)?, two(17)?)
    }

    /// What a clock shows, as the dialect writes it; `None` outside the years 0 to 9999.
    pub fn of(shown: WallTime) -> Option<Self> {
        Self::parse(&shown.to_string())
    }

    /// What a clock shows then; `None` if the domain has no such time.
    pub fn wall_time(self) -> Option<WallTime> {
        WallTime::parse(&self.to_string())
    }

    /// The year, 0 to 9999.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> u8 {
        self.day
    }

    /// The hour, 0 to 23.
    pub fn hour(self) -> u8 {
        self.hour
    }

    /// The minute, 0 to 59.
    pub fn minute(self) -> u8 {
        self.minute
    }

    /// The second, 0 to 59.
    pub fn second(self) -> u8 {
        self.second
    }
}

impl fmt::Display for CivilTime {
    /// As on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(u16, u8, u8, u8, u8, u8)>) {
        let expected = expected.map(|(year, month, day, hour, minute, second)| CivilTime {
            year,
            month,
            day,
            hour,
            minute,
            second,
        });
        assert_eq!(CivilTime::parse(text), expected, "for {text:?}");
    }

    #[test]
    fn times_are_read() {
        check("2020-05-12 17:05:28", Some((2020, 5, 12, 17, 5, 28)));
        check(" 2020-05-12 00:00:00\n", Some((2020, 5, 12, 0, 0, 0)));
        check("2024-02-29 23:59:59", Some((2024, 2, 29, 23, 59, 59)));
        check("2000-02-29 23:59:59", Some((2000, 2, 29, 23, 59, 59)));
    }

    #[test]
    fn anything_else_is_not() {
        for text in [
            "",
            "2020-05-12",
            "2020-05-12T17:05:28",
            "2020-05-12  17:05:28",
            "2020-05-12 17:05",
            "2020-5-12 17:05:28",
            "2020/05/12 17:05:28",
            "2020-05-12 17:05:28Z",
            "2020-05-12 17:05:2８",
            "2020-13-12 17:05:28",
            "2020-00-12 17:05:28",
            "2023-02-29 17:05:28",
            "1900-02-29 17:05:28",
            "2020-04-31 17:05:28",
            "2020-05-00 17:05:28",
            "2020-05-12 24:00:00",
            "2020-05-12 17:60:28",
            "2020-05-12 17:05:60",
            "+020-05-12 17:05:28",
            "1589299528",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn the_order_is_that_of_the_clock() {
        let read = |text| CivilTime::parse(text).expect("a time");
        let times =
            ["2019-12-31 23:59:59", "2020-01-01 00:00:00", "2020-01-01 00:00:01", "2020-01-02 00:00:00"];
        assert!(times.map(read).is_sorted_by(|one, next| one < next));
    }

    proptest! {
        #[test]
        fn what_is_read_is_shown_again(text in "[0-9]{4}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]|.*") {
            if let Some(time) = CivilTime::parse(&text) {
                prop_assert_eq!(time.to_string(), text.trim());
            }
        }
    }
}
