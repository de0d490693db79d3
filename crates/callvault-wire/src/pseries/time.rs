//! Times as the dialect shows and reads them: in the customer's zone, in a display format without an offset.

use callvault_core::time::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::pseries::error::Errcode;

/// In which order the parts of a date stand; `/` is between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DateOrder {
    /// `MM/DD/YYYY`, as in all samples of the vendor.
    #[default]
    MonthDayYear,
    /// `DD/MM/YYYY`
    DayMonthYear,
    /// `YYYY/MM/DD`
    YearMonthDay,
}

/// How the hours are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HourClock {
    /// `HH:mm:ss`, 00 to 23.
    #[default]
    TwentyFour,
    /// `HH:mm:ss AM`, 01 to 12.
    Twelve,
}

/// How a customer sees times (`docs/pseries.md` P14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Display {
    zone: TimeZone,
    order: DateOrder,
    clock: HourClock,
}

/// The name of no IANA time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not an IANA time zone such as Europe/Berlin")]
pub struct UnknownZone {
    /// The name as given.
    pub name: String,
}

/// Which end of a range a time is. It decides which moment is meant by a time of day that comes twice, and whether
/// the second counts from its start or to its last millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// `start_time`
    Start,
    /// `end_time`
    End,
}

/// A bound of a time filter as a client sent it. Whether a text is in the right format can only be told by
/// someone who knows the customer: see [`TimeBound::resolve`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeBound {
    /// Unix seconds, from 0 to the end of the year 9999.
    Unix(i64),
    /// Anything else.
    Text(String),
}

/// 9999-12-31 23:59:59 UTC.
const LAST_SECOND: i64 = 253_402_300_799;

impl TimeBound {
    /// Reads digits as Unix seconds and leaves the rest for later. Fails with [`Errcode::Parameter`] for a number
    /// past the year 9999, which is most likely milliseconds.
    pub fn parse(text: &str) -> Result<Self, Errcode> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Text(text.to_owned()));
        }
        match text.parse() {
            Ok(seconds) if seconds <= LAST_SECOND => Ok(Self::Unix(seconds)),
            _ => Err(Errcode::Parameter),
        }
    }

    /// The moment that is meant, the whole second included at either end. `None` for a text in another format: the
    /// filter then matches nothing (`docs/pseries.md` P15).
    pub fn resolve(&self, display: &Display, edge: Edge) -> Option<Timestamp> {
        let start = match self {
            Self::Unix(seconds) => Timestamp::from_unix_ms(seconds * 1000),
            Self::Text(text) => display.read(text, edge)?,
        };
        Some(match edge {
            Edge::Start => start,
            Edge::End => Timestamp::from_unix_ms(start.unix_ms().saturating_add(999)),
        })
    }
}

impl Display {
    /// For a customer in the given IANA zone.
    pub fn new(zone: &str, order: DateOrder, clock: HourClock) -> Result<Self, UnknownZone> {
        let zone = TimeZone::get(zone).map_err(|_| UnknownZone { name: zone.to_owned() })?;
        Ok(Self { zone, order, clock })
    }

    /// Shows a moment, to the second. Moments beyond the calendar (the years -9999 to 9999) are shown empty.
    pub fn show(&self, moment: Timestamp) -> String {
        let Some(local) = self.local(moment) else { return String::new() };
        let (year, month, day) = (local.year(), local.month(), local.day());
        let date = match self.order {
            DateOrder::MonthDayYear => format!("{month:02}/{day:02}/{year:04}"),
            DateOrder::DayMonthYear => format!("{day:02}/{month:02}/{year:04}"),
            DateOrder::YearMonthDay => format!("{year:04}/{month:02}/{day:02}"),
        };
        let (hour, minute, second) = (local.hour(), local.minute(), local.second());
        match self.clock {
            HourClock::TwentyFour => format!("{date} {hour:02}:{minute:02}:{second:02}"),
            HourClock::Twelve => {
                let half = if hour < 12 { "AM" } else { "PM" };
                let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
                format!("{date} {hour:02}:{minute:02}:{second:02} {half}")
            }
        }
    }

    /// The stamp in the name of a link or a file: `YYYYMMDDhhmmss`.
    pub fn stamp(&self, moment: Timestamp) -> String {
        self.local(moment).map(|local| local.strftime("%Y%m%d%H%M%S").to_string()).unwrap_or_default()
    }

