//! Outcome codes, the failures of a call, and their texts.
//!
//! Promises: one exhaustive table from failure to code, key and message (`docs/enswitch.md` 15 and 40); no
//! text repeats anything that the client sent.

use std::borrow::Cow;

use callvault_core::Error;
use callvault_core::service::logins::LoginRefused;

/// The code in `responses[].code`, which is a string on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// 200: done, and there is `data`.
    Ok,
    /// 201: the input is valid; only under `validation=1`.
    Valid,
    /// 202: the password was right, a one-time code is still wanted.
    CodeWanted,
    /// 204: done, and there is no `data`.
    Done,
    /// 400: bad input; `key` and `message` say which.
    BadInput,
    /// 401: not authenticated.
    Unauthenticated,
    /// 402: the role does not allow it.
    Role,
    /// 403: the customer's rate plan does not allow it.
    Plan,
    /// 404: absent, or not visible to this person.
    NotFound,
    /// 409: several objects fit where one is meant; `people/get` by e-mail only (`docs/enswitch.md` 52).
    Several,
    /// 500: a fault of the server.
    Fault,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::Valid,
        Self::CodeWanted,
        Self::Done,
        Self::BadInput,
        Self::Unauthenticated,
        Self::Role,
        Self::Plan,
        Self::NotFound,
        Self::Several,
        Self::Fault,
    ];

    /// The code with this number, which the table of functions gives: any other number does not compile.
    pub(in crate::enswitch) const fn of(number: u16) -> Self {
        match number {
            200 => Self::Ok,
            201 => Self::Valid,
            202 => Self::CodeWanted,
            204 => Self::Done,
            400 => Self::BadInput,
            401 => Self::Unauthenticated,
            402 => Self::Role,
            403 => Self::Plan,
            404 => Self::NotFound,
            409 => Self::Several,
            500 => Self::Fault,
            _ => panic!("no such code"),
        }
    }

    /// The code as it stands in the envelope.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "200",
            Self::Valid => "201",
            Self::CodeWanted => "202",
            Self::Done => "204",
            Self::BadInput => "400",
            Self::Unauthenticated => "401",
            Self::Role => "402",
            Self::Plan => "403",
            Self::NotFound => "404",
            Self::Several => "409",
            Self::Fault => "500",
        }
    }

    /// The HTTP status that says the same. A success is always 200: a real 204 would strip the envelope.
    pub fn http_status(self) -> u16 {
        match self {
            Self::Ok | Self::Valid | Self::CodeWanted | Self::Done => 200,
            Self::BadInput => 400,
            Self::Unauthenticated => 401,
            Self::Role => 402,
            Self::Plan => 403,
            Self::NotFound => 404,
            Self::Several => 409,
            Self::Fault => 500,
        }
    }
}

/// One bad parameter: becomes one entry of `responses` with code 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name of the parameter; empty when the body as a whole is at fault.
    pub key: &'static str,
    /// A sentence that says what is allowed.
    pub message: Cow<'static, str>,
}

impl Fault {
    /// A fault of parameter `key`; `message` must not repeat what the client sent.
    pub fn new(key: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { key, message: message.into() }
    }

    /// The object that the parameter `key` refers to is absent or not visible, such as the owner of a hunt
    /// group or the customer to create it in (`docs/enswitch.md` 45).
    pub fn no_such_reference(key: &'static str) -> Self {
        Self::new(key, "There is nothing with this id, or you do not have permission to use it.")
    }

    /// Somebody or something else has the name `key` already.
    pub fn taken(key: &'static str) -> Self {
        Self::new(key, "This is in use already.")
    }

    /// The record group `key` keeps recordings for no days, so that what is put into it would be lost
    /// (`docs/enswitch.md` 82).
    pub fn keeps_nothing(key: &'static str) -> Self {
        Self::new(key, "The record group keeps no recordings, its days are 0.")
    }

    /// The record group still has recordings, so that it stays (`docs/enswitch.md` 80).
    pub fn holds_recordings() -> Self {
        Self::new("id", "The record group still has recordings.")
    }

    /// The number `key` of an exit is given where its type ends the call (`docs/enswitch.md` 30).
    pub fn number_of_hangup(key: &'static str) -> Self {
        Self::new(key, "The number must be empty where the type is \"hangup\".")
    }

    /// The `sound` of an upload is absent, not visible, or has no file (`docs/enswitch.md` 24).
    pub fn sound_unavailable() -> Self {
        Self::new("sound", "No such sound, or the sound has no file.")
    }

    /// The `data` of an upload is not a WAV file of an accepted kind (`docs/enswitch.md` 23).
    pub fn not_wave() -> Self {
        Self::new("data", "The file must be WAV audio: 8 or 16 bit PCM, A-law, u-law or GSM.")
    }

