//! Base64 in both directions, as streams (`docs/enswitch.md` 8).
//!
//! Exact out: standard alphabet, padded, no line breaks, length known in advance. Liberal in: standard or
//! URL-safe alphabet or both, padding complete or absent, line breaks and tabs ignored, and a space taken as
//! `+`, because that is what form decoding made of it. Promises: slices may be cut anywhere; the memory held
//! between slices is bounded.

use base64_simd::{STANDARD, STANDARD_NO_PAD};

/// How many bytes the base64 form of `length` bytes has.
pub fn encoded_len(length: u64) -> u64 {
    length.div_ceil(3) * 4
}

/// Encodes a stream of slices.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    carry: [u8; 3],
    carried: usize,
}

impl Encoder {
    /// Appends what `bytes` completes; up to two bytes wait for the next slice.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while self.carried > 0
            && let Some((&first, rest)) = bytes.split_first()
        {
            self.carry[self.carried] = first;
            self.carried += 1;
            bytes = rest;
            if self.carried == 3 {
                STANDARD.encode_append(self.carry, out);
                self.carried = 0;
            }
        }
        let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % 3);
        STANDARD.encode_append(whole, out);
        // Either the carry was used up above, or `bytes` was, and then `rest` is empty.
        for &byte in rest {
            self.carry[self.carried] = byte;
            self.carried += 1;
        }
    }

    /// Appends the last group with its padding.
    pub fn finish(self, out: &mut Vec<u8>) {
        STANDARD.encode_append(&self.carry[..self.carried], out);
    }
}

/// The text is not base64, not even by the liberal reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not base64")]
pub struct NotBase64;

/// Letters collected before they are decoded in one go.
const BATCH: usize = 8192;

const BAD: u8 = 0;
const SKIP: u8 = 1;
const PAD: u8 = 2;
const SPACE: u8 = 3;

/// What each byte stands for: a letter of the standard alphabet, or one of the classes above.
static MEANING: [u8; 256] = meaning();

const fn meaning() -> [u8; 256] {
    let mut table = [BAD; 256];
    let mut byte = 0;
    while byte < 256 {
        let plain = byte as u8;
        table[byte] = match plain {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => plain,
            b'-' => b'+',
            b'_' => b'/',
            b' ' => SPACE,
            b'=' => PAD,
            b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => SKIP,
            _ => BAD,
        };
        byte += 1;
    }
    table
}

/// Decodes a stream of slices, liberally.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    letters: Vec<u8>,
    padding: usize,
    broken: bool,
}

impl Decoder {
    /// Takes `text` and appends what it completes to `out`; up to 8 KiB of letters wait for more.
    ///
    /// A fault shows in [`Decoder::finish`]; what was appended by then is to be thrown away.
    pub fn push(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if self.broken {
            return;
        }
        for &byte in text {
            match MEANING[usize::from(byte)] {
                SKIP => {}
                PAD => self.padding = self.padding.saturating_add(1),
                SPACE if self.padding > 0 => {}
                BAD => self.broken = true,
                meaning => {
                    self.broken |= self.padding > 0;
                    self.letters.push(if meaning == SPACE { b'+' } else { meaning });
                    if self.letters.len() == BATCH {
                        self.decode_quads(out);
                    }
                }
            }
            if self.broken {
                return;
            }
        }
    }

    /// Appends the rest.
    ///
    /// # Errors
    /// [`NotBase64`] for a byte outside the alphabets, letters behind padding, padding of the wrong length, or
    /// a single letter left over. No letters at all is no error here.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), NotBase64> {
        if self.broken {
            return Err(NotBase64);
        }
        self.decode_quads(out);
        let rest = self.letters.len();
        let padding_wanted = (4 - rest) % 4;
        if rest == 1 || (self.padding > 0 && self.padding != padding_wanted) {
            return Err(NotBase64);
        }
        // By hand, so that stray bits behind the last byte are no fault: some encoders leave them.
        let bits = self.letters.iter().fold(0_u32, |bits, &letter| bits << 6 | u32::from(sextet(letter)));
        match rest {
            2 => out.push((bits >> 4) as u8),
            3 => out.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
            _ => {}
        }
        Ok(())
    }

    fn decode_quads(&mut self, out: &mut Vec<u8>) {
        let quads = self.letters.len() - self.letters.len() % 4;
        // The letters are all of the standard alphabet by now, so this cannot fail; if it did, so would finish.
        self.broken |= STANDARD_NO_PAD.decode_append(&self.letters[..quads], out).is_err();
        self.letters.drain(..quads);
    }
}

