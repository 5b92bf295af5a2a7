//! One batch, one transaction: the stretches, what rides beside them, the chain's end, and now and then a checkpoint.

use super::super::Failure;
use super::anchor::drop_gone;
use super::chain::Proof;
use super::layout::{BESIDE, CHECKPOINT_KEY, FEEDS, HEAD_KEY, LOG, META, TALKS, failed};
use super::trim::Piece;
use super::{Disk, IS_OPEN, Open, QUICK_REPAIR_BYTES, Rhythm, postings, stretch, tail};
use redb::WriteTransaction;
use std::collections::BTreeMap;
use verbatim_core::id::Seq;
use verbatim_core::record::{Record, What};
use verbatim_core::saved::Beside;

/// What stands in `META` about the end of the log.
pub(super) fn head_bytes(proof: &Proof, bytes: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(48);
    out.extend_from_slice(&proof.head.0.to_le_bytes());
    out.extend_from_slice(&bytes.to_le_bytes());
    out.extend_from_slice(&proof.hash);
    out
}

impl Disk {
    pub(super) fn commit_batch(&mut self) -> Result<Seq, Failure> {
        let records = std::mem::take(&mut self.records);
        let beside = std::mem::take(&mut self.beside);
        let bytes: u64 = records.iter().map(|record| self.size_of(record)).sum();
        let open = self.open.as_mut().expect(IS_OPEN);
        let piece = match self.trim {
            Some(ask) => open.piece(ask, self.bounds, self.overhead)?,
            None => None,
        };
        if !piece.as_ref().is_some_and(|piece| piece.more) {
            (self.trim, open.trimming) = (None, false);
        }
        if records.is_empty() && beside.is_empty() && piece.is_none() {
            return Ok(open.space.head());
        }
        open.bytes += bytes;
        let done = open.write(&records, &beside, piece.as_ref(), self.rhythm);
        done.map_err(|error| failed(error, open.watch.synced()))?;
        Ok(open.space.head())
    }
}

impl Open {
    fn write(
        &mut self,
        records: &[Record],
        beside: &BTreeMap<(u8, u64), Beside>,
        piece: Option<&Piece>,
        rhythm: Rhythm,
    ) -> Result<(), redb::Error> {
        let mut txn = self.db.begin_write()?;
        txn.set_two_phase_commit(true);
        txn.set_quick_repair(self.watch.bytes() > QUICK_REPAIR_BYTES);
        self.proof = self.write_log(&txn, records)?;
        write_beside(&txn, records, beside)?;
        for record in records {
            self.space.apply(record);
            self.tail.push(record);
        }
        // What is forgotten is never behind the last checkpoint.
        let up_to = piece.map_or(Seq(0), |piece| piece.anchor.proof.head);
        let due = self.checkpoint_is_due(rhythm) || up_to > self.checkpoint_head;
        if due {
            self.write_checkpoint(&txn)?;
        }
        if let Some(piece) = piece {
            self.forget(&txn, piece)?;
        }
        if self.anchor.proof.head > Seq(0) {
            drop_gone(&txn, records)?;
        }
        self.write_head(&txn)?;
        txn.commit()?;
        if due {
            self.tail = tail::Tail::default();
        }
        Ok(())
    }

    fn write_log(
        &mut self,
        txn: &WriteTransaction,
        records: &[Record],
    ) -> Result<Proof, redb::Error> {
        let mut log = txn.open_table(LOG)?;
        let (mut proof, mut first) = (self.proof, self.proof.head.next());
        let mut bytes = Vec::with_capacity(2 * stretch::STRETCH_BYTES);
        for record in records {
            let (head, body) = stretch::push(record, &mut bytes);
            proof = proof.next(head, &body);
            if bytes.len() >= stretch::STRETCH_BYTES || record.seq == records[records.len() - 1].seq
            {
                stretch::close(&proof.hash, &mut bytes);
                log.insert(first.0, bytes.as_slice())?;
                self.tail.bytes += bytes.len() as u64;
                bytes.clear();
                first = proof.head.next();
            }
        }
        Ok(proof)
    }

    fn write_head(&self, txn: &WriteTransaction) -> Result<(), redb::Error> {
        let mut meta = txn.open_table(META)?;
        let head = head_bytes(&self.proof, self.bytes);
        meta.insert(HEAD_KEY, head.as_slice())?;
        Ok(())
    }

    fn checkpoint_is_due(&self, rhythm: Rhythm) -> bool {
        let bytes = rhythm.bytes.max(4 * self.checkpoint_bytes);
        self.tail.records >= rhythm.records || self.tail.bytes >= bytes
    }

    fn write_checkpoint(&mut self, txn: &WriteTransaction) -> Result<(), redb::Error> {
        postings::put_feeds(&self.tail, &mut txn.open_table(FEEDS)?)?;
        postings::put_talks(&self.tail, &mut txn.open_table(TALKS)?)?;
        let bytes = self.space.save();
        (self.checkpoint_bytes, self.checkpoint_head) = (bytes.len() as u64, self.space.head());
        txn.open_table(META)?
            .insert(CHECKPOINT_KEY, bytes.as_slice())?;
        Ok(())
    }
}

fn write_beside(
    txn: &WriteTransaction,
    records: &[Record],
    beside: &BTreeMap<(u8, u64), Beside>,
) -> Result<(), redb::Error> {
    let mut table = txn.open_table(BESIDE)?;
    let mut bytes = Vec::new();
    for (key, one) in beside {
        if matches!(one, Beside::Closed(_)) {
            table.remove(key)?;
            continue;
        }
        bytes.clear();
        one.encode(&mut bytes);
        table.insert(key, bytes.as_slice())?;
    }
    for record in records {
        if let What::Release { user, .. } = record.what {
            table.remove((0, user.0.0))?;
        }
    }
    Ok(())
}
