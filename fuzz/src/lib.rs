//! Fuzz functions, one for each parser that meets bytes from strangers.
//!
//! Each takes any bytes, and panics when the parser breaks a promise: not only by a panic of its own, but by an answer
//! that its documentation rules out. `tests/it` runs them over `corpus/` and over mutations of it on the stable toolchain;
//! a coverage-guided fuzzer can call the same functions through [`TARGETS`].

mod audio;
mod enswitch;
mod http;
mod pseries;
mod records;
mod yeastar;

pub use crate::audio::audio_probe;
pub use crate::enswitch::{enswitch_base64, enswitch_form, enswitch_path, enswitch_query, enswitch_raw};
pub use crate::http::{
    conditional_request, content_disposition, forwarding, network, proxy_header, range_header, request_lines,
};
pub use crate::pseries::{pseries_id, pseries_request, pseries_time};
pub use crate::records::{call_asterisk, call_kind, call_mapped, yeastar_cdr_file, zone_time};
pub use crate::yeastar::{
    yeastar_answer, yeastar_cdr, yeastar_heartbeat, yeastar_login, yeastar_name, yeastar_path, yeastar_query,
    yeastar_recording, yeastar_report_target, yeastar_request, yeastar_tcp_login, yeastar_time,
    yeastar_voicemail,
};

/// A fuzz function.
pub type Target = fn(&[u8]);

/// Every fuzz function by its name, which is the name of its folder below `corpus/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("audio_probe", audio_probe),
    ("call_asterisk", call_asterisk),
    ("call_kind", call_kind),
    ("call_mapped", call_mapped),
    ("conditional_request", conditional_request),
    ("content_disposition", content_disposition),
    ("enswitch_base64", enswitch_base64),
    ("enswitch_form", enswitch_form),
    ("enswitch_path", enswitch_path),
    ("enswitch_query", enswitch_query),
    ("enswitch_raw", enswitch_raw),
    ("forwarding", forwarding),
    ("network", network),
    ("proxy_header", proxy_header),
    ("pseries_id", pseries_id),
    ("pseries_request", pseries_request),
    ("pseries_time", pseries_time),
    ("range_header", range_header),
    ("request_lines", request_lines),
    ("yeastar_answer", yeastar_answer),
    ("yeastar_cdr", yeastar_cdr),
    ("yeastar_cdr_file", yeastar_cdr_file),
    ("yeastar_heartbeat", yeastar_heartbeat),
    ("yeastar_login", yeastar_login),
    ("yeastar_name", yeastar_name),
    ("yeastar_path", yeastar_path),
    ("yeastar_query", yeastar_query),
    ("yeastar_recording", yeastar_recording),
    ("yeastar_report_target", yeastar_report_target),
    ("yeastar_request", yeastar_request),
    ("yeastar_tcp_login", yeastar_tcp_login),
    ("yeastar_time", yeastar_time),
    ("yeastar_voicemail", yeastar_voicemail),
    ("zone_time", zone_time),
];

/// Cuts bytes into pieces of one length; the last may be shorter. No pieces for no bytes.
fn pieces(bytes: &[u8], length: usize) -> impl Iterator<Item = &[u8]> {
    bytes.chunks(length)
}

/// Splits at the first line feed: the line without it, and what follows.
fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[]),
    }
}

/// A text as it can stand in a query, with every byte encoded.
fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Whether a secret stands in the data once and looks like nothing else there, so that it must not be shown: 32
/// hexadecimal digits.
fn is_unmistakable(secret: &str, data: &[u8]) -> bool {
    let is_hex = secret.len() == 32 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex && String::from_utf8_lossy(data).matches(secret).count() == 1
}
