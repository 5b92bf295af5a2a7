//! Power cuts: the disk engine that ships, on a simulated disk, written to by an author who remembers everything.
//!
//! A run has some lives. Each begins with loading what is there and ends by a cut at a write or a sync that was drawn
//! beforehand, perhaps while the life before is still being recovered; by a sync that fails; or because there is no
//! room. Then what was said to be committed must be there, in its order, with what rode beside it; of the batch that was
//! under way, all of it or nothing; and what is read must be what was written.

mod author;
mod beginning;
mod emptied;
mod flips;
mod planted;
mod plate;
pub mod store;
mod sweep;
mod verdict;

pub use flips::{Flips, flip};
pub use planted::Bug;
pub use plate::{Fate, Files, Lie, Plate, Remains};
pub use sweep::{ORDINARY_SEEDS, Swept, sweep};

use crate::checker::Violation;
use crate::dice::Dice;
use author::{Author, Batch, ride};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use verbatim_core::id::Seq;
use verbatim_core::limits::Limits;
use verbatim_core::record::Record;
use verbatim_core::saved::Beside;
use verbatim_net::engine::disk::{Disk, Rhythm};
use verbatim_net::engine::{Engine, Failure, Fault, Identity};

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
    /// Ends of the process alone: what it wrote is there, and lasts only once somebody syncs it.
    pub kills: u64,
    /// Syncs that failed.
    pub sync_errors: u64,
    /// Times there was no room.
    pub full: u64,
    /// Cuts that found writes which no sync had covered.
    pub unsynced: u64,
    /// Cuts that tore one.
    pub torn: u64,
    /// Logs that were loaded from a checkpoint and what came after it.
    pub tails: u64,
    /// Records that were committed.
    pub records: u64,
    /// Of them, those that were forgotten.
    pub forgotten: u64,
    /// Texts that were removed.
    pub emptied: u64,
}

impl Tally {
    /// Takes another run's in.
    pub fn add(&mut self, other: &Tally) {
        self.cuts += other.cuts;
        self.in_recovery += other.in_recovery;
        self.durable_unsaid += other.durable_unsaid;
        self.gone_unsaid += other.gone_unsaid;
        self.kills += other.kills;
        self.sync_errors += other.sync_errors;
        self.full += other.full;
        self.unsynced += other.unsynced;
        self.torn += other.torn;
        self.tails += other.tails;
        self.records += other.records;
        self.forgotten += other.forgotten;
        self.emptied += other.emptied;
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
    /// Who takes texts out of the log.
    operator: Dice,
    /// Whose texts are removed, and whose may be.
    emptied: BTreeSet<Seq>,
    removing: Option<Seq>,
    tally: Tally,
}

/// Runs a seed, with a bug or without.
///
/// # Errors
/// What was promised and is not so, with the guarantee that it breaks.
pub fn run(seed: u64, bug: Option<Bug>) -> Result<Tally, Violation> {
    let mut run = Run {
        dice: Dice::new(seed, "power"),
        plate: Bug::plate(bug),
        bug,
        records: Vec::new(),
        committed: 0,
        beside: BTreeMap::new(),
        pending: None,
        allowed: Seq(0),
        removed: Seq(0),
        operator: Dice::new(seed, "operator"),
        emptied: BTreeSet::new(),
        removing: None,
        tally: Tally::default(),
    };
    for _ in 0..run.dice.between(2, 5) {
        run.live()?;
    }
    run.tally.records = run.committed as u64;
    run.tally.forgotten = run.removed.0;
    Ok(run.tally)
}

/// What was said to be committed is not there as it was.
const DURABLE: &str = "G1 Durable";
/// A feed is not what was written.
const ONE_ORDER: &str = "G4 One order";
/// A feed leaves something out.
const NO_LOSS: &str = "G6 No silent loss";
/// How a log that fails is told, and what rides beside it.
const LOG_RULES: &str = "The rules of the log";

/// That rule is broken. A run has no clock.
fn broken(rule: &'static str, what: impl Into<String>) -> Violation {
    let (at, what) = (Duration::ZERO, what.into());
    Violation { rule, at, what }
}

impl Run {
    /// One life: load, look, write until it ends.
    fn live(&mut self) -> Result<(), Violation> {
        self.recover()?;
        let mut engine = self.engine();
        let refused = |failure| {
            broken(
                DURABLE,
                format!("a log that is whole is refused: {failure}"),
            )
        };
        let mut loaded = engine.load().map_err(refused)?;
        planted::on_load(self, &mut engine, &mut loaded).map_err(refused)?;
        self.look(&loaded)?;
        self.look_at_beginning(&engine)?;
        self.look_at_texts()?;
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
            going = self.remove_text(&mut engine, end)?;
            if !going {
                break;
            }
            let batch = author.batch();
            going = self.commit(&mut engine, batch, end)?;
        }
        if going && self.dice.chance(300) {
            // The power may go in its midst.
            drop(engine.close());
        }
        drop(engine);
        self.plate.set_room(None);
        self.end(end);
        Ok(())
    }

