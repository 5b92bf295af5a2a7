//! Taking one text out of the log: its hash stands in its place, so that the chain holds, and everything else stays. What the
//! message counted it goes on counting until its record is forgotten, so that no sum that was made with it is wrong.
//!
//! The store writes a changed page to another place, and the text would stay in the old one until that is used again. So
//! the file is searched for it, and what is found is overwritten: see `wipe`.

use super::super::{Engine, Failure, Fault, Identity};
use super::layout::{
    FORMAT_TEXT_REMOVED, LOG, META, damaged, failed, failed_to_read, raise_format,
};
use super::load::proof_before;
use super::stretch::{Entry, entries, link_of, without_text};
use super::{Disk, IS_OPEN, Medium, Open, QUICK_REPAIR_BYTES, journal, wipe};
use redb::{AccessGuard, ReadTransaction, ReadableDatabase};
use std::fmt;
use verbatim_core::id::{Seq, StoreId};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::record::What;
use verbatim_core::saved::BodyHash;

/// A text that was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Of which record.
    pub seq: Seq,
    /// Who wrote it.
    pub from: Name,
    /// To whom.
    pub to: Recipient,
    /// When, in milliseconds since 1970.
    pub time: u64,
    /// How long it was.
    pub bytes: usize,
    /// What stands in its place.
    pub hash: BodyHash,
    /// How many copies of it in pages that the store had given up were overwritten.
    pub copies: usize,
}

/// Why no text was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRemoved {
    /// The log ends before that record.
    NoRecord(Seq),
    /// The record says something else.
    NoMessage,
    /// It was removed before; so many copies in pages given up were overwritten now.
    Already(usize),
    /// All records up to that one were removed.
    Forgotten(Seq),
    /// A backup is being made, and would have it.
    BeingCopied,
    /// The log is in memory.
    InMemory,
    /// The log cannot be read there. Nothing was changed.
    Unreadable(Failure),
    /// The disk did not do it; the engine must be loaded again.
    Failed(Failure),
}

impl fmt::Display for NotRemoved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotRemoved::NoRecord(head) => {
                write!(f, "there is no such record: the log ends at {head}")
            }
            NotRemoved::NoMessage => f.write_str("that record is no message"),
            NotRemoved::Already(0) => f.write_str("its text was removed before"),
            NotRemoved::Already(copies) => write!(
                f,
                "its text was removed before; {copies} old copies of it in the file were overwritten now"
            ),
            NotRemoved::Forgotten(up_to) => {
                write!(f, "the record is gone: all up to {up_to} were removed")
            }
            NotRemoved::BeingCopied => f.write_str(
                "a backup is being made, and would have the text: try again when it is there",
            ),
            NotRemoved::InMemory => f.write_str(
                "this log is in memory, without a chain: end the server, and all of it is gone",
            ),
            NotRemoved::Unreadable(failure) | NotRemoved::Failed(failure) => failure.fmt(f),
        }
    }
}

/// Removes a text of a log that no server has.
///
/// # Errors
/// There is nothing to remove, or the log cannot be used.
pub fn remove_text(mut medium: Box<dyn Medium>, seq: Seq) -> Result<Removal, NotRemoved> {
    if !medium.exists().map_err(NotRemoved::Unreadable)? {
        let text = "there is no log in that directory: name another one with --data";
        return Err(NotRemoved::Unreadable(Failure::new(Fault::Io, text)));
    }
    let nobody = Identity {
        store: StoreId(0),
        hash_key: [0, 0],
    };
    let mut disk = Disk::new(medium, nobody, &Limits::default());
    disk.load().map_err(NotRemoved::Unreadable)?;
    let removed = disk.remove_text(seq);
    disk.close().map_err(NotRemoved::Failed)?;
    removed
}

/// A record found: where its stretch begins and what that is.
struct Place {
    first: u64,
    stretch: AccessGuard<'static, &'static [u8]>,
}

impl Place {
    fn find(txn: &ReadTransaction, seq: Seq) -> Result<Place, Failure> {
        let log = txn.open_table(LOG).map_err(failed_to_read)?;
        let row = log.range(..=seq.0).map_err(failed_to_read)?.next_back();
        let missing = || damaged(format_args!("record {seq} is missing"));
        let (first, stretch) = row.ok_or_else(missing)?.map_err(failed_to_read)?;
        let first = first.value();
        let mut proof = proof_before(txn, first)?;
        for entry in entries(stretch.value()) {
            let entry = entry?;
            proof = proof.next(entry.head, &entry.body_hash());
        }
        // A hash of what is no longer what was written there would hide that.
        match link_of(stretch.value())? == proof.hash && proof.head >= seq {
            true => Ok(Place { first, stretch }),
            false => Err(damaged(format_args!(
                "the chain breaks behind record {first}"
            ))),
        }
    }

