//! What the router keeps of a classic user: its two connections, the lines that wait for it, its own line's answer.

use super::dialect::{Counting, Reply};
use super::frame::Side;
use crate::id::{ConnId, Seq};
use crate::name::Recipient;
use crate::now::Mono;
use crate::record::Message;
use alloc::collections::VecDeque;

/// A classic user. Fed live only, one `FORWARD` at a time, from its registration to its end.
#[derive(Debug)]
pub(crate) struct ClassicUser {
    pub(super) send: Option<ConnId>,
    pub(super) receive: Option<ConnId>,
    pub(super) reply: Reply,
    pub(super) counting: Counting,
    /// Lines for it, the first of which is being forwarded.
    pub(super) waiting: VecDeque<Message>,
    pub(super) waiting_bytes: u64,
    pub(super) flight: Option<Flight>,
    /// Its own line without an answer; it has at most one.
    pub(super) pending: Option<Pending>,
    /// It has taken everything for it up to here.
    pub(super) cursor: Seq,
    /// Its first line goes out no earlier: one that reads once must have read that it is registered.
    pub(super) ready_at: Mono,
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
    /// Classic recipients who have neither acknowledged nor left.
    pub(super) waits: usize,
    pub(super) committed: bool,
}

impl ClassicUser {
    pub(super) fn new(
        (send, receive): (ConnId, ConnId),
        reply: Reply,
        cursor: Seq,
        ready_at: Mono,
    ) -> ClassicUser {
        ClassicUser {
            send: Some(send),
            receive: Some(receive),
            reply,
            counting: Counting::Unknown,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            flight: None,
            pending: None,
            cursor,
            ready_at,
        }
    }

    /// Whether it can be sent anything.
    pub(crate) fn hears(&self) -> bool {
        self.receive.is_some()
    }

    /// How many lines wait for it.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Up to where it has taken what was for it.
    pub(crate) fn reached(&self) -> Seq {
        self.cursor
    }

    pub(super) fn half(&mut self, side: Side) -> &mut Option<ConnId> {
        match side {
            Side::Send => &mut self.send,
            Side::Receive => &mut self.receive,
        }
    }
}
