//! What is to come, in the order of time. The clock jumps from one to the next.

use crate::dice::mix;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Microseconds since the beginning of the run.
pub(super) type Micros = u64;

/// A connection of the run, by its place in the list of all.
pub(super) type PipeId = usize;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// To the server.
    Up,
    /// From the server.
    Down,
}

/// Something that is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// See the module's words.
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<(Micros, u64, Coming)>>,
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
        self.heap.push(Reverse((at, order, coming)));
    }

    /// The next thing, if it comes before then.
    pub(super) fn pop(&mut self, until: Micros) -> Option<(Micros, Coming)> {
        let Reverse((at, ..)) = self.heap.peek()?;
        if *at > until {
            return None;
        }
        let Reverse((at, _, coming)) = self.heap.pop()?;
        Some((at, coming))
    }
}
