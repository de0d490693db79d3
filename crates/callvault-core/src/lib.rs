//! The domain of Callvault: its words, its use cases and the ports they stand on. No I/O, no runtime, no web, no SQL.
//!
//! A request reaches a [`service`] with a [`gate::Principal`]; the service asks the [`gate`] first and works only with
//! the narrowed handle that it gets back; engines stand behind the traits of [`port`].
//!
//! One word per thing: *customer* (a tenant), *person*, *role*, *privilege*, *hunt group*, *level*, *message* (the audio
//! of one level), *destination* (whom a level calls), *sound* (a library prompt), *feature* (a queue, a
//! mailbox or what else has files), *prompt* (a file of a feature), *recording* (the audio of one call leg), *record group* (holds
//! recordings for so many days), *audio* (stored bytes), *session*
//! (a login), *login token* (a session of the Enswitch dialect), *one-time code*, *API key* (how a program comes) with its
//! *scopes*, *ticket* (the right to fetch one thing), *listen log* (who fetched what).

pub mod address;
pub mod api_key;
pub mod audio;
pub mod call;
pub mod call_search;
pub mod call_selection;
pub mod customer;
pub mod destination;
pub mod error;
pub mod feature;
pub mod file_name;
pub mod found;
pub mod gate;
pub mod hunt_group;
pub mod id;
pub mod kept;
pub mod listen;
pub mod login_token;
pub mod one_time_code;
pub mod page;
pub mod person;
pub mod plan;
pub mod port;
pub mod record_group;
pub mod recording;
pub mod report;
pub mod role;
pub mod scope;
pub mod secret;
pub mod service;
pub mod session;
pub mod sound;
pub mod ticket;
pub mod time;
pub mod token_pair;
mod words;

pub use error::{Error, Result};
