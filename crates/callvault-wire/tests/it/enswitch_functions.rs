//! Replays the golden pairs of all Enswitch functions but those of hunt groups' files against this crate and a
//! small model of the server that the pairs describe, told in `tests/golden/enswitch-functions/README.md`.

mod fixture;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use callvault_wire::enswitch::path::Function;
use callvault_wire::enswitch::request::{Parameter, Presence};
use serde_json::Value;

use self::world::World;
use crate::enswitch::{rendered, sample};
use crate::golden::{self, Message, folder};

fn read(file: &str) -> Message {
    Message::parse(&golden::read(&folder("enswitch-functions").join(file)))
}

/// Replaces the wildcards of the README in the strings of a body.
fn fill(value: &mut Value) {
    let audio = sample("example.wav");
    match value {
        Value::Object(members) => members.values_mut().for_each(fill),
        Value::Array(values) => values.iter_mut().for_each(fill),
        Value::String(text) => {
            *text = match text.as_str() {
                "{{audio-raw}}" => audio.iter().copied().map(char::from).collect(),
                "{{audio-base64}}" => base64_simd::STANDARD.encode_to_string(&audio),
                "{{token}}" => world::NEW_TOKEN.to_owned(),
                "{{second-step}}" => world::SECOND_STEP.to_owned(),
                "{{sha1}}" => fixture::SHA1.to_owned(),
                known => {
                    assert!(!known.starts_with("{{"), "unknown wildcard {known}");
                    return;
                }
            }
        }
        Value::Null => panic!("nothing is ever null"),
        Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The functions that these pairs are about.
fn others() -> impl Iterator<Item = Function> {
    Function::all().filter(|function| !function.path().starts_with("huntgroups/files/"))
}

/// What the pairs of a function show of it.
#[derive(Default)]
struct Shown {
    codes: BTreeSet<String>,
    /// The parameters that were given to calls that went well.
    given: BTreeSet<String>,
    /// Those that such calls did without.
    left_out: BTreeSet<String>,
    /// The keys of code 400.
    at_fault: BTreeSet<String>,
}

impl Shown {
    fn add(&mut self, function: Function, request: &Message, response: &Message) {
        let query = request.first_line.split(['?', ' ']).nth(2).unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let pairs = query.split(';').chain(body.split('&'));
        let sent: BTreeSet<String> =
            pairs.filter_map(|pair| pair.split_once('=')).map(|(name, _)| name.to_owned()).collect();
        let Ok(body) = serde_json::from_slice::<Value>(&response.body) else { return };
        for entry in body["responses"].as_array().expect("responses") {
            let word = |name: &str| entry[name].as_str().expect("a string").to_owned();
            if word("code") == "400" {
                self.at_fault.insert(word("key"));
            }
            self.codes.insert(word("code"));
        }
        if body["responses"][0]["code"].as_str().is_some_and(|code| code.starts_with('2')) {
            let known = function.parameters().into_iter().map(|parameter| parameter.name.to_owned());
            self.left_out.extend(known.filter(|name| !sent.contains(name)));
            self.given.extend(sent);
        }
    }
}

fn check(case: &str, shown: &mut BTreeMap<&'static str, Shown>) {
    let request = read(&format!("{case}.request"));
    let expected = read(&format!("{case}.response"));
    let body_length = request.body.len().to_string();
    assert_eq!(request.header("content-length").unwrap_or("0"), body_length, "{case}");

    let mut world = World::new(&request.comments);
    let (function, answer) = world.answer(&request);
    let (status, headers, body) = rendered(answer);
    let wanted_status = expected.first_line.split(' ').nth(1).expect(case);
    let seen = String::from_utf8_lossy(&body);
    assert_eq!(status.to_string(), wanted_status, "{case}: {seen}");
    for (name, value) in &expected.headers {
        let seen = headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref());
        assert_eq!(seen, Some(value.as_str()), "{case}: {name}");
    }
    if expected.body == b"{{audio}}" {
        assert_eq!(body, sample("example.wav"), "{case}");
    } else {
        let mut wanted: Value = serde_json::from_slice(&expected.body).expect(case);
        fill(&mut wanted);
        let seen: Value = serde_json::from_slice(&body).expect(case);
        assert_eq!(seen, wanted, "{case}");
    }
    if let Some(asked) = request.comments.get("asked") {
        let asked: Value = serde_json::from_str(asked).expect(case);
        let seen = world.asked.expect("a call that was understood");
        assert_eq!(serde_json::from_str::<Value>(&seen).expect(case), asked, "{case}");
    }
    shown.entry(function.path()).or_default().add(function, &request, &expected);
}

#[test]
fn every_pair_holds_and_no_function_parameter_or_code_is_without() {
    let cases = golden::requests(&folder("enswitch-functions"));
    let mut shown = BTreeMap::new();
    for case in &cases {
        check(case, &mut shown);
    }
    let mut gaps = Vec::new();
    for function in others() {
        let path = function.path();
        let shown = shown.entry(path).or_default();
        let codes = function.codes().iter().map(|code| code.as_str());
        gaps.extend(
            codes.filter(|code| !shown.codes.contains(*code)).map(|code| format!("{path} with {code}")),
        );
        for parameter in function.parameters() {
            let name = parameter.name;
            let is_required = parameter.presence == Presence::Required;
            // Also a credential: a wrong one is code 401.
            let is_credential = name == "totp_token";
            let has = [
                (shown.given.contains(name), "given"),
                (is_credential || shown.at_fault.contains(name), "wrong"),
                (is_required || shown.left_out.contains(name), "left out"),
            ];
            gaps.extend(
                has.iter().filter(|(has, _)| !has).map(|(_, how)| format!("{path} with {name} {how}")),
            );
        }
    }
    assert!(gaps.is_empty(), "no pairs of {gaps:#?}");
}

/// The table of the code against the one that was written down from the vendor's pages.
#[test]
fn privileges_and_codes_are_those_of_the_pages() {
    let table =
        fs_err::read_to_string(folder("enswitch-functions").join("functions.txt")).expect("a readable table");
    let mut wanted: Vec<String> = table.lines().map(str::to_owned).collect();
    let mut seen: Vec<String> = Function::all()
        .map(|function| {
            let codes: Vec<_> = function.codes().iter().map(|code| code.as_str()).collect();
            format!("{}: {}: {}", function.path(), function.privileges().join(" "), codes.join(" "))
        })
        .collect();
    wanted.sort();
    seen.sort();
    assert_eq!(seen, wanted);
}

/// A parameter as the document writes it.
fn written(parameter: &Parameter) -> String {
    let name = parameter.name;
    match parameter.presence {
        Presence::Required => format!("**{name}**"),
        Presence::Unless(_) => format!("*{name}*"),
        Presence::Default(default) => format!("{name}={default}"),
        Presence::Otherwise(_) | Presence::Keep => name.to_owned(),
    }
}

#[test]
fn the_document_has_the_table_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/enswitch.md");
    let document = fs_err::read_to_string(path).expect("the document");
    let (_, section) = document.split_once("\n## The other functions\n").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("a section behind it");
    let is_row = |line: &&str| line.split('`').nth(1).is_some_and(|path| path.contains('/'));
    let seen: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).filter(is_row).collect();
    let wanted: Vec<String> = others()
        .map(|function| {
            let parameters: Vec<_> = function.parameters().into_iter().map(written).collect();
            let codes: Vec<_> = function.codes().iter().map(|code| code.as_str()).collect();
            let (path, privileges) = (function.path(), function.privileges().join(", "));
            format!("| `{path}` | {privileges} | {} | {} |", parameters.join(", "), codes.join(" "))
        })
        .collect();
    assert_eq!(seen, wanted, "as it should be:\n{}", wanted.join("\n"));
}
