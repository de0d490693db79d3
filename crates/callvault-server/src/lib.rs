//! HTTP(S): dialect routes, our own API, TLS, background work, telemetry, shutdown.
//!
//! A request goes accept loop ([`listen`]) -> the front ([`front`]) -> a dialect or our own API -> a use case of the core; the
//! audio of an answer is streamed from the store with bounded memory.

mod api;
pub mod app;
mod call_file;
mod caller;
mod carried_on;
mod dialect;
pub mod front;
mod health;
pub mod http;
pub mod listen;
mod observe;
mod play;
mod small_body;
mod stream;
pub mod system;
pub mod telemetry;
mod warnings;
pub mod work;

pub use crate::api::description as api_description;
