//! Replays the golden pairs of the Enswitch dialect against this crate and a small model of the server that
//! the pairs describe. The form of the files is told in `tests/golden/enswitch/README.md`.

use std::collections::BTreeMap;

use callvault_core::file_name::file_name;
use callvault_wire::enswitch::auth::Credentials;
use callvault_wire::enswitch::error::{Failure, Fault};
use callvault_wire::enswitch::form::FormReader;
use callvault_wire::enswitch::parameters::{AudioPlace, Parameters};
use callvault_wire::enswitch::path::{Function, Prefixes, Target};
use callvault_wire::enswitch::request::huntgroup_files::{Source, Wanted};
use callvault_wire::enswitch::request::{Call, check_method};
use callvault_wire::enswitch::response::{AudioFile, AudioReply, Form, Header, Reply, StatusRule};
use callvault_wire::enswitch::{base64, raw};

use crate::golden::{self, Message, folder};

pub(crate) fn sample(file: &str) -> Vec<u8> {
    golden::read(&folder("enswitch").join(file))
}

fn read(file: &str) -> Message {
    Message::parse(&sample(file))
}

/// What the level holds, as the README's world has it.
#[derive(Clone, Debug, PartialEq)]
struct Stored {
    name: String,
    bytes: Vec<u8>,
}

struct Model<'a> {
    comments: &'a BTreeMap<String, String>,
    level_one: Option<Stored>,
}

pub(crate) enum Answer {
    Short(Reply),
    Audio(AudioReply, Vec<u8>),
}

impl Model<'_> {
    fn is(&self, word: &str, value: &str) -> bool {
        self.comments.get(word).is_some_and(|held| held == value)
    }

    fn answer(&mut self, request: &Message) -> Answer {
        let mut words = request.first_line.split(' ');
        let (method, target) = (words.next().expect("a method"), words.next().expect("a target"));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mirror = self.is("mirror", "on");
        let function = match Prefixes::default().target(path).expect("a path of this dialect") {
            Target::Function(function) => function,
            Target::NoSuchFunction => {
                let rule = StatusRule::of(mirror, None);
                return Answer::Short(Reply::failure(&Failure::NoSuchFunction, rule));
            }
        };
        let mut reader = FormReader::new(function, request.header("content-type"));
        let mut audio = Vec::new();
        request.body.chunks(5).for_each(|piece| reader.push(piece, &mut audio));
        let form = reader.finish(&mut audio);
        let parameters = Parameters::from_query(function, query.as_bytes()).with_body(form);
        if let Err(allow) = check_method(method, &parameters) {
            return Answer::Short(Reply::method_not_allowed(allow));
        }
        let rule = StatusRule::of(mirror, Some(&parameters));
        self.call(function, &parameters, audio)
            .unwrap_or_else(|failure| Answer::Short(Reply::failure(&failure, rule)))
    }

    fn call(
        &mut self,
        function: Function,
        parameters: &Parameters,
        body_audio: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let known = match Credentials::from_parameters(parameters) {
            Some(Credentials::Password { username, password }) => {
                (username.reveal(), password.reveal()) == ("user", "password")
            }
            _ => false,
        };
        if !known || self.is("as", "disabled") || self.is("as", "elsewhere") {
            return Err(Failure::Unauthenticated);
        }
        assert_eq!(function.privileges(), ["residential", "user"]);
        if self.is("as", "auditor") {
            return Err(Failure::Role);
        }
        let call = Call::from_parameters(parameters).map_err(Failure::Input)?;
        let upload = match &call {
            Call::HuntgroupsFilesUpload(call) => Some(self.new_file(call, body_audio)?),
            _ => None,
        };
        let (huntgroup, level, viewing) = match &call {
            Call::HuntgroupsFilesDownload(call) => (call.huntgroup, call.level, true),
            Call::HuntgroupsFilesUpload(call) => (call.huntgroup, call.level, false),
            Call::HuntgroupsFilesDelete(call) => (call.huntgroup, call.level, false),
            other => panic!("not served: {other:?}"),
        };
        let hidden = self.is("as", "user") && !(viewing && self.is("owner", "nobody"));
        let elsewhere = self.is("huntgroup", "absent") || self.is("huntgroup", "other-customer");
        if huntgroup != 123 || hidden || elsewhere {
            return Err(Failure::NoSuchHuntgroup);
        }
        if upload.is_some() && self.is("plan", "forbids") {
            return Err(Failure::Plan);
        }
        if let Some(upload) = upload {
            assert_eq!(level, 1);
            self.level_one = Some(upload);
            return Ok(Answer::Short(Reply::done()));
        }
        let held = self.level_one.clone().filter(|_| level == 1);
        let Call::HuntgroupsFilesDownload(download) = call else {
            held.ok_or(Failure::NoMessage)?;
            self.level_one = None;
            return Ok(Answer::Short(Reply::done()));
        };
        if held.is_some() && self.is("file", "unreadable") {
            return Err(Failure::Unreadable);
        }
        if download.wanted == Wanted::Check {
            return Ok(Answer::Short(Reply::found(held.is_some())));
        }
        let stored = held.ok_or(Failure::NoMessage)?;
        let file = AudioFile {
            id: huntgroup,
            name: &stored.name,
            mimetype: "audio/x-wav",
            size_bytes: stored.bytes.len() as u64,
            escaped_bytes: raw::escaped_len(&stored.bytes),
        };
        let reply = match download.wanted {
            Wanted::Bare(encoding) => AudioReply::bare(file, encoding),
            Wanted::Json(encoding) => AudioReply::wrapped(file, encoding),
            Wanted::Check => unreachable!("answered above"),
        };
        Ok(Answer::Audio(reply, stored.bytes))
    }

    fn new_file(
        &self,
        call: &callvault_wire::enswitch::request::huntgroup_files::UploadCall,
        body_audio: Vec<u8>,
    ) -> Result<Stored, Failure> {
        let refuse = |fault| Err(Failure::Input(vec![fault]));
        let sent = match &call.source {
            Source::Sound(sound) => {
                let usable = *sound == 7 && !self.comments.contains_key("sound");
                let stored = Stored { name: "Closed now.wav".to_owned(), bytes: sample("greeting.wav") };
                return if usable { Ok(stored) } else { refuse(Fault::sound_unavailable()) };
            }
            Source::Audio(sent) => sent,
        };
        let bytes = match &sent.place {
            AudioPlace::Body => body_audio,
            AudioPlace::Query(bytes) => bytes.clone(),
        };
        assert_eq!(bytes.len() as u64, sent.bytes);
        let limit: u64 =
            self.comments.get("server-limit").map_or(10 << 20, |limit| limit.parse().expect("bytes"));
        if sent.bytes > limit {
            return refuse(Fault::too_large(limit));
        }
        if !bytes.starts_with(b"RIFF") {
            return refuse(Fault::not_wave());
        }
        let given = format!("huntgroup-{}-level-{}.wav", call.huntgroup, call.level);
        Ok(Stored { name: file_name(sent.file_name.as_deref().unwrap_or_default(), &given), bytes })
    }
}

