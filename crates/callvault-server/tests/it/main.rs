//! Tests of the server: against the front, and through real sockets.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail by panicking, like the tests")]

mod api;
mod bodies;
mod call_files;
mod calls;
mod connectors;
mod deletions;
mod enswitch_calls;
mod enswitch_cdrs;
mod enswitch_customers;
mod enswitch_families;
mod enswitch_hunt_groups;
mod enswitch_people;
mod enswitch_record_groups;
mod enswitch_recordings;
mod enswitch_sounds;
mod enswitch_tokens;
mod enswitch_uploads;
mod features;
mod golden_enswitch;
mod golden_enswitch_functions;
mod golden_pseries;
mod golden_yeastar;
mod golden_yeastar_calls;
mod health;
mod hunt_groups;
mod keys;
mod listen;
mod matrix;
mod phone;
mod plans;
mod pseries;
mod record_groups;
mod refresh;
mod reports;
mod tickets;
mod totp;
mod walk;
