//! The door of a client of the classic level: what its driver tells it, and what it tells its driver to do.

use crate::classic::Side;
use crate::client::{LineId, Message, Notice};
use crate::id::Seq;
use crate::name::Recipient;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassicInput<'a> {
    /// The time that `deadline` named has come. At any other time it does nothing.
    Timeout,
    /// A connection asked for is open.
    Connected(Side),
    /// Bytes came on one, cut anywhere.
    Received(Side, &'a [u8]),
    /// One ended, or could not be opened; the text says why, for people.
    Disconnected(Side, &'a str),
    /// The user wrote a line.
    Submit {
        /// Its name from now on.
        line: LineId,
        /// For whom.
        to: Recipient,
        /// Its text.
        body: &'a str,
        /// How long it may wait unsent; `None`: for ever.
        age_max: Option<Duration>,
    },
    /// The user takes a line back. Only a queued line can be; for any other it does nothing.
    Withdraw(LineId),
    /// The user asks who is there, which this level cannot tell.
    Who,
    /// All deliveries up to this seq are written where this device keeps them.
    Kept(Seq),
    /// The user wants connections now.
    Return,
    /// The user ends it.
    Leave,
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassicOutput {
    /// Open a connection to the server, for this half.
    Connect(Side),
    /// Write this to it, in one write.
    Send(Side, Vec<u8>),
    /// End it, or the attempt to open it, after what was sent is written.
    Disconnect(Side),
    /// Show this message; then say `Kept`.
    Deliver(Message),
    /// Tell the user.
    Show(Notice),
    /// It is over; nothing follows and no input has an effect.
    Done,
}

impl fmt::Display for ClassicOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClassicOutput::Connect(side) => write!(f, "connect {}", side.word()),
            // The first line only: what stands behind it may be a body.
            ClassicOutput::Send(side, bytes) => {
                let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
                let line = core::str::from_utf8(line).unwrap_or("");
                write!(f, "send {} {line} ({} bytes)", side.word(), bytes.len())
            }
            ClassicOutput::Disconnect(side) => write!(f, "disconnect {}", side.word()),
            ClassicOutput::Deliver(message) => {
                write!(f, "message {} {}", message.seq, message.from)
            }
            ClassicOutput::Show(notice) => notice.fmt(f),
            ClassicOutput::Done => f.write_str("done"),
        }
    }
}
