//! The objects of our own API as JSON (`docs/api.md`, Objects). Core types are not serialised; this is their edge.

mod accounts;
mod audio;
mod records;
mod rights;

pub(super) use self::accounts::{CustomerObject, PersonObject, RoleObject};
pub(super) use self::audio::{AudioObject, HuntGroupObject, MessageObject, RecordingObject, SoundObject};
pub(super) use self::records::{CallObject, HeadObject, LogObject, TargetObject};
pub(super) use self::rights::{LockoutObject, NewTicketObject, SessionObject, TicketObject};
