//! A message on its way into the log: the id's rules, then the recipient's, then the log's room.

use super::session::{Live, Refused, Rewind};
use super::{Output, Router};
use crate::code::{Class, Code};
use crate::id::{ConnId, MessageId, Seq, UserId};
use crate::limits::UNANSWERED_MAX;
use crate::name::Recipient;
use crate::outcomes::Taken;
use crate::record::{Message, Stream, What};
use crate::wire::{Delivery, Rejection, ServerFrame};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hash::Hasher;

impl Router {
    pub(super) fn on_send(
        &mut self,
        user: UserId,
        conn: ConnId,
        to: Recipient,
        (id, body): (MessageId, &str),
        out: &mut Vec<Output>,
    ) {
        let hash = self.hash_of(&to, body);
        if !self.id_is_next(user, conn, id, Some(hash), out) {
            return;
        }
        match self.judge(user, &to, body.len()) {
            Ok(stream) => {
                self.accept((user, stream), (id, hash), body, out);
                self.expect_answer(user);
            }
            Err(code) if code.class() == Class::Passing => {
                self.rewind(user, id, code);
                self.look_for_room(code, out);
            }
            Err(code) => self.reject(user, id, code),
        }
    }

    /// A frame that named an id and could not be taken (too long, not UTF-8, no such name).
    pub(super) fn refuse_send(
        &mut self,
        user: UserId,
        conn: ConnId,
        id: MessageId,
        code: Code,
        out: &mut Vec<Output>,
    ) {
        if self.id_is_next(user, conn, id, None, out) {
            self.reject(user, id, code);
        }
    }

    /// Whether an id is the next one. Otherwise it has been dealt with.
    #[inline(always)] // on the way of every message
    fn id_is_next(
        &mut self,
        user: UserId,
        conn: ConnId,
        id: MessageId,
        hash: Option<u64>,
        out: &mut Vec<Output>,
    ) -> bool {
        let last = self
            .space
            .user(user)
            .map_or(MessageId(0), |user| user.outcomes.last());
        let Some(bound) = self
            .session_mut(user)
            .and_then(|session| session.bound.as_mut())
        else {
            return false;
        };
        if let Some(rewind) = &bound.rewind {
            if !rewind.told || rewind.id != id {
                return false; // sent before its rejection was read: dropped unread, as the protocol says
            }
            bound.rewind = None;
        }
        let next = id == last.next() && id.0 <= bound.answered.0 + UNANSWERED_MAX as u64;
        if !next && id <= last {
            self.on_again(user, conn, id, hash);
        } else if !next {
            self.refuse_gap(conn, last, out);
        }
        next
    }

    /// An id beyond the next one, or further ahead of the answers than one may be.
    fn refuse_gap(&mut self, conn: ConnId, last: MessageId, out: &mut Vec<Output>) {
        let code = Code::GAP;
        let frame = ServerFrame::Error {
            code,
            text: code.text().into(),
            last: Some(last),
            retry_after: None,
        };
        self.hold_refusal(conn, frame, code, out);
    }

    /// An id that was taken before: the same message gets the same answer, another one is a conflict.
    fn on_again(&mut self, user: UserId, conn: ConnId, id: MessageId, hash: Option<u64>) {
        let taken = self
            .space
            .user(user)
            .map_or(Taken::Forgotten, |user| user.outcomes.of(id));
        let answered = self
            .session(user)
            .and_then(|session| session.bound.as_ref())
            .map(|bound| bound.answered);
        let pending = answered.is_some_and(|answered| id > answered);
        let frame = match taken {
            Taken::Accepted(outcome) if Some(outcome.hash) == hash => {
                let (seq, number) = (outcome.seq, outcome.number);
                ServerFrame::Accepted {
                    first: id,
                    last: id,
                    seq,
                    number,
                }
            }
            Taken::Accepted(_) | Taken::Forgotten => rejected(id, Code::CONFLICT),
            Taken::Rejected => rejected(id, self.refusal_of(user, id)),
        };
        let conflict =
            matches!(&frame, ServerFrame::Rejected(rejection) if rejection.code == Code::CONFLICT);
        if conflict || !pending {
            self.hold_send(conn, super::Outgoing::Session(frame));
        }
    }

    fn reject(&mut self, user: UserId, id: MessageId, code: Code) {
        let after = self.space.head();
        self.space.reject(user, id);
        self.counts.rejected += 1;
        if let Some(session) = self.session_mut(user) {
            session.note_answer();
            let refusals = &mut session.rare_mut().refusals;
            while refusals
                .pop_front_if(|old| old.id.0 + (UNANSWERED_MAX as u64) < id.0)
                .is_some()
            {}
            refusals.push_back(Refused { id, code, after });
        }
        self.pump_when_committed(user);
    }

