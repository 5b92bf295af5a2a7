//! The history of a run: plain events in the order in which they happened. The checker judges nothing else.

mod note;

use crate::plan::{Keeping, Step};
pub use crate::server_disk::DiskNews;
pub use crate::tag::Tag;
pub use note::{History, Open};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;
use verbatim_core::client::{LineState, Message, Notice, Recalled};

/// A user of the plan, by its index.
pub type Who = usize;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Since the beginning of the run.
    pub at: Duration,
    /// What happened.
    pub what: What,
}

/// What can happen. There are thousands in a run, and each is moved and looked at: what is large in it lies apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// At a session user's end.
    Device(Who, DeviceNews),
    /// At a classic user's end.
    Classic(Who, ClassicNews),
    /// At the server.
    Server(ServerNews),
    /// Something befell the network, or somebody acted.
    Plan(Step),
    /// So many links are cut now, one way or both.
    Blocked(usize),
    /// All faults are over.
    Healed,
}

/// What happens at a session user's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceNews {
    /// Its program started.
    Began {
        /// Which of its devices this is, counted from 1.
        device: u64,
        /// What outlives the program.
        keeping: Keeping,
    },
    /// Its program ended, by dying or in good order.
    Ended {
        /// It died.
        crashed: bool,
        /// It gave its name up, and its device with it.
        forgot: bool,
    },
    /// The client was told that the person asks for a connection.
    Returned,
    /// The client opens a connection.
    Connects,
    /// `WELCOME` came.
    Welcomed {
        /// Which start of the server.
        epoch: u64,
        /// The log's last seq.
        head: u64,
        /// Highest id taken.
        last: u64,
        /// Where the feed starts.
        cursor: u64,
    },
    /// A line was submitted.
    Submitted {
        /// Which.
        line: u64,
        /// To whom.
        to: Rc<str>,
        /// Its text.
        body: Rc<str>,
        /// Its age limit.
        age: Option<Duration>,
    },
    /// A line changed its state.
    Line {
        /// Which.
        line: u64,
        /// Its state now.
        state: LineState,
    },
    /// The client told something else.
    Told(Notice),
    /// A delivery was written: to the store, or to the terminal.
    Wrote {
        /// The start of the server that delivered it.
        epoch: u64,
        /// The delivery.
        message: Box<Message>,
    },
    /// The client said `ACK`.
    Acked {
        /// Up to here.
        seq: u64,
    },
    /// A program that used this device sent one of its messages once more, and got this answer.
    Repeated {
        /// In which way.
        how: Repeat,
        /// The start of the server.
        epoch: u64,
        /// The message's id.
        id: u64,
        /// Where the log has it.
        seq: u64,
        /// What the server answered: its seq and number, or the code of a rejection.
        answer: Result<(u64, u64), u16>,
    },
    /// The person asks for what was said earlier.
    Asked {
        /// With whom, or to all.
        with: String,
        /// How many messages at most.
        count: u64,
    },
    /// What the server had of it.
    Recalled {
        /// The start of the server that told it.
        epoch: u64,
        /// What it told.
        recalled: Box<Recalled>,
    },
    /// A device's secret came to somebody.
    SecretSeen,
}

/// How a message is sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// As it was.
    Same,
    /// With another text.
    OtherText,
    /// Under an id that is not the next one.
    Beyond,
}

/// What happens at a classic user's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassicNews {
    /// Its program started.
    Began,
    /// Its program ended.
    Ended,
    /// Both halves are registered.
    Registered,
    /// The name is taken; it will try again.
    Taken,
    /// Its connections ended, or it gave them up.
    Parted(&'static str),
    /// A line was typed: it goes out when the lines before it are answered.
    Typed {
        /// Which.
        line: u64,
    },
    /// A line was written to the server.
    Said {
        /// Which.
        line: u64,
        /// To whom.
        to: String,
        /// Its text.
        body: String,
    },
    /// The server answered the line.
    Answered {
        /// Which.
        line: u64,
        /// `None`: it arrived. Otherwise the code of the error.
        code: Option<u16>,
    },
    /// A `FORWARD` came, whole.
    Heard {
        /// From whom, as the server says.
        from: String,
        /// The text in it.
        text: String,
    },
    /// It answered `RECEIVED`.
    Received,
    /// It answered that it counts otherwise.
    Complained,
    /// What was read is not what such a program can read.
    Misread(String),
}

/// A connection, counted by the server over the run.
pub type Conn = u64;

