//! Receipts: how far recipients have come, told from state a few times a second, never queued.

use super::session::{Left, Live, Rare};
use super::timers::Timer;
use super::{Output, Router};
use crate::id::{Seq, UserId};
use crate::record::Message;
use crate::saved::{Beside, Count};
use crate::wire::{Receipt, ServerFrame};
use alloc::vec::Vec;
use core::mem;

/// A message to `ALL` whose receipt is still counted.
#[derive(Debug)]
pub(super) struct Broadcast {
    from: UserId,
    of: u64,
    count: u64,
    told: u64,
}

impl Broadcast {
    /// As it was saved.
    pub(super) fn counted(count: &Count) -> Broadcast {
        Broadcast {
            from: count.from,
            of: count.of,
            count: count.count,
            told: 0,
        }
    }

    pub(super) fn from(&self) -> UserId {
        self.from
    }

    pub(super) fn count(&self, seq: Seq) -> Count {
        Count {
            seq,
            from: self.from,
            count: self.count,
            of: self.of,
        }
    }
}

impl Router {
    /// Begins to count who has a message to `ALL`.
    pub(super) fn count_broadcast(&mut self, message: &Message, out: &mut Vec<Output>) {
        let of = self.space.users().len() as u64 - 1;
        self.broadcasts.insert(
            message.seq,
            Broadcast {
                from: message.from,
                of,
                count: 0,
                told: 0,
            },
        );
        if self.saves() {
            // It rides on the message's own commit: a message to all that is in the log is counted.
            let (seq, from, count) = (message.seq, message.from, 0);
            out.push(Output::Save(Beside::Count(Count {
                seq,
                from,
                count,
                of,
            })));
        }
        if let Some(session) = self.session_mut(message.from) {
            session.rare_mut().broadcasts.push_back(message.seq);
        }
        if self.broadcasts.len() > self.limits.broadcasts_counted_max {
            let (seq, oldest) = self.broadcasts.pop_first().expect("one was just put in");
            if let Some(rare) = self.rare_of(oldest.from) {
                rare.broadcasts.pop_front_if(|first| *first == seq);
            }
            self.save_count(seq);
        }
    }

    fn rare_of(&mut self, user: UserId) -> Option<&mut Rare> {
        self.session_mut(user)
            .and_then(|session| session.rare_if_any())
    }

    /// One more recipient has a message to `ALL`. `noted` is the sender for whom that was noted last, who need not be
    /// looked for again.
    pub(crate) fn count_delivery(&mut self, seq: Seq, noted: &mut Option<UserId>) {
        let Some(broadcast) = self.broadcasts.get_mut(&seq) else {
            return;
        };
        broadcast.count += 1;
        let from = broadcast.from;
        self.save_count(seq);
        if noted.replace(from) == Some(from) {
            return;
        }
        if let Some(rare) = self.rare_of(from) {
            rare.broadcasts_moved = true;
        }
        self.unsettle(from);
    }

    /// A recipient has come further with what `from` wrote to it.
    pub(crate) fn note_moved(&mut self, from: UserId, recipient: UserId) {
        if let Some(session) = self.session_mut(from) {
            session.note_moved(recipient);
            self.unsettle(from);
        }
    }

    /// A device says up to where it knows its own messages delivered: what moved since then is told again.
    pub(super) fn note_known(&mut self, user: UserId, delivered: Seq) {
        self.space.settle_left(user, delivered);
        let news = |partner: &UserId| self.space.last_between(user, *partner) > delivered;
        let moved: Vec<UserId> = self.space.partners(user).filter(news).collect();
        let Some(session) = self.session_mut(user) else {
            return;
        };
        for recipient in moved {
            session.note_moved(recipient);
        }
        let Some(rare) = session.rare_if_any() else {
            return;
        };
        rare.left.retain(|left| left.last > delivered);
        for left in &mut rare.left {
            left.told = false;
        }
        rare.broadcasts_moved = !rare.broadcasts.is_empty();
        for seq in rare.broadcasts.clone() {
            if let Some(broadcast) = self.broadcasts.get_mut(&seq) {
                broadcast.told = 0;
            }
        }
    }

