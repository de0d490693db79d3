//! The layers of settings and what comes out of them.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use anyhow::Context as _;

use super::value::{Raw, Value};
use super::{KEYS, Key, Settings};
use crate::failure::hinted;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// The command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Variable(name) => write!(formatter, "env {name}"),
            Self::Flag(name) => write!(formatter, "flag {name}"),
        }
    }
}

/// What this run was given besides the defaults.
#[derive(Debug, Default)]
pub(crate) struct Invocation {
    /// The file named on the command line; otherwise `CALLVAULT_CONFIG` tells.
    pub(crate) config_file: Option<PathBuf>,
    /// The environment.
    pub(crate) environment: HashMap<String, OsString>,
    /// Options with their key: (`--listen`, `listen`, values).
    pub(crate) flags: Vec<(&'static str, &'static str, Vec<String>)>,
    /// `KEY=VALUE` of `--set`.
    pub(crate) assignments: Vec<String>,
}

impl Invocation {
    /// Records an option that sets a key, if it was given.
    pub(crate) fn flag(&mut self, option: &'static str, key: &'static str, values: Vec<String>) {
        if !values.is_empty() {
            self.flags.push((option, key, values));
        }
    }
}

/// A setting as `config show` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Its key.
    pub(crate) key: &'static str,
    /// Its value in effect.
    pub(crate) value: String,
    /// Where that comes from.
    pub(crate) origin: Origin,
}

/// The settings in effect.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// Their values.
    pub(crate) settings: Settings,
    /// What `config show` prints.
    pub(crate) shown: Vec<Shown>,
    /// Variables of our prefix that are no setting.
    pub(crate) unknown_variables: Vec<String>,
}

impl Resolved {
    /// Whether nobody set a key.
    pub(crate) fn is_default(&self, key: &str) -> bool {
        self.shown.iter().any(|shown| shown.key == key && shown.origin == Origin::Default)
    }

    /// Logs less than a server does, unless somebody said how much.
    pub(crate) fn quieten(&mut self, level: &str) {
        if self.is_default("log.level") {
            self.settings.log.level = level.to_owned();
        }
    }
}

/// Variables with our prefix that are not about settings.
const OTHER_VARIABLES: [&str; 1] = ["CALLVAULT_CONFIG"];

/// The raw values that were set, the highest layer over the others, and what is wrong.
#[derive(Debug, Default)]
pub(super) struct Layers {
    set: BTreeMap<String, (Raw, Origin)>,
    shown: Vec<Shown>,
    problems: Vec<String>,
}

impl Layers {
    pub(super) fn take<T: Value>(&mut self, key: &Key) -> T {
        let default = T::read(&Raw::One(key.default.to_owned())).expect("defaults are tested to be readable");
        let (value, origin) = match self.set.remove(key.name) {
            None => (default, Origin::Default),
            Some((raw, origin)) => match T::read(&raw) {
                Ok(value) => (value, origin),
                Err(expected) => {
                    self.problems.push(format!("{key} ({origin}): {expected}"));
                    (default, origin)
                }
            },
        };
        self.shown.push(Shown { key: key.name, value: value.show(), origin });
        value
    }

    fn put(&mut self, name: &str, raw: Raw, origin: Origin) {
        if KEYS.iter().any(|key| key.name == name) {
            self.set.insert(name.to_owned(), (raw, origin));
        } else {
            self.problems.push(format!("{name} ({origin}): there is no such setting{}", meant(name)));
        }
    }

    fn put_file(&mut self, table: &toml::Table, prefix: &str, path: &PathBuf) {
        for (word, value) in table {
            let name = format!("{prefix}{word}");
            let origin = Origin::File(path.clone());
            let is_area = KEYS.iter().any(|key| key.name.starts_with(&format!("{name}.")));
            match value {
                toml::Value::Table(inner) if is_area => self.put_file(inner, &format!("{name}."), path),
                _ if is_area => self.problems.push(format!("{name} ({origin}): is an area; write [{name}]")),
                value => match Raw::of_toml(value) {
                    Some(raw) => self.put(&name, raw, origin),
                    None => self.problems.push(format!("{name} ({origin}): there is no such setting")),
                },
            }
        }
    }
}

/// A guess at what a wrong key was to be.
fn meant(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let alike = |key: &&Key| key.name.rsplit('.').next() == Some(last);
    KEYS.iter().find(alike).map(|key| format!("; did you mean {key}?")).unwrap_or_default()
}

