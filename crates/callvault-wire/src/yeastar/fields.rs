//! The parameters of a call, from a query or from a JSON body, read as liberally as clients write them.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::yeastar::error::Errno;

/// A query string cut at `&`. Values stay undecoded, because a recording name needs them so.
///
/// `Debug` shows the names alone: values hold tokens and tickets.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Query<'r> {
    pairs: Vec<(Cow<'r, str>, &'r str)>,
}

impl<'r> Query<'r> {
    /// Cuts a query string, given without its `?`.
    pub(super) fn parse(query: &'r str) -> Self {
        let pairs = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (form_decode(name), value)
            })
            .collect();
        Self { pairs }
    }

    /// The undecoded value of a parameter; the first one if it stands there twice.
    pub(super) fn raw(&self, name: &str) -> Option<&'r str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// The decoded value of a parameter, with `+` as a blank.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'r, str>> {
        self.raw(name).map(form_decode)
    }
}

impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

/// Decoding of `application/x-www-form-urlencoded`; bytes that are not UTF-8 become U+FFFD.
fn form_decode(text: &str) -> Cow<'_, str> {
    // Names of parameters, tokens and tickets have nothing to decode.
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned())
}

/// Where a call's parameters come from.
///
/// `Debug` shows names alone, as values hold passwords.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Fields<'r> {
    /// From the query, of a GET or of a download.
    Query(Query<'r>),
    /// From a JSON object, or from a body that was empty.
    Json(Map<String, Value>),
}

/// One parameter, after numbers and booleans were taken for the text they look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field<'a> {
    /// Missing, `null`, empty or blank.
    Blank,
    /// Text with something in it, as sent.
    Text(Cow<'a, str>),
    /// An array or an object, which no parameter of the dialect takes.
    Composite,
}

impl<'a> Field<'a> {
    /// The text, where there is any.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Blank | Self::Composite => None,
        }
    }
}

impl Fields<'_> {
    /// The parameter of the given name.
    pub(super) fn field(&self, name: &str) -> Field<'_> {
        let text = match self {
            Self::Query(query) => query.text(name),
            Self::Json(object) => match object.get(name) {
                None | Some(Value::Null) => None,
                Some(Value::String(text)) => Some(Cow::Borrowed(text.as_str())),
                Some(Value::Number(number)) => Some(Cow::Owned(number.to_string())),
                Some(Value::Bool(flag)) => Some(Cow::Owned(flag.to_string())),
                Some(Value::Array(_) | Value::Object(_)) => return Field::Composite,
            },
        };
        match text {
            Some(text) if !text.trim().is_empty() => Field::Text(text),
            _ => Field::Blank,
        }
    }

    /// The parameter under the first of its names that says something; clients mix the names of versions.
    pub(super) fn any(&self, names: &[&str]) -> Field<'_> {
        names.iter().map(|name| self.field(name)).find(|field| *field != Field::Blank).unwrap_or(Field::Blank)
    }

    /// The undecoded value of a query's parameter under the first of its names that is there. `None` for JSON.
    pub(super) fn raw_any(&self, names: &[&str]) -> Option<&str> {
        match self {
            Self::Query(query) => names.iter().filter_map(|name| query.raw(name)).find(|raw| !raw.is_empty()),
            Self::Json(_) => None,
        }
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(query) => query.fmt(f),
            Self::Json(object) => f.debug_set().entries(object.keys()).finish(),
        }
    }
}

/// Reads a request body as a JSON object, whatever its `Content-Type` (`docs/yeastar.md`, "Requests").
///
/// A byte order mark is passed over; of a name that stands there twice the last value counts. Fails with
/// [`Errno::DataBlank`] for nothing but blanks, [`Errno::XmlBody`] for `<...`, and [`Errno::NotJson`] for
/// anything else that is not a JSON object in UTF-8.
pub(super) fn parse_body(body: &[u8]) -> Result<Map<String, Value>, Errno> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    match body.first() {
        None => Err(Errno::DataBlank),
        Some(b'<') => Err(Errno::XmlBody),
        // `Map` itself refuses arrays and the like; nesting is bounded by serde_json, so no body exhausts the stack.
        Some(_) => serde_json::from_slice(body).map_err(|_| Errno::NotJson),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_cut_at_ampersands() {
        let query = Query::parse("token=abc&&recording=a%20b+c.wav&x&token=second&na%6De=%41+B;c=d=e");
        assert_eq!(query.raw("token"), Some("abc"));
        assert_eq!(query.raw("recording"), Some("a%20b+c.wav"));
        assert_eq!(query.raw("x"), Some(""));
        assert_eq!(query.text("name").as_deref(), Some("A B;c=d=e"));
        assert_eq!(query.raw("c"), None);
    }

    #[track_caller]
    fn check_field(body: &str, expected: Field<'_>) {
        let fields = Fields::Json(parse_body(body.as_bytes()).expect("an object"));
        assert_eq!(fields.field("f"), expected, "for {body}");
    }

    #[test]
    fn values_become_text() {
        check_field(r#"{"f":"x"}"#, Field::Text("x".into()));
        check_field(r#"{"f":8260}"#, Field::Text("8260".into()));
        check_field(r#"{"f":-1}"#, Field::Text("-1".into()));
        check_field(r#"{"f":true}"#, Field::Text("true".into()));
        check_field(r#"{"f":" x "}"#, Field::Text(" x ".into()));
        for body in ["{}", r#"{"f":null}"#, r#"{"f":""}"#, r#"{"f":" \t"}"#] {
            check_field(body, Field::Blank);
        }
        check_field(r#"{"f":["x"]}"#, Field::Composite);
        check_field(r#"{"f":{}}"#, Field::Composite);
        check_field(r#"{"f":"first","g":1,"f":"last"}"#, Field::Text("last".into()));
    }

    #[track_caller]
    fn check_refused(body: &[u8], expected: Errno) {
        assert_eq!(parse_body(body), Err(expected), "for {:?}", String::from_utf8_lossy(body));
    }

    #[test]
    fn bodies_that_are_no_object() {
        check_refused(b"", Errno::DataBlank);
        check_refused(b" \r\n\t", Errno::DataBlank);
        check_refused(b"\xef\xbb\xbf", Errno::DataBlank);
        check_refused(b"<?xml version=\"1.0\"?><login/>", Errno::XmlBody);
        check_refused(b"\xef\xbb\xbf\n<login/>", Errno::XmlBody);
        for body in [
            "username=api&password=x",
            "[]",
            "null",
            "\"text\"",
            "7",
            "{\"a\":1",
            "{\"a\":1} trailing",
            "{'a':1}",
            "{\"a\":1e999}",
        ] {
            check_refused(body.as_bytes(), Errno::NotJson);
        }
        check_refused(b"{\"a\":\"\xff\"}", Errno::NotJson);
        check_refused("[".repeat(100_000).as_bytes(), Errno::NotJson);
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert_eq!(parse_body(b"\xef\xbb\xbf{}"), Ok(Map::new()));
    }

    #[test]
    fn values_do_not_print() {
        let fields = Fields::Json(parse_body(br#"{"password":"hush"}"#).expect("an object"));
        assert_eq!(format!("{fields:?}"), r#"{"password"}"#);
        assert_eq!(format!("{:?}", Query::parse("token=hush")), r#"{"token"}"#);
    }
}
