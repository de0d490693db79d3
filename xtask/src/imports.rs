//! The import rules of ARCHITECTURE.md, kept by reading what cargo knows of the workspace and the words of the sources.
//!
//! A crate of the workspace exists to make one of these rules hold; a rule that nobody checks would not last.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::cargo::{cargo, output};
use crate::source::words;

/// What one crate of the workspace may depend on.
struct Rule {
    name: &'static str,
    /// Workspace crates it may use.
    uses: Uses,
    /// Whether it is free of I/O, runtimes, web and SQL, and so of all of [`OUTSIDE_WORLD`].
    pure: bool,
}

enum Uses {
    Only(&'static [&'static str]),
    All,
}

const CORE: &str = "callvault-core";
const WIRE: &str = "callvault-wire";
const AUDIO: &str = "callvault-audio";
const STORE: &str = "callvault-store";
const TESTKIT: &str = "callvault-testkit";
const TRIAL: &str = "callvault-trial";

const RULES: &[Rule] = &[
    Rule { name: CORE, uses: Uses::Only(&[]), pure: true },
    Rule { name: AUDIO, uses: Uses::Only(&[CORE]), pure: true },
    Rule { name: WIRE, uses: Uses::Only(&[CORE]), pure: true },
    Rule { name: STORE, uses: Uses::Only(&[CORE]), pure: false },
    Rule { name: "callvault-phone", uses: Uses::Only(&[CORE, WIRE, AUDIO]), pure: false },
    Rule { name: "callvault-server", uses: Uses::Only(&[CORE, WIRE, AUDIO]), pure: false },
    // The wiring knows everything that is shipped, so not the testkit.
    Rule {
        name: "callvault",
        uses: Uses::Only(&[CORE, WIRE, AUDIO, STORE, "callvault-phone", "callvault-server"]),
        pure: false,
    },
    Rule { name: TESTKIT, uses: Uses::All, pure: false },
    // Measure from outside: the command line and the wire.
    Rule { name: TRIAL, uses: Uses::Only(&[]), pure: false },
    Rule { name: "callvault-benches", uses: Uses::Only(&[TRIAL]), pure: false },
    Rule { name: "callvault-e2e", uses: Uses::All, pure: false },
    Rule { name: "callvault-fuzz", uses: Uses::All, pure: false },
    Rule { name: "xtask", uses: Uses::All, pure: false },
];

/// Crates that a pure crate must not name in its manifest.
const OUTSIDE_WORLD: &[&str] =
    &["axum", "clap", "hyper", "object_store", "reqwest", "rusqlite", "sqlx", "tokio"];

/// The dialects of `callvault-wire`: `src/NAME.rs` and `src/NAME/`.
const DIALECTS: &[&str] = &["enswitch", "pseries", "yeastar"];

/// Where engines may be named: their own crate, the chores, the tests that look at a data directory from outside, and what fills
/// a catalog with millions of recordings before it is measured.
const ENGINE_FOLDERS: &[&str] = &["benches/src/catalog.rs", "crates/callvault-store", "e2e", "xtask"];

/// Who may depend on engines, by the same right.
const ENGINE_USERS: &[&str] = &[STORE, "callvault-benches"];

/// Checks all rules on the repository at `root`.
///
/// # Errors
/// When cargo or a file cannot be read, or with the list of what breaks a rule.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let metadata = output(cargo(&["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: Value = serde_json::from_slice(&metadata).context("cargo metadata is not JSON")?;
    let mut broken = broken_manifests(&metadata)?;
    for file in rust_files(root)? {
        let source = fs_err::read_to_string(root.join(&file))?;
        broken.extend(broken_source(&file, &source));
    }
    if !broken.is_empty() {
        bail!("{} import rules are broken:\n  {}", broken.len(), broken.join("\n  "));
    }
    Ok(())
}

/// What the manifests break, one line each; `metadata` is the answer of `cargo metadata --no-deps`.
fn broken_manifests(metadata: &Value) -> anyhow::Result<Vec<String>> {
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let members: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut broken = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package without a name")?;
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            broken.push(format!("{name}: no import rule for this crate; add one to xtask/src/imports.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().context("a package without dependencies")? {
            // "name" is the package; what the manifest renames it to does not hide it.
            let used = dependency["name"].as_str().context("a dependency without a name")?;
            let is_test_only = dependency["kind"] == "dev";
            if !(is_test_only && used == TESTKIT || rule.allows(used, &members)) {
                let kind = if is_test_only { "dev-depend" } else { "depend" };
                broken.push(format!("{name}: may not {kind} on {used}"));
            }
        }
    }
    Ok(broken)
}

