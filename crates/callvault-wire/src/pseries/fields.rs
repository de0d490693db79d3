//! The parameters of a request, from its query or from its JSON body.

use std::fmt;

use callvault_core::secret::Secret;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::pseries::error::Errcode;

/// The longest value of a parameter but for `ids`, in bytes after decoding.
pub(super) const MOST_TEXT_BYTES: usize = 255;

/// The longest body that is read, in bytes. The two calls with a body need a tenth of it.
pub(super) const MOST_BODY_BYTES: usize = 16 * 1024;

/// A query string cut at `&`, with its values as they stood there.
///
/// `Debug` shows the names alone: values hold tokens.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Cuts a query string, given without its `?`.
    pub(super) fn parse(query: &str) -> Self {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (form_decoded(name), value.to_owned())
        };
        Self { pairs: query.split('&').filter(|one| !one.is_empty()).map(pair).collect() }
    }

    /// The value as sent; the first if the name is there twice, `None` where it is blank.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        let (_, value) = self.pairs.iter().find(|(key, _)| key == name)?;
        Some(value.as_str()).filter(|value| !form_decoded(value).trim().is_empty())
    }

    /// The decoded and trimmed value, with `+` as a blank. Fails with [`Errcode::Parameter`] if it is too long.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Errcode> {
        self.raw(name).map(|raw| bounded(&form_decoded(raw))).transpose()
    }

    /// The value of a telephone number, in which `+` is a plus (`docs/pseries.md` P16).
    pub(super) fn number(&self, name: &str) -> Result<Option<String>, Errcode> {
        self.raw(name).map(|raw| bounded(&percent_decoded(raw))).transpose()
    }

    /// A whole number. Fails with [`Errcode::Parameter`] for anything else.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Errcode> {
        self.text(name)?.map(|text| text.parse().map_err(|_| Errcode::Parameter)).transpose()
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

fn bounded(text: &str) -> Result<String, Errcode> {
    let text = text.trim();
    if text.len() > MOST_TEXT_BYTES { Err(Errcode::Parameter) } else { Ok(text.to_owned()) }
}

/// Percent-decoding with `+` as a blank; bytes that are not UTF-8 become U+FFFD.
pub(super) fn form_decoded(text: &str) -> String {
    percent_decoded(&text.replace('+', " "))
}

/// Percent-decoding; bytes that are not UTF-8 become U+FFFD.
pub(super) fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A JSON object from a body. `Debug` shows the names alone: values hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// Reads a body, whatever its `Content-Type`. A byte order mark is passed over, an empty body is as good as
    /// `{}`, and of a name that stands there twice the last value counts. Fails with [`Errcode::ParameterSyntax`]
    /// for anything else that is not a JSON object in UTF-8 of at most [`MOST_BODY_BYTES`].
    pub(super) fn parse(body: &[u8]) -> Result<Self, Errcode> {
        if body.len() > MOST_BODY_BYTES {
            return Err(Errcode::ParameterSyntax);
        }
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
        if body.is_empty() {
            return Ok(Self(Map::new()));
        }
        // serde_json bounds the nesting, so no body exhausts the stack.
        serde_json::from_slice(body).map(Self).map_err(|_| Errcode::ParameterSyntax)
    }

    /// A text that has to be there; a number is taken for its digits. As sent, blanks included, since it may be a
    /// secret. Fails with [`Errcode::Parameter`] if it is missing, blank, too long or no text.
    pub(super) fn required(&self, name: &str) -> Result<Secret, Errcode> {
        let text = match self.0.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return Err(Errcode::Parameter),
        };
        let fits = !text.trim().is_empty() && text.len() <= MOST_TEXT_BYTES;
        if fits { Ok(Secret::new(text)) } else { Err(Errcode::Parameter) }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_cut_at_ampersands() {
        let query = Query::parse("a=1&&b=x%20y+z&c&a=2&d=+&na%6De=v&n=+49%2030");
        assert_eq!(query.integer("a"), Ok(Some(1)));
        assert_eq!(query.text("b"), Ok(Some("x y z".into())));
        for blank in ["c", "d", "e"] {
            assert_eq!(query.text(blank), Ok(None), "{blank}");
        }
        assert_eq!(query.text("name"), Ok(Some("v".into())));
        assert_eq!(query.number("n"), Ok(Some("+49 30".into())));
        assert_eq!(query.text("n"), Ok(Some("49 30".into())));
    }

    #[test]
    fn values_are_bounded() {
        let longest = Query::parse(&format!("a={}", "%41".repeat(255))).text("a");
        assert_eq!(longest, Ok(Some("A".repeat(255))));
        assert_eq!(Query::parse(&format!("a={}", "A".repeat(256))).text("a"), Err(Errcode::Parameter));
        for text in ["x", "1.5", "1e3", "9223372036854775808", "0x10"] {
            assert_eq!(Query::parse(&format!("a={text}")).integer("a"), Err(Errcode::Parameter), "{text}");
        }
    }

    #[track_caller]
    fn check_body(body: &[u8], expected: Result<&str, Errcode>) {
        let found = Body::parse(body).and_then(|body| body.required("f"));
        let found = found.as_ref().map(Secret::reveal).map_err(|errcode| *errcode);
        assert_eq!(found, expected, "for {:?}", String::from_utf8_lossy(body));
    }

    #[test]
    fn bodies() {
        check_body(br#"{"f":"x"}"#, Ok("x"));
        check_body(br#"{"f":" x "}"#, Ok(" x "));
        check_body(br#"{"f":1234}"#, Ok("1234"));
        check_body(b"\xef\xbb\xbf {\"f\":\"x\"}\r\n", Ok("x"));
        check_body(br#"{"f":"first","f":"last"}"#, Ok("last"));
        let blank: [&[u8]; 7] = [
            b"",
            b"{}",
            br#"{"f":""}"#,
            br#"{"f":" "}"#,
            br#"{"f":null}"#,
            br#"{"f":["x"]}"#,
            br#"{"f":true}"#,
        ];
        for body in blank {
            check_body(body, Err(Errcode::Parameter));
        }
        let wrong: [&[u8]; 6] =
            [b"f=x", b"[]", b"\"x\"", b"<f>x</f>", b"{\"f\":\"\xff\"}", b"{\"f\":\"x\"} y"];
        for body in wrong {
            check_body(body, Err(Errcode::ParameterSyntax));
        }
        check_body(&b"[".repeat(10_000), Err(Errcode::ParameterSyntax));
        check_body(
            format!(r#"{{"f":"x"}}{}"#, " ".repeat(16 * 1024)).as_bytes(),
            Err(Errcode::ParameterSyntax),
        );
        check_body(format!(r#"{{"f":"{}"}}"#, "x".repeat(256)).as_bytes(), Err(Errcode::Parameter));
    }

    #[test]
    fn values_do_not_print() {
        let body = Body::parse(br#"{"password":"hush"}"#).expect("an object");
        let query = Query::parse("access_token=hush");
        assert_eq!(format!("{body:?} {query:?}"), r#"{"password"} {"access_token"}"#);
    }
}
