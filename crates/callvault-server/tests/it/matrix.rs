//! Who gets what, everywhere: each function of the Enswitch dialect and each route of our own API, asked by each role of the
//! design's table about things of their own customer, of one below, one beside and the one above it, which they own themselves,
//! somebody else owns or nobody. `matrix/functions.txt` and `matrix/routes.txt` say by hand what must come of it.
//!
//! What another customer has answers like what nobody has, byte by byte, in every cell, and what is refused leaves all as it was.

mod table;
mod things;

use std::collections::BTreeSet;

use axum::body::Body;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{Answer, HERE, basic};
use callvault_wire::enswitch::path::Function;
use http::{Method, Request};
use serde_json::Value;

use crate::walk::documented_routes;
use table::{Codes, FunctionRow, LONE_ROLES, ROLES, Role, RouteRow};
use things::{Kind, Owner, Place, Thing, Things};

/// What distinguishes two answers to a client.
fn fingerprint(answer: &Answer) -> String {
    let id = answer.header("x-request-id");
    let headers = answer.headers.iter().filter(|(name, _)| name.as_str() != "x-request-id");
    let mut headers: Vec<_> =
        headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    headers.sort();
    let text = if id.is_empty() { answer.text() } else { answer.text().replace(id, "ID") };
    format!("{} {headers:?} {text}", answer.status)
}

/// One table through one door.
trait Row {
    fn codes(&self) -> &Codes;
    fn kind(&self) -> &Kind;
    fn title(&self) -> String;
    /// Whether a success changes anything.
    fn changes(&self) -> bool;
    /// Whether the thing is not there after a success.
    fn uses_up(&self) -> bool;
    /// What is asked, before names are filled in.
    fn template(&self) -> String;
    /// What is asked: the row itself, and where that is possible first without effect.
    fn asked(&self) -> Vec<Asked>;
    async fn ask(&self, things: &mut Things, asked: Asked, role: Role, thing: &Thing) -> Answer;
    /// The code of an answer, and of lists the rows.
    fn came(&self, answer: &Answer) -> (String, Option<Value>);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Validation,
    Really,
}

impl Row for FunctionRow {
    fn codes(&self) -> &Codes {
        &self.codes
    }

    fn kind(&self) -> &Kind {
        &self.kind
    }

    fn title(&self) -> String {
        format!("{} {:?} {}", self.function, self.kind, self.parameters)
    }

    fn template(&self) -> String {
        self.parameters.clone()
    }

    fn changes(&self) -> bool {
        !["get", "list", "download"].contains(&self.function.rsplit('/').next().unwrap())
    }

    fn uses_up(&self) -> bool {
        self.function.ends_with("/delete")
    }

    fn asked(&self) -> Vec<Asked> {
        let function = Function::all().find(|one| one.path() == self.function).unwrap();
        match (function.knows("validation"), self.codes.has("try")) {
            (true, true) => vec![Asked::Validation],
            (true, false) => vec![Asked::Validation, Asked::Really],
            (false, _) => vec![Asked::Really],
        }
    }

    async fn ask(&self, things: &mut Things, asked: Asked, role: Role, thing: &Thing) -> Answer {
        let audio = base64_simd::URL_SAFE.encode_to_string(wav(5, 80));
        let parameters = things.fill(&self.parameters, thing, role).await.replace("{wav}", &audio);
        let validation = if asked == Asked::Validation { "&validation=1" } else { "" };
        let whom = role.word();
        let link = format!(
            "/api/json/{}/?auth_username={whom}&auth_password=password&{parameters}{validation}",
            self.function
        );
        things.world.call(HERE, Request::get(link).body(Body::empty()).unwrap()).await
    }

    fn came(&self, answer: &Answer) -> (String, Option<Value>) {
        let mut json = answer.json();
        let code = json["responses"][0]["code"].as_str().unwrap().to_owned();
        (code, Some(json["data"].take()).filter(Value::is_array))
    }
}

impl Row for RouteRow {
    fn codes(&self) -> &Codes {
        &self.codes
    }

    fn kind(&self) -> &Kind {
        &self.kind
    }

    fn title(&self) -> String {
        format!("{} {} {:?} {}", self.method, self.path, self.kind, self.body)
    }

    fn template(&self) -> String {
        self.path.clone()
    }

    fn changes(&self) -> bool {
        !["GET", "HEAD"].contains(&self.method.as_str())
    }

    fn uses_up(&self) -> bool {
        // A secret of one-time codes that is made again replaces the one before, which no state would show.
        self.method == "DELETE" || self.changes() && self.path.contains("/totp")
    }

    fn asked(&self) -> Vec<Asked> {
        vec![Asked::Really]
    }

