//! What a client tells its user: the states of lines, the state of the link, and what went wrong.

use crate::code::Code;
use crate::id::{Number, Seq};
use crate::name::{Name, Recipient};
use crate::wire::Durability;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

/// The driver's own name for a line that its user typed, never reused in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub u64);

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What has become of a line. A line may come back from `Sent` to `Queued`, and from nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineState {
    /// In the outbox, without an id.
    Queued,
    /// Under way under an id, without an answer.
    Sent,
    /// In the server's log.
    Accepted {
        /// Where in the log.
        seq: Seq,
        /// Its position in its conversation.
        number: Number,
    },
    /// Not in the log and never will be.
    Rejected(Code),
    /// The recipient has it.
    Delivered,
    /// Of those for whom a line to all was meant, so many have it.
    Counted {
        /// How many have it.
        count: u64,
        /// Of how many.
        of: u64,
    },
    /// A server of the classic level says that it arrived: the recipient has it, or at least that server.
    Acknowledged,
    /// The recipient gave up the name before it had it.
    Left,
    /// Its age limit passed while it was queued: never sent.
    Expired,
    /// It went out, and nobody can say what became of it.
    Unknown,
    /// Taken back while it was queued: never sent.
    Withdrawn,
    /// The outbox is full: it was not taken at all.
    NoRoom,
}

impl LineState {
    /// Whether the line's way to the server is at its end, whatever receipts may follow.
    pub const fn is_settled(self) -> bool {
        !matches!(self, LineState::Queued | LineState::Sent)
    }
}

/// News for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A line's state changed.
    Line {
        /// Which line.
        line: LineId,
        /// Its state now.
        state: LineState,
    },
    /// The session is bound to a connection.
    Online {
        /// The name, as the server spells it.
        user: Name,
        /// What acceptance survives there.
        level: Durability,
        /// Whether this run was online before.
        resumed: bool,
    },
    /// Registered with a server of the classic level.
    OnlineClassic {
        /// The name.
        user: Name,
        /// Whether this run was online before.
        resumed: bool,
    },
    /// This server knows only the classic level: the client goes on with that.
    FellBack,
    /// There is no connection; another will be tried by itself.
    Offline {
        /// Why the last one ended, or could not be opened.
        why: WhyOffline,
        /// When the next one is tried.
        retry_in: Duration,
    },
    /// There is no connection, and none is tried until the user asks for it.
    Away(WhyAway),
    /// The server knows nothing of what came before.
    Lost {
        /// Lines that had no answer; each is told as `Unknown` too.
        unanswered: usize,
        /// Accepted lines of which no receipt will come.
        unreceipted: usize,
    },
    /// Numbers of a conversation are missing: the server broke its promise, or lost a part of its log.
    Gap {
        /// With whom.
        conversation: Recipient,
        /// The number that should have come.
        expected: Number,
        /// The one that came.
        found: Number,
    },
    /// The server dropped messages of a conversation before this device had them.
    Removed {
        /// With whom.
        conversation: Recipient,
        /// The last number that is gone.
        up_to: Number,
    },
    /// The server is busy; what is queued waits.
    Held {
        /// Why.
        code: Code,
        /// For how long.
        retry_in: Duration,
    },
    /// Who holds a name, complete.
    Users(Vec<Present>),
    /// Nobody answered who is there: the server said why not.
    NoUsers(Code),
    /// A question for what was said earlier has no answer.
    NoHistory {
        /// What it was about.
        with: Recipient,
        /// Why.
        why: WhyNoHistory,
    },
}

/// Why a server does not tell what was said earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNoHistory {
    /// There is no connection to it.
    Offline,
    /// It refused; [`Code::UNKNOWN_VERB`]: it is of a version that cannot be asked.
    Server(Code),
    /// It is of the classic level, which keeps nothing.
    Classic,
}

/// Somebody who holds a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// The name, as the server spells it.
    pub name: Name,
    /// No connection now: what is sent waits.
    pub away: bool,
}

impl fmt::Display for Present {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let away = if self.away { " (away)" } else { "" };
        write!(f, "{}{away}", self.name)
    }
}

/// Why a connection ended or could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyOffline {
    /// What the link said: refused, reset, ended.
    Link(String),
    /// Opening it took too long.
    ConnectTime,
    /// The server did not answer `HELLO` in time.
    WelcomeTime,
    /// Not a byte came for too long.
    Silent,
    /// A frame was begun and not finished in time.
    FrameTime,
    /// The server ended it and said why.
    Server(Code),
    /// The server sent what no server may send; the text says what.
    Garbage(&'static str),
    /// Another device holds the name.
    NameTaken,
}

/// Why a client stays away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyAway {
    /// A newer connection has this device's session.
    Replaced,
    /// Another device holds the name.
    NameTaken {
        /// For how long at most, where the server said it.
        left: Option<Duration>,
    },
    /// The server refused this client.
    Refused {
        /// Why.
        code: Code,
        /// The server's words: clean them before they reach a terminal.
        text: String,
    },
    /// Another copy of this device has sent messages: take a new device id.
    Cloned,
}