/// What happens at the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerNews {
    /// It started; the next record of its log is the start.
    Started {
        /// The number of this start.
        epoch: u64,
        /// The last record of the log that it found; `None`: a log of its own, which is empty.
        kept: Option<u64>,
    },
    /// It is down.
    Stopped,
    /// A record was appended.
    Appended {
        /// Its position.
        seq: u64,
        /// Its stamp.
        stamp: u64,
        /// The wall clock at that moment.
        wall: u64,
        /// The connection whose bytes led to it, if any.
        by: Option<Conn>,
        /// What it says.
        entry: Entry,
    },
    /// A connection was opened.
    Opened(Conn),
    /// A session was bound to a connection and welcomed there.
    Bound {
        /// Which connection.
        conn: Conn,
        /// Whose it is.
        who: Who,
        /// With which device.
        device: u64,
        /// Its connection counter.
        attempt: u64,
        /// Un-acked deliveries that it takes, and bytes of them.
        credit: (u64, u64),
        /// What its `HELLO` says that it has handled of this log, up to there.
        handled: u64,
    },
    /// The router closes a connection.
    Closing {
        /// Which.
        conn: Conn,
        /// Why, in the router's words.
        reason: String,
        /// Since its last byte came.
        silent_for: Duration,
    },
    /// A session's connection is still open, though no byte has come on it for too long.
    Silent {
        /// Which.
        conn: Conn,
        /// Since its last byte came.
        silent_for: Duration,
    },
    /// Somebody was told of a record before the engine's commit of it returned.
    Uncommitted {
        /// On which connection.
        conn: Conn,
        /// The record's position.
        seq: u64,
    },
    /// A receipt told less than one before it on the same connection.
    ReceiptShrank {
        /// Which connection.
        conn: Conn,
        /// What it told, and what was told before.
        what: String,
    },
    /// A connection ended.
    Ended(Conn),
    /// Bytes had come on a connection that the router had closed; they are told when it ends.
    Late(Conn),
    /// A delivery was handed to a connection.
    Delivering {
        /// Which.
        conn: Conn,
        /// The record's position.
        seq: u64,
        /// Bytes on the wire.
        bytes: u64,
    },
    /// `ACK` came.
    AckCame {
        /// On which connection.
        conn: Conn,
        /// Up to here.
        seq: u64,
    },
    /// A line, or a piece of one, was handed to a classic user.
    Forwarding {
        /// On which connection.
        conn: Conn,
        /// The record's position.
        seq: u64,
        /// Bytes of the text before the piece.
        start: u64,
        /// Bytes of the text before its end.
        end: u64,
    },
    /// What a limit bounds is higher than it was before in this run.
    Level {
        /// The limit's name.
        limit: &'static str,
        /// How much there is.
        now: u64,
        /// How much there may be.
        max: u64,
    },
    /// Something about its disk.
    Disk(DiskNews),
    /// Bytes passed through the server's door: a number that tells all of them so far from any others.
    Bytes(u64),
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A name found a holder.
    Claim {
        /// The name.
        name: String,
        /// Who, of the plan; and which of its devices (0: it is of the classic level).
        holder: (Who, u64),
    },
    /// A user is no more.
    Release {
        /// The seq of its claim.
        user: u64,
    },
    /// A message.
    Message {
        /// The seq of the sender's claim.
        from: u64,
        /// The seq of the recipient's claim; `None` for all.
        to: Option<u64>,
        /// The number in its conversation.
        number: u64,
        /// The sender's id for it; 0 from a classic user.
        id: u64,
        /// Its text.
        body: Rc<str>,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6}ms  ", self.at.as_millis())?;
        match &self.what {
            What::Device(who, DeviceNews::Wrote { epoch: _, message }) => {
                let (seq, number, from) = (message.seq, message.number, message.from);
                let tag = message.body.split(' ').next().unwrap_or_default();
                let again = if message.may_repeat { " again?" } else { "" };
                write!(
                    f,
                    "u{who} wrote {seq} from {from} to {} number={number} {tag}{again}",
                    message.to
                )
            }
            What::Device(who, DeviceNews::Told(notice)) => write!(f, "u{who} told {notice}"),
            What::Device(who, DeviceNews::Recalled { recalled, .. }) => {
                write!(f, "u{who} told {recalled}")
            }
            What::Device(who, DeviceNews::Line { line, state }) => match state {
                LineState::Accepted { seq, number } => {
                    write!(f, "u{who} line {line} accepted seq={seq} number={number}")
                }
                state => write!(f, "u{who} line {line} {state}"),
            },
            What::Device(who, news) => write!(f, "u{who} {news:?}"),
            What::Classic(who, news) => write!(f, "u{who} {news:?}"),
            What::Server(news) => write!(f, "server {news:?}"),
            What::Plan(step) => write!(f, "-- {step}"),
            What::Blocked(links) => write!(f, "-- {links} links are cut"),
            What::Healed => f.write_str("-- healed"),
        }
    }
}
