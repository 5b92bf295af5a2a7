//! What became of a device's latest messages: the ring that makes duplicates impossible with no window in time.

use crate::id::{MessageId, Number, Seq};
use crate::limits::UNANSWERED_MAX;
use alloc::collections::VecDeque;

/// One accepted message of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The device's own counter.
    pub id: MessageId,
    /// Where its record stands.
    pub seq: Seq,
    /// Its number in its conversation.
    pub number: Number,
    /// Keyed hash of recipient and body.
    pub hash: u64,
}

/// The highest id taken and the last 64 accepted. A device that sent nothing holds no memory for it.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    last: MessageId,
    ring: VecDeque<Outcome>,
}

/// What the ring knows of an id at or below [`Outcomes::last`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Accepted, and this is the answer.
    Accepted(Outcome),
    /// Not in the log: it was rejected.
    Rejected,
    /// Older than the ring.
    Forgotten,
}

impl Outcomes {
    /// The highest id taken; 0 if none was.
    pub fn last(&self) -> MessageId {
        self.last
    }

    /// As it was saved: the highest id taken, and the last ones accepted.
    pub(crate) fn restored(last: MessageId, ring: VecDeque<Outcome>) -> Outcomes {
        Outcomes { last, ring }
    }

    /// The last ones accepted, oldest first.
    pub(crate) fn ring(&self) -> impl Iterator<Item = &Outcome> {
        self.ring.iter()
    }

    /// The highest id that is in the log.
    pub(crate) fn last_accepted(&self) -> MessageId {
        self.ring.back().map_or(MessageId(0), |outcome| outcome.id)
    }

    /// Takes the next id for a message that is in the log.
    pub fn accept(&mut self, outcome: Outcome) {
        debug_assert!(outcome.id > self.last, "ids are taken in order");
        self.last = outcome.id;
        if self.ring.len() == UNANSWERED_MAX {
            self.ring.pop_front();
        } else if self.ring.len() == self.ring.capacity() {
            // Doubling up to exactly the ring's size keeps a full one at two kibibytes.
            let room = UNANSWERED_MAX - self.ring.len();
            let more = self.ring.len().max(4).min(room);
            self.ring.reserve_exact(more);
        }
        self.ring.push_back(outcome);
    }

    /// Uses an id up for a message that is not in the log.
    pub fn reject(&mut self, id: MessageId) {
        debug_assert!(id > self.last, "ids are taken in order");
        self.last = id;
    }

    /// The accepted messages from `id` on that one cumulative answer can tell: consecutive ids at consecutive seqs (up
    /// to `committed`) with consecutive numbers. Gives the first and the last id; `None` if `id` begins no such run.
    pub fn run(&self, id: MessageId, committed: Seq) -> Option<(Outcome, MessageId)> {
        let at = self
            .ring
            .binary_search_by_key(&id, |outcome| outcome.id)
            .ok()?;
        let first = self.ring[at];
        let follows = |(outcome, step): &(&Outcome, u64)| {
            outcome.seq <= committed
                && outcome.id.0 == first.id.0 + step
                && outcome.seq.0 == first.seq.0 + step
                && outcome.number.0 == first.number.0 + step
        };
        let length = self.ring.range(at..).zip(0..).take_while(follows).count() as u64;
        (length > 0).then(|| (first, MessageId(id.0 + length - 1)))
    }

    /// What became of an id that was taken.
    pub fn of(&self, id: MessageId) -> Taken {
        match self.ring.binary_search_by_key(&id, |outcome| outcome.id) {
            Ok(at) => Taken::Accepted(self.ring[at]),
            Err(0) if self.ring.len() == UNANSWERED_MAX => Taken::Forgotten,
            Err(_) => Taken::Rejected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn outcome(id: u64) -> Outcome {
        Outcome {
            id: MessageId(id),
            seq: Seq(id + 100),
            number: Number(id),
            hash: id,
        }
    }

    #[test]
    fn the_ring_keeps_the_last_64_and_tells_rejected_from_forgotten() {
        let mut outcomes = Outcomes::default();
        for id in 1..=70 {
            if id == 69 {
                outcomes.reject(MessageId(id));
            } else {
                outcomes.accept(outcome(id));
            }
        }
        assert_eq!(outcomes.last(), MessageId(70));
        assert_eq!(outcomes.of(MessageId(70)), Taken::Accepted(outcome(70)));
        assert_eq!(outcomes.of(MessageId(69)), Taken::Rejected);
        assert_eq!(outcomes.of(MessageId(6)), Taken::Accepted(outcome(6)));
        assert_eq!(outcomes.of(MessageId(5)), Taken::Forgotten);
        assert!(outcomes.ring.capacity() <= 64);
    }

    #[test]
    fn an_id_before_the_first_accepted_one_was_rejected_while_the_ring_has_room() {
        let mut outcomes = Outcomes::default();
        outcomes.reject(MessageId(1));
        outcomes.accept(outcome(2));
        assert_eq!(outcomes.of(MessageId(1)), Taken::Rejected);
    }

    #[test]
    fn a_copy_that_is_as_large_as_what_it_holds_takes_more() {
        for filled in 0..=UNANSWERED_MAX as u64 {
            let mut outcomes = Outcomes::default();
            (1..=filled).for_each(|id| outcomes.accept(outcome(id)));
            let ring: Vec<Outcome> = outcomes.ring().copied().collect();
            let mut restored = Outcomes::restored(outcomes.last(), VecDeque::from(ring));
            restored.accept(outcome(filled + 1));
            assert_eq!(restored.last_accepted(), MessageId(filled + 1));
            assert!(restored.ring.capacity() <= UNANSWERED_MAX);
        }
    }
}
