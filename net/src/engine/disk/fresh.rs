//! What is committed and stands in the journal alone: the store has not taken it in yet. It is read from here, and goes into
//! the store as a whole.

use super::chain::Proof;
use super::stretch;
use std::collections::{BTreeMap, BTreeSet};
use verbatim_core::id::UserId;
use verbatim_core::record::{Record, What};
use verbatim_core::saved::Beside;

/// A stretch of the log that is not in the store's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The seq of its first record.
    pub(super) first: u64,
    pub(super) bytes: Box<[u8]>,
}

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    /// In the log's order.
    pub(super) stretches: Vec<Stretch>,
    pub(super) beside: BTreeMap<(u8, u64), Beside>,
    /// Users whose names were given up.
    pub(super) released: BTreeSet<UserId>,
    /// How long the stretches are.
    pub(super) bytes: u64,
}

impl Fresh {
    pub(super) fn is_empty(&self) -> bool {
        self.stretches.is_empty() && self.beside.is_empty()
    }

    /// Takes in what rides beside the log; the latest counts.
    pub(super) fn take_beside(&mut self, beside: impl IntoIterator<Item = Beside>) {
        let keyed = beside.into_iter().map(|one| (one.key(), one));
        self.beside.extend(keyed);
    }

    pub(super) fn take_stretches(&mut self, stretches: impl IntoIterator<Item = Stretch>) {
        for stretch in stretches {
            self.bytes += stretch.bytes.len() as u64;
            self.stretches.push(stretch);
        }
    }

    /// Notes what a record means for what rides beside the log.
    pub(super) fn note(&mut self, record: &Record) {
        if let What::Release { user, .. } = record.what {
            self.released.insert(user);
        }
    }

    /// The stretch that has the record of that seq, if it is here.
    pub(super) fn stretch_of(&self, seq: u64) -> Option<&Stretch> {
        let behind = self.stretches.partition_point(|one| one.first <= seq);
        self.stretches[..behind].last()
    }

    /// All that rides beside the log, where `stored` is what the store has of it.
    pub(super) fn all_beside(&self, stored: Vec<Beside>) -> Vec<Beside> {
        let mut all: BTreeMap<_, _> = stored.into_iter().map(|one| (one.key(), one)).collect();
        all.extend(self.beside.iter().map(|(key, one)| (*key, *one)));
        all.retain(|_, one| !matches!(one, Beside::Closed(_)));
        for user in &self.released {
            all.remove(&beside_key(*user));
        }
        all.into_values().collect()
    }
}

/// Under which key stands what rides beside the log for a user.
pub(super) fn beside_key(user: UserId) -> (u8, u64) {
    (0, user.0.0)
}

/// Cuts records into stretches that follow that proof, and tells where they lead to.
pub(super) fn cut(records: &[Record], mut proof: Proof) -> (Vec<Stretch>, Proof) {
    let (mut stretches, mut bytes) = (Vec::new(), Vec::new());
    let mut first = proof.head.next();
    for (index, record) in records.iter().enumerate() {
        let (head, body) = stretch::push(record, &mut bytes);
        proof = proof.next(head, &body);
        if bytes.len() >= stretch::STRETCH_BYTES || index + 1 == records.len() {
            stretch::close(&proof.hash, &mut bytes);
            stretches.push(Stretch {
                first: first.0,
                bytes: std::mem::take(&mut bytes).into_boxed_slice(),
            });
            first = proof.head.next();
        }
    }
    (stretches, proof)
}
