//! What the client sent, by name, before anybody judges it.
//!
//! Promises: query and body are merged here, the body wins (`docs/enswitch.md` 17); only names that the function
//! knows are kept, so that memory is bounded by its table; and faults are kept beside the values, because
//! codes 401 and 402 go before code 400 (`docs/enswitch.md` 13).

use crate::enswitch::auth;
use crate::enswitch::base64::Decoder;
use crate::enswitch::error::Fault;
use crate::enswitch::path::Function;
use crate::enswitch::schema::Kind;
use std::fmt;

/// The longest value kept of any parameter but an upload's `data`, in bytes after decoding.
pub const VALUE_LIMIT_BYTES: usize = 64 * 1024;

/// Why a value that was sent cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It is not UTF-8.
    NotUtf8,
    /// The name was given twice in one place, with different values.
    Conflict,
    /// It is longer than [`VALUE_LIMIT_BYTES`].
    TooLong,
}

impl Defect {
    /// The sentence for the client.
    pub fn message(self) -> &'static str {
        match self {
            Self::NotUtf8 => "The value must be UTF-8.",
            Self::Conflict => "The parameter must be given once, or each time with the same value.",
            Self::TooLong => "The value is too long.",
        }
    }
}

/// The named values of one place, query or body.
#[derive(Clone, Default)]
pub(in crate::enswitch) struct Fields(Vec<(&'static str, Result<String, Defect>)>);

impl Fields {
    /// Adds a value; the same name with another value becomes a conflict.
    pub(in crate::enswitch) fn insert(&mut self, name: &'static str, bytes: Result<Vec<u8>, Defect>) {
        let value = bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|_invalid| Defect::NotUtf8));
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            None => self.0.push((name, value)),
            Some((_, Err(_))) => {}
            Some((_, held)) if *held == value => {}
            Some((_, held)) => *held = value.and(Err(Defect::Conflict)),
        }
    }

    /// What the values take, in bytes of memory.
    pub(in crate::enswitch) fn held_bytes(&self) -> usize {
        self.0.iter().map(|(_, value)| value.as_ref().map_or(0, String::capacity)).sum()
    }

    fn value(&self, name: &str) -> Option<Result<&str, Defect>> {
        let (_, value) = self.0.iter().find(|(known, _)| *known == name)?;
        Some(value.as_deref().map_err(|defect| *defect))
    }
}

/// The `data` of a body, whose bytes went to the caller of the form reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::enswitch) struct BodyAudio {
    /// Bytes as sent, before base64 was undone; with none of them the parameter counts as absent.
    pub(in crate::enswitch) sent_bytes: u64,
    /// Bytes of audio.
    pub(in crate::enswitch) bytes: u64,
    pub(in crate::enswitch) file_name: Option<String>,
    pub(in crate::enswitch) not_base64: bool,
    pub(in crate::enswitch) repeated: bool,
}

/// What a body held; comes from [`crate::enswitch::form::FormReader::finish`].
#[derive(Clone, Default)]
pub struct Form {
    pub(in crate::enswitch) fields: Fields,
    pub(in crate::enswitch) audio: Option<BodyAudio>,
    pub(in crate::enswitch) fault: Option<Fault>,
}

/// An upload's `data` as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentAudio {
    /// Where the bytes are.
    pub place: AudioPlace,
    /// How many bytes of audio, at least 1.
    pub bytes: u64,
    /// The client's own name for the file, as sent: see [`callvault_core::file_name`].
    pub file_name: Option<String>,
}

/// Where the bytes of an upload are.
#[derive(Clone, PartialEq, Eq)]
pub enum AudioPlace {
    /// With the caller, to whom the form reader handed them.
    Body,
    /// Here: they came in the query string.
    Query(Vec<u8>),
}

impl fmt::Debug for AudioPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => formatter.write_str("Body"),
            Self::Query(bytes) => write!(formatter, "Query({} bytes)", bytes.len()),
        }
    }
}

/// Everything that one call sent.
#[derive(Clone)]
pub struct Parameters {
    function: Function,
    query: Fields,
    body: Form,
}

