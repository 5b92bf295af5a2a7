//! The client's store: what it keeps, what it survives, and what it leaves alone.
#![allow(clippy::unwrap_used)]

#[path = "../fixtures/sparse.rs"]
mod sparse;

mod files;
mod formats;
mod plate;
mod power;
mod server;
mod stage;
mod words;
