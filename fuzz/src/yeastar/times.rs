//! Times of the Yeastar dialect.

use callvault_wire::yeastar::time::CivilTime;

/// A time on the wall clock.
pub fn yeastar_time(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let parsed = CivilTime::parse(text);
    let trimmed = text.trim();
    assert_eq!(CivilTime::parse(&format!(" \t{trimmed}\r\n")), parsed, "blanks around it");
    // What stands there is the only way to write it, and the calendar of another library knows the day.
    let is_form = trimmed.len() == 19
        && trimmed.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b' ',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    let known = is_form
        .then(|| jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", trimmed).ok())
        .flatten()
        // A leap second is taken for the second before it there, and refused here.
        .filter(|known| known.strftime("%S").to_string() == trimmed[17..]);
    assert_eq!(parsed.is_some(), known.is_some(), "{text:?}: {known:?}");
    let Some(time) = parsed else { return };
    assert_eq!(time.to_string(), trimmed, "the canonical form");
    let parts = [time.month(), time.day(), time.hour(), time.minute(), time.second()];
    assert_eq!(CivilTime::new(time.year(), parts[0], parts[1], parts[2], parts[3], parts[4]), parsed);
    // They sort as their texts do.
    let fixed = CivilTime::parse("2020-05-12 17:05:28").expect("a time");
    assert_eq!(time.cmp(&fixed), trimmed.cmp("2020-05-12 17:05:28"));
}
