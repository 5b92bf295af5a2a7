//! The end-to-end audit: what was sent is what arrived, once, in order, under numbers without gaps.

use std::collections::BTreeSet;

/// Beyond this many holes at once they are no longer told apart, so that a broken server cannot eat our memory.
const HOLES_MAX: u64 = 100_000;

/// Counters that should come without a gap: one writer's messages as one reader sees them, or the numbers of one
/// conversation as one device learns them.
#[derive(Debug, Default)]
pub struct Stream {
    next: u64,
    missing: BTreeSet<u64>,
    uncounted_holes: u64,
    /// Counters that came again.
    pub duplicates: u64,
    /// Counters that came after a higher one.
    pub reordered: u64,
}

impl Stream {
    /// A stream that begins with this counter.
    pub fn beginning_at(next: u64) -> Stream {
        Stream {
            next,
            ..Stream::default()
        }
    }

    /// `count` counters came, from `first` on.
    pub fn see_run(&mut self, first: u64, count: u64) {
        if first == self.next {
            self.next += count;
        } else {
            (0..count.min(HOLES_MAX)).for_each(|more| self.see(first.saturating_add(more)));
        }
    }

    /// One counter came.
    pub fn see(&mut self, counter: u64) {
        if counter == self.next {
            self.next += 1;
        } else if counter > self.next {
            let holes = counter - self.next;
            if self.missing.len() as u64 + holes > HOLES_MAX {
                self.uncounted_holes += holes;
            } else {
                self.missing.extend(self.next..counter);
            }
            self.next = counter.saturating_add(1);
        } else if self.missing.remove(&counter) {
            self.reordered += 1;
        } else {
            self.duplicates += 1;
        }
    }

    /// How many of the first `sent` messages have not arrived, those that were refused apart.
    pub fn lost(&self, sent: u64, refused: &BTreeSet<u64>) -> u64 {
        let holes = self.missing.difference(refused).count() as u64;
        let tail = (self.next..sent).filter(|it| !refused.contains(it)).count() as u64;
        self.uncounted_holes + holes + tail
    }

    /// Counters that never came though higher ones did.
    pub fn holes(&self) -> u64 {
        self.missing.len() as u64 + self.uncounted_holes
    }

    /// Messages that arrived at all, before the highest that did.
    pub fn arrived(&self) -> u64 {
        self.next - self.holes()
    }
}

/// What an audit found, over all ends of a round. All zero is what everybody hopes for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Accepted messages that did not arrive.
    pub lost: u64,
    /// Messages that arrived again.
    pub duplicates: u64,
    /// Messages that arrived after a later one of their writer.
    pub reordered: u64,
    /// Numbers of a conversation that never came though higher ones did, or came twice.
    pub number_faults: u64,
    /// Messages that were neither accepted nor refused.
    pub unanswered: u64,
    /// Messages that were refused.
    pub refused: u64,
    /// Writers whose last receipt did not come.
    pub receipts_missing: u64,
    /// Connections that ended early, and frames that nobody should see.
    pub faults: u64,
}

impl Findings {
    /// Whether everything is as promised.
    pub fn is_clean(&self) -> bool {
        *self == Findings::default()
    }

    /// Takes over what another part of the audit found.
    pub fn add(&mut self, other: &Findings) {
        self.lost += other.lost;
        self.duplicates += other.duplicates;
        self.reordered += other.reordered;
        self.number_faults += other.number_faults;
        self.unanswered += other.unanswered;
        self.refused += other.refused;
        self.receipts_missing += other.receipts_missing;
        self.faults += other.faults;
    }

    /// By name, as they stand in a report.
    pub fn named(&self) -> [(&'static str, u64); 8] {
        [
            ("lost", self.lost),
            ("duplicates", self.duplicates),
            ("reordered", self.reordered),
            ("number_faults", self.number_faults),
            ("unanswered", self.unanswered),
            ("refused", self.refused),
            ("receipts_missing", self.receipts_missing),
            ("faults", self.faults),
        ]
    }
}
