//! Where a store lies: a file, or what a simulation has in its place.

use super::NoStore;
use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, ReadOnlyDatabase, StorageBackend};
use std::fmt::Debug;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Something that holds a store's bytes. It is opened again after a failed write.
pub trait Disk: Debug + 'static {
    /// Its bytes; none before the store is made.
    ///
    /// # Errors
    /// What the system says.
    fn open(&self) -> io::Result<impl StorageBackend>;
}

/// A [`Disk`] of any kind.
pub(super) trait AnyDisk: Debug {
    fn database(&self, builder: &Builder) -> Result<Database, DatabaseError>;
    /// Empties it if the making of a database there did not come to its end: only then does it begin with zeros. Whether it
    /// is empty.
    fn clear_unfinished(&self) -> io::Result<bool>;
    /// The database as it is, without writing a byte. Not for one that must be repaired.
    fn peek(&self, builder: &Builder) -> Result<ReadOnlyDatabase, DatabaseError>;
}

impl<D: Disk> AnyDisk for D {
    fn database(&self, builder: &Builder) -> Result<Database, DatabaseError> {
        builder.create_with_backend(self.open()?)
    }

    fn clear_unfinished(&self) -> io::Result<bool> {
        let backend = self.open()?;
        let mut start = [0; 8];
        let length = backend.len()?;
        if length >= 8 {
            backend.read(0, &mut start)?;
        }
        if length > 0 && start == [0; 8] {
            backend.set_len(0)?;
            backend.sync_data()?;
        }
        Ok(start == [0; 8])
    }

    fn peek(&self, builder: &Builder) -> Result<ReadOnlyDatabase, DatabaseError> {
        builder.open_read_only_with_backend(self.open()?)
    }
}

/// A file that nobody else may read.
#[derive(Debug)]
pub(super) struct PrivateFile(pub PathBuf);

impl Disk for PrivateFile {
    fn open(&self) -> io::Result<impl StorageBackend> {
        let mut options = private();
        let file = options.read(true).open(&self.0)?;
        FileBackend::new(file).map_err(io::Error::other)
    }
}

/// The paths of one user's store.
pub(super) struct Paths {
    pub store: PathBuf,
    pub lock: PathBuf,
    /// The store of an older kind, a small text.
    pub text: PathBuf,
}

impl Paths {
    /// Where a store is made, before it is put in its place whole.
    pub fn unfinished(&self) -> PathBuf {
        self.store.with_extension("new")
    }

    /// Puts the finished store in its place; it is there when this returns, whatever happens.
    pub fn put_in_place(&self) -> io::Result<()> {
        std::fs::rename(self.unfinished(), &self.store)?;
        match self.store.parent() {
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    }

    pub fn of(directory: &Path, user: &str) -> Paths {
        let user = user.to_ascii_lowercase();
        let path = |ending| directory.join(format!("{user}.{ending}"));
        Paths {
            store: path("store"),
            lock: path("lock"),
            text: path("device"),
        }
    }

    /// Makes the directory and takes the lock; it is held as long as the file that is returned.
    pub fn lock(&self, directory: &Path) -> Result<File, NoStore> {
        let failed = |error| NoStore::Io(self.store.clone(), error);
        let mut made = std::fs::DirBuilder::new();
        let made = made.recursive(true).mode(0o700).create(directory);
        made.map_err(failed)?;
        let file = private().open(&self.lock).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(NoStore::Locked(self.store.clone())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

/// A directory's name for a server: nothing in it can lead elsewhere.
pub fn directory_name(server: &str) -> String {
    let safe = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "-_.:".contains(c) => c.to_ascii_lowercase(),
        _ => '_',
    };
    server.chars().map(safe).collect()
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_server_leads_out_of_the_directory() {
        assert_eq!(directory_name("[::1]:8828"), "_::1_:8828");
        assert_eq!(directory_name("../x/Y"), ".._x_y");
    }
}
