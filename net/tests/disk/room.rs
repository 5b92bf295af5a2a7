//! A disk that becomes full: as long as the log says that it has room, what it takes goes into the journal and from there
//! into the log's own file.

use crate::ground::{Author, Ground, IDENTITY};
use redb::StorageBackend;
use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use verbatim_core::id::{Seq, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::now::Wall;
use verbatim_core::saved::Beside;
use verbatim_net::engine::disk::{Disk, FileMedium, Medium, check};
use verbatim_net::engine::{Engine, Failure, Fault};

const BLOCK: u64 = 4096;

/// A file system of so many bytes. A block takes room from when it is first written on.
#[derive(Debug)]
struct Room {
    bytes: AtomicU64,
    taken: Mutex<BTreeSet<(u8, u64)>>,
}

impl Room {
    fn free(&self) -> u64 {
        let taken = self.taken.lock().unwrap().len() as u64;
        self.bytes.load(Relaxed).saturating_sub(taken * BLOCK)
    }

    fn take(&self, file: u8, offset: u64, length: u64) -> io::Result<()> {
        let mut taken = self.taken.lock().unwrap();
        let blocks = offset / BLOCK..(offset + length).div_ceil(BLOCK);
        let blocks = blocks.map(|block| (file, block));
        let more: Vec<_> = blocks.filter(|block| !taken.contains(block)).collect();
        let after = (taken.len() + more.len()) as u64 * BLOCK;
        match !more.is_empty() && after > self.bytes.load(Relaxed) {
            true => return Err(io::ErrorKind::StorageFull.into()),
            false => taken.extend(more),
        }
        Ok(())
    }
}

/// One of its files.
#[derive(Debug)]
struct Narrow(Box<dyn StorageBackend>, u8, Arc<Room>);

impl StorageBackend for Narrow {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }
    fn set_len(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.2.take(self.1, offset, bytes.len() as u64)?;
        self.0.write(offset, bytes)
    }
    fn close(&self) -> io::Result<()> {
        self.0.close()
    }
}

/// A log's directory on it.
struct Small(FileMedium, Arc<Room>);

impl Small {
    fn narrow(&self, file: u8, backend: Box<dyn StorageBackend>) -> Box<dyn StorageBackend> {
        Box::new(Narrow(backend, file, Arc::clone(&self.1)))
    }
}

impl Medium for Small {
    fn exists(&mut self) -> Result<bool, Failure> {
        self.0.exists()
    }
    fn open(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        self.0.open().map(|backend| self.narrow(0, backend))
    }
    fn begin(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        self.0.begin().map(|backend| self.narrow(0, backend))
    }
    fn put_in_place(&mut self) -> Result<(), Failure> {
        self.0.put_in_place()
    }
    fn journal(&mut self) -> Result<Option<Box<dyn StorageBackend>>, Failure> {
        let journal = self.0.journal()?;
        Ok(journal.map(|backend| self.narrow(1, backend)))
    }
    fn make_journal(&mut self) -> Result<Box<dyn StorageBackend>, Failure> {
        self.0.make_journal().map(|backend| self.narrow(1, backend))
    }
    fn free(&self) -> u64 {
        self.1.free()
    }
}

fn small() -> Arc<Room> {
    Arc::new(Room {
        bytes: AtomicU64::new(14 << 20),
        taken: Mutex::default(),
    })
}

/// A log of one user on it.
fn begun(ground: &Ground, room: &Arc<Room>, limits: &Limits) -> (Author, Disk) {
    let medium = Small(ground.medium(), Arc::clone(room));
    let mut engine = Disk::new(Box::new(medium), IDENTITY, limits);
    engine.load().unwrap();
    let mut author = Author::default();
    author.start(1);
    author.session("ann", 1);
    author.commit(&mut engine, 0);
    (author, engine)
}

#[test]
fn what_is_taken_while_there_is_room_can_be_folded() {
    let limits = Limits {
        log_bytes_max: 1 << 40,
        ..Limits::default()
    };
    let ground = Ground::new("room");
    let (mut author, mut engine) = begun(&ground, &small(), &limits);
    // As long as a router takes messages, two in a commit: the store needs twice as much for them as they have.
    while engine.room() > limits.log_reserve_bytes + 16_000 {
        let from = author.records.len();
        for _ in 0..2 {
            author.message(UserId(Seq(2)), None, &"x".repeat(4_200));
        }
        author.commit(&mut engine, from);
    }
    engine.fold().unwrap();
    // And what is not refused then: what rides beside the log.
    for seq in 1..1_100 {
        engine.save(Beside::Closed(Seq(seq)));
        engine.commit().unwrap();
    }
    engine.close().unwrap();
}

#[test]
fn a_full_journal_on_a_full_disk_waits_for_room() {
    let (ground, room) = (Ground::new("no-room"), small());
    let (mut author, mut engine) = begun(&ground, &room, &Limits::default());
    // Somebody else takes all that is left.
    room.bytes.store(0, Relaxed);
    let full = loop {
        let from = author.records.len();
        author.message(UserId(Seq(2)), None, &"x".repeat(9_000));
        engine.append(author.records[from].clone());
        match engine.commit() {
            Ok(_) => assert!(from < 1 << 10, "it has no end"),
            Err(failure) => break failure,
        }
    };
    assert_eq!(full.fault, Fault::Full);
    let taken = author.records.len() - 1;
    for _ in 0..3 {
        let head = engine.load().map(|loaded| loaded.saved.space.head());
        match head {
            Ok(head) => assert_eq!(head, Seq(taken as u64)),
            Err(failure) => assert_eq!(failure.fault, Fault::Full),
        }
        engine.append(author.records[taken].clone());
        assert_eq!(engine.commit().unwrap_err().fault, Fault::Full);
    }
    room.bytes.store(64 << 20, Relaxed);
    engine.load().unwrap();
    let mut author = author.up_to(taken);
    author.message(UserId(Seq(2)), None, "there is room again");
    author.commit(&mut engine, taken);
    engine.fold().unwrap();
    engine.close().unwrap();
}

#[test]
fn a_view_of_before_a_lack_of_room_does_not_hold_the_log() {
    let (ground, room) = (Ground::new("no-room-viewed"), small());
    let (mut author, mut engine) = begun(&ground, &room, &Limits::default());
    for index in 0..40 {
        let from = author.records.len();
        author.message(UserId(Seq(2)), None, &format!("message {index}"));
        author.commit(&mut engine, from);
    }
    engine.fold().unwrap();
    let view = engine.view().unwrap();
    room.bytes.store(0, Relaxed);
    let taken = author.records.len();
    for _ in 0..600 {
        author.message(UserId(Seq(2)), None, &"x".repeat(9_000));
    }
    let more = author.records[taken..].iter().cloned();
    more.for_each(|one| engine.append(one));
    assert_eq!(engine.commit().unwrap_err().fault, Fault::Full);
    room.bytes.store(64 << 20, Relaxed);
    let loaded = engine.load().unwrap();
    assert_eq!(loaded.saved.space.head(), Seq(taken as u64));
    // It is refused, or what it makes is whole.
    let copy = Ground::new("no-room-viewed-copy");
    if view.copy(&copy.file(), Wall(1)).is_ok() {
        let checked = check(&mut copy.medium(), &mut |_| Ok(())).unwrap();
        assert_eq!(checked.records, taken as u64);
    }
    engine.remove_text(Seq(3)).unwrap();
    engine.close().unwrap();
}
