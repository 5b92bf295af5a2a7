//! How a session finds its connection: `HELLO`, the fence, the claim of a name, resume.

use super::conn::{CloseReason, ConnKey, Role};
use super::gate::Held;
use super::session::{Bound, Live, Session};
use super::timers::Timer;
use super::{Output, Router};
use crate::code::Code;
use crate::id::{ConnId, MessageId, Seq, Try, UserId};
use crate::limits::UNANSWERED_MAX;
use crate::record::{Holder, What};
use crate::wire::{Credit, Hello, Place, ServerFrame, Welcome};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

impl Router {
    pub(super) fn on_hello(&mut self, conn: ConnId, hello: &Hello, out: &mut Vec<Output>) {
        let seen = self.attempt_seen(hello);
        if hello.attempt <= seen {
            self.say(conn, ServerFrame::Replaced { attempt: seen }, out);
            return self.close(conn, CloseReason::Replaced, out);
        }
        let holder = self.space.holder_of(&hello.user);
        match (self.space.user_of(&hello.device), holder) {
            (Some(user), Some(holder)) if user == holder => self.resume(user, conn, hello, out),
            (Some(_), _) => self.refuse_hello(conn, Code::CONFLICT, None, out),
            (None, Some(holder)) => {
                let left = self.time_left(holder);
                self.refuse_hello(conn, Code::NAME_TAKEN, Some(left), out);
            }
            (None, None) if self.registrations.contains_key(&hello.user.key()) => {
                let left = self.limits.registration_time_max;
                self.refuse_hello(conn, Code::NAME_TAKEN, Some(left), out);
            }
            (None, None) if self.space.users().len() >= self.limits.users_max => {
                self.refuse_hello(conn, Code::BUSY, Some(self.limits.retry_time), out);
            }
            (None, None) => self.claim(conn, hello, out),
        }
    }

    /// The highest connection counter seen of that device, whether it has a session now or had one lately.
    fn attempt_seen(&self, hello: &Hello) -> Try {
        let session = self
            .space
            .user_of(&hello.device)
            .and_then(|user| self.session(user));
        let former = || {
            self.former
                .iter()
                .find(|(device, _)| *device == hello.device)
                .map(|(_, attempt)| *attempt)
        };
        session
            .map(|session| session.attempt)
            .or_else(former)
            .unwrap_or_default()
    }

    /// How long a name is still held, if its holder stays away from now on.
    fn time_left(&self, holder: UserId) -> Duration {
        match self.session(holder) {
            Some(session) if session.bound.is_none() => self.away_due(holder).since(self.now.mono),
            _ => self.away_time(holder),
        }
    }

    fn refuse_hello(
        &mut self,
        conn: ConnId,
        code: Code,
        retry_after: Option<Duration>,
        out: &mut Vec<Output>,
    ) {
        let frame = ServerFrame::Error {
            code,
            text: code.text().into(),
            last: None,
            retry_after,
        };
        self.hold_refusal(conn, frame, code, out);
    }

    fn claim(&mut self, conn: ConnId, hello: &Hello, out: &mut Vec<Output>) {
        let holder = Holder::Device {
            device: hello.device,
            keep: hello.keep,
        };
        let seq = self.append(
            What::Claim {
                name: hello.user,
                holder,
            },
            out,
        );
        let user = UserId(seq);
        let session = Session::new(hello.device, seq, self.now.mono);
        self.live.insert(user, Live::Session(Box::new(session)));
        let lost = hello.place != Place::New || hello.accepted.is_some_and(|id| id > MessageId(0));
        self.bind(user, conn, hello, seq, lost, out);
    }

    fn resume(&mut self, user: UserId, conn: ConnId, hello: &Hello, out: &mut Vec<Output>) {
        let session = self
            .session(user)
            .expect("a device's user lives as a session");
        let cursor = session.cursor;
        let older = session.conn();
        let last = self
            .space
            .user(user)
            .map_or(MessageId(0), |user| user.outcomes.last());
        let gone_back = hello.accepted.is_some_and(|id| id > last);
        // A place from before this user's claim belongs to a session that ended, and whose `Lost` may not have arrived.
        let is_ours = |store, epoch, seq| self.space.knows(store, epoch, seq) && seq >= user.0;
        let (start, lost) = match hello.place {
            Place::New => (cursor, gone_back),
            Place::Server => (cursor, gone_back || session.lost),
            Place::Cursor { store, epoch, seq } if is_ours(store, epoch, seq) => (seq, gone_back),
            Place::Cursor { .. } => (cursor, true),
        };
        if let Some(older) = older {
            self.say(
                older,
                ServerFrame::Replaced {
                    attempt: hello.attempt,
                },
                out,
            );
            self.close(older, CloseReason::Replaced, out);
        }
        self.note_unsettled(user, start);
        self.take_ack(user, start);
        self.bind(user, conn, hello, start, lost, out);
    }

