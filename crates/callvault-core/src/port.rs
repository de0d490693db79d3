//! What the use cases need from the outside, as traits. Engines and the runtime stand behind them.

pub mod probe;
