//! The core of Verbatim.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod code;
pub mod id;
pub mod limits;
pub mod name;
pub mod now;
pub mod wire;
