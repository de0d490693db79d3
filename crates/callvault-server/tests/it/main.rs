//! Tests of the server through real sockets.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail by panicking, like the tests")]

mod listen;
