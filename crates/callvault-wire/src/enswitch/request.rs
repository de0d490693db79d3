//! From collected parameters to typed calls, one module for each family of functions.
//!
//! Promises: faults come in the order of the function's table, one for each bad parameter
//! (`docs/enswitch.md` 14), and no message repeats what was sent. An empty value counts as absent
//! (`docs/enswitch.md` 12), but for text that may be empty (`docs/enswitch.md` 42).

pub mod customers;
pub mod files;
pub mod hunt_groups;
pub mod huntgroup_files;
pub mod people;
pub mod recording;
pub mod sounds;
pub mod user;

pub use crate::enswitch::function::Call;
pub use crate::enswitch::schema::{Kind, Parameter, Presence};

use crate::enswitch::error::Fault;
use crate::enswitch::parameters::Parameters;
use crate::enswitch::schema::{Input, Value};

/// Whether a request method may be used, and if not, what the `Allow` header of the HTTP 405 says.
///
/// GET and POST are equal everywhere; HEAD is for bare files only (`docs/enswitch.md` 17).
///
/// # Errors
/// The value for `Allow`.
pub fn check_method(method: &str, parameters: &Parameters) -> Result<(), &'static str> {
    let has_bare_files = parameters.function().knows("wrap");
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
pub(in crate::enswitch) struct Arguments<'a> {
    parameters: &'a Parameters,
    faults: Vec<Fault>,
}

impl<'a> Arguments<'a> {
    /// Reads the whole input of a function.
    ///
    /// Fails at once where the body could not be read to its end: what is missing may be behind that point.
    ///
    /// # Errors
    /// At least one fault, in the order of the function's table.
    pub(in crate::enswitch) fn read<T: Input>(parameters: &'a Parameters) -> Result<T, Vec<Fault>> {
        if let Some(fault) = parameters.body_fault() {
            return Err(vec![fault.clone()]);
        }
        let mut arguments = Self { parameters, faults: Vec::new() };
        match T::read(&mut arguments) {
            // A fault that left the value whole is a fault all the same.
            Some(input) if arguments.faults.is_empty() => Ok(input),
            _ => Err(arguments.faults),
        }
    }

    /// What was collected.
    pub(in crate::enswitch) fn parameters(&self) -> &'a Parameters {
        self.parameters
    }

    /// Notes a fault.
    pub(in crate::enswitch) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Notes a fault that is the same for several parameters.
    pub(in crate::enswitch) fn fault_of_all<const N: usize>(
        &mut self,
        keys: [&'static str; N],
        message: &'static str,
    ) {
        self.faults.extend(keys.map(|key| Fault::new(key, message)));
    }

    /// How many faults were noted; for [`Arguments::take_back`].
    pub(in crate::enswitch) fn mark(&self) -> usize {
        self.faults.len()
    }

    /// Forgets the faults since a mark, because a plainer one takes their place.
    pub(in crate::enswitch) fn take_back(&mut self, mark: usize) {
        self.faults.truncate(mark);
    }

    /// The text of `name`; `Some(None)` when it was not sent.
    fn text(&mut self, name: &'static str) -> Option<Option<&'a str>> {
        match self.parameters.value(name) {
            None => Some(None),
            Some(Ok(text)) => Some(Some(text)),
            Some(Err(defect)) => {
                self.fault(Fault::new(name, defect.message()));
                None
            }
        }
    }

    fn parsed<T: Value>(&mut self, name: &'static str, text: &str) -> Option<T> {
        match T::parse(text) {
            Ok(value) => Some(value),
            Err(allowed) => {
                self.fault(Fault::new(name, format!("The value must be {allowed}.")));
                None
            }
        }
    }

    /// The value of `name`; `Some(None)` when it is absent.
    pub(in crate::enswitch) fn given<T: Value>(&mut self, name: &'static str) -> Option<Option<T>> {
        match self.text(name)? {
            None => Some(None),
            Some("") if !T::EMPTY_IS_A_VALUE => Some(None),
            Some(text) => self.parsed(name, text).map(Some),
        }
    }

    /// The value of `name`, which must not be absent, nor empty.
    pub(in crate::enswitch) fn required<T: Value>(&mut self, name: &'static str) -> Option<T> {
        match self.text(name)? {
            None | Some("") => {
                let message = format!("This parameter is required, and must be {}.", T::REQUIRED);
                self.fault(Fault::new(name, message));
                None
            }
            Some(text) => self.parsed(name, text),
        }
    }

    /// The value of `name`, or that of `default`, which a test keeps valid.
    pub(in crate::enswitch) fn or_default<T: Value>(
        &mut self,
        name: &'static str,
        default: &'static str,
    ) -> Option<T> {
        match self.given(name)? {
            Some(value) => Some(value),
            None => self.parsed(name, default),
        }
    }
}

#[cfg(test)]
mod tests;
