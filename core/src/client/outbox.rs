//! The outbox: a client's messages without an answer, and the rules of their ids.
//!
//! The first `sent` of the `lines` are under way, those behind them have no id. The ids of those under way are
//! consecutive and end just before `next`, so that no line needs to carry its own. An id is given when a line goes out
//! and not before.

use super::config::{Restored, RestoredLine, Start};
use super::link::sooner;
use super::notice::{LineId, LineState, Notice};
use super::port::{Keep, Output};
use crate::code::Code;
use crate::id::MessageId;
use crate::limits::UNANSWERED_MAX;
use crate::name::Recipient;
use crate::now::Mono;
use crate::wire::{ClientFrame, encode_client};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

/// Lines for which there is room from the beginning.
const LINES_ROOM: usize = 16;

/// A line without an answer.
#[derive(Debug)]
pub(super) struct Line {
    pub line: LineId,
    pub to: Recipient,
    pub body: String,
    pub expires: Option<Mono>,
    /// An earlier run took it.
    pub earlier: bool,
}

impl Line {
    fn restored(restored: RestoredLine) -> Line {
        Line {
            line: restored.line,
            to: restored.to,
            body: restored.body,
            expires: restored.age_max.map(|age| Mono::ZERO + age),
            earlier: true,
        }
    }
}

/// A line that has its answer.
#[derive(Debug)]
pub(super) struct Settled {
    pub id: MessageId,
    pub line: LineId,
    pub to: Recipient,
}

/// What `WELCOME` means for the outbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Every id up to `Last` can be accounted for.
    Resumable,
    /// The server forgot messages that it had accepted.
    Forgotten,
    /// The server took ids that this client never sent: somebody else did, under its device id.
    Cloned,
}

/// What the session allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    pub unanswered_max: usize,
    pub body_bytes_max: u64,
}

/// See the module's words.
#[derive(Debug)]
pub(super) struct Outbox {
    lines: VecDeque<Line>,
    sent: usize,
    next: MessageId,
    allotted: MessageId,
    /// Each line's id is kept with it, instead of a block of ids beforehand.
    keeps_lines: bool,
    accepted: Option<MessageId>,
    held_until: Option<Mono>,
    expiry: Option<Mono>,
}

impl Outbox {
    pub fn new(start: &Start, restored: Restored, keeps_lines: bool) -> Outbox {
        let next = match restored.sent.len() as u64 {
            0 => start.allotted.0.saturating_add(1),
            count => restored.first.0.saturating_add(count),
        };
        let sent = restored.sent.len();
        let lines = restored.sent.into_iter().chain(restored.queued);
        let mut lines: VecDeque<Line> = lines.map(Line::restored).collect();
        lines.reserve(LINES_ROOM);
        let queued = lines.iter().skip(sent);
        Outbox {
            expiry: queued.filter_map(|line| line.expires).min(),
            lines,
            sent,
            next: MessageId(next),
            allotted: start.allotted,
            keeps_lines,
            accepted: start.accepted,
            held_until: None,
        }
    }

    /// The highest id that the server can have taken.
    pub fn given_out(&self) -> MessageId {
        MessageId(self.next.0 - 1)
    }

    /// The highest id known accepted, if it is known.
    pub fn known_accepted(&self) -> Option<MessageId> {
        self.accepted
    }

    /// What `HELLO` says: the highest id known accepted, so that the answers after it are told again. A device that
    /// knows of none asks for all that the server remembers, if it lacks one. (The id before its first unanswered message may
    /// have been rejected, and a server that started anew knows of no rejection.)
    pub fn accepted(&self) -> Option<MessageId> {
        self.accepted
            .or(self.has_unanswered().then_some(MessageId(0)))
    }

    /// The answers that were just settled were acceptances.
    pub fn on_accepted(&mut self, last: MessageId) {
        self.accepted = self.accepted.max(Some(last));
    }

