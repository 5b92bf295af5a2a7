//! The client's store: what it keeps, what it survives, and what it leaves alone.
#![allow(clippy::unwrap_used)]

mod files;
mod plate;
mod power;
mod server;
mod stage;
mod words;
