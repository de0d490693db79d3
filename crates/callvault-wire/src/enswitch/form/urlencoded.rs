//! `application/x-www-form-urlencoded`, piece by piece.
//!
//! Pairs end at a literal `&` or `;`; `+` is a space; a `%` that starts no escape stands for itself.

use super::collector::{Collector, Written};

/// Longer names belong to no function; only so much of one is kept.
const NAME_LIMIT_BYTES: usize = 128;

/// The state between two pieces.
#[derive(Default)]
pub(super) struct Urlencoded {
    name: Vec<u8>,
    in_value: bool,
    escape: Escape,
}

#[derive(Clone, Copy, Debug, Default)]
enum Escape {
    #[default]
    None,
    Percent,
    High(u8),
}

impl Urlencoded {
    pub(super) fn push(&mut self, piece: &[u8], collector: &mut Collector, audio: &mut Vec<u8>) {
        let mut rest = piece;
        while let Some((&byte, behind)) = rest.split_first() {
            match (self.escape, hex_digit(byte)) {
                (Escape::Percent, Some(_)) => {
                    self.escape = Escape::High(byte);
                    rest = behind;
                    continue;
                }
                (Escape::High(high), Some(low)) => {
                    self.escape = Escape::None;
                    let high = hex_digit(high).unwrap_or_default();
                    self.take(&[high << 4 | low], collector, audio);
                    rest = behind;
                    continue;
                }
                (Escape::Percent | Escape::High(_), None) => self.flush_escape(collector, audio),
                (Escape::None, _) => {}
            }
            let run = rest.iter().position(|&byte| self.is_special(byte)).unwrap_or(rest.len());
            if run > 0 {
                self.take(&rest[..run], collector, audio);
                rest = &rest[run..];
                continue;
            }
            rest = behind;
            match byte {
                b'%' => self.escape = Escape::Percent,
                b'+' => self.take(b" ", collector, audio),
                b'=' => {
                    collector.begin(&self.name, Written::Text);
                    self.in_value = true;
                }
                _ => self.end_pair(collector, audio),
            }
        }
    }

    pub(super) fn finish(&mut self, collector: &mut Collector, audio: &mut Vec<u8>) {
        self.flush_escape(collector, audio);
        self.end_pair(collector, audio);
    }

    fn is_special(&self, byte: u8) -> bool {
        matches!(byte, b'%' | b'+' | b'&' | b';') || (byte == b'=' && !self.in_value)
    }

    fn take(&mut self, bytes: &[u8], collector: &mut Collector, audio: &mut Vec<u8>) {
        if self.in_value {
            collector.bytes(bytes, audio);
        } else {
            let room = NAME_LIMIT_BYTES.saturating_sub(self.name.len());
            self.name.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    fn flush_escape(&mut self, collector: &mut Collector, audio: &mut Vec<u8>) {
        match std::mem::take(&mut self.escape) {
            Escape::None => {}
            Escape::Percent => self.take(b"%", collector, audio),
            Escape::High(high) => self.take(&[b'%', high], collector, audio),
        }
    }

    fn end_pair(&mut self, collector: &mut Collector, audio: &mut Vec<u8>) {
        if !self.in_value {
            collector.begin(&self.name, Written::Text);
        }
        collector.end(audio);
        self.name.clear();
        self.in_value = false;
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
