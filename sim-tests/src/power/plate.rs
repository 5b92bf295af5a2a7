//! A disk in memory, with a live image and a durable one. What was written and not synced is there after a power cut,
//! or not, or in parts, write by write and sector by sector: nothing says that a disk keeps their order. A sync that
//! fails has lost what it was for: it can be read until the power goes, and no later sync brings it to the disk.
//!
//! The server's log lies on one, and a client's store.

use crate::dice::Dice;
use redb::StorageBackend;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use verbatim_net::engine::disk::Medium;
use verbatim_net::engine::{Failure, Fault};
use verbatim_net::store;

/// What a disk writes whole.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
struct Image {
    live: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Write>,
    /// Writes and syncs so far.
    operations: u64,
    /// The power goes before this one.
    cut_at: Option<u64>,
    /// The first sync from here on fails.
    sync_fails_at: Option<u64>,
    /// The file can grow to so many bytes.
    room: Option<u64>,
    /// Nothing can be written, though the file system says that there is room.
    takes_nothing: bool,
    /// A log stands here; without this it is one in the making.
    in_place: bool,
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

/// A disk. Its clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Plate(Arc<Mutex<Image>>);

impl Plate {
    /// A disk that does not do what it says.
    pub fn lying(lie: Lie) -> Plate {
        let plate = Plate::default();
        plate.lie(lie);
        plate
    }

    /// From now on it does not do what it says.
    pub fn lie(&self, lie: Lie) {
        self.image().lie = Some(lie);
    }

    /// A plate lives in one thread; the lock is what its trait asks for.
    fn image(&self) -> MutexGuard<'_, Image> {
        self.0.lock().expect("nobody panics while it is held")
    }

    /// Writes and syncs so far.
    pub fn operations(&self) -> u64 {
        self.image().operations
    }

    /// How long the file is.
    pub fn length(&self) -> u64 {
        self.image().live.len() as u64
    }

    /// The power goes after so many more operations.
    pub fn cut_after(&self, more: u64) {
        let mut image = self.image();
        image.cut_at = Some(image.operations + more);
    }

    /// The power did not go after all, and no sync fails.
    pub fn spare(&self) {
        let mut image = self.image();
        (image.cut_at, image.sync_fails_at) = (None, None);
    }

    /// Whether the power is gone.
    pub fn is_dark(&self) -> bool {
        let image = self.image();
        image.cut_at.is_some_and(|at| image.operations >= at)
    }

    /// The first sync after so many more operations fails.
    pub fn fail_sync_after(&self, more: u64) {
        let mut image = self.image();
        image.sync_fails_at = Some(image.operations + more);
    }

    /// The file can grow to so many bytes and no more; `None`: for ever.
    pub fn set_room(&self, bytes: Option<u64>) {
        let mut image = self.image();
        image.room = bytes;
        image.takes_nothing = false;
    }

    /// There is no more room, though it looks as if there were.
    pub fn fill_unseen(&self) {
        self.image().takes_nothing = true;
    }

    /// Another disk, with what could be read from this one.
    pub fn clone_of_now(&self) -> Plate {
        let image = self.image();
        let (live, durable, in_place) = (image.live.clone(), image.live.clone(), image.in_place);
        Plate(Arc::new(Mutex::new(Image {
            live,
            durable,
            in_place,
            ..Image::default()
        })))
    }

    /// What is on it now, for [`Plate::put_back`].
    pub fn copy(&self) -> Vec<u8> {
        self.image().durable.clone()
    }

    /// Puts a copy back, as from a backup.
    pub fn put_back(&self, copy: Vec<u8>) {
        let mut image = self.image();
        (image.live, image.durable) = (copy.clone(), copy);
        image.unsynced.clear();
        image.cut_at = None;
    }

    /// One bit is another than it was; tells which.
    pub fn flip(&self, dice: &mut Dice) -> (usize, u8) {
        let mut image = self.image();
        let at = dice.below(image.live.len() as u64) as usize;
        let bit = 1 << dice.below(8);
        image.live[at] ^= bit;
        image.durable = image.live.clone();
        (at, bit)
    }

    /// The power is gone and back. What was not synced is there as the dice fall.
    pub fn power_cut(&self, dice: &mut Dice) -> Remains {
        let remains = self.power_cut_with(|_| match dice.below(4) {
            0 => Fate::Gone,
            1 => Fate::Torn(dice.roll()),
            _ => Fate::There,
        });
        let mut image = self.image();
        image.in_place &= image.lie != Some(Lie::Directory);
        remains
    }

    /// The same; the fate of each write is told.
    pub fn power_cut_with(&self, mut fate: impl FnMut(usize) -> Fate) -> Remains {
        let mut image = self.image();
        let mut now = std::mem::take(&mut image.durable);
        let mut remains = Remains::default();
        for (index, write) in image.unsynced.iter().enumerate() {
            remains.unsynced += 1;
            match fate(index) {
                Fate::Gone => {}
                Fate::Torn(seed) => remains.torn += u64::from(write.tear(&mut now, seed)),
                Fate::There => write.apply(&mut now),
            }
        }
        *image = Image {
            live: now.clone(),
            durable: now,
            operations: image.operations,
            in_place: image.in_place,
            lie: image.lie,
            ..Image::default()
        };
        remains
    }

    fn change(&self, write: Option<Write>) -> io::Result<()> {
        let mut image = self.image();
        if image.cut_at.is_some_and(|at| image.operations >= at) {
            return Err(io::Error::other("no power"));
        }
        match write {
            Some(write) => image.write(write),
            None => image.sync(),
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
    fn write(&mut self, write: Write) -> io::Result<()> {
        let room = self.room.map(|room| room.max(self.live.len() as u64));
        if self.takes_nothing || room.is_some_and(|room| write.end() > room) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.operations += 1;
        write.apply(&mut self.live);
        self.unsynced.push(write);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let now = self.operations;
        if self.sync_fails_at.take_if(|at| now >= *at).is_some() {
            self.unsynced.clear();
            return Err(io::Error::other("input/output error"));
        }
        self.operations += 1;
        if self.lie != Some(Lie::Sync) {
            for write in self.unsynced.drain(..) {
                write.apply(&mut self.durable);
            }
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

impl StorageBackend for Plate {
    fn len(&self) -> io::Result<u64> {
        Ok(self.length())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (from, image) = (offset as usize, self.image());
        let bytes = image.live.get(from..from + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.change(Some(Write::Length(length)))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(None)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(Some(Write::Bytes(offset, bytes.to_vec())))
    }
}

impl store::Disk for Plate {
    fn open(&self) -> io::Result<impl StorageBackend> {
        Ok(self.clone())
    }
}

impl Medium for Plate {
    fn exists(&mut self) -> Result<bool, Failure> {
        Ok(self.image().in_place)
    }

    fn open(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        Ok(Box::new(self.clone()))
    }

    fn begin(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        let mut image = self.image();
        image.live.clear();
        image.durable.clear();
        image.unsynced.clear();
        Ok(Box::new(self.clone()))
    }

    fn put_in_place(&mut self) -> Result<(), Failure> {
        let synced = self.sync_data();
        synced.map_err(|error| Failure::new(Fault::Io, error.to_string()))?;
        self.image().in_place = true;
        Ok(())
    }

    fn free(&self) -> u64 {
        let image = self.image();
        let room = image.room.unwrap_or(u64::MAX);
        room.saturating_sub(image.live.len() as u64)
    }
}
