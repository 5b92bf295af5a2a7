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
    /// Whether there is a log.
    ///
    /// # Errors
    /// The system does not say.
    fn exists(&mut self) -> Result<bool, Failure>;

    /// Opens it, anew each time.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open(&mut self) -> Result<Box<dyn StorageBackend>, Failure>;

    /// An empty place beside it, in which a new one is made: half a log must never stand where a log is looked for.
    ///
    /// # Errors
    /// It cannot be made.
    fn begin(&mut self) -> Result<Box<dyn StorageBackend>, Failure>;

    /// Puts what was made there in its place, all at once and durably.
    ///
    /// # Errors
    /// The system refuses.
    fn put_in_place(&mut self) -> Result<(), Failure>;

    /// The journal beside the log; `None`: there is none.
    ///
    /// # Errors
    /// It cannot be opened.
    fn journal(&mut self) -> Result<Option<Box<dyn StorageBackend>>, Failure>;

    /// The same, made if there is none, with a name that lasts.
    ///
    /// # Errors
    /// It cannot be made.
    fn make_journal(&mut self) -> Result<Box<dyn StorageBackend>, Failure>;

    /// Bytes that it could still take; `u64::MAX` if it does not know.
    fn free(&self) -> u64;
}

/// The file's name in its directory.
const FILE_NAME: &str = "log.redb";
/// Where a new one is made.
const NEW_NAME: &str = "log.new";
/// What the log's file has not taken in yet.
const JOURNAL_NAME: &str = "log.journal";
/// Beside it: locked by the process that has the log.
pub const LOCK_NAME: &str = "lock";

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
            Ok(()) => {
                for name in [FILE_NAME, JOURNAL_NAME] {
                    forget_copies(&directory.join(name));
                }
                Ok(FileMedium {
                    directory: directory.into(),
                    free,
                    _lock: lock,
                })
            }
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
    fn exists(&mut self) -> Result<bool, Failure> {
        let found = self.path().try_exists();
        found.map_err(|error| io_failed(&error, true))
    }

    fn open(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        backend(OpenOptions::new().read(true).write(true), &self.path())
    }

    fn begin(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        backend(options.mode(0o600), &self.directory.join(NEW_NAME))
    }

    fn put_in_place(&mut self) -> Result<(), Failure> {
        // A name whose directory was not synced can be gone after a power cut, with all that was synced under it.
        std::fs::rename(self.directory.join(NEW_NAME), self.path())
            .and_then(|()| File::open(&self.directory)?.sync_all())
            .map_err(|error| io_failed(&error, true))
    }

    fn journal(&mut self) -> Result<Option<Box<dyn StorageBackend>>, Failure> {
        let path = self.directory.join(JOURNAL_NAME);
        match path.try_exists() {
            Ok(false) => Ok(None),
            Ok(true) => backend(OpenOptions::new().read(true).write(true), &path).map(Some),
            Err(error) => Err(io_failed(&error, true)),
        }
    }

    fn make_journal(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let made = backend(options.mode(0o600), &self.directory.join(JOURNAL_NAME))?;
        let synced = File::open(&self.directory).and_then(|folder| folder.sync_all());
        synced.map_err(|error| io_failed(&error, true))?;
        Ok(made)
    }

    fn free(&self) -> u64 {
        (self.free)(&self.directory)
    }
}

/// What this process reads of that file first comes from the disk. After a sync that failed, the system may have copies in
/// memory that it takes for written and that the disk has not: a log that was begun anew from those would be another one
/// after the next power cut. Where the system does not know this, or keeps its copies, nothing is worse than without it.
fn forget_copies(path: &Path) {
    #[cfg(target_os = "linux")]
    if let Ok(file) = File::open(path) {
        use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
        let advice = PosixFadviseAdvice::POSIX_FADV_DONTNEED;
        if let Err(error) = posix_fadvise(&file, 0, 0, advice) {
            tracing::debug!("{}: copies in memory may stay: {error}", path.display());
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = path;
}

fn backend(options: &OpenOptions, path: &Path) -> Result<Box<dyn StorageBackend>, Failure> {
    let file = options
        .open(path)
        .map_err(|error| io_failed(&error, true))?;
    let backend = FileBackend::new(file).map_err(super::layout::failed_to_read)?;
    Ok(Box::new(backend))
}
