//! The check that no conversation misses a number (guarantee G4).
//!
//! Two streams tell numbers: deliveries, and the answers to one's own messages. Each is in the order of the log, but
//! either may run ahead of the other. So what they tell waits here, sorted by seq, and is checked once the other
//! stream has passed it: an own message once a delivery of a higher seq has come, a delivery once every message is
//! answered that was under way when it came (one sent later is later in the log).

use crate::id::{MessageId, Number, Seq};
use crate::name::Recipient;
use alloc::collections::{BTreeMap, VecDeque};

/// What may wait. Beyond it the oldest is forgotten, and with it what its conversation was checked by.
const WAITING_MAX: usize = 4_096;

/// A gap: the number that should have come, and the one that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub conversation: Recipient,
    pub expected: Number,
    pub found: Number,
}

/// Consecutive numbers of one conversation, at consecutive seqs.
#[derive(Debug)]
struct Run {
    conversation: Recipient,
    first: Number,
    last: Number,
    source: Source,
}

/// Which stream told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// Answers.
    Own,
    /// Deliveries; ids up to this one were under way when it came.
    Delivery(MessageId),
}

/// See the module's words.
#[derive(Debug)]
pub(super) struct Numbering {
    last: BTreeMap<Recipient, Number>,
    /// Up to where numbers were told to be gone. Deliveries from before that was told may still wait.
    removed: BTreeMap<Recipient, Number>,
    /// In the order of seqs. Most of what comes has the highest one so far.
    waiting: VecDeque<(Seq, Run)>,
    /// Up to here an earlier run of this device may have sent messages, of whose numbers nothing is told any more.
    earlier: Seq,
    /// The last delivery.
    fed: Seq,
    conversations_max: usize,
}

impl Numbering {
    pub fn new(conversations_max: usize) -> Numbering {
        Numbering {
            last: BTreeMap::new(),
            removed: BTreeMap::new(),
            waiting: VecDeque::new(),
            earlier: Seq(0),
            fed: Seq(0),
            conversations_max,
        }
    }

    /// An earlier run of this device sent messages up to here, perhaps: what they leave between others is no gap.
    pub fn on_earlier_run(&mut self, up_to: Seq) {
        self.earlier = up_to;
    }

    /// Another log, or another user of the name: nothing seen so far says anything.
    pub fn forget(&mut self) {
        *self = Numbering::new(self.conversations_max);
    }

    /// An own message was accepted.
    pub fn on_own(&mut self, conversation: Recipient, seq: Seq, number: Number) {
        if let Some((from, run)) = self.waiting.back_mut() {
            // Seqs too: between others the name may have found its next holder, with numbers of his own.
            let goes_on = run.last.0.checked_add(1) == Some(number.0)
                && seq.0.checked_sub(from.0) == number.0.checked_sub(run.first.0);
            if goes_on && run.source == Source::Own && run.conversation == conversation {
                run.last = number;
                return;
            }
        }
        self.wait(conversation, seq, number, Source::Own);
    }

    /// A delivery came, while ids up to `under_way` were.
    pub fn on_delivery(
        &mut self,
        conversation: Recipient,
        seq: Seq,
        number: Number,
        under_way: MessageId,
    ) {
        self.fed = self.fed.max(seq);
        self.wait(conversation, seq, number, Source::Delivery(under_way));
    }

    /// The server dropped numbers up to this one, and said so.
    pub fn on_removed(&mut self, conversation: Recipient, up_to: Number) {
        let removed = self.removed.entry(conversation).or_default();
        *removed = up_to.max(*removed);
        if self.removed.len() > self.conversations_max {
            self.removed.pop_first();
        }
    }

    /// Checks what both streams have passed. `unanswered`: the first id without an answer, if there is one.
    pub fn check(&mut self, unanswered: Option<MessageId>, gap: &mut dyn FnMut(Gap)) {
        let fed = self.fed;
        let passed = |(seq, run): &mut (Seq, Run)| match run.source {
            Source::Own => *seq < fed,
            Source::Delivery(id) => unanswered.is_none_or(|unanswered| id < unanswered),
        };
        while let Some((seq, run)) = self.waiting.pop_front_if(passed) {
            self.take(seq, &run, gap);
        }
    }

    fn wait(&mut self, conversation: Recipient, seq: Seq, number: Number, source: Source) {
        let run = Run {
            conversation,
            first: number,
            last: number,
            source,
        };
        if self.waiting.back().is_none_or(|(last, _)| *last < seq) {
            self.waiting.push_back((seq, run));
        } else {
            let at = self.waiting.partition_point(|(other, _)| *other < seq);
            match self.waiting.get_mut(at) {
                Some((same, other)) if *same == seq => *other = run,
                _ => self.waiting.insert(at, (seq, run)),
            }
        }
        if self.waiting.len() > WAITING_MAX
            && let Some((_, oldest)) = self.waiting.pop_front()
        {
            self.last.remove(&oldest.conversation);
        }
    }

    fn take(&mut self, seq: Seq, run: &Run, gap: &mut dyn FnMut(Gap)) {
        let (conversation, first) = (run.conversation, run.first);
        if seq <= self.earlier {
            return;
        }
        let seen = self.last.insert(conversation, run.last);
        if self.last.len() > self.conversations_max {
            self.last.pop_first();
        }
        // A conversation's first message is numbered 1 for both its members, so a 1 begins one with the name's next holder.
        let Some(seen) = seen.filter(|_| first != Number(1)) else {
            return;
        };
        let expected = Number(seen.0.saturating_add(1));
        let removed = self.removed.get(&conversation).copied();
        let explained =
            expected < first && first.0 <= removed.unwrap_or_default().0.saturating_add(1);
        if first != expected && !explained {
            gap(Gap {
                conversation,
                expected,
                found: first,
            });
        }
    }
}
