//! Beginning: the file is opened, its format looked at, the checkpoint loaded, and the tail replayed.

use super::super::{Failure, Fault, Identity, Loaded};
use super::anchor::Anchor;
use super::chain::Proof;
use super::layout::{
    BESIDE, CHECKPOINT_KEY, FEEDS, FORMAT, FORMAT_KEY, FORMAT_WHOLE, HEAD_KEY, IDENTITY_KEY, LOG,
    META, TALKS, damaged, failed, failed_to_read, io_failed, number_at,
};
use super::medium::Medium;
use super::rehearsal::Rehearsal;
use super::stretch::{entries, link_of};
use super::watched::{Watch, Watched};
use super::{CACHE_BYTES, Open, QUICK_REPAIR_BYTES, commit, tail};
use redb::{Builder, Database, ReadTransaction, ReadableDatabase, ReadableTable, StorageBackend};
use verbatim_core::id::{Seq, StoreId};
use verbatim_core::router::Saved;
use verbatim_core::saved::Beside;
use verbatim_core::space::Space;

/// Opens a log, or makes one.
pub(super) fn load(medium: &mut dyn Medium, fresh: Identity) -> Result<(Open, Loaded), Failure> {
    let watch = Watch::default();
    if !medium.exists()? {
        make(medium, fresh, &watch)?;
    }
    let db = open_present(medium, &watch)?;
    let txn = db.begin_read().map_err(failed_to_read)?;
    let identity = identity(&txn)?;
    let (mut space, checkpoint_bytes) = checkpoint(&txn)?;
    let (anchor, checkpoint_head) = (Anchor::load(&txn)?, space.head());
    let (proof, bytes) = head(&txn)?;
    let tail = replay(&txn, &mut space, proof)?;
    super::backup::tell_if_restored(&db, &txn, proof)
        .map_err(|error| failed(error, watch.synced()))?;
    let saved = Saved {
        space: space.clone(),
        beside: beside(&txn)?,
    };
    drop(txn);
    let replayed = tail.records as u64;
    let open = Open {
        db,
        watch,
        space,
        proof,
        tail,
        bytes,
        checkpoint_bytes,
        checkpoint_head,
        anchor,
        trimming: false,
    };
    let loaded = Loaded {
        identity: Some(identity),
        saved,
        room: 0,
        replayed,
    };
    Ok((open, loaded))
}

/// Opens a log that is there.
pub(super) fn open_present(medium: &mut dyn Medium, watch: &Watch) -> Result<Database, Failure> {
    rehearse(medium.open()?)?;
    open(medium.open()?, watch)
}

/// Looks whose format it is, and whether each page is what was written there, without writing a byte. The store itself
/// believes what it reads, and a page that it takes for its own may make it panic; it looks at none of a file that was
/// closed in good order.
fn rehearse(backend: Box<dyn StorageBackend>) -> Result<(), Failure> {
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
    identity(&txn).map(drop)
}

fn open(backend: Box<dyn StorageBackend>, watch: &Watch) -> Result<Database, Failure> {
    Builder::new()
        .set_cache_size(CACHE_BYTES)
        .create_with_backend(Watched::new(backend, watch.clone()))
        .map_err(|error| failed(error, watch.synced()))
}

/// Makes an empty log.
fn make(medium: &mut dyn Medium, fresh: Identity, watch: &Watch) -> Result<(), Failure> {
    let db = open(medium.begin()?, watch)?;
    write_tables(&db, fresh).map_err(|error| failed(error, watch.synced()))?;
    db.close().map_err(|error| failed(error, watch.synced()))?;
    medium.put_in_place()
}

fn write_tables(db: &Database, fresh: Identity) -> Result<(), redb::Error> {
    let mut txn = db.begin_write()?;
    txn.set_two_phase_commit(true);
    {
        let mut meta = txn.open_table(META)?;
        meta.insert(FORMAT_KEY, &FORMAT_WHOLE.to_le_bytes()[..])?;
        let [first, second] = fresh.hash_key;
        let identity: Vec<u8> = [fresh.store.0, first, second]
            .into_iter()
            .flat_map(u64::to_le_bytes)
            .collect();
        meta.insert(IDENTITY_KEY, identity.as_slice())?;
        let head = commit::head_bytes(&Proof::default(), 0);
        meta.insert(HEAD_KEY, head.as_slice())?;
        txn.open_table(LOG)?;
        txn.open_table(BESIDE)?;
        txn.open_table(FEEDS)?;
        txn.open_table(TALKS)?;
    }
    txn.commit()?;
    Ok(())
}

