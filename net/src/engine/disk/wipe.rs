//! Overwriting what is left of a removed text in pages that the store has given up. It is found by what stands before it,
//! which is of one record alone, and by its hash. Nothing is written where the log could still have it: a text that holds
//! the very bytes of that record, put there by somebody who knows them all, leaves everything as it is.
//!
//! Of a long text, or one that lay across pages, of which some were used again, a piece may be left that is not found.

use super::super::Failure;
use super::chain::body_hash;
use super::layout::{LOG, failed_to_read, io_failed};
use super::watched::{Watch, Watched};
use memchr::memmem::Finder;
use redb::{Database, ReadableDatabase, ReadableTable, StorageBackend};
use std::io;
use verbatim_core::saved::BodyHash;

/// What is searched at once, in bytes.
const PART_BYTES: usize = 1 << 20;

/// What a text is known by.
pub(super) struct Trace {
    /// What stands before it.
    pub(super) begins: Vec<u8>,
    /// How long it was.
    pub(super) bytes: usize,
    pub(super) hash: BodyHash,
}

/// Overwrites every copy that the log does not have any more; gives how many there were. Nobody reads what is older than
/// the log's end, and nobody writes meanwhile.
///
/// # Errors
/// The disk could not be read, written or synced.
pub(super) fn wipe(db: &Database, watch: &Watch, trace: &Trace) -> Result<usize, Failure> {
    let Some(file) = watch.file().filter(|_| trace.bytes > 0) else {
        return Ok(0);
    };
    let told = |error: io::Error| io_failed(&error, watch.synced());
    let copies = copies(&file, trace).map_err(told)?;
    if copies.is_empty() || is_held(db, trace)? {
        return Ok(0);
    }
    for at in &copies {
        file.write(*at, &vec![0; trace.bytes]).map_err(told)?;
    }
    file.sync_data().map_err(told)?;
    Ok(copies.len())
}

/// Where in the file the text stands.
fn copies(file: &Watched, trace: &Trace) -> io::Result<Vec<u64>> {
    let (length, finder) = (file.len()?, Finder::new(&trace.begins));
    let overlap = trace.begins.len() - 1;
    let (mut found, mut part, mut at) = (Vec::new(), vec![0; PART_BYTES + overlap], 0);
    while at < length {
        let here = part.len().min((length - at) as usize);
        file.read(at, &mut part[..here])?;
        for begin in finder.find_iter(&part[..here]) {
            let text = at + (begin + trace.begins.len()) as u64;
            if is_text(file, text, length, trace)? {
                found.push(text);
            }
        }
        at += PART_BYTES as u64;
    }
    Ok(found)
}

fn is_text(file: &Watched, at: u64, length: u64, trace: &Trace) -> io::Result<bool> {
    if at + trace.bytes as u64 > length {
        return Ok(false);
    }
    let mut text = vec![0; trace.bytes];
    file.read(at, &mut text)?;
    Ok(body_hash(&text) == trace.hash)
}

/// Whether the log itself has those bytes somewhere.
fn is_held(db: &Database, trace: &Trace) -> Result<bool, Failure> {
    let txn = db.begin_read().map_err(failed_to_read)?;
    let log = txn.open_table(LOG).map_err(failed_to_read)?;
    let finder = Finder::new(&trace.begins);
    for row in log.iter().map_err(failed_to_read)? {
        let (_, stretch) = row.map_err(failed_to_read)?;
        if finder.find(stretch.value()).is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::Builder;
    use redb::backends::InMemoryBackend;

    fn put(db: &Database, key: u64, value: &[u8]) {
        let txn = db.begin_write().unwrap();
        txn.open_table(LOG).unwrap().insert(key, value).unwrap();
        txn.commit().unwrap();
    }

    fn count(watch: &Watch) -> usize {
        let file = watch.file().unwrap();
        let mut bytes = vec![0; file.len().unwrap() as usize];
        file.read(0, &mut bytes).unwrap();
        memchr::memmem::find_iter(&bytes, b"head text").count()
    }

    #[test]
    fn what_the_log_itself_has_is_not_touched() {
        let watch = Watch::default();
        let backend = Watched::new(Box::new(InMemoryBackend::new()), watch.clone());
        let db = Builder::new().create_with_backend(backend).unwrap();
        let trace = Trace {
            begins: b"head ".to_vec(),
            bytes: 4,
            hash: body_hash(b"text"),
        };
        put(&db, 2, b"another that holds head text too");
        put(&db, 1, b"a record, head text, and more");
        put(&db, 1, b"a record, and more");
        let before = count(&watch);
        assert!(before > 1, "an old copy, and one that is there: {before}");
        assert_eq!(wipe(&db, &watch, &trace), Ok(0));
        assert_eq!(count(&watch), before);
        put(&db, 2, b"another");
        let copies = wipe(&db, &watch, &trace).unwrap();
        assert!(copies > 0, "nothing was left");
        assert_eq!(count(&watch), 0);
    }

    #[test]
    fn a_copy_across_two_parts_is_found_once() {
        let watch = Watch::default();
        let backend = InMemoryBackend::new();
        backend.set_len(3 * PART_BYTES as u64).unwrap();
        for at in [PART_BYTES - 3, PART_BYTES, 2 * PART_BYTES - 5] {
            backend.write(at as u64, b"head text").unwrap();
        }
        backend
            .write(3 * PART_BYTES as u64 - 7, b"head te")
            .unwrap();
        let file = Watched::new(Box::new(backend), watch);
        let trace = Trace {
            begins: b"head ".to_vec(),
            bytes: 4,
            hash: body_hash(b"text"),
        };
        // The second one overwrote the end of the first one's text.
        let found = copies(&file, &trace).unwrap();
        assert_eq!(found, [PART_BYTES as u64 + 5, 2 * PART_BYTES as u64]);
    }
}
