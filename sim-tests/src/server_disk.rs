//! The disk of a run's server, over all its starts: what befalls it, what a power cut leaves of it, and the log on it. It
//! is the same on every ground.

use crate::cast::Stage;
use crate::dice::{Dice, mix};
use crate::history::{ServerNews, What};
use crate::power::{Lie, Plate};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use verbatim_core::id::{Seq, StoreId, UserId};
use verbatim_core::record::{Record, Stream};
use verbatim_core::router::{Page, Past, Question};
use verbatim_core::saved::Beside;
use verbatim_core::wire::Durability;
use verbatim_net::engine::disk::{Disk, NotRemoved, Removal, Rhythm};
use verbatim_net::engine::{Engine, Failure, Fault, Identity, Loaded, Memory};
use verbatim_net::{Delay, Log, ServerConfig};

/// What can befall a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskTrouble {
    /// It grows by so many bytes and no more; `unseen`: it takes nothing at all, and says that it has room.
    Full {
        /// Bytes.
        room: u64,
        /// Nobody can see it coming.
        unseen: bool,
    },
    /// There is room again.
    Room,
    /// The power goes at its operation after so many others; and once more, when the log recovers, after so many (0: not).
    Cut {
        /// Writes and syncs before the cut.
        after: u64,
        /// The same in the recovery.
        again: u64,
    },
    /// The first sync after so many operations fails.
    Error {
        /// Writes and syncs before it.
        after: u64,
    },
}

/// What happens to the server's disk, and to a log on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskNews {
    /// The power went, and came back.
    PowerCut {
        /// So many writes were covered by no sync.
        unsynced: u64,
        /// Of so many of them a part is there.
        torn: u64,
        /// The log was being recovered from the cut before.
        in_recovery: bool,
    },
    /// A log that was there was loaded.
    Loaded {
        /// Up to where the server before knew it to be committed.
        told: u64,
        /// Its last record.
        head: u64,
        /// So many of its records came after the checkpoint.
        replayed: u64,
    },
    /// A commit failed for lack of room: everybody is sent away, and the server begins anew without a new process.
    CommitFailed,
    /// A sync failed: the server ends.
    SyncFailed,
}

/// See the module's words. Cloning it clones a handle.
#[derive(Clone)]
pub struct ServerDisk(Rc<Inner>);

struct Inner {
    stage: Stage,
    plate: Plate,
    /// The power goes in the next recovery, after so many operations; 0: it does not.
    again: Cell<u64>,
    /// Its machine is to be started anew.
    ill: Cell<bool>,
    /// Power cuts so far.
    cuts: Cell<u64>,
    /// How often a log was begun on it.
    begun: Cell<u64>,
    /// The last record that a server was told to be committed.
    told: Cell<u64>,
    /// Commits take no time any more.
    calm: Cell<bool>,
}

impl ServerDisk {
    /// The disk of that run's server. If the plan gives it none, nothing that happens to it matters.
    pub fn new(stage: &Stage) -> ServerDisk {
        ServerDisk(Rc::new(Inner {
            stage: stage.clone(),
            plate: Plate::default(),
            again: Cell::new(0),
            ill: Cell::new(false),
            cuts: Cell::new(0),
            begun: Cell::new(0),
            told: Cell::new(0),
            calm: Cell::new(false),
        }))
    }

    /// Whether the server keeps its log on it.
    pub fn is_used(&self) -> bool {
        self.0.stage.plan.disk
    }

    fn note(&self, news: DiskNews) {
        if self.is_used() {
            self.0
                .stage
                .history
                .note(What::Server(ServerNews::Disk(news)));
        }
    }

    /// Something befalls it.
    pub fn befall(&self, trouble: DiskTrouble) {
        let Inner {
            plate, again, ill, ..
        } = &*self.0;
        match trouble {
            DiskTrouble::Full { unseen: true, .. } => plate.fill_unseen(),
            DiskTrouble::Full { room, .. } => plate.set_room(Some(plate.length() + room)),
            DiskTrouble::Room => plate.set_room(None),
            DiskTrouble::Cut { after, again: more } => {
                plate.cut_after(after);
                again.set(more);
                ill.set(true);
            }
            DiskTrouble::Error { after } => {
                plate.fail_sync_after(after);
                ill.set(true);
            }
        }
    }

    /// It does not keep its word from now on.
    pub fn lie(&self, lie: Lie) {
        self.0.plate.lie(lie);
    }

    /// Its server dies: a dead process writes nothing. To be followed by [`ServerDisk::on_dead`].
    pub fn on_dying(&self) {
        self.0.plate.cut_after(0);
    }

    /// Its server is dead, as after a kill or, with `power`, after a power cut: what it had not synced may be gone. It is
    /// told when that is.
    pub fn on_dead(&self, power: bool, now: Duration) {
        self.0.plate.spare();
        if power {
            self.cut(false, now);
        }
    }

    /// A server hears that everything up to there is committed.
    pub fn on_told(&self, seq: Seq) {
        self.0.told.set(seq.0.max(self.0.told.get()));
    }

    /// Whether the power has gone.
    pub fn is_dark(&self) -> bool {
        self.0.plate.is_dark()
    }

    /// Whether its machine is to be started anew with its server: then it is well again.
    pub fn takes_illness(&self) -> bool {
        self.0.ill.take()
    }

