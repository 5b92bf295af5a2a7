//! A disk in memory, with a live image and a durable one. What was written and not synced is there after a power cut,
//! or not, or in parts, write by write and sector by sector: nothing says that a disk keeps their order.

use crate::dice::Dice;
use redb::StorageBackend;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use verbatim_net::engine::disk::Medium;
use verbatim_net::engine::{Failure, Fault};

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
    /// This sync fails, and from then on all do.
    sync_fails_at: Option<u64>,
    /// The file can grow to so many bytes.
    room: Option<u64>,
    /// Nothing can be written, though the file system says that there is room.
    takes_nothing: bool,
    /// A log stands here; without this it is one in the making.
    in_place: bool,
    /// Syncs do nothing: a disk that does not keep its word.
    forgetful: bool,
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
    /// A disk that says that it synced and did not.
    pub fn forgetful() -> Plate {
        let plate = Plate::default();
        plate.image().forgetful = true;
        plate
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

    /// The power did not go after all.
    pub fn spare(&self) {
        self.image().cut_at = None;
    }

    /// A sync fails after so many more operations.
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
    pub fn power_cut(&self, dice: &mut Dice) {
        let mut image = self.image();
        let mut now = std::mem::take(&mut image.durable);
        for write in &image.unsynced {
            match dice.below(4) {
                0 => {}
                1 => write.tear(&mut now, dice),
                _ => write.apply(&mut now),
            }
        }
        *image = Image {
            live: now.clone(),
            durable: now,
            operations: image.operations,
            in_place: image.in_place,
            forgetful: image.forgetful,
            ..Image::default()
        };
    }

    fn change(&self, write: Option<Write>) -> io::Result<()> {
        let mut image = self.image();
        let now = image.operations;
        if image.cut_at.is_some_and(|at| now >= at) {
            return Err(io::Error::other("no power"));
        }
        if write.is_none() && image.sync_fails_at.is_some_and(|at| now >= at) {
            return Err(io::Error::other("input/output error"));
        }
        if write.is_some() && image.takes_nothing {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if let (Some(room), Some(write)) = (image.room, &write)
            && write.end() > room.max(image.live.len() as u64)
        {
            return Err(io::ErrorKind::StorageFull.into());
        }
        image.operations += 1;
        match write {
            Some(write) => {
                write.apply(&mut image.live);
                image.unsynced.push(write);
            }
            None if image.forgetful => {}
            None => {
                image.unsynced.clear();
                let Image { live, durable, .. } = &mut *image;
                durable.clone_from(live);
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

    /// Some of its sectors.
    fn tear(&self, image: &mut Vec<u8>, dice: &mut Dice) {
        let Write::Bytes(offset, bytes) = self else {
            return self.apply(image);
        };
        for (index, sector) in bytes.chunks(SECTOR).enumerate() {
            if dice.chance(500) {
                put(image, *offset as usize + index * SECTOR, sector);
            }
        }
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
