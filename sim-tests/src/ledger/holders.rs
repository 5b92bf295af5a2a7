//! The users whom a log knows.

use super::Log;
use crate::dense::{Dense, Marks};
use crate::history::Who;
use std::cell::Cell;
use std::ops::Index;
use std::time::Duration;

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

/// Messages for which there is room at first.
const VISIBLE: usize = 64;

impl Holder {
    pub(super) fn new(is: (Who, u64), name: String) -> Holder {
        Holder {
            is,
            name,
            released: None,
            visible: Vec::with_capacity(VISIBLE),
            settled: Cell::new(0),
            wrote: Marks::default(),
            removed: 0,
            acked: 0,
            given_up: Marks::default(),
        }
    }

    /// Whether it is of the classic level.
    pub fn is_classic(&self) -> bool {
        self.is.1 == 0
    }

    /// Whether a message is one that it may see. Most often it is the next one that it writes.
    #[inline]
    pub fn may_see(&self, seq: u64) -> bool {
        let next = self.visible.get(self.settled.get());
        next == Some(&seq) || self.visible.binary_search(&seq).is_ok()
    }

    /// The first message before `seq` that it may see and has not written, though nobody told it that it is gone.
    #[inline]
    pub fn missing_before(&self, seq: u64, log: &Log) -> Option<u64> {
        let is_gone = |seq: u64| match log.message(seq) {
            Some((_, None, number, _)) => number <= self.removed,
            _ => false,
        };
        let settled = self.settled.get();
        let before = self.visible[settled..].iter().take_while(|it| **it < seq);
        let is_settled = |it: &&u64| self.wrote.contains(**it) || is_gone(**it);
        let more = before.take_while(is_settled).count();
        let settled = settled + more;
        self.settled.set(settled);
        self.visible.get(settled).copied().filter(|it| *it < seq)
    }
}

/// Users, by the seqs of their claims and in that order.
#[derive(Default)]
pub struct Holders {
    row: Vec<(u64, Holder)>,
    /// Where in the row each is.
    places: Dense<usize>,
}

impl Holders {
    pub(super) fn insert(&mut self, user: u64, holder: Holder) {
        if let Some(known) = self.get_mut(user) {
            *known = holder;
            return;
        }
        let at = self.row.partition_point(|(known, _)| *known < user);
        self.row.insert(at, (user, holder));
        for (at, (user, _)) in self.row.iter().enumerate().skip(at) {
            self.places.insert(*user, at);
        }
    }

    /// The user with that claim.
    #[inline]
    pub fn get(&self, user: u64) -> Option<&Holder> {
        let at = *self.places.get(user)?;
        Some(&self.row[at].1)
    }

    /// The same, to change it.
    #[inline]
    pub(super) fn get_mut(&mut self, user: u64) -> Option<&mut Holder> {
        let at = *self.places.get(user)?;
        Some(&mut self.row[at].1)
    }

    /// All.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Holder)> {
        self.row.iter().map(|(user, holder)| (*user, holder))
    }

    /// All, to change them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u64, &mut Holder)> {
        self.row.iter_mut().map(|(user, holder)| (*user, holder))
    }

    /// All, without their claims.
    pub fn values(&self) -> impl Iterator<Item = &Holder> {
        self.row.iter().map(|(_, holder)| holder)
    }
}

impl Index<u64> for Holders {
    type Output = Holder;

    /// The user with a claim that is there.
    fn index(&self, user: u64) -> &Holder {
        self.get(user).expect("who is looked for has claimed")
    }
}
