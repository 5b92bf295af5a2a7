//! What a log lies on: a file of a directory that only one process has, or something simulated.

use super::super::{Failure, Fault};
use super::layout::{in_use, io_failed};
use redb::StorageBackend;
use redb::backends::FileBackend;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where a log lies.
pub trait Medium: Send {
    /// Opens it, anew each time; an empty one becomes a new log.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open(&mut self) -> Result<Box<dyn StorageBackend>, Failure>;

    /// Bytes that it could still take; `u64::MAX` if it does not know.
    fn free(&self) -> u64;
}

/// The file's name in its directory.
const FILE_NAME: &str = "log.redb";
/// Beside it: locked by the process that has the log.
const LOCK_NAME: &str = "lock";

/// A directory of its own.
#[derive(Debug)]
pub struct FileMedium {
    directory: PathBuf,
    free: fn(&Path) -> u64,
    _lock: File,
}

impl FileMedium {
    /// Takes a directory for this process, and makes it if it is not there (mode 0700). `free` tells how many bytes its
    /// file system could still take.
    ///
    /// # Errors
    /// Another process has it, or the system refuses.
    pub fn take(directory: &Path, free: fn(&Path) -> u64) -> Result<FileMedium, Failure> {
        let refused = |error: &io::Error| {
            let text = format!(
                "cannot use the directory {} for the log: {error}; choose another with --data, or --engine memory to keep \
                 nothing",
                directory.display()
            );
            Failure::new(Fault::Io, text)
        };
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory);
        made.map_err(|error| refused(&error))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(directory.join(LOCK_NAME))
            .map_err(|error| refused(&error))?;
        match lock.try_lock() {
            Ok(()) => Ok(FileMedium {
                directory: directory.into(),
                free,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(in_use()),
            Err(TryLockError::Error(error)) => Err(refused(&error)),
        }
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.directory.join(FILE_NAME)
    }
}

impl Medium for FileMedium {
    fn open(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        let (path, failed) = (self.path(), |error: io::Error| io_failed(&error, true));
        let is_new = !path.exists();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        if is_new {
            // A file whose directory was not synced can be gone after a power cut, with all that was synced into it.
            File::open(&self.directory)
                .and_then(|directory| directory.sync_all())
                .map_err(failed)?;
        }
        let backend = FileBackend::new(file).map_err(super::layout::failed_to_read)?;
        Ok(Box::new(backend))
    }

    fn free(&self) -> u64 {
        (self.free)(&self.directory)
    }
}
