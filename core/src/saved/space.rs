//! A checkpoint: the space as bytes. Its parts are plain numbers and names; the space itself puts them together.

use super::Damaged;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The space, taken apart.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Checkpoint<'a> {
    pub(crate) head: u64,
    pub(crate) stamp: u64,
    pub(crate) age: u64,
    pub(crate) store: u64,
    pub(crate) epoch: u64,
    /// Epochs with the seqs of their `start` records.
    pub(crate) starts: Vec<(u64, u64)>,
    /// The last number of `ALL`, and how much was ever sent there.
    pub(crate) all: (u64, (u64, u64)),
    #[serde(borrow)]
    pub(crate) users: Vec<SavedUser<'a>>,
    pub(crate) pairs: Vec<SavedPair>,
}

/// One user, taken apart.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedUser<'a> {
    pub(crate) id: u64,
    #[serde(borrow)]
    pub(crate) name: &'a [u8],
    pub(crate) device: Option<([u8; 16], bool)>,
    pub(crate) last: u64,
    /// Id, seq, number, hash.
    pub(crate) ring: Vec<(u64, u64, u64, u64)>,
    pub(crate) mail: (u64, u64),
    pub(crate) all_before: (u64, u64),
    pub(crate) own_all: (u64, u64),
    #[serde(borrow)]
    pub(crate) left: Vec<SavedLeft<'a>>,
}

/// How it ended with one recipient.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedLeft<'a> {
    #[serde(borrow)]
    pub(crate) to: &'a [u8],
    pub(crate) up_to: u64,
    pub(crate) last: u64,
    pub(crate) at: u64,
}

/// One conversation of two.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedPair {
    pub(crate) users: (u64, u64),
    pub(crate) number: u64,
    pub(crate) last: (u64, u64),
}

impl<'a> Checkpoint<'a> {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        super::record::append(self, &mut out);
        out
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Checkpoint<'a>, Damaged> {
        postcard::from_bytes(bytes).map_err(|_| Damaged("the checkpoint"))
    }
}
