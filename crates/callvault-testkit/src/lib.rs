//! What tests share: a whole installation in a folder of its own, clocks that tests turn, clients of the router, golden
//! files, scripted connectors, and sound to store. Everything here fails by panicking, as the tests do.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "the parts of tests fail by panicking, like tests"
)]

#[cfg(feature = "installation")]
pub mod application_server;
#[cfg(feature = "installation")]
pub mod clock;
pub mod connectors;
#[cfg(feature = "installation")]
pub mod described;
#[cfg(feature = "installation")]
pub mod golden;
#[cfg(feature = "installation")]
pub mod password;
pub mod sound;
#[cfg(feature = "installation")]
pub mod world;
