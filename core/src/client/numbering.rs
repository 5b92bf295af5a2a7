//! The check that no conversation misses a number (guarantee G4).
//!
//! Two streams tell numbers: deliveries, in log order, and the answers to one's own messages, which may come
//! before deliveries of lower seqs. So answers wait here until the feed passes their seq.

use crate::id::{Number, Seq};
use crate::name::Recipient;
use alloc::collections::{BTreeMap, VecDeque};

/// Own runs that wait for the feed. Beyond it the oldest is forgotten, and with it what its conversation was checked by.
const WAITING_MAX: usize = 4_096;

/// A gap: the number that should have come, and the one that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub conversation: Recipient,
    pub expected: Number,
    pub found: Number,
}

/// Own messages at consecutive numbers of one conversation.
#[derive(Debug)]
struct Run {
    conversation: Recipient,
    seq: Seq,
    first: Number,
    last: Number,
}

/// See the module's words.
#[derive(Debug)]
pub(super) struct Numbering {
    last: BTreeMap<Recipient, Number>,
    waiting: VecDeque<Run>,
    conversations_max: usize,
}

impl Numbering {
    pub fn new(conversations_max: usize) -> Numbering {
        Numbering {
            last: BTreeMap::new(),
            waiting: VecDeque::new(),
            conversations_max,
        }
    }

    /// Another log, or another user of the name: nothing seen so far says anything.
    pub fn forget(&mut self) {
        self.last.clear();
        self.waiting.clear();
    }

    /// An own message was answered.
    pub fn on_own(&mut self, conversation: Recipient, seq: Seq, number: Number) {
        if let Some(run) = self.waiting.back_mut()
            && run.conversation == conversation
            && run.last.0.checked_add(1) == Some(number.0)
        {
            run.last = number;
            return;
        }
        self.waiting.push_back(Run {
            conversation,
            seq,
            first: number,
            last: number,
        });
        if self.waiting.len() > WAITING_MAX
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.last.remove(&oldest.conversation);
        }
    }

    /// A delivery came: first what waits before it, then itself. Tells each gap.
    pub fn on_delivery(
        &mut self,
        conversation: Recipient,
        seq: Seq,
        number: Number,
        gap: &mut dyn FnMut(Gap),
    ) {
        while self.waiting.front().is_some_and(|run| run.seq < seq)
            && let Some(run) = self.waiting.pop_front()
        {
            self.check(run.conversation, run.first, run.last, gap);
        }
        self.check(conversation, number, number, gap);
    }

    /// The server dropped numbers up to this one, and said so.
    pub fn on_removed(&mut self, conversation: Recipient, up_to: Number) {
        if let Some(last) = self.last.get_mut(&conversation) {
            *last = up_to.max(*last);
        }
    }

    fn check(
        &mut self,
        conversation: Recipient,
        first: Number,
        last: Number,
        gap: &mut dyn FnMut(Gap),
    ) {
        let seen = self.last.insert(conversation, last);
        if self.last.len() > self.conversations_max {
            self.last.pop_first();
        }
        // A conversation's first message is numbered 1 for both its members, so a 1 begins one with the name's next holder.
        let Some(seen) = seen.filter(|_| first != Number(1)) else {
            return;
        };
        let expected = Number(seen.0.saturating_add(1));
        if first != expected {
            gap(Gap {
                conversation,
                expected,
                found: first,
            });
        }
    }
}
