//! What a store that keeps messages is told: each fact once, when it has changed.

use super::Client;
use super::config::Start;
use super::outbox::Line;
use super::port::{Keep, Output};
use crate::id::MessageId;
use crate::now::Wall;
use alloc::vec::Vec;
use core::time::Duration;

/// What it was told last.
#[derive(Debug)]
pub(super) struct Told {
    given_out: MessageId,
    accepted: Option<MessageId>,
}

impl Told {
    pub fn new(start: &Start) -> Told {
        Told {
            given_out: start.allotted,
            accepted: start.accepted,
        }
    }
}

impl Client {
    /// A line was taken: it may have to outlive this program.
    pub(super) fn keep_queued(
        &mut self,
        line: &Line,
        age_max: Option<Duration>,
        taken: Wall,
        out: &mut Vec<Output>,
    ) {
        if !self.config.keeps_messages {
            return;
        }
        let millis = |age: Duration| u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let expires = age_max.map(|age| Wall(taken.0.saturating_add(millis(age))));
        out.push(Output::Keep(Keep::Queued {
            line: line.line,
            to: line.to,
            body: line.body.clone(),
            taken,
            expires,
        }));
    }

    /// Tells a store that keeps messages the counters that have changed in this call.
    #[inline]
    pub(super) fn tell_store(&mut self, out: &mut Vec<Output>) {
        if self.config.keeps_messages {
            self.tell_counters(out);
        }
    }

    fn tell_counters(&mut self, out: &mut Vec<Output>) {
        let mut keep = |keep| out.push(Output::Keep(keep));
        let (given_out, accepted) = (self.outbox.given_out(), self.outbox.known_accepted());
        if given_out != self.told.given_out {
            keep(Keep::Allotted(given_out));
        }
        if let Some(accepted) = accepted.filter(|_| accepted != self.told.accepted) {
            keep(Keep::Accepted(accepted));
        }
        if let Some(delivered) = self.receipts.take_moved() {
            keep(Keep::Delivered(delivered));
        }
        if let Some((store, epoch, seq)) = self.inbox.take_moved() {
            keep(Keep::Cursor { store, epoch, seq });
        }
        self.told = Told {
            given_out,
            accepted,
        };
    }
}
