//! Telephone audio as pure code: probing, G.711, GSM 06.10.
//!
//! One file per format: `wave`, `mp3`, `ogg` and `flac` each walk a file from front to back with a bounded amount of
//! state; [`probe`] looks at the first bytes and chooses among them; [`level`] tells silence from sound. The codecs
//! that phone systems keep and general audio libraries leave out are here in full: [`g711`] and [`gsm`].
//!
//! Nothing here reads a file, waits or fails on hostile input: what cannot be kept gets a sentence that says why.

pub mod g711;
pub mod gsm;
pub mod level;
pub mod probe;

mod flac;
mod gather;
mod mp3;
mod ogg;
mod time;
mod wave;

pub use probe::AudioProber;
