//! The classic level: the seed's protocol, as real programs speak it, turned into the same inputs as the session level.
//!
//! `tolerate` reads bytes, `halves` makes one user of two connections, `dialect` holds what differs between programs,
//! `user` is what the router keeps of a classic user, `serve` and `forward` are its two directions. Nothing of a
//! dialect leaves this folder.

mod dialect;
mod forward;
mod frame;
mod halves;
mod seen;
mod serve;
mod tolerate;
mod user;

pub use dialect::{AckVerb, Counting, Reply};
pub use frame::{ClassicOut, Piece, Side};
pub(crate) use halves::{Half, Registrations};
pub use seen::{Seen, SeenFrame, seen};
pub(crate) use user::ClassicUser;
