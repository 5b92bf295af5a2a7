//! Which of the accepted lines have arrived: receipts turned into states of lines.

use super::config::Awaited;
use super::notice::{LineId, LineState};
use super::outbox::told;
use super::port::Output;
use crate::id::Seq;
use crate::name::{Name, Recipient};
use crate::wire::Receipt;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::mem;

/// Receipts kept for lines whose acceptance has not come yet. More recipients than unanswered messages cannot be meant.
const EARLY_MAX: usize = crate::limits::UNANSWERED_MAX;

/// Lines to one recipient for which there is room from the first one on.
const LINES_ROOM: usize = 8;

/// Recipients whose lists stay when they are empty, each with room for so many lines at most: who is written to is likely
/// written to again.
const IDLE_MAX: usize = 32;
const IDLE_ROOM_MAX: usize = 64;

/// An accepted line that has not arrived everywhere.
#[derive(Debug)]
struct Accepted {
    seq: Seq,
    line: LineId,
    count: Option<u64>,
}

/// How far one recipient is known to have come: delivered up to there, but for ranges that it, or an earlier holder
/// of its name, left: each after the first seq, up to the second.
#[derive(Clone, Debug, Default)]
struct Reached {
    delivered: Seq,
    left: VecDeque<(Seq, Seq)>,
}

impl Reached {
    fn learn(&mut self, up_to: Seq, left: Option<Seq>) {
        self.delivered = self.delivered.max(up_to);
        self.left.extend(left.map(|last| (up_to, last)));
        if self.left.len() > EARLY_MAX {
            self.left.pop_front();
        }
    }

    /// What is known of a message at `seq`, if anything. A range once named stays so.
    fn state(&self, seq: Seq) -> Option<LineState> {
        let mut left = self.left.iter();
        if left.any(|(after, last)| *after < seq && seq <= *last) {
            return Some(LineState::Left);
        }
        (seq <= self.delivered).then_some(LineState::Delivered)
    }
}

/// See the module's words.
#[derive(Debug)]
pub(super) struct Receipts {
    awaited: BTreeMap<Recipient, VecDeque<Accepted>>,
    early: BTreeMap<Name, Reached>,
    early_counts: BTreeMap<Seq, (u64, u64)>,
    highest: Seq,
    lines_max: usize,
    /// Something has changed since a store was told.
    moved: bool,
}

impl Receipts {
    /// `delivered` is what an earlier run knew, `awaited` what it waited for; at most `lines_max` lines to one recipient
    /// are watched.
    pub fn new(delivered: Seq, awaited: &[Awaited], lines_max: usize) -> Receipts {
        let mut receipts = Receipts {
            awaited: BTreeMap::new(),
            early: BTreeMap::new(),
            early_counts: BTreeMap::new(),
            highest: delivered,
            lines_max,
            moved: false,
        };
        for Awaited {
            line,
            to,
            seq,
            count,
        } in awaited.iter().copied()
        {
            receipts.watch(to, Accepted { seq, line, count });
        }
        receipts
    }

    /// What a store should know of it, if that has changed.
    pub fn take_moved(&mut self) -> Option<Seq> {
        mem::take(&mut self.moved).then(|| self.delivered())
    }

    /// Own messages up to here are known delivered, or need no receipt any more.
    pub fn delivered(&self) -> Seq {
        let first = self.awaited.values().filter_map(|lines| lines.front());
        match first.map(|line| line.seq).min() {
            Some(least) => Seq(least.0.saturating_sub(1)),
            None => self.highest,
        }
    }

    /// Nothing is without an answer, so no receipt can be early.
    pub fn forget_early(&mut self) {
        self.early.clear();
        self.early_counts.clear();
    }

    /// The session is lost: no receipt will come. Returns for how many lines.
    pub fn lose(&mut self) -> usize {
        let lines = self.awaited.values().map(VecDeque::len).sum();
        self.awaited.clear();
        self.forget_early();
        self.highest = Seq(0);
        self.moved = true;
        lines
    }

    /// A line was accepted; its receipt may be here already.
    pub fn on_accepted(&mut self, to: Recipient, seq: Seq, line: LineId, out: &mut Vec<Output>) {
        let count = None;
        self.watch(to, Accepted { seq, line, count });
        self.moved = true;
        match to {
            Recipient::User(name) => {
                if let Some(reached) = self.early.get(&name) {
                    settle(&mut self.awaited, to, reached, out);
                }
            }
            Recipient::All => {
                if let Some((count, of)) = self.early_counts.remove(&seq) {
                    self.on_count(seq, count, of, out);
                }
            }
        }
    }

    fn watch(&mut self, to: Recipient, accepted: Accepted) {
        self.highest = self.highest.max(accepted.seq);
        let lines = self.awaited.entry(to);
        let lines = lines.or_insert_with(|| VecDeque::with_capacity(LINES_ROOM));
        lines.push_back(accepted);
        if lines.len() > self.lines_max {
            lines.pop_front();
        }
    }

    /// News from the server. `unanswered`: some message has no answer yet, so that the news may be about it.
    pub fn on_receipt(&mut self, receipt: &Receipt, unanswered: bool, out: &mut Vec<Output>) {
        let (to, up_to, left) = match *receipt {
            Receipt::Delivered { to, up_to } => (to, up_to, None),
            Receipt::Left { to, up_to, last } => (to, up_to, Some(last)),
            Receipt::All { seq, count, of } => {
                let known = self.on_count(seq, count, of, out);
                if !known && unanswered && self.early_counts.len() < EARLY_MAX {
                    self.early_counts.insert(seq, (count, of));
                }
                return;
            }
        };
        let mut only_now;
        let stays = unanswered && (self.early.len() < EARLY_MAX || self.early.contains_key(&to));
        let reached = match stays {
            true => self.early.entry(to).or_default(),
            false => {
                only_now = self.early.remove(&to).unwrap_or_default();
                &mut only_now
            }
        };
        reached.learn(up_to, left);
        let to = Recipient::User(to);
        self.moved |= settle(&mut self.awaited, to, reached, out);
    }

    /// Whether a line was meant that is watched.
    fn on_count(&mut self, seq: Seq, count: u64, of: u64, out: &mut Vec<Output>) -> bool {
        let Some(lines) = self.awaited.get_mut(&Recipient::All) else {
            return false;
        };
        let Ok(at) = lines.binary_search_by_key(&seq, |accepted| accepted.seq) else {
            return false;
        };
        let accepted = &mut lines[at];
        if accepted.count.is_none_or(|known| known < count) {
            accepted.count = Some(count);
            out.push(told(accepted.line, LineState::Counted { count, of }));
        }
        if count >= of {
            lines.remove(at);
            self.moved = true;
        }
        if lines.is_empty() {
            self.awaited.remove(&Recipient::All);
        }
        true
    }
}

/// Tells and lets go of what is known of the lines to that recipient; whether there was any.
fn settle(
    awaited: &mut BTreeMap<Recipient, VecDeque<Accepted>>,
    to: Recipient,
    reached: &Reached,
    out: &mut Vec<Output>,
) -> bool {
    let recipients = awaited.len();
    let Some(lines) = awaited.get_mut(&to) else {
        return false;
    };
    let before = lines.len();
    while let Some(accepted) = lines.front()
        && let Some(state) = reached.state(accepted.seq)
    {
        out.push(told(accepted.line, state));
        lines.pop_front();
    }
    let moved = lines.len() < before;
    let stays = recipients <= IDLE_MAX && lines.capacity() <= IDLE_ROOM_MAX;
    if lines.is_empty() && !stays {
        awaited.remove(&to);
    }
    moved
}
