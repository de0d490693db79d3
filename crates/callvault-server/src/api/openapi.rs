//! The OpenAPI 3.1 description of our own API, made from the table of its routes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::operation::{Operation, Schemas, reason};
use super::problem::{Code, ProblemObject};
use super::route::{At, Route};

/// What a reader has to know beside the operations.
const ABOUT: &str = "The API of Callvault itself. Times are of RFC 3339 in UTC. Every failure is a problem of RFC 9457, whose \
`code` is stable. Lists are pages: `next` is the `after` of the next one. A GET of a list or an object answers HEAD as well. A \
method that a path does not have is answered with 405 `method`, a path that is not here with 404. Over the control socket \
nobody logs in.";

/// The ways to log in; each is enough.
const LOGINS: &[(&str, &str)] = &[
    ("bearer", "A key of this API, of which the operation needs a scope."),
    ("basic", "User name and password of a person."),
];

/// The description as it is served, made once.
#[derive(Debug, Clone)]
pub(crate) struct Document(Arc<Value>);

impl Default for Document {
    fn default() -> Self {
        Self(Arc::new(super::description()))
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for Document {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Description".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "required": ["openapi", "info", "paths"] })
    }
}

/// The description of `table`, as one JSON document.
pub(super) fn document(table: &[At]) -> Value {
    let mut schemas = Schemas::default();
    let mut responses = BTreeMap::new();
    let mut paths = Map::new();
    for at in table {
        let mut item = Map::new();
        for route in &at.routes {
            let operation = route.operation(&mut schemas);
            let method = route.method.as_str().to_ascii_lowercase();
            if operation.head {
                item.insert("head".to_owned(), described(at.path, route, &operation, true, &mut responses));
            }
            item.insert(method, described(at.path, route, &operation, false, &mut responses));
        }
        paths.insert(at.path.to_owned(), Value::Object(item));
    }
    let problem = schemas.answered_ref::<ProblemObject<'_>>();
    for response in responses.values_mut() {
        response["content"]["application/problem+json"]["schema"]["allOf"][0] = problem.clone();
    }
    let logins = LOGINS.iter().map(|(scheme, about)| {
        ((*scheme).to_owned(), json!({ "type": "http", "scheme": scheme, "description": about }))
    });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Callvault",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": "/api/v1" }],
        "paths": paths,
        "components": {
            "schemas": schemas.into_components(),
            "responses": responses,
            "securitySchemes": logins.collect::<Map<_, _>>(),
        },
    })
}

/// One operation. Problems are described once for each set of codes, in `responses`.
fn described(
    path: &str,
    route: &Route,
    operation: &Operation,
    head: bool,
    responses: &mut BTreeMap<String, Value>,
) -> Value {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = names
        .zip(&operation.path)
        .map(|(name, (schema, about))| {
            json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema })
        })
        .collect();
    parameters.extend(operation.parameters.iter().cloned());
    let mut answers: BTreeMap<String, Value> =
        operation.answers.iter().map(|(status, answer)| (status.to_string(), answer.clone())).collect();
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in &operation.codes {
        by_status.entry(code.status().as_u16()).or_default().push(*code);
    }
    for (status, codes) in by_status {
        let words: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
        let name = words.join("_or_");
        responses.entry(name.clone()).or_insert_with(|| problem_response(status, &words));
        answers.insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") }));
    }
    if head {
        // The statuses and headers of GET without a body.
        for (status, answer) in &mut answers {
            let mut without = answer.clone();
            if without.get("$ref").is_some() {
                let status = status.parse().unwrap_or_default();
                without = json!({ "description": reason(status) });
            }
            if let Some(fields) = without.as_object_mut() {
                fields.remove("content");
            }
            *answer = without;
        }
    }
    let mut id = route.summary.to_ascii_lowercase().replace([' ', '-'], "_");
    if head {
        id.push_str("_head");
    }
    let mut described = json!({
        "operationId": id,
        "summary": route.summary,
        "tags": [path.split('/').nth(1).unwrap_or_default()],
        "responses": answers,
    });
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(body) = &operation.body {
        described["requestBody"] = body.clone();
    }
    described["security"] = match operation.login {
        true => LOGINS.iter().map(|(name, _)| json!({ *name: [] })).collect(),
        false => json!([]),
    };
    described
}

