//! One log, as the server appended to it, and the users whom it knows.

use crate::dense::{ByTag, Marks};
use crate::history::{Entry, Tag, Who};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

/// A user: in which log, and the seq of its claim there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The index of the log.
    pub log: usize,
    /// The seq of the claim.
    pub user: u64,
}

/// One log.
pub struct Log {
    /// The starts of the server that wrote it.
    pub epochs: Vec<u64>,
    /// Its records; the first is the start.
    pub records: Vec<Record>,
    /// Users, by the seq of their claims.
    pub holders: BTreeMap<u64, Holder>,
    /// Who made which claim, the latest one last.
    claims: Vec<((Who, u64), u64)>,
    /// Where which line is.
    pub tags: ByTag<u64>,
    /// Messages to all.
    pub(super) to_all: Vec<u64>,
    /// The bytes of all texts.
    pub(super) body_bytes: u64,
    /// The last record that the server's latest start found.
    pub(super) found: u64,
}

/// One record.
pub struct Record {
    /// Its stamp.
    pub stamp: u64,
    /// What it says; `None`: the start.
    pub entry: Option<Entry>,
    /// Whose line it is, if it is one.
    pub tag: Option<Tag>,
}

/// A user of the server.
pub struct Holder {
    /// Who it is, and with which device (0: a classic user).
    pub is: (Who, u64),
    /// Its name.
    pub name: String,
    /// The seq of its release, and when that was.
    pub released: Option<(u64, Duration)>,
    /// Messages that it may see.
    pub visible: Vec<u64>,
    /// How many of these are known to be written, or told to be gone: that stays so.
    settled: Cell<usize>,
    /// Those that it has written, or received.
    pub wrote: Marks,
    /// It was told that messages to all up to this number are gone.
    pub removed: u64,
    /// The server has its ack up to here.
    pub acked: u64,
    /// Messages to all that were given up before it acked them: nobody can say whether it has them.
    pub given_up: Marks,
}

/// Records for which there is room at first.
const RECORDS: usize = 256;

impl Log {
    pub(super) fn new(epoch: u64) -> Log {
        let start = Record {
            stamp: 0,
            entry: None,
            tag: None,
        };
        let mut records = Vec::with_capacity(RECORDS);
        records.push(start);
        Log {
            epochs: vec![epoch],
            records,
            holders: BTreeMap::new(),
            claims: Vec::new(),
            tags: ByTag::default(),
            to_all: Vec::new(),
            body_bytes: 0,
            found: 0,
        }
    }

    /// The server starts again with what was committed of it.
    pub(super) fn start_again(&mut self, epoch: u64, head: u64) {
        let mut again = Log::new(0);
        again.epochs = std::mem::take(&mut self.epochs);
        again.epochs.push(epoch);
        for (record, seq) in self.records[..head as usize].iter().zip(1..).skip(1) {
            match &record.entry {
                Some(entry) => again.append(Duration::ZERO, seq, record.stamp, entry),
                None => again.push_start(),
            }
        }
        for (user, holder) in &mut again.holders {
            if let Some(before) = self.holders.remove(user) {
                let released = holder.released.map(|(seq, _)| seq);
                holder.released = released.zip(before.released.map(|(_, at)| at));
                holder.wrote = before.wrote;
                holder.removed = before.removed;
                // Of its acks the server may have forgotten the latest: they ride behind.
                holder.acked = 0;
                holder.given_up = before.given_up;
            }
        }
        again.found = head;
        if head > 0 {
            again.push_start();
        }
        *self = again;
    }

    fn push_start(&mut self) {
        self.records.push(Record {
            stamp: 0,
            entry: None,
            tag: None,
        });
    }

    /// The last seq.
    pub fn head(&self) -> u64 {
        self.records.len() as u64
    }

    /// The record at `seq`.
    pub fn record(&self, seq: u64) -> Option<&Record> {
        self.records.get(usize::try_from(seq).ok()?.checked_sub(1)?)
    }

    /// Whose line is at `seq`.
    pub fn tag(&self, seq: u64) -> Option<Tag> {
        self.record(seq)?.tag
    }

