//! The planted bugs of a disk engine and of a client's store, hunted where the power is cut at every operation.

use super::{Plant, Planting};
use crate::power::{Bug, store};

/// All of them.
pub const ON_DISKS: &[Planting] = &[
    power(
        "syncs-nothing",
        Bug::SyncsNothing,
        "a sync does nothing, and says that it did",
    ),
    power(
        "directory-not-synced",
        Bug::SyncsNoDirectory,
        "a new file is synced, its name is not",
    ),
    power(
        "journal-not-synced",
        Bug::JournalNotSynced,
        "a commit writes the journal, and does not sync it",
    ),
    power(
        "fold-not-synced",
        Bug::FoldNotSynced,
        "the journal begins anew before the store is synced",
    ),
    power(
        "failed-is-done",
        Bug::FailedIsDone,
        "a commit that failed is said to have returned",
    ),
    power(
        "reads-one-too-few",
        Bug::ReadsOneTooFew,
        "a page of the log leaves its last message out",
    ),
    power(
        "cursors-not-committed",
        Bug::ForgetsCursors,
        "cursors do not ride on the commit",
    ),
    power(
        "cursors-first",
        Bug::CursorsFirst,
        "cursors are committed before the records they cover",
    ),
    power(
        "batch-in-two",
        Bug::BatchInTwo,
        "a batch is committed in two transactions",
    ),
    power(
        "torn-tail-taken",
        Bug::TornTailTaken,
        "a record that a crash cut off is taken for one",
    ),
    power(
        "tail-dropped",
        Bug::TailDropped,
        "what came after the checkpoint is not replayed",
    ),
    power(
        "tail-twice",
        Bug::TailTwice,
        "what came after the checkpoint is replayed twice",
    ),
    power(
        "sync-retried",
        Bug::SyncRetried,
        "a sync that failed is tried again, and then counts",
    ),
    power(
        "sync-error-passes",
        Bug::SyncErrorPasses,
        "a sync that failed is told as a lack of room",
    ),
    power(
        "full-is-fatal",
        Bug::FullIsFatal,
        "a lack of room is told as a broken disk",
    ),
    power(
        "removes-no-text",
        Bug::RemovesNothing,
        "a text is said to be removed, and is not",
    ),
    power(
        "removed-left-out",
        Bug::LeavesOutRemoved,
        "a page leaves out whose text was removed",
    ),
    store(
        "sent-before-kept",
        store::Bug::SentBeforeKept,
        "a line leaves before its id is durable",
    ),
    store(
        "cursor-first",
        store::Bug::CursorFirst,
        "a cursor is stored before its messages",
    ),
    store(
        "cursor-last",
        store::Bug::CursorLast,
        "messages are stored before their cursor",
    ),
    store(
        "failed-write-ignored",
        store::Bug::FailureIgnored,
        "a client goes on when its store fails",
    ),
    store(
        "store-not-synced",
        store::Bug::SyncsNothing,
        "a sync of the client's disk does nothing",
    ),
];

const fn power(name: &'static str, bug: Bug, imitates: &'static str) -> Planting {
    let plant = Plant::Power(bug);
    Planting {
        name,
        imitates,
        plant,
    }
}

const fn store(name: &'static str, bug: store::Bug, imitates: &'static str) -> Planting {
    let plant = Plant::Store(bug);
    Planting {
        name,
        imitates,
        plant,
    }
}
