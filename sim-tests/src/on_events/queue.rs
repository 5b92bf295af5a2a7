//! What is to come, in the order of time. The clock jumps from one to the next.

use crate::dice::mix;

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

/// Something with its time, and above it in the list all that comes before it.
#[derive(Clone, Copy)]
struct Due {
    /// The time, and the order among what comes at one time.
    key: u128,
    coming: Coming,
}

/// See the module's words.
pub(super) struct Queue {
    /// The next one last. There are few at a time, so a place in a list is found and made sooner than one in a heap.
    due: Vec<Due>,
    pushed: u64,
    /// Draws the order of what comes at one time; without it, that is the order of pushing.
    seed: Option<u64>,
}

impl Queue {
    pub(super) fn new(seed: Option<u64>) -> Queue {
        Queue {
            due: Vec::with_capacity(64),
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
        let place = self.due.partition_point(|due| due.key > key);
        self.due.insert(place, Due { key, coming });
    }

    /// The next thing, if it comes before then.
    pub(super) fn pop(&mut self, until: Micros) -> Option<(Micros, Coming)> {
        let at = |due: &Due| (due.key >> u64::BITS) as Micros;
        let due = self.due.pop_if(|due| at(due) <= until)?;
        Some((at(&due), due.coming))
    }
}
