//! Where a log begins whose beginning was forgotten: the last record that is gone, its link in the chain, and what its
//! readers need of all before it: how old the log was there, who held a name, and what of their messages is gone.

use super::super::Failure;
use super::super::gone::{Gone, Part, Public};
use super::chain::Proof;
use super::layout::{ANCHOR_KEY, GONE, ROLL, damaged, failed_to_read, number_at};
use super::load::fact;
use redb::{
    Key, ReadOnlyTable, ReadTransaction, ReadableTable, TableDefinition, TableError, Value,
    WriteTransaction,
};
use std::collections::BTreeSet;
use verbatim_core::id::{Number, Seq, UserId};
use verbatim_core::name::Name;
use verbatim_core::now::Wall;
use verbatim_core::router::Removed;

/// See the module's words; of a whole log that before its first record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Anchor {
    pub(super) proof: Proof,
    /// How old the log was there, in milliseconds.
    pub(super) age: u64,
    pub(super) stamp: Wall,
}

impl Anchor {
    /// The same one record further on.
    pub(super) fn next(&self, proof: Proof, stamp: Wall) -> Anchor {
        let gap = match self.proof.head {
            Seq(0) => 0,
            _ => stamp.gap_since(self.stamp),
        };
        Anchor {
            proof,
            age: self.age + gap,
            stamp,
        }
    }

    pub(super) fn load(txn: &ReadTransaction) -> Result<Anchor, Failure> {
        let Some(bytes) = fact(txn, ANCHOR_KEY)? else {
            return Ok(Anchor::default());
        };
        let what = || damaged("where it begins");
        let number = |index| number_at(&bytes, index).ok_or_else(what);
        let hash = *bytes.last_chunk().ok_or_else(what)?;
        let head = Seq(number(0)?);
        Ok(Anchor {
            proof: Proof { head, hash },
            age: number(1)?,
            stamp: Wall(number(2)?),
        })
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let numbers = [self.proof.head.0, self.age, self.stamp.0];
        let numbers = numbers.into_iter().flat_map(u64::to_le_bytes);
        numbers.chain(self.proof.hash).collect()
    }
}

/// A table that a whole log may lack.
pub(super) fn table_if_any<K: Key + 'static, V: Value + 'static>(
    txn: &ReadTransaction,
    table: TableDefinition<'static, K, V>,
) -> Result<Option<ReadOnlyTable<K, V>>, Failure> {
    match txn.open_table(table) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(failed_to_read(error)),
    }
}

/// Who held a name where the log begins.
pub(super) fn names(txn: &ReadTransaction) -> Result<Vec<(UserId, Name)>, Failure> {
    let Some(table) = table_if_any(txn, ROLL)? else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    for row in table.iter().map_err(failed_to_read)? {
        let (user, name) = row.map_err(failed_to_read)?;
        names.push((UserId(Seq(user.value())), name_of(name.value())?));
    }
    Ok(names)
}

fn name_of(bytes: &[u8]) -> Result<Name, Failure> {
    Name::parse(bytes).map_err(|_| damaged("a name"))
}

/// What is gone of what went to all.
pub(super) fn public(txn: &ReadTransaction) -> Result<Option<Public>, Failure> {
    let Some(table) = table_if_any(txn, GONE)? else {
        return Ok(None);
    };
    let row = table.get((0, 0)).map_err(failed_to_read)?;
    row.map(|row| read_public(row.value())).transpose()
}

/// What that user would ask for after a seq, and is gone. `released`: the user has given its name up, which the store may not
/// know yet.
pub(super) fn gone_after(
    txn: &ReadTransaction,
    (user, released): (UserId, bool),
    after: Seq,
) -> Result<Vec<Removed>, Failure> {
    let Some(table) = table_if_any(txn, GONE)? else {
        return Ok(Vec::new());
    };
    let mut removed = Vec::new();
    let of_user = (user.0.0, 0)..=(user.0.0, u64::MAX);
    let rows = table.range(of_user).map_err(failed_to_read)?;
    for row in rows.take_while(|_| !released) {
        let (_, part) = row.map_err(failed_to_read)?;
        removed.extend(read_part(part.value())?.after(after));
    }
    removed.extend(public(txn)?.and_then(|public| public.after(user, after)));
    Ok(removed)
}

/// Writes what is gone too by now.
pub(super) fn put_gone(txn: &WriteTransaction, gone: &Gone) -> Result<(), redb::Error> {
    let mut table = txn.open_table(GONE)?;
    for ((to, from), Part { last, name }) in &gone.parts {
        let mut bytes = numbers([last.0.0, last.1.0]);
        bytes.extend_from_slice(name.as_bytes());
        table.insert((to.0.0, from.0.0), bytes.as_slice())?;
    }
    if let Some(Public { last, from, other }) = gone.public {
        let bytes = numbers([last.0.0, last.1.0, from.0.0, other.0]);
        table.insert((0, 0), bytes.as_slice())?;
    }
    Ok(())
}

/// Whose name was given up reads nothing any more.
pub(super) fn drop_gone(
    txn: &WriteTransaction,
    released: &BTreeSet<UserId>,
) -> Result<(), redb::Error> {
    let mut table = txn.open_table(GONE)?;
    for user in released {
        let of_user = (user.0.0, 0)..=(user.0.0, u64::MAX);
        table.retain_in(of_user, |_, _| false)?;
    }
    Ok(())
}

fn numbers<const N: usize>(numbers: [u64; N]) -> Vec<u8> {
    numbers.into_iter().flat_map(u64::to_le_bytes).collect()
}

fn read_part(bytes: &[u8]) -> Result<Part, Failure> {
    let (seq, number) = last_of(bytes)?;
    let name = bytes.get(16..).unwrap_or_default();
    Ok(Part {
        last: (seq, number),
        name: name_of(name)?,
    })
}

fn read_public(bytes: &[u8]) -> Result<Public, Failure> {
    let number = |index| number_at(bytes, index).ok_or_else(|| damaged("what is gone"));
    Ok(Public {
        last: last_of(bytes)?,
        from: UserId(Seq(number(2)?)),
        other: Seq(number(3)?),
    })
}

fn last_of(bytes: &[u8]) -> Result<(Seq, Number), Failure> {
    let number = |index| number_at(bytes, index).ok_or_else(|| damaged("what is gone"));
    Ok((Seq(number(0)?), Number(number(1)?)))
}
