//! The small store: what makes a restarted client the same device.
//!
//! One text file per server and user, mode 0600, in the XDG state directory: the device's id (a secret), the counters
//! that must never be used twice, whether the server knows the device, and whether the last run ended well. It is
//! replaced as a whole: a temporary file, synced, renamed, its directory synced. A lock beside it keeps a second
//! process out. Messages are not in it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use verbatim_core::client::{Keep, Start};
use verbatim_core::id::{DeviceId, MessageId, Seq, Try};
use verbatim_core::wire::Place;

const TITLE: &str = "verbatim device 1";

/// An open, locked store.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    _lock: File,
    kept: Kept,
    /// Whether the last run shut the store in good order.
    ended_well: bool,
}

/// What stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    device: DeviceId,
    attempt: Try,
    allotted: MessageId,
    welcomed: bool,
    ended: bool,
}

/// Why there is no store.
#[derive(Debug)]
pub(crate) enum NoStore {
    /// Another process has it.
    Locked(PathBuf),
    /// The file is there and says something else.
    Unreadable(PathBuf),
    /// The system refused something.
    Io(PathBuf, io::Error),
}

impl Store {
    /// Opens the store of `user` on `server`, or begins one with `device`.
    ///
    /// # Errors
    /// [`NoStore`] says why not; nothing was changed then.
    pub(crate) fn open(server: &str, user: &str, device: DeviceId) -> Result<Store, NoStore> {
        let directory = state_directory().join(file_name(server));
        Store::open_in(&directory, user, device)
    }

    fn open_in(directory: &Path, user: &str, device: DeviceId) -> Result<Store, NoStore> {
        let path = directory.join(format!("{}.device", user.to_ascii_lowercase()));
        let failed = |error| NoStore::Io(path.clone(), error);
        let made = std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory);
        made.map_err(failed)?;
        let lock = lock(&path.with_extension("lock")).map_err(|error| match error {
            TryLockError::WouldBlock => NoStore::Locked(path.clone()),
            TryLockError::Error(error) => failed(error),
        })?;
        let kept = match std::fs::read_to_string(&path) {
            Ok(text) => Kept::parse(&text).ok_or_else(|| NoStore::Unreadable(path.clone()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Kept::new(device),
            Err(error) => return Err(failed(error)),
        };
        Ok(Store {
            path,
            _lock: lock,
            ended_well: kept.ended,
            kept,
        })
    }

    /// The device's secret.
    pub(crate) fn device(&self) -> DeviceId {
        self.kept.device
    }

    /// What the client is told about earlier runs. The place in the log is not kept yet: the server's word counts.
    pub(crate) fn start(&self) -> Start {
        Start {
            attempt: self.kept.attempt,
            allotted: self.kept.allotted,
            place: match self.kept.welcomed {
                true => Place::Server,
                false => Place::New,
            },
            accepted: None,
            delivered: Seq(0),
            may_repeat: !self.ended_well,
        }
    }

    /// Makes it durable before it returns.
    ///
    /// # Errors
    /// What the system says, with the file's name.
    pub(crate) fn keep(&mut self, keep: Keep) -> io::Result<()> {
        match keep {
            Keep::Attempt(attempt) => self.kept.attempt = attempt,
            Keep::Allotted(id) => self.kept.allotted = id,
        }
        self.kept.ended = false;
        self.write()
    }

    /// The server knows this device from now on.
    ///
    /// # Errors
    /// As for `keep`.
    pub(crate) fn on_welcomed(&mut self) -> io::Result<()> {
        if self.kept.welcomed {
            return Ok(());
        }
        self.kept.welcomed = true;
        self.write()
    }

    /// This device was a copy of another one: from the next run on it is itself.
    ///
    /// # Errors
    /// As for `keep`.
    pub(crate) fn renew(&mut self, device: DeviceId) -> io::Result<()> {
        self.kept = Kept::new(device);
        self.write()
    }

    /// The run ended in good order: everything that was shown is acked.
    ///
    /// # Errors
    /// As for `keep`.
    pub(crate) fn end(mut self) -> io::Result<()> {
        self.kept.ended = true;
        self.write()
    }

    /// The name was given up: this device is no more.
    ///
    /// # Errors
    /// As for `keep`.
    pub(crate) fn remove(self) -> io::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.about(&error)),
            _ => Ok(()),
        }
    }

    fn write(&self) -> io::Result<()> {
        replace(&self.path, &self.kept.text()).map_err(|error| self.about(&error))
    }

    fn about(&self, error: &io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
    }
}

