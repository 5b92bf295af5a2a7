//! Who writes the records of a run: names come and go, messages go to one or to all, some long, most short; and beside
//! them how far users have come.

use crate::dice::Dice;
use std::collections::BTreeMap;
use verbatim_core::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId, UserId};
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::Wall;
use verbatim_core::record::{Holder, Message, Record, Stream, What};
use verbatim_core::saved::{Beside, Count, Standing};
use verbatim_core::space::Space;
use verbatim_core::wire::Delivery;

/// See the module's words.
pub(super) struct Author {
    dice: Dice,
    /// The fold of all that was written, whether it is committed or not.
    pub(super) space: Space,
    names: u64,
}

/// One batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<Record>,
    pub(super) beside: Vec<Beside>,
}

impl Author {
    pub(super) fn new(dice: Dice, space: Space) -> Author {
        let names = space.head().0;
        Author { dice, space, names }
    }

    pub(super) fn start(&mut self) -> Record {
        let epoch = Epoch(self.dice.roll());
        let store = StoreId(7);
        self.write(What::Start { store, epoch })
    }

    pub(super) fn batch(&mut self) -> Batch {
        let mut batch = Batch::default();
        for _ in 0..self.dice.below(12) {
            let what = self.what();
            let record = self.write(what);
            batch.records.push(record);
        }
        for _ in 0..self.dice.below(3) {
            batch.beside.extend(self.beside());
        }
        batch
    }

    fn write(&mut self, what: What) -> Record {
        let record = Record {
            seq: self.space.head().next(),
            stamp: self.stamp(),
            what,
        };
        self.space.apply(&record);
        record
    }

    fn stamp(&self) -> Wall {
        Wall(1_700_000_000_000 + self.space.head().0)
    }

    fn what(&mut self) -> What {
        let users = self.users();
        match self.dice.below(20) {
            0 | 1 => self.claim(),
            2 if users.len() > 3 => self.release(&users),
            _ if users.len() < 2 => self.claim(),
            _ => self.message(&users),
        }
    }

    fn users(&self) -> Vec<UserId> {
        self.space.users().map(|(id, _)| id).collect()
    }

    fn claim(&mut self) -> What {
        self.names += 1;
        let text = format!("u{}x{}", self.space.head(), self.names);
        let name = Name::parse(text.as_bytes()).expect("letters and digits");
        let device = DeviceId::new(u128::from(self.dice.roll()).to_le_bytes());
        let holder = match self.dice.chance(200) {
            true => Holder::Classic,
            false => Holder::Device {
                device,
                keep: self.dice.chance(500),
            },
        };
        What::Claim { name, holder }
    }

    fn release(&mut self, users: &[UserId]) -> What {
        let (user, reached) = (self.dice.pick(users), self.space.head());
        What::Release { user, reached }
    }

    fn message(&mut self, users: &[UserId]) -> What {
        let (from, to) = (self.dice.pick(users), self.dice.pick(users));
        let stream = match self.dice.chance(300) {
            true => Stream::All,
            false => Stream::User(to),
        };
        let recipient = match stream {
            Stream::All => Recipient::All,
            Stream::User(user) => Recipient::User(self.name(user)),
        };
        let length = match self.dice.below(40) {
            0 => self.dice.below(40_000),
            1..6 => self.dice.below(2_000),
            _ => self.dice.below(60),
        };
        let body: String = (0..length)
            .map(|at| char::from(b'a' + ((at ^ self.space.head().0) % 26) as u8))
            .collect();
        let delivery = Delivery {
            seq: self.space.head().next(),
            from: self.name(from),
            to: recipient,
            number: self.space.next_number(from, stream),
            time: self.stamp().0,
            body: &body,
            removed: false,
        };
        let last = self.space.user(from).map(|user| user.outcomes.last());
        let id = (last.unwrap_or_default().next(), self.dice.roll());
        What::Message(Message::new((from, stream), id, &delivery, &mut Vec::new()))
    }

    fn name(&self, user: UserId) -> Name {
        self.space.user(user).expect("it is one of them").name
    }

    fn beside(&mut self) -> Option<Beside> {
        let (users, roll) = (self.users(), self.dice.roll());
        let user = *users.get(self.dice.below(users.len().max(1) as u64) as usize)?;
        Some(match roll % 4 {
            0 => Beside::Closed(Seq(roll % 9)),
            1 => Beside::Count(Count {
                seq: Seq(roll % 9),
                from: user,
                count: roll % 5,
                of: 5,
            }),
            _ => Beside::Standing(Standing {
                user,
                cursor: self.space.head(),
                own: (roll % 100, roll % 1000),
                all: (roll % 10, roll % 100),
                floor: (Seq(roll % 7), Number(roll % 3)),
                half: None,
                away_at: (roll % 2 == 0).then_some(roll),
            }),
        })
    }
}

/// What is beside the log after a batch.
pub(super) fn ride(beside: &mut BTreeMap<(u8, u64), Beside>, batch: &Batch) {
    for one in &batch.beside {
        match one {
            Beside::Closed(_) => _ = beside.remove(&one.key()),
            _ => _ = beside.insert(one.key(), *one),
        }
    }
    for record in &batch.records {
        if let What::Release { user, .. } = record.what {
            beside.remove(&(0, user.0.0));
        }
    }
}

/// The first free id of nobody: an id to compare with.
pub(super) const NONE: MessageId = MessageId(0);
