//! The server that the pairs describe, as far as it takes to tell which answer a call gets.

use std::collections::BTreeMap;

use callvault_core::secret::Secret;
use callvault_wire::enswitch::auth::Credentials;
use callvault_wire::enswitch::error::{Code, Failure, Fault};
use callvault_wire::enswitch::form::FormReader;
use callvault_wire::enswitch::parameters::{AudioPlace, Parameters};
use callvault_wire::enswitch::path::{Function, Prefixes};
use callvault_wire::enswitch::request::files::{Data, Encoding, Source, Wanted, Wrap};
use callvault_wire::enswitch::request::{Call, check_method, people};
use callvault_wire::enswitch::response::login::{Expiry, Token};
use callvault_wire::enswitch::response::{AudioFile, AudioReply, Reply, StatusRule};
use serde_json::Value;

use super::fixture::{self, Settings};
use crate::enswitch::{Answer, sample};
use crate::golden::Message;

pub(crate) const NEW_TOKEN: &str = "new-token";
pub(crate) const SECOND_STEP: &str = "second-step";
const CODE: &str = "123456";

const ADMINISTRATOR: &[&str] = &[
    "administrator",
    "user",
    "residential",
    "wholesale",
    "sounds",
    "record",
    "cdrs",
    "messages",
    "cards",
    "commerce",
    "files",
    "actions",
    "panel",
    "reports",
];

pub(crate) struct World<'a> {
    comments: &'a BTreeMap<String, String>,
    /// How the call was understood.
    pub(crate) asked: Option<String>,
}

impl<'a> World<'a> {
    pub(crate) fn new(comments: &'a BTreeMap<String, String>) -> Self {
        const WORDS: [&str; 13] = [
            "as",
            "asked",
            "codes",
            "customer",
            "destination",
            "file",
            "object",
            "people",
            "plan",
            "recordings",
            "role",
            "sound",
            "tokens",
        ];
        for word in comments.keys() {
            assert!(WORDS.contains(&word.as_str()), "unknown word {word}");
        }
        Self { comments, asked: None }
    }

    fn is(&self, word: &str, value: &str) -> bool {
        self.comments.get(word).is_some_and(|held| held == value)
    }

    pub(crate) fn answer(&mut self, request: &Message) -> (Function, Answer) {
        let mut words = request.first_line.split(' ');
        let (method, target) = (words.next().expect("a method"), words.next().expect("a target"));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let function = Prefixes::default().function(path).flatten().expect("a function of this dialect");
        let mut reader = FormReader::new(function, request.header("content-type"));
        let mut audio = Vec::new();
        request.body.chunks(5).for_each(|piece| reader.push(piece, &mut audio));
        let parameters =
            Parameters::from_query(function, query.as_bytes()).with_body(reader.finish(&mut audio));
        assert_eq!(check_method(method, &parameters), Ok(()));
        let rule = StatusRule::of(false, Some(&parameters));
        let answer = self
            .call(&parameters, &audio)
            .unwrap_or_else(|failure| Answer::Short(Reply::failure(&failure, rule)));
        (function, answer)
    }

    /// Who calls; `Ok(true)` where a one-time code is still wanted.
    fn admit(&self, parameters: &Parameters) -> Result<bool, Failure> {
        let codes = self.is("codes", "on");
        let sent_code = parameters.value("auth_code").and_then(Result::ok);
        let wants_code = match Credentials::from_parameters(parameters).ok_or(Failure::Unauthenticated)? {
            Credentials::Token(token) if token.reveal() == "live-token" => false,
            Credentials::OneTime { token, code }
                if (token.reveal(), code.reveal()) == (SECOND_STEP, CODE) =>
            {
                false
            }
            Credentials::Password { username, password }
                if (username.reveal(), password.reveal()) == ("user", "password") =>
            {
                match sent_code {
                    _ if !codes => false,
                    // Only a login may be answered with a wish for more.
                    None if parameters.function() == Function::UserLogin => true,
                    Some(CODE) => false,
                    _ => return Err(Failure::Unauthenticated),
                }
            }
            _ => return Err(Failure::Unauthenticated),
        };
        let privileges = if self.is("as", "auditor") { &["reports"] } else { ADMINISTRATOR };
        let opens = parameters.function().privileges().iter().any(|wanted| privileges.contains(wanted));
        if opens { Ok(wants_code) } else { Err(Failure::Role) }
    }

