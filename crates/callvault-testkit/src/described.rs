//! Holds what our own API answers in a test against its description, so that every test of a route is one of the
//! description too.

use http::Method;
use serde_json::Value;

use crate::world::Answer;

/// Panics when the description of the API does not have this answer: its status, its media type, or the code of its
/// problem. `path` is as it was sent; what is not below `/api/v1` is nothing of this.
///
/// # Panics
/// When it is not described.
pub fn check(description: &Value, method: &Method, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap_or_default();
    let Some(path) = path.strip_prefix("/api/v1/") else { return };
    let Some((template, item)) = item(description, path) else { return };
    let method = method.as_str().to_ascii_lowercase();
    // A GET is answered to HEAD as well, without its body.
    let Some(operation) = item.get(&method).or_else(|| item.get("get").filter(|_| method == "head")) else {
        assert_eq!(answer.status, 405, "{method} {template} is not described");
        return;
    };
    let status = answer.status.as_str();
    let mut response = &operation["responses"][status];
    assert!(
        !response.is_null(),
        "{method} {template} answers {status}, which is not described: {}",
        answer.text()
    );
    if let Some(reference) = response["$ref"].as_str() {
        response = description.pointer(reference.trim_start_matches('#')).unwrap();
    }
    if answer.body.is_empty() {
        return;
    }
    let media_type = answer.header("content-type").split(';').next().unwrap_or_default();
    let content = &response["content"][media_type];
    assert!(
        !content.is_null(),
        "{method} {template} answers {status} as {media_type:?}, which is not described"
    );
    if media_type == "application/problem+json" {
        let codes = content["schema"]["allOf"][1]["properties"]["code"]["enum"].as_array().unwrap();
        let code = &answer.json()["code"];
        assert!(codes.contains(code), "{method} {template} answers the code {code}, which is not described");
    }
}

/// The path of the description that a request goes to. A part that is written out goes before a parameter.
fn item<'a>(description: &'a Value, path: &str) -> Option<(&'a String, &'a Value)> {
    let parts: Vec<_> = path.split('/').collect();
    let fits = |template: &str| {
        let wanted: Vec<_> = template.trim_start_matches('/').split('/').collect();
        wanted.len() == parts.len()
            && wanted.iter().zip(&parts).all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    };
    let found = description["paths"].as_object()?.iter().filter(|(template, _)| fits(template));
    found.min_by_key(|(template, _)| template.matches('{').count())
}
