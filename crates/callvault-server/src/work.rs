//! Work beside the requests: the writer of the listen log, the sweep, the writing of slid sessions, letting go of what is to be
//! kept no longer, and the delivery of reports.

pub mod background;
pub mod bell;
pub mod expiry;
pub mod listen_log;
pub mod reports;
