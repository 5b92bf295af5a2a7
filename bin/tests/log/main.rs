//! The log on disk as an operator meets it: the real `verbatimd`, its commands, and all that can be wrong with a directory.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod backup;
mod door;
mod full;
mod ground;
mod proof;
mod removal;
mod retention;
mod trouble;