impl Rule {
    fn allows(&self, used: &str, members: &[&str]) -> bool {
        if members.contains(&used) {
            return match self.uses {
                Uses::All => true,
                Uses::Only(allowed) => allowed.contains(&used),
            };
        }
        let is_outside = OUTSIDE_WORLD.contains(&used);
        let is_engine = matches!(used, "rusqlite" | "sqlx") && !ENGINE_USERS.contains(&self.name);
        !(self.pure && is_outside || is_engine)
    }
}

/// What one source file breaks; `file` is relative to the root of the repository.
fn broken_source(file: &Path, source: &str) -> Vec<String> {
    let own_dialect = dialect_of(file);
    let may_name_engines = ENGINE_FOLDERS.iter().any(|folder| file.starts_with(folder));
    let mut broken = Vec::new();
    for word in words(source) {
        let place = format!("{}:{}", file.display(), word.line);
        if let Some(own) = own_dialect
            && own != word.text
            && DIALECTS.contains(&word.text.as_str())
        {
            broken.push(format!("{place}: dialect {own} names dialect {}", word.text));
        }
        if !may_name_engines && is_engine(&word.text) {
            broken.push(format!("{place}: `{}` names an engine; only callvault-store does", word.text));
        }
    }
    broken
}

/// The dialect that a file belongs to.
fn dialect_of(file: &Path) -> Option<&'static str> {
    let inside = file.strip_prefix("crates/callvault-wire/src").ok()?;
    let first = Path::new(inside.components().next()?.as_os_str()).file_stem()?;
    DIALECTS.iter().copied().find(|dialect| first == *dialect)
}

/// Whether an identifier names a database engine: sqlx itself, its types and those of its relatives.
fn is_engine(word: &str) -> bool {
    matches!(word, "sqlx" | "rusqlite" | "libsqlite3_sys")
        || ["Sqlite", "PgPool", "PgConnection"].iter().any(|prefix| word.starts_with(prefix))
}

