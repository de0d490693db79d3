//! Connectors as they are: programs that were written for the S-Series and know nothing of Callvault, each with the habits
//! of one kind of them. They speak over plain sockets and write their requests byte for byte, because an HTTP library
//! would tidy up just what is to be tried; and they block, as most of them do.

pub mod receiver;
pub mod report_handler;
pub mod wire;
