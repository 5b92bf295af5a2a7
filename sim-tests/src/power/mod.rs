//! Power cuts: the disk engine that ships, on a simulated disk, written to by an author who remembers everything.
//!
//! A run has some lives. Each begins with loading what is there and ends by a cut at a write or a sync that was drawn
//! beforehand, perhaps while the life before is still being recovered; by a sync that fails; or because there is no
//! room. Then what was said to be committed must be there, in its order, with what rode beside it; of the batch that was
//! under way, all of it or nothing; and what is read must be what was written.

mod author;
mod beginning;
mod flips;
mod planted;
mod plate;
mod verdict;

pub use flips::{Flips, flip};
pub use planted::{Bug, PLANTED};
pub use plate::Plate;

use crate::dice::Dice;
use author::{Author, Batch, ride};
use std::collections::BTreeMap;
use verbatim_core::id::Seq;
use verbatim_core::limits::Limits;
use verbatim_core::record::Record;
use verbatim_core::saved::Beside;
use verbatim_net::engine::disk::{Disk, Rhythm};
use verbatim_net::engine::{Engine, Fault, Identity};

/// Who every simulated log is.
const IDENTITY: Identity = Identity {
    store: verbatim_core::id::StoreId(7),
    hash_key: [1, 2],
};

/// What a run came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Power cuts.
    pub cuts: u64,
    /// Of them, in recovery from the one before.
    pub in_recovery: u64,
    /// Batches of which nothing was said, and which were there all the same.
    pub durable_unsaid: u64,
    /// Batches of which nothing was said, and which were gone.
    pub gone_unsaid: u64,
    /// Syncs that failed.
    pub sync_errors: u64,
    /// Times there was no room.
    pub full: u64,
    /// Records that were committed.
    pub records: u64,
    /// Of them, those that were forgotten.
    pub forgotten: u64,
}

impl Tally {
    /// Takes another run's in.
    pub fn add(&mut self, other: &Tally) {
        self.cuts += other.cuts;
        self.in_recovery += other.in_recovery;
        self.durable_unsaid += other.durable_unsaid;
        self.gone_unsaid += other.gone_unsaid;
        self.sync_errors += other.sync_errors;
        self.full += other.full;
        self.records += other.records;
        self.forgotten += other.forgotten;
    }
}

/// How a life ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Cut,
    SyncError,
    NoRoom,
}

/// One run: what was said, and what is there.
struct Run {
    dice: Dice,
    plate: Plate,
    bug: Option<Bug>,
    /// Every record that was handed over and may be there.
    records: Vec<Record>,
    /// Of these the engine said that they are committed.
    committed: usize,
    beside: BTreeMap<(u8, u64), Beside>,
    /// The batch under way when the life ended, which may be there or not.
    pending: Option<Batch>,
    /// Everything up to here may be gone, and up to there it was once.
    allowed: Seq,
    removed: Seq,
    tally: Tally,
}

/// Runs a seed.
///
/// # Errors
/// What was promised and is not so.
pub fn run(seed: u64) -> Result<Tally, String> {
    run_with(seed, None)
}

/// The same with a bug planted.
///
/// # Errors
/// As for [`run`].
pub fn run_with(seed: u64, bug: Option<Bug>) -> Result<Tally, String> {
    let plate = match bug {
        Some(Bug::SyncsNothing) => Plate::forgetful(),
        _ => Plate::default(),
    };
    let mut run = Run {
        dice: Dice::new(seed, "power"),
        plate,
        bug,
        records: Vec::new(),
        committed: 0,
        beside: BTreeMap::new(),
        pending: None,
        allowed: Seq(0),
        removed: Seq(0),
        tally: Tally::default(),
    };
    for _ in 0..run.dice.between(2, 5) {
        run.live()?;
    }
    run.tally.records = run.committed as u64;
    run.tally.forgotten = run.removed.0;
    Ok(run.tally)
}

