//! Paths, queries, bodies and encodings of the Enswitch dialect.

use callvault_wire::enswitch::auth::Credentials;
use callvault_wire::enswitch::base64::{Decoder, Encoder, NotBase64, encoded_len};
use callvault_wire::enswitch::form::FormReader;
use callvault_wire::enswitch::parameters::Parameters;
use callvault_wire::enswitch::path::{Function, Prefixes};
use callvault_wire::enswitch::raw;
use callvault_wire::enswitch::request::Call;

use crate::{first_line, pieces};

/// A path.
pub fn enswitch_path(data: &[u8]) {
    let Ok(path) = std::str::from_utf8(data) else { return };
    let prefixes = Prefixes::default();
    let target = prefixes.target(path);
    assert_eq!(prefixes.target(&format!("//{}//", path.replace('/', "//"))), target, "slashes are forgiven");
    if let Ok(own) = Prefixes::new([path]) {
        let called = format!("{path}/huntgroups/files/download");
        assert!(own.target(&called).is_some(), "{called} lies inside {path}");
    }
}

/// What a call makes of its parameters: the call, or its faults as they stand in the answer.
type Judged = Result<Call, Vec<(&'static str, String)>>;

fn judged(parameters: &Parameters) -> Judged {
    Call::from_parameters(parameters).map_err(|faults| {
        assert!(!faults.is_empty(), "refused without a reason");
        faults.iter().map(|fault| (fault.key, fault.message.to_string())).collect()
    })
}

fn check_call(call: &Call) {
    let level = match call {
        Call::HuntgroupsFilesDownload(call) => call.level,
        Call::HuntgroupsFilesUpload(call) => call.level,
        Call::HuntgroupsFilesDelete(call) => call.level,
        other => {
            serde_json::from_str::<serde_json::Value>(&other.shown()).expect("a call shows itself as JSON");
            return;
        }
    };
    assert!((1..=10).contains(&level), "{call:?}");
}

/// A query string.
pub fn enswitch_query(data: &[u8]) {
    for function in Function::all() {
        let parameters = Parameters::from_query(function, data);
        let judged = judged(&parameters);
        if let Ok(call) = &judged {
            check_call(call);
        }
        if let Some(Credentials::Password { username, password }) = Credentials::from_parameters(&parameters)
        {
            assert!(!username.reveal().is_empty() && !password.reveal().is_empty());
        }
        // Both separators say the same (docs/enswitch.md 16).
        let swapped: Vec<u8> = data
            .iter()
            .map(|byte| match byte {
                b'&' => b';',
                b';' => b'&',
                other => *other,
            })
            .collect();
        let swapped = Parameters::from_query(function, &swapped);
        assert_eq!(self::judged(&swapped), judged, "separators");
        // An unknown parameter changes nothing.
        let more = [b"unheard_of=1&", data].concat();
        assert_eq!(self::judged(&Parameters::from_query(function, &more)), judged, "an unknown parameter");
    }
}

fn read_form(
    function: Function,
    content_type: Option<&str>,
    body: &[u8],
    length: usize,
) -> (Vec<u8>, Judged) {
    let mut reader = FormReader::new(function, content_type);
    let mut audio = Vec::new();
    for piece in pieces(body, length) {
        let before = audio.len();
        reader.push(piece, &mut audio);
        assert!(audio.len() - before <= piece.len() + 16 * 1024, "a piece gave more than it held");
    }
    let form = reader.finish(&mut audio);
    let judged = judged(&Parameters::from_query(function, b"").with_body(form));
    (audio, judged)
}

/// A `Content-Type`, a line feed, and the body.
pub fn enswitch_form(data: &[u8]) {
    let (content_type, body) = first_line(data);
    let Ok(content_type) = std::str::from_utf8(content_type) else { return };
    let content_type = (!content_type.is_empty()).then_some(content_type);
    for function in Function::all() {
        let (audio, judged) = read_form(function, content_type, body, body.len().max(1));
        assert!(audio.len() <= body.len(), "no encoding makes a body grow");
        if let Ok(call) = &judged {
            check_call(call);
        }
        for length in [1, 3, 61] {
            let cut = read_form(function, content_type, body, length);
            assert_eq!(cut.1, judged, "in pieces of {length}");
            // Of a body that is refused, nobody looks at the bytes.
            assert!(judged.is_err() || cut.0 == audio, "other audio in pieces of {length}");
        }
    }
}

fn decode(text: &[u8], length: usize) -> (Vec<u8>, Result<(), NotBase64>) {
    let (mut decoder, mut out) = (Decoder::default(), Vec::new());
    pieces(text, length).for_each(|piece| decoder.push(piece, &mut out));
    let ended = decoder.finish(&mut out);
    (out, ended)
}

/// Bytes to encode, and text to decode.
pub fn enswitch_base64(data: &[u8]) {
    let (out, ended) = decode(data, data.len().max(1));
    for length in [1, 5] {
        let cut = decode(data, length);
        assert_eq!(cut.1.is_ok(), ended.is_ok(), "in pieces of {length}");
        assert!(ended.is_err() || cut.0 == out, "other bytes in pieces of {length}");
    }
    assert!(out.len() <= data.len());
    for length in [1, 2, 1000] {
        let (mut encoder, mut text) = (Encoder::default(), Vec::new());
        pieces(data, length).for_each(|piece| encoder.push(piece, &mut text));
        encoder.finish(&mut text);
        assert_eq!(text.len() as u64, encoded_len(data.len() as u64));
        let (back, ended) = decode(&text, text.len().max(1));
        assert!(ended.is_ok() && back == data, "not what went in");
    }
}

/// Bytes that go into a JSON string.
pub fn enswitch_raw(data: &[u8]) {
    let mut escaped = Vec::new();
    raw::escape(data, &mut escaped);
    assert_eq!(escaped.len() as u64, raw::escaped_len(data));
    assert_eq!(escaped.len() as u64, callvault_core::audio::escaped_len(data), "what is announced");
    assert!(escaped.iter().all(|byte| (0x20..=0x7e).contains(byte)), "ASCII alone");
    let json = [b"\"", escaped.as_slice(), b"\""].concat();
    let text: String = serde_json::from_slice(&json).expect("a JSON string");
    let back: Vec<u8> = text.chars().map(|point| u8::try_from(point).expect("up to U+00FF")).collect();
    assert_eq!(back, data, "one code point for each byte");
}