impl Parameters {
    /// The parameters in the query string of a call of `function`, without the `?`; percent-encoded.
    ///
    /// Never fails: what is wrong shows when the call is made of it.
    pub fn from_query(function: Function, query: &[u8]) -> Self {
        let mut fields = Fields::default();
        for pair in query.split(|byte| matches!(byte, b'&' | b';')) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decoded(halves.next().unwrap_or_default());
            let Some(parameter) = known(function, &name) else { continue };
            let value = decoded(halves.next().unwrap_or_default());
            // The server's limit on a request line stands in for ours where audio may be long.
            let too_long = value.len() > VALUE_LIMIT_BYTES && parameter.1 != Kind::Base64;
            fields.insert(parameter.0, if too_long { Err(Defect::TooLong) } else { Ok(value) });
        }
        Self { function, query: fields, body: Form::default() }
    }

    /// Adds what the body held. A name in the body hides the same name in the query.
    pub fn with_body(mut self, body: Form) -> Self {
        self.body = body;
        self
    }

    /// The function that these are the parameters of.
    pub fn function(&self) -> Function {
        self.function
    }

    /// What is wrong with the body as a whole; nothing behind that point was read.
    pub fn body_fault(&self) -> Option<&Fault> {
        self.body.fault.as_ref()
    }

    /// The value of `name`, or what is wrong with it; `None` when it was not sent.
    ///
    /// # Errors
    /// The [`Defect`] of the value.
    pub fn value(&self, name: &str) -> Option<Result<&str, Defect>> {
        self.body.fields.value(name).or_else(|| self.query.value(name))
    }

    /// Whether the client asked for a bare file with `wrap=none`.
    ///
    /// For use before the parameters are judged: the HTTP status of a failure depends on it
    /// (`docs/enswitch.md` 3), and so does whether HEAD is allowed.
    pub fn wants_bare_file(&self) -> bool {
        self.value("wrap") == Some(Ok("none"))
    }

    /// The `data` of an upload; `None` when it is absent or empty.
    ///
    /// # Errors
    /// The fault of `data`: sent twice, not base64, or base64 of nothing.
    pub fn audio(&self) -> Option<Result<SentAudio, Fault>> {
        if let Some(audio) = &self.body.audio {
            return self.body_audio(audio);
        }
        let text = match self.query.value("data")? {
            Ok("") => return None,
            Ok(text) => text,
            Err(defect) => return Some(Err(Fault::new("data", defect.message()))),
        };
        let (mut decoder, mut bytes) = (Decoder::default(), Vec::new());
        decoder.push(text.as_bytes(), &mut bytes);
        Some(match decoder.finish(&mut bytes) {
            Ok(()) if !bytes.is_empty() => {
                let length = bytes.len() as u64;
                Ok(SentAudio { place: AudioPlace::Query(bytes), bytes: length, file_name: None })
            }
            _ => Err(not_base64()),
        })
    }

    /// The client's own name for the file that it uploads, as sent.
    pub fn file_name(&self) -> Option<&str> {
        self.body.audio.as_ref()?.file_name.as_deref()
    }

    fn body_audio(&self, audio: &BodyAudio) -> Option<Result<SentAudio, Fault>> {
        if audio.repeated {
            return Some(Err(Fault::new("data", "The file must be given once.")));
        }
        if audio.sent_bytes == 0 {
            return None;
        }
        if audio.not_base64 || audio.bytes == 0 {
            return Some(Err(not_base64()));
        }
        Some(Ok(SentAudio {
            place: AudioPlace::Body,
            bytes: audio.bytes,
            file_name: audio.file_name.clone(),
        }))
    }
}

impl fmt::Debug for Parameters {
    /// Names and values, but for credentials, whose values are masked, and audio, which is left out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = formatter.debug_map();
        map.entry(&"function", &self.function.path());
        for name in auth::NAMES.iter().filter(|name| self.value(name).is_some()) {
            map.entry(name, &"***");
        }
        for parameter in self.function.parameters() {
            let Some(value) = self.value(parameter.name) else { continue };
            match parameter.kind {
                Kind::Base64 => {}
                Kind::Secret => {
                    map.entry(&parameter.name, &"***");
                }
                Kind::Integer | Kind::Text => {
                    map.entry(&parameter.name, &value);
                }
            }
        }
        map.finish()
    }
}