    async fn ask(&self, things: &mut Things, _: Asked, role: Role, thing: &Thing) -> Answer {
        let path = format!("/api/v1{}", things.fill(&self.path, thing, role).await);
        let body = match self.body.as_str() {
            "wav" => wav(things.next(), 80),
            text => things.fill(text, thing, role).await.into_bytes(),
        };
        let request = Request::builder().method(self.method.parse::<Method>().unwrap()).uri(path);
        let request = request.header("authorization", basic(&role.word()));
        things.world.call(HERE, request.body(Body::from(body)).unwrap()).await
    }

    fn came(&self, answer: &Answer) -> (String, Option<Value>) {
        let is_json = answer.header("content-type").starts_with("application/json");
        let rows = if is_json { answer.json()["items"].take() } else { Value::Null };
        (answer.status.as_str().to_owned(), Some(rows).filter(Value::is_array))
    }
}

/// Asks every cell of these rows; answers how many there were, and what was wrong with which.
async fn walk<R: Row>(rows: impl Iterator<Item = R>) -> (usize, Vec<String>) {
    let mut things = Things::new().await;
    let mut wrong = Vec::new();
    let mut cells = 0;
    for row in rows {
        let everywhere = ROLES.iter().map(|role| (*role, &Place::ALL[..]));
        let at_home = LONE_ROLES.iter().map(|role| (*role, &Place::ALL[..1]));
        for (role, places) in everywhere.chain(at_home) {
            for place in places.iter().copied() {
                for owner in row.kind().owners(place) {
                    for asked in row.asked() {
                        cells += 1;
                        if let Err(why) = cell(&mut things, &row, asked, (role, place, *owner)).await {
                            let place = place.word();
                            wrong.push(format!(
                                "{}: {} {place} {owner:?} {asked:?}: {why}",
                                row.title(),
                                role.word()
                            ));
                        }
                    }
                }
            }
        }
    }
    (cells, wrong)
}

async fn cell<R: Row>(
    things: &mut Things,
    row: &R,
    asked: Asked,
    (role, place, owner): (Role, Place, Owner),
) -> Result<(), String> {
    let thing = things.thing(row.kind(), place, owner, role).await;
    let (class, expected) = row.codes().expected(role, &thing);
    if expected == "-" {
        return Err(format!("the table has nothing for the class {class}"));
    }
    let is_shown = expected.strip_suffix(['+', '-']).map(|_| expected.ends_with('+'));
    let code = expected.trim_end_matches(['+', '-']).to_owned();
    let is_success = code.starts_with('2');
    let wanted = if is_success && asked == Asked::Validation { "201".to_owned() } else { code };
    // What is refused, or only judged, leaves everything as it was. Of roles that have nothing to do with it, the eight are enough.
    let is_refused_as_others = class == "lacks" && !ROLES.contains(&role);
    let keeps = row.changes() && !is_refused_as_others && (asked == Asked::Really) != is_success;
    let template = row.template();
    let before = match keeps {
        true => {
            things.fill(&template, &thing, role).await;
            things.state(row.kind(), &thing, &template, role).await
        }
        false => String::new(),
    };
    let answer = row.ask(things, asked, role, &thing).await;
    let (came, rows) = row.came(&answer);
    if came.starts_with('2') && asked == Asked::Really {
        if row.uses_up() {
            things.used_up(row.kind(), place, owner, role).await;
        }
        things.mine_used_up(&row.template(), role).await;
    }
    if came != wanted {
        return Err(format!("{came}, not {wanted} ({class})"));
    }
    if keeps && things.state(row.kind(), &thing, &template, role).await != before {
        return Err(format!("{came}, and something changed ({class})"));
    }
    if let Some(is_shown) = is_shown {
        let rows = rows.ok_or("no list")?;
        if thing.is_in(&rows) != is_shown {
            return Err(format!("shown: {}, not {is_shown} ({class})", !is_shown));
        }
    }
    if asked == Asked::Really && (wanted == "404" || wanted == "400" && !row.codes().has("told")) {
        let absent = thing.absent(class != "out");
        let missing = row.ask(things, asked, role, &absent).await;
        let (seen, missing) = (fingerprint(&answer), fingerprint(&missing));
        if seen != missing {
            return Err(format!("is told from what is not there ({class}):\n    {seen}\n    {missing}"));
        }
    }
    Ok(())
}

/// The families of functions by the first part of their paths, one test each, and how many cells there are at least.
const FAMILIES: [(&[&str], usize); 4] = [
    (&["huntgroups"], 4000),
    (
        &[
            "queues",
            "timegroups",
            "bulk",
            "codes",
            "numbers",
            "patternmenus",
            "music",
            "mailboxes",
            "cards",
            "unlimited",
        ],
        4500,
    ),
    (&["recording", "cdrs"], 2500),
    (&["sounds", "people", "roles", "customers", "user"], 2500),
];

/// The same of routes.
const ROUTES: [(&[&str], usize); 5] = [
    (&["huntgroups", "destinations"], 3000),
    (&["features"], 6000),
    (&["recordings", "recordgroups", "calls", "tickets"], 3000),
    (&["sounds", "people", "roles", "customers"], 2500),
    (&["keys", "sessions", "lockouts", "targets", "log", "check", "openapi.json"], 800),
];

