//! A whole installation of the built program, to be measured: made in a folder of its own and filled through the command
//! line, as an operator would. The load generator and the guard of the hot paths share it.
//!
//! Promises that nothing outside its folder changes, that settings of the environment have no part in it, and that the same
//! files have the same bytes on every machine.

pub mod audio;
pub mod installation;
pub mod serving;
