//! The log on a disk, on the embedded store redb.
//!
//! *Stretches* of the log are the values of one table: what a commit takes is one value (or a few, so that none is
//! large), which costs a third of what a row for each record does. Who wants to read a feed or a conversation finds
//! its seqs in *postings*: lists that are written with a checkpoint, and kept in memory for what came after the last
//! one. A *checkpoint* is the space at one seq. Everything of one batch is one entry of the [`journal`], or one transaction
//! of the store, which takes in all that the journal has with it; what is told to anybody as accepted is told when that has
//! returned.
//!
//! Every transaction of the store commits in two phases. redb's one-phase commit finds out by a checksum that is no cryptographic one
//! whether it is whole, and whoever can choose bodies could choose one that makes half a commit look like a whole one;
//! chat is exactly that. Beyond [`QUICK_REPAIR_BYTES`] a commit also carries what a start after a crash would otherwise
//! have to read the whole file for.

mod anchor;
mod backup;
mod chain;
mod check;
mod commit;
mod fold;
mod fresh;
mod journal;
mod layout;
mod load;
mod medium;
mod open;
mod postings;
mod read;
mod rehearsal;
mod removal;
mod stretch;
mod tail;
mod trim;
mod watched;
mod wipe;

pub use backup::View;
pub use chain::{Proof, body_hash};
pub use check::{Checked, Found, check};
pub use medium::{FileMedium, LOCK_NAME, Medium};
pub use removal::{NotRemoved, Removal, remove_text};

use super::{Engine, Failure, Identity, Loaded};
use redb::Database;
use std::collections::BTreeMap;
use verbatim_core::id::{Seq, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::record::{Record, Stream};
use verbatim_core::router::{Page, Past, Question};
use verbatim_core::saved::Beside;
use verbatim_core::space::Space;

/// Memory for pages of the file, in bytes.
const CACHE_BYTES: usize = 16 << 20;
/// A file of more bytes than this is not read as a whole after a crash (about a second here): its commits carry more.
const QUICK_REPAIR_BYTES: u64 = 1 << 30;

/// When a checkpoint is written: whichever comes first.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    /// So many records since the last one.
    pub records: usize,
    /// So many bytes of log since the last one; or four times its own size, if that is more.
    pub bytes: u64,
    /// How long the journal is: as soon as the next commit does not fit into it, the store takes all in.
    pub journal: u64,
}

impl Default for Rhythm {
    /// A tail that is replayed in a tenth of a second, and whose index takes about a mebibyte; a journal that the store takes
    /// in within some milliseconds.
    fn default() -> Rhythm {
        Rhythm {
            records: 65_536,
            bytes: 8 << 20,
            journal: 4 << 20,
        }
    }
}

/// A log on a medium.
pub struct Disk {
    medium: Box<dyn Medium>,
    fresh: Identity,
    rhythm: Rhythm,
    bytes_max: u64,
    overhead: u64,
    bounds: trim::Bounds,
    /// What may be forgotten, until nothing of it has to be.
    trim: Option<trim::Ask>,
    open: Option<Open>,
    /// A commit failed: nothing is written before the log is loaded again.
    failed: bool,
    records: Vec<Record>,
    beside: BTreeMap<(u8, u64), Beside>,
}

/// What is known of a log that is open.
struct Open {
    db: Database,
    watch: watched::Watch,
    /// The fold of all that is committed.
    space: Space,
    proof: Proof,
    tail: tail::Tail,
    /// What messages count, as the limits count it.
    bytes: u64,
    checkpoint_bytes: u64,
    checkpoint_head: Seq,
    /// Where the log begins.
    anchor: anchor::Anchor,
    /// Something went, and more has to.
    trimming: bool,
    identity: Identity,
    /// Once something was committed.
    journal: Option<journal::Journal>,
    /// What only the journal has.
    fresh: fresh::Fresh,
}

