//! What both engines tell of what was said earlier: every page of every conversation is what a plain list of all messages
//! has, also with checkpoints, in the tail behind them, and after a restart.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use verbatim_core::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::Wall;
use verbatim_core::record::{Conversation, Holder, Message, Record, Stream, What};
use verbatim_core::router::Question;
use verbatim_core::wire::Delivery;
use verbatim_net::engine::disk::{Disk, FileMedium, Rhythm};
use verbatim_net::engine::{Engine, Identity, Memory};

/// A log as it is written, with all that was said in it.
#[derive(Default)]
struct Author {
    seq: u64,
    said: Vec<Message>,
}

impl Author {
    fn record(&mut self, what: What) -> Record {
        self.seq += 1;
        Record {
            seq: Seq(self.seq),
            stamp: Wall(self.seq),
            what,
        }
    }

    /// The first records: a start, and so many users, the first of whom is 2.
    fn begin(&mut self, users: u64) -> Vec<Record> {
        let (store, epoch) = (StoreId(1), Epoch(1));
        let mut records = vec![self.record(What::Start { store, epoch })];
        for user in 0..users {
            let device = DeviceId::new([user as u8; 16]);
            let holder = Holder::Device { device, keep: true };
            let name = name(user + 2);
            records.push(self.record(What::Claim { name, holder }));
        }
        records
    }

    /// A message of that many bytes; to nobody: to all.
    fn say(&mut self, from: u64, to: Option<u64>, bytes: usize) -> Record {
        let stream = to.map_or(Stream::All, |to| Stream::User(UserId(Seq(to))));
        let from = UserId(Seq(from));
        let conversation = Conversation::of(from, stream);
        let number = self.of(conversation).count() as u64 + 1;
        let own = self.said.iter().filter(|message| message.from == from);
        let id = MessageId(own.count() as u64 + 1);
        let delivery = Delivery {
            seq: Seq(self.seq + 1),
            from: name(from.0.0),
            to: to.map_or(Recipient::All, |to| Recipient::User(name(to))),
            number: Number(number),
            time: self.seq + 1,
            body: &"x".repeat(bytes),
            removed: false,
        };
        let message = Message::new((from, stream), (id, 0), &delivery, &mut Vec::new());
        self.said.push(message.clone());
        self.record(What::Message(message))
    }

    fn of(&self, conversation: Conversation) -> impl Iterator<Item = &Message> {
        let all = self.said.iter();
        all.filter(move |message| message.conversation() == conversation)
    }

    /// Asks that engine for every page of every conversation.
    fn compare(&self, engine: &dyn Engine, users: u64) {
        let pairs = (2..users + 2).flat_map(|one| (one..users + 2).map(move |other| (one, other)));
        let pairs =
            pairs.map(|(one, other)| Conversation::Pair(UserId(Seq(one)), UserId(Seq(other))));
        for conversation in pairs.chain([Conversation::All]) {
            let count = self.of(conversation).count() as u64;
            for before in 0..=count + 1 {
                for (messages_max, bytes_max) in
                    [(1, 10_000), (4, 10_000), (100, 700), (100, 100_000)]
                {
                    let question = Question {
                        user: UserId(Seq(2)),
                        opened: 1,
                        conversation,
                        before: Number(before),
                        messages_max,
                        bytes_max,
                    };
                    self.compare_page(engine, &question);
                }
            }
        }
    }

    fn compare_page(&self, engine: &dyn Engine, question: &Question) {
        let below = |message: &&Message| message.number < question.before;
        let mut all: Vec<&Message> = self.of(question.conversation).filter(below).collect();
        let (mut expected, mut bytes) = (Vec::new(), 0);
        while let Some(message) = all.pop() {
            bytes += message.frame().len();
            let full = expected.len() == question.messages_max || bytes > question.bytes_max;
            if full && !expected.is_empty() {
                all.push(message);
                break;
            }
            expected.insert(0, message.frame());
        }
        let past = engine.recall(question).unwrap();
        let told: Vec<&[u8]> = past.messages.iter().map(Message::frame).collect();
        assert_eq!(told, expected, "{question:?}");
        assert_eq!(
            past.more,
            !all.is_empty() && !told.is_empty(),
            "{question:?}"
        );
    }
}

