//! A classic client's frames as the router's inputs, and the answers to its lines.

use super::frame::{ClassicOut, Side};
use super::halves::{Half, Register};
use super::tolerate::{BLANK, ClassicIn, Reading, Scan, scan};
use super::user::{ClassicUser, Pending};
use super::{AckVerb, Counting};
use crate::code::Code;
use crate::id::{ConnId, MessageId, Seq, UserId};
use crate::name::{ALL, Name, Recipient};
use crate::record::{Message, Stream};
use crate::router::{CloseReason, Live, Outgoing, Output, Role, Router, Step};
use alloc::vec::Vec;

impl Router {
    pub(crate) fn classic_mut(&mut self, user: UserId) -> Option<&mut ClassicUser> {
        match self.live_mut(user) {
            Some(Live::Classic(user)) => Some(user),
            _ => None,
        }
    }

    /// Reads one classic frame from the beginning of what came on a connection.
    pub(crate) fn read_classic(
        &mut self,
        conn: ConnId,
        bytes: &[u8],
        out: &mut Vec<Output>,
    ) -> Step {
        let half = match self.conn(conn).map(|found| found.role) {
            Some(Role::Classic(half)) => Some(half),
            _ => None,
        };
        let counting = match half {
            Some(Half::Registered(user, _)) => self.classic_mut(user).map(|user| user.counting),
            _ => None,
        };
        let now = self.now().mono;
        let found = self.conn_mut(conn).expect("bytes came on it");
        let quiet = found.quiet_at.take().is_some_and(|at| at <= now);
        let reading = Reading {
            counting: counting.unwrap_or_default(),
            quiet,
            limits: self.limits(),
        };
        match scan(bytes, reading) {
            Scan::Partial => Step::Partial,
            Scan::Quiet => {
                let at = now + self.limits().classic_quiet_time;
                self.conn_mut(conn).expect("bytes came on it").quiet_at = Some(at);
                self.watch_sooner(conn, at);
                Step::Partial
            }
            Scan::Frame(frame, length) => {
                self.on_classic_frame(conn, half, frame, out);
                Step::Took(length)
            }
            Scan::Refused(BLANK, length) => Step::Took(length as usize),
            Scan::Refused(code, length) => {
                self.hold_send(conn, Outgoing::Classic(ClassicOut::Error(code)));
                Step::Skip(length)
            }
            Scan::Lost(code) => {
                self.refuse_classic_and_close(conn, code, out);
                Step::Took(bytes.len())
            }
        }
    }

    /// Nothing more came for a moment: what was ambiguous is whole.
    pub(crate) fn on_quiet(&mut self, conn: ConnId, _out: &mut Vec<Output>) {
        self.read_again(conn);
    }

    fn on_classic_frame(
        &mut self,
        conn: ConnId,
        half: Option<Half>,
        frame: ClassicIn<'_>,
        out: &mut Vec<Output>,
    ) {
        match (frame, half) {
            (
                ClassicIn::Register {
                    side,
                    name,
                    spaced_end,
                    trailing_space,
                },
                None,
            ) => match Name::parse(name.as_bytes()) {
                Ok(name) => self.on_register(
                    conn,
                    Register {
                        side,
                        name,
                        spaced_end,
                        trailing_space,
                    },
                    out,
                ),
                Err(_) => self.hold_send(
                    conn,
                    Outgoing::Classic(ClassicOut::Error(Code::MALFORMED_NAME)),
                ),
            },
            (ClassicIn::Send { to, body, counting }, Some(Half::Registered(user, Side::Send))) => {
                self.on_classic_send(user, conn, to, (body, counting), out);
            }
            (ClassicIn::Received, Some(Half::Registered(user, _))) => self.on_forwarded(user, out),
            (ClassicIn::Complaint, Some(Half::Registered(user, _))) => self.on_complaint(user, out),
            (_, None | Some(Half::Registering(..))) => {
                self.hold_send(
                    conn,
                    Outgoing::Classic(ClassicOut::Error(Code::NOT_REGISTERED)),
                );
            }
            (_, Some(Half::Registered(..))) => {
                self.refuse_classic_and_close(conn, Code::HEADER_INCOMPLETE, out);
            }
        }
    }