    /// A life is over: mostly the power goes, now and then the process alone.
    fn end(&mut self, end: End) {
        let killed = end != End::SyncError && self.dice.chance(150);
        match killed {
            true => {
                self.plate.spare();
                self.tally.kills += 1;
            }
            false => self.cut(),
        }
    }

    /// Allows the log to forget its beginning, now and then.
    fn trim(&mut self, engine: &mut Disk) {
        if self.dice.chance(300) {
            let up_to = Seq(self.dice.below(self.committed as u64 + 1));
            self.allowed = self.allowed.max(up_to);
            engine.trim(up_to, 0);
        }
    }

    fn cut(&mut self) {
        let remains = self.plate.power_cut(&mut self.dice);
        self.tally.cuts += 1;
        self.tally.unsynced += u64::from(remains.unsynced > 0);
        self.tally.torn += u64::from(remains.torn > 0);
    }

    /// Cuts while the log recovers.
    fn recover(&mut self) -> Result<(), Violation> {
        for _ in 0..self.dice.below(3) {
            let cut = self.dice.below(8);
            self.plate.cut_after(cut);
            let loaded = self.engine().load();
            if let Err(failure) = &loaded
                && failure.fault == Fault::Damaged
                && !failure.text.contains("no power")
            {
                let what = format!("a cut in recovery is taken for damage: {failure}");
                return Err(broken(DURABLE, what));
            }
            self.cut();
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
            journal: 4096 * self.dice.between(1, 12),
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
    fn commit(&mut self, engine: &mut Disk, batch: Batch, end: End) -> Result<bool, Violation> {
        let head = Seq((self.records.len() + batch.records.len()) as u64);
        match planted::commit(self.bug, engine, &batch, head) {
            Ok(seq) if seq == head => {
                ride(&mut self.beside, &batch);
                self.records.extend(batch.records);
                self.committed = self.records.len();
                Ok(true)
            }
            Ok(seq) => {
                let what = format!("a commit of everything up to {head} says {seq}");
                Err(broken(LOG_RULES, what))
            }
            Err(failure) => self.on_failed(batch, end, &failure),
        }
    }

    /// A commit failed: it does not say more than what befell its disk.
    fn on_failed(&mut self, batch: Batch, end: End, failure: &Failure) -> Result<bool, Violation> {
        self.pending = Some(batch);
        self.expected(end, failure)
    }

    /// Whether a failure is that which befell the disk; then the life is over.
    fn expected(&mut self, end: End, failure: &Failure) -> Result<bool, Violation> {
        let expected = match end {
            End::Cut => failure.text.contains("no power") || failure.fault == Fault::Sync,
            End::SyncError => failure.fault == Fault::Sync,
            End::NoRoom => failure.fault == Fault::Full,
        };
        self.tally.sync_errors += u64::from(end == End::SyncError);
        self.tally.full += u64::from(end == End::NoRoom);
        match expected {
            true => Ok(false),
            false => {
                let what = format!("{end:?} is told as {:?}: {failure}", failure.fault);
                Err(broken(LOG_RULES, what))
            }
        }
    }
}