/// The answer with one of these codes. Its place for the schema of problems is filled at the end.
fn problem_response(status: u16, codes: &[&str]) -> Value {
    let schema = json!({ "allOf": [null, { "properties": { "status": { "const": status }, "code": { "enum": codes } } }] });
    let mut response = json!({
        "description": format!("{} (`{}`)", reason(status), codes.join("`, `")),
        "content": { "application/problem+json": { "schema": schema } },
    });
    if status == 401 {
        response["headers"] =
            json!({ "WWW-Authenticate": { "required": true, "schema": { "type": "string" } } });
    }
    response
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The committed description; it is read here and nowhere else.
    const COMMITTED: &str = include_str!("../../../../docs/openapi.json");

    #[test]
    fn the_committed_description_is_that_of_the_code() {
        let text = format!("{:#}\n", super::super::description());
        assert!(
            text == COMMITTED,
            "docs/openapi.json is not what the code says; renew it:\n  cargo run -p callvault -- openapi > docs/openapi.json"
        );
    }

    /// Every method and path of the table in `docs/api.md`, as `GET /customers/{id}`.
    fn documented() -> BTreeSet<String> {
        let page = include_str!("../../../../docs/api.md");
        let table = page.split("## Routes").nth(1).unwrap().split("## Objects").next().unwrap();
        let (mut found, mut last) = (BTreeSet::new(), String::new());
        for line in table.lines().filter(|line| line.starts_with("| `")) {
            let words: Vec<_> = line.split('|').nth(1).unwrap().split(['`', ' ', ',']).collect();
            if let Some(path) = words.iter().find(|word| word.starts_with('/')) {
                last = (*path).to_owned();
            }
            let methods = words
                .iter()
                .filter(|word| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_uppercase()));
            found.extend(methods.map(|method| format!("{method} {last}")));
        }
        found
    }

    #[test]
    fn the_page_for_people_names_the_same_routes() {
        let described = super::super::description();
        let mut found = BTreeSet::new();
        for (path, methods) in described["paths"].as_object().unwrap() {
            let methods = methods.as_object().unwrap().keys();
            found.extend(methods.map(|method| format!("{} {path}", method.to_ascii_uppercase())));
        }
        assert_eq!(found, documented(), "docs/api.md and the description differ");
    }

    #[test]
    fn every_operation_is_whole() {
        let mut schemas = Schemas::default();
        let mut ids = BTreeSet::new();
        for at in super::super::table() {
            let in_path = at.path.matches('{').count();
            for route in &at.routes {
                let operation = route.operation(&mut schemas);
                let what = format!("{} {}", route.method, at.path);
                assert_eq!(operation.path.len(), in_path, "{what}: parameters of the path are described");
                assert!(operation.answers.iter().any(|(status, _)| *status < 300), "{what}: it can succeed");
                assert!(ids.insert(route.summary.to_ascii_lowercase()), "{what}: its summary is taken");
                for parameter in &operation.parameters {
                    assert!(parameter["description"].is_string(), "{what}: {parameter} says what it is");
                }
                let open = at.path == "/tickets/{random}/audio";
                assert_eq!(operation.login, !open, "{what}: who may ask is described");
            }
        }
        for (name, schema) in schemas.into_components() {
            assert!(schema["description"].is_string(), "{name} says what it is; write a comment on its type");
        }
    }

    /// The page for people lists the codes with their statuses; so does the code.
    #[test]
    fn the_page_for_people_names_the_same_codes() {
        let page = include_str!("../../../../docs/api.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | `"));
        let rows = rows.filter(|(status, _)| status.parse::<u16>().is_ok());
        let documented: Vec<_> = rows
            .map(|(status, rest)| (status.to_owned(), rest.split('`').next().unwrap().to_owned()))
            .collect();
        let known =
            Code::ALL.iter().map(|code| (code.status().as_str().to_owned(), code.as_str().to_owned()));
        assert_eq!(documented, known.collect::<Vec<_>>());
    }
}
