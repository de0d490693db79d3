//! From the path of a request to the function it calls.
//!
//! Promises: a path outside the prefixes is none of this dialect's business; inside them every path is
//! answered, an unknown function too. Slashes are forgiven, doubled and trailing ones, without a redirect: a
//! redirect would repeat the credentials and turn POST into GET (`docs/enswitch.md` 18).

pub use crate::enswitch::function::Function;

/// What a path inside the prefixes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A function.
    Function(Function),
    /// Anything else: answered with code 404 (`docs/enswitch.md` 1).
    NoSuchFunction,
}

/// The path prefixes under which the API is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefixes(Vec<Vec<String>>);

/// A configured prefix that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// It has no segment, and would take every path of the server.
    #[error("the Enswitch API prefix {0:?} names no path: use something like \"/api/json/\"")]
    Empty(String),
}

impl Prefixes {
    /// Prefixes from configuration, each like `/api/json/`; slashes at the ends may be left out.
    ///
    /// # Errors
    /// [`PrefixError::Empty`] for a prefix without any segment.
    pub fn new<'a>(prefixes: impl IntoIterator<Item = &'a str>) -> Result<Self, PrefixError> {
        prefixes
            .into_iter()
            .map(|prefix| {
                let parts: Vec<String> = segments(prefix).map(str::to_owned).collect();
                if parts.is_empty() { Err(PrefixError::Empty(prefix.to_owned())) } else { Ok(parts) }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// What `path` calls, or `None` when it lies outside every prefix.
    ///
    /// `path` is the path of the request target as sent, without the query. It is not percent-decoded: no
    /// function has a character that needs it.
    pub fn target(&self, path: &str) -> Option<Target> {
        Some(self.function(path)?.map_or(Target::NoSuchFunction, Target::Function))
    }

    /// The function that `path` names; `Some(None)` when it names none, `None` when it lies
    /// outside every prefix.
    pub fn function(&self, path: &str) -> Option<Option<Function>> {
        self.0.iter().find_map(|prefix| {
            let mut parts = segments(path);
            prefix.iter().all(|wanted| parts.next() == Some(wanted)).then(|| Function::of_segments(parts))
        })
    }
}

impl Default for Prefixes {
    /// `/api/json/` and `/local/api/json/`.
    fn default() -> Self {
        let parts = |prefix: &str| segments(prefix).map(str::to_owned).collect();
        Self(vec![parts("/api/json/"), parts("/local/api/json/")])
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> + Clone {
    path.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_functions() {
        let download = Some(Target::Function(Function::HuntgroupsFilesDownload));
        let check = |path: &str, wanted: Option<Target>| {
            assert_eq!(Prefixes::default().target(path), wanted, "{path}");
        };
        check("/api/json/huntgroups/files/download/", download);
        check("/api/json/huntgroups/files/download", download);
        check("/local/api/json/huntgroups/files/download/", download);
        check("//api///json/huntgroups//files/download//", download);
        check("/api/json/huntgroups/files/upload", Some(Target::Function(Function::HuntgroupsFilesUpload)));
        check("/api/json/huntgroups/files/delete/", Some(Target::Function(Function::HuntgroupsFilesDelete)));
        check("/api/json/huntgroups/files/download/more", Some(Target::NoSuchFunction));
        check("/api/json/huntgroups/files", Some(Target::NoSuchFunction));
        check("/api/json/Huntgroups/files/download", Some(Target::NoSuchFunction));
        check("/api/json", Some(Target::NoSuchFunction));
        check("/api/json/", Some(Target::NoSuchFunction));
        check("/api/jsonx/huntgroups/files/download", None);
        check("/api/v1.1.0/login", None);
        check("/local/huntgroups/files/download", None);
        check("", None);
    }

    #[test]
    fn every_function_knows_its_own_entry() {
        for function in Function::all() {
            let path = format!("/api/json/{}", function.path());
            assert_eq!(Prefixes::default().function(&path), Some(Some(function)));
            assert_eq!(Prefixes::default().target(&path), Some(Target::Function(function)));
        }
    }

    #[test]
    fn configured_prefixes_replace_the_default() {
        let prefixes = Prefixes::new(["pbx/json"]).unwrap();
        assert!(prefixes.target("/pbx/json/huntgroups/files/delete").is_some());
        assert_eq!(prefixes.target("/api/json/huntgroups/files/delete"), None);
        assert_eq!(Prefixes::new(["/api/json/", "//"]), Err(PrefixError::Empty("//".to_owned())));
    }
}
