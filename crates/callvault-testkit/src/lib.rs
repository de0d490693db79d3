//! What tests share: a whole installation in a folder of its own, clocks that tests turn, clients of the router, golden
//! files, and sound to store. Everything here fails by panicking, as the tests do.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "the parts of tests fail by panicking, like tests"
)]

pub mod application_server;
pub mod clock;
pub mod golden;
pub mod password;
pub mod sound;
pub mod world;