fn sextet(letter: u8) -> u8 {
    match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode<'a>(slices: impl IntoIterator<Item = &'a [u8]>) -> String {
        let (mut encoder, mut out) = (Encoder::default(), Vec::new());
        for slice in slices {
            encoder.push(slice, &mut out);
        }
        encoder.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn decode<'a>(slices: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, NotBase64> {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        for slice in slices {
            decoder.push(slice, &mut out);
        }
        decoder.finish(&mut out).map(|()| out)
    }

    #[test]
    fn vectors_of_rfc_4648() {
        let check = |plain: &str, text: &str| {
            assert_eq!(encode([plain.as_bytes()]), text);
            assert_eq!(decode([text.as_bytes()]), Ok(plain.as_bytes().to_vec()));
            let bare = text.trim_end_matches('=');
            assert_eq!(decode([bare.as_bytes()]), Ok(plain.as_bytes().to_vec()));
        };
        check("", "");
        check("f", "Zg==");
        check("fo", "Zm8=");
        check("foo", "Zm9v");
        check("foob", "Zm9vYg==");
        check("fooba", "Zm9vYmE=");
        check("foobar", "Zm9vYmFy");
    }

    #[test]
    fn liberal_in() {
        let check = |text: &str, wanted: Result<&[u8], NotBase64>| {
            assert_eq!(decode([text.as_bytes()]), wanted.map(<[u8]>::to_vec), "{text:?}");
        };
        // 0xFB 0xFF 0xFE is "+//+" in the standard alphabet.
        check("+//+", Ok(b"\xfb\xff\xfe"));
        check("-__-", Ok(b"\xfb\xff\xfe"));
        check(" // ", Ok(b"\xfb\xff\xfe"));
        check("+/_-", Ok(b"\xfb\xff\xfe"));
        check("Zm9v\r\nYg\t==\r\n", Ok(b"foob"));
        check("Zg== ", Ok(b"f"));
        check("Zh==", Ok(b"f"));
        check("Zg=", Err(NotBase64));
        check("Zm9v=", Err(NotBase64));
        check("====", Err(NotBase64));
        check("Z", Err(NotBase64));
        check("Zg==Zg==", Err(NotBase64));
        check("Zm9*", Err(NotBase64));
        check("Zm9\u{e9}", Err(NotBase64));
        check("\r\n", Ok(b""));
    }

    #[test]
    fn all_byte_values_and_lengths() {
        let all: Vec<u8> = (0..=255).collect();
        for length in 0..=256 {
            let text = encode([&all[..length]]);
            assert_eq!(encoded_len(length as u64), text.len() as u64);
            assert_eq!(decode([text.as_bytes()]).unwrap(), &all[..length]);
        }
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(bytes: Vec<u8>, times in 1..200_usize, size in 1..5_000_usize) {
            let bytes = bytes.repeat(times);
            let whole = STANDARD.encode_to_string(&bytes);
            prop_assert_eq!(&encode(bytes.chunks(size)), &whole);
            prop_assert_eq!(decode(whole.as_bytes().chunks(size)).unwrap(), bytes);
        }

        #[test]
        fn any_text_is_decoded_the_same_in_pieces(text: Vec<u8>, size in 1..8_usize) {
            prop_assert_eq!(decode(text.chunks(size)), decode([&text[..]]));
        }
    }
}
