//! Why there is no store, or why one cannot be written.

use redb::{DatabaseError, Error, StorageError};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why there is no store. Nothing was changed then.
#[derive(Debug)]
pub enum NoStore {
    /// Another process has it.
    Locked(PathBuf),
    /// A newer program wrote it.
    Newer(PathBuf),
    /// It is no store at all.
    Foreign(PathBuf),
    /// It is a store, and what stands in it cannot be; the text says what was found.
    Damaged(PathBuf, String),
    /// The system refused something.
    Io(PathBuf, io::Error),
}

impl fmt::Display for NoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoStore::Locked(path) => write!(
                f,
                "another verbatim uses {}: this one is a device of its own and keeps nothing",
                path.display()
            ),
            NoStore::Newer(path) => write!(
                f,
                "{} was written by a newer verbatim: use that one; this is a throw-away device",
                path.display()
            ),
            NoStore::Foreign(path) => write!(
                f,
                "{} is not what verbatim writes: move it away; until then this is a throw-away device",
                path.display()
            ),
            NoStore::Damaged(path, what) => write!(
                f,
                "{} is damaged ({what}): move it away, or put a good copy in its place; until then this is a throw-away device",
                path.display()
            ),
            NoStore::Io(path, error) => write!(
                f,
                "cannot use {}: {error}; this is a throw-away device",
                path.display()
            ),
        }
    }
}

/// What redb says, as what it means for who wants to open a store.
pub(super) fn not_opened(path: PathBuf, error: DatabaseError) -> NoStore {
    match error {
        DatabaseError::DatabaseAlreadyOpen => NoStore::Locked(path),
        DatabaseError::UpgradeRequired(_) | DatabaseError::LockProtocolMismatch => {
            NoStore::Foreign(path)
        }
        DatabaseError::Storage(StorageError::Io(error))
            if error.kind() == io::ErrorKind::InvalidData =>
        {
            NoStore::Foreign(path)
        }
        DatabaseError::Storage(StorageError::Io(error)) => NoStore::Io(path, error),
        other => NoStore::Damaged(path, other.to_string()),
    }
}

/// What redb says of a failed write.
pub(super) fn not_written(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        other => io::Error::other(other),
    }
}

/// Whether a write that failed so may be tried again. After a sync that failed nobody knows what is on the disk: the
/// system may have dropped what it could not write, and says at the next sync that all is well.
pub(super) fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge
            | io::ErrorKind::WriteZero
    )
}