    /// The message at `seq`: sender, recipient, number, text.
    pub fn message(&self, seq: u64) -> Option<(u64, Option<u64>, u64, &str)> {
        match self.record(seq)?.entry.as_ref()? {
            Entry::Message {
                from,
                to,
                number,
                body,
                ..
            } => Some((*from, *to, *number, body)),
            _ => None,
        }
    }

    pub(super) fn append(&mut self, now: Duration, seq: u64, stamp: u64, entry: &Entry) {
        let mut tag = None;
        match entry {
            Entry::Claim { name, holder } => {
                self.claims.push((*holder, seq));
                self.holders.insert(
                    seq,
                    Holder {
                        is: *holder,
                        name: name.clone(),
                        released: None,
                        visible: Vec::new(),
                        settled: Cell::new(0),
                        wrote: Marks::default(),
                        removed: 0,
                        acked: 0,
                        given_up: Marks::default(),
                    },
                );
            }
            Entry::Release { user } => {
                if let Some(holder) = self.holders.get_mut(user) {
                    holder.released = Some((seq, now));
                }
            }
            Entry::Message { from, to, body, .. } => {
                self.body_bytes += body.len() as u64;
                tag = Tag::of(body);
                if let Some(tag) = tag.filter(|tag| self.tags.get(*tag).is_none()) {
                    self.tags.insert(tag, seq);
                }
                self.show(seq, *from, *to);
            }
        }
        self.records.push(Record {
            stamp,
            entry: Some(entry.clone()),
            tag,
        });
    }

    /// A message may be seen by whom it is for.
    fn show(&mut self, seq: u64, from: u64, to: Option<u64>) {
        let lives = |holder: &&mut Holder| holder.released.is_none();
        if let Some(user) = to {
            if let Some(holder) = self.holders.get_mut(&user).filter(lives) {
                holder.visible.push(seq);
            }
            return;
        }
        self.to_all.push(seq);
        let others = self.holders.iter_mut().filter(|(user, _)| **user != from);
        let others = others.map(|(_, holder)| holder).filter(lives);
        others.for_each(|holder| holder.visible.push(seq));
    }

    /// The latest user that a device of somebody became before `seq`.
    pub fn user_before(&self, who: Who, device: u64, seq: u64) -> Option<u64> {
        let own = |claim: &&((Who, u64), u64)| claim.0 == (who, device) && claim.1 < seq;
        self.claims.iter().rfind(own).map(|(_, user)| *user)
    }

    /// Who holds that name now.
    pub fn named(&self, name: &str) -> Option<&Holder> {
        self.holders.get(&self.holder_named(name)?)
    }

    /// The seq of its claim.
    pub fn holder_named(&self, name: &str) -> Option<u64> {
        let live = |(_, holder): &(&u64, &Holder)| holder.released.is_none();
        let mut holders = self.holders.iter().filter(live);
        let found = holders.find(|(_, holder)| holder.name.eq_ignore_ascii_case(name));
        found.map(|(user, _)| *user)
    }

    /// When a user with that name was released last.
    pub fn freed(&self, name: &str) -> Option<Duration> {
        let named = |holder: &&Holder| holder.name.eq_ignore_ascii_case(name);
        let holders = self.holders.values().filter(named);
        holders
            .filter_map(|holder| holder.released)
            .map(|(_, at)| at)
            .max()
    }

    /// Whether a message to all is one of the latest so many.
    pub fn is_latest_to_all(&self, seq: u64, count: usize) -> bool {
        let first = self.to_all.len().saturating_sub(count);
        self.to_all[first..].binary_search(&seq).is_ok()
    }
}

impl Holder {
    /// Whether a message is one that it may see.
    pub fn may_see(&self, seq: u64) -> bool {
        self.visible.binary_search(&seq).is_ok()
    }

    /// What it may see and has not written, though nobody told it that it is gone.
    pub fn missing<'a>(&'a self, log: &'a Log) -> impl Iterator<Item = u64> + 'a {
        let gone = |seq: u64| match log.message(seq) {
            Some((_, None, number, _)) => number <= self.removed,
            _ => false,
        };
        let missing = move |seq: &u64| !self.wrote.contains(*seq) && !gone(*seq);
        let settled = self.settled.get();
        let first = self.visible[settled..].iter().position(missing);
        let settled = first.map_or(self.visible.len(), |first| settled + first);
        self.settled.set(settled);
        self.visible[settled..].iter().copied().filter(missing)
    }
}
