//! Checking a whole log: every link of the chain, every record, every posting's target.

use super::super::{Failure, Fault};
use super::chain::Proof;
use super::layout::{LOG, damaged, failed_to_read};
use super::load::{self, head, identity};
use super::medium::Medium;
use super::stretch::{entries, link_of};
use super::watched::Watch;
use redb::{ReadableDatabase, ReadableTable};
use verbatim_core::record::Record;
use verbatim_core::space::Space;

/// What was found of a log that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    let (mut proof, mut records) = (Proof::default(), 0);
    let (mut space, mut scratch) = (Space::default(), Vec::new());
    for row in log.iter().map_err(failed_to_read)? {
        let (key, value) = row.map_err(failed_to_read)?;
        if key.value() != proof.head.next().0 {
            return Err(damaged(format_args!(
                "records {} to {} are missing",
                proof.head.next(),
                key.value() - 1
            )));
        }
        for entry in entries(value.value()) {
            let entry = entry?;
            let record = entry.record(&mut scratch)?;
            if !space.takes(&record) {
                return Err(damaged(format_args!(
                    "record {} does not fit",
                    proof.head.next()
                )));
            }
            space.apply(&record);
            proof = proof.next(entry.head, &entry.body_hash());
            records += 1;
            each(&record, &proof)?;
        }
        if link_of(value.value())? != proof.hash {
            return Err(damaged(format_args!(
                "the chain breaks between records {} and {}",
                key.value(),
                proof.head
            )));
        }
    }
    let (end, _) = head(&txn)?;
    match end == proof {
        true => Ok(Checked { proof, records }),
        false => Err(damaged(format_args!(
            "it ends at record {}, and should at {}",
            proof.head, end.head
        ))),
    }
}
