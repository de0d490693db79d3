//! Stores of audio: files on a local disk.

pub mod local;
