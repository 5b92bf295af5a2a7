//! A classic client's frames as the router's inputs, and the answers to its lines.

use super::Out;
use super::dialect::{AckVerb, Counting, Manner, Reply};
use super::frame::{ClassicOut, Side};
use super::halves::Half;
use super::tolerate::{ClassicIn, Line, Scan, Wait, scan};
use super::user::{ClassicUser, HeldLine, Pending};
use crate::code::Code;
use crate::id::{ConnId, MessageId, Seq, UserId};
use crate::name::{ALL, Recipient};
use crate::record::{Message, Stream};
use crate::router::{CloseReason, Held, Live, Outgoing, Role, Router, Step};
use alloc::string::String;

impl Router {
    pub(crate) fn classic_mut(&mut self, user: UserId) -> Option<&mut ClassicUser> {
        match self.live_mut(user) {
            Some(Live::Classic(user)) => Some(user),
            _ => None,
        }
    }

    /// Reads one classic frame from the beginning of what came on a connection.
    pub(crate) fn read_classic(&mut self, conn: ConnId, bytes: &[u8], out: &mut Out) -> Step {
        let now = self.now().mono;
        let found = self.conn_mut(conn).expect("bytes came on it");
        let quiet = found.quiet_at.take().is_some_and(|at| at <= now);
        let half = match found.role {
            Role::Classic(half) => Some(half),
            _ => None,
        };
        let user = half.and_then(Half::user);
        let live = user.and_then(|user| self.classic_mut(user));
        let counting = live.map_or(Counting::Unknown, |live| live.counting);
        match scan(bytes, counting, quiet, self.limits()) {
            Scan::Partial => Step::Partial,
            Scan::Quiet(wait) => self.wait_for_quiet(conn, wait),
            Scan::Frame(frame) if self.on_classic_frame(conn, half, frame.said, out) => {
                match frame.passing {
                    Some(passing) => Step::Skip(frame.length, passing),
                    None => Step::Took(frame.length),
                }
            }
            Scan::Frame(_) => self.hold_back(conn),
        }
    }

    /// Whether a user's own line has no answer yet: what is said behind it waits, but for answers to a `FORWARD`.
    fn waits(&mut self, user: UserId) -> bool {
        let live = self.classic_mut(user);
        live.is_some_and(|live| live.pending.is_some())
    }

    fn wait_for_quiet(&mut self, conn: ConnId, wait: Wait) -> Step {
        let at = self.now().mono + wait.time(self.limits());
        self.conn_mut(conn).expect("bytes came on it").quiet_at = Some(at);
        self.watch_sooner(conn, at);
        Step::Partial
    }

    /// What comes next is read once the line before it is answered.
    fn hold_back(&mut self, conn: ConnId) -> Step {
        self.conn_mut(conn).expect("bytes came on it").blocked = true;
        Step::Partial
    }

    /// Nothing more came for a moment: what was ambiguous is whole.
    pub(crate) fn on_quiet(&mut self, conn: ConnId, _out: &mut Out) {
        self.read_again(conn);
    }

    /// Whether the frame was taken; otherwise it has to wait.
    fn on_classic_frame(
        &mut self,
        conn: ConnId,
        half: Option<Half>,
        frame: ClassicIn<'_>,
        out: &mut Out,
    ) -> bool {
        match (frame, half) {
            (ClassicIn::Blank, _) => {}
            (ClassicIn::Register(register), None) => self.on_register(conn, &register, out),
            (ClassicIn::Send(line), Some(Half::Registered(user, Side::Send))) => {
                return self.on_line(user, &line, out);
            }
            (ClassicIn::Received, Some(Half::Registered(user, _))) => {
                self.on_forwarded(user, true, out);
            }
            (ClassicIn::Complaint, Some(Half::Registered(user, _))) => {
                self.on_forwarded(user, false, out);
            }
            (_, Some(Half::Registered(user, Side::Send))) if self.waits(user) => return false,
            (ClassicIn::Lost, _) | (_, Some(Half::Registered(..))) => {
                self.refuse_classic_and_close(conn, half, out);
            }
            _ => {
                let refusal = ClassicOut::Error(Code::NOT_REGISTERED, Manner::default());
                self.say_classic(conn, refusal);
            }
        }
        true
    }

    /// Says something once everything that it may rest on is committed.
    pub(super) fn say_classic(&mut self, conn: ConnId, frame: ClassicOut) {
        self.hold_send(conn, Outgoing::Classic(frame));
    }

    fn refuse_classic_and_close(&mut self, conn: ConnId, half: Option<Half>, out: &mut Out) {
        let (code, mut manner) = (Code::HEADER_INCOMPLETE, Manner::default());
        let user = half.and_then(Half::user);
        if let Some(live) = user.and_then(|user| self.classic_mut(user)) {
            manner.reply = live.reply;
        }
        self.count_refused();
        self.say_classic(conn, ClassicOut::Error(code, manner));
        self.hold_close(conn, CloseReason::Refused(code), out);
    }

    /// Takes a line, or lets it wait for the one before it; false if too much waits there already.
    fn on_line(&mut self, user: UserId, line: &Line<'_>, out: &mut Out) -> bool {
        let auto = self.ack_option() == AckVerb::Auto;
        let held_max = self.limits().unread_bytes_max;
        let overhead = self.limits().message_overhead_bytes as usize;
        let live = self.classic_mut(user).expect("it just spoke");
        if auto && line.trailing_space {
            live.reply = Reply::Sent; // nobody who wants `SEND` was seen to put a space there
        }
        live.counting.learn(line.counting);
        live.line_end |= line.line_end;
        let held = HeldLine {
            to: line.to.into(),
            body: line.body.map(String::from),
            manner: Manner {
                reply: live.reply,
                end: line.end,
            },
        };
        if live.pending.is_none() {
            self.on_classic_send(user, &held, out);
            return true;
        }
        let held_bytes = live.held_bytes + held.size(overhead);
        if held_bytes <= held_max {
            live.held_bytes = held_bytes;
            live.held.push_back(held);
        }
        held_bytes <= held_max
    }

