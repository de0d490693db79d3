//! Replays the golden pairs of the dialects against this crate.

mod enswitch;
mod enswitch_functions;
mod golden;
mod pseries;
mod yeastar;
