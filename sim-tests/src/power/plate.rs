//! A disk in memory, with a live image and a durable one. What was written and not synced is there after a power cut,
//! or not, or in parts, write by write and sector by sector: nothing says that a disk keeps their order. A sync that
//! fails has lost what it was for: it can be read until the power goes, and no later sync brings it to the disk.
//!
//! The server's log lies on one, in two files, and a client's store in one.

use crate::dice::Dice;
use redb::StorageBackend;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use verbatim_net::engine::disk::Medium;
use verbatim_net::engine::{Failure, Fault};
use verbatim_net::store;

/// What a disk writes whole.
const SECTOR: usize = 512;

/// One file, as it is read and as it would be after a power cut.
#[derive(Clone, Debug, Default)]
struct Image {
    live: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Write>,
    /// A log stands here; without this it is one in the making.
    in_place: bool,
}

/// Which of a disk's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// The log's, or a client's store.
    Store,
    /// The log's journal.
    Journal,
}

#[derive(Debug, Default)]
struct State {
    store: Image,
    journal: Image,
    /// Writes and syncs so far.
    operations: u64,
    /// The power goes before this one.
    cut_at: Option<u64>,
    /// The first sync from here on fails.
    sync_fails_at: Option<u64>,
    /// The files can grow to so many bytes together.
    room: Option<u64>,
    /// Nothing can be written, though the file system says that there is room.
    takes_nothing: bool,
    /// What it does not do, though it says so.
    lie: Option<Lie>,
}

/// How a disk, or who uses it, does not keep its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// A sync does nothing.
    Sync,
    /// The name of a new file is not synced with its directory, and a power cut takes it.
    Directory,
    /// A sync of the journal does nothing.
    Journal,
    /// A sync of the log's own file does nothing, so that the journal is written again too soon.
    Store,
}

/// What a power cut found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remains {
    /// Writes that no sync had covered.
    pub unsynced: u64,
    /// Of them, those of which a part is there.
    pub torn: u64,
}

#[derive(Clone, Debug)]
enum Write {
    Length(u64),
    Bytes(u64, Vec<u8>),
}

/// What is on a disk, for [`Plate::put_back`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// The log's file, or a client's store.
    pub store: Vec<u8>,
    /// The log's journal.
    pub journal: Vec<u8>,
}

/// A disk. Its clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Plate(Arc<Mutex<State>>);

impl Plate {
    /// A disk that does not do what it says.
    pub fn lying(lie: Lie) -> Plate {
        let plate = Plate::default();
        plate.lie(lie);
        plate
    }

    /// From now on it does not do what it says.
    pub fn lie(&self, lie: Lie) {
        self.state().lie = Some(lie);
    }

    /// A plate lives in one thread; the lock is what its trait asks for.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics while it is held")
    }

    /// Writes and syncs so far.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// How long the files are.
    pub fn length(&self) -> u64 {
        self.state().length()
    }

    /// The power goes after so many more operations.
    pub fn cut_after(&self, more: u64) {
        let mut state = self.state();
        state.cut_at = Some(state.operations + more);
    }

    /// The power did not go after all, and no sync fails.
    pub fn spare(&self) {
        let mut state = self.state();
        (state.cut_at, state.sync_fails_at) = (None, None);
    }

    /// Whether the power is gone.
    pub fn is_dark(&self) -> bool {
        let state = self.state();
        state.cut_at.is_some_and(|at| state.operations >= at)
    }

    /// The first sync after so many more operations fails.
    pub fn fail_sync_after(&self, more: u64) {
        let mut state = self.state();
        state.sync_fails_at = Some(state.operations + more);
    }

    /// The files can grow to so many bytes and no more; `None`: for ever.
    pub fn set_room(&self, bytes: Option<u64>) {
        let mut state = self.state();
        state.room = bytes;
        state.takes_nothing = false;
    }

    /// There is no more room, though it looks as if there were.
    pub fn fill_unseen(&self) {
        self.state().takes_nothing = true;
    }

    /// Another disk, with what could be read from this one.
    pub fn clone_of_now(&self) -> Plate {
        let state = self.state();
        let synced = |image: &Image| Image {
            durable: image.live.clone(),
            unsynced: Vec::new(),
            ..image.clone()
        };
        Plate(Arc::new(Mutex::new(State {
            store: synced(&state.store),
            journal: synced(&state.journal),
            ..State::default()
        })))
    }

    /// What is on it now.
    pub fn copy(&self) -> Files {
        let state = self.state();
        Files {
            store: state.store.durable.clone(),
            journal: state.journal.durable.clone(),
        }
    }

    /// Puts a copy back, as from a backup.
    pub fn put_back(&self, copy: Files) {
        let mut state = self.state();
        state.store.put_back(copy.store);
        state.journal.put_back(copy.journal);
        state.cut_at = None;
    }

    /// The power is gone and back. What was not synced is there as the dice fall.
    pub fn power_cut(&self, dice: &mut Dice) -> Remains {
        let remains = self.power_cut_with(|_| match dice.below(4) {
            0 => Fate::Gone,
            1 => Fate::Torn(dice.roll()),
            _ => Fate::There,
        });
        let mut state = self.state();
        let lies = state.lie == Some(Lie::Directory);
        state.store.in_place &= !lies;
        state.journal.in_place &= !lies;
        remains
    }

    /// The same; the fate of each write is told.
    pub fn power_cut_with(&self, mut fate: impl FnMut(usize) -> Fate) -> Remains {
        let mut state = self.state();
        let mut remains = Remains::default();
        let mut before = 0;
        for image in [Which::Store, Which::Journal] {
            let image = state.image(image);
            let unsynced = image.unsynced.len();
            image.cut(&mut |index| fate(before + index), &mut remains);
            before += unsynced;
        }
        *state = State {
            store: std::mem::take(&mut state.store),
            journal: std::mem::take(&mut state.journal),
            operations: state.operations,
            lie: state.lie,
            ..State::default()
        };
        remains
    }

    fn change(&self, which: Which, write: Option<Write>) -> io::Result<()> {
        let mut state = self.state();
        if state.cut_at.is_some_and(|at| state.operations >= at) {
            return Err(io::Error::other("no power"));
        }
        match write {
            Some(write) => state.write(which, write),
            None => state.sync(which),
        }
    }
}

