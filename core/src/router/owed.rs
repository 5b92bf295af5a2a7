//! What a session has not acked, and what happens when that is too much: mail to it is refused before it is accepted
//! (see `send`), and of what was meant for all, its oldest lines go and it is told so.

use super::session::{Flight, Session};
use super::{Output, Router};
use crate::id::{Number, Seq, UserId};
use crate::name::Recipient;
use crate::record::Message;
use crate::saved::{Holding, Standing};
use crate::space;
use crate::wire::ServerFrame;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Some messages and their size.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Amount {
    pub(super) messages: u64,
    pub(super) bytes: u64,
}

impl Amount {
    fn add(&mut self, bytes: u64) {
        self.messages += 1;
        self.bytes += bytes;
    }

    fn take(&mut self, other: Amount) {
        self.messages = self.messages.saturating_sub(other.messages);
        self.bytes = self.bytes.saturating_sub(other.bytes);
    }
}

/// What one session is owed, in constant space.
#[derive(Debug, Default)]
pub(super) struct Owed {
    own: Amount,
    /// Of what was meant for all. The bytes count its user's own lines to all behind the first of these too: the log keeps
    /// them as long as that one is owed.
    all: Amount,
    /// Where the older half of what was meant for all ends.
    half: Option<Box<Half>>,
    /// Of what was meant for all, everything up to here will not be delivered any more.
    pub(super) floor: Seq,
    floor_number: Number,
    /// That is still to be told, and only when everything up to here is committed: mail that is appended and not committed
    /// counts too, so that a crash may take back why it was given up. Who was told goes past it, and counts as having it.
    untold: Option<Seq>,
}

/// What a session may be owed, and how far the log is appended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) bytes_max: u64,
    pub(super) head: Seq,
}

#[derive(Clone, Copy, Debug)]
struct Half {
    seq: Seq,
    number: Number,
    amount: Amount,
}

impl Owed {
    /// What it is owed of all that was ever sent to it alone and to everybody, as far as it was saved what it was rid of.
    pub(super) fn restored(
        mail: space::Amount,
        all: space::Amount,
        standing: Option<&Standing>,
        overhead: u64,
    ) -> Owed {
        let count = |sent: space::Amount, (messages, bytes): (u64, u64)| {
            let left = sent.without(space::Amount { messages, bytes });
            Amount {
                messages: left.messages,
                bytes: left.bytes + left.messages * overhead,
            }
        };
        let Some(standing) = standing else {
            let (own, all) = (count(mail, (0, 0)), count(all, (0, 0)));
            return Owed {
                own,
                all,
                ..Owed::default()
            };
        };
        let half = standing.half.map(|half| {
            Box::new(Half {
                seq: half.seq,
                number: half.number,
                amount: Amount {
                    messages: half.messages,
                    bytes: half.bytes,
                },
            })
        });
        Owed {
            own: count(mail, standing.own),
            all: count(all, standing.all),
            half,
            floor: standing.floor.0,
            floor_number: standing.floor.1,
            untold: (standing.floor.0 > Seq(0)).then_some(Seq(0)),
        }
    }

    /// What was given up last before a crash may not have been saved: then it is given up again, and all to everybody with
    /// it, up to this seq and number. Some of that the device may have; nobody can say which, so none of it is counted.
    pub(super) fn bound_again(&mut self, last: (Seq, Number), bytes_max: u64) {
        if self.bytes() > bytes_max && self.all.messages > 0 {
            (self.all, self.half) = (Amount::default(), None);
            (self.floor, self.floor_number) = last;
            self.untold = Some(Seq(0));
        }
    }

    /// What it was ever rid of, of all that was sent to it alone and to everybody.
    pub(super) fn settled(
        &self,
        mail: space::Amount,
        all: space::Amount,
        overhead: u64,
    ) -> (space::Amount, space::Amount) {
        let frames = |owed: Amount| space::Amount {
            messages: owed.messages,
            bytes: owed.bytes.saturating_sub(owed.messages * overhead),
        };
        (
            mail.without(frames(self.own)),
            all.without(frames(self.all)),
        )
    }

    pub(super) fn floor(&self) -> (Seq, Number) {
        (self.floor, self.floor_number)
    }

    pub(super) fn half(&self) -> Option<Holding> {
        self.half.as_deref().map(|half| Holding {
            seq: half.seq,
            number: half.number,
            messages: half.amount.messages,
            bytes: half.amount.bytes,
        })
    }

    pub(super) fn messages(&self) -> u64 {
        self.own.messages + self.all.messages
    }