/// Functions that our own API has no counterpart of: it knows no sessions.
const WITHOUT_ROUTE: [&str; 2] = ["user/login", "user/switch"];

impl FunctionRow {
    fn is_of(&self, families: &[&str]) -> bool {
        families.contains(&self.function.split('/').next().unwrap())
    }
}

impl RouteRow {
    fn is_of(&self, families: &[&str]) -> bool {
        families.contains(&self.path.split(['/', '?']).nth(1).unwrap())
    }
}

async fn check_functions(family: usize) {
    let (families, least) = FAMILIES[family];
    let rows = table::functions().into_iter().filter(|row| row.is_of(families));
    report(walk(rows).await, least);
}

async fn check_routes(family: usize) {
    let (families, least) = ROUTES[family];
    let rows = table::routes().into_iter().filter(|row| row.is_of(families));
    report(walk(rows).await, least);
}

fn report((cells, wrong): (usize, Vec<String>), least: usize) {
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cells >= least, "only {cells} cells were asked");
}

#[tokio::test]
async fn functions_of_hunt_groups() {
    check_functions(0).await;
}

#[tokio::test]
async fn functions_of_features() {
    check_functions(1).await;
}

#[tokio::test]
async fn functions_of_recordings_and_calls() {
    check_functions(2).await;
}

#[tokio::test]
async fn functions_of_sounds_and_accounts() {
    check_functions(3).await;
}

#[tokio::test]
async fn routes_of_hunt_groups() {
    check_routes(0).await;
}

#[tokio::test]
async fn routes_of_features() {
    check_routes(1).await;
}

#[tokio::test]
async fn routes_of_recordings_and_calls() {
    check_routes(2).await;
}

#[tokio::test]
async fn routes_of_sounds_and_accounts() {
    check_routes(3).await;
}

#[tokio::test]
async fn other_routes() {
    check_routes(4).await;
}

/// The application's roles are those of the table that the cells are expected from.
#[tokio::test]
async fn the_roles_are_those_of_the_table() {
    let things = Things::new().await;
    let rows = things.world.local(Method::GET, "/roles", "").await.json();
    let set = |words: &mut dyn Iterator<Item = &str>| words.map(str::to_owned).collect::<BTreeSet<_>>();
    let of = |row: &Value| {
        let privileges = row["privileges"].as_array().unwrap();
        let privileges = set(&mut privileges.iter().map(|one| one.as_str().unwrap()));
        (row["name"].as_str().unwrap().to_owned(), row["reach"].as_str().unwrap().to_owned(), privileges)
    };
    // Behind the ones that are there from the start are those of these tests.
    let served: Vec<_> = rows["items"].as_array().unwrap().iter().take(ROLES.len()).map(of).collect();
    let known = ROLES.map(|role| (role.name.to_owned(), role.reach.to_owned(), set(&mut role.privileges())));
    assert_eq!(served, known);
}

/// Each function has a row, with the privileges of its page, and a route; each route of the documentation has a row.
#[test]
fn nothing_is_left_out_of_the_tables() {
    let (functions, routes) = (table::functions(), table::routes());
    let walked: BTreeSet<_> = functions.iter().map(|row| row.function.as_str()).collect();
    let served: BTreeSet<_> = Function::all().map(Function::path).collect();
    assert_eq!(walked, served);
    for row in &functions {
        assert!(FAMILIES.iter().any(|(families, _)| row.is_of(families)), "{} is not asked", row.title());
    }
    for row in &routes {
        assert!(ROUTES.iter().any(|(families, _)| row.is_of(families)), "{} is not asked", row.title());
    }
    let docs = include_str!("../../../../docs/enswitch.md");
    for row in &functions {
        let start = format!("| `{}` |", row.function);
        let line = docs.lines().find(|line| line.starts_with(&start)).unwrap();
        let privileges: Vec<_> = line.split('|').nth(2).unwrap().split(',').map(str::trim).collect();
        assert_eq!(row.codes.privileges, privileges, "{}", row.function);
    }
    let mapped: BTreeSet<_> = routes.iter().filter_map(|row| row.function.as_deref()).collect();
    let with_route = served.iter().copied().filter(|path| !WITHOUT_ROUTE.contains(path));
    assert_eq!(mapped, with_route.collect(), "functions with a route");
    for (method, documented) in documented_routes() {
        let parts: Vec<_> = documented.split('/').collect();
        let is_it = |row: &RouteRow| {
            let path: Vec<_> = row.path.split('?').next().unwrap().split('/').collect();
            let fits = |(part, word): (&&str, &&str)| part.starts_with('{') || part == word;
            row.method == method && path.len() == parts.len() && parts.iter().zip(&path).all(fits)
        };
        assert!(routes.iter().any(is_it), "{method} {documented} is documented and has no row");
    }
}
