//! The classic level: the seed's protocol, as real programs speak it, turned into the same inputs as the session level.
//!
//! `tolerate` reads bytes, `lengths` finds the end of a counted body, `halves` makes one user of two connections,
//! `user` is what the router keeps of a classic user, `serve` and `forward` are its two directions, `frame` writes.
//! What differs between programs stands in the tables of `dialect`. Nothing of a dialect leaves this folder.

mod dialect;
mod forward;
mod frame;
mod halves;
mod lengths;
mod seen;
mod serve;
mod tolerate;
#[cfg(test)]
mod tolerate_tests;
mod user;

pub use dialect::{AckVerb, Counting, End, Manner, Reply};
pub(crate) use frame::piece_end;
pub use frame::{ClassicOut, Piece, Side};
pub(crate) use halves::{Half, Registrations};
pub(crate) use lengths::{Body, Reading, blank};
pub use seen::{Seen, SeenFrame, seen};
pub(crate) use tolerate::{Wait, length_in};
pub(crate) use user::ClassicUser;