impl Kept {
    fn new(device: DeviceId) -> Kept {
        Kept {
            device,
            attempt: Try(0),
            allotted: MessageId(0),
            welcomed: false,
            ended: true,
        }
    }

    fn text(&self) -> String {
        let mut device = String::new();
        self.device
            .write_hex(&mut |digit| device.push(char::from(digit)));
        let yes = |yes| if yes { "yes" } else { "no" };
        format!(
            "{TITLE}\ndevice {device}\ntry {}\nallotted {}\nwelcomed {}\nended {}\n",
            self.attempt,
            self.allotted,
            yes(self.welcomed),
            yes(self.ended)
        )
    }

    fn parse(text: &str) -> Option<Kept> {
        let mut lines = text.lines();
        (lines.next()? == TITLE).then_some(())?;
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let yes = |value: &str| match value {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        Some(Kept {
            device: DeviceId::parse_hex(value("device")?)?,
            attempt: Try(value("try")?.parse().ok()?),
            allotted: MessageId(value("allotted")?.parse().ok()?),
            welcomed: yes(value("welcomed")?)?,
            ended: yes(value("ended")?)?,
        })
    }
}

impl std::fmt::Display for NoStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoStore::Locked(path) => write!(
                f,
                "another verbatim uses {}: this one is a device of its own and keeps nothing",
                path.display()
            ),
            NoStore::Unreadable(path) => write!(
                f,
                "{} is not what verbatim writes: move it away; until then this is a throw-away device",
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

fn state_directory() -> PathBuf {
    let absolute = |name| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local/state")))
        .unwrap_or_else(|| std::env::temp_dir().join("verbatim-state"));
    state.join("verbatim")
}

/// A directory's name for a server: nothing in it can lead elsewhere.
fn file_name(server: &str) -> String {
    let safe = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "-_.:".contains(c) => c.to_ascii_lowercase(),
        _ => '_',
    };
    server.chars().map(safe).collect()
}

fn lock(path: &Path) -> Result<File, TryLockError> {
    let file = private().open(path).map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(file)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options
}

/// The file holds `text` when this returns, and before that what it held: never a part.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = private().open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// An empty directory of this test alone, removed with it.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Place {
            let path = std::env::temp_dir().join(format!("verbatim-{name}-{}", std::process::id()));
            drop(std::fs::remove_dir_all(&path));
            Place(path)
        }

        fn open(&self) -> Result<Store, NoStore> {
            Store::open_in(&self.0, "Alice", DeviceId::new([7; 16]))
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn a_new_device_becomes_a_known_one() {
        let place = Place::new("known");
        let mut store = place.open().unwrap();
        assert_eq!(
            (store.start().attempt, store.start().place),
            (Try(0), verbatim_core::wire::Place::New)
        );
        store.keep(Keep::Attempt(Try(3))).unwrap();
        store.keep(Keep::Allotted(MessageId(64))).unwrap();
        store.on_welcomed().unwrap();
        drop(store);
        let store = place.open().unwrap();
        let start = store.start();
        assert_eq!((start.attempt, start.allotted), (Try(3), MessageId(64)));
        assert_eq!(
            (start.place, start.may_repeat),
            (verbatim_core::wire::Place::Server, true)
        );
        store.end().unwrap();
        assert!(!place.open().unwrap().start().may_repeat);
    }

    #[test]
    fn a_second_process_is_kept_out_and_nobody_else_reads() {
        let place = Place::new("locked");
        let mut store = place.open().unwrap();
        store.keep(Keep::Attempt(Try(1))).unwrap();
        assert!(matches!(place.open(), Err(NoStore::Locked(_))));
        for name in ["alice.device", "alice.lock"] {
            let mode = std::fs::metadata(place.0.join(name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        drop(store);
        assert!(place.open().is_ok());
    }

    #[test]
    fn what_it_did_not_write_it_does_not_touch() {
        let place = Place::new("strange");
        drop(place.open().unwrap());
        for text in ["", "hello", "verbatim device 1\ndevice 00\n"] {
            std::fs::write(place.0.join("alice.device"), text).unwrap();
            assert!(
                matches!(place.open(), Err(NoStore::Unreadable(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn a_forgotten_device_is_gone() {
        let place = Place::new("forgotten");
        let mut store = place.open().unwrap();
        store.keep(Keep::Attempt(Try(9))).unwrap();
        store.remove().unwrap();
        assert_eq!(place.open().unwrap().start().attempt, Try(0));
    }

    #[test]
    fn no_server_leads_out_of_the_directory() {
        assert_eq!(file_name("[::1]:8828"), "_::1_:8828");
        assert_eq!(file_name("../x/Y"), ".._x_y");
    }
}