    /// The `data` of an upload decodes to more than the server's cap of `limit_bytes`.
    pub fn too_large(limit_bytes: u64) -> Self {
        Self::new("data", format!("The file is larger than the {limit_bytes} bytes allowed."))
    }
}

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No, wrong or stale credentials, or a source address that is not allowed.
    Unauthenticated,
    /// Too many failed log-ins from here; looks like [`Failure::Unauthenticated`] but for its message.
    Throttled,
    /// The role lacks every privilege of the function, or access to the API at all.
    Role,
    /// Bad parameters, in the order of the function's table.
    Input(Vec<Fault>),
    /// No function of that name.
    NoSuchFunction,
    /// The hunt group is absent or not visible.
    NoSuchHuntgroup,
    /// The hunt group is there, but the level has no message file.
    NoMessage,
    /// The object that a call names is absent or not visible; made by
    /// [`crate::enswitch::path::Function::no_such`].
    NoSuch {
        /// The selector.
        key: &'static str,
        /// The sentence for the client.
        message: &'static str,
    },
    /// The object is there, but not its file; made by [`crate::enswitch::path::Function::no_file`].
    NoFile {
        /// The selector of the file.
        key: &'static str,
        /// The sentence for the client.
        message: &'static str,
    },
    /// Several people have the e-mail address that was to name one.
    SeveralPeople,
    /// The customer's rate plan does not allow it.
    Plan,
    /// The file is on record but cannot be read.
    Unreadable,
    /// Too much is under way; the vendor's table of codes has nothing nearer than 500.
    Busy,
    /// Any other fault of the server.
    Internal,
}

impl Failure {
    /// The code of the answer.
    pub fn code(&self) -> Code {
        match self {
            Self::Unauthenticated | Self::Throttled => Code::Unauthenticated,
            Self::Role => Code::Role,
            Self::Input(_) => Code::BadInput,
            Self::NoSuchFunction
            | Self::NoSuchHuntgroup
            | Self::NoMessage
            | Self::NoSuch { .. }
            | Self::NoFile { .. } => Code::NotFound,
            Self::SeveralPeople => Code::Several,
            Self::Plan => Code::Plan,
            Self::Unreadable | Self::Busy | Self::Internal => Code::Fault,
        }
    }

    /// `key` and `message` of each entry of `responses`; there is at least one.
    pub fn entries(&self) -> Vec<(&'static str, &str)> {
        let one = |key, message| vec![(key, message)];
        match self {
            Self::Unauthenticated => one("", "The authentication details provided are invalid."),
            Self::Throttled => one("", "Too many failed attempts. Try again later."),
            Self::Role => one("", "Your role does not allow this."),
            // An empty list is a slip of the caller; the client must still find an entry.
            Self::Input(faults) if faults.is_empty() => one("", "Invalid input parameters specified."),
            Self::Input(faults) => faults.iter().map(|fault| (fault.key, fault.message.as_ref())).collect(),
            Self::NoSuchFunction => one("", "No such function."),
            Self::NoSuchHuntgroup => {
                one("huntgroup", "No such hunt group, or you do not have permission to view it.")
            }
            Self::NoMessage => one("level", "No message file for this level."),
            Self::NoSuch { key, message } | Self::NoFile { key, message } => one(key, message),
            Self::SeveralPeople => one("email", "Several people have this e-mail address."),
            Self::Plan => one("", "The rate plan of the customer does not allow this."),
            Self::Unreadable => one("", "The sound file cannot be read."),
            Self::Busy => one("", "The server is busy, try again."),
            Self::Internal => one("", "The server failed to do this. The operator's log says why."),
        }
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        match error {
            Error::NotFound { what: "message" } => Self::NoMessage,
            Error::NotFound { .. } => Self::NoSuchHuntgroup,
            Error::RoleForbids | Error::ScopeForbids { .. } => Self::Role,
            Error::PlanForbids(_) => Self::Plan,
            Error::Invalid { field: "sound", .. } => Self::Input(vec![Fault::sound_unavailable()]),
            Error::NotAudio(_) => Self::Input(vec![Fault::not_wave()]),
            Error::TooLarge { limit_bytes } => Self::Input(vec![Fault::too_large(*limit_bytes)]),
            Error::Unreadable(_) => Self::Unreadable,
            Error::Busy => Self::Busy,
            Error::Invalid { .. }
            | Error::Contradicts { .. }
            | Error::Conflict { .. }
            | Error::NotStored(_)
            | Error::Unlogged
            | Error::Catalog(_) => Self::Internal,
        }
    }
}

impl From<&LoginRefused> for Failure {
    fn from(refused: &LoginRefused) -> Self {
        match refused {
            LoginRefused::Locked => Self::Throttled,
            LoginRefused::Wrong => Self::Unauthenticated,
            LoginRefused::Busy => Self::Busy,
            LoginRefused::Failed(_) => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses() {
        let check = |code: Code, text: &str, status: u16| {
            assert_eq!((code.as_str(), code.http_status()), (text, status));
        };
        check(Code::Ok, "200", 200);
        check(Code::Valid, "201", 200);
        check(Code::CodeWanted, "202", 200);
        check(Code::Done, "204", 200);
        check(Code::BadInput, "400", 400);
        check(Code::Unauthenticated, "401", 401);
        check(Code::Role, "402", 402);
        check(Code::Plan, "403", 403);
        check(Code::NotFound, "404", 404);
        check(Code::Several, "409", 409);
        check(Code::Fault, "500", 500);
        for code in Code::ALL {
            let number = code.as_str().parse().unwrap();
            assert_eq!(Code::of(number), code);
        }
    }

    #[test]
    fn a_failure_always_has_an_entry() {
        assert_eq!(Failure::Input(Vec::new()).entries().len(), 1);
        assert_eq!(Failure::NoMessage.entries()[0].0, "level");
        assert_eq!(Failure::NoSuchHuntgroup.entries()[0].0, "huntgroup");
    }
}