    fn rewind(&mut self, user: UserId, id: MessageId, code: Code) {
        let after = self.space.head();
        if let Some(bound) = self
            .session_mut(user)
            .and_then(|session| session.bound.as_mut())
        {
            bound.answers_due = true;
            bound.rewind = Some(Box::new(Rewind {
                id,
                code,
                after,
                told: false,
            }));
        }
        self.pump_when_committed(user);
    }

    /// Whether a message of that many bytes may go into the log, and into whose feed.
    ///
    /// # Errors
    /// The code to answer with.
    #[inline(always)] // on the way of every message
    pub(crate) fn judge(
        &self,
        from: UserId,
        to: &Recipient,
        body_bytes: usize,
    ) -> Result<Stream, Code> {
        let size = self.size_of_body(body_bytes);
        let stream = match to {
            Recipient::All if self.space.users().len() > 1 => Stream::All,
            Recipient::All => return Err(Code::UNABLE_TO_SEND),
            Recipient::User(name) => {
                Stream::User(self.judge_user(from, self.space.holder_of(name), size)?)
            }
        };
        if size + self.limits.log_reserve_bytes > self.room {
            return Err(Code::STORAGE_FULL);
        }
        if self.uncommitted_bytes > self.limits.uncommitted_bytes_max {
            return Err(Code::BUSY);
        }
        Ok(stream)
    }

    fn judge_user(&self, from: UserId, to: Option<UserId>, size: u64) -> Result<UserId, Code> {
        let to = to.ok_or(Code::UNABLE_TO_SEND)?;
        match self.live.find(&to) {
            None => Err(Code::UNABLE_TO_SEND),
            Some(Live::Session(session))
                if session.owed.bytes() + size > self.limits.owed_bytes_max =>
            {
                Err(Code::RECIPIENT_FULL)
            }
            Some(Live::Classic(user)) if !user.hears() => Err(Code::UNABLE_TO_SEND),
            Some(Live::Classic(user)) if user.waiting() >= self.limits.classic_waiting_max => {
                Err(Code::RECIPIENT_FULL)
            }
            // A classic sender takes "sent" for "arrived", so for it a session user who is away is not there.
            Some(Live::Session(session)) if session.bound.is_none() && self.is_classic(from) => {
                Err(Code::UNABLE_TO_SEND)
            }
            Some(_) => Ok(to),
        }
    }

    /// Puts a message into the log.
    pub(crate) fn accept(
        &mut self,
        (from, stream): (UserId, Stream),
        (id, hash): (MessageId, u64),
        body: &str,
        out: &mut Vec<Output>,
    ) -> Seq {
        let to = match stream {
            Stream::User(user) => {
                Recipient::User(self.space.user(user).expect("judged to be there").name)
            }
            Stream::All => Recipient::All,
        };
        let delivery = Delivery {
            seq: self.space.head().next(),
            from: self.space.user(from).expect("only users send").name,
            to,
            number: self.space.next_number(from, stream),
            time: self.space.stamp_at(self.now.wall).0,
            body,
            removed: false,
        };
        let message = Message::new((from, stream), (id, hash), &delivery, &mut self.scratch);
        let size = self.size_of_message(&message);
        self.room -= size.min(self.room);
        match stream {
            Stream::All => self.count_broadcast(&message, out),
            Stream::User(user) => match self.live.find_mut(&user) {
                Some(Live::Classic(classic)) => classic.expect(),
                Some(Live::Session(session)) => session.owe(size),
                None => {}
            },
        }
        self.counts.accepted += 1;
        self.append(What::Message(message), out)
    }

    /// A keyed hash of recipient and body, by which a repeated id is told from a reused one.
    #[inline(always)] // on the way of every message
    pub(crate) fn hash_of(&self, to: &Recipient, body: &str) -> u64 {
        let mut hash = self.hash;
        match to {
            Recipient::User(name) => name
                .key()
                .words()
                .iter()
                .take_while(|word| **word != 0)
                .for_each(|word| hash.write_u64(*word)),
            Recipient::All => hash.write_u64(0),
        }
        hash.write_u64(body.len() as u64);
        hash.hash(body.as_bytes())
    }
}

pub(super) fn rejected(id: MessageId, code: Code) -> ServerFrame<'static> {
    ServerFrame::Rejected(Rejection {
        id,
        code,
        retry_after: None,
    })
}
