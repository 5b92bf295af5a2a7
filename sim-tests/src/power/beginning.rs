//! A log whose beginning is forgotten: never more of it than is allowed, never half, and whoever asks for it is told.

use super::Run;
use verbatim_core::id::{Seq, UserId};
use verbatim_core::name::Recipient;
use verbatim_core::record::{Message, Record, Stream, What};
use verbatim_core::router::Removed;
use verbatim_net::engine::Engine;
use verbatim_net::engine::disk::{Disk, check};

impl Run {
    /// Where the log begins is where it may, and no sooner than before the cut.
    pub(super) fn look_at_beginning(&mut self, engine: &Disk) -> Result<(), String> {
        let (before, now) = (self.removed, engine.removed());
        if now < before || now > self.allowed {
            return Err(format!(
                "the log is forgotten up to {now}, and was up to {before}, and may be up to {}",
                self.allowed
            ));
        }
        self.removed = now;
        if self.dice.chance(50) {
            // Another one beside the open log: nothing of it is written before it is closed.
            let mut copy = self.plate.clone_of_now();
            let checked = check(&mut copy, &mut |_| Ok(())).map_err(|why| why.to_string())?;
            if (checked.removed, Some(checked.proof)) != (now, engine.proof()) {
                return Err(format!("verify finds another log: {checked:?}"));
            }
        }
        Ok(())
    }

    /// What that user is to be told who asks for all after a seq.
    pub(super) fn gone_for(&self, user: UserId, after: Seq) -> Vec<Removed> {
        let gone = &self.records[..self.removed.0 as usize];
        let to = |stream: Stream| {
            let messages = gone.iter().rev().filter_map(message_of);
            messages.filter(move |message| message.to == stream)
        };
        let mut senders: Vec<(UserId, Removed)> = Vec::new();
        if self.holds_a_name(user) {
            for message in to(Stream::User(user)).filter(|message| message.seq > after) {
                if senders.iter().all(|(from, _)| *from != message.from) {
                    let conversation = Recipient::User(message.delivery().from);
                    let up_to = message.number;
                    senders.push((
                        message.from,
                        Removed {
                            conversation,
                            up_to,
                        },
                    ));
                }
            }
        }
        senders.sort_by_key(|(from, _)| *from);
        let missed = to(Stream::All).any(|message| message.from != user && message.seq > after);
        let public = to(Stream::All).next().filter(|_| missed);
        let public = public.map(|message| Removed {
            conversation: Recipient::All,
            up_to: message.number,
        });
        senders
            .into_iter()
            .map(|(_, removed)| removed)
            .chain(public)
            .collect()
    }

    fn holds_a_name(&self, user: UserId) -> bool {
        let released = |record: &Record| matches!(record.what, What::Release { user: gone, .. } if gone == user);
        !self.records.iter().any(released)
    }
}

fn message_of(record: &Record) -> Option<&Message> {
    match &record.what {
        What::Message(message) => Some(message),
        _ => None,
    }
}