impl Disk {
    /// A log on that medium; `fresh` is who it becomes if there is none yet. Nothing is touched before `load`.
    pub fn new(medium: Box<dyn Medium>, fresh: Identity, limits: &Limits) -> Disk {
        Disk {
            medium,
            fresh,
            rhythm: Rhythm::default(),
            bytes_max: limits.log_bytes_max,
            overhead: limits.message_overhead_bytes,
            bounds: trim::Bounds::of(limits),
            trim: None,
            open: None,
            failed: false,
            records: Vec::new(),
            beside: BTreeMap::new(),
        }
    }

    /// The same with checkpoints at another rhythm.
    #[must_use]
    pub fn with_rhythm(mut self, rhythm: Rhythm) -> Disk {
        self.rhythm = rhythm;
        self
    }

    /// The last committed record's place in the chain; `None` before `load`.
    pub fn proof(&self) -> Option<Proof> {
        self.open.as_ref().map(|open| open.proof)
    }
}

/// What every door of an open log may expect.
const IS_OPEN: &str = "a log is loaded before it is used, and again after a failure";

impl Engine for Disk {
    fn load(&mut self) -> Result<Loaded, Failure> {
        self.open = None;
        self.records.clear();
        self.beside.clear();
        self.trim = None;
        self.failed = false;
        let (open, loaded) = load::load(&mut *self.medium, self.fresh, self.overhead)?;
        self.open = Some(open);
        Ok(Loaded {
            room: self.room(),
            ..loaded
        })
    }

    fn append(&mut self, record: Record) {
        self.records.push(record);
    }

    fn save(&mut self, beside: Beside) {
        self.beside.insert(beside.key(), beside);
    }

    fn commit(&mut self) -> Result<Seq, Failure> {
        let done = self.commit_batch();
        self.failed |= done.is_err();
        done
    }

    fn room(&self) -> u64 {
        let open = self.open.as_ref();
        let (used, fresh) = open.map_or((0, 0), |open| (open.bytes, open.fresh.bytes));
        // A byte of the log takes up to two in the store, and what the journal has takes them by and by.
        let free = (self.medium.free() / 2).saturating_sub(fresh);
        self.bytes_max.saturating_sub(used).min(free)
    }

    fn read(
        &self,
        user: UserId,
        after: Seq,
        messages_max: usize,
        bytes_max: usize,
    ) -> Result<Page, Failure> {
        let open = self.open.as_ref().expect(IS_OPEN);
        read::page(open, user, after, (messages_max, bytes_max))
    }

    fn recall(&self, question: &Question) -> Result<Past, Failure> {
        read::past(self.open.as_ref().expect(IS_OPEN), question)
    }

    fn forget(&mut self, _stream: Stream, _up_to: Seq) {
        // A log on disk is history: it forgets only what its operator asks it to.
    }

    fn trim(&mut self, up_to: Seq, age: u64) {
        self.trim = Some(trim::Ask { up_to, age });
    }

    fn is_trimming(&self) -> bool {
        self.trim.is_some()
    }

    fn removed(&self) -> Seq {
        let open = self.open.as_ref();
        open.map_or(Seq(0), |open| open.anchor.proof.head)
    }

    fn proof(&self) -> Option<Proof> {
        Disk::proof(self)
    }

    fn remove_text(&mut self, seq: Seq) -> Result<Removal, NotRemoved> {
        let done = self.fold_and_remove(seq);
        self.failed |= matches!(done, Err(NotRemoved::Failed(_)));
        done
    }

    fn has_room_to_fold(&self) -> Result<(), Failure> {
        Disk::has_room_to_fold(self)
    }

    fn fold(&mut self) -> Result<(), Failure> {
        let done = self.fold_all();
        self.failed |= done.is_err();
        done
    }

    fn close(&mut self) -> Result<(), Failure> {
        if self.failed {
            return Ok(());
        }
        let done = self.fold_up();
        self.failed |= done.is_err();
        done
    }

    fn view(&self) -> Result<View, Failure> {
        let open = self.open.as_ref().expect(IS_OPEN);
        View::of(&open.db, open.watch.view())
    }
}
