//! The client without a terminal, as scripts use it: real programs, real pipes, loopback TCP.

mod codes;
mod messages;
mod stage;
mod store;