impl Run {
    /// One life: load, look, write until it ends.
    fn live(&mut self) -> Result<(), String> {
        self.recover()?;
        let mut engine = self.engine();
        let loaded = engine
            .load()
            .map_err(|failure| format!("a log that is whole is refused: {failure}"))?;
        self.look(&loaded.saved)?;
        self.look_at_beginning(&engine)?;
        self.read_all(&engine)?;
        let author = Dice::new(self.dice.roll(), "author");
        let mut author = Author::new(author, loaded.saved.space);
        let end = self.draw_end();
        let start = Batch {
            records: vec![author.start()],
            beside: Vec::new(),
        };
        let mut going = self.commit(&mut engine, start, end)?;
        for _ in 0..self.dice.between(1, 12) {
            if !going {
                break;
            }
            self.trim(&mut engine);
            let batch = author.batch();
            going = self.commit(&mut engine, batch, end)?;
        }
        drop(engine);
        self.plate.set_room(None);
        self.plate.power_cut(&mut self.dice);
        self.tally.cuts += 1;
        Ok(())
    }

    /// Allows the log to forget its beginning, now and then.
    fn trim(&mut self, engine: &mut Disk) {
        if self.dice.chance(300) {
            let up_to = Seq(self.dice.below(self.committed as u64 + 1));
            self.allowed = self.allowed.max(up_to);
            engine.trim(up_to, 0);
        }
    }

    /// Cuts while the log recovers.
    fn recover(&mut self) -> Result<(), String> {
        for _ in 0..self.dice.below(3) {
            let cut = self.dice.below(8);
            self.plate.cut_after(cut);
            let loaded = self.engine().load();
            if let Err(failure) = &loaded
                && failure.fault == Fault::Damaged
                && !failure.text.contains("no power")
            {
                return Err(format!("a cut in recovery is taken for damage: {failure}"));
            }
            self.plate.power_cut(&mut self.dice);
            self.tally.cuts += 1;
            self.tally.in_recovery += 1;
        }
        Ok(())
    }

    fn engine(&mut self) -> Disk {
        let limits = Limits {
            log_bytes_max: u64::MAX / 4,
            kept_bytes_max: Some(self.dice.below(60_000)),
            ..Limits::default()
        };
        let rhythm = Rhythm {
            records: self.dice.between(1, 40) as usize,
            bytes: 1 << 40,
        };
        Disk::new(Box::new(self.plate.clone()), IDENTITY, &limits).with_rhythm(rhythm)
    }

    fn draw_end(&mut self) -> End {
        match self.dice.below(8) {
            0 => {
                self.plate.fail_sync_after(self.dice.below(30));
                End::SyncError
            }
            1 => {
                let room = self.plate.length() + self.dice.below(200_000);
                self.plate.set_room(Some(room));
                End::NoRoom
            }
            _ => {
                self.plate.cut_after(self.dice.below(60));
                End::Cut
            }
        }
    }

    /// Hands a batch over; whether life goes on.
    fn commit(&mut self, engine: &mut Disk, batch: Batch, end: End) -> Result<bool, String> {
        let on = planted::on_batch(self.bug, batch.clone());
        on.records.into_iter().for_each(|one| engine.append(one));
        on.beside.into_iter().for_each(|one| engine.save(one));
        let head = self.records.len() + batch.records.len();
        let done = planted::on_commit(self.bug, engine, head);
        match done {
            Ok(seq) if seq == Seq(head as u64) => {
                ride(&mut self.beside, &batch);
                self.records.extend(batch.records);
                self.committed = head;
                Ok(true)
            }
            Ok(seq) => Err(format!("a commit of everything up to {head} says {seq}")),
            Err(failure) => {
                let expected = match end {
                    End::Cut => failure.text.contains("no power") || failure.fault == Fault::Sync,
                    End::SyncError => failure.fault == Fault::Sync,
                    End::NoRoom => failure.fault == Fault::Full,
                };
                self.tally.sync_errors += u64::from(end == End::SyncError);
                self.tally.full += u64::from(end == End::NoRoom);
                self.pending = Some(batch);
                match expected {
                    true => Ok(false),
                    false => Err(format!("{end:?} is told as {:?}: {failure}", failure.fault)),
                }
            }
        }
    }
}
