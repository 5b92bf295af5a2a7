//! Where the server keeps its log: which engine, which directory, which bounds.

use super::Trouble;
use crate::options::{EngineKind, Options};
use std::path::{Path, PathBuf};
use verbatim_core::id::StoreId;
use verbatim_core::limits::Limits;
use verbatim_core::wire::Durability;
use verbatim_net::Log;
use verbatim_net::engine::disk::{Disk, FileMedium};
use verbatim_net::engine::{Failure, Fault, Identity, Memory};

/// What a log on disk may hold unless somebody says otherwise.
const DISK_BYTES_MAX: u64 = 8 << 30;

/// The limits with what the command line says of the log.
pub(crate) fn bounds(options: &Options, mut limits: Limits) -> Limits {
    if options.engine == EngineKind::Disk {
        limits.log_bytes_max = DISK_BYTES_MAX;
    }
    limits.log_bytes_max = options.log_max.unwrap_or(limits.log_bytes_max);
    limits.owed_bytes_max = options.owed_max;
    limits.kept_time_max = options.keep_for;
    match options.engine {
        EngineKind::Disk => limits.kept_bytes_max = options.keep_max,
        // There the router itself forgets what nobody is owed, beyond so much.
        EngineKind::Memory => {
            limits.history_bytes_max = options.keep_max.unwrap_or(limits.history_bytes_max);
        }
    }
    limits
}

/// What acceptance survives.
pub(crate) fn level(engine: EngineKind) -> Durability {
    match engine {
        EngineKind::Disk => Durability::Disk,
        EngineKind::Memory => Durability::Memory,
    }
}

/// The log; nothing of it is read yet.
///
/// # Errors
/// The directory cannot be used, or another process has it.
pub(crate) fn open(options: &Options, limits: &Limits) -> Result<Log, Trouble> {
    if options.engine == EngineKind::Memory {
        return Ok(Log::here(Box::new(Memory::new(limits))));
    }
    let medium =
        FileMedium::take(&directory(options)?, free).map_err(|failure| trouble(&failure))?;
    let fresh = Identity {
        store: StoreId(rand::random()),
        hash_key: [rand::random(), rand::random()],
    };
    let disk = Disk::new(Box::new(medium), fresh, limits);
    Log::on_thread(Box::new(disk)).map_err(|error| Trouble {
        text: format!("cannot start the log's thread: {error}"),
        code: 1,
    })
}

/// The directory of the log.
///
/// # Errors
/// Nobody says where.
pub(crate) fn directory(options: &Options) -> Result<PathBuf, Trouble> {
    if let Some(directory) = &options.data {
        return Ok(directory.clone());
    }
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let state = from("STATE_DIRECTORY").map(PathBuf::from);
    let xdg = || from("XDG_STATE_HOME").map(|state| Path::new(&state).join("verbatimd"));
    let home = || from("HOME").map(|home| Path::new(&home).join(".local/state/verbatimd"));
    state.or_else(xdg).or_else(home).ok_or_else(|| Trouble {
        text: "there is no HOME to keep the log in: give a directory with --data, or --engine memory to keep nothing"
            .into(),
        code: 4,
    })
}

/// Bytes that the file system of that path could still take.
pub(crate) fn free(path: &Path) -> u64 {
    nix::sys::statvfs::statvfs(path).map_or(u64::MAX, |fs| {
        fs.blocks_available().saturating_mul(fs.fragment_size())
    })
}

/// A failure of the log with the code for scripts.
pub(crate) fn trouble(failure: &Failure) -> Trouble {
    let code = match failure.fault {
        Fault::Io | Fault::Full => 4,
        Fault::InUse => 5,
        Fault::Newer | Fault::Damaged => 6,
        Fault::Sync => 7,
    };
    Trouble {
        text: failure.text.clone(),
        code,
    }
}