    fn refuse_classic_and_close(&mut self, conn: ConnId, code: Code, out: &mut Vec<Output>) {
        self.count_refused();
        self.hold_send(conn, Outgoing::Classic(ClassicOut::Error(code)));
        self.hold_close(conn, CloseReason::Refused(code), out);
    }

    fn on_classic_send(
        &mut self,
        user: UserId,
        conn: ConnId,
        to: &str,
        (body, counting): (&str, Counting),
        out: &mut Vec<Output>,
    ) {
        if counting != Counting::Unknown
            && let Some(live) = self.classic_mut(user)
        {
            live.counting = counting;
        }
        let judged = Recipient::parse(to.as_bytes())
            .map_err(|_| Code::UNABLE_TO_SEND)
            // The acknowledgement repeats the recipient, and this one has one spelling.
            .and_then(|found| match found {
                Recipient::All if to != ALL => Err(Code::UNABLE_TO_SEND),
                found => Ok(found),
            })
            .and_then(|to| Ok((to, self.judge(user, to, body.len())?)));
        let (to, stream) = match judged {
            Ok(judged) => judged,
            Err(code) => {
                self.look_for_room(code, out);
                // This level knows one refusal: whatever the reason, the line will not come later.
                let refusal = ClassicOut::Error(Code::UNABLE_TO_SEND);
                return self.hold_send(conn, Outgoing::Classic(refusal));
            }
        };
        let hash = self.hash_of(to, body);
        let seq = self.accept(user, (to, stream), (MessageId(0), hash), body, out);
        let live = self.classic_mut(user).expect("it just spoke");
        live.pending = Some(Pending {
            seq,
            to,
            waits: 0,
            committed: false,
        });
        self.conn_mut(conn).expect("it just spoke").blocked = true;
        self.hold_accepted(user, seq);
    }

    /// A classic user's line is committed and on its way: from here on its recipients' answers count.
    pub(crate) fn on_classic_accepted(&mut self, user: UserId, seq: Seq, out: &mut Vec<Output>) {
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

    fn answer_if_done(&mut self, user: UserId, seq: Seq, out: &mut Vec<Output>) {
        let Some(pending) = self.pending_mut(user, seq) else {
            return;
        };
        if pending.committed && pending.waits == 0 {
            let to = pending.to;
            let reply = self.classic_mut(user).expect("it has a line pending").reply;
            self.answer_line(user, ClassicOut::Acknowledged(reply, to), out);
        }
    }

    /// Ends a classic user's wait for its own line, and hears it again.
    fn answer_line(&mut self, user: UserId, answer: ClassicOut, out: &mut Vec<Output>) {
        let Some(live) = self.classic_mut(user) else {
            return;
        };
        live.pending = None;
        if let Some(conn) = live.send {
            self.hold_send(conn, Outgoing::Classic(answer));
            self.read_on(conn, out);
        }
    }

    /// A classic recipient has a message.
    pub(super) fn did_arrive(
        &mut self,
        recipient: UserId,
        message: &Message,
        out: &mut Vec<Output>,
    ) {
        match message.to {
            Stream::All => self.count_delivery(message.seq),
            Stream::User(_) => self.note_moved(message.from, recipient),
        }
        self.one_less(message, out);
    }

    /// A classic recipient will not have a message: a classic sender to it alone is told why.
    pub(crate) fn did_not_arrive(&mut self, message: &Message, code: Code, out: &mut Vec<Output>) {
        match message.to {
            Stream::All => self.one_less(message, out),
            Stream::User(_) if self.pending_mut(message.from, message.seq).is_some() => {
                self.answer_line(message.from, ClassicOut::Error(code), out);
            }
            Stream::User(_) => {}
        }
    }

    fn one_less(&mut self, message: &Message, out: &mut Vec<Output>) {
        if let Some(pending) = self.pending_mut(message.from, message.seq) {
            pending.waits = pending.waits.saturating_sub(1);
            self.answer_if_done(message.from, message.seq, out);
        }
    }

    /// Which word acknowledges, as the operator fixed it.
    pub(super) fn classic_ack(&self) -> AckVerb {
        self.ack_option()
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
