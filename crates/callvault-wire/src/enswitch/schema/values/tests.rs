use std::fmt::Debug;

use callvault_core::address::SourceList;
use proptest::prelude::*;

use super::numbers::integer;
use super::*;
use crate::enswitch::schema::Value;
use crate::enswitch::schema::exit::ExitKind;
use crate::enswitch::schema::members::Scalar;

#[test]
fn integers_as_decided() {
    let check = |text: &str, wanted: Option<i64>| assert_eq!(integer(text), wanted, "{text:?}");
    check("123", Some(123));
    check("+5", Some(5));
    check("-2", Some(-2));
    check(" 7\r\n", Some(7));
    check("007", Some(7));
    check("9223372036854775807", Some(i64::MAX));
    check("9223372036854775808", None);
    check("", None);
    check("+", None);
    check("+-1", None);
    check("- 1", None);
    check("1 2", None);
    check("1.0", None);
    check("1e2", None);
    check("0x10", None);
    check("\u{661}", None);
}

#[track_caller]
fn check<T: Value>(good: &[(&str, i64)], bad: &[(&str, &str)]) {
    for (text, wanted) in good {
        let seen = T::parse(text).map(|value| value.scalar());
        assert_eq!(seen, Ok(Scalar::Number(*wanted)), "{text}");
    }
    for (text, wanted) in bad {
        assert_eq!(T::parse(text).err(), Some(*wanted), "{text}");
    }
}

#[test]
fn numbers_have_their_bounds() {
    check::<bool>(&[("0", 0), ("+1", 1)], &[("2", "0 or 1"), ("true", "0 or 1")]);
    let level = "an integer from 1 to 10";
    check::<Level>(
        &[("1", 1), ("10", 10)],
        &[("0", level), ("11", level), ("257", level), ("one", "an integer")],
    );
    let seconds = "an integer from 0 to 3600";
    check::<Seconds>(&[("0", 0), ("3600", 3600)], &[("-1", seconds), ("3601", seconds), ("65536", seconds)]);
    check::<Percent>(&[("0", 0), ("100", 100)], &[("101", "an integer from 0 to 100")]);
    check::<Days>(&[("365", 365)], &[("36501", "an integer from 0 to 36500")]);
    check::<Screen>(&[("2", 2)], &[("3", "an integer from 0 to 2")]);
    check::<NonNegative>(&[("9223372036854775807", i64::MAX)], &[("-1", "an integer from 0")]);
    let unix = "a Unix time in seconds, from 0 to 253402300799";
    check::<Timestamp>(&[("1230000000", 1_230_000_000)], &[("-1", unix), ("1230000000000", unix)]);
}

#[test]
fn sentinels_mean_what_the_pages_say() {
    check::<Reference>(&[("0", 0), ("-5", -5), ("7", 7)], &[("x", "an integer")]);
    assert_eq!(Reference::parse("0"), Ok(Reference(None)));
    let limit = "an integer from 0, or -1 for no limit";
    check::<Limit>(&[("-1", -1), ("0", 0), ("60", 60)], &[("-2", limit), ("x", "an integer")]);
    assert_eq!(Limit::parse("-1"), Ok(Limit(None)));
    let seconds = "an integer from 0 to 3600, or -2 for the value of the hunt group";
    check::<Inherited<Seconds>>(
        &[("-2", -2), ("0", 0)],
        &[("-1", seconds), ("3601", seconds), ("x", "an integer")],
    );
    assert_eq!(Inherited::<Seconds>::parse("-2"), Ok(Inherited::FromHuntGroup));
    let flag = "0, 1, or -2 for the value of the hunt group";
    check::<Inherited<bool>>(&[("-2", -2), ("0", 0), ("1", 1)], &[("2", flag), ("-1", flag)]);
    check::<OnlyComplete>(&[("-1", -1), ("0", 0), ("1", 1)], &[("2", "0, 1, or -1 for all")]);
    assert_eq!(OnlyComplete::parse("-1"), Ok(OnlyComplete(None)));
}

#[test]
fn words_are_case_sensitive() {
    assert_eq!(RingOrder::parse("smart_linear"), Ok(RingOrder::SmartLinear));
    let allowed = "\"circular\", \"linear\", \"smart_circular\" or \"smart_linear\"";
    assert_eq!(RingOrder::parse("Linear"), Err(allowed));
    assert!(DestinationKind::parse("hangup").is_err());
    // Only where the empty text is a word does it count as a value.
    const { assert!(MessagePlayed::EMPTY_IS_A_VALUE && Direction::EMPTY_IS_A_VALUE) };
    const { assert!(!RingOrder::EMPTY_IS_A_VALUE && !TimeFormat::EMPTY_IS_A_VALUE) };
}

#[test]
fn text_of_a_form() {
    assert!(Filled::new("").is_none() && Filled::new("a\0").is_none());
    assert_eq!(Filled::new(" ").map(|text| text.as_str().to_owned()), Some(" ".to_owned()));
    assert_eq!(Country::parse("de").unwrap().as_str(), "DE");
    assert_eq!(Country::parse("").unwrap().as_str(), "");
    assert!(["d", "deu", "d1", "\u{e9}"].into_iter().all(|text| Country::parse(text).is_err()));
    assert!(SourceList::parse("10.0.0.0/8 192.0.2.7,2001:db8::1").is_ok());
    assert!(SourceList::parse("10.0.0.256").is_err());
}

/// What a value shows as is read as the same value.
#[track_caller]
fn comes_back<T: Value + PartialEq + Debug>(text: &str) {
    let Ok(value) = T::parse(text) else { return };
    let shown = match value.scalar() {
        Scalar::Number(number) => number.to_string(),
        Scalar::Text(text) => text,
    };
    assert_eq!(T::parse(&shown), Ok(value), "{text}");
}

proptest! {
    #[test]
    fn every_parser_is_total_and_values_come_back(text in "[-+ 0-9]{0,20}|[a-zA-Z_/]{0,16}|\\PC*") {
        comes_back::<i64>(&text);
        comes_back::<bool>(&text);
        comes_back::<Level>(&text);
        comes_back::<Seconds>(&text);
        comes_back::<Timestamp>(&text);
        comes_back::<Reference>(&text);
        comes_back::<Limit>(&text);
        comes_back::<Inherited<Seconds>>(&text);
        comes_back::<Inherited<bool>>(&text);
        comes_back::<OnlyComplete>(&text);
        comes_back::<RingOrder>(&text);
        comes_back::<MessagePlayed>(&text);
        comes_back::<Country>(&text);
        comes_back::<SourceList>(&text);
        comes_back::<ExitKind>(&text);
        comes_back::<String>(&text);
        comes_back::<Filled>(&text);
        comes_back::<Title>(&text);
        comes_back::<Dialled>(&text);
        comes_back::<ExitNumber>(&text);
    }
}
