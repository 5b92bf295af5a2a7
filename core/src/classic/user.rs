//! What the router keeps of a classic user: its two connections, the lines that wait for it, its own line's answer.

use super::dialect::{Counting, Manner, Reply};
use super::frame::Side;
use crate::code::Code;
use crate::id::{ConnId, Seq};
use crate::name::Recipient;
use crate::now::Mono;
use crate::record::Message;
use crate::wire::REMOVED_TEXT;
use alloc::collections::VecDeque;
use alloc::string::String;

/// A classic user. Fed live only, one `FORWARD` at a time, from its registration to its end.
#[derive(Debug, Default)]
pub(crate) struct ClassicUser {
    pub(super) send: Option<ConnId>,
    pub(super) receive: Option<ConnId>,
    pub(super) reply: Reply,
    pub(super) counting: Counting,
    /// It reads lines, so the last one of a `FORWARD` needs an end.
    pub(super) line_end: bool,
    /// Lines for it, the first of which is being forwarded.
    pub(super) waiting: VecDeque<Message>,
    pub(super) waiting_bytes: u64,
    /// Lines to it alone that are appended and not committed.
    pub(super) expected: usize,
    pub(super) flight: Option<Flight>,
    /// Its own line without an answer; it has at most one.
    pub(super) pending: Option<Pending>,
    /// Its own lines behind that one.
    pub(super) held: VecDeque<HeldLine>,
    pub(super) held_bytes: usize,
    /// It has taken everything for it up to here.
    pub(super) cursor: Seq,
    /// Its first line goes out no earlier: one that reads once must have read that it is registered. `None`: the answer that
    /// says so waits for its commit.
    pub(super) ready_at: Option<Mono>,
}

/// The piece that waits for its `RECEIVED`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) due: Mono,
    /// What its length counted.
    pub(super) counting: Counting,
    /// It was sent once more in the other count.
    pub(super) recounted: bool,
}

/// A line of its own that waits for its recipients.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) seq: Seq,
    /// As the sender spelt it: the answer repeats it.
    pub(super) to: Recipient,
    pub(super) manner: Manner,
    /// Classic recipients who have neither acknowledged nor left.
    pub(super) waits: usize,
    pub(super) committed: bool,
}

/// A line of its own that waits for the one before it.
#[derive(Debug)]
pub(super) struct HeldLine {
    pub(super) to: String,
    /// The text; or what the line is refused with.
    pub(super) body: Result<String, Code>,
    pub(super) manner: Manner,
}

impl HeldLine {
    /// What it counts while it waits.
    pub(super) fn size(&self, overhead: usize) -> usize {
        self.to.len() + self.body.as_ref().map_or(0, String::len) + overhead
    }
}

impl ClassicUser {
    /// Whether it can be sent anything.
    pub(crate) fn hears(&self) -> bool {
        self.receive.is_some()
    }

    /// How many lines wait for it, or will once they are committed.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len() + self.expected
    }

    /// A line to it alone was appended.
    pub(crate) fn expect(&mut self) {
        self.expected += 1;
    }

    /// Bytes of its own lines that wait for the one before them.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Up to where it has taken what was for it.
    pub(crate) fn reached(&self) -> Seq {
        self.cursor
    }

    /// A text that waits here was removed: what has not gone out of it does not.
    pub(crate) fn let_go_of(&mut self, seq: Seq) {
        let flight = self.flight;
        for (index, message) in self.waiting.iter_mut().enumerate() {
            if message.seq == seq {
                *message = match flight.filter(|_| index == 0) {
                    Some(flight) => message.with_text(&message.body()[..flight.end], false),
                    None => message.with_text(REMOVED_TEXT, false),
                };
            }
        }
    }

    /// Whether a piece that it could not read goes out once more, counted in the other way.
    pub(super) fn recounts(&mut self, flight: &Flight, message: &Message) -> bool {
        let text = &message.body()[flight.start..flight.end];
        // What it counts may have shown itself while the piece was on its way.
        let now = match self.counting {
            Counting::Unknown => Counting::Characters,
            known => known,
        };
        let again = !flight.recounted && now.length(text) != flight.counting.length(text);
        self.counting = match flight.recounted {
            true => Counting::Unknown, // the other count was not it either
            false if again => now,
            false => self.counting,
        };
        again
    }

    pub(super) fn half(&mut self, side: Side) -> &mut Option<ConnId> {
        match side {
            Side::Send => &mut self.send,
            Side::Receive => &mut self.receive,
        }
    }
}