    /// Notes how it ended between a sender and a recipient who gives up the name in the record that comes next.
    pub(crate) fn note_left(&mut self, from: UserId, left: Left) {
        let remembered_max = self.limits.left_remembered_max;
        if let Some(session) = self.session_mut(from) {
            let remembered = &mut session.rare_mut().left;
            if remembered.len() == remembered_max {
                remembered.pop_front();
            }
            remembered.push_back(left);
            self.unsettle(from);
        }
    }

    pub(super) fn pump_receipts(&mut self, user: UserId, out: &mut Vec<Output>) {
        let (now, interval, committed) =
            (self.now.mono, self.limits.receipt_interval, self.committed);
        let Some(session) = self.session_mut(user) else {
            return;
        };
        let rare = session.rare();
        let left = rare
            .left
            .iter()
            .any(|left| !left.told && left.after <= committed);
        let broadcasts_moved = rare.broadcasts_moved;
        let Some(conn) = session.conn() else { return };
        if session.moved.is_empty() && !broadcasts_moved && !left {
            return;
        }
        if now < session.receipts_after {
            let at = session.receipts_after;
            if !mem::replace(&mut session.receipts_timed, true) {
                self.timers.set(Timer::Receipts(user), at);
            }
            return;
        }
        session.receipts_after = now + interval;
        if !self.takes(conn) {
            return; // when it takes again, its session is looked at again
        }
        let mut receipts = mem::take(&mut self.receipts);
        self.receipts_due(user, &mut receipts);
        for receipt in receipts.drain(..) {
            self.say(conn, ServerFrame::Receipt(receipt), out);
        }
        self.receipts = receipts;
    }

    fn receipts_due(&mut self, user: UserId, receipts: &mut Vec<Receipt>) {
        let (committed, is_pumped) = (self.committed, "it is being pumped");
        let session = self.session_mut(user).expect(is_pumped);
        let mut moved = mem::take(&mut session.moved);
        let left = session.rare_if_any().map(|rare| &mut rare.left);
        let left = left.into_iter().flatten();
        let due = left.filter(|left| !left.told && left.after <= committed);
        receipts.extend(due.map(tell_left));
        let recipients = moved.drain(..);
        receipts.extend(recipients.filter_map(|recipient| self.receipt_of(user, recipient)));
        self.session_mut(user).expect(is_pumped).moved = moved;
        self.tell_broadcasts(user, receipts);
    }

    /// How far one recipient has come with what `from` wrote to it.
    fn receipt_of(&self, from: UserId, recipient: UserId) -> Option<Receipt> {
        let reached = match self.live.find(&recipient)? {
            Live::Session(session) => session.reached(self.committed),
            Live::Classic(user) => user.reached(),
        };
        let up_to = reached.min(self.space.last_between(from, recipient));
        let to = self.space.user(recipient)?.name;
        Some(Receipt::Delivered { to, up_to })
    }

    fn tell_broadcasts(&mut self, user: UserId, receipts: &mut Vec<Receipt>) {
        let Some(rare) = self.rare_of(user).filter(|rare| rare.broadcasts_moved) else {
            return;
        };
        rare.broadcasts_moved = false;
        for seq in rare.broadcasts.clone() {
            if let Some(broadcast) = self.broadcasts.get_mut(&seq)
                && broadcast.count > broadcast.told
            {
                broadcast.told = broadcast.count;
                receipts.push(Receipt::All {
                    seq,
                    count: broadcast.count,
                    of: broadcast.of,
                });
            }
        }
    }
}

fn tell_left(left: &mut Left) -> Receipt {
    left.told = true;
    let Left {
        to, up_to, last, ..
    } = *left;
    if up_to < last {
        Receipt::Left { to, up_to, last }
    } else {
        Receipt::Delivered { to, up_to: last }
    }
}