    fn on_classic_send(&mut self, user: UserId, line: &HeldLine, out: &mut Out) {
        let manner = line.manner;
        let (to, stream, body) = match self.judge_line(user, line) {
            Ok(judged) => judged,
            Err(code) => {
                self.look_for_room(code, out);
                // This level knows two refusals: the text is none; or, whatever the reason, it will not come later.
                let code = match code {
                    Code::HEADER_INCOMPLETE => code,
                    _ => Code::UNABLE_TO_SEND,
                };
                return self.answer(user, ClassicOut::Error(code, manner));
            }
        };
        let hash = self.hash_of(&to, body);
        let seq = self.accept((user, stream), (MessageId(0), hash), body, out);
        let live = self.classic_mut(user).expect("it just spoke");
        live.pending = Some(Pending {
            seq,
            to,
            manner,
            waits: 0,
            committed: false,
        });
        self.hold(Held::ClassicAccepted(user, seq));
    }

    /// For whom a line is, and its text, if it may go into the log.
    fn judge_line<'a>(
        &self,
        user: UserId,
        line: &'a HeldLine,
    ) -> Result<(Recipient, Stream, &'a str), Code> {
        let body = line.body.as_ref().map_err(|code| *code)?;
        let to = Recipient::parse(line.to.as_bytes()).map_err(|_| Code::UNABLE_TO_SEND)?;
        // The acknowledgement repeats the recipient, and this one has one spelling.
        if to == Recipient::All && line.to != ALL {
            return Err(Code::UNABLE_TO_SEND);
        }
        Ok((to, self.judge(user, &to, body.len())?, body))
    }

    fn answer(&mut self, user: UserId, answer: ClassicOut) {
        if let Some(conn) = self.classic_mut(user).and_then(|live| live.send) {
            self.say_classic(conn, answer);
        }
    }

    /// A classic user's line is committed and on its way: from here on its recipients' answers count.
    pub(crate) fn on_classic_accepted(&mut self, user: UserId, seq: Seq, out: &mut Out) {
        let waits = self.live_users().filter(|live| live.waits_for(seq)).count();
        let Some(pending) = self.pending_mut(user, seq) else {
            return;
        };
        pending.committed = true;
        pending.waits = waits;
        self.answer_if_done(user, seq, out);
    }

    fn pending_mut(&mut self, user: UserId, seq: Seq) -> Option<&mut Pending> {
        self.classic_mut(user)?
            .pending
            .as_mut()
            .filter(|pending| pending.seq == seq)
    }

    fn answer_if_done(&mut self, user: UserId, seq: Seq, out: &mut Out) {
        let Some(pending) = self.pending_mut(user, seq) else {
            return;
        };
        if pending.committed && pending.waits == 0 {
            let answer = ClassicOut::Acknowledged(pending.to, pending.manner);
            self.answer_line(user, answer, out);
        }
    }

    /// Ends a classic user's wait for its own line, and hears it again.
    fn answer_line(&mut self, user: UserId, answer: ClassicOut, out: &mut Out) {
        let overhead = self.limits().message_overhead_bytes as usize;
        self.answer(user, answer);
        let Some(live) = self.classic_mut(user) else {
            return;
        };
        live.pending = None;
        let conn = live.send;
        while let Some(live) = self.classic_mut(user).filter(|live| live.pending.is_none())
            && let Some(next) = live.held.pop_front()
        {
            live.held_bytes -= next.size(overhead);
            self.on_classic_send(user, &next, out);
        }
        if let Some(conn) = conn.filter(|conn| self.conn(*conn).is_some_and(|conn| conn.blocked)) {
            self.read_on(conn, out);
        }
    }

    /// A classic recipient has a message.
    pub(super) fn did_arrive(&mut self, recipient: UserId, message: &Message, out: &mut Out) {
        match message.to {
            Stream::All => self.count_delivery(message.seq, &mut None),
            Stream::User(_) => self.note_moved(message.from, recipient),
        }
        self.one_less(message, out);
    }

    /// A classic recipient will not have a message: a classic sender to it alone is told why.
    pub(crate) fn did_not_arrive(&mut self, message: &Message, code: Code, out: &mut Out) {
        match message.to {
            Stream::All => self.one_less(message, out),
            Stream::User(_) => {
                if let Some(pending) = self.pending_mut(message.from, message.seq) {
                    let refusal = ClassicOut::Error(code, pending.manner);
                    self.answer_line(message.from, refusal, out);
                }
            }
        }
    }

    fn one_less(&mut self, message: &Message, out: &mut Out) {
        if let Some(pending) = self.pending_mut(message.from, message.seq) {
            pending.waits = pending.waits.saturating_sub(1);
            self.answer_if_done(message.from, message.seq, out);
        }
    }
}

impl Live {
    fn waits_for(&self, seq: Seq) -> bool {
        match self {
            // The newest line stands last, so one look is enough.
            Live::Classic(user) => {
                user.waiting
                    .back()
                    .is_some_and(|message| message.seq >= seq)
                    && user.waiting.iter().rev().any(|message| message.seq == seq)
            }
            Live::Session(_) => false,
        }
    }
}
