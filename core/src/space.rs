//! The space: all that survives a restart, as the pure fold of the log. A record is applied when it is appended.

use crate::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId, UserId};
use crate::name::{Name, NameKey};
use crate::now::Wall;
use crate::outcomes::{Outcome, Outcomes};
use crate::record::{Holder, Message, Record, Stream, What};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// Users, devices, their outcomes and the numbers of their conversations.
#[derive(Debug, Default)]
pub struct Space {
    head: Seq,
    stamp: Wall,
    store: StoreId,
    starts: BTreeMap<Epoch, Seq>,
    epoch: Epoch,
    names: BTreeMap<NameKey, UserId>,
    devices: BTreeMap<DeviceId, UserId>,
    users: BTreeMap<UserId, Box<User>>,
    pairs: BTreeMap<(UserId, UserId), Pair>,
    partners: BTreeSet<(UserId, UserId)>,
    all: Number,
}

/// The holder of a name.
#[derive(Debug)]
pub struct User {
    /// The name, as spelt in its claim.
    pub name: Name,
    /// Device or classic client.
    pub holder: Holder,
    /// What became of its latest messages.
    pub outcomes: Outcomes,
}

/// What is known of two users' conversation.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    number: Number,
    /// The last seq that the lower and the higher user wrote to the other.
    last: [Seq; 2],
}

impl Space {
    /// Folds one more record in. Records come in the order of their seqs, without gaps.
    pub fn apply(&mut self, record: &Record) {
        assert_eq!(record.seq, self.head.next(), "the log has no gaps");
        self.head = record.seq;
        self.stamp = record.stamp;
        match &record.what {
            What::Start { store, epoch } => self.start(*store, *epoch),
            What::Claim { name, holder } => self.claim(UserId(record.seq), *name, *holder),
            What::Release { user } => self.release(*user),
            What::Message(message) => self.message(message),
        }
    }

    fn start(&mut self, store: StoreId, epoch: Epoch) {
        self.store = store;
        self.epoch = epoch;
        self.starts.insert(epoch, self.head);
        let classic = self
            .users()
            .filter(|(_, user)| user.holder == Holder::Classic);
        let gone: Vec<UserId> = classic.map(|(id, _)| id).collect();
        for user in gone {
            self.release(user);
        }
    }

    fn claim(&mut self, id: UserId, name: Name, holder: Holder) {
        let before = self.names.insert(name.key(), id);
        assert!(
            before.is_none(),
            "a name is claimed only while nobody holds it"
        );
        if let Holder::Device { device, .. } = holder {
            self.devices.insert(device, id);
        }
        let outcomes = Outcomes::default();
        let user = User {
            name,
            holder,
            outcomes,
        };
        self.users.insert(id, Box::new(user));
    }

    fn release(&mut self, id: UserId) {
        let Some(user) = self.users.remove(&id) else {
            return;
        };
        self.names.remove(&user.name.key());
        if let Holder::Device { device, .. } = user.holder {
            self.devices.remove(&device);
        }
        for partner in self.partners(id).collect::<Vec<_>>() {
            self.pairs.remove(&pair_key(id, partner));
            self.partners.remove(&(id, partner));
            self.partners.remove(&(partner, id));
        }
    }

    fn message(&mut self, message: &Message) {
        match message.to {
            Stream::All => self.all = message.number,
            Stream::User(to) => {
                let pair = self
                    .pairs
                    .entry(pair_key(message.from, to))
                    .or_insert_with(|| {
                        self.partners.insert((message.from, to));
                        self.partners.insert((to, message.from));
                        Pair::default()
                    });
                pair.number = message.number;
                pair.last[side(message.from, to)] = message.seq;
            }
        }
        if message.id > MessageId(0)
            && let Some(user) = self.users.get_mut(&message.from)
        {
            let Message {
                id,
                seq,
                number,
                hash,
                ..
            } = *message;
            user.outcomes.accept(Outcome {
                id,
                seq,
                number,
                hash,
            });
        }
    }

    /// The last record that was applied.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// The stamp that the next record would get at that wall clock: stamps never go back.
    pub fn stamp_at(&self, wall: Wall) -> Wall {
        self.stamp.max(wall)
    }

    /// Which log this is.
    pub fn store(&self) -> StoreId {
        self.store
    }

    /// The current start's number.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether a device's cursor is a point of this log.
    pub fn knows(&self, store: StoreId, epoch: Epoch, seq: Seq) -> bool {
        store == self.store && seq <= self.head && self.starts.contains_key(&epoch)
    }

    /// Who holds that name.
    pub fn holder_of(&self, name: &Name) -> Option<UserId> {
        self.names.get(&name.key()).copied()
    }

    /// Which user that device is.
    pub fn user_of(&self, device: &DeviceId) -> Option<UserId> {
        self.devices.get(device).copied()
    }

    /// A user, while it holds its name.
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id).map(|user| &**user)
    }

    /// Uses an id up without a record.
    pub fn reject(&mut self, user: UserId, id: MessageId) {
        if let Some(user) = self.users.get_mut(&user) {
            user.outcomes.reject(id);
        }
    }

    /// All users, in the order of their claims.
    pub fn users(&self) -> impl ExactSizeIterator<Item = (UserId, &User)> {
        self.users.iter().map(|(id, user)| (*id, &**user))
    }

    /// Names after `after` (from the first one if `None`), in their order.
    pub fn names_after(&self, after: Option<&Name>) -> impl Iterator<Item = (Name, UserId)> + '_ {
        use core::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, |name| Excluded(name.key()));
        self.names
            .range((from, Unbounded))
            .filter_map(|(_, id)| Some((self.users.get(id)?.name, *id)))
    }

    /// The number that the next message of that conversation gets.
    pub fn next_number(&self, from: UserId, to: Stream) -> Number {
        match to {
            Stream::All => self.all.next(),
            Stream::User(to) => self
                .pairs
                .get(&pair_key(from, to))
                .map_or(Number(1), |pair| pair.number.next()),
        }
    }

    /// The last message that `from` wrote to `to`; 0 if none.
    pub fn last_between(&self, from: UserId, to: UserId) -> Seq {
        self.pairs
            .get(&pair_key(from, to))
            .map_or(Seq(0), |pair| pair.last[side(from, to)])
    }

    /// Everybody with whom that user has a conversation of two.
    pub fn partners(&self, user: UserId) -> impl Iterator<Item = UserId> + '_ {
        let (first, last) = (UserId(Seq(0)), UserId(Seq(u64::MAX)));
        self.partners
            .range((user, first)..=(user, last))
            .map(|(_, partner)| *partner)
    }
}

fn pair_key(a: UserId, b: UserId) -> (UserId, UserId) {
    (a.min(b), a.max(b))
}

fn side(from: UserId, to: UserId) -> usize {
    usize::from(from > to)
}
