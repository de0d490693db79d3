//! Conditional requests (RFC 9110 section 13): whether a request goes on, or ends as 304 or 412.
//!
//! `If-Range` is not here; it belongs to [`super::range`], which comes last in the order of section 13.2.2.
//! Dates that cannot be read, that come more than once, or that meet a representation without a date are ignored.

use std::time::SystemTime;

use http::header::{HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::{HeaderMap, Method};
use httpdate::HttpDate;

use super::entity_tag::{ReceivedEtag, parse_list};
use super::range::Representation;

/// How the preconditions of a request came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// The request is to be performed.
    Holds,
    /// The client has the representation already: 304.
    NotModified,
    /// The client assumed something else: 412.
    Failed,
}

/// Evaluates the preconditions of a request on an existing representation, in the order of RFC 9110
/// section 13.2.2.
pub fn evaluate(method: &Method, headers: &HeaderMap, representation: &Representation) -> Precondition {
    let reading = method == Method::GET || method == Method::HEAD;
    let etag = &representation.etag;
    let modified = representation.last_modified.map(HttpDate::from);

    if headers.contains_key(IF_MATCH) {
        if !any_tag(headers, IF_MATCH, |tag| etag.matches_strongly(tag)) {
            return Precondition::Failed;
        }
    } else if let (Some(limit), Some(modified)) = (date(headers, IF_UNMODIFIED_SINCE), modified)
        && modified > limit
    {
        return Precondition::Failed;
    }

    if headers.contains_key(IF_NONE_MATCH) {
        if any_tag(headers, IF_NONE_MATCH, |tag| etag.matches_weakly(tag)) {
            return if reading { Precondition::NotModified } else { Precondition::Failed };
        }
    } else if reading
        && let (Some(limit), Some(modified)) = (date(headers, IF_MODIFIED_SINCE), modified)
        && modified <= limit
    {
        return Precondition::NotModified;
    }
    Precondition::Holds
}

/// Whether a header that may come in several lines is `*` or has a tag that `matches`. A line that is no
/// list of tags has none.
fn any_tag(headers: &HeaderMap, name: HeaderName, matches: impl Fn(&ReceivedEtag<'_>) -> bool) -> bool {
    headers.get_all(name).iter().any(|line| {
        let line = line.as_bytes().trim_ascii();
        line == b"*" || parse_list(line).is_some_and(|tags| tags.iter().any(&matches))
    })
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<HttpDate> {
    let mut lines = headers.get_all(name).iter();
    let (line, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    let parsed: SystemTime = httpdate::parse_http_date(line.to_str().ok()?.trim()).ok()?;
    Some(parsed.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::*;
    use crate::http::entity_tag::StrongEtag;

    const BEFORE: &str = "Tue, 15 Nov 1994 12:45:25 GMT";
    const AT: &str = "Tue, 15 Nov 1994 12:45:26 GMT";
    const AFTER: &str = "Tue, 15 Nov 1994 12:45:27 GMT";

    fn check(method: Method, lines: &[(HeaderName, &str)], expected: Precondition) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let representation = Representation {
            size_bytes: 10,
            etag: StrongEtag::from_text("xyzzy").unwrap(),
            last_modified: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(784_903_526_900)),
        };
        assert_eq!(evaluate(&method, &headers, &representation), expected, "{method} {lines:?}");
    }

    #[test]
    fn each_condition_alone() {
        use Precondition::{Failed, Holds, NotModified};
        let (get, put) = (Method::GET, Method::PUT);
        check(get.clone(), &[], Holds);
        check(get.clone(), &[(IF_MATCH, r#""xyzzy""#)], Holds);
        check(get.clone(), &[(IF_MATCH, r#""a", "xyzzy""#)], Holds);
        check(get.clone(), &[(IF_MATCH, "*")], Holds);
        check(get.clone(), &[(IF_MATCH, r#"W/"xyzzy""#)], Failed);
        check(get.clone(), &[(IF_MATCH, "xyzzy")], Failed);
        check(get.clone(), &[(IF_NONE_MATCH, r#""xyzzy""#)], NotModified);
        check(get.clone(), &[(IF_NONE_MATCH, r#"W/"xyzzy""#)], NotModified);
        check(get.clone(), &[(IF_NONE_MATCH, r#""a""#), (IF_NONE_MATCH, r#""xyzzy""#)], NotModified);
        check(get.clone(), &[(IF_NONE_MATCH, r#""a""#)], Holds);
        check(get.clone(), &[(IF_NONE_MATCH, "xyzzy")], Holds);
        check(get.clone(), &[(IF_NONE_MATCH, "*")], NotModified);
        check(Method::HEAD, &[(IF_NONE_MATCH, "*")], NotModified);
        check(put.clone(), &[(IF_NONE_MATCH, "*")], Failed);
        check(get.clone(), &[(IF_MODIFIED_SINCE, BEFORE)], Holds);
        check(get.clone(), &[(IF_MODIFIED_SINCE, AT)], NotModified);
        check(get.clone(), &[(IF_MODIFIED_SINCE, AFTER)], NotModified);
        check(get.clone(), &[(IF_MODIFIED_SINCE, "yesterday")], Holds);
        check(get.clone(), &[(IF_MODIFIED_SINCE, AFTER), (IF_MODIFIED_SINCE, AFTER)], Holds);
        check(put.clone(), &[(IF_MODIFIED_SINCE, AFTER)], Holds);
        check(get.clone(), &[(IF_UNMODIFIED_SINCE, BEFORE)], Failed);
        check(get.clone(), &[(IF_UNMODIFIED_SINCE, AT)], Holds);
        check(put, &[(IF_UNMODIFIED_SINCE, BEFORE)], Failed);
        check(get, &[(IF_UNMODIFIED_SINCE, "never")], Holds);
    }

    #[test]
    fn precedence_of_rfc_9110_section_13_2_2() {
        use Precondition::{Failed, Holds, NotModified};
        // Tags beat dates, and what the client assumes beats what it has cached.
        check(Method::GET, &[(IF_MATCH, r#""xyzzy""#), (IF_UNMODIFIED_SINCE, BEFORE)], Holds);
        check(Method::GET, &[(IF_NONE_MATCH, r#""a""#), (IF_MODIFIED_SINCE, AFTER)], Holds);
        check(Method::GET, &[(IF_MATCH, r#""a""#), (IF_NONE_MATCH, r#""xyzzy""#)], Failed);
        check(Method::GET, &[(IF_MATCH, r#""xyzzy""#), (IF_NONE_MATCH, r#""xyzzy""#)], NotModified);
        check(Method::GET, &[(IF_UNMODIFIED_SINCE, AT), (IF_MODIFIED_SINCE, AT)], NotModified);
    }
}
