//! Reports: what is sent to an application server when something happens, and how.

pub mod answer;
pub mod boot_up;
pub mod new_cdr;
pub mod post;
pub mod target;