fn name(user: u64) -> Name {
    Name::parse(format!("user{user}").as_bytes()).unwrap()
}

/// A directory of one test, removed with it.
struct Place(PathBuf);

impl Place {
    fn new(test: &str) -> Place {
        let path =
            std::env::temp_dir().join(format!("verbatim-recall-{test}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        Place(path)
    }

    fn disk(&self, records: usize) -> Disk {
        let plenty = |_: &Path| 1 << 40;
        let medium = FileMedium::take(&self.0, plenty).unwrap();
        let fresh = Identity {
            store: StoreId(1),
            hash_key: [1, 2],
        };
        let bytes = 1 << 30;
        Disk::new(Box::new(medium), fresh, &Limits::default()).with_rhythm(Rhythm {
            records,
            bytes,
            journal: 64 << 10,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

const USERS: u64 = 3;

/// Lines of all to all, one to one and to oneself, in batches of some.
fn write(author: &mut Author, engine: &mut dyn Engine, lines: u64) {
    let first = author.seq;
    for line in first..first + lines {
        let (from, to) = (line % USERS + 2, line / 2 % (USERS + 1));
        let to = (to < USERS).then_some(to + 2);
        engine.append(author.say(from, to, (line % 7 * 40) as usize));
        if line % 5 == 0 {
            engine.commit().unwrap();
        }
    }
    engine.commit().unwrap();
}

#[test]
fn the_memory_engine_tells_what_was_said() {
    let (mut author, mut engine) = (Author::default(), Memory::new(&Limits::default()));
    author
        .begin(USERS)
        .into_iter()
        .for_each(|record| engine.append(record));
    write(&mut author, &mut engine, 60);
    author.compare(&engine, USERS);
}

#[test]
fn the_disk_engine_tells_what_was_said_from_checkpoints_and_the_tail() {
    for records in [1, 7, 23, 1_000] {
        let (mut author, place) = (Author::default(), Place::new("disk"));
        let mut disk = place.disk(records);
        disk.load().unwrap();
        author
            .begin(USERS)
            .into_iter()
            .for_each(|record| disk.append(record));
        for _ in 0..3 {
            write(&mut author, &mut disk, 25);
            author.compare(&disk, USERS);
            drop(disk);
            disk = place.disk(records);
            disk.load().unwrap();
            author.compare(&disk, USERS);
        }
    }
}

#[test]
fn what_is_appended_and_not_committed_is_on_no_page_of_the_disk() {
    let (mut author, place) = (Author::default(), Place::new("uncommitted"));
    let mut disk = place.disk(1_000);
    disk.load().unwrap();
    author
        .begin(USERS)
        .into_iter()
        .for_each(|record| disk.append(record));
    write(&mut author, &mut disk, 25);
    disk.append(
        Author {
            seq: author.seq,
            said: author.said.clone(),
        }
        .say(2, None, 5),
    );
    author.compare(&disk, USERS);
}

/// Each half of a conversation may be forgotten further than the other; what lies before a hole is not told.
#[test]
fn the_memory_engine_tells_nothing_from_before_a_hole() {
    let (mut author, mut engine) = (Author::default(), Memory::new(&Limits::default()));
    author
        .begin(2)
        .into_iter()
        .for_each(|record| engine.append(record));
    for (from, to) in [(2, 3), (3, 2), (2, 3), (3, 2), (2, 3)] {
        engine.append(author.say(from, Some(to), 5));
    }
    // Of numbers 1 to 5, all that 3 was sent is gone up to number 3.
    engine.forget(Stream::User(UserId(Seq(3))), Seq(6));
    let ask = |before| {
        let question = Question {
            user: UserId(Seq(2)),
            opened: 1,
            conversation: Conversation::Pair(UserId(Seq(2)), UserId(Seq(3))),
            before: Number(before),
            messages_max: 10,
            bytes_max: 10_000,
        };
        let past = engine.recall(&question).unwrap();
        let numbers: Vec<u64> = past
            .messages
            .iter()
            .map(|message| message.number.0)
            .collect();
        (numbers, past.more)
    };
    assert_eq!(ask(6), (vec![4, 5], false));
    assert_eq!(ask(5), (vec![4], false));
    for before in [4, 3, 2] {
        assert_eq!(ask(before), (vec![], false));
    }
}
