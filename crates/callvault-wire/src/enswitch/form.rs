//! Request bodies, read piece by piece (`docs/enswitch.md` 17).
//!
//! Reads `application/x-www-form-urlencoded`, `multipart/form-data` and a JSON object of scalars. The audio of
//! an upload streams through to the caller, decoded; every other value is small and kept. Promises: pieces may
//! be cut anywhere; memory is bounded whatever the body holds; no body is refused here, its faults are kept in
//! the [`Form`] until the caller is known (`docs/enswitch.md` 13).

mod collector;
mod json;
mod multipart;
mod urlencoded;

use crate::enswitch::error::Fault;
use crate::enswitch::parameters::Form;
use crate::enswitch::path::Function;
use collector::Collector;
use json::Json;
use multipart::Multipart;
use std::fmt;
use urlencoded::Urlencoded;

/// Reads the body of one call.
pub struct FormReader {
    collector: Collector,
    syntax: Syntax,
}

impl fmt::Debug for FormReader {
    /// Without values: credentials may be among what is held back.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FormReader").finish_non_exhaustive()
    }
}

enum Syntax {
    Urlencoded(Urlencoded),
    Multipart(Multipart),
    Json(Json),
    /// The rest of the body is not looked at.
    Broken,
}

/// The body breaks the rules of its own syntax.
#[derive(Debug)]
struct Malformed(&'static str);

impl FormReader {
    /// A reader for the body of a call of `function`, by its `Content-Type`.
    ///
    /// No type, or one that is not known, is read as urlencoded: that is what scripts send that forget it.
    pub fn new(function: Function, content_type: Option<&str>) -> Self {
        let mut collector = Collector::new(function);
        let content_type = content_type.unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let syntax = match essence.as_str() {
            "multipart/form-data" => match multipart::boundary(content_type) {
                Some(boundary) => Syntax::Multipart(Multipart::new(&boundary)),
                None => {
                    collector.fail(Fault::new("", "The Content-Type must name the boundary of the parts."));
                    Syntax::Broken
                }
            },
            "application/json" | "text/json" => Syntax::Json(Json::default()),
            _ => Syntax::Urlencoded(Urlencoded::default()),
        };
        Self { collector, syntax }
    }

    /// Takes the next piece of the body and appends the audio in it to `audio`.
    ///
    /// What is appended is at most the size of the piece and a few kilobytes held back from earlier ones. Audio
    /// may come before it shows that the call is not allowed, or that the base64 is broken: keep it apart until
    /// [`FormReader::finish`] and the checks behind it have passed.
    pub fn push(&mut self, piece: &[u8], audio: &mut Vec<u8>) {
        let Self { collector, syntax } = self;
        let read = match syntax {
            Syntax::Urlencoded(reader) => {
                reader.push(piece, collector, audio);
                Ok(())
            }
            Syntax::Multipart(reader) => reader.push(piece, collector, audio),
            Syntax::Json(reader) => reader.push(piece, collector, audio),
            Syntax::Broken => Ok(()),
        };
        self.note(read);
    }

    /// How much memory the values take that were kept until now, and what is held back between pieces, in bytes.
    ///
    /// At most about [`crate::enswitch::parameters::VALUE_LIMIT_BYTES`] for each parameter of the function.
    pub fn held_bytes(&self) -> usize {
        let held_back = match &self.syntax {
            Syntax::Multipart(reader) => reader.held_bytes(),
            // A name, or less.
            Syntax::Urlencoded(_) | Syntax::Json(_) | Syntax::Broken => 0,
        };
        self.collector.held_bytes() + held_back
    }

    /// Ends the body; the rest of the audio is appended to `audio`.
    pub fn finish(mut self, audio: &mut Vec<u8>) -> Form {
        let Self { collector, syntax } = &mut self;
        let read = match syntax {
            Syntax::Urlencoded(reader) => {
                reader.finish(collector, audio);
                Ok(())
            }
            Syntax::Multipart(reader) => reader.finish(),
            Syntax::Json(reader) => reader.finish(),
            Syntax::Broken => Ok(()),
        };
        self.note(read);
        self.collector.finish()
    }

    /// Ends a body that was not read to its end, with the `fault` that is to be told once the caller is known.
    ///
    /// Values that were complete are kept; the one under way is not, as half a value may pass for a whole one.
    pub fn break_off(mut self, fault: Fault) -> Form {
        self.collector.fail(fault);
        self.collector.finish()
    }

    fn note(&mut self, read: Result<(), Malformed>) {
        if let Err(Malformed(message)) = read {
            self.collector.fail(Fault::new(self.collector.key(), message));
            self.syntax = Syntax::Broken;
        }
    }
}

#[cfg(test)]
mod tests;
