//! The space and the log as bytes: what an engine keeps, in a format with a version.
//!
//! Three things are kept. *Records* are the log. A *checkpoint* is the space at one seq, so that a start replays only
//! what came after it. *Beside the log* ride the places of devices and the counts of messages to `ALL`: the latest one
//! under each key counts, and it is committed together with records. The bytes are postcard's (whose wire format is
//! fixed since its version 1.0); every change of a struct here is a new [`FORMAT`], and fixtures of the old ones stay.

mod beside;
mod record;
mod space;

pub use beside::{Beside, Count, Holding, Standing};
pub use record::{BodyHash, Text, body_of, record_bytes, record_from};
pub(crate) use record::{holder_from, name_from};
pub(crate) use space::{Checkpoint, SavedLeft, SavedPair, SavedUser};

use core::fmt;

/// The version of everything in this module.
pub const FORMAT: u32 = 1;

/// Bytes that are not what they should be. Nothing was taken from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged(pub &'static str);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "damaged: {}", self.0)
    }
}

impl core::error::Error for Damaged {}
