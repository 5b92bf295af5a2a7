//! The log on disk: what the engine that ships makes of real files.
#![allow(clippy::unwrap_used)]

#[path = "../fixtures/sparse.rs"]
mod sparse;

mod formats;
mod ground;
mod history;
mod journal;
mod memory;
mod removal;
mod retention;
mod room;
