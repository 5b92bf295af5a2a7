//! Bugs of a disk engine, planted from outside: what it is handed is changed, or what it says.

use super::author::Batch;
use verbatim_core::id::Seq;
use verbatim_core::router::Page;
use verbatim_core::saved::Beside;
use verbatim_net::engine::disk::Disk;
use verbatim_net::engine::{Engine, Failure, Fault};

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The disk says that it synced, and did not.
    SyncsNothing,
    /// A commit that failed is said to have returned.
    AcceptsBeforeCommit,
    /// A page leaves its last message out.
    ReadsOneTooFew,
    /// What rides beside the log is not committed with it.
    ForgetsCursors,
    /// A sync that failed is told as a lack of room, so that it would be tried again.
    SyncErrorPasses,
    /// A lack of room is told as an error of the system, so that the server would stop.
    FullIsFatal,
}

/// All of them, with their names.
pub const PLANTED: [(&str, Bug); 6] = [
    ("syncs-nothing", Bug::SyncsNothing),
    ("accepts-before-commit", Bug::AcceptsBeforeCommit),
    ("reads-one-too-few", Bug::ReadsOneTooFew),
    ("forgets-cursors", Bug::ForgetsCursors),
    ("sync-error-passes", Bug::SyncErrorPasses),
    ("full-is-fatal", Bug::FullIsFatal),
];

/// What the engine is handed of a batch.
pub(super) fn on_batch(bug: Option<Bug>, mut batch: Batch) -> Batch {
    if bug == Some(Bug::ForgetsCursors) {
        batch
            .beside
            .retain(|one| !matches!(one, Beside::Standing(_)));
    }
    batch
}

/// What the engine reads.
pub(super) fn on_page(bug: Option<Bug>, page: &mut Page) {
    if bug == Some(Bug::ReadsOneTooFew) && page.messages.len() > 3 {
        page.messages.pop();
    }
}

/// What the engine says of a commit.
pub(super) fn on_commit(bug: Option<Bug>, engine: &mut Disk, head: usize) -> Result<Seq, Failure> {
    let done = engine.commit();
    match (bug, done) {
        (Some(Bug::AcceptsBeforeCommit), _) => Ok(Seq(head as u64)),
        (Some(Bug::SyncErrorPasses), Err(failure)) if failure.fault == Fault::Sync => {
            Err(Failure::new(Fault::Full, failure.text))
        }
        (Some(Bug::FullIsFatal), Err(failure)) if failure.fault == Fault::Full => {
            Err(Failure::new(Fault::Io, failure.text))
        }
        (_, done) => done,
    }
}
