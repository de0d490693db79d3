//! Replays the golden pairs of the dialects against this crate.

mod enswitch;
mod pseries;
mod yeastar;