    fn cut(&self, in_recovery: bool, now: Duration) {
        let Inner {
            stage, plate, cuts, ..
        } = &*self.0;
        cuts.set(cuts.get() + 1);
        let mut dice = Dice::new(stage.plan.seed, "power").of(cuts.get());
        let remains = plate.power_cut(&mut dice);
        let news = DiskNews::PowerCut {
            unsynced: remains.unsynced,
            torn: remains.torn,
            in_recovery,
        };
        if self.is_used() {
            let what = What::Server(ServerNews::Disk(news));
            stage.history.note_at(now, what);
        }
    }

    /// The engine of a server that starts. If the power is to go while the log recovers, it has gone and is back.
    ///
    /// # Panics
    /// That cut is taken for damage.
    pub fn engine(&self) -> Box<dyn Engine> {
        let Inner {
            plate,
            again,
            begun,
            ..
        } = &*self.0;
        begun.set(begun.get() + 1);
        let more = again.take();
        if more > 0 && self.is_used() {
            plate.cut_after(more);
            if let Err(failure) = self.log().load() {
                assert_ne!(
                    failure.fault,
                    Fault::Damaged,
                    "a cut in recovery: {failure}"
                );
            }
            self.cut(true, self.0.stage.history.now());
        }
        Box::new(Noted {
            engine: self.log(),
            disk: self.clone(),
        })
    }

    fn log(&self) -> Box<dyn Engine> {
        let Inner {
            stage,
            plate,
            begun,
            ..
        } = &*self.0;
        let (seed, limits) = (stage.plan.seed, stage.plan.limits());
        if !self.is_used() {
            return Box::new(Memory::new(&limits));
        }
        let fresh = Identity {
            store: StoreId(mix(seed, 6)),
            hash_key: [mix(seed, 7), mix(seed, 8)],
        };
        let rhythm = Rhythm {
            records: 1 + (mix(seed, begun.get()) % 60) as usize,
            bytes: 1 << 30,
            journal: 4096 * (1 + mix(seed, !begun.get()) % 16),
        };
        let disk = Disk::new(Box::new(plate.clone()), fresh, &limits);
        Box::new(disk.with_rhythm(rhythm))
    }

    /// Puts the log of a server there that is about to start, if the plan does: an engine in the server's own task, whose
    /// commits take their time.
    pub fn serve(&self, config: &mut ServerConfig) {
        if self.is_used() {
            config.log = Log::later(self.engine(), self.delay());
            config.router.level = Durability::Disk;
        }
    }

    /// How the commits of the server's log take their time on a substrate that has tasks.
    fn delay(&self) -> Box<dyn FnMut() -> Delay> {
        let plan = &self.0.stage.plan;
        let longest = plan.commit_max * 1_000;
        let mut dice = Dice::new(plan.seed, "commits").of(self.0.begun.get());
        let disk = self.clone();
        Box::new(move || Delay {
            span: Duration::from_micros(match disk.0.calm.get() {
                true => 0,
                false => dice.below(longest + 1),
            }),
            at_the_end: dice.chance(500),
        })
    }

    /// Nothing befalls it any more, nor does it take its time.
    pub fn calm(&self) {
        self.0.calm.set(true);
    }
}

/// An engine whose troubles are written down.
struct Noted {
    engine: Box<dyn Engine>,
    disk: ServerDisk,
}

impl Engine for Noted {
    fn load(&mut self) -> Result<Loaded, Failure> {
        let loaded = self.engine.load()?;
        let head = loaded.saved.space.head().0;
        let told = self.disk.0.told.replace(head);
        if head > 0 {
            self.disk.note(DiskNews::Loaded {
                told,
                head,
                replayed: loaded.replayed,
            });
        }
        Ok(loaded)
    }

    fn append(&mut self, record: Record) {
        self.engine.append(record);
    }

    fn save(&mut self, beside: Beside) {
        self.engine.save(beside);
    }

    fn commit(&mut self) -> Result<Seq, Failure> {
        let done = self.engine.commit();
        if let Err(failure) = &done
            && !self.disk.is_dark()
        {
            match failure.fault {
                Fault::Full => self.disk.note(DiskNews::CommitFailed),
                Fault::Sync => self.disk.note(DiskNews::SyncFailed),
                _ => {}
            }
        }
        done
    }

    fn room(&self) -> u64 {
        self.engine.room()
    }

    fn read(
        &self,
        user: UserId,
        after: Seq,
        messages_max: usize,
        bytes_max: usize,
    ) -> Result<Page, Failure> {
        self.engine.read(user, after, messages_max, bytes_max)
    }

    fn recall(&self, question: &Question) -> Result<Past, Failure> {
        self.engine.recall(question)
    }

    fn forget(&mut self, stream: Stream, up_to: Seq) {
        self.engine.forget(stream, up_to);
    }

    fn trim(&mut self, up_to: Seq, age: u64) {
        self.engine.trim(up_to, age);
    }

    fn is_trimming(&self) -> bool {
        self.engine.is_trimming()
    }

    fn removed(&self) -> Seq {
        self.engine.removed()
    }

    fn remove_text(&mut self, seq: Seq) -> Result<Removal, NotRemoved> {
        self.engine.remove_text(seq)
    }

    fn has_room_to_fold(&self) -> Result<(), Failure> {
        self.engine.has_room_to_fold()
    }

    fn fold(&mut self) -> Result<(), Failure> {
        self.engine.fold()
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.engine.close()
    }
}
