//! `encoding=raw`: any bytes as the content of a JSON string, in ASCII (`docs/enswitch.md` 6).
//!
//! The n-th code point of the string (U+0000 to U+00FF) is the n-th byte. Promises: the output holds only
//! printable ASCII, so no charset mistake can damage it; its length is known in advance; and each byte is
//! escaped by itself, so slices can be cut anywhere.

/// Bytes escaped at a time; the scratch space on the stack is six times that.
const BLOCK: usize = 1024;

/// Room for one escape, written whole and cut to its length: cheaper than a copy of varying size.
const CELL: usize = 8;

struct Escape {
    text: [u8; CELL],
    length: u8,
}

static ESCAPES: [Escape; 256] = escapes();

const fn escapes() -> [Escape; 256] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut table = [const { Escape { text: [0; CELL], length: 0 } }; 256];
    let mut byte = 0;
    while byte < 256 {
        let plain = byte as u8;
        table[byte] = match plain {
            b'"' | b'\\' => Escape { text: [b'\\', plain, 0, 0, 0, 0, 0, 0], length: 2 },
            0x20..=0x7E => Escape { text: [plain, 0, 0, 0, 0, 0, 0, 0], length: 1 },
            _ => Escape { text: [b'\\', b'u', b'0', b'0', HEX[byte >> 4], HEX[byte & 15], 0, 0], length: 6 },
        };
        byte += 1;
    }
    table
}

/// How many bytes [`escape`] makes of `bytes`; add the results of the slices of a file to get the whole.
pub fn escaped_len(bytes: &[u8]) -> u64 {
    // Arithmetic rather than the table, so that the compiler can take many bytes at a time.
    bytes
        .chunks(4096)
        .map(|chunk| {
            let length: u32 = chunk
                .iter()
                .map(|&byte| {
                    let printable = u32::from(byte.wrapping_sub(0x20) < 0x5F);
                    let quoted = u32::from(byte == b'"') + u32::from(byte == b'\\');
                    6 - 5 * printable + quoted
                })
                .sum();
            u64::from(length)
        })
        .sum()
}

/// Appends the escaped form of `bytes` to `out`, without quotes around it.
pub fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    let mut scratch = [0; BLOCK * 6 + CELL];
    for block in bytes.chunks(BLOCK) {
        let mut at = 0;
        for &byte in block {
            let escape = &ESCAPES[usize::from(byte)];
            scratch[at..at + CELL].copy_from_slice(&escape.text);
            at += usize::from(escape.length);
        }
        out.extend_from_slice(&scratch[..at]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        escape(bytes, &mut out);
        out
    }

    fn unescaped(content: &[u8]) -> Vec<u8> {
        let quoted = [b"\"", content, b"\""].concat();
        let text: String = serde_json::from_slice(&quoted).unwrap();
        text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
    }

    #[test]
    fn known_forms() {
        let check = |bytes: &[u8], wanted: &str| assert_eq!(escaped(bytes), wanted.as_bytes(), "{wanted}");
        check(b"RIFF", "RIFF");
        check(b"\"\\/", "\\\"\\\\/");
        check(b"\x00\n\x1f ~\x7f\x80\xff", "\\u0000\\u000a\\u001f ~\\u007f\\u0080\\u00ff");
        check(b"", "");
    }

    #[test]
    fn all_byte_values_come_back_from_a_json_parser() {
        let all: Vec<u8> = (0..=255).collect();
        let content = escaped(&all);
        assert!(content.iter().all(|byte| (0x20..=0x7e).contains(byte)));
        assert_eq!(unescaped(&content), all);
        // 93 plain, 2 quoted, 161 escaped with \u.
        assert_eq!(escaped_len(&all), 93 + 2 * 2 + 161 * 6);
    }

    proptest! {
        #[test]
        fn length_is_known_and_cuts_do_not_matter(bytes: Vec<u8>, cut: prop::sample::Index, times in 1..20_usize) {
            let bytes = bytes.repeat(times);
            let whole = escaped(&bytes);
            prop_assert_eq!(escaped_len(&bytes), whole.len() as u64);
            let (left, right) = bytes.split_at(cut.index(bytes.len() + 1));
            prop_assert_eq!([escaped(left), escaped(right)].concat(), whole.clone());
            prop_assert_eq!(unescaped(&whole), bytes);
        }
    }
}
