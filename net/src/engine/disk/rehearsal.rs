//! A backend on which a log is opened for a rehearsal: what is written goes into memory, and the file stays as it is. Opening
//! a log changes its file, by the repair after a crash at the latest, and one that is then refused must not be touched.

use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// What is kept of a write at once.
const BLOCK: u64 = 4096;
/// The file may become twice as long and so many bytes longer; a store that wants more is not what was written.
const MORE_BYTES: u64 = 16 << 20;

/// See the module's words. One thread uses it.
#[derive(Debug)]
pub(super) struct Rehearsal {
    backend: Box<dyn StorageBackend>,
    length: AtomicU64,
    /// How much of it is in the file.
    there: AtomicU64,
    /// What was written, block behind block, and how many blocks that are.
    written: InMemoryBackend,
    count: AtomicU32,
    /// Where each block of the file is in there; 0: nowhere.
    places: Vec<AtomicU32>,
}

impl Rehearsal {
    pub(super) fn new(backend: Box<dyn StorageBackend>) -> io::Result<Rehearsal> {
        let length = backend.len()?;
        let places = (2 * length + MORE_BYTES).div_ceil(BLOCK);
        Ok(Rehearsal {
            backend,
            length: AtomicU64::new(length),
            there: AtomicU64::new(length),
            written: InMemoryBackend::new(),
            count: AtomicU32::new(0),
            places: (0..places).map(|_| AtomicU32::new(0)).collect(),
        })
    }

    fn read_file(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = self.there.load(Relaxed);
        let here = there.saturating_sub(offset).min(out.len() as u64) as usize;
        out[here..].fill(0);
        match here {
            0 => Ok(()),
            _ => self.backend.read(offset, &mut out[..here]),
        }
    }

    /// Where a block is kept, in bytes; `None`: it was not written.
    fn place(&self, block: u64) -> Option<u64> {
        let place = self.places.get(block as usize)?.load(Relaxed);
        Some(u64::from(place.checked_sub(1)?) * BLOCK)
    }

    /// The same of one that is to be written.
    fn make_place(&self, block: u64) -> io::Result<u64> {
        if let Some(place) = self.place(block) {
            return Ok(place);
        }
        let known = self.places.get(block as usize);
        let known = known.ok_or_else(|| io::Error::other("a file that grows beyond reason"))?;
        let mut bytes = vec![0; BLOCK as usize];
        self.read_file(block * BLOCK, &mut bytes)?;
        let place = u64::from(self.count.fetch_add(1, Relaxed)) * BLOCK;
        known.store(self.count.load(Relaxed), Relaxed);
        self.written.set_len(place + BLOCK)?;
        self.written.write(place, &bytes)?;
        Ok(place)
    }
}

/// The parts of a range that lie in one block each: the block, where in it, and where in the range.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, u64, std::ops::Range<usize>)> {
    let end = offset + length as u64;
    (offset / BLOCK..end.div_ceil(BLOCK)).map(move |block| {
        let from = offset.max(block * BLOCK);
        let to = end.min((block + 1) * BLOCK);
        let range = (from - offset) as usize..(to - offset) as usize;
        (block, from - block * BLOCK, range)
    })
}

impl StorageBackend for Rehearsal {
    fn len(&self) -> io::Result<u64> {
        Ok(self.length.load(Relaxed))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset + out.len() as u64 > self.length.load(Relaxed) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read_file(offset, out)?;
        if self.count.load(Relaxed) == 0 {
            return Ok(());
        }
        for (block, at, range) in parts(offset, out.len()) {
            if let Some(place) = self.place(block) {
                self.written.read(place + at, &mut out[range])?;
            }
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.length.store(length, Relaxed);
        self.there.fetch_min(length, Relaxed);
        let beyond = length.div_ceil(BLOCK) as usize;
        let gone = self.places.get(beyond..).unwrap_or_default();
        gone.iter().for_each(|place| place.store(0, Relaxed));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        for (block, at, range) in parts(offset, bytes.len()) {
            let place = self.make_place(block)?;
            self.written.write(place + at, &bytes[range])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::backends::InMemoryBackend;

    #[test]
    fn what_is_written_is_read_and_the_file_stays() {
        let file = InMemoryBackend::new();
        file.set_len(10_000).unwrap();
        file.write(0, &[7; 10_000]).unwrap();
        let rehearsal = Rehearsal::new(Box::new(file)).unwrap();
        rehearsal.write(4_090, &[1; 5_000]).unwrap();
        let mut out = [0; 9_100];
        rehearsal.read(0, &mut out).unwrap();
        assert!(out[..4_090] == [7; 4_090] && out[4_090..9_090] == [1; 5_000]);
        assert_eq!(out[9_090..], [7; 10]);
        rehearsal.set_len(20_000).unwrap();
        rehearsal.read(9_995, &mut out[..10]).unwrap();
        assert_eq!(out[..10], [7, 7, 7, 7, 7, 0, 0, 0, 0, 0]);
        assert!(rehearsal.read(19_999, &mut out[..2]).is_err());
        let mut there = [0; 10_000];
        rehearsal.backend.read(0, &mut there).unwrap();
        assert_eq!(there, [7; 10_000]);
    }
}
