//! Opening a store, or making one; and leaving alone what is none.

use super::change::Change;
use super::file::{AnyDisk, Disk, Paths, PrivateFile};
use super::layout::{ACCEPTED, DEVICE, ENTRIES, FORMAT, FORMAT_KEY, NUMBERS};
use super::lines::Lines;
use super::trouble::{NoStore, not_opened, not_written};
use super::{Store, builder, layout, takeover, write};
use redb::{
    Database, DatabaseError, Error, ReadTransaction, ReadableDatabase, ReadableTable, StorageError,
    TableError,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use verbatim_core::id::DeviceId;
use verbatim_core::name::Name;

/// Every name that a number may have.
const NAMES: [&str; 12] = [
    FORMAT_KEY,
    DEVICE,
    layout::ATTEMPT,
    layout::ALLOTTED,
    ACCEPTED,
    layout::DELIVERED,
    layout::LOG,
    layout::EPOCH,
    layout::CURSOR,
    layout::KNOWN,
    layout::SHOWN,
    layout::GONE,
];

impl Store {
    /// Opens the store of `user` in that directory, or makes one for the device `fresh`. One process at a time has it.
    ///
    /// # Errors
    /// [`NoStore`] says why not; nothing was changed then.
    pub fn open(directory: &Path, user: Name, fresh: DeviceId) -> Result<Store, NoStore> {
        let paths = Paths::of(directory, user.as_str());
        let lock = paths.lock(directory)?;
        let path = paths.store.clone();
        if !path.exists() {
            make_in_place(&paths, fresh)?;
        }
        let disk = Box::new(PrivateFile(path.clone()));
        let opened = open_made(&*disk, &path)?;
        Store::with(disk, opened, path, Some(lock), user)
    }

    /// The same on a disk of any kind, which nobody else uses.
    ///
    /// # Errors
    /// [`NoStore`] says why not.
    pub fn open_on(disk: impl Disk, user: Name, fresh: DeviceId) -> Result<Store, NoStore> {
        let path = PathBuf::from("the store");
        let opened = open_or_make(&disk, &path, fresh)?;
        Store::with(Box::new(disk), opened, path, None, user)
    }

    fn with(
        disk: Box<dyn AnyDisk>,
        opened: Database,
        path: PathBuf,
        lock: Option<File>,
        user: Name,
    ) -> Result<Store, NoStore> {
        let damaged = |error: Error| NoStore::Damaged(path.clone(), error.to_string());
        let (numbers, last) = guarded(|| read_numbers(&opened).map_err(damaged), &path)?;
        Ok(Store {
            disk,
            database: Some(opened),
            path,
            _lock: lock,
            user,
            numbers,
            last,
            lines: Lines::default(),
            waiting: Vec::new(),
            unkept: None,
            places: Vec::new(),
            trouble: None,
            broken: false,
        })
    }
}

/// Makes the file beside its place, out of the older kind of store if there is one, and puts it there whole.
fn make_in_place(paths: &Paths, fresh: DeviceId) -> Result<(), NoStore> {
    let failed = |error| NoStore::Io(paths.store.clone(), error);
    let earlier = read_text(&paths.text)?;
    let took_over = earlier.is_some();
    match std::fs::remove_file(paths.unfinished()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let made = PrivateFile(paths.unfinished()).database(&builder());
    let made = made.map_err(|error| not_opened(paths.store.clone(), error))?;
    make(&made, fresh, earlier).map_err(|error| failed(not_written(error)))?;
    drop(made);
    paths.put_in_place().map_err(failed)?;
    if took_over {
        takeover::put_aside(&paths.text);
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<Option<takeover::Numbers>, NoStore> {
    let foreign = || NoStore::Foreign(path.to_owned());
    match std::fs::read_to_string(path) {
        Ok(text) => takeover::read(&text).map(Some).ok_or_else(foreign),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(foreign()),
        Err(error) => Err(NoStore::Io(path.to_owned(), error)),
    }
}

fn open_or_make(disk: &dyn AnyDisk, path: &Path, fresh: DeviceId) -> Result<Database, NoStore> {
    let failed = |error| NoStore::Io(path.to_owned(), error);
    let opened = match disk.clear_unfinished().map_err(failed)? {
        true => {
            let opened = disk.database(&builder());
            opened.map_err(|error| not_opened(path.to_owned(), error))?
        }
        false => open_made(disk, path)?,
    };
    if is_empty(&opened).map_err(|error| failed(not_written(error)))? {
        make(&opened, fresh, None).map_err(|error| failed(not_written(error)))?;
    }
    Ok(opened)
}

/// Opens a database that is there; it may lack its first transaction.
fn open_made(disk: &dyn AnyDisk, path: &Path) -> Result<Database, NoStore> {
    let open = || {
        // Where it can be looked at without a byte being written, it is.
        match disk.peek(&builder()) {
            Ok(peeked) => check_format(peeked.begin_read(), path)?,
            Err(DatabaseError::RepairAborted) => {}
            Err(error) => return Err(not_opened(path.to_owned(), error)),
        }
        let opened = disk.database(&builder());
        let opened = opened.map_err(|error| not_opened(path.to_owned(), error))?;
        check_format(opened.begin_read(), path)?;
        Ok(opened)
    };
    guarded(open, path)
}

/// What is damaged may make the database panic rather than say so.
fn guarded<T>(open: impl FnOnce() -> Result<T, NoStore>, path: &Path) -> Result<T, NoStore> {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(open));
    caught.unwrap_or_else(|_| {
        let what = "it cannot be read".to_owned();
        Err(NoStore::Damaged(path.to_owned(), what))
    })
}

fn make(
    database: &Database,
    fresh: DeviceId,
    earlier: Option<takeover::Numbers>,
) -> Result<(), Error> {
    // What an older kind of store forgot stays unknown.
    let new = || {
        let device = u128::from_be_bytes(fresh.secret());
        vec![(DEVICE, device), (ACCEPTED, 0)]
    };
    let numbers = earlier.unwrap_or_else(new);
    let numbers = [(FORMAT_KEY, FORMAT)].into_iter().chain(numbers);
    let changes: Vec<Change> = numbers
        .map(|(name, number)| Change::Number(name, Some(number)))
        .collect();
    write(database, &changes)
}

fn is_empty(database: &Database) -> Result<bool, Error> {
    let read = database.begin_read()?;
    Ok(read.list_tables()?.next().is_none())
}

fn check_format(
    read: Result<ReadTransaction, redb::TransactionError>,
    path: &Path,
) -> Result<(), NoStore> {
    let damaged = |error: Error| NoStore::Damaged(path.to_owned(), error.to_string());
    let read = read.map_err(|error| damaged(error.into()))?;
    let numbers = match read.open_table(NUMBERS) {
        Ok(numbers) => numbers,
        Err(TableError::Storage(error)) => return Err(damaged(error.into())),
        // A database of somebody else; or one of ours that is not begun, which has no table at all.
        Err(_) => {
            let none = read.list_tables().map_err(|error| damaged(error.into()))?;
            return match none.count() {
                0 => Ok(()),
                _ => Err(NoStore::Foreign(path.to_owned())),
            };
        }
    };
    let format = numbers.get(FORMAT_KEY);
    match format.map_err(|error| damaged(error.into()))? {
        Some(format) if format.value() == FORMAT => Ok(()),
        Some(_) => Err(NoStore::Newer(path.to_owned())),
        None => Err(NoStore::Foreign(path.to_owned())),
    }
}

/// All numbers, and the last place.
fn read_numbers(database: &Database) -> Result<(BTreeMap<&'static str, u128>, u64), Error> {
    let read = database.begin_read()?;
    let mut numbers = BTreeMap::new();
    for row in read.open_table(NUMBERS)?.iter()? {
        let (name, number) = row?;
        // One that this program does not know is another format's.
        if let Some(known) = NAMES.iter().find(|known| **known == name.value()) {
            numbers.insert(*known, number.value());
        }
    }
    if !numbers.contains_key(DEVICE) {
        let what = "it does not say which device this is".into();
        return Err(StorageError::Corrupted(what).into());
    }
    let entries = read.open_table(ENTRIES)?;
    let last = entries.last()?.map_or(0, |(place, _)| place.value());
    Ok((numbers, last))
}
