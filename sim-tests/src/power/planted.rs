//! Bugs of a disk engine, planted from outside: what it is handed is changed, or what it says, or its disk lies.

use super::Run;
use super::author::Batch;
use super::emptied::as_if_removed;
use super::plate::{Lie, Plate};
use verbatim_core::id::{MessageId, Seq};
use verbatim_core::record::{Message, Record, What};
use verbatim_core::router::Page;
use verbatim_core::saved::Beside;
use verbatim_core::space::Space;
use verbatim_core::wire::Delivery;
use verbatim_net::engine::disk::{Disk, NotRemoved, Removal};
use verbatim_net::engine::{Engine, Failure, Fault, Loaded};

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The disk says that it synced, and did not.
    SyncsNothing,
    /// The file is synced, and its name in the directory is not.
    SyncsNoDirectory,
    /// The journal is written, and not synced.
    JournalNotSynced,
    /// What the store takes in is not synced before the journal is written from its beginning again.
    FoldNotSynced,
    /// A commit that failed is said to have returned.
    FailedIsDone,
    /// A page leaves its last message out.
    ReadsOneTooFew,
    /// What rides beside the log is not committed with it.
    ForgetsCursors,
    /// What rides beside the log is committed before the records that it tells of.
    CursorsFirst,
    /// A batch is committed in two transactions.
    BatchInTwo,
    /// Of a batch that a crash cut off, the first record is taken for one of the log, though its body is not whole.
    TornTailTaken,
    /// What came after the checkpoint is not folded in.
    TailDropped,
    /// What came after the checkpoint is folded in twice.
    TailTwice,
    /// A sync that failed is tried again, and then counts.
    SyncRetried,
    /// A sync that failed is told as a lack of room, so that it would be tried again.
    SyncErrorPasses,
    /// A lack of room is told as an error of the system, so that the server would stop.
    FullIsFatal,
    /// A text is said to be removed, and is not.
    RemovesNothing,
    /// A page leaves a message out whose text was removed.
    LeavesOutRemoved,
}

impl Bug {
    /// The disk that it needs.
    pub(super) fn plate(bug: Option<Bug>) -> Plate {
        match bug {
            Some(Bug::SyncsNothing) => Plate::lying(Lie::Sync),
            Some(Bug::SyncsNoDirectory) => Plate::lying(Lie::Directory),
            Some(Bug::JournalNotSynced) => Plate::lying(Lie::Journal),
            Some(Bug::FoldNotSynced) => Plate::lying(Lie::Store),
            _ => Plate::default(),
        }
    }
}

/// What the engine has loaded.
pub(super) fn on_load(run: &Run, engine: &mut Disk, loaded: &mut Loaded) -> Result<(), Failure> {
    let head = loaded.saved.space.head().0 as usize;
    let tail = head
        .saturating_sub(loaded.replayed as usize)
        .min(run.records.len());
    match run.bug {
        Some(Bug::TornTailTaken) if head == run.committed => {
            let pending = run.pending.iter().flat_map(|batch| &batch.records);
            if let Some(record) = pending.take(1).find_map(torn) {
                loaded.saved.space.apply(&record);
                engine.append(record);
                engine.commit()?;
            }
        }
        Some(Bug::TailDropped) => {
            loaded.saved.space = Space::default();
            let kept = &run.records[..tail];
            kept.iter().for_each(|one| loaded.saved.space.apply(one));
        }
        Some(Bug::TailTwice) => {
            for record in &run.records[tail..head.min(run.records.len())] {
                again(&mut loaded.saved.space, record);
            }
        }
        _ => {}
    }
    Ok(())
}

/// A message of which the disk has half of the body.
fn torn(record: &Record) -> Option<Record> {
    let What::Message(message) = &record.what else {
        return None;
    };
    let mut body = message.body().to_owned();
    body.truncate(body.len() / 2);
    let delivery = Delivery {
        body: &body,
        ..message.delivery()
    };
    let id = (message.id, message.hash);
    let message = Message::new((message.from, message.to), id, &delivery, &mut Vec::new());
    Some(Record {
        what: What::Message(message),
        ..record.clone()
    })
}

/// Folds a message in once more, behind the others.
fn again(space: &mut Space, record: &Record) {
    if let What::Message(message) = &record.what {
        let mut message = message.clone();
        (message.seq, message.id) = (space.head().next(), MessageId(0));
        space.apply(&Record {
            seq: message.seq,
            stamp: record.stamp,
            what: What::Message(message),
        });
    }
}

/// Asks the engine to take a text out.
pub(super) fn remove_text(
    bug: Option<Bug>,
    engine: &mut Disk,
    (record, wanted): (&Record, bool),
) -> Result<Removal, NotRemoved> {
    let said = as_if_removed(record).filter(|_| wanted && bug == Some(Bug::RemovesNothing));
    said.map_or_else(|| engine.remove_text(record.seq), Ok)
}

/// What the engine reads.
pub(super) fn on_page(bug: Option<Bug>, page: &mut Page) {
    if bug == Some(Bug::LeavesOutRemoved) {
        page.messages.retain(|message| !message.delivery().removed);
    }
    if bug == Some(Bug::ReadsOneTooFew) && page.messages.len() > 3 {
        page.messages.pop();
    }
}

/// Hands a batch to the engine, and tells what it says of it.
pub(super) fn commit(
    bug: Option<Bug>,
    engine: &mut Disk,
    batch: &Batch,
    head: Seq,
) -> Result<Seq, Failure> {
    let (first, second) = parts(bug, batch);
    let before = first.map_or(Ok(Seq(0)), |first| hand(engine, first));
    let done = before.and_then(|_| hand(engine, second.clone()));
    match (bug, done) {
        (Some(Bug::FailedIsDone), Err(_)) => Ok(head),
        (Some(Bug::SyncRetried), Err(failure)) if failure.fault == Fault::Sync => {
            engine.load()?;
            hand(engine, second)
        }
        (Some(Bug::SyncErrorPasses), Err(failure)) if failure.fault == Fault::Sync => {
            Err(Failure::new(Fault::Full, failure.text))
        }
        (Some(Bug::FullIsFatal), Err(failure)) if failure.fault == Fault::Full => {
            Err(Failure::new(Fault::Io, failure.text))
        }
        (_, done) => done,
    }
}

fn hand(engine: &mut Disk, batch: Batch) -> Result<Seq, Failure> {
    batch.records.into_iter().for_each(|one| engine.append(one));
    batch.beside.into_iter().for_each(|one| engine.save(one));
    engine.commit()
}

/// What the engine is handed of a batch, and what of that before the rest.
fn parts(bug: Option<Bug>, batch: &Batch) -> (Option<Batch>, Batch) {
    let mut rest = batch.clone();
    let first = match bug {
        Some(Bug::ForgetsCursors) => {
            rest.beside
                .retain(|one| !matches!(one, Beside::Standing(_)));
            None
        }
        Some(Bug::CursorsFirst) => Some(Batch {
            records: Vec::new(),
            beside: std::mem::take(&mut rest.beside),
        }),
        Some(Bug::BatchInTwo) => Some(Batch {
            records: rest.records.drain(..rest.records.len() / 2).collect(),
            beside: Vec::new(),
        }),
        _ => None,
    };
    (first, rest)
}