    /// Reads a time in the display format, or year first with `/` or `-` whatever the format is, as nothing else
    /// can be meant by that; hours by either clock. With an offset (RFC 3339) the zone does not matter.
    pub fn read(&self, text: &str, edge: Edge) -> Option<Timestamp> {
        let text = text.trim();
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            // Rounded down to the second, which is all that a filter can say; `as_second` goes towards 1970.
            let second = i64::try_from(moment.as_nanosecond().div_euclid(1_000_000_000)).ok()?;
            return Some(Timestamp::from_unix_ms(second.checked_mul(1000)?));
        }
        let (date, time) = text.split_once([' ', 'T'])?;
        let [first, second, third] = numbers(date, ['/', '-'])?;
        let (year, month, day) = match self.order {
            _ if first > 999 => (first, second, third),
            // A year of two digits could be any part of the date.
            _ if third < 1000 => return None,
            DateOrder::MonthDayYear => (third, first, second),
            DateOrder::DayMonthYear => (third, second, first),
            DateOrder::YearMonthDay => return None,
        };
        let date = jiff::civil::Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
        let local = self.zone.to_ambiguous_timestamp(DateTime::from_parts(date, time_of_day(time)?));
        let moment = match (local.offset(), edge) {
            (AmbiguousOffset::Gap { .. }, _) => return self.change_after(local.earlier().ok()?, edge),
            (_, Edge::Start) => local.earlier(),
            (_, Edge::End) => local.later(),
        };
        Some(Timestamp::from_unix_ms(moment.ok()?.as_millisecond()))
    }

    /// The moment of the next change of the clock, or the second before it: the first that shows more than a time which the
    /// clock left out, and the last that shows less.
    fn change_after(&self, moment: jiff::Timestamp, edge: Edge) -> Option<Timestamp> {
        let change = self.zone.following(moment).next()?.timestamp().as_millisecond();
        Some(Timestamp::from_unix_ms(if edge == Edge::Start { change } else { change - 1000 }))
    }

    fn local(&self, moment: Timestamp) -> Option<DateTime> {
        let moment = jiff::Timestamp::from_millisecond(moment.unix_ms()).ok()?;
        Some(self.zone.to_datetime(moment))
    }
}

/// `HH:mm:ss`, or with ` AM` or ` PM` behind it.
fn time_of_day(text: &str) -> Option<Time> {
    let text = text.trim().to_ascii_uppercase();
    let (clock, half) = match text.split_once(' ') {
        Some((clock, half)) => (clock, Some(half.trim())),
        None => (text.as_str(), None),
    };
    let [hour, minute, second] = numbers(clock, [':', ':'])?;
    let hour = match half {
        None => hour,
        Some("AM") if (1..=12).contains(&hour) => hour % 12,
        Some("PM") if (1..=12).contains(&hour) => hour % 12 + 12,
        Some(_) => return None,
    };
    Time::new(hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?, 0).ok()
}

