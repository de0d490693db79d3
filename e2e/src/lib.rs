//! End-to-end tests of the built binary: everything is in `tests/it`.
//!
//! They start the program that `CALLVAULT_BIN` names, as an operator would, and talk to it as clients do:
//! with curl, Python, Node and Perl, over plain sockets, and with the tools that phone people use.
