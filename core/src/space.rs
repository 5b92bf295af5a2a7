//! The space: all that survives a restart, as the pure fold of the log. A record is applied when it is appended.

mod saved;

use crate::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId, UserId};
use crate::limits::{LEFT_REMEMBERED_MAX, STARTS_REMEMBERED_MAX};
use crate::name::{Name, NameKey};
use crate::now::Wall;
use crate::outcomes::{Outcome, Outcomes};
use crate::record::{Conversation, Holder, Message, Record, Stream, What};
use crate::table::{Key, Table};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

/// Users, devices, their outcomes and the numbers of their conversations.
#[derive(Clone, Debug, Default)]
pub struct Space {
    head: Seq,
    stamp: Wall,
    store: StoreId,
    /// Milliseconds that the log has lived through; no gap between two records counts as more than a day.
    age: u64,
    starts: BTreeMap<Epoch, Seq>,
    /// The seqs of the starts: each ends the epoch before it.
    ends: BTreeSet<Seq>,
    epoch: Epoch,
    names: Table<NameKey, UserId>,
    devices: BTreeMap<DeviceId, UserId>,
    users: Table<UserId, Box<User>>,
    pairs: Table<(UserId, UserId), Pair>,
    partners: BTreeSet<(UserId, UserId)>,
    all: Number,
    all_mail: Amount,
}

/// Some messages and the bytes of their frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub messages: u64,
    /// Their frames together.
    pub bytes: u64,
}

impl Amount {
    pub(crate) fn add(&mut self, bytes: u64) {
        self.messages += 1;
        self.bytes += bytes;
    }

    /// What is left without `other`.
    pub(crate) fn without(self, other: Amount) -> Amount {
        Amount {
            messages: self.messages.saturating_sub(other.messages),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }
}

/// The holder of a name.
#[derive(Clone, Debug)]
pub struct User {
    /// The name, as spelt in its claim.
    pub name: Name,
    /// Device or classic client.
    pub holder: Holder,
    /// What became of its latest messages.
    pub outcomes: Outcomes,
    /// All that was ever sent to it alone.
    pub(crate) mail: Amount,
    /// What had been sent to `ALL` when it came, and what it sent there itself since: it is owed neither.
    pub(crate) all_before: Amount,
    pub(crate) own_all: Amount,
    left: VecDeque<Left>,
}

/// How it ended with a recipient who gave up the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) to: Name,
    /// Delivered up to here.
    pub(crate) up_to: Seq,
    /// The last one sent; what is after `up_to` did not arrive and never will.
    pub(crate) last: Seq,
    /// The record that says so.
    pub(crate) at: Seq,
}

/// What is known of two users' conversation.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    number: Number,
    /// The last seq that the lower and the higher user wrote to the other.
    last: [Seq; 2],
}

impl Pair {
    /// One more message between them.
    fn note(&mut self, message: &Message, to: UserId) {
        self.number = message.number;
        self.last[side(message.from, to)] = message.seq;
    }
}

impl Key for UserId {
    fn bits(&self) -> u64 {
        self.0.0
    }
}

impl Key for (UserId, UserId) {
    fn bits(&self) -> u64 {
        let (low, high) = *self;
        low.0.0.wrapping_mul(SPREAD) ^ high.0.0
    }
}

impl Key for NameKey {
    fn bits(&self) -> u64 {
        let one = |sum: u64, word: &u64| sum.rotate_left(16) ^ word;
        let all = self.words().iter().rev().fold(0, one);
        // A short name has all its letters in a word's upper half, and multiplying moves nothing down.
        (all ^ all >> 32).wrapping_mul(SPREAD) >> 44
    }
}

