//! Fuzz functions, one for each parser that meets bytes from strangers.
//!
//! Each takes any bytes, and panics when the parser breaks a promise: not only by a panic of its own, but by an answer
//! that its documentation rules out. `tests/it` runs them over `corpus/` and over mutations of it on the stable toolchain;
//! a coverage-guided fuzzer can call the same functions through [`TARGETS`].

mod audio;
mod enswitch;
mod http;
mod yeastar;

pub use crate::audio::audio_probe;
pub use crate::enswitch::{enswitch_base64, enswitch_form, enswitch_path, enswitch_query, enswitch_raw};
pub use crate::http::{
    conditional_request, content_disposition, forwarding, network, proxy_header, range_header,
};
pub use crate::yeastar::{yeastar_name, yeastar_path, yeastar_request};

/// A fuzz function.
pub type Target = fn(&[u8]);

/// Every fuzz function by its name, which is the name of its folder below `corpus/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("audio_probe", audio_probe),
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
    ("range_header", range_header),
    ("yeastar_name", yeastar_name),
    ("yeastar_path", yeastar_path),
    ("yeastar_request", yeastar_request),
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
