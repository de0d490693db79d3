//! The two tables as they are written, and what they expect of each cell. Nothing here asks the application what it would do.

use super::things::{Kind, Owner, Place, Thing};

/// A role that every installation has from the start, as the design's table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Role {
    /// Its name in the application.
    pub(super) name: &'static str,
    /// How far it reaches: `own`, `customer`, `subtree` or `system`.
    pub(super) reach: &'static str,
    privileges: &'static str,
}

/// Every privilege but `system`.
const RESELLER: &str = "administrator user residential wholesale sounds record cdrs features messages cards commerce callshop \
                        files actions panel reports send_faxes yeastar_api";

/// Every privilege.
const OWNER: &str = "administrator user residential wholesale sounds record cdrs features messages cards commerce callshop \
                     files actions panel reports send_faxes yeastar_api system";

const fn role(name: &'static str, reach: &'static str, privileges: &'static str) -> Role {
    Role { name, reach, privileges }
}

/// The table of roles.
pub(super) const ROLES: [Role; 8] = [
    role("system owner", "system", OWNER),
    role("reseller", "subtree", RESELLER),
    role(
        "administrator",
        "customer",
        "administrator user residential wholesale sounds record cdrs messages cards commerce files actions panel reports",
    ),
    role("user", "own", "user sounds messages"),
    role("residential", "own", "residential messages"),
    role("supervisor", "customer", "user record cdrs reports"),
    role("auditor", "customer", "reports"),
    role("api", "customer", "yeastar_api record cdrs user"),
];

macro_rules! lone_roles {
    ($($privilege:literal: $($reach:literal)*;)*) => {
        /// Roles with one privilege alone, which an installation may add, so that each shows what it opens by itself.
        pub(super) const LONE_ROLES: &[Role] = &[
            $($(role(concat!("only ", $privilege, " ", $reach), $reach, $privilege)),*),*
        ];
    };
}

// An administrator of nothing but their own things is a contradiction that nobody makes.
lone_roles! {
    "administrator": "customer";
    "user": "customer";
    "residential": "customer";
    "wholesale": "customer" "own";
    "sounds": "customer" "own";
    "record": "customer" "own";
    "cdrs": "customer" "own";
    "features": "customer";
    "messages": "customer";
    "cards": "customer" "own";
    "commerce": "customer" "own";
    "callshop": "customer" "own";
    "files": "customer";
    "actions": "customer";
    "panel": "customer";
    "reports": "customer" "own";
    "send_faxes": "customer";
    "system": "customer";
    "yeastar_api": "customer";
}

impl Role {
    /// Its privileges.
    pub(super) fn privileges(self) -> impl Iterator<Item = &'static str> {
        self.privileges.split_whitespace()
    }

    /// Its name in the tables, and of the person who has it.
    pub(super) fn word(self) -> String {
        self.name.replace(' ', "-")
    }

    fn reaches(self, place: Place) -> bool {
        match place {
            Place::Own => true,
            Place::Below => matches!(self.reach, "subtree" | "system"),
            Place::Beside | Place::Above => self.reach == "system",
        }
    }
}

/// The classes of callers, in the order of their columns.
const CLASSES: [&str; 7] = ["lacks", "owner", "admin", "viewer", "nobody", "else", "out"];

/// The codes for the classes of callers, with what departs from them.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    /// The privileges of which one opens it; `any` needs none.
    pub(super) privileges: Vec<String>,
    columns: Vec<String>,
    exceptions: Vec<(String, String)>,
    /// Words among the exceptions: `try`, `told`.
    words: Vec<String>,
}

impl Codes {
    /// Whether this word is among the exceptions.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|one| one == word)
    }

    /// What a caller gets about a thing, and which class that is of.
    pub(super) fn expected(&self, role: Role, thing: &Thing) -> (&'static str, String) {
        let class = self.class(role, thing);
        let column = CLASSES.iter().position(|one| *one == class).unwrap();
        let fits = |exception: &str| {
            let (rest, place) = exception.split_once('@').unwrap_or((exception, ""));
            let (who, of) = rest.split_once('/').unwrap_or((rest, ""));
            let is_named = match (who.strip_prefix('!'), who.strip_prefix('~')) {
                (Some(privilege), _) => !role.privileges().any(|one| one == privilege),
                (_, Some(reach)) => reach == role.reach,
                _ => who.is_empty() || who == role.word(),
            };
            is_named && (of.is_empty() || of == class) && (place.is_empty() || place == thing.place.word())
        };
        let exception = self.exceptions.iter().rfind(|(exception, _)| class != "lacks" && fits(exception));
        let code = exception.map_or(&self.columns[column], |(_, code)| code);
        (class, code.clone())
    }

    fn class(&self, role: Role, thing: &Thing) -> &'static str {
        let has = |privilege: &str| privilege == "any" || role.privileges().any(|one| one == privilege);
        if !self.privileges.iter().any(|privilege| has(privilege)) {
            "lacks"
        } else if !role.reaches(thing.place) {
            "out"
        } else if thing.owner == Owner::Caller {
            "owner"
        } else if has("administrator") {
            "admin"
        } else if role.reach != "own" {
            "viewer"
        } else if thing.owner == Owner::Nobody {
            "nobody"
        } else {
            "else"
        }
    }
}

