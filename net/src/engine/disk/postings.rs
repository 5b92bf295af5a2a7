//! Postings: lists of seqs in the file. A list holds the first seq in its key, or in front, and then distances, each in
//! as many bytes as it needs (seven bits in each, the lowest first).

use super::super::Failure;
use super::layout::{FEEDS, TALKS, damaged};
use super::tail::{Feed, Tail, Talk};
use redb::{ReadableTable, StorageError, Table};
use std::collections::BTreeSet;
use verbatim_core::id::{Number, Seq};

/// Appends the distances between seqs, the first from `from`.
pub(super) fn put_distances(from: u64, seqs: &[u64], out: &mut Vec<u8>) {
    let mut last = from;
    for seq in seqs {
        let mut distance = seq - last;
        while distance > 0x7f {
            out.push(distance as u8 | 0x80);
            distance >>= 7;
        }
        out.push(distance as u8);
        last = *seq;
    }
}

/// Reads them back.
pub(super) fn distances(from: u64, bytes: &[u8]) -> Result<Vec<u64>, Failure> {
    let (mut seqs, mut last, mut distance, mut shift) = (Vec::new(), from, 0u64, 0);
    for byte in bytes {
        if shift > 63 {
            return Err(damaged("a posting"));
        }
        distance |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            last = last
                .checked_add(distance)
                .ok_or_else(|| damaged("a posting"))?;
            seqs.push(last);
            (distance, shift) = (0, 0);
        }
    }
    Ok(seqs)
}

/// Writes the feeds of a tail.
pub(super) fn put_feeds(
    tail: &Tail,
    table: &mut Table<'_, (u64, u64), &'static [u8]>,
) -> Result<(), StorageError> {
    let mut bytes = Vec::new();
    for (feed, seqs) in &tail.feeds {
        let Some((first, rest)) = seqs.split_first() else {
            continue;
        };
        bytes.clear();
        put_distances(*first, rest, &mut bytes);
        table.insert((*feed, *first), bytes.as_slice())?;
    }
    Ok(())
}

/// Writes the conversations of a tail.
pub(super) fn put_talks(
    tail: &Tail,
    table: &mut Table<'_, (u64, u64, u64), &'static [u8]>,
) -> Result<(), StorageError> {
    let mut bytes = Vec::new();
    for ((low, high), (first, seqs)) in &tail.talks {
        bytes.clear();
        put_distances(0, seqs, &mut bytes);
        table.insert((*low, *high, first.0), bytes.as_slice())?;
    }
    Ok(())
}

/// Drops what postings of feeds hold up to a seq.
pub(super) fn cut_feeds(
    feeds: &BTreeSet<Feed>,
    up_to: u64,
    table: &mut Table<'_, (u64, u64), &'static [u8]>,
) -> Result<(), redb::Error> {
    for feed in feeds {
        let mut rows = Vec::new();
        for row in table.range((*feed, 0)..=(*feed, up_to))? {
            let (key, value) = row?;
            rows.push((key.value().1, value.value().to_vec()));
        }
        for (first, value) in rows {
            table.remove((*feed, first))?;
            let rest = distances(first, &value).map_err(corrupted)?;
            let kept = &rest[rest.partition_point(|seq| *seq <= up_to)..];
            if let Some((first, rest)) = kept.split_first() {
                let mut bytes = Vec::new();
                put_distances(*first, rest, &mut bytes);
                table.insert((*feed, *first), bytes.as_slice())?;
            }
        }
    }
    Ok(())
}

/// Drops what postings of conversations hold up to a seq.
pub(super) fn cut_talks(
    talks: &BTreeSet<Talk>,
    up_to: u64,
    table: &mut Table<'_, (u64, u64, u64), &'static [u8]>,
) -> Result<(), redb::Error> {
    for (low, high) in talks {
        let mut rows = Vec::new();
        for row in table.range((*low, *high, 0)..=(*low, *high, u64::MAX))? {
            let (key, value) = row?;
            let seqs = distances(0, value.value()).map_err(corrupted)?;
            let gone = seqs.partition_point(|seq| *seq <= up_to);
            if gone == 0 {
                break; // and nothing behind it
            }
            rows.push((key.value().2, gone as u64, seqs[gone..].to_vec()));
        }
        for (first, gone, kept) in rows {
            table.remove((*low, *high, first))?;
            if !kept.is_empty() {
                let mut bytes = Vec::new();
                put_distances(0, &kept, &mut bytes);
                table.insert((*low, *high, first + gone), bytes.as_slice())?;
            }
        }
    }
    Ok(())
}

