//! A log whose beginning is forgotten: never more of it than is allowed, never half, and whoever asks for it is told.

use super::{DURABLE, NO_LOSS, Run, broken};
use crate::checker::Violation;
use verbatim_core::id::{Seq, UserId};
use verbatim_core::name::Recipient;
use verbatim_core::record::{Message, Record, Stream, What};
use verbatim_core::router::{Page, Removed};
use verbatim_net::engine::Engine;
use verbatim_net::engine::disk::{Disk, check};

impl Run {
    /// Where the log begins is where it may, and no sooner than before the cut.
    pub(super) fn look_at_beginning(&mut self, engine: &Disk) -> Result<(), Violation> {
        let (before, now) = (self.removed, engine.removed());
        if now < before || now > self.allowed {
            let allowed = self.allowed;
            let what = format!(
                "the log is forgotten up to {now}, and was up to {before}, and may be up to {allowed}"
            );
            return Err(broken(DURABLE, what));
        }
        self.removed = now;
        if self.dice.chance(50) {
            // Another one beside the open log: nothing of it is written before it is closed.
            let mut copy = self.plate.clone_of_now();
            let checked = check(&mut copy, &mut |_| Ok(()))
                .map_err(|why| broken(DURABLE, why.to_string()))?;
            if (checked.removed, Some(checked.proof)) != (now, engine.proof()) {
                let what = format!("verify finds another log: {checked:?}");
                return Err(broken(DURABLE, what));
            }
        }
        Ok(())
    }

    /// A page says what it lacks.
    pub(super) fn look_at_gone(&self, page: &Page) -> Result<(), Violation> {
        let Page { user, after, .. } = *page;
        let gone = match after < self.removed {
            true => self.gone_for(user, after),
            false => Vec::new(),
        };
        if page.removed == gone {
            return Ok(());
        }
        let told = &page.removed;
        let what = format!("after {after} are gone {gone:?}, and {told:?} is told");
        Err(broken(NO_LOSS, what))
    }

    /// What that user is to be told who asks for all after a seq.
    fn gone_for(&self, user: UserId, after: Seq) -> Vec<Removed> {
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
