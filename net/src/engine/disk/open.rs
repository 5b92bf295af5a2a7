//! Opening a log that is there: first a rehearsal that changes nothing, then its store, and what its journal has beside it.

use super::super::{Failure, Identity};
use super::chain::Proof;
use super::journal::{self, Found};
use super::layout::{TURN_KEY, Turn, damaged, failed, failed_to_read, io_failed};
use super::load::{fact, head, identity};
use super::medium::Medium;
use super::rehearsal::Rehearsal;
use super::watched::{Watch, Watched};
use super::{CACHE_BYTES, QUICK_REPAIR_BYTES};
use redb::{Builder, Database, ReadTransaction, ReadableDatabase, StorageBackend};

/// A log that is there and holds together.
pub(super) struct Present {
    pub(super) db: Database,
    /// The turn of its journal, and what was found of it; `None`: all is in the store.
    pub(super) journal: Option<(Turn, Found)>,
}

/// Opens a log that is there.
pub(super) fn present(medium: &mut dyn Medium, watch: &Watch) -> Result<Present, Failure> {
    let Rehearsed {
        identity,
        turn,
        proof,
    } = rehearse(medium.open()?)?;
    let read = |turn| -> Result<(Turn, Found), Failure> {
        let backend = medium.journal()?.ok_or_else(|| {
            damaged("its journal is missing: put log.journal back beside log.redb")
        })?;
        Ok((turn, journal::read(&*backend, identity, turn, proof)?))
    };
    let journal = turn.map(read).transpose()?;
    Ok(Present {
        db: open(medium.open()?, watch)?,
        journal,
    })
}

/// What was seen of a store before it was opened.
struct Rehearsed {
    identity: Identity,
    turn: Option<Turn>,
    proof: Proof,
}

/// Looks whose format it is, and whether each page is what was written there, without writing a byte. The store itself
/// believes what it reads, and a page that it takes for its own may make it panic; it looks at none of a file that was
/// closed in good order.
fn rehearse(backend: Box<dyn StorageBackend>) -> Result<Rehearsed, Failure> {
    let refused = |error: std::io::Error| io_failed(&error, true);
    let bytes = backend.len().map_err(refused)?;
    // The store would take an empty file for a new one.
    if bytes == 0 {
        return Err(damaged("its file is empty"));
    }
    let rehearsal = Rehearsal::new(backend).map_err(refused)?;
    let opened = Builder::new()
        .set_cache_size(CACHE_BYTES)
        .set_check_integrity_on_open(bytes <= QUICK_REPAIR_BYTES)
        .create_with_backend(rehearsal)
        .map_err(failed_to_read)?;
    let txn = opened.begin_read().map_err(failed_to_read)?;
    Ok(Rehearsed {
        identity: identity(&txn)?,
        turn: turn(&txn)?,
        proof: head(&txn)?.0,
    })
}

/// The turn of the journal, if it has anything to tell.
fn turn(txn: &ReadTransaction) -> Result<Option<Turn>, Failure> {
    let value = fact(txn, TURN_KEY)?;
    let read = |value: Vec<u8>| Turn::read(&value).ok_or_else(|| damaged("its turn"));
    value.map(read).transpose()
}

/// Opens the store on a file, or makes one there.
pub(super) fn open(backend: Box<dyn StorageBackend>, watch: &Watch) -> Result<Database, Failure> {
    Builder::new()
        .set_cache_size(CACHE_BYTES)
        .create_with_backend(Watched::new(backend, watch.clone()))
        .map_err(|error| failed(error, watch.synced()))
}
