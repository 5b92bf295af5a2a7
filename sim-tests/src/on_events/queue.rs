//! What is to come, in the order of time. The clock jumps from one to the next.

use crate::dice::mix;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Microseconds since the beginning of the run.
pub(super) type Micros = u64;

/// A connection of the run, by its place in the list of all.
pub(super) type PipeId = usize;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To the server.
    Up,
    /// From the server.
    Down,
}

/// Something that is to come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Coming {
    /// A request for a connection reaches the server.
    Knock(PipeId),
    /// Its answer reaches the client: it is open, or refused.
    Answer(PipeId, bool),
    /// A segment arrives.
    Arrival(PipeId, Way),
    /// The other end learns that there is nobody at this one.
    Reset(PipeId, Way),
    /// A pause between two writes is over.
    Write(PipeId, Way),
    /// A darkness or a deafness is over.
    Wake(PipeId),
    /// The system gives a connection up that lost segments.
    Death(PipeId),
    /// The server has waited long enough for the end of a connection that it closes.
    Patience(PipeId),
    /// A commit of the log returns.
    Commit,
    /// It is looked whether the log has room.
    Room,
    /// The router's deadline.
    Router,
    /// Somebody's deadline.
    Person(usize),
}

/// Something with its time. The earliest is the greatest, as a heap wants it.
#[derive(Clone, Copy)]
struct Due {
    /// The time, and the order among what comes at one time.
    key: u128,
    coming: Coming,
}

impl Due {
    fn at(&self) -> Micros {
        (self.key >> u64::BITS) as Micros
    }
}

// No two have one key: what is drawn for the order is 64 bits. If two ever had, the heap would still give them in the same
// order in every run.
impl Ord for Due {
    fn cmp(&self, other: &Due) -> Ordering {
        other.key.cmp(&self.key)
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Due) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Due) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Due {}

/// See the module's words.
pub(super) struct Queue {
    heap: BinaryHeap<Due>,
    pushed: u64,
    /// Draws the order of what comes at one time; without it, that is the order of pushing.
    seed: Option<u64>,
}

impl Queue {
    pub(super) fn new(seed: Option<u64>) -> Queue {
        Queue {
            heap: BinaryHeap::with_capacity(64),
            pushed: 0,
            seed,
        }
    }

    pub(super) fn push(&mut self, at: Micros, coming: Coming) {
        self.pushed += 1;
        let order = match self.seed {
            Some(seed) => mix(seed, self.pushed),
            None => self.pushed,
        };
        let key = u128::from(at) << u64::BITS | u128::from(order);
        self.heap.push(Due { key, coming });
    }

    /// The next thing, if it comes before then.
    pub(super) fn pop(&mut self, until: Micros) -> Option<(Micros, Coming)> {
        if self.heap.peek()?.at() > until {
            return None;
        }
        let due = self.heap.pop()?;
        Some((due.at(), due.coming))
    }
}
