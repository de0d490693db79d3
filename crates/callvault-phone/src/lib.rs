//! The phone-system side: where recordings come in.
