//! A directory with a log in it, and an author of records.

use std::fs;
use std::path::{Path, PathBuf};
use verbatim_core::id::{DeviceId, Epoch, StoreId, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::Wall;
use verbatim_core::record::{Holder, Message, Record, Stream, What};
use verbatim_core::space::Space;
use verbatim_core::wire::Delivery;
use verbatim_net::engine::disk::{Disk, FileMedium, Rhythm};
use verbatim_net::engine::{Engine, Identity};

/// Who every log here is.
pub const IDENTITY: Identity = Identity {
    store: StoreId(7),
    hash_key: [1, 2],
};

/// A directory of one test alone, removed with it.
pub struct Ground(PathBuf);

impl Ground {
    pub fn new(name: &str) -> Ground {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("disk-{name}"));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Ground(path)
    }

    pub fn file(&self) -> PathBuf {
        self.0.join("log.redb")
    }

    pub fn journal(&self) -> PathBuf {
        self.0.join("log.journal")
    }

    pub fn medium(&self) -> FileMedium {
        FileMedium::take(&self.0, |_| u64::MAX).unwrap()
    }

    /// The engine on it, with a checkpoint after so many records.
    pub fn engine(&self, records: usize) -> Disk {
        self.engine_with(records, &Limits::default())
    }

    /// The same within other limits.
    pub fn engine_with(&self, records: usize, limits: &Limits) -> Disk {
        let rhythm = Rhythm {
            records,
            bytes: 1 << 40,
            journal: 64 << 10,
        };
        Disk::new(Box::new(self.medium()), IDENTITY, limits).with_rhythm(rhythm)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Writes records that fit behind one another.
#[derive(Default)]
pub struct Author {
    pub space: Space,
    pub records: Vec<Record>,
    /// Milliseconds after the beginning.
    pub time: u64,
}

impl Author {
    /// The author as it was after so many records.
    pub fn up_to(&self, records: usize) -> Author {
        let mut author = Author {
            records: self.records[..records].to_vec(),
            ..Author::default()
        };
        author
            .records
            .iter()
            .for_each(|one| author.space.apply(one));
        author.time = self.time;
        author
    }

    pub fn write(&mut self, what: What) -> UserId {
        self.time += 1000;
        let record = Record {
            seq: self.space.head().next(),
            stamp: Wall(1_700_000_000_000 + self.time),
            what,
        };
        self.space.apply(&record);
        self.records.push(record);
        UserId(self.space.head())
    }

    pub fn start(&mut self, epoch: u64) {
        let (store, epoch) = (IDENTITY.store, Epoch(epoch));
        self.write(What::Start { store, epoch });
    }

    pub fn claim(&mut self, name: &str, holder: Holder) -> UserId {
        let name = Name::parse(name.as_bytes()).unwrap();
        self.write(What::Claim { name, holder })
    }

    pub fn session(&mut self, name: &str, secret: u8) -> UserId {
        let device = DeviceId::new([secret; 16]);
        self.claim(name, Holder::Device { device, keep: true })
    }

    /// `to`: a user, or everybody.
    pub fn message(&mut self, from: UserId, to: Option<UserId>, body: &str) {
        let name = |user| self.space.user(user).unwrap().name;
        let stream = to.map_or(Stream::All, Stream::User);
        let delivery = Delivery {
            seq: self.space.head().next(),
            from: name(from),
            to: to.map_or(Recipient::All, |user| Recipient::User(name(user))),
            number: self.space.next_number(from, stream),
            time: 1_700_000_000_000 + self.time + 1000,
            body,
            removed: false,
        };
        let last = self.space.user(from).unwrap().outcomes.last();
        let id = (last.next(), 0x1234_5678);
        let message = Message::new((from, stream), id, &delivery, &mut Vec::new());
        self.write(What::Message(message));
    }

    /// Hands over what was written since that index, and commits it.
    pub fn commit(&mut self, engine: &mut Disk, from: usize) {
        self.records[from..]
            .iter()
            .cloned()
            .for_each(|one| engine.append(one));
        assert_eq!(engine.commit().unwrap(), self.space.head());
    }
}
