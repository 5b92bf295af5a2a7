//! The client's store on a simulated disk: what it says of what it was told, and the power cut at every operation of a
//! scripted run.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

#[path = "../../../net/tests/fixtures/sparse.rs"]
mod sparse;

mod cuts;
mod formats;
mod words;