/// Puts the layers on each other.
///
/// # Errors
/// One error that lists everything that is wrong.
pub(crate) fn resolve(invocation: &Invocation) -> anyhow::Result<Resolved> {
    let mut layers = Layers::default();
    let from_environment = invocation.environment.get("CALLVAULT_CONFIG").filter(|path| !path.is_empty());
    let file = invocation.config_file.clone().or_else(|| from_environment.map(PathBuf::from));
    if let Some(path) = &file {
        let text = fs_err::read_to_string(path).context("cannot read the configuration")?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            hinted(
                format!("the configuration {} is not TOML: {}", path.display(), error.message()),
                place(&text, error.span()),
            )
        })?;
        layers.put_file(&table, "", path);
    }
    let mut unknown_variables = Vec::new();
    let mut variables: Vec<_> =
        invocation.environment.iter().filter(|(name, _)| name.starts_with("CALLVAULT_")).collect();
    variables.sort();
    for (name, text) in variables {
        match (KEYS.iter().find(|key| key.variable() == *name), text.to_str()) {
            (Some(key), Some(text)) => {
                layers.put(key.name, Raw::One(text.to_owned()), Origin::Variable(name.clone()));
            }
            (Some(_), None) => layers.problems.push(format!("{name}: is not UTF-8")),
            (None, _) if OTHER_VARIABLES.contains(&name.as_str()) => {}
            (None, _) => unknown_variables.push(name.clone()),
        }
    }
    for assignment in &invocation.assignments {
        match assignment.split_once('=') {
            Some((name, text)) => {
                layers.put(name.trim(), Raw::One(text.to_owned()), Origin::Flag("--set".to_owned()));
            }
            None => layers.problems.push(format!("--set {assignment}: expected KEY=VALUE")),
        }
    }
    for (option, key, values) in &invocation.flags {
        let raw = match values.as_slice() {
            [one] => Raw::One(one.clone()),
            many => Raw::Many(many.to_vec()),
        };
        layers.put(key, raw, Origin::Flag((*option).to_owned()));
    }
    let mut settings = Settings::take(&mut layers);
    let listen_is_default =
        layers.shown.iter().any(|shown| shown.key == "listen" && shown.origin == Origin::Default);
    settings.settle_listeners(listen_is_default);
    if let Some(shown) = layers.shown.iter_mut().find(|shown| shown.key == "listen") {
        shown.value = settings.server.listen.show();
    }
    layers.problems.extend(settings.problems());
    if layers.problems.is_empty() {
        return Ok(Resolved { settings, shown: layers.shown, unknown_variables });
    }
    Err(hinted(
        format!("the configuration is wrong:\n  {}", layers.problems.join("\n  ")),
        "`callvault config reference` explains every setting",
    ))
}

fn place(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let line = span.map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    format!("look at line {line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> HashMap<String, OsString> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), OsString::from(text))).collect()
    }

    fn origin_of(resolved: &Resolved, key: &str) -> String {
        resolved.shown.iter().find(|shown| shown.key == key).unwrap().origin.to_string()
    }

    #[test]
    fn every_default_can_be_read_and_is_shown_as_written() {
        let resolved = resolve(&Invocation::default()).unwrap();
        assert_eq!(resolved.shown.len(), KEYS.len());
        for (shown, key) in resolved.shown.iter().zip(KEYS) {
            assert_eq!((shown.key, shown.value.as_str()), (key.name, key.default));
            assert_eq!(shown.origin, Origin::Default);
        }
    }

    #[test]
    fn layers_rise_from_default_to_file_to_environment_to_flag() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("callvault.toml");
        fs_err::write(
            &path,
            "listen = [\"127.0.0.1:1\"]\nconnections = 7\n[limits]\nlargest_message = \"1MiB\"\nmessage_versions = 3\n",
        )
        .unwrap();
        let mut invocation = Invocation {
            config_file: Some(path.clone()),
            environment: variables(&[
                ("CALLVAULT_LIMITS_LARGEST_MESSAGE", "2MiB"),
                ("CALLVAULT_LISTEN", "127.0.0.1:2,127.0.0.1:3"),
                ("CALLVAULT_LOG_FORMAT", "json"),
                ("PATH", "/bin"),
            ]),
            assignments: vec!["limits.message_versions=4".to_owned()],
            ..Invocation::default()
        };
        invocation.flag("--listen", "listen", vec!["127.0.0.1:4".to_owned()]);
        let resolved = resolve(&invocation).unwrap();
        let settings = &resolved.settings;
        assert_eq!(settings.server.connections, 7);
        assert_eq!(settings.limits.largest_message.0, 2 << 20);
        assert_eq!(settings.limits.message_versions, 4);
        assert_eq!(settings.server.listen, ["127.0.0.1:4".parse().unwrap()]);
        assert_eq!(origin_of(&resolved, "connections"), format!("file {}", path.display()));
        assert_eq!(origin_of(&resolved, "limits.largest_message"), "env CALLVAULT_LIMITS_LARGEST_MESSAGE");
        assert_eq!(origin_of(&resolved, "limits.message_versions"), "flag --set");
        assert_eq!(origin_of(&resolved, "listen"), "flag --listen");
        assert_eq!(origin_of(&resolved, "tls.names"), "default");
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("callvault.toml");
        fs_err::write(
            &path,
            "lissen = \"x\"\n[limits]\nlargest_message = \"huge\"\n[tls]\ncertificate = \"a.pem\"\n[typo]\nx = 1\n",
        )
        .unwrap();
        let invocation = Invocation {
            config_file: Some(path),
            environment: variables(&[("CALLVAULT_CONNECTIONS", "0"), ("CALLVAULT_NO_SUCH", "1")]),
            assignments: vec!["strict=true".to_owned()],
            ..Invocation::default()
        };
        let text = resolve(&invocation).unwrap_err().to_string();
        for part in [
            "lissen (file ",
            "limits.largest_message (file ",
            "typo (file ",
            "tls.certificate and tls.key belong together",
            "connections: must be at least 1",
            "strict (flag --set): there is no such setting; did you mean listen_log.strict?",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
    }

    #[test]
    fn a_listener_of_ones_own_replaces_the_default() {
        let mut invocation = Invocation::default();
        invocation.flag("--tls-listen", "tls_listen", vec!["0.0.0.0:443".to_owned()]);
        assert_eq!(resolve(&invocation).unwrap().settings.server.listen, []);
        invocation.flag("--listen", "listen", vec!["127.0.0.1:8088".to_owned()]);
        assert_eq!(resolve(&invocation).unwrap().settings.server.listen.len(), 1);
    }

    #[test]
    fn broken_toml_is_placed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("callvault.toml");
        fs_err::write(&path, "connections = 1\nlisten = [\n").unwrap();
        let invocation = Invocation { config_file: Some(path), ..Invocation::default() };
        let text = crate::failure::lines(&resolve(&invocation).unwrap_err());
        assert!(text.contains("is not TOML") && text.contains("hint: look at line"), "{text}");
    }
}