    /// The lines that never went out, for a client of another level.
    pub fn into_queue(self) -> impl Iterator<Item = Line> {
        self.lines.into_iter().skip(self.sent)
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    fn has_queued(&self) -> bool {
        self.sent < self.lines.len()
    }

    /// The first and the last id without an answer.
    pub fn unanswered(&self) -> Option<(MessageId, MessageId)> {
        self.has_unanswered()
            .then(|| (self.first_unanswered(), self.given_out()))
    }

    pub fn has_unanswered(&self) -> bool {
        self.sent > 0
    }

    /// When to look again: a queued line's age, or the end of a wait that the server asked for.
    pub fn deadline(&self, up: bool) -> Option<Mono> {
        let held = self.held_until.filter(|_| up && self.has_queued());
        sooner(self.expiry, held)
    }

    pub fn queue(&mut self, line: Line) {
        self.expiry = sooner(self.expiry, line.expires);
        self.lines.push_back(line);
    }

    pub fn withdraw(&mut self, line: LineId) -> bool {
        let mut queued = self.lines.iter().skip(self.sent);
        let found = queued.position(|queued| queued.line == line);
        found
            .and_then(|at| self.lines.remove(self.sent + at))
            .is_some()
    }

    /// Removes queued lines whose age limit has passed.
    pub fn expire(&mut self, now: Mono, out: &mut Vec<Output>) {
        if self.expiry.is_none_or(|due| due > now) {
            return;
        }
        let mut under_way = self.sent;
        self.lines.retain(|line| {
            if under_way > 0 {
                under_way -= 1;
                return true;
            }
            let old = line.expires.is_some_and(|due| due <= now);
            if old {
                out.push(told(line.line, LineState::Expired));
            }
            !old
        });
        let queued = self.lines.iter().skip(self.sent);
        self.expiry = queued.filter_map(|line| line.expires).min();
    }

    /// Sends what the window allows, unless the server asked to wait.
    pub fn pump(
        &mut self,
        now: Mono,
        allowed: Allowance,
        wire: &mut Vec<u8>,
        out: &mut Vec<Output>,
    ) {
        if self.held_until.is_some_and(|until| until > now) {
            return;
        }
        self.held_until = None;
        while self.sent < allowed.unanswered_max
            && let Some(line) = self.lines.get(self.sent)
        {
            if line.body.len() as u64 > allowed.body_bytes_max {
                out.push(told(line.line, LineState::Rejected(Code::TOO_LONG)));
                self.lines.remove(self.sent);
                continue;
            }
            let id = self.next;
            let (line, to, body) = (line.line, line.to, line.body.as_str());
            encode_client(&ClientFrame::Send { to, id, body }, wire);
            self.on_sent(line, out);
        }
        if !self.has_queued() {
            self.expiry = None;
        }
    }

    /// The first queued line goes out under the next id.
    fn on_sent(&mut self, line: LineId, out: &mut Vec<Output>) {
        let id = self.next;
        if self.keeps_lines {
            out.push(Output::Keep(Keep::Sent { line, id }));
        } else if id > self.allotted {
            // In blocks, so that a store does not write for every message.
            self.allotted = MessageId(id.0.saturating_add(UNANSWERED_MAX as u64 - 1));
            out.push(Output::Keep(Keep::Allotted(self.allotted)));
        }
        self.next = MessageId(id.0.saturating_add(1));
        self.sent += 1;
        out.push(told(line, LineState::Sent));
    }

    fn first_unanswered(&self) -> MessageId {
        MessageId(self.next.0 - self.sent as u64)
    }

    /// Takes the lines that answers for `first..=last` settle.
    ///
    /// # Errors
    /// The ids were never sent, or leave out one that was sent before them.
    pub fn settle(
        &mut self,
        first: MessageId,
        last: MessageId,
    ) -> Result<impl Iterator<Item = Settled>, &'static str> {
        let expected = self.first_unanswered();
        if last >= self.next {
            return Err("an answer to a message that was not sent");
        }
        if first > expected && last >= expected {
            return Err("an answer that leaves out an earlier message");
        }
        let count = (last.0 + 1).saturating_sub(expected.0) as usize;
        self.sent -= count;
        let lines = (expected.0..).zip(self.lines.drain(..count));
        Ok(lines.map(|(id, Line { line, to, .. })| {
            let id = MessageId(id);
            Settled { id, line, to }
        }))
    }

