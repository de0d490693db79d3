//! The domain of Callvault: words, use cases and ports. No I/O, no runtime, no web, no SQL.

pub mod audio;
pub mod port;