/// A fact from `META`.
pub(super) fn fact(txn: &ReadTransaction, key: &str) -> Result<Option<Vec<u8>>, Failure> {
    let meta = txn.open_table(META).map_err(failed_to_read)?;
    let found = meta.get(key).map_err(failed_to_read)?;
    Ok(found.map(|value| value.value().to_vec()))
}

/// Which log it is, if this version understands it.
pub(super) fn identity(txn: &ReadTransaction) -> Result<Identity, Failure> {
    let format = fact(txn, FORMAT_KEY)?.ok_or_else(|| damaged("it has no format"))?;
    let format = <[u8; 4]>::try_from(format.as_slice()).map_err(|_| damaged("its format"))?;
    let format = u32::from_le_bytes(format);
    if format > FORMAT {
        let text = format!(
            "the log was written by a newer version (format {format}, this one knows {FORMAT}); nothing was changed: use \
             that version"
        );
        return Err(Failure::new(Fault::Newer, text));
    }
    let bytes = fact(txn, IDENTITY_KEY)?.unwrap_or_default();
    let number = |index| number_at(&bytes, index).ok_or_else(|| damaged("its identity"));
    Ok(Identity {
        store: StoreId(number(0)?),
        hash_key: [number(1)?, number(2)?],
    })
}

/// The space at the last checkpoint, and how many bytes that has.
pub(super) fn checkpoint(txn: &ReadTransaction) -> Result<(Space, u64), Failure> {
    match fact(txn, CHECKPOINT_KEY)? {
        None => Ok((Space::default(), 0)),
        Some(bytes) => {
            let space = Space::load(&bytes).map_err(damaged)?;
            Ok((space, bytes.len() as u64))
        }
    }
}

/// The chain's end, and what messages count.
pub(super) fn head(txn: &ReadTransaction) -> Result<(Proof, u64), Failure> {
    let bytes = fact(txn, HEAD_KEY)?.unwrap_or_default();
    let number = |index| number_at(&bytes, index).ok_or_else(|| damaged("its head"));
    let hash = *bytes.last_chunk().ok_or_else(|| damaged("its head"))?;
    let head = Seq(number(0)?);
    Ok((Proof { head, hash }, number(1)?))
}

fn beside(txn: &ReadTransaction) -> Result<Vec<Beside>, Failure> {
    let table = txn.open_table(BESIDE).map_err(failed_to_read)?;
    let mut all = Vec::new();
    for row in table.iter().map_err(failed_to_read)? {
        let (_, value) = row.map_err(failed_to_read)?;
        all.push(Beside::decode(value.value()).map_err(damaged)?);
    }
    Ok(all)
}

/// Folds what came after the checkpoint in, and looks whether the chain holds there.
fn replay(txn: &ReadTransaction, space: &mut Space, end: Proof) -> Result<tail::Tail, Failure> {
    let log = txn.open_table(LOG).map_err(failed_to_read)?;
    let (mut tail, mut scratch) = (tail::Tail::default(), Vec::new());
    let from = space.head().next().0;
    let mut proof = proof_before(txn, &log, from)?;
    for row in log.range(from..).map_err(failed_to_read)? {
        let (_, value) = row.map_err(failed_to_read)?;
        tail.bytes += value.value().len() as u64;
        for entry in entries(value.value()) {
            let entry = entry?;
            let record = entry.record(&mut scratch)?;
            proof = proof.next(entry.head, &entry.body_hash());
            if !space.takes(&record) {
                return Err(damaged(format_args!("record {} does not fit", record.seq)));
            }
            space.apply(&record);
            tail.push(&record);
        }
        if link_of(value.value())? != proof.hash {
            return Err(damaged(format_args!(
                "the chain breaks before record {}",
                proof.head
            )));
        }
    }
    match proof == end {
        true => Ok(tail),
        false => Err(damaged(format_args!(
            "it ends at record {}, and should at {}",
            proof.head, end.head
        ))),
    }
}

/// The chain as it stood before that record, which begins a stretch.
pub(super) fn proof_before(
    txn: &ReadTransaction,
    log: &impl ReadableTable<u64, &'static [u8]>,
    seq: u64,
) -> Result<Proof, Failure> {
    let Some(row) = log.range(..seq).map_err(failed_to_read)?.next_back() else {
        return Ok(Anchor::load(txn)?.proof);
    };
    let (_, value) = row.map_err(failed_to_read)?;
    Ok(Proof {
        head: Seq(seq - 1),
        hash: link_of(value.value())?,
    })
}