/// Every .rs file below `root` but those of target directories, relative and sorted.
fn rust_files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                // Also `.git` and its like.
                if name != "target" && !name.to_string_lossy().starts_with('.') {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.strip_prefix(root).context("a file outside of its folder")?.to_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cargo::root;

    #[test]
    fn the_repository_keeps_its_rules() {
        let files = rust_files(&root()).expect("the repository can be read");
        for file in ["crates/callvault-core/src/lib.rs", "crates/callvault-wire/src/lib.rs", "e2e/src/lib.rs"]
        {
            assert!(files.iter().any(|found| found == Path::new(file)), "{file} is looked at");
        }
        if let Err(error) = check(&root()) {
            panic!("{error:#}");
        }
    }

    /// One crate with one dependency beside all other members, and what is broken about it.
    fn check_dependency(name: &str, used: &str, kind: Option<&str>, expected: &[&str]) {
        let mut packages: Vec<Value> = RULES
            .iter()
            .filter(|rule| rule.name != name)
            .map(|rule| json!({"name": rule.name, "dependencies": []}))
            .collect();
        packages.push(json!({"name": name, "dependencies": [{"name": used, "kind": kind}]}));
        let broken = broken_manifests(&json!({ "packages": packages })).expect("well-formed metadata");
        assert_eq!(broken, expected, "{name} -> {used} ({kind:?})");
    }

    #[test]
    fn manifests() {
        let dev = Some("dev");
        check_dependency("callvault-core", "sha2", None, &[]);
        check_dependency("callvault-core", "tokio", None, &["callvault-core: may not depend on tokio"]);
        check_dependency("callvault-core", "sqlx", None, &["callvault-core: may not depend on sqlx"]);
        check_dependency("callvault-core", "tokio", dev, &["callvault-core: may not dev-depend on tokio"]);
        check_dependency("callvault-core", "callvault-testkit", dev, &[]);
        check_dependency(
            "callvault-core",
            "callvault-testkit",
            None,
            &["callvault-core: may not depend on callvault-testkit"],
        );
        check_dependency(
            "callvault-core",
            "callvault-wire",
            None,
            &["callvault-core: may not depend on callvault-wire"],
        );
        check_dependency("callvault-audio", "callvault-core", None, &[]);
        check_dependency(
            "callvault-audio",
            "callvault-wire",
            None,
            &["callvault-audio: may not depend on callvault-wire"],
        );
        check_dependency("callvault-wire", "hyper", None, &["callvault-wire: may not depend on hyper"]);
        check_dependency("callvault-store", "sqlx", None, &[]);
        check_dependency("callvault-store", "tokio", None, &[]);
        check_dependency(
            "callvault-store",
            "callvault-audio",
            Some("build"),
            &["callvault-store: may not depend on callvault-audio"],
        );
        check_dependency("callvault-server", "callvault-wire", None, &[]);
        check_dependency("callvault-server", "axum", None, &[]);
        check_dependency(
            "callvault-server",
            "callvault-store",
            None,
            &["callvault-server: may not depend on callvault-store"],
        );
        check_dependency(
            "callvault-server",
            "callvault-store",
            dev,
            &["callvault-server: may not dev-depend on callvault-store"],
        );
        check_dependency(
            "callvault-server",
            "callvault-phone",
            None,
            &["callvault-server: may not depend on callvault-phone"],
        );
        check_dependency("callvault-server", "sqlx", None, &["callvault-server: may not depend on sqlx"]);
        check_dependency("callvault", "callvault-store", None, &[]);
        check_dependency(
            "callvault",
            "callvault-testkit",
            None,
            &["callvault: may not depend on callvault-testkit"],
        );
        check_dependency("callvault-testkit", "callvault", None, &[]);
        check_dependency("callvault-e2e", "callvault-testkit", None, &[]);
        check_dependency(
            "callvault-new",
            "sha2",
            None,
            &["callvault-new: no import rule for this crate; add one to xtask/src/imports.rs"],
        );
    }

    fn check_source(file: &str, source: &str, expected: &[&str]) {
        assert_eq!(broken_source(Path::new(file), source), expected, "{file}: {source}");
    }

    #[test]
    fn dialects_do_not_name_each_other() {
        let yeastar = "crates/callvault-wire/src/yeastar.rs";
        let inner = "crates/callvault-wire/src/enswitch/envelope.rs";
        check_source(yeastar, "use crate::yeastar::Login;", &[]);
        check_source(
            yeastar,
            "\nuse crate::enswitch::Call;",
            &["crates/callvault-wire/src/yeastar.rs:2: dialect yeastar names dialect enswitch"],
        );
        check_source(
            inner,
            "use crate::{text, yeastar::Login};",
            &["crates/callvault-wire/src/enswitch/envelope.rs:1: dialect enswitch names dialect yeastar"],
        );
        check_source(inner, "// unlike crate::yeastar\nconst A: &str = \"yeastar\";", &[]);
        check_source("crates/callvault-wire/src/lib.rs", "pub mod enswitch;\npub mod yeastar;", &[]);
        check_source("crates/callvault-server/src/lib.rs", "use callvault_wire::{enswitch, yeastar};", &[]);
    }

    #[test]
    fn engines_are_named_in_their_crate_alone() {
        check_source("crates/callvault-store/src/catalog/sqlite.rs", "use sqlx::SqlitePool;", &[]);
        check_source("benches/src/catalog.rs", "use sqlx::SqliteConnection;", &[]);
        check_source(
            "benches/src/work.rs",
            "use sqlx::Row;",
            &["benches/src/work.rs:1: `sqlx` names an engine; only callvault-store does"],
        );
        check_source("e2e/src/crash.rs", "use sqlx::SqliteConnection;", &[]);
        check_source(
            "crates/callvault/src/main.rs",
            "fn f(pool: SqlitePool) {}",
            &["crates/callvault/src/main.rs:1: `SqlitePool` names an engine; only callvault-store does"],
        );
        check_source(
            "crates/callvault-server/src/lib.rs",
            "use sqlx as s;",
            &["crates/callvault-server/src/lib.rs:1: `sqlx` names an engine; only callvault-store does"],
        );
        check_source("crates/callvault-server/src/lib.rs", "/// Not Sqlite's business.", &[]);
    }
}
