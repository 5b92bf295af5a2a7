//! Beginning: the file is opened, its format looked at, the checkpoint loaded, and the tail replayed.

use super::super::{Failure, Fault, Identity, Loaded};
use super::anchor::Anchor;
use super::chain::Proof;
use super::commit::size_of;
use super::fresh::Fresh;
use super::journal::{Found, Journal};
use super::layout::{
    BESIDE, CHECKPOINT_KEY, FEEDS, FORMAT, FORMAT_KEY, FORMAT_WHOLE, HEAD_KEY, IDENTITY_KEY, LOG,
    META, TALKS, damaged, failed, failed_to_read, number_at,
};
use super::medium::Medium;
use super::open::{Present, open, present};
use super::stretch::{entries, link_of};
use super::tail::Tail;
use super::watched::Watch;
use super::{Open, backup, commit};
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable};
use verbatim_core::id::{Seq, StoreId};
use verbatim_core::record::Record;
use verbatim_core::router::Saved;
use verbatim_core::saved::Beside;
use verbatim_core::space::Space;

/// Opens a log, or makes one. `overhead`: what a message counts beside its frame.
pub(super) fn load(
    medium: &mut dyn Medium,
    fresh: Identity,
    overhead: u64,
) -> Result<(Open, Loaded), Failure> {
    let watch = Watch::default();
    if !medium.exists()? {
        make(medium, fresh)?;
    }
    let Present { db, journal } = present(medium, &watch)?;
    let txn = db.begin_read().map_err(failed_to_read)?;
    let identity = identity(&txn)?;
    let (mut replay, checkpoint_bytes) = Replay::begin(&txn)?;
    let checkpoint_head = replay.space.head();
    let stored = stored_beside(&txn)?;
    let (turn, found) = journal.unzip();
    replay.store(&txn)?;
    replay.journal(found.as_ref(), overhead)?;
    let told = backup::tell_if_restored(&db, &txn, replay.proof);
    told.map_err(|error| failed(error, watch.synced()))?;
    let anchor = Anchor::load(&txn)?;
    drop(txn);
    let journal = match (medium.journal()?, turn, &found) {
        (Some(backend), Some(turn), Some(found)) => {
            Some(Journal::resume(backend, identity, turn.number, found)?)
        }
        _ => None,
    };
    let loaded = Loaded {
        identity: Some(identity),
        saved: Saved {
            space: replay.space.clone(),
            beside: replay.fresh.all_beside(stored),
        },
        room: 0,
        replayed: replay.tail.records as u64,
    };
    let open = Open {
        db,
        watch,
        identity,
        space: replay.space,
        proof: replay.proof,
        tail: replay.tail,
        bytes: replay.bytes,
        checkpoint_bytes,
        checkpoint_head,
        anchor,
        trimming: false,
        journal,
        fresh: replay.fresh,
    };
    Ok((open, loaded))
}

/// Makes an empty log.
fn make(medium: &mut dyn Medium, fresh: Identity) -> Result<(), Failure> {
    // A journal is made after its store, so no crash leaves it alone.
    if medium.journal()?.is_some() {
        return Err(damaged(
            "log.redb is missing, and its journal is there: put log.redb back beside log.journal",
        ));
    }
    let watch = Watch::default();
    let db = open(medium.begin()?, &watch)?;
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

fn stored_beside(txn: &ReadTransaction) -> Result<Vec<Beside>, Failure> {
    let table = txn.open_table(BESIDE).map_err(failed_to_read)?;
    let mut all = Vec::new();
    for row in table.iter().map_err(failed_to_read)? {
        let (_, value) = row.map_err(failed_to_read)?;
        all.push(Beside::decode(value.value()).map_err(damaged)?);
    }
    Ok(all)
}

/// What came after the checkpoint, as it is folded in.
struct Replay {
    space: Space,
    proof: Proof,
    tail: Tail,
    fresh: Fresh,
    /// What messages count.
    bytes: u64,
    scratch: Vec<u8>,
}

impl Replay {
    /// At the checkpoint; and how many bytes that has.
    fn begin(txn: &ReadTransaction) -> Result<(Replay, u64), Failure> {
        let (space, checkpoint_bytes) = checkpoint(txn)?;
        let replay = Replay {
            proof: proof_before(txn, space.head().next().0)?,
            space,
            tail: Tail::default(),
            fresh: Fresh::default(),
            bytes: 0,
            scratch: Vec::new(),
        };
        Ok((replay, checkpoint_bytes))
    }

    /// What the store has.
    fn store(&mut self, txn: &ReadTransaction) -> Result<(), Failure> {
        let log = txn.open_table(LOG).map_err(failed_to_read)?;
        let from = self.space.head().next().0;
        for row in log.range(from..).map_err(failed_to_read)? {
            let (_, value) = row.map_err(failed_to_read)?;
            self.stretch(value.value(), &mut |_| {})?;
        }
        let (end, bytes) = head(txn)?;
        self.bytes = bytes;
        match self.proof == end {
            true => Ok(()),
            false => Err(damaged(format_args!(
                "it ends at record {}, and should at {}",
                self.proof.head, end.head
            ))),
        }
    }

    /// What only the journal has.
    fn journal(&mut self, found: Option<&Found>, overhead: u64) -> Result<(), Failure> {
        for entry in found.iter().flat_map(|found| &found.entries) {
            let (mut fresh, mut bytes) = (std::mem::take(&mut self.fresh), self.bytes);
            for stretch in &entry.stretches {
                self.stretch(&stretch.bytes, &mut |record| {
                    fresh.note(record);
                    bytes += size_of(record, overhead);
                })?;
            }
            fresh.take_stretches(entry.stretches.iter().cloned());
            fresh.take_beside(entry.beside.iter().copied());
            (self.fresh, self.bytes) = (fresh, bytes);
        }
        Ok(())
    }

    /// Folds a stretch in, if the chain holds there.
    fn stretch(&mut self, stretch: &[u8], each: &mut dyn FnMut(&Record)) -> Result<(), Failure> {
        self.tail.bytes += stretch.len() as u64;
        for entry in entries(stretch) {
            let entry = entry?;
            let record = entry.record(&mut self.scratch)?;
            self.proof = self.proof.next(entry.head, &entry.body_hash());
            if !self.space.takes(&record) {
                return Err(damaged(format_args!("record {} does not fit", record.seq)));
            }
            self.space.apply(&record);
            self.tail.push(&record);
            each(&record);
        }
        match link_of(stretch)? == self.proof.hash {
            true => Ok(()),
            false => Err(damaged(format_args!(
                "the chain breaks before record {}",
                self.proof.head
            ))),
        }
    }
}

/// The chain as it stood before that record, which begins a stretch.
pub(super) fn proof_before(txn: &ReadTransaction, seq: u64) -> Result<Proof, Failure> {
    let log = txn.open_table(LOG).map_err(failed_to_read)?;
    let Some(row) = log.range(..seq).map_err(failed_to_read)?.next_back() else {
        return Ok(Anchor::load(txn)?.proof);
    };
    let (_, value) = row.map_err(failed_to_read)?;
    Ok(Proof {
        head: Seq(seq - 1),
        hash: link_of(value.value())?,
    })
}