fn corrupted(failure: Failure) -> redb::Error {
    redb::Error::Corrupted(failure.text)
}

/// At most `most` seqs of a feed after that one, in order: from the file, then from the tail.
pub(super) fn after(
    txn: &redb::ReadTransaction,
    tail: &Tail,
    (feed, after, most): (Feed, Seq, usize),
) -> Result<Vec<u64>, Failure> {
    let table = txn
        .open_table(FEEDS)
        .map_err(super::layout::failed_to_read)?;
    let mut found = Vec::new();
    let begins = table
        .range((feed, 0)..=(feed, after.0))
        .map_err(super::layout::failed_to_read)?
        .next_back();
    let later = table
        .range((feed, after.0 + 1)..=(feed, u64::MAX))
        .map_err(super::layout::failed_to_read)?;
    for row in begins.into_iter().chain(later) {
        let (key, value) = row.map_err(super::layout::failed_to_read)?;
        let first = key.value().1;
        let rest = distances(first, value.value())?;
        found.extend(
            std::iter::once(first)
                .chain(rest)
                .filter(|seq| *seq > after.0),
        );
        if found.len() >= most {
            found.truncate(most);
            return Ok(found);
        }
    }
    let rest = tail.after(feed, after);
    found.extend(rest.iter().take(most - found.len()));
    Ok(found)
}

/// At most `most` seqs of a conversation right before that number, the latest first: from the tail, then from the file.
pub(super) fn below(
    txn: &redb::ReadTransaction,
    tail: &Tail,
    (talk, before, most): (Talk, Number, usize),
) -> Result<Vec<u64>, Failure> {
    let mut walk = Walk {
        next: before.0,
        most,
        found: Vec::new(),
    };
    if let Some((first, seqs)) = tail.talks.get(&talk) {
        walk.take(first.0, seqs);
    }
    let table = txn
        .open_table(TALKS)
        .map_err(super::layout::failed_to_read)?;
    let (low, high) = talk;
    let rows = table
        .range((low, high, 0)..(low, high, walk.next))
        .map_err(super::layout::failed_to_read)?;
    for row in rows.rev() {
        if walk.found.len() >= walk.most {
            break;
        }
        let (key, value) = row.map_err(super::layout::failed_to_read)?;
        let (_, _, first) = key.value();
        if !walk.take(first, &distances(0, value.value())?) {
            break;
        }
    }
    Ok(walk.found)
}

/// A walk down the numbers of a conversation.
struct Walk {
    /// The seqs of this number and those above it are found, or not wanted.
    next: u64,
    most: usize,
    found: Vec<u64>,
}

impl Walk {
    /// Takes what a list has that begins at that number; whether it goes on where the walk was.
    fn take(&mut self, first: u64, seqs: &[u64]) -> bool {
        let Some(wanted) = self.next.checked_sub(first) else {
            return true;
        };
        let Some(wanted) = seqs.get(..wanted as usize) else {
            return false;
        };
        let room = self.most - self.found.len();
        let taken = wanted.iter().rev().take(room);
        self.next -= taken.len() as u64;
        self.found.extend(taken);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_come_back() {
        let seqs = [5, 6, 200, 1 << 40, u64::MAX];
        let mut bytes = Vec::new();
        put_distances(3, &seqs, &mut bytes);
        assert_eq!(distances(3, &bytes), Ok(seqs.to_vec()));
        assert!(distances(u64::MAX, &[1]).is_err());
        assert!(distances(0, &[0xff; 12]).is_err());
    }

    #[test]
    fn a_walk_goes_down_from_list_to_list_and_stops_at_a_gap() {
        let lists: [(u64, &[u64]); 3] = [(5, &[50, 60]), (3, &[30, 40]), (1, &[10])];
        let below = |next, most| {
            let mut walk = Walk {
                next,
                most,
                found: Vec::new(),
            };
            let goes_on = |(first, seqs): &(u64, &[u64])| walk.take(*first, seqs);
            let _ = lists.iter().all(goes_on);
            walk.found
        };
        assert_eq!(below(7, 9), [60, 50, 40, 30]);
        assert_eq!(below(6, 2), [50, 40]);
        assert_eq!(below(5, 1), [40]);
        assert_eq!(below(2, 9), [10]);
        assert_eq!(below(1, 9), [0; 0]);
        assert_eq!(below(9, 9), [0; 0]);
    }
}
