//! The tables, and what went wrong in the words of an operator.

use super::super::{Failure, Fault};
use redb::{ReadableTable, StorageError, Table, TableDefinition};
use std::io;

/// The format of a whole log; every change of a table or of the core's own format makes another. Format 2 is that of a log
/// whose beginning is forgotten.
pub(super) const FORMAT_WHOLE: u32 = verbatim_core::saved::FORMAT;
/// That of a log that has, or had, a journal, which a version that knows none would take for shorter than it is. Its
/// beginning may be forgotten.
pub(super) const FORMAT_JOURNAL: u32 = 3;
/// That of a log of which a text was removed: an older version would take it for an empty one.
pub(super) const FORMAT_TEXT_REMOVED: u32 = 4;
/// The latest one that this version knows.
pub(super) const FORMAT: u32 = FORMAT_TEXT_REMOVED;

/// Small facts by name.
pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// Stretches of the log by the seq of their first record.
pub(super) const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");
/// What rides beside the log, by its key.
pub(super) const BESIDE: TableDefinition<'_, (u8, u64), &[u8]> = TableDefinition::new("beside");
/// Postings of feeds: a stream (0: `ALL`), the first seq, and the distances of those after it.
pub(super) const FEEDS: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("feeds");
/// Postings of conversations: two users (0 and 0: `ALL`), the first number, and seqs.
pub(super) const TALKS: TableDefinition<'_, (u64, u64, u64), &[u8]> = TableDefinition::new("talks");

/// Of a log whose beginning is forgotten: who held a name there, by user.
pub(super) const ROLL: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("roll");
/// Of such a log: up to where messages are gone, by recipient and sender (0 and 0: `ALL`).
pub(super) const GONE: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("gone");

/// In `META`: the format, first of all.
pub(super) const FORMAT_KEY: &str = "format";
/// In `META`: the store's number and the key of its hashes.
pub(super) const IDENTITY_KEY: &str = "identity";
/// In `META`: the chain's end and what messages count.
pub(super) const HEAD_KEY: &str = "head";
/// In `META`: where the log begins, if its beginning is forgotten.
pub(super) const ANCHOR_KEY: &str = "anchor";
/// In `META`: the turn of the journal, and how long that is; missing when all is in the store, and then what the journal has counts for nothing.
pub(super) const TURN_KEY: &str = "turn";
/// In `META`: the space at its seq.
pub(super) const CHECKPOINT_KEY: &str = "checkpoint";

/// In `META` of a backup that no server has begun on yet: when it was made, in milliseconds since 1970.
pub(super) const BACKUP_KEY: &str = "backup";

/// Says that the log needs a version that knows that format, or the later one that it needed before.
pub(super) fn raise_format(
    meta: &mut Table<'_, &'static str, &'static [u8]>,
    to: u32,
) -> Result<(), StorageError> {
    let found = meta.get(FORMAT_KEY)?;
    let before = found.and_then(|format| Some(u32::from_le_bytes(format.value().try_into().ok()?)));
    let format = before.map_or(to, |before| before.max(to));
    meta.insert(FORMAT_KEY, &format.to_le_bytes()[..])?;
    Ok(())
}

/// A turn of the journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) number: u64,
    /// How long the journal was when it began.
    pub(super) bytes: u64,
}

impl Turn {
    pub(super) fn read(value: &[u8]) -> Option<Turn> {
        Some(Turn {
            number: number_at(value, 0)?,
            bytes: number_at(value, 1)?,
        })
    }

    pub(super) fn value(self) -> Vec<u8> {
        let numbers = [self.number, self.bytes];
        numbers.into_iter().flat_map(u64::to_le_bytes).collect()
    }
}

/// Eight bytes of `bytes` at the `index`th place, as a number.
pub(super) fn number_at(bytes: &[u8], index: usize) -> Option<u64> {
    let at = index * 8;
    let word = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(word.try_into().ok()?))
}

pub(super) fn damaged(what: impl std::fmt::Display) -> Failure {
    let text = format!(
        "the log is damaged ({what}); nothing was changed: restore a backup, or move the directory away to begin anew"
    );
    Failure::new(Fault::Damaged, text)
}

/// A failure of the store, in our words. `synced`: no sync has failed.
pub(super) fn failed(error: impl Into<redb::Error>, synced: bool) -> Failure {
    match error.into() {
        redb::Error::Io(error) => io_failed(&error, synced),
        redb::Error::DatabaseAlreadyOpen => in_use(),
        redb::Error::Corrupted(what) => damaged(what),
        redb::Error::TableDoesNotExist(table) => {
            damaged(format_args!("its table {table} is missing"))
        }
        redb::Error::UpgradeRequired(version) => {
            damaged(format_args!("the store's own format is version {version}"))
        }
        other if !synced => io_failed(&io::Error::other(other), false),
        other => Failure::new(Fault::Io, format!("the log cannot be used: {other}")),
    }
}

pub(super) fn in_use() -> Failure {
    let text = "another process has the log open: end that one, or give this one another directory with --data";
    Failure::new(Fault::InUse, text)
}

pub(super) fn io_failed(error: &io::Error, synced: bool) -> Failure {
    use io::ErrorKind::{
        FileTooLarge, InvalidData, QuotaExceeded, StorageFull, UnexpectedEof, WouldBlock,
    };
    if !synced {
        let text = format!(
            "the disk did not sync ({error}): what it holds is unknown now, so the server stops; look after the disk, \
             then start again"
        );
        return Failure::new(Fault::Sync, text);
    }
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => {
            Failure::new(Fault::Full, format!("the disk is full ({error})"))
        }
        InvalidData => damaged(error),
        UnexpectedEof => damaged("its file is shorter than it should be"),
        WouldBlock => in_use(),
        _ => Failure::new(
            Fault::Io,
            format!("the system refused to read or write the log: {error}"),
        ),
    }
}

/// A failure to read.
pub(super) fn failed_to_read(error: impl Into<redb::Error>) -> Failure {
    failed(error, true)
}
