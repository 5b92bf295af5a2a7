//! The inbox: the cursor, what is still to be acked, and which deliveries are news.
//!
//! Four seqs: `seen` came and was handed on, in this run; `kept` is where the driver says it is written; `fed` is
//! the last that came on this connection, and no ack goes beyond it; `acked` is what the server knows.

use super::config::Start;
use super::numbering::Numbering;
use super::port::Message;
use crate::id::{Epoch, MessageId, Seq, StoreId};
use crate::name::{Name, Recipient};
use crate::wire::{Delivery, Place, Welcome};
use alloc::boxed::Box;
use core::mem;

/// See the module's words.
#[derive(Debug)]
pub(super) struct Inbox {
    user: Name,
    log: Option<(StoreId, Epoch)>,
    start: Place,
    /// No connection of this run was welcomed yet.
    fresh: bool,
    seen: Seq,
    kept: Seq,
    fed: Seq,
    acked: Seq,
    may_repeat: bool,
    repeats_up_to: Seq,
    /// The cursor that a store should have is not the one that it was told.
    moved: bool,
    pub numbers: Numbering,
}

impl Inbox {
    pub fn new(user: Name, start: &Start, conversations_max: usize) -> Inbox {
        let (log, kept) = match start.place {
            Place::Cursor { store, epoch, seq } => (Some((store, epoch)), seq),
            Place::New | Place::Server => (None, Seq(0)),
        };
        Inbox {
            user,
            log,
            start: start.place,
            fresh: true,
            seen: kept,
            kept,
            fed: Seq(0),
            acked: Seq(0),
            may_repeat: start.may_repeat,
            repeats_up_to: Seq(0),
            moved: false,
            numbers: Numbering::new(conversations_max),
        }
    }

    /// What `HELLO` says.
    pub fn place(&self) -> Place {
        match self.log {
            None => self.start,
            Some((store, epoch)) => Place::Cursor {
                store,
                epoch,
                seq: self.kept,
            },
        }
    }

    /// Whether that log is another one than this device knows.
    pub fn is_other_log(&self, store: StoreId) -> bool {
        self.log.is_some_and(|(known, _)| known != store)
    }

    /// A connection begins. A device that lost its session, or had none, takes the server's cursor.
    pub fn on_welcome(&mut self, welcome: &Welcome, lost: bool) {
        let first = self.log.is_none();
        if lost || first {
            self.seen = welcome.cursor;
            self.kept = welcome.cursor;
            self.moved = true;
            self.numbers.forget();
            self.repeats_up_to = match self.may_repeat && first {
                true => welcome.head,
                false => Seq(0),
            };
        }
        if mem::take(&mut self.fresh) && !lost && self.start != Place::New {
            self.numbers.on_earlier_run(welcome.head);
        }
        self.log = Some((welcome.store, welcome.epoch));
        self.fed = welcome.cursor;
        // The server tells a loss again until it is acked.
        self.acked = Seq(welcome.cursor.0.saturating_sub(u64::from(lost)));
    }

    /// A delivery, while ids up to `under_way` were. `None`: it came before.
    ///
    /// # Errors
    /// It is not for this user, or out of order.
    pub fn on_deliver(
        &mut self,
        delivery: &Delivery<'_>,
        under_way: MessageId,
    ) -> Result<Option<Box<Message>>, &'static str> {
        let conversation = self.conversation(delivery)?;
        if delivery.seq <= self.fed {
            return Err("a delivery that goes back in the log");
        }
        self.fed = delivery.seq;
        if delivery.seq <= self.seen {
            return Ok(None);
        }
        self.seen = delivery.seq;
        self.moved = true;
        self.numbers
            .on_delivery(conversation, delivery.seq, delivery.number, under_way);
        Ok(Some(Box::new(Message {
            seq: delivery.seq,
            from: delivery.from,
            to: delivery.to,
            number: delivery.number,
            time: delivery.time,
            body: delivery.shown().into(),
            may_repeat: delivery.seq <= self.repeats_up_to,
        })))
    }

    /// Whether that came, or lies before what this device is owed.
    pub fn has_seen(&self, seq: Seq) -> bool {
        seq <= self.seen
    }

    /// The cursor that belongs to all that was handed on so far, if that is another one than before. So an epoch is taken
    /// over with the first cursor after it.
    pub fn take_moved(&mut self) -> Option<(StoreId, Epoch, Seq)> {
        let (store, epoch) = self.log?;
        mem::take(&mut self.moved).then_some((store, epoch, self.seen))
    }

    fn conversation(&self, delivery: &Delivery<'_>) -> Result<Recipient, &'static str> {
        match delivery.to {
            Recipient::All => Ok(Recipient::All),
            Recipient::User(to) if to == self.user => Ok(Recipient::User(delivery.from)),
            Recipient::User(_) => Err("a delivery for somebody else"),
        }
    }

    /// The driver has written everything up to there.
    pub fn on_kept(&mut self, seq: Seq) {
        self.kept = self.kept.max(seq.min(self.seen));
    }

    /// What to ack now, if anything.
    pub fn ack(&mut self) -> Option<Seq> {
        let due = self.kept.min(self.fed);
        (due > self.acked).then(|| {
            self.acked = due;
            due
        })
    }
}
