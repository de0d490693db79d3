//! `recording/*` and `cdrs/list`: recordings, the groups they live in, and the calls.

pub mod calls;
pub mod groups;
pub mod recordings;
