//! A backend that remembers whether a sync ever failed, and how long the file is; and the file below the store, for who
//! looks for what the store has given up.

use redb::StorageBackend;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// What is remembered.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    sync_failed: AtomicBool,
    bytes: AtomicU64,
    backend: OnceLock<Arc<dyn StorageBackend>>,
    /// Who looks at something older than the end of the log holds this too.
    views: Arc<()>,
}

impl Watch {
    /// No sync has failed.
    pub(super) fn synced(&self) -> bool {
        !self.0.sync_failed.load(Ordering::Relaxed)
    }

    /// How long the file is.
    pub(super) fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// What somebody holds who reads what was committed at one moment.
    pub(super) fn view(&self) -> Arc<()> {
        Arc::clone(&self.0.views)
    }

    /// Whether somebody does.
    pub(super) fn is_viewed(&self) -> bool {
        Arc::strong_count(&self.0.views) > 1
    }

    /// The file itself, once there is one.
    pub(super) fn file(&self) -> Option<Watched> {
        let backend = Arc::clone(self.0.backend.get()?);
        let watch = self.clone();
        Some(Watched { backend, watch })
    }
}

/// See the module's words.
#[derive(Debug)]
pub(super) struct Watched {
    backend: Arc<dyn StorageBackend>,
    watch: Watch,
}

impl Watched {
    pub(super) fn new(backend: Box<dyn StorageBackend>, watch: Watch) -> Watched {
        let backend: Arc<dyn StorageBackend> = backend.into();
        let first = watch.0.backend.set(Arc::clone(&backend));
        debug_assert!(first.is_ok(), "a watch is of one file");
        Watched { backend, watch }
    }
}

impl StorageBackend for Watched {
    fn len(&self) -> io::Result<u64> {
        let bytes = self.backend.len()?;
        self.watch.0.bytes.store(bytes, Ordering::Relaxed);
        Ok(bytes)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.backend.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.watch.0.bytes.store(len, Ordering::Relaxed);
        self.backend.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        let done = self.backend.sync_data();
        if done.is_err() {
            self.watch.0.sync_failed.store(true, Ordering::Relaxed);
        }
        done
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.backend.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.backend.close()
    }
}