/// Odd, and of as many ones as zeros: what is multiplied by it has its bits spread upwards.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Space {
    /// Folds one more record in. Records come in the order of their seqs, without gaps.
    pub fn apply(&mut self, record: &Record) {
        assert_eq!(record.seq, self.head.next(), "the log has no gaps");
        self.head = record.seq;
        self.age = self.age_at(record.stamp);
        self.stamp = record.stamp;
        match &record.what {
            What::Start { store, epoch } => self.start(*store, *epoch),
            What::Claim { name, holder } => self.claim(UserId(record.seq), *name, *holder),
            What::Release { user, reached } => self.release(*user, *reached),
            What::Message(message) => self.message(message),
        }
    }

    /// Whether that record can come next: it is the next one, and breaks no rule that `apply` relies on.
    pub fn takes(&self, record: &Record) -> bool {
        let fits = match &record.what {
            What::Claim { name, .. } => self.holder_of(name).is_none(),
            What::Message(message) => {
                let last = self.user(message.from).map(|user| user.outcomes.last());
                message.id == MessageId(0) || last.is_none_or(|last| message.id > last)
            }
            What::Start { .. } | What::Release { .. } => true,
        };
        fits && record.seq == self.head.next()
    }

    fn start(&mut self, store: StoreId, epoch: Epoch) {
        self.store = store;
        self.epoch = epoch;
        self.starts.insert(epoch, self.head);
        self.ends.insert(self.head);
        if self.ends.len() > STARTS_REMEMBERED_MAX {
            self.ends.pop_first();
            let oldest = *self.ends.first().expect("there are more than one");
            self.starts.retain(|_, seq| *seq >= oldest);
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
            mail: Amount::default(),
            all_before: self.all_mail,
            own_all: Amount::default(),
            left: VecDeque::new(),
        };
        self.users.insert(id, Box::new(user));
    }

    fn release(&mut self, id: UserId, reached: Seq) {
        let Some(user) = self.users.remove(&id) else {
            return;
        };
        for partner in self.partners(id).collect::<VecDeque<_>>() {
            self.note_left(partner, id, user.name, reached);
        }
        self.names.remove(&user.name.key());
        if let Holder::Device { device, .. } = user.holder {
            self.devices.remove(&device);
        }
        for partner in self.partners(id).collect::<VecDeque<_>>() {
            self.pairs.remove(&pair_key(id, partner));
            self.partners.remove(&(id, partner));
            self.partners.remove(&(partner, id));
        }
    }

    /// What `from` wrote to somebody who gives up the name is at its end.
    fn note_left(&mut self, from: UserId, to: UserId, name: Name, reached: Seq) {
        let (at, last) = (self.head, self.last_between(from, to));
        let Some(user) = self.users.find_mut(&from).filter(|_| last > Seq(0)) else {
            return;
        };
        if user.left.len() == LEFT_REMEMBERED_MAX {
            user.left.pop_front();
        }
        user.left.push_back(Left {
            to: name,
            up_to: reached.min(last),
            last,
            at,
        });
    }

    fn message(&mut self, message: &Message) {
        let bytes = message.counted() as u64;
        match message.to {
            Stream::All => {
                self.all = message.number;
                self.all_mail.add(bytes);
                if let Some(user) = self.users.find_mut(&message.from) {
                    user.own_all.add(bytes);
                }
            }
            Stream::User(to) => {
                if let Some(user) = self.users.find_mut(&to) {
                    user.mail.add(bytes);
                }
                let key = pair_key(message.from, to);
                match self.pairs.find_mut(&key) {
                    Some(pair) => pair.note(message, to),
                    None => {
                        self.partners.insert((message.from, to));
                        self.partners.insert((to, message.from));
                        let mut pair = Pair::default();
                        pair.note(message, to);
                        self.pairs.insert(key, pair);
                    }
                }
            }
        }
        if message.id > MessageId(0)
            && let Some(user) = self.users.find_mut(&message.from)
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

    /// How old the log is, as of its last record, in milliseconds; see [`Space::age_at`].
    pub fn age(&self) -> u64 {
        self.age
    }

    /// How old the log would be with a record of that stamp, in milliseconds: the sum of the gaps between stamps, of which
    /// none counts as more than a day.
    pub fn age_at(&self, wall: Wall) -> u64 {
        let first = self.head <= Seq(1);
        let gap = wall.gap_since(self.stamp);
        self.age + if first { 0 } else { gap }
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
        let Some(start) = self.starts.get(&epoch).filter(|_| store == self.store) else {
            return false;
        };
        // What lies behind the end of its epoch was written by another life of this log: a backup was put back.
        let end = self.ends.range(start.next()..).next();
        seq <= self.head && end.is_none_or(|end| seq < *end)
    }

    /// All that was ever sent to `ALL`.
    pub(crate) fn all_mail(&self) -> Amount {
        self.all_mail
    }

    /// How it ended with recipients of that user's messages who gave up their names, oldest first.
    pub(crate) fn left_of(&self, user: UserId) -> impl Iterator<Item = Left> + '_ {
        self.users
            .find(&user)
            .into_iter()
            .flat_map(|user| user.left.iter().copied())
    }

    /// Its device knows how its messages up to there ended.
    pub(crate) fn settle_left(&mut self, user: UserId, delivered: Seq) {
        if let Some(user) = self.users.find_mut(&user) {
            user.left.retain(|left| left.last > delivered);
        }
    }

    /// Who holds that name.
    pub fn holder_of(&self, name: &Name) -> Option<UserId> {
        self.names.find(&name.key()).copied()
    }

    /// Which user that device is.
    pub fn user_of(&self, device: &DeviceId) -> Option<UserId> {
        self.devices.get(device).copied()
    }

    /// A user, while it holds its name.
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.find(&id).map(|user| &**user)
    }

    /// Uses an id up without a record.
    pub fn reject(&mut self, user: UserId, id: MessageId) {
        if let Some(user) = self.users.find_mut(&user) {
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
            .filter_map(|(_, id)| Some((self.users.find(id)?.name, *id)))
    }

    /// The number that the next message of that conversation gets.
    pub fn next_number(&self, from: UserId, to: Stream) -> Number {
        match to {
            Stream::All => self.all.next(),
            Stream::User(to) => self
                .pairs
                .find(&pair_key(from, to))
                .map_or(Number(1), |pair| pair.number.next()),
        }
    }

    /// The number that the next message of that conversation gets.
    pub(crate) fn next_of(&self, conversation: Conversation) -> Number {
        match conversation {
            Conversation::All => self.next_number(UserId(Seq(0)), Stream::All),
            Conversation::Pair(one, other) => self.next_number(one, Stream::User(other)),
        }
    }

    /// The last message that `from` wrote to `to`; 0 if none.
    pub fn last_between(&self, from: UserId, to: UserId) -> Seq {
        self.pairs
            .find(&pair_key(from, to))
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