/// Exactly three numbers of one to four digits with one and the same separator between them.
fn numbers(text: &str, separators: [char; 2]) -> Option<[i16; 3]> {
    let separator = text.chars().find(|one| separators.contains(one))?;
    let mut parts = text.split(separator).map(|part| {
        let digits = (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    });
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display(zone: &str, order: DateOrder, clock: HourClock) -> Display {
        Display::new(zone, order, clock).expect("a zone")
    }

    #[track_caller]
    fn check_shown(zone: &str, order: DateOrder, clock: HourClock, unix: i64, expected: &str) {
        let moment = Timestamp::from_unix_ms(unix * 1000 + 999);
        let display = display(zone, order, clock);
        assert_eq!(display.show(moment), expected);
        let start = Timestamp::from_unix_ms(unix * 1000);
        assert_eq!(display.read(expected, Edge::Start), Some(start), "{expected} read back");
    }

    /// Moments by `date -u -d @SECONDS`, with the offset of the zone added.
    #[test]
    fn times_are_shown_and_read_back() {
        use DateOrder as Order;
        use HourClock as Clock;
        let call = 1_649_756_009; // 2022-04-12 09:33:29 UTC
        check_shown("Asia/Shanghai", Order::MonthDayYear, Clock::TwentyFour, call, "04/12/2022 17:33:29");
        check_shown("Asia/Shanghai", Order::DayMonthYear, Clock::TwentyFour, call, "12/04/2022 17:33:29");
        check_shown("Asia/Shanghai", Order::YearMonthDay, Clock::Twelve, call, "2022/04/12 05:33:29 PM");
        check_shown("Europe/Berlin", Order::YearMonthDay, Clock::TwentyFour, call, "2022/04/12 11:33:29");
        check_shown("UTC", Order::MonthDayYear, Clock::Twelve, 0, "01/01/1970 12:00:00 AM");
        check_shown("UTC", Order::MonthDayYear, Clock::Twelve, 43_200, "01/01/1970 12:00:00 PM");
        let shanghai = display("Asia/Shanghai", Order::MonthDayYear, Clock::TwentyFour);
        assert_eq!(shanghai.stamp(Timestamp::from_unix_ms(1_649_756_009_000)), "20220412173329");
        assert_eq!(shanghai.show(Timestamp::from_unix_ms(i64::MAX)), "");
        assert!(Display::new("Mars/Olympus", Order::MonthDayYear, Clock::Twelve).is_err());
    }

    #[track_caller]
    fn check_read(order: DateOrder, text: &str, expected: Option<i64>) {
        let display = display("UTC", order, HourClock::TwentyFour);
        let found = display.read(text, Edge::Start).map(|moment| moment.unix_ms() / 1000);
        assert_eq!(found, expected, "for {text:?}");
    }

    #[test]
    fn what_can_mean_one_thing_only_is_read() {
        let call = Some(1_649_756_009);
        for order in [DateOrder::MonthDayYear, DateOrder::DayMonthYear, DateOrder::YearMonthDay] {
            for text in [
                "2022/04/12 09:33:29",
                "2022-04-12 09:33:29",
                "2022-4-12 9:33:29",
                "2022-04-12T09:33:29",
                "2022-04-12T09:33:29Z",
                "2022-04-12T17:33:29.5+08:00",
                " 2022/04/12 09:33:29 am ",
            ] {
                check_read(order, text, call);
            }
        }
        check_read(DateOrder::MonthDayYear, "04/12/2022 09:33:29", call);
        check_read(DateOrder::DayMonthYear, "12/04/2022 09:33:29", call);
        check_read(DateOrder::YearMonthDay, "04/12/2022 09:33:29", None);
    }

    #[test]
    fn parts_of_a_second_before_1970_are_cut_off_too() {
        let display = display("UTC", DateOrder::default(), HourClock::default());
        for (text, expected) in [
            ("1969-12-31T23:59:59.5Z", -1000),
            ("1969-12-31T23:59:59Z", -1000),
            ("1970-01-01T00:00:00.5Z", 0),
        ] {
            let found = display.read(text, Edge::End).map(Timestamp::unix_ms);
            assert_eq!(found, Some(expected), "for {text:?}");
        }
    }

    #[test]
    fn other_formats_are_not_read() {
        for text in [
            "",
            "x",
            "2022-04-12",
            "09:33:29",
            "2022-02-30 00:00:00",
            "2022-04-12 24:00:00",
            "2022-04-12 09:33",
            "2022-04/12 09:33:29",
            "2022-04-12 13:33:29 PM",
            "2022-04-12 00:33:29 AM",
            "2022-04-12 09:33:29 XM",
            "13/04/2022 09:33:29",
            "04/12/22 09:33:29",
            "٠٤/12/2022 09:33:29",
        ] {
            check_read(DateOrder::MonthDayYear, text, None);
        }
    }

    #[test]
    fn the_repeated_hour_counts_whole() {
        // Berlin, 2023-10-29: 02:30 comes twice, at 00:30 and at 01:30 UTC.
        let berlin = display("Europe/Berlin", DateOrder::DayMonthYear, HourClock::TwentyFour);
        let bound = TimeBound::parse("29/10/2023 02:30:00").expect("a text");
        let resolved = |edge| bound.resolve(&berlin, edge).map(Timestamp::unix_ms);
        assert_eq!(resolved(Edge::Start), Some(1_698_539_400_000));
        assert_eq!(resolved(Edge::End), Some(1_698_543_000_999));
    }

    /// Berlin, 2023-03-26: at 01:00 UTC the clock goes from 02:00 to 03:00 (`zdump -v Europe/Berlin`).
    #[test]
    fn a_time_that_the_clock_left_out_is_the_moment_of_the_change() {
        let berlin = display("Europe/Berlin", DateOrder::DayMonthYear, HourClock::TwentyFour);
        let change = 1_679_792_400_000;
        for text in ["26/03/2023 02:00:00", "26/03/2023 02:30:00", "26/03/2023 02:59:59"] {
            let bound = TimeBound::parse(text).expect("a text");
            let resolved = |edge| bound.resolve(&berlin, edge).map(Timestamp::unix_ms);
            // What began at 01:59:59 comes before it, and what began at 03:00:00 after it.
            assert_eq!(resolved(Edge::Start), Some(change), "{text}");
            assert_eq!(resolved(Edge::End), Some(change - 1), "{text}");
        }
        for (text, unix_ms) in [("26/03/2023 01:59:59", change - 1_000), ("26/03/2023 03:00:00", change)] {
            assert_eq!(berlin.read(text, Edge::Start).map(Timestamp::unix_ms), Some(unix_ms), "{text}");
            assert_eq!(berlin.read(text, Edge::End).map(Timestamp::unix_ms), Some(unix_ms), "{text}");
        }
    }

    #[test]
    fn bounds() {
        assert_eq!(TimeBound::parse("1649756009"), Ok(TimeBound::Unix(1_649_756_009)));
        assert_eq!(TimeBound::parse("253402300799"), Ok(TimeBound::Unix(LAST_SECOND)));
        for text in ["253402300800", "1649756009000", "99999999999999999999"] {
            assert_eq!(TimeBound::parse(text), Err(Errcode::Parameter), "{text}");
        }
        assert_eq!(TimeBound::parse("-1"), Ok(TimeBound::Text("-1".into())));
        let utc = display("UTC", DateOrder::MonthDayYear, HourClock::TwentyFour);
        assert_eq!(TimeBound::Text("-1".into()).resolve(&utc, Edge::Start), None);
        let end = TimeBound::Unix(1).resolve(&utc, Edge::End);
        assert_eq!(end, Some(Timestamp::from_unix_ms(1_999)));
    }
}
