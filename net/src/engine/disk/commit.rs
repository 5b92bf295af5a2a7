//! One batch, one commit: an entry of the journal, or a fold.

use super::super::Failure;
use super::chain::Proof;
use super::fold::Then;
use super::fresh::{Stretch, cut};
use super::trim::Piece;
use super::{Disk, IS_OPEN, Open, Rhythm};
use verbatim_core::id::Seq;
use verbatim_core::record::{Record, What};

/// What stands in `META` about the end of the log.
pub(super) fn head_bytes(proof: &Proof, bytes: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(48);
    out.extend_from_slice(&proof.head.0.to_le_bytes());
    out.extend_from_slice(&bytes.to_le_bytes());
    out.extend_from_slice(&proof.hash);
    out
}

/// What a record counts as the limits count it. `overhead`: what a message counts beside its frame.
pub(super) fn size_of(record: &Record, overhead: u64) -> u64 {
    match &record.what {
        What::Message(message) => message.counted() as u64 + overhead,
        _ => 0,
    }
}

impl Disk {
    pub(super) fn commit_batch(&mut self) -> Result<Seq, Failure> {
        let piece = self.piece()?;
        let records = std::mem::take(&mut self.records);
        let beside = std::mem::take(&mut self.beside);
        let open = self.open.as_mut().expect(IS_OPEN);
        if records.is_empty() && beside.is_empty() && piece.is_none() {
            return Ok(open.space.head());
        }
        let before = open.proof;
        let (stretches, proof) = cut(&records, before);
        open.take(&records, &stretches, self.overhead);
        open.proof = proof;
        let fold = piece.is_some() || open.checkpoint_is_due(self.rhythm);
        let done = match &mut open.journal {
            Some(journal) if !fold => journal.append(&before.hash, &stretches, beside.values())?,
            _ => false,
        };
        open.fresh.take_stretches(stretches);
        open.fresh.take_beside(beside.into_values());
        if !done {
            self.fold_with(piece.as_ref(), Then::Turn)?;
        }
        Ok(proof.head)
    }

    /// What the next commit forgets, if the operator asks for it.
    fn piece(&mut self) -> Result<Option<Piece>, Failure> {
        let Some(ask) = self.trim else {
            return Ok(None);
        };
        let (bounds, overhead) = (self.bounds, self.overhead);
        let piece = |disk: &Disk| {
            disk.open
                .as_ref()
                .expect(IS_OPEN)
                .piece(ask, bounds, overhead)
        };
        let mut found = piece(self)?;
        if found.ran_out {
            // What has to go may go on in what the store does not have yet.
            self.fold_all()?;
            found = piece(self)?;
        }
        if !found.more {
            self.trim = None;
            self.open.as_mut().expect(IS_OPEN).trimming = false;
        }
        Ok(found.forgets().then_some(found))
    }
}

impl Open {
    /// Takes records as committed. If they turn out not to be, the log is loaded again.
    fn take(&mut self, records: &[Record], stretches: &[Stretch], overhead: u64) {
        for record in records {
            self.bytes += size_of(record, overhead);
            self.space.apply(record);
            self.tail.push(record);
            self.fresh.note(record);
        }
        let lengths = stretches.iter().map(|stretch| stretch.bytes.len() as u64);
        self.tail.bytes += lengths.sum::<u64>();
    }

    pub(super) fn checkpoint_is_due(&self, rhythm: Rhythm) -> bool {
        let bytes = rhythm.bytes.max(4 * self.checkpoint_bytes);
        self.tail.records >= rhythm.records || self.tail.bytes >= bytes
    }
}