pub(crate) fn rendered(answer: Answer) -> (u16, Vec<Header>, Vec<u8>) {
    let (reply, bytes) = match answer {
        Answer::Short(reply) => return (reply.status, reply.headers, reply.body),
        Answer::Audio(reply, bytes) => (reply, bytes),
    };
    let mut body = reply.prefix;
    match reply.form {
        Form::Exact => body.extend_from_slice(&bytes),
        Form::Escaped => raw::escape(&bytes, &mut body),
        Form::Base64 => {
            let mut encoder = base64::Encoder::default();
            encoder.push(&bytes, &mut body);
            encoder.finish(&mut body);
        }
    }
    body.extend_from_slice(reply.suffix);
    assert_eq!(body.len() as u64, reply.content_length);
    let mut headers = reply.headers;
    headers.push(("content-length", reply.content_length.to_string().into()));
    (200, headers, body)
}

fn filled(expected: &[u8], audio: &[u8]) -> Vec<u8> {
    match expected {
        b"{{audio}}" => audio.to_vec(),
        b"{{audio-base64}}" => base64_simd::STANDARD.encode_to_string(audio).into_bytes(),
        other => other.to_vec(),
    }
}

fn check_body(case: &str, expected: &Message, is_json: bool, body: &[u8]) {
    let audio = sample("example.wav");
    if !is_json {
        let expected = filled(&expected.body, &audio);
        assert_eq!(body.trim_ascii_end(), expected.trim_ascii_end(), "{case}");
        return;
    }
    let mut wanted: serde_json::Value = serde_json::from_slice(&expected.body).expect(case);
    let seen: serde_json::Value = serde_json::from_slice(body).expect(case);
    if let Some(data) = wanted.pointer_mut("/data/data") {
        *data = match data.as_str().expect(case) {
            "{{audio-raw}}" => audio.iter().copied().map(char::from).collect::<String>().into(),
            "{{audio-base64}}" => base64_simd::STANDARD.encode_to_string(&audio).into(),
            other => panic!("{case}: unknown wildcard {other}"),
        };
    }
    assert_eq!(seen, wanted, "{case}");
}

fn check(case: &str) {
    let request = read(&format!("{case}.request"));
    let expected = read(&format!("{case}.response"));
    let body_length = request.body.len().to_string();
    assert_eq!(request.header("content-length").unwrap_or("0"), body_length, "{case}");

    let example = Stored { name: "example.wav".to_owned(), bytes: sample("example.wav") };
    let mut model = Model { comments: &request.comments, level_one: None };
    model.level_one = (!model.is("file", "absent")).then_some(example);
    let (status, headers, body) = rendered(model.answer(&request));

    let wanted_status = expected.first_line.split(' ').nth(1).expect(case);
    assert_eq!(status.to_string(), wanted_status, "{case}: {}", String::from_utf8_lossy(&body));
    for (name, value) in &expected.headers {
        let seen = headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref());
        assert_eq!(seen, Some(value.as_str()), "{case}: {name}");
    }
    if !request.first_line.starts_with("HEAD ") {
        let is_json = expected.header("content-type").is_some_and(|known| known.contains("json"));
        check_body(case, &expected, is_json, &body);
    }
    if let Some(file) = request.comments.get("then-file") {
        let bytes = model.level_one.as_ref().map(|stored| stored.bytes.clone());
        assert_eq!(bytes, (file != "absent").then(|| sample(file)), "{case}");
    }
    if let Some(name) = request.comments.get("then-name") {
        assert_eq!(model.level_one.as_ref().map(|stored| &stored.name), Some(name), "{case}");
    }
}

#[test]
fn every_pair_holds() {
    let cases = golden::requests(&folder("enswitch"));
    assert!(cases.len() >= 70, "only {} pairs found", cases.len());
    for case in &cases {
        check(case);
    }
}