/// The parameter or credential called `name`, if `function` knows one.
pub(in crate::enswitch) fn known(function: Function, name: &[u8]) -> Option<(&'static str, Kind)> {
    let credential = auth::NAMES.into_iter().find(|known| known.as_bytes() == name);
    let credential = credential.map(|known| (known, Kind::Secret));
    credential.or_else(|| function.parameter(name).map(|parameter| (parameter.name, parameter.kind)))
}

fn not_base64() -> Fault {
    Fault::new("data", "The file must be base64 of at least one byte.")
}

fn decoded(component: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = component.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_encoding::percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parameters(query: &[u8]) -> Parameters {
        Parameters::from_query(Function::HuntgroupsFilesDownload, query)
    }

    #[test]
    fn values_of_a_query() {
        let check = |query: &[u8], name: &str, wanted: Option<Result<&str, Defect>>| {
            assert_eq!(parameters(query).value(name), wanted, "{}", String::from_utf8_lossy(query));
        };
        check(b"huntgroup=123;level=1", "level", Some(Ok("1")));
        check(b"huntgroup=123&level=1", "level", Some(Ok("1")));
        check(b"huntgroup=123&level=1;check=0", "check", Some(Ok("0")));
        // Separators count only where they stand literally.
        check(b"encoding=a%26level%3D1%3Bb", "encoding", Some(Ok("a&level=1;b")));
        check(b"encoding=a%26level%3D1%3Bb", "level", None);
        check(b"encoding=a+b%2Bc", "encoding", Some(Ok("a b+c")));
        check(b"encoding=a=b", "encoding", Some(Ok("a=b")));
        check(b"l%65vel=1", "level", Some(Ok("1")));
        check(b"level", "level", Some(Ok("")));
        check(b";;&=x&level=1&", "level", Some(Ok("1")));
        check(b"wrap=%zz%4", "wrap", Some(Ok("%zz%4")));
        check(b"wrap=%C3%A9", "wrap", Some(Ok("\u{e9}")));
        check(b"wrap=%E9", "wrap", Some(Err(Defect::NotUtf8)));
        check(b"wrap=\xe9", "wrap", Some(Err(Defect::NotUtf8)));
        check(b"level=1&level=1", "level", Some(Ok("1")));
        check(b"level=1&level=2", "level", Some(Err(Defect::Conflict)));
        check(b"level=1&level=2&level=1", "level", Some(Err(Defect::Conflict)));
        check(b"level=1&level=", "level", Some(Err(Defect::Conflict)));
        check(b"surprise=1", "surprise", None);
        check(b"Level=1", "level", None);
        let long = [b"wrap=".as_slice(), &[b'a'; VALUE_LIMIT_BYTES + 1]].concat();
        check(&long, "wrap", Some(Err(Defect::TooLong)));
    }

    #[test]
    fn audio_in_a_query() {
        let audio = |query: &[u8]| Parameters::from_query(Function::HuntgroupsFilesUpload, query).audio();
        assert_eq!(audio(b"level=1"), None);
        assert_eq!(audio(b"data="), None);
        let sent = audio(b"data=+//+").unwrap().unwrap();
        assert_eq!(sent.place, AudioPlace::Query(vec![0xfb, 0xff, 0xfe]));
        assert_eq!((sent.bytes, sent.file_name), (3, None));
        for bad in [b"data=*".as_slice(), b"data=%0A", b"data=%FF", b"data=Zg&data=Zh"] {
            assert_eq!(audio(bad).unwrap().unwrap_err().key, "data");
        }
        // A function without `data` has no use for it.
        assert_eq!(parameters(b"data=Zg").audio(), None);
    }

    proptest! {
        #[test]
        fn any_query_is_taken(query: Vec<u8>) {
            let parameters = Parameters::from_query(Function::HuntgroupsFilesUpload, &query);
            let _ = (parameters.audio(), parameters.value("level"), format!("{parameters:?}"));
        }
    }
}
