//! From collected parameters to typed calls, one module for each family of functions.
//!
//! Promises: faults come in the order of the function's table, one for each bad parameter
//! (`docs/enswitch.md` 14), and no message repeats what was sent. An empty value counts as absent
//! (`docs/enswitch.md` 12).

pub mod huntgroup_files;

use crate::enswitch::error::Fault;
use crate::enswitch::parameters::Parameters;
use crate::enswitch::path::Function;
use huntgroup_files::{DeleteCall, DownloadCall, UploadCall};
use std::ops::RangeInclusive;

/// A row of a function's parameter table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name, case-sensitive.
    pub name: &'static str,
    /// The type as the vendor prints it.
    pub kind: Kind,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Optional sign and digits.
    Integer,
    /// Any UTF-8.
    Text,
    /// A file; may be megabytes, and is streamed when it comes in a body.
    Base64,
}

/// A call whose parameters are in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `huntgroups/files/download`
    HuntgroupsFilesDownload(DownloadCall),
    /// `huntgroups/files/upload`
    HuntgroupsFilesUpload(UploadCall),
    /// `huntgroups/files/delete`
    HuntgroupsFilesDelete(DeleteCall),
}

impl Call {
    /// The call that `parameters` make of their function.
    ///
    /// # Errors
    /// At least one fault, in the order of the function's table: code 400.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, Vec<Fault>> {
        match parameters.function() {
            Function::HuntgroupsFilesDownload => {
                DownloadCall::from_parameters(parameters).map(Self::HuntgroupsFilesDownload)
            }
            Function::HuntgroupsFilesUpload => {
                UploadCall::from_parameters(parameters).map(Self::HuntgroupsFilesUpload)
            }
            Function::HuntgroupsFilesDelete => {
                DeleteCall::from_parameters(parameters).map(Self::HuntgroupsFilesDelete)
            }
        }
    }
}

/// Whether a request method may be used, and if not, what the `Allow` header of the HTTP 405 says.
///
/// GET and POST are equal everywhere; HEAD is for bare files only (`docs/enswitch.md` 17).
///
/// # Errors
/// The value for `Allow`.
pub fn check_method(method: &str, parameters: &Parameters) -> Result<(), &'static str> {
    let has_bare_files = parameters.function().parameters().iter().any(|known| known.name == "wrap");
    match method {
        "GET" | "POST" => Ok(()),
        "HEAD" if has_bare_files && parameters.wants_bare_file() => Ok(()),
        _ if has_bare_files => Err("GET, HEAD, POST"),
        _ => Err("GET, POST"),
    }
}

/// Reads one parameter after the other and keeps their faults.
///
/// Each reading answers `None` after it noted a fault.
struct Arguments<'a> {
    parameters: &'a Parameters,
    faults: Vec<Fault>,
}

impl<'a> Arguments<'a> {
    /// Fails at once where the body could not be read to its end: what is missing may be behind that point.
    fn new(parameters: &'a Parameters) -> Result<Self, Vec<Fault>> {
        match parameters.body_fault() {
            Some(fault) => Err(vec![fault.clone()]),
            None => Ok(Self { parameters, faults: Vec::new() }),
        }
    }

    fn note<T>(
        &mut self,
        key: &'static str,
        message: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Option<T> {
        self.faults.push(Fault::new(key, message));
        None
    }

    /// The text of `name`; `Some(None)` when absent.
    fn text(&mut self, name: &'static str) -> Option<Option<&'a str>> {
        match self.parameters.value(name) {
            None | Some(Ok("")) => Some(None),
            Some(Ok(text)) => Some(Some(text)),
            Some(Err(defect)) => self.note(name, defect.message()),
        }
    }

    /// An integer (`docs/enswitch.md` 10); `Some(None)` when absent.
    fn optional_integer(&mut self, name: &'static str) -> Option<Option<i64>> {
        let Some(text) = self.text(name)? else { return Some(None) };
        match integer(text) {
            Some(value) => Some(Some(value)),
            None => self.note(name, "The value must be an integer."),
        }
    }

    /// A required integer, such as an id.
    fn integer(&mut self, name: &'static str) -> Option<i64> {
        match self.optional_integer(name)? {
            Some(value) => Some(value),
            None => self.note(name, "This parameter is required, and must be an integer."),
        }
    }

    /// A required integer within `range`.
    fn integer_in(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.integer(name)?;
        if range.contains(&value) {
            return Some(value);
        }
        self.note(name, format!("The value must be an integer from {} to {}.", range.start(), range.end()))
    }

    /// 1 or 0; `default` when absent.
    fn flag(&mut self, name: &'static str, default: bool) -> Option<bool> {
        match self.text(name)?.map(integer) {
            None => Some(default),
            Some(Some(0)) => Some(false),
            Some(Some(1)) => Some(true),
            Some(_) => self.note(name, "The value must be 0 or 1."),
        }
    }

    /// One of two words; the first when absent. Words are case-sensitive.
    fn choice<T: Copy>(&mut self, name: &'static str, words: [(&'static str, T); 2]) -> Option<T> {
        let Some(text) = self.text(name)? else { return Some(words[0].1) };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Some(*value),
            None => self.note(name, format!("The value must be \"{}\" or \"{}\".", words[0].0, words[1].0)),
        }
    }
}

/// An optional sign and digits, space around them allowed; `None` too where 64 bits do not hold it.
fn integer(text: &str) -> Option<i64> {
    let text = text.trim_ascii();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if well_formed { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_decided() {
        let check = |text: &str, wanted: Option<i64>| assert_eq!(integer(text), wanted, "{text:?}");
        check("123", Some(123));
        check("+5", Some(5));
        check("-2", Some(-2));
        check(" 7\r\n", Some(7));
        check("007", Some(7));
        check("9223372036854775807", Some(i64::MAX));
        check("9223372036854775808", None);
        check("", None);
        check("+", None);
        check("+-1", None);
        check("- 1", None);
        check("1 2", None);
        check("1.0", None);
        check("1e2", None);
        check("0x10", None);
        check("\u{661}", None);
    }

    #[test]
    fn methods() {
        let check = |method: &str, function: Function, query: &str, wanted: Result<(), &str>| {
            let parameters = Parameters::from_query(function, query.as_bytes());
            assert_eq!(check_method(method, &parameters), wanted, "{method} {query}");
        };
        let (download, upload) = (Function::HuntgroupsFilesDownload, Function::HuntgroupsFilesUpload);
        check("GET", download, "", Ok(()));
        check("POST", upload, "", Ok(()));
        check("GET", upload, "", Ok(()));
        check("HEAD", download, "wrap=none", Ok(()));
        check("HEAD", download, "wrap=json", Err("GET, HEAD, POST"));
        check("HEAD", upload, "wrap=none", Err("GET, POST"));
        check("PUT", download, "", Err("GET, HEAD, POST"));
        check("get", upload, "", Err("GET, POST"));
    }
}
