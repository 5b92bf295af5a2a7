//! The frames of the session level as values. One that exists can be encoded; `core/PROTOCOL.md` tells what they mean.

use crate::code::Code;
use crate::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId, Try};
use crate::name::{Name, Recipient};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::time::Duration;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientFrame<'a> {
    /// First frame of a connection: who, which device, what it knows.
    Hello(Box<Hello>),
    /// A message.
    Send {
        /// Whom it is for.
        to: Recipient,
        /// The device's own counter.
        id: MessageId,
        /// Its text.
        body: &'a str,
    },
    /// All deliveries up to this seq are durably handled.
    Ack(Seq),
    /// Asks for the names that follow this one.
    Who(Option<Name>),
    /// Asks for what was said earlier.
    History(Ask),
    /// Asks for a sign of life.
    Ping,
    /// Gives it.
    Pong,
    /// The connection ends on purpose; with `forget` the name is given up too.
    Bye {
        /// Release the name at once.
        forget: bool,
    },
}

/// The contents of a client's `HISTORY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What was said to all, or with that user.
    pub with: Recipient,
    /// Only what has a lower number; `None`: from the newest.
    pub before: Option<Number>,
    /// The seq of the message with that number, where it is known: by it the server sees whether who holds the name now is
    /// the one with whom that was said. `None`: whoever holds the name now is meant.
    pub at: Option<Seq>,
    /// At most so many messages; `None`: as many as a page takes.
    pub count: Option<u64>,
}

/// The contents of `HELLO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The name asked for.
    pub user: Name,
    /// The device's secret.
    pub device: DeviceId,
    /// The device's connection counter.
    pub attempt: Try,
    /// Whether the device keeps a store.
    pub keep: bool,
    /// Up to where it has handled the log.
    pub place: Place,
    /// The highest own id that it knows accepted; `None`: it has forgotten.
    pub accepted: Option<MessageId>,
    /// Own messages up to here are known delivered.
    pub delivered: Seq,
    /// What it takes without acking.
    pub credit: Credit,
}

/// A device's place in the log, as its `HELLO` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A new device, which has none.
    New,
    /// A device without a store, for which the server's own record counts.
    Server,
    /// What the device's store holds.
    Cursor {
        /// Which log.
        store: StoreId,
        /// Which start of the server told the seq.
        epoch: Epoch,
        /// Handled up to here.
        seq: Seq,
    },
}

/// The window: how much may be delivered and not acked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Deliveries.
    pub deliveries: u32,
    /// Bytes of deliveries, heads included.
    pub bytes: u64,
}

/// What an acceptance survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing but the death of connections.
    Memory,
    /// Process kill, operating-system crash, power cut.
    Disk,
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerFrame<'a> {
    /// The session is bound to this connection.
    Welcome(Box<Welcome>),
    /// Ids `first..=last` are in the log, at consecutive seqs and numbers from these.
    Accepted {
        /// First id of the run.
        first: MessageId,
        /// Last id of the run.
        last: MessageId,
        /// The first one's seq.
        seq: Seq,
        /// The first one's number in its conversation.
        number: Number,
    },
    /// An id is not in the log.
    Rejected(Rejection),
    /// Something that is no message was refused.
    Error {
        /// Why.
        code: Code,
        /// For people.
        text: Cow<'a, str>,
        /// With [`Code::GAP`] the highest id taken; with [`Code::CONFLICT`] likewise.
        last: Option<MessageId>,
        /// How long to wait before trying again.
        retry_after: Option<Duration>,
    },
    /// A message for this user.
    Deliver(Delivery<'a>),
    /// News of how far recipients have come.
    Receipt(Receipt),
    /// Numbers up to `up_to` of that conversation are gone.
    Removed {
        /// With whom.
        conversation: Recipient,
        /// The last number that is gone.
        up_to: Number,
    },
    /// A message of a history: it is no delivery.
    Past(Delivery<'a>),
    /// The end of a history's page.
    History(PageEnd),
    /// A page of names, a line each.
    Users {
        /// Names, each followed by LF.
        names: Cow<'a, str>,
        /// Ask again with this name if it is there: more follow it.
        next: Option<Name>,
    },
    /// Asks for a sign of life.
    Ping,
    /// Gives it.
    Pong,
    /// A newer connection has this session; with the counter to exceed.
    Replaced {
        /// The highest connection counter seen of this device.
        attempt: Try,
    },
    /// The server ends this connection on purpose.
    Bye(Bye),
}

/// The contents of `WELCOME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// The name, as the server spells it.
    pub user: Name,
    /// Which log.
    pub store: StoreId,
    /// Which start of the server.
    pub epoch: Epoch,
    /// What acceptance survives here.
    pub level: Durability,
    /// The log's last committed seq.
    pub head: Seq,
    /// Silence after which each end sends a heartbeat.
    pub heartbeat: Duration,
    /// Silence after which each end gives the other up.
    pub silence: Duration,
    /// Longest body in bytes.
    pub body_bytes_max: u64,
    /// Most messages without an answer.
    pub unanswered_max: u64,
    /// Highest id taken of this device.
    pub last: MessageId,
    /// Where the feed starts.
    pub cursor: Seq,
    /// The server knows no such session, or the cursor is no point of this log.
    pub lost: bool,
}

/// The contents of `REJECTED`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Which message.
    pub id: MessageId,
    /// Why.
    pub code: Code,
    /// With a passing code: how long to wait.
    pub retry_after: Option<Duration>,
}

/// The contents of `DELIVER`: nothing in it differs between recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery<'a> {
    /// The record's position in the log.
    pub seq: Seq,
    /// Who wrote it, stamped by the server.
    pub from: Name,
    /// Whom it is for.
    pub to: Recipient,
    /// Its position in its conversation.
    pub number: Number,
    /// The server's stamp, in milliseconds since 1970.
    pub time: u64,
    /// The text; empty if it was removed.
    pub body: &'a str,
    /// The server's operator removed the text.
    pub removed: bool,
}

/// What a person is shown in the place of a text that was removed.
pub const REMOVED_TEXT: &str = "[text removed by the operator]";

impl<'a> Delivery<'a> {
    /// The text as a person is shown it.
    pub fn shown(&self) -> &'a str {
        match self.removed {
            true => REMOVED_TEXT,
            false => self.body,
        }
    }
}

/// The contents of a server's `HISTORY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageEnd {
    /// As it was asked for, in the server's spelling.
    pub with: Recipient,
    /// The numbers of the page's first message and of its last; both 0 if there is none.
    pub numbers: (Number, Number),
    /// There are messages before them.
    pub more: bool,
    /// What has this number and what came before it is gone; 0: nothing is.
    pub removed: Number,
}

/// The contents of `RECEIPT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// All of yours to that user up to this seq are delivered.
    Delivered {
        /// To whom.
        to: Name,
        /// Up to where.
        up_to: Seq,
    },
    /// As above, and those after it up to `last` never will be: that user gave up the name.
    Left {
        /// To whom.
        to: Name,
        /// Delivered up to here.
        up_to: Seq,
        /// Not delivered from there up to here.
        last: Seq,
    },
    /// Of the `of` users for whom this message to all was meant, `count` have it.
    All {
        /// Which message.
        seq: Seq,
        /// How many have it.
        count: u64,
        /// Of how many.
        of: u64,
    },
}

/// The contents of the server's `BYE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bye {
    /// Why.
    pub code: Code,
    /// When to come back.
    pub retry_after: Option<Duration>,
}
