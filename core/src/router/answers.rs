//! Answers to a session's own messages, computed from its outcomes: in id order, cumulative, never before the commit.

use super::send::rejected;
use super::timers::Timer;
use super::{Output, Router};
use crate::code::Code;
use crate::id::{ConnId, MessageId, UserId};
use crate::wire::{Rejection, ServerFrame};
use alloc::vec::Vec;
use core::mem;

impl Router {
    /// Notes that a session has an answer coming. Where messages and deliveries alternate it waits a moment for a
    /// delivery: one write instead of two.
    pub(super) fn expect_answer(&mut self, user: UserId) {
        let at = self.now.mono + self.limits.answer_delay;
        let Some(session) = self.session_mut(user) else {
            return;
        };
        let Some(bound) = session.bound.as_mut() else {
            return;
        };
        bound.answers_due = true;
        let delay = mem::take(&mut bound.alternates) && bound.answers_at.is_none();
        if delay {
            bound.answers_at = Some(at);
        }
        if !mem::replace(&mut session.unsettled, true) {
            self.unsettled.push(user);
        }
        if delay {
            self.timers.set(Timer::Answers(user), at);
        }
    }

    pub(super) fn on_answers_due(&mut self, user: UserId) {
        let now = self.now.mono;
        let bound = self
            .session_mut(user)
            .and_then(|session| session.bound.as_mut());
        let Some(due) = bound.and_then(|bound| bound.answers_at) else {
            return;
        };
        if due <= now {
            self.unsettle(user);
        }
    }

    /// Tells what answers there are before a delivery goes out: an answer may come earlier than the feed passes its
    /// seq, never later, and what waited for this delivery travels with it.
    pub(super) fn answer_first(&mut self, user: UserId, out: &mut Vec<Output>) {
        let last = self.space.user(user).map(|user| user.outcomes.last());
        let bound = self
            .session_mut(user)
            .and_then(|session| session.bound.as_mut());
        let Some(bound) = bound.filter(|bound| last > Some(bound.answered)) else {
            return;
        };
        if let Some(at) = bound.answers_at.take() {
            self.timers.clear(Timer::Answers(user), at);
        }
        self.pump_answers(user, out);
    }

    fn answers_wait(&mut self, user: UserId) -> bool {
        let now = self.now.mono;
        let bound = self
            .session_mut(user)
            .and_then(|session| session.bound.as_mut());
        let Some(bound) = bound else { return true };
        if bound.answers_at.is_some_and(|at| at <= now) {
            bound.answers_at = None;
        }
        bound.answers_at.is_some()
    }

    pub(super) fn pump_answers(&mut self, user: UserId, out: &mut Vec<Output>) {
        if self.answers_wait(user) {
            return;
        }
        while let Some((conn, frame, last)) = self.next_answer(user) {
            let bound = self
                .session_mut(user)
                .and_then(|session| session.bound.as_mut());
            bound.expect("it has an answer coming").answered = last;
            self.say(conn, frame, out);
        }
        self.pump_rewind(user, out);
    }

    fn next_answer(&self, user: UserId) -> Option<(ConnId, ServerFrame<'static>, MessageId)> {
        let session = self.session(user)?;
        let bound = session.bound.as_ref()?;
        let outcomes = &self.space.user(user)?.outcomes;
        let id = bound.answered.next();
        if id > outcomes.last() || !self.takes(bound.key.conn) {
            return None;
        }
        if let Some((first, last)) = outcomes.run(id, self.committed) {
            let frame = ServerFrame::Accepted {
                first: id,
                last,
                seq: first.seq,
                number: first.number,
            };
            return Some((bound.key.conn, frame, last));
        }
        if matches!(outcomes.of(id), crate::outcomes::Taken::Accepted(_)) {
            return None; // not committed yet
        }
        let waits = session
            .rare()
            .refusals
            .iter()
            .any(|refused| refused.id == id && refused.after > self.committed);
        (!waits).then(|| (bound.key.conn, rejected(id, self.refusal_of(user, id)), id))
    }

    /// Why an id was rejected, as far as that is remembered.
    pub(super) fn refusal_of(&self, user: UserId, id: MessageId) -> Code {
        let refusals = self.session(user).map(|session| &session.rare().refusals);
        let found = refusals.and_then(|refusals| refusals.iter().find(|refused| refused.id == id));
        found.map_or(Code::NOT_TAKEN, |refused| refused.code)
    }

    /// A passing rejection waits its turn behind the answers to the ids before it.
    fn pump_rewind(&mut self, user: UserId, out: &mut Vec<Output>) {
        let (committed, retry_after) = (self.committed, Some(self.limits.retry_time));
        let Some(last) = self.space.user(user).map(|user| user.outcomes.last()) else {
            return;
        };
        let Some(bound) = self
            .session_mut(user)
            .and_then(|session| session.bound.as_mut())
        else {
            return;
        };
        let (conn, answered) = (bound.key.conn, bound.answered);
        bound.answers_due = answered < last || bound.rewind.is_some();
        let Some(rewind) = bound.rewind.as_mut() else {
            return;
        };
        if !rewind.told && answered == last && rewind.after <= committed {
            rewind.told = true;
            let (id, code) = (rewind.id, rewind.code);
            self.say(
                conn,
                ServerFrame::Rejected(Rejection {
                    id,
                    code,
                    retry_after,
                }),
                out,
            );
        }
    }
}