/// What becomes of a write that was not synced.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// It is not there.
    Gone,
    /// Sectors of it are there, drawn from a seed.
    Torn(u64),
    /// It is there.
    There,
}

impl Image {
    fn put_back(&mut self, bytes: Vec<u8>) {
        (self.live, self.durable) = (bytes.clone(), bytes);
        self.unsynced.clear();
    }

    fn cut(&mut self, fate: &mut dyn FnMut(usize) -> Fate, remains: &mut Remains) {
        for (index, write) in self.unsynced.drain(..).enumerate() {
            remains.unsynced += 1;
            match fate(index) {
                Fate::Gone => {}
                Fate::Torn(seed) => remains.torn += u64::from(write.tear(&mut self.durable, seed)),
                Fate::There => write.apply(&mut self.durable),
            }
        }
        self.live = self.durable.clone();
    }
}

impl State {
    fn image(&mut self, which: Which) -> &mut Image {
        match which {
            Which::Store => &mut self.store,
            Which::Journal => &mut self.journal,
        }
    }

    fn length(&self) -> u64 {
        (self.store.live.len() + self.journal.live.len()) as u64
    }

    fn write(&mut self, which: Which, write: Write) -> io::Result<()> {
        let length = self.image(which).live.len() as u64;
        let more = write.end().saturating_sub(length);
        let full = |room: u64| more > 0 && self.length() + more > room;
        if self.takes_nothing || self.room.is_some_and(full) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.operations += 1;
        let image = self.image(which);
        write.apply(&mut image.live);
        image.unsynced.push(write);
        Ok(())
    }

    fn sync(&mut self, which: Which) -> io::Result<()> {
        let now = self.operations;
        if self.sync_fails_at.take_if(|at| now >= *at).is_some() {
            self.image(which).unsynced.clear();
            return Err(io::Error::other("input/output error"));
        }
        self.operations += 1;
        let lies = match self.lie {
            Some(Lie::Sync) => true,
            Some(Lie::Journal) => which == Which::Journal,
            Some(Lie::Store) => which == Which::Store,
            _ => false,
        };
        if !lies {
            let Image {
                durable, unsynced, ..
            } = self.image(which);
            unsynced.drain(..).for_each(|write| write.apply(durable));
        }
        Ok(())
    }
}

impl Write {
    fn end(&self) -> u64 {
        match self {
            Write::Length(length) => *length,
            Write::Bytes(offset, bytes) => offset + bytes.len() as u64,
        }
    }

    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Write::Length(length) => image.resize(*length as usize, 0),
            Write::Bytes(offset, bytes) => put(image, *offset as usize, bytes),
        }
    }

    /// Some of its sectors. Whether some are there and some are not.
    fn tear(&self, image: &mut Vec<u8>, seed: u64) -> bool {
        let Write::Bytes(offset, bytes) = self else {
            self.apply(image);
            return false;
        };
        let mut dice = Dice::new(seed, "sectors");
        let mut there = 0;
        for (index, sector) in bytes.chunks(SECTOR).enumerate() {
            if dice.chance(500) {
                put(image, *offset as usize + index * SECTOR, sector);
                there += 1;
            }
        }
        there > 0 && there < bytes.len().div_ceil(SECTOR)
    }
}

fn put(image: &mut Vec<u8>, from: usize, bytes: &[u8]) {
    let to = from + bytes.len();
    if image.len() < to {
        image.resize(to, 0);
    }
    image[from..to].copy_from_slice(bytes);
}

/// One of its files.
#[derive(Clone, Debug)]
struct File(Plate, Which);

impl StorageBackend for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.state().image(self.1).live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (from, mut state) = (offset as usize, self.0.state());
        let bytes = state.image(self.1).live.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.change(self.1, Some(Write::Length(length)))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.change(self.1, None)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0
            .change(self.1, Some(Write::Bytes(offset, bytes.to_vec())))
    }
}

impl Plate {
    fn file(&self, which: Which) -> Box<dyn StorageBackend> {
        Box::new(File(self.clone(), which))
    }
}

impl store::Disk for Plate {
    fn open(&self) -> io::Result<impl StorageBackend> {
        Ok(File(self.clone(), Which::Store))
    }
}

impl Medium for Plate {
    fn exists(&mut self) -> Result<bool, Failure> {
        Ok(self.state().store.in_place)
    }

    fn open(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        Ok(self.file(Which::Store))
    }

    fn begin(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        self.state().store = Image::default();
        Ok(self.file(Which::Store))
    }

    fn put_in_place(&mut self) -> Result<(), Failure> {
        let synced = self.change(Which::Store, None);
        synced.map_err(|error| Failure::new(Fault::Io, error.to_string()))?;
        self.state().store.in_place = true;
        Ok(())
    }

    fn journal(&mut self) -> Result<Option<Box<dyn StorageBackend>>, Failure> {
        let there = self.state().journal.in_place;
        Ok(there.then(|| self.file(Which::Journal)))
    }

    fn make_journal(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        self.state().journal.in_place = true;
        Ok(self.file(Which::Journal))
    }

    fn free(&self) -> u64 {
        let state = self.state();
        let room = state.room.unwrap_or(u64::MAX);
        room.saturating_sub(state.length())
    }
}
