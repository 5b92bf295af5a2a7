//! The core of Verbatim.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod classic;
pub mod client;
pub mod code;
pub mod id;
pub mod limits;
pub mod name;
pub mod now;
pub mod outcomes;
pub mod record;
pub mod router;
pub mod saved;
pub mod space;
mod table;
pub mod wire;