    /// Queues `id` and what was sent after it again, in front and without ids, to wait until then. Whether it did:
    /// an answer that came before says nothing new.
    ///
    /// # Errors
    /// `id` was never sent, or is not the first without an answer.
    pub fn hold(
        &mut self,
        id: MessageId,
        until: Mono,
        out: &mut Vec<Output>,
    ) -> Result<bool, &'static str> {
        let expected = self.first_unanswered();
        if id >= self.next {
            return Err("an answer to a message that was not sent");
        }
        if id > expected {
            return Err("an answer that leaves out an earlier message");
        }
        if id < expected {
            return Ok(false);
        }
        self.requeue_after(MessageId(id.0 - 1), out);
        self.held_until = Some(until);
        Ok(true)
    }

    /// The connection is gone: what the server asked of it does not bind the next one.
    pub fn release_hold(&mut self) {
        self.held_until = None;
    }

    /// What the server's `Last` says about the two ends' memories.
    pub fn standing(&self, last: MessageId) -> Standing {
        if last >= self.next {
            return Standing::Cloned;
        }
        match self.accepted {
            Some(accepted) if last < accepted => Standing::Forgotten,
            _ => Standing::Resumable,
        }
    }

    /// Settles what a resumable `Last` settles: ids up to it wait for their answers, those above were not taken
    /// and never will be, so their lines are queued again. (It may lie below ids that were rejected: a restarted
    /// server remembers what it accepted, and gives such ids out again.)
    pub fn resume(&mut self, last: MessageId, out: &mut Vec<Output>) {
        self.requeue_after(last, out);
        self.next = MessageId(last.0 + 1);
    }

    /// The session is lost: nobody can say what became of what was sent; tells it and returns how many there were.
    pub fn lose(&mut self, last: MessageId, out: &mut Vec<Output>) -> usize {
        let unknown = self.sent;
        self.give_sent_up(out);
        self.next = MessageId(last.0.saturating_add(1));
        self.accepted = self.accepted.min(Some(last));
        unknown
    }

    /// Another copy of this device has sent messages. Perhaps also what an earlier run left here: nobody can say.
    pub fn disown(&mut self, out: &mut Vec<Output>) {
        self.give_sent_up(out);
        self.lines.retain(|line| {
            if line.earlier {
                out.push(told(line.line, LineState::Unknown));
            }
            !line.earlier
        });
    }

    /// The user leaves and nothing is kept: tells what becomes of every line.
    pub fn abandon(&mut self, out: &mut Vec<Output>) {
        self.give_sent_up(out);
        for line in self.lines.drain(..) {
            out.push(told(line.line, LineState::Withdrawn));
        }
        self.expiry = None;
    }

    fn give_sent_up(&mut self, out: &mut Vec<Output>) {
        for line in self.lines.drain(..mem::take(&mut self.sent)) {
            out.push(told(line.line, LineState::Unknown));
        }
    }

    fn requeue_after(&mut self, last: MessageId, out: &mut Vec<Output>) {
        let keep = (last.0 + 1).saturating_sub(self.first_unanswered().0);
        let keep = self.sent.min(keep as usize);
        for line in self.lines.range(keep..self.sent) {
            out.push(told(line.line, LineState::Queued));
            self.expiry = sooner(self.expiry, line.expires);
        }
        self.next = MessageId(self.next.0 - (self.sent - keep) as u64);
        self.sent = keep;
    }
}

pub(super) fn told(line: LineId, state: LineState) -> Output {
    Output::Show(Notice::Line { line, state })
}
