//! Checking a whole log: every link of the chain, every record, every posting's target.

use super::super::{Failure, Fault};
use super::anchor::{Anchor, names};
use super::chain::Proof;
use super::layout::{LOG, damaged, failed_to_read};
use super::load::{head, identity};
use super::medium::Medium;
use super::open::{Present, present};
use super::stretch::{entries, link_of};
use super::watched::Watch;
use redb::{ReadTransaction, ReadableDatabase, ReadableTable};
use verbatim_core::id::{Seq, UserId};
use verbatim_core::name::Name;
use verbatim_core::record::Record;
use verbatim_core::saved::BodyHash;
use verbatim_core::space::Space;

/// What was found of a log that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its end.
    pub proof: Proof,
    /// How many records there are.
    pub records: u64,
    /// Those up to here were removed, as its operator asked; 0: none.
    pub removed: Seq,
}

/// What a walk comes to.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// First of all, if the beginning was removed: the last record that is gone, and who held which name then.
    Removed(&'a Proof, &'a [(UserId, Name)]),
    /// A record, with its proof and its text's hash.
    Record(&'a Record, &'a Proof, &'a BodyHash),
}

/// Walks a log from its first record to its last and hands out each with its proof.
///
/// # Errors
/// The first place where it does not hold, or what `each` says.
pub fn check(
    medium: &mut dyn Medium,
    each: &mut dyn FnMut(Found<'_>) -> Result<(), Failure>,
) -> Result<Checked, Failure> {
    let watch = Watch::default();
    if !medium.exists()? {
        let text = "there is no log in that directory: name another one with --data";
        return Err(Failure::new(Fault::Io, text));
    }
    let Present { db, journal } = present(medium, &watch)?;
    let txn = db.begin_read().map_err(failed_to_read)?;
    identity(&txn)?;
    let mut walk = Walk::begin(&txn, each)?;
    let removed = walk.proof.head;
    let log = txn.open_table(LOG).map_err(failed_to_read)?;
    for row in log.iter().map_err(failed_to_read)? {
        let (key, value) = row.map_err(failed_to_read)?;
        walk.stretch(key.value(), value.value(), each)?;
    }
    walk.ends_at(head(&txn)?.0)?;
    let entries = journal.iter().flat_map(|(_, found)| &found.entries);
    for stretch in entries.flat_map(|entry| &entry.stretches) {
        walk.stretch(stretch.first, &stretch.bytes, each)?;
    }
    Ok(Checked {
        proof: walk.proof,
        records: walk.records,
        removed,
    })
}

/// How far a walk has come.
#[derive(Default)]
struct Walk {
    proof: Proof,
    records: u64,
    /// The fold of a whole log. Of one without its beginning only the checkpoint knows it.
    space: Option<Space>,
    scratch: Vec<u8>,
}

impl Walk {
    fn begin(
        txn: &ReadTransaction,
        each: &mut dyn FnMut(Found<'_>) -> Result<(), Failure>,
    ) -> Result<Walk, Failure> {
        let Anchor { proof, .. } = Anchor::load(txn)?;
        let whole = proof.head == Seq(0);
        if !whole {
            each(Found::Removed(&proof, &names(txn)?))?;
        }
        Ok(Walk {
            proof,
            space: whole.then(Space::default),
            ..Walk::default()
        })
    }

    fn stretch(
        &mut self,
        first: u64,
        stretch: &[u8],
        each: &mut dyn FnMut(Found<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let next = self.proof.head.next();
        if first != next.0 {
            return Err(damaged(format_args!(
                "records {next} to {} are missing",
                first.saturating_sub(1)
            )));
        }
        let proofs = self.proofs(first, stretch)?;
        for (entry, proof) in entries(stretch).zip(proofs) {
            let entry = entry?;
            let record = entry.record(&mut self.scratch)?;
            self.follow(&record)?;
            self.proof = proof;
            self.records += 1;
            each(Found::Record(&record, &proof, &entry.body_hash()))?;
        }
        Ok(())
    }

    /// Whether the store ends where it should.
    fn ends_at(&self, end: Proof) -> Result<(), Failure> {
        match end == self.proof {
            true => Ok(()),
            false => Err(damaged(format_args!(
                "it ends at record {}, and should at {}",
                self.proof.head, end.head
            ))),
        }
    }

    fn follow(&mut self, record: &Record) -> Result<(), Failure> {
        let Some(space) = &mut self.space else {
            return Ok(());
        };
        if !space.takes(record) {
            let next = space.head().next();
            return Err(damaged(format_args!("record {next} does not fit")));
        }
        space.apply(record);
        Ok(())
    }

    /// The proof of each record of a stretch. Nobody sees any of them before the chain holds up to its end.
    fn proofs(&self, first: u64, stretch: &[u8]) -> Result<Vec<Proof>, Failure> {
        let (mut proof, mut proofs) = (self.proof, Vec::new());
        for entry in entries(stretch) {
            let entry = entry?;
            proof = proof.next(entry.head, &entry.body_hash());
            proofs.push(proof);
        }
        match link_of(stretch)? == proof.hash {
            true => Ok(proofs),
            false => Err(damaged(format_args!(
                "the chain breaks between records {first} and {}",
                proof.head
            ))),
        }
    }
}