    fn call(&mut self, parameters: &Parameters, audio: &[u8]) -> Result<Answer, Failure> {
        let wants_code = self.admit(parameters)?;
        let call = Call::from_parameters(parameters).map_err(Failure::Input)?;
        self.asked = Some(call.shown());
        if wants_code {
            return Ok(Answer::Short(Reply::code_wanted(&Secret::new(SECOND_STEP), "user")));
        }
        let function = parameters.function();
        let checks_person = matches!(&call, Call::PeopleGet(people::Get { check: true, .. }));
        if self.is("object", "absent") && !checks_person {
            return Err(function.no_such().expect("an object to be absent"));
        }
        let absent = ["customer", "destination", "role"].into_iter().find(|word| self.is(word, "absent"));
        if let Some(key) = absent {
            return Err(Failure::Input(vec![Fault::no_such_reference(key)]));
        }
        self.check_upload(&call, audio)?;
        if self.is("plan", "forbids") && function.codes().contains(&Code::Plan) {
            return Err(Failure::Plan);
        }
        let asked: Value = serde_json::from_str(&call.shown()).expect("JSON");
        if asked.get("validation") == Some(&Value::from(1)) {
            return Ok(Answer::Short(Reply::valid()));
        }
        if let Some(wanted) = wanted(&call) {
            return self.file(function, wanted);
        }
        if matches!(function.path().rsplit('/').next(), Some("delete")) && self.is("file", "absent") {
            return Err(function.no_file().expect("a file to be absent"));
        }
        self.data(&call)
    }

    fn check_upload(&self, call: &Call, audio: &[u8]) -> Result<(), Failure> {
        let refuse = |fault| Err(Failure::Input(vec![fault]));
        let sent = match source(call) {
            None => return Ok(()),
            Some(Err(sound)) => {
                let usable = sound == 7 && !self.is("sound", "absent");
                return if usable { Ok(()) } else { refuse(Fault::sound_unavailable()) };
            }
            Some(Ok(sent)) => sent,
        };
        let bytes = match &sent.place {
            AudioPlace::Body => audio,
            AudioPlace::Query(bytes) => bytes,
        };
        if bytes.starts_with(b"RIFF") { Ok(()) } else { refuse(Fault::not_wave()) }
    }

    /// A download.
    fn file(&self, function: Function, wanted: Wanted) -> Result<Answer, Failure> {
        if self.is("file", "unreadable") {
            return Err(Failure::Unreadable);
        }
        let found = !self.is("file", "absent");
        let encoding = match wanted {
            Wanted::Check => return Ok(Answer::Short(Reply::found(found))),
            Wanted::Json(encoding) | Wanted::Bare(encoding) => encoding,
        };
        if !found {
            return Err(function.no_file().expect("a file to be absent"));
        }
        let bytes = sample("example.wav");
        let file = fixture::audio_file(&bytes);
        let reply = match wanted {
            Wanted::Bare(_) => AudioReply::bare(file, encoding),
            _ => AudioReply::wrapped(file, encoding),
        };
        Ok(Answer::Audio(reply, bytes))
    }

    fn token(&self, wanted: bool) -> Option<Token> {
        let expires = Expiry { left_seconds: 3600, at: 1_230_003_600 };
        let expires = (!self.is("tokens", "endless")).then_some(expires);
        wanted.then(|| Token { token: Secret::new(NEW_TOKEN), expires })
    }