/// A row of the table of functions.
#[derive(Debug, Clone)]
pub(super) struct FunctionRow {
    /// The function's path.
    pub(super) function: String,
    /// What it is done to.
    pub(super) kind: Kind,
    /// Who gets what.
    pub(super) codes: Codes,
    /// The parameters, with names of the thing's in braces.
    pub(super) parameters: String,
}

/// A row of the table of routes.
#[derive(Debug, Clone)]
pub(super) struct RouteRow {
    /// The method.
    pub(super) method: String,
    /// The path below `/api/v1`, with names of the thing's in braces.
    pub(super) path: String,
    /// The function whose row this is the counterpart of.
    pub(super) function: Option<String>,
    /// What it is done to.
    pub(super) kind: Kind,
    /// Who gets what.
    pub(super) codes: Codes,
    /// The body.
    pub(super) body: String,
}

fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|line| line.split('|').map(str::trim).collect())
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn exceptions(text: &str) -> Vec<(String, String)> {
    let pairs = text.split_whitespace().filter_map(|word| word.split_once('='));
    pairs.map(|(who, code)| (who.to_owned(), code.to_owned())).collect()
}

fn codes(privileges: &str, columns: &str, changes: &str) -> Codes {
    let codes = Codes {
        privileges: words(privileges),
        columns: words(columns),
        exceptions: exceptions(changes),
        words: words(changes),
    };
    assert_eq!(codes.columns.len(), CLASSES.len(), "{columns}");
    codes
}

/// The table of functions.
pub(super) fn functions() -> Vec<FunctionRow> {
    let row = |fields: Vec<&str>| {
        let [function, privileges, kind, columns, changes, parameters] = fields[..] else {
            panic!("{fields:?}")
        };
        FunctionRow {
            function: function.to_owned(),
            kind: Kind::of(kind),
            codes: codes(privileges, columns, changes),
            parameters: parameters.to_owned(),
        }
    };
    lines(include_str!("functions.txt")).map(row).collect()
}

/// The table of routes; what a row does not say is that of its function.
pub(super) fn routes() -> Vec<RouteRow> {
    let functions = functions();
    lines(include_str!("routes.txt"))
        .map(|fields| {
            let [route, of, kind, columns, changes, body] = fields[..] else { panic!("{fields:?}") };
            let (method, path) = route.split_once(' ').unwrap();
            let kind = Kind::of(kind);
            let (privileges, named) = of.split_once(" (").unwrap_or((of, ""));
            let of_row = functions.iter().find(|row| row.function == of && row.kind == kind);
            let function = of_row.map_or_else(|| named.trim_end_matches(')'), |row| &row.function);
            let codes = match of_row {
                Some(row) => counterpart(&row.codes, columns, changes),
                None => codes(privileges, columns, changes),
            };
            RouteRow {
                method: method.to_owned(),
                path: path.to_owned(),
                function: Some(function).filter(|function| !function.is_empty()).map(ToOwned::to_owned),
                kind,
                codes,
                body: body.to_owned(),
            }
        })
        .collect()
}

/// The codes of a function as statuses of our own API: a wrong role is 403 there, and what is not visible always 404.
fn counterpart(codes: &Codes, success: &str, changes: &str) -> Codes {
    let status = |code: &String| match code.as_str() {
        "402" => "403".to_owned(),
        "400" => "404".to_owned(),
        "200" | "204" => success.to_owned(),
        list => list.to_owned(),
    };
    let mut counterpart = Codes {
        privileges: codes.privileges.clone(),
        columns: codes.columns.iter().map(status).collect(),
        exceptions: codes.exceptions.iter().map(|(who, code)| (who.clone(), status(code))).collect(),
        words: words(changes),
    };
    for (who, code) in exceptions(changes) {
        if who == "privileges" {
            counterpart.privileges = code.split(',').map(str::to_owned).collect();
        } else if let Some(column) = CLASSES.iter().position(|class| *class == who) {
            counterpart.columns[column] = code;
        } else {
            counterpart.exceptions.push((who, code));
        }
    }
    counterpart
}
