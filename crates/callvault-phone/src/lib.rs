//! The phone-system side: where recordings and call records come in.

pub mod asterisk;
pub mod mapped;
pub mod numbers;
