//! Connectors as they are: programs that were written for the S-Series and know nothing of Callvault, each with the habits
//! of one kind of them. They speak over plain sockets and write their requests byte for byte, because an HTTP library
//! would tidy up just what is to be tried; and they block, as most of them do. Where one waits, it is told how: a test turns
//! a clock.

pub mod account;
pub mod behind_nat;
pub mod browser_player;
pub mod capped;
pub mod cdr_poller;
pub mod exact_success;
pub mod fresh_login;
pub mod kept_connection;
pub mod link_builder;
pub mod logging_proxy;
pub mod manner;
pub mod receiver;
pub mod relogin;
pub mod report_handler;
pub mod status_saver;
pub mod timer;
#[cfg(feature = "installation")]
pub mod unverified_tls;
pub mod wire;
