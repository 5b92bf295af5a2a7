//! A backend on which a log is opened for a rehearsal: what is written goes into memory, and the file stays as it is. Opening
//! a log changes its file, by the repair after a crash at the latest, and one that is then refused must not be touched.

use redb::StorageBackend;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is kept of a write at once.
const BLOCK: u64 = 4096;

/// See the module's words.
#[derive(Debug)]
pub(super) struct Rehearsal {
    backend: Box<dyn StorageBackend>,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    length: u64,
    /// What is in the file of it.
    there: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl Rehearsal {
    pub(super) fn new(backend: Box<dyn StorageBackend>) -> io::Result<Rehearsal> {
        let length = backend.len()?;
        let written = Mutex::new(Written {
            length,
            there: length,
            blocks: BTreeMap::new(),
        });
        Ok(Rehearsal { backend, written })
    }

    /// What it holds is consistent between any two writes.
    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_file(&self, there: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let here = there.saturating_sub(offset).min(out.len() as u64) as usize;
        out[here..].fill(0);
        match here {
            0 => Ok(()),
            _ => self.backend.read(offset, &mut out[..here]),
        }
    }
}

/// The parts of a range that lie in one block each: the block, where in it, and where in the range.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let end = offset + length as u64;
    (offset / BLOCK..end.div_ceil(BLOCK)).map(move |block| {
        let from = offset.max(block * BLOCK);
        let to = end.min((block + 1) * BLOCK);
        let range = (from - offset) as usize..(to - offset) as usize;
        (block, (from - block * BLOCK) as usize, range)
    })
}

impl StorageBackend for Rehearsal {
    fn len(&self) -> io::Result<u64> {
        Ok(self.written().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let written = self.written();
        if offset + out.len() as u64 > written.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read_file(written.there, offset, out)?;
        if written.blocks.is_empty() {
            return Ok(());
        }
        for (block, at, range) in parts(offset, out.len()) {
            if let Some(bytes) = written.blocks.get(&block) {
                let length = range.len();
                out[range].copy_from_slice(&bytes[at..at + length]);
            }
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut written = self.written();
        written.length = length;
        written.there = written.there.min(length);
        written.blocks.retain(|block, _| block * BLOCK < length);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut written = self.written();
        for (block, at, range) in parts(offset, bytes.len()) {
            if !written.blocks.contains_key(&block) {
                let mut fresh = vec![0; BLOCK as usize];
                self.read_file(written.there, block * BLOCK, &mut fresh)?;
                written.blocks.insert(block, fresh);
            }
            let kept = written.blocks.get_mut(&block);
            let kept = kept.expect("it is there now");
            kept[at..at + range.len()].copy_from_slice(&bytes[range]);
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