    fn index(&self, seq: Seq) -> usize {
        (seq.0 - self.first) as usize
    }

    fn entry(&self, seq: Seq) -> Result<Entry<'_>, Failure> {
        let found = entries(self.stretch.value()).nth(self.index(seq));
        found.unwrap_or_else(|| Err(damaged(format_args!("record {seq} is missing"))))
    }
}

impl Disk {
    /// The store takes in all that is committed, the text goes from there, and nothing is left of it in the journal.
    pub(super) fn fold_and_remove(&mut self, seq: Seq) -> Result<Removal, NotRemoved> {
        self.has_room_to_fold().map_err(NotRemoved::Unreadable)?;
        self.fold_all().map_err(NotRemoved::Failed)?;
        let open = self.open.as_mut().expect(IS_OPEN);
        let removed = open.remove_text(seq);
        if matches!(removed, Ok(_) | Err(NotRemoved::Already(_))) {
            self.blank_journal().map_err(NotRemoved::Failed)?;
        }
        removed
    }

    /// All that is in the journal is in the store too: it counts no more, and is overwritten.
    fn blank_journal(&mut self) -> Result<(), Failure> {
        let open = self.open.as_ref().expect(IS_OPEN);
        match &open.journal {
            Some(journal) => journal.blank(),
            None => match self.medium.journal()? {
                Some(backend) => journal::blank(&*backend),
                None => Ok(()),
            },
        }
    }
}

impl Open {
    /// See [`Engine::remove_text`]. All that is committed is in the tables.
    pub(super) fn remove_text(&mut self, seq: Seq) -> Result<Removal, NotRemoved> {
        self.may_remove(seq)?;
        let (place, mut removal) = self.judge(seq).map_err(NotRemoved::Unreadable)??;
        let entry = place.entry(seq).map_err(NotRemoved::Unreadable)?;
        let trace = wipe::Trace {
            begins: entry.with_text_begins(),
            bytes: removal.bytes,
            hash: removal.hash,
        };
        if entry.is_taken_out() {
            drop(place);
            return Err(NotRemoved::Already(self.wipe(&trace)?));
        }
        let rest = without_text(place.stretch.value(), place.index(seq));
        let (first, rest) = (place.first, rest.map_err(NotRemoved::Unreadable)?);
        // Who reads holds the page that is to be given up.
        drop(place);
        let done = self.put(first, &rest);
        done.map_err(|error| NotRemoved::Failed(failed(error, self.watch.synced())))?;
        removal.copies = self.wipe(&trace)?;
        Ok(removal)
    }

    /// Whether there is such a record, and nobody reads what is older than the end of the log.
    fn may_remove(&self, seq: Seq) -> Result<(), NotRemoved> {
        let (begins, ends) = (self.anchor.proof.head, self.proof.head);
        match seq {
            Seq(0) => Err(NotRemoved::NoRecord(ends)),
            seq if seq > ends => Err(NotRemoved::NoRecord(ends)),
            seq if seq <= begins => Err(NotRemoved::Forgotten(begins)),
            _ if self.watch.is_viewed() => Err(NotRemoved::BeingCopied),
            _ => Ok(()),
        }
    }

    /// Finds the record; what there is to say of its text, or why it is none.
    fn judge(&self, seq: Seq) -> Result<Result<(Place, Removal), NotRemoved>, Failure> {
        let txn = self.db.begin_read().map_err(failed_to_read)?;
        let place = Place::find(&txn, seq)?;
        let entry = place.entry(seq)?;
        let What::Message(message) = entry.record(&mut Vec::new())?.what else {
            return Ok(Err(NotRemoved::NoMessage));
        };
        let delivery = message.delivery();
        let removal = Removal {
            seq,
            from: delivery.from,
            to: delivery.to,
            time: delivery.time,
            bytes: entry.text_bytes(),
            hash: entry.body_hash(),
            copies: 0,
        };
        Ok(Ok((place, removal)))
    }

    fn put(&mut self, first: u64, stretch: &[u8]) -> Result<(), redb::Error> {
        let mut txn = self.db.begin_write()?;
        txn.set_two_phase_commit(true);
        txn.set_quick_repair(self.watch.bytes() > QUICK_REPAIR_BYTES);
        txn.open_table(LOG)?.insert(first, stretch)?;
        raise_format(&mut txn.open_table(META)?, FORMAT_TEXT_REMOVED)?;
        Ok(txn.commit()?)
    }

    fn wipe(&self, trace: &wipe::Trace) -> Result<usize, NotRemoved> {
        wipe::wipe(&self.db, &self.watch, trace).map_err(NotRemoved::Failed)
    }
}