    /// A device that has come further than was saved before a restart: of what it has by now, nothing is known but the log.
    fn note_unsettled(&mut self, user: UserId, start: Seq) {
        let Some(session) = self.session_mut(user) else {
            return;
        };
        // What flies is acked by that; it ends where the feed came to since the restart.
        let flown = session.flight.back().map_or(Seq(0), |flight| flight.seq);
        let (from, owes) = (session.cursor.max(flown), session.owed.messages() > 0);
        if let Some((_, to)) = &mut session.settling {
            *to = start.max(*to);
        } else if start > from && owes {
            session.settling = Some((from, start));
        }
    }

    fn bind(
        &mut self,
        user: UserId,
        conn: ConnId,
        hello: &Hello,
        start: Seq,
        lost: bool,
        out: &mut Vec<Output>,
    ) {
        let last = self
            .space
            .user(user)
            .map_or(MessageId(0), |user| user.outcomes.last());
        let welcome = self.welcome_frame(user, last, start, lost);
        self.note_known(user, hello.delivered);
        self.settle_in(conn, Role::Session(user));
        let (credit, away_due) = (self.credit(hello.credit), self.away_due(user));
        let key = self.conn_key(conn).expect("the frame came on it");
        let session = self
            .session_mut(user)
            .expect("bound only after it was made");
        session.attempt = hello.attempt;
        session.lost = lost;
        session.tell_removed_again(start);
        let cursor = session.cursor;
        session.flight.retain(|flight| flight.seq > cursor);
        (session.flying, session.flight_bytes) = (0, 0);
        let fed = session.settling.map_or(start, |(from, _)| from.min(start));
        session.bound = Some(Bound {
            key,
            welcomed: false,
            answered: unanswered_after(hello.accepted, last),
            answers_due: true,
            answers_at: None,
            alternates: false,
            rewind: None,
            credit,
            fed,
            behind: session.owed.messages() > 0 || start < session.cursor,
            reading: false,
            asked: None,
        });
        self.timers.clear(Timer::Away(user), away_due);
        self.save_user(user);
        self.hold(Held::Welcome(user, key, Box::new(welcome)));
        let _ = out;
    }

    fn credit(&self, asked: Credit) -> Credit {
        Credit {
            deliveries: asked.deliveries.clamp(1, self.limits.window_deliveries_max),
            bytes: asked.bytes.min(self.limits.window_bytes_max),
        }
    }

    fn welcome_frame(&self, user: UserId, last: MessageId, cursor: Seq, lost: bool) -> Welcome {
        Welcome {
            user: self
                .space
                .user(user)
                .expect("claimed before it is welcomed")
                .name,
            store: self.space.store(),
            epoch: self.space.epoch(),
            level: self.level,
            head: self.space.head(),
            heartbeat: self.limits.heartbeat_time,
            silence: self.limits.silence_time_max,
            body_bytes_max: self.limits.body_bytes_max as u64,
            unanswered_max: UNANSWERED_MAX as u64,
            last,
            cursor,
            lost,
        }
    }

    pub(super) fn welcome(
        &mut self,
        user: UserId,
        key: ConnKey,
        frame: Box<Welcome>,
        out: &mut Vec<Output>,
    ) {
        let Some(session) = self.session_mut(user) else {
            return;
        };
        let Some(bound) = session.bound.as_mut().filter(|bound| bound.key == key) else {
            return;
        };
        bound.welcomed = true;
        self.say(key.conn, ServerFrame::Welcome(frame), out);
        self.unsettle(user);
    }

    /// Keeps what a device that gives up its name had counted, so that an old `HELLO` of it stays void.
    pub(super) fn remember_attempt(&mut self, session: &Session) {
        self.former.retain(|(device, _)| *device != session.device);
        if self.former.len() == self.limits.former_devices_max {
            self.former.pop_front();
        }
        self.former.push_back((session.device, session.attempt));
    }
}

/// The id after which answers are told again: what the device knows, but no further back than it can be waiting for.
fn unanswered_after(accepted: Option<MessageId>, last: MessageId) -> MessageId {
    let oldest = last.0.saturating_sub(UNANSWERED_MAX as u64);
    MessageId(accepted.unwrap_or(last).0.clamp(oldest, last.0))
}
