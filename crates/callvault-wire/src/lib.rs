//! The vendor dialects as pure code. No I/O.
