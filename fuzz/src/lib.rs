//! Fuzz functions, one per parser.
