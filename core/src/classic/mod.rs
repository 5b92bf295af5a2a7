//! The classic level: the seed's protocol, as real programs speak it, turned into the same inputs as the session level.
//!
//! `tolerate` reads bytes, `lengths` finds the end of a counted body, `passing` passes over what is too long, `halves`
//! makes one user of two connections, `user` is what the router keeps of a classic user, `serve` and `forward` are its
//! two directions, `frame` writes. What differs between programs stands in the tables of `dialect`. Nothing of a dialect
//! leaves this folder.
//!
//! How to add a dialect, which is a row and a test: `sim-tests/src/dialects/mod.rs`.

mod dialect;
mod forward;
mod frame;
mod halves;
mod lengths;
#[cfg(test)]
mod lengths_tests;
mod passing;
mod serve;
mod tolerate;
#[cfg(test)]
mod tolerate_tests;
mod user;

use crate::router::Output;
use alloc::vec::Vec;

/// What a call puts its outputs into.
type Out = Vec<Output>;

pub use dialect::{AckVerb, Counting, End, Manner, Reply};
pub(crate) use frame::piece_end;
pub use frame::{ClassicOut, Piece, Side};
pub(crate) use halves::{Half, Registrations};
pub(crate) use lengths::{Body, Reading, blank};
pub use passing::Passing;
pub(crate) use tolerate::length_in;
pub use tolerate::{ClassicFrame, ClassicIn, Line, Register, Scan, Wait, scan};
pub(crate) use user::ClassicUser;
