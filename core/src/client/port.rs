//! The client's door: what its driver tells it, and what it tells its driver to do.

use super::notice::{LineId, Notice};
use crate::id::{Epoch, MessageId, Number, Seq, StoreId, Try};
use crate::limits::Limits;
use crate::name::{Name, Recipient};
use crate::now::Wall;
use crate::wire::{Ask, Decoded, client_frame};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// The time that `deadline` named has come. At any other time it does nothing.
    Timeout,
    /// The connection asked for is open.
    Connected,
    /// Bytes came on it, cut anywhere.
    Received(&'a [u8]),
    /// It ended, or could not be opened; the text says why, for people.
    Disconnected(&'a str),
    /// The user wrote a line.
    Submit {
        /// Its name from now on.
        line: LineId,
        /// For whom.
        to: Recipient,
        /// Its text.
        body: &'a str,
        /// How long it may wait in the outbox; `None`: for ever.
        age_max: Option<Duration>,
    },
    /// The user takes a line back. Only a queued line can be; for any other it does nothing.
    Withdraw(LineId),
    /// The user asks who is there.
    Who,
    /// The user asks for what was said earlier. It is answered once, in the order of the questions: by
    /// [`Output::Recalled`], or by [`Notice::NoHistory`]. Without a number of messages all are meant, as far as this client
    /// puts them together.
    History(Ask),
    /// All deliveries up to this seq are written where this device keeps them.
    Kept(Seq),
    /// The user wants a connection now, not after the wait, and also after a client stayed away.
    Return,
    /// The user ends it. With `forget` the name is given up too.
    Leave {
        /// Release the name at once.
        forget: bool,
    },
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Make it durable before any `Connect` or `Send` of the same call is carried out.
    Keep(Keep),
    /// Open a connection to the server.
    Connect,
    /// Write this to the connection.
    Send(Frames),
    /// End the connection, or the attempt to open one, after what was sent is written.
    Disconnect,
    /// Keep this message, in one transaction with the cursor of the same call, or show it where nothing is kept; then say
    /// `Kept`.
    Deliver(Box<Message>),
    /// Hand on what was asked for with [`Input::History`]. It is no delivery, and nobody waits for it to be kept.
    Recalled(Box<Recalled>),
    /// Tell the user.
    Show(Notice),
    /// This server knows only the classic level: go on with [`Client::into_classic`](super::Client::into_classic).
    /// Nothing follows, and no input has an effect.
    FallBack,
    /// It is over; nothing follows and no input has an effect.
    Done,
}

/// What a store remembers for the next run. All but the first two are told only to one that keeps messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The connection counter is used up to here.
    Attempt(Try),
    /// Ids up to here may leave the device from now on, and none above. (With a store that keeps messages: may have left.
    /// It may go down, when the server has not taken ids and never will.)
    Allotted(MessageId),
    /// A line is in the outbox. Its states follow as notices, as of every line.
    Queued {
        /// Its name.
        line: LineId,
        /// For whom.
        to: Recipient,
        /// Its text.
        body: String,
        /// When it was taken.
        taken: Wall,
        /// After which time of the wall clock it is not to be sent any more by a later run; `None`: never. (This run
        /// goes by the monotonic clock alone.)
        expires: Option<Wall>,
    },
    /// A line goes out under this id.
    Sent {
        /// Which line.
        line: LineId,
        /// Its id.
        id: MessageId,
    },
    /// The highest own id known accepted. It goes down when the server has lost the session.
    Accepted(MessageId),
    /// Own messages up to here are known delivered.
    Delivered(Seq),
    /// Where the log is handled up to, once the messages of the same call are kept.
    Cursor {
        /// Which log.
        store: StoreId,
        /// Which start of the server told the seq.
        epoch: Epoch,
        /// Handled up to here.
        seq: Seq,
    },
}

/// A message from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its position in the log.
    pub seq: Seq,
    /// Who wrote it.
    pub from: Name,
    /// For whom.
    pub to: Recipient,
    /// Its position in its conversation.
    pub number: Number,
    /// The server's stamp, in milliseconds since 1970.
    pub time: u64,
    /// Its text, as it came: clean it before it reaches a terminal.
    pub body: String,
    /// An earlier run of this device may have shown it already.
    pub may_repeat: bool,
}

/// What a server has of a conversation, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalled {
    /// What was said to all, or with that user.
    pub with: Recipient,
    /// In the order of their numbers; without those that come as deliveries.
    pub messages: Vec<Message>,
    /// What is asked for next has a lower number than this; `None`: nothing was ever said.
    pub first: Option<Number>,
    /// The seq of the message with that number, as far as it is known.
    pub at: Option<Seq>,
    /// The highest number that was told, of what is here or comes as a delivery; `None`: nothing was.
    pub last: Option<Number>,
    /// There are messages before it.
    pub more: bool,
    /// What has this number and what came before it is gone there; 0: nothing is.
    pub removed: Number,
}

/// Whole frames of a client, encoded. `Debug` and `Display` show them without the device id.
#[derive(Clone, PartialEq, Eq)]
pub struct Frames(pub Vec<u8>);

impl fmt::Display for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = Limits {
            body_bytes_max: usize::MAX,
            ..Limits::default()
        };
        let (mut rest, mut between) = (self.0.as_slice(), "");
        while let Decoded::Frame(frame, taken) = client_frame(rest, &limits) {
            write!(f, "{between}{frame}")?;
            (rest, between) = (&rest[taken..], ", ");
        }
        Ok(())
    }
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}
