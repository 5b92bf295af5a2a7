//! Folding: the store takes in, in one transaction, what only the journal has. That is when a checkpoint is due, when the
//! journal is full, when something is to be forgotten or copied, and when the log is closed.

use super::super::{Failure, Fault};
use super::anchor::drop_gone;
use super::commit::head_bytes;
use super::fresh::{Fresh, beside_key};
use super::journal::Journal;
use super::layout::{
    BESIDE, CHECKPOINT_KEY, FEEDS, FORMAT_JOURNAL, HEAD_KEY, LOG, META, TALKS, TURN_KEY, failed,
    raise_format,
};
use super::trim::Piece;
use super::{Disk, IS_OPEN, Open, QUICK_REPAIR_BYTES, Rhythm, postings, tail};
use redb::WriteTransaction;
use verbatim_core::id::Seq;
use verbatim_core::saved::Beside;

/// What a fold may take beside what it brings in, in bytes: pages of the store that are written anew.
const FOLD_BYTES: u64 = 1 << 20;

/// What comes after a fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The next turn of the journal.
    Turn,
    /// Nothing: the store alone is the log.
    End,
}

impl Disk {
    /// Brings everything that is committed into the store.
    pub(super) fn fold_all(&mut self) -> Result<(), Failure> {
        let open = self.open.as_ref().expect(IS_OPEN);
        match open.fresh.is_empty() {
            true => Ok(()),
            false => self.fold_with(None, Then::Turn),
        }
    }

    /// Whether the file system has the room that a fold may take. One that fails for lack of it costs everybody the connection.
    pub(super) fn has_room_to_fold(&self) -> Result<(), Failure> {
        let fresh = self.open.as_ref().map_or(0, |open| open.fresh.bytes);
        let (needed, free) = (FOLD_BYTES + 2 * fresh, self.medium.free());
        match free >= needed {
            true => Ok(()),
            false => {
                let text = format!(
                    "the disk is too full for that: it takes {needed} bytes, and {free} are free; nothing was changed"
                );
                Err(Failure::new(Fault::Full, text))
            }
        }
    }

    /// Brings everything that was taken into the store, and drops a piece of its beginning.
    pub(super) fn fold_with(&mut self, piece: Option<&Piece>, then: Then) -> Result<(), Failure> {
        let open = self.open.as_mut().expect(IS_OPEN);
        if then == Then::Turn && open.journal.is_none() {
            let (backend, identity) = (self.medium.make_journal()?, open.identity);
            open.journal = Some(Journal::begin(backend, identity, self.rhythm.journal)?);
        }
        let done = open.fold(piece, self.rhythm, then);
        done.map_err(|error| failed(error, open.watch.synced()))
    }

    /// Closes the log: the store alone is all of it then.
    pub(super) fn fold_up(&mut self) -> Result<(), Failure> {
        match &self.open {
            Some(open) if open.journal.is_some() => self.fold_with(None, Then::End),
            _ => Ok(()),
        }
    }
}

impl Open {
    fn fold(
        &mut self,
        piece: Option<&Piece>,
        rhythm: Rhythm,
        then: Then,
    ) -> Result<(), redb::Error> {
        let mut txn = self.db.begin_write()?;
        txn.set_two_phase_commit(true);
        txn.set_quick_repair(self.watch.bytes() > QUICK_REPAIR_BYTES);
        self.write_log(&txn)?;
        self.write_beside(&txn)?;
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
            drop_gone(&txn, &self.fresh.released)?;
        }
        self.write_head(&txn)?;
        self.write_turn(&txn, then)?;
        txn.commit()?;
        self.after_fold(due, then);
        Ok(())
    }

    fn after_fold(&mut self, checkpoint: bool, then: Then) {
        self.fresh = Fresh::default();
        if checkpoint {
            self.tail = tail::Tail::default();
        }
        match (&mut self.journal, then) {
            (Some(journal), Then::Turn) => journal.turn_over(),
            _ => self.journal = None,
        }
    }

    fn write_log(&self, txn: &WriteTransaction) -> Result<(), redb::Error> {
        let mut log = txn.open_table(LOG)?;
        for stretch in &self.fresh.stretches {
            log.insert(stretch.first, &*stretch.bytes)?;
        }
        Ok(())
    }

    fn write_beside(&self, txn: &WriteTransaction) -> Result<(), redb::Error> {
        let (mut table, mut bytes) = (txn.open_table(BESIDE)?, Vec::new());
        for (key, one) in &self.fresh.beside {
            if matches!(one, Beside::Closed(_)) {
                table.remove(key)?;
                continue;
            }
            bytes.clear();
            one.encode(&mut bytes);
            table.insert(key, bytes.as_slice())?;
        }
        for user in &self.fresh.released {
            table.remove(beside_key(*user))?;
        }
        Ok(())
    }

    fn write_head(&self, txn: &WriteTransaction) -> Result<(), redb::Error> {
        let mut meta = txn.open_table(META)?;
        let head = head_bytes(&self.proof, self.bytes);
        meta.insert(HEAD_KEY, head.as_slice())?;
        Ok(())
    }

    /// Names the journal's next turn, so that what is in it counts no more; or none, and then all of it never counts.
    fn write_turn(&self, txn: &WriteTransaction, then: Then) -> Result<(), redb::Error> {
        let mut meta = txn.open_table(META)?;
        match (&self.journal, then) {
            (Some(journal), Then::Turn) => {
                meta.insert(TURN_KEY, &*journal.next_turn().value())?;
            }
            _ => drop(meta.remove(TURN_KEY)?),
        }
        raise_format(&mut meta, FORMAT_JOURNAL)?;
        Ok(())
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
