//! Checking a whole log: every link of the chain, every record, every posting's target.

use super::super::{Failure, Fault};
use super::chain::Proof;
use super::layout::{LOG, damaged, failed_to_read};
use super::load::{self, head, identity};
use super::medium::Medium;
use super::stretch::{Entry, entries, link_of};
use super::watched::Watch;
use redb::{ReadableDatabase, ReadableTable};
use verbatim_core::record::Record;
use verbatim_core::space::Space;

/// What was found of a log that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Its end.
    pub proof: Proof,
    /// How many records there are.
    pub records: u64,
}

/// Walks a log from its first record to its last and hands out each with its proof.
///
/// # Errors
/// The first place where it does not hold, or what `each` says.
pub fn check(
    medium: &mut dyn Medium,
    each: &mut dyn FnMut(&Record, &Proof) -> Result<(), Failure>,
) -> Result<Checked, Failure> {
    let watch = Watch::default();
    if !medium.exists()? {
        let text = "there is no log in that directory: name another one with --data";
        return Err(Failure::new(Fault::Io, text));
    }
    let db = load::open_present(medium, &watch)?;
    let txn = db.begin_read().map_err(failed_to_read)?;
    identity(&txn)?;
    let log = txn.open_table(LOG).map_err(failed_to_read)?;
    let mut walk = Walk {
        checked: Checked::default(),
        space: Space::default(),
        scratch: Vec::new(),
        each,
    };
    for row in log.iter().map_err(failed_to_read)? {
        let (key, value) = row.map_err(failed_to_read)?;
        walk.stretch(key.value(), value.value())?;
    }
    let ((end, _), checked) = (head(&txn)?, walk.checked);
    match end == checked.proof {
        true => Ok(checked),
        false => Err(damaged(format_args!(
            "it ends at record {}, and should at {}",
            checked.proof.head, end.head
        ))),
    }
}

/// How far the check has come.
struct Walk<'a> {
    checked: Checked,
    space: Space,
    scratch: Vec<u8>,
    each: &'a mut dyn FnMut(&Record, &Proof) -> Result<(), Failure>,
}

impl Walk<'_> {
    /// The stretch that begins with that record.
    fn stretch(&mut self, first: u64, stretch: &[u8]) -> Result<(), Failure> {
        let expected = self.checked.proof.head.next();
        if first != expected.0 {
            return Err(damaged(format_args!(
                "after record {} comes record {first}",
                self.checked.proof.head
            )));
        }
        for entry in entries(stretch) {
            self.entry(&entry?)?;
        }
        match link_of(stretch)? == self.checked.proof.hash {
            true => Ok(()),
            false => Err(damaged(format_args!(
                "the chain breaks between records {first} and {}",
                self.checked.proof.head
            ))),
        }
    }

    fn entry(&mut self, entry: &Entry<'_>) -> Result<(), Failure> {
        let record = entry.record(&mut self.scratch)?;
        if !self.space.takes(&record) {
            let seq = self.checked.proof.head.next();
            return Err(damaged(format_args!("record {seq} does not fit")));
        }
        self.space.apply(&record);
        self.checked.proof = self.checked.proof.next(entry.head, &entry.body_hash());
        self.checked.records += 1;
        (self.each)(&record, &self.checked.proof)
    }
}
