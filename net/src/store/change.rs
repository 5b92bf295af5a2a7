//! What is to be written: changes in their order, any number of them in one transaction.

use super::layout::{AWAITED, ENTRIES, Entry, NUMBERS, OUTBOX, OUTCOMES, Outcome, TALKS, talk};
use redb::{Error, WriteTransaction};
use verbatim_core::name::Recipient;

/// One change. Written twice it is as if written once.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// A counter, by its name; `None`: it is forgotten.
    Number(&'static str, Option<u128>),
    /// Something was said in that conversation.
    Entry(u64, Recipient, Entry),
    /// An own line has no answer: its id and its expiry; or it has one.
    Outbox(u64, Option<(u64, u64)>),
    /// What became of an own line.
    Outcome(u64, Outcome),
    /// An own line waits for receipts: its seq, and how many have it, plus one; or it waits no more.
    Awaited(u64, Option<(u64, u64)>),
    /// No line waits for receipts any more.
    NoneAwaited,
}

/// Writes `changes` into the transaction; also with none of them the tables are there afterwards.
pub(super) fn apply(transaction: &WriteTransaction, changes: &[Change]) -> Result<(), Error> {
    let mut numbers = transaction.open_table(NUMBERS)?;
    let mut entries = transaction.open_table(ENTRIES)?;
    let mut talks = transaction.open_table(TALKS)?;
    let mut outbox = transaction.open_table(OUTBOX)?;
    let mut outcomes = transaction.open_table(OUTCOMES)?;
    let mut awaited = transaction.open_table(AWAITED)?;
    for change in changes {
        match change {
            Change::Number(name, Some(number)) => drop(numbers.insert(name, number)?),
            Change::Number(name, None) => drop(numbers.remove(name)?),
            Change::Entry(place, with, entry) => {
                entries.insert(place, entry.bytes().as_slice())?;
                talks.insert((talk(*with).as_str(), *place), ())?;
            }
            Change::Outbox(place, Some(waits)) => drop(outbox.insert(place, waits)?),
            Change::Outbox(place, None) => drop(outbox.remove(place)?),
            Change::Outcome(place, outcome) => drop(outcomes.insert(place, outcome.row())?),
            Change::Awaited(place, Some(waits)) => drop(awaited.insert(place, waits)?),
            Change::Awaited(place, None) => drop(awaited.remove(place)?),
            Change::NoneAwaited => while awaited.pop_first()?.is_some() {},
        }
    }
    Ok(())
}
