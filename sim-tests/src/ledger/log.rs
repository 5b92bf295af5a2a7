//! One log, as the server appended to it, and the users whom it knows.

use super::{Holder, Holders};
use crate::dense::Owned;
use crate::history::{Entry, Tag, Who};
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
    pub holders: Holders,
    /// The claims that each device made, the latest one last.
    claims: Owned<Vec<u64>>,
    /// Where which line is.
    pub lines: Owned<u64>,
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

/// Records for which there is room at first.
const RECORDS: usize = 512;

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
            holders: Holders::default(),
            claims: Owned::default(),
            lines: Owned::default(),
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
                Some(entry) => drop(again.append(Duration::ZERO, seq, record.stamp, entry)),
                None => again.push_start(),
            }
        }
        for (user, holder) in again.holders.iter_mut() {
            if let Some(before) = self.holders.get_mut(user) {
                let released = holder.released.map(|(seq, _)| seq);
                holder.released = released.zip(before.released.map(|(_, at)| at));
                holder.wrote = std::mem::take(&mut before.wrote);
                holder.removed = before.removed;
                // Of its acks the server may have forgotten the latest: they ride behind.
                holder.acked = 0;
                holder.given_up = std::mem::take(&mut before.given_up);
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

    /// Whose line was appended last, if it is one.
    pub fn latest_tag(&self) -> Option<Tag> {
        self.records.last()?.tag
    }

    /// Whether that line is in it.
    pub fn has(&self, tag: Tag) -> bool {
        self.lines.get(tag.key()).is_some()
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

    /// Takes one more record in. Whether it is a line that was in the log before.
    pub(super) fn append(&mut self, now: Duration, seq: u64, stamp: u64, entry: &Entry) -> bool {
        let (mut tag, mut again) = (None, false);
        match entry {
            Entry::Claim { name, holder } => {
                self.claims.get_or_default(*holder).push(seq);
                let user = Holder::new(*holder, name.clone());
                self.holders.insert(seq, user);
            }
            Entry::Release { user } => {
                if let Some(holder) = self.holders.get_mut(*user) {
                    holder.released = Some((seq, now));
                }
            }
            Entry::Message { from, to, body, .. } => {
                self.body_bytes += body.len() as u64;
                tag = Tag::of(body);
                let before = tag.and_then(|tag| self.lines.insert(tag.key(), seq));
                if let Some((tag, before)) = tag.zip(before) {
                    again = true;
                    self.lines.insert(tag.key(), before);
                }
                self.show(seq, *from, *to);
            }
        }
        self.records.push(Record {
            stamp,
            entry: Some(entry.clone()),
            tag,
        });
        again
    }

    /// A message may be seen by whom it is for.
    fn show(&mut self, seq: u64, from: u64, to: Option<u64>) {
        let lives = |holder: &&mut Holder| holder.released.is_none();
        if let Some(user) = to {
            if let Some(holder) = self.holders.get_mut(user).filter(lives) {
                holder.visible.push(seq);
            }
            return;
        }
        self.to_all.push(seq);
        let others = self.holders.iter_mut().filter(|(user, _)| *user != from);
        let others = others.map(|(_, holder)| holder).filter(lives);
        others.for_each(|holder| holder.visible.push(seq));
    }

    /// The latest user that a device of somebody became before `seq`.
    pub fn user_before(&self, who: Who, device: u64, seq: u64) -> Option<u64> {
        let claims = self.claims.get((who, device))?;
        claims.iter().rfind(|user| **user < seq).copied()
    }

    /// Who holds that name now.
    pub fn named(&self, name: &str) -> Option<&Holder> {
        self.holders.get(self.holder_named(name)?)
    }

    /// The seq of its claim.
    pub fn holder_named(&self, name: &str) -> Option<u64> {
        let holds = |(_, holder): &(u64, &Holder)| {
            holder.released.is_none() && holder.name.eq_ignore_ascii_case(name)
        };
        self.holders.iter().find(holds).map(|(user, _)| user)
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
