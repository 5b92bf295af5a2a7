//! The one grammar of both levels: `VERB arguments`, `Name: value` headers, an empty line, a counted body.
//!
//! Decoding borrows: a frame points into the bytes it was read from, and nothing is allocated before every
//! check has passed. `core/PROTOCOL.md` is the specification; a test replays its examples through this module.

mod decode;
mod display;
mod encode;
#[cfg(test)]
mod encode_tests;
mod frame;
mod head;
mod quick;
mod sink;

pub use decode::{Decoded, Refusal, Skip, client_frame, server_frame};
pub use encode::{delivery_bytes, encode_client, encode_server, put_decimal};
pub(crate) use encode::{length_with_text, past_bytes, past_length, server_length};
pub use frame::{
    Ask, Bye, ClientFrame, Credit, Delivery, Durability, Hello, PageEnd, Place, REMOVED_TEXT,
    Receipt, Rejection, ServerFrame, Welcome,
};
pub use head::{Head, HeadScan, decimal, scan_head};
