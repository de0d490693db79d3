//! Where the readers of the three body syntaxes put names and decoded values.

use crate::enswitch::base64::Decoder;
use crate::enswitch::error::Fault;
use crate::enswitch::parameters::{BodyAudio, Defect, Form, VALUE_LIMIT_BYTES, known};
use crate::enswitch::path::Function;
use crate::enswitch::request::Kind;

/// How the value of a part is written.
pub(super) enum Written {
    /// As text; audio is base64.
    Text,
    /// As a file; audio is its bytes.
    File { name: Option<String> },
    /// As a file whose part says that it is base64.
    Base64File { name: Option<String> },
}

/// Keeps the values that the function knows and lets audio through.
pub(super) struct Collector {
    function: Function,
    form: Form,
    key: &'static str,
    current: Current,
}

enum Current {
    Ignored,
    Text { name: &'static str, bytes: Vec<u8>, too_long: bool },
    Audio { decoder: Option<Decoder> },
    RepeatedAudio,
}

impl Collector {
    pub(super) fn new(function: Function) -> Self {
        Self { function, form: Form::default(), key: "", current: Current::Ignored }
    }

    /// Notes a fault of the body; the first one counts.
    pub(super) fn fail(&mut self, fault: Fault) {
        self.current = Current::Ignored;
        self.form.fault.get_or_insert(fault);
    }

    /// The known name that was begun last and not ended, or empty. Unknown names are never given back.
    pub(super) fn key(&self) -> &'static str {
        self.key
    }

    /// Begins the value of `name`.
    pub(super) fn begin(&mut self, name: &[u8], written: Written) {
        let Some((name, kind)) = known(self.function, name) else {
            self.key = "";
            self.current = Current::Ignored;
            return;
        };
        self.key = name;
        if kind != Kind::Base64 {
            self.current = Current::Text { name, bytes: Vec::new(), too_long: false };
            return;
        }
        if let Some(earlier) = &mut self.form.audio {
            // Two files are taken as different unless both are empty: to compare them is to keep one.
            earlier.repeated |= earlier.sent_bytes > 0;
            self.current = Current::RepeatedAudio;
            return;
        }
        let (decoder, file_name) = match written {
            Written::Text => (Some(Decoder::default()), None),
            Written::File { name } => (None, name),
            Written::Base64File { name } => (Some(Decoder::default()), name),
        };
        self.form.audio = Some(BodyAudio { file_name, ..BodyAudio::default() });
        self.current = Current::Audio { decoder };
    }

    /// Adds decoded bytes to the value.
    pub(super) fn bytes(&mut self, piece: &[u8], audio: &mut Vec<u8>) {
        match (&mut self.current, &mut self.form.audio) {
            (Current::Ignored, _) => {}
            (Current::Text { bytes, too_long, .. }, _) => {
                *too_long |= bytes.len() + piece.len() > VALUE_LIMIT_BYTES;
                if !*too_long {
                    bytes.extend_from_slice(piece);
                }
            }
            (Current::Audio { decoder }, Some(sent)) => {
                let before = audio.len();
                match decoder {
                    Some(decoder) => decoder.push(piece, audio),
                    None => audio.extend_from_slice(piece),
                }
                sent.sent_bytes += piece.len() as u64;
                sent.bytes += (audio.len() - before) as u64;
            }
            (Current::RepeatedAudio, Some(sent)) => sent.repeated |= !piece.is_empty(),
            (Current::Audio { .. } | Current::RepeatedAudio, None) => {}
        }
    }

    /// Ends the value.
    pub(super) fn end(&mut self, audio: &mut Vec<u8>) {
        self.key = "";
        match (std::mem::replace(&mut self.current, Current::Ignored), &mut self.form.audio) {
            (Current::Text { name, bytes, too_long }, _) => {
                let value = if too_long { Err(Defect::TooLong) } else { Ok(bytes) };
                self.form.fields.insert(name, value);
            }
            (Current::Audio { decoder: Some(decoder) }, Some(sent)) => {
                let before = audio.len();
                sent.not_base64 = decoder.finish(audio).is_err();
                sent.bytes += (audio.len() - before) as u64;
            }
            (Current::Ignored | Current::Audio { .. } | Current::RepeatedAudio, _) => {}
        }
    }

    /// What the values take that are kept, in bytes of memory.
    pub(super) fn held_bytes(&self) -> usize {
        let current = match &self.current {
            Current::Text { bytes, .. } => bytes.capacity(),
            Current::Ignored | Current::Audio { .. } | Current::RepeatedAudio => 0,
        };
        let file_name = self.form.audio.as_ref().and_then(|audio| audio.file_name.as_ref());
        current + self.form.fields.held_bytes() + file_name.map_or(0, String::capacity)
    }

    pub(super) fn finish(self) -> Form {
        self.form
    }
}
