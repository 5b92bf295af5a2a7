//! What a log has forgotten, as far as its readers must be told: of each conversation of two, as the one to whom messages
//! went would ask for them, and of what went to all, up to where it is gone.

use std::collections::BTreeMap;
use verbatim_core::id::{Number, Seq, UserId};
use verbatim_core::name::{Name, Recipient};
use verbatim_core::record::{Message, Stream};
use verbatim_core::router::Removed;

/// What is gone of what one user wrote to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The last one's seq and number in its conversation.
    pub(super) last: (Seq, Number),
    /// Who wrote it.
    pub(super) name: Name,
}

/// What is gone of what went to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Public {
    pub(super) last: (Seq, Number),
    /// Who wrote the last one; it misses nothing of its own.
    pub(super) from: UserId,
    /// The last one by anybody else.
    pub(super) other: Seq,
}

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// By recipient, then by sender.
    pub(super) parts: BTreeMap<(UserId, UserId), Part>,
    pub(super) public: Option<Public>,
}

impl Gone {
    /// One more message is gone; of each recipient they come in the order of the log.
    pub(super) fn take(&mut self, message: &Message) {
        let last = (message.seq, message.number);
        match message.to {
            Stream::User(to) => {
                let fresh = || Part {
                    last,
                    name: message.delivery().from,
                };
                let part = self.parts.entry((to, message.from));
                part.or_insert_with(fresh).last = last;
            }
            Stream::All => {
                let before = self.public;
                let other = before.map_or(Seq(0), |before| match before.from == message.from {
                    true => before.other,
                    false => before.last.0,
                });
                self.public = Some(Public {
                    last,
                    from: message.from,
                    other,
                });
            }
        }
    }

    /// That user reads nothing any more.
    pub(super) fn release(&mut self, user: UserId) {
        let range = (user, UserId(Seq(0)))..=(user, UserId(Seq(u64::MAX)));
        let of_user: Vec<_> = self.parts.range(range).map(|(key, _)| *key).collect();
        for key in of_user {
            self.parts.remove(&key);
        }
    }

    /// What of it that user would ask for after a seq.
    pub(super) fn after(&self, user: UserId, after: Seq) -> Vec<Removed> {
        let range = (user, UserId(Seq(0)))..=(user, UserId(Seq(u64::MAX)));
        let parts = self.parts.range(range).map(|(_, part)| part);
        let parts = parts.filter_map(|part| part.after(after));
        let public = self.public.and_then(|public| public.after(user, after));
        parts.chain(public).collect()
    }
}

impl Part {
    /// As it is told to who has come up to a seq.
    pub(super) fn after(&self, after: Seq) -> Option<Removed> {
        let conversation = Recipient::User(self.name);
        let up_to = self.last.1;
        (self.last.0 > after).then_some(Removed {
            conversation,
            up_to,
        })
    }
}

impl Public {
    /// As it is told to that user, who has come up to a seq.
    pub(super) fn after(&self, user: UserId, after: Seq) -> Option<Removed> {
        let last = match self.from == user {
            true => self.other,
            false => self.last.0,
        };
        let conversation = Recipient::All;
        let up_to = self.last.1;
        (last > after).then_some(Removed {
            conversation,
            up_to,
        })
    }
}