    /// What a call that goes well is answered with.
    fn data(&self, call: &Call) -> Result<Answer, Failure> {
        let settings = Settings::default();
        let reply = match call {
            Call::HuntgroupsGet(_) => Reply::row(&settings.hunt_group()),
            Call::HuntgroupsList(_) => Reply::rows(&[settings.hunt_group()]),
            Call::HuntgroupsLevelsGet(_) => Reply::row(&settings.level()),
            Call::HuntgroupsDestinationsGet(_) => Reply::row(&settings.destination()),
            Call::HuntgroupsDestinationsList(_) => Reply::rows(&[settings.destination()]),
            Call::SoundsGet(_) => Reply::row(&settings.sound()),
            Call::SoundsList(_) => Reply::rows(&[settings.sound()]),
            Call::RecordingGroupsGet(_) => Reply::row(&settings.record_group()),
            Call::RecordingGroupsList(_) => Reply::rows(&[settings.record_group()]),
            Call::RecordingRecordingsList(_) => Reply::rows(&[fixture::recording()]),
            Call::RecordingRecordingsGet(call) => {
                let bytes = sample("example.wav");
                let file: AudioFile<'_> = fixture::audio_file(&bytes);
                let usual = if self.is("recordings", "base64") { Encoding::Base64 } else { Encoding::Raw };
                let encoding = call.encoding.unwrap_or(usual);
                let sha1 = call.sha1.then_some(fixture::SHA1);
                let reply = match call.wrap {
                    Wrap::None => AudioReply::bare(file, encoding),
                    Wrap::Json => AudioReply::recording(&fixture::recording(), sha1, file, encoding),
                };
                return Ok(Answer::Audio(reply, bytes));
            }
            Call::CdrsList(_) => Reply::rows(&[fixture::call_record()]),
            Call::UserLogin(call) => Reply::logged_in(&settings.person(), self.token(call.token).as_ref()),
            Call::UserSwitch(call) => Reply::logged_in(&settings.person(), self.token(call.token).as_ref()),
            Call::PeopleList(call) if call.count => Reply::count(1),
            Call::PeopleList(call) if call.pages => Reply::rows(&[fixture::person_on_page()]),
            Call::PeopleList(_) => Reply::rows(&[settings.person()]),
            Call::PeopleGet(call) if call.check => Reply::found(!self.is("object", "absent")),
            Call::PeopleGet(_) if self.is("people", "several") => return Err(Failure::SeveralPeople),
            Call::PeopleGet(_) => Reply::row(&settings.person()),
            Call::RolesList(_) => fixture::roles(),
            Call::CustomersGet(_) => Reply::row(&settings.customer()),
            Call::CustomersList(_) => Reply::rows(&[settings.customer()]),
            other => match other.function().path().rsplit('/').next() {
                Some("create") => Reply::created(124),
                Some("update" | "set" | "copy" | "upload" | "delete") => Reply::done(),
                _ => panic!("not in the world: {other:?}"),
            },
        };
        Ok(Answer::Short(reply))
    }
}

/// What a download wants.
fn wanted(call: &Call) -> Option<Wanted> {
    Some(match call {
        Call::SoundsFilesDownload(call) => call.wanted,
        Call::QueuesFilesDownload(call) => call.wanted,
        Call::TimegroupsFilesDownload(call) => call.wanted,
        Call::BulkFilesDownload(call) => call.wanted,
        Call::CodesFilesDownload(call) => call.wanted,
        Call::NumbersFilesDownload(call) => call.wanted,
        Call::PatternmenusFilesDownload(call) => call.wanted,
        Call::MusicFilesDownload(call) => call.wanted,
        Call::MailboxesFilesDownload(call) => call.wanted,
        Call::CardsFilesDownload(call) => call.wanted,
        Call::UnlimitedFilesDownload(call) => call.wanted,
        _ => return None,
    })
}

/// What an upload takes: what was sent, or the id of a sound.
fn source(call: &Call) -> Option<Result<&callvault_wire::enswitch::parameters::SentAudio, i64>> {
    let source = match call {
        Call::SoundsFilesUpload(call) => {
            let Data(sent) = &call.source;
            return Some(Ok(sent));
        }
        Call::QueuesFilesUpload(call) => &call.source,
        Call::TimegroupsFilesUpload(call) => &call.source,
        Call::BulkFilesUpload(call) => &call.source,
        Call::CodesFilesUpload(call) => &call.source,
        Call::NumbersFilesUpload(call) => &call.source,
        Call::PatternmenusFilesUpload(call) => &call.source,
        Call::MusicFilesUpload(call) => &call.source,
        Call::MailboxesFilesUpload(call) => &call.source,
        Call::CardsFilesUpload(call) => &call.source,
        Call::UnlimitedFilesUpload(call) => &call.source,
        _ => return None,
    };
    Some(match source {
        Source::Audio(sent) => Ok(sent),
        Source::Sound(sound) => Err(*sound),
    })
}
