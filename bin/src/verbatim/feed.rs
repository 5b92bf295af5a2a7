//! Messages on their way from the store to who shows them: no more at once than can be shown, the rest waits in the store.

use std::collections::VecDeque;
use verbatim_core::client::Message;
use verbatim_core::id::Seq;
use verbatim_net::store::Store;

/// Most messages that were handed on and are not shown yet.
const HANDED_MAX: usize = 256;

/// See the module's words.
#[derive(Debug)]
pub(crate) struct Feed {
    /// Up to this place everything was handed on.
    handed: u64,
    waiting: VecDeque<(Seq, u64)>,
    /// The store has messages after `handed`, perhaps.
    behind: bool,
    /// Up to here an earlier run may have shown them.
    earlier: u64,
}

impl Feed {
    /// Goes on where the store says that everything was shown.
    pub(crate) fn new(store: &Store) -> Feed {
        Feed {
            handed: store.shown(),
            waiting: VecDeque::new(),
            behind: true,
            earlier: store.last(),
        }
    }

    /// A message was put at that place. Whether it is to be handed on now.
    pub(crate) fn takes(&mut self, seq: Seq, place: u64) -> bool {
        self.behind |= self.waiting.len() >= HANDED_MAX;
        if self.behind {
            return false;
        }
        self.handed = place;
        self.waiting.push_back((seq, place));
        true
    }

    /// Everything handed on was shown up to the last message with that seq: up to which place that is.
    pub(crate) fn on_shown(&mut self, seq: Seq) -> Option<u64> {
        let last = self.waiting.iter().rposition(|(known, _)| *known == seq)?;
        self.waiting.drain(..=last).last().map(|(_, place)| place)
    }

    /// What is to be handed on now of that which waits in the store. If the store cannot be read, later.
    pub(crate) fn more(&mut self, store: &mut Store) -> Vec<Message> {
        let room = HANDED_MAX - self.waiting.len().min(HANDED_MAX);
        if !self.behind || room < HANDED_MAX / 2 {
            return Vec::new();
        }
        let Ok(page) = store.messages_after(self.handed, room) else {
            return Vec::new();
        };
        self.behind = page.len() == room || store.is_behind();
        let mut messages = Vec::with_capacity(page.len());
        for (place, mut message) in page {
            self.handed = place;
            self.waiting.push_back((message.seq, place));
            message.may_repeat |= place <= self.earlier;
            messages.push(message);
        }
        messages
    }
}
