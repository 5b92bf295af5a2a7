//! The client without a terminal, as scripts use it: real programs, real pipes, loopback TCP.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod classic;
mod codes;
mod history;
mod kills;
mod messages;
mod stage;
mod store;
