//! What the use cases need from the outside, as traits. Engines and the runtime stand behind them.

pub mod audio_store;
pub mod catalog;
pub mod clock;
pub mod listen_writer;
pub mod password;
pub mod probe;
pub mod random;
pub mod wake;
