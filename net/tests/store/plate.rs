//! A disk in memory with a live and a durable image: what was written and not synced may be there after a power cut, or
//! not, write by write.

use redb::StorageBackend;
use std::io;
use std::sync::{Arc, Mutex};
use verbatim_net::store::Disk;

#[derive(Debug, Default)]
struct Image {
    live: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Write>,
    /// Writes and syncs so far.
    operations: u64,
    /// The power goes at this one.
    cut_at: Option<u64>,
    /// No file can grow beyond this.
    room: Option<u64>,
}

#[derive(Clone, Debug)]
enum Write {
    Length(u64),
    Bytes(u64, Vec<u8>),
}

impl Write {
    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Write::Length(length) => image.resize(*length as usize, 0),
            Write::Bytes(offset, bytes) => {
                let (from, to) = (*offset as usize, *offset as usize + bytes.len());
                if image.len() < to {
                    image.resize(to, 0);
                }
                image[from..to].copy_from_slice(bytes);
            }
        }
    }
}

/// See the module's words. Its clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Plate(Arc<Mutex<Image>>);

impl Plate {
    fn image(&self) -> std::sync::MutexGuard<'_, Image> {
        self.0.lock().unwrap()
    }

    /// A disk with that on it.
    pub fn holding(bytes: Vec<u8>) -> Plate {
        let plate = Plate::default();
        {
            let mut image = plate.image();
            (image.live, image.durable) = (bytes.clone(), bytes);
        }
        plate
    }

    /// What is on it.
    pub fn bytes(&self) -> Vec<u8> {
        self.image().live.clone()
    }

    /// The power goes at that operation, counted from the first one ever.
    pub fn cut_at(&self, operation: u64) {
        self.image().cut_at = Some(operation);
    }

    /// Writes and syncs so far.
    pub fn operations(&self) -> u64 {
        self.image().operations
    }

    /// The file can grow to so many bytes and no more; `None`: for ever.
    pub fn set_room(&self, bytes: Option<u64>) {
        self.image().room = bytes;
    }

    pub fn length(&self) -> u64 {
        self.image().live.len() as u64
    }

    /// The power is back. Of what was not synced that is there which `survives` says.
    pub fn power_on(&self, mut survives: impl FnMut(usize) -> bool) {
        let mut image = self.image();
        let mut now = image.durable.clone();
        for (index, write) in image.unsynced.iter().enumerate() {
            if survives(index) {
                write.apply(&mut now);
            }
        }
        let operations = image.operations;
        *image = Image {
            live: now.clone(),
            durable: now,
            operations,
            ..Image::default()
        };
    }

    fn change(&self, write: Option<Write>) -> io::Result<()> {
        let mut image = self.image();
        if image.cut_at.is_some_and(|at| image.operations >= at) {
            return Err(io::Error::other("no power"));
        }
        if let (Some(room), Some(write)) = (image.room, &write) {
            let end = match write {
                Write::Length(length) => *length,
                Write::Bytes(offset, bytes) => offset + bytes.len() as u64,
            };
            if end > room.max(image.live.len() as u64) {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        image.operations += 1;
        match write {
            Some(write) => {
                write.apply(&mut image.live);
                image.unsynced.push(write);
            }
            None => {
                image.durable = image.live.clone();
                image.unsynced.clear();
            }
        }
        Ok(())
    }
}

impl Disk for Plate {
    fn open(&self) -> io::Result<impl StorageBackend> {
        Ok(self.clone())
    }
}

impl StorageBackend for Plate {
    fn len(&self) -> io::Result<u64> {
        Ok(self.length())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let from = offset as usize;
        let image = self.image();
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