    pub(super) fn bytes(&self) -> u64 {
        self.own.bytes + self.all.bytes
    }

    /// Something is gone and the device has not heard of it, which comes before any delivery behind it.
    pub(super) fn is_untold(&self) -> bool {
        self.untold.is_some()
    }

    /// Whether nothing that was meant for all is owed, so that nothing of it is kept for this session.
    pub(super) fn lacks_none_of_all(&self) -> bool {
        self.all.messages == 0
    }

    fn add_all(&mut self, message: &Message, size: u64, bounds: Bounds) {
        self.all.add(size);
        self.bound_all(message, bounds);
    }

    /// A line of its user's own to all: it is kept behind what the session is owed.
    fn add_written(&mut self, message: &Message, size: u64, bounds: Bounds) {
        if !self.lacks_none_of_all() {
            self.all.bytes += size;
            self.bound_all(message, bounds);
        }
    }

    /// Gives up the older half of what was meant for all, if more than that is kept for the session.
    fn bound_all(&mut self, message: &Message, Bounds { bytes_max, head }: Bounds) {
        let now = Half {
            seq: message.seq,
            number: message.number,
            amount: self.all,
        };
        // Of the older half most may be acked by now; then the younger one goes too.
        while self.bytes() > bytes_max && self.all.messages > 0 {
            let gone = self.half.take().map_or(now, |half| *half);
            self.take_all(gone.amount);
            (self.floor, self.floor_number, self.untold) = (gone.seq, gone.number, Some(head));
        }
        if self.half.is_none() && self.all.bytes > bytes_max / 2 {
            let amount = self.all;
            self.half = Some(Box::new(Half { amount, ..now }));
        }
    }

    fn settle(&mut self, flight: &Flight, size: u64) {
        let one = Amount {
            messages: 1,
            bytes: size,
        };
        if !flight.all {
            return self.own.take(one);
        }
        if flight.seq <= self.floor {
            return; // it was given up before it was acked
        }
        self.take_all(one);
        if let Some(half) = self.half.as_mut().filter(|half| flight.seq <= half.seq) {
            half.amount.take(one);
        }
        if let Some(half) = self.half.take_if(|half| half.amount.messages == 0) {
            self.take_all(half.amount);
        }
    }

    /// That much of what was meant for all is owed no more. With the last of it goes what was kept behind it.
    fn take_all(&mut self, amount: Amount) {
        self.all.take(amount);
        if self.all.messages == 0 {
            self.all.bytes = 0;
        }
    }
}

impl Router {
    /// Tells a session which of the messages to all it will not get.
    pub(super) fn pump_removed(&mut self, user: UserId, out: &mut Vec<Output>) {
        let committed = self.committed;
        let Some(session) = self.session_mut(user) else {
            return;
        };
        let Some(conn) = session.conn() else { return };
        let due = session.owed.untold.take_if(|after| *after <= committed);
        if due.is_some() {
            let up_to = session.owed.floor_number;
            self.say(
                conn,
                ServerFrame::Removed {
                    conversation: Recipient::All,
                    up_to,
                },
                out,
            );
        }
    }
}

impl Session {
    /// Notes that it is owed one more message to it alone.
    pub(super) fn owe(&mut self, size: u64) {
        self.owed.own.add(size);
    }

    /// Notes that it is owed one more message to all; if that is too much, its oldest of them go, which is to be told.
    pub(super) fn owe_all(&mut self, message: &Message, size: u64, bounds: Bounds) -> bool {
        let floor = self.owed.floor;
        self.owed.add_all(message, size, bounds);
        self.owed.floor > floor
    }

    /// Notes that its user wrote a line to all; whether something is given up by that, which is to be told.
    pub(super) fn wrote_to_all(&mut self, message: &Message, size: u64, bounds: Bounds) -> bool {
        let floor = self.owed.floor;
        self.owed.add_written(message, size, bounds);
        self.owed.floor > floor
    }

    /// An un-acked delivery was acked for the first time.
    pub(super) fn settle_owed(&mut self, flight: &Flight, overhead: u64) {
        self.owed.settle(flight, u64::from(flight.bytes) + overhead);
    }

    /// A new connection hears again what was removed, since the one before may not have; but not a device that has come
    /// further: that heard it before what lies behind.
    pub(super) fn tell_removed_again(&mut self, cursor: Seq) {
        let floor = self.owed.floor;
        let after = self.owed.untold.unwrap_or(Seq(0));
        self.owed.untold = (floor > cursor).then_some(after);
    }
}
