//! The log's room: what a message counts, and what the engine may forget when room runs low.

use super::session::Live;
use super::timers::Timer;
use super::{Output, Router};
use crate::code::Code;
use crate::record::{Message, Stream};
use alloc::vec::Vec;

/// What a head of a `DELIVER` frame takes at most: two names, three numbers and the words round them.
const DELIVER_HEAD_BYTES_MAX: u64 = 192;

impl Router {
    /// What a message of that body counts before it is built: never less than what it counts afterwards.
    pub(super) fn size_of_body(&self, body_bytes: usize) -> u64 {
        body_bytes as u64 + DELIVER_HEAD_BYTES_MAX + self.limits.message_overhead_bytes
    }

    /// What a message counts, in the log and in what its recipient is owed.
    pub(super) fn size_of_message(&self, message: &Message) -> u64 {
        message.counted() as u64 + self.limits.message_overhead_bytes
    }

    /// A message found no room: perhaps something can be forgotten since the last commit, which nobody may append to see.
    pub(crate) fn look_for_room(&mut self, code: Code, out: &mut Vec<Output>) {
        let (now, rest) = (self.now.mono, self.limits.retry_time / 2);
        if code == Code::STORAGE_FULL && self.forgot_at.is_none_or(|at| at + rest <= now) {
            self.ask_to_forget(out);
        }
    }

    /// The engine may forget what nobody is owed: when that has become more than is kept of it, or room runs short.
    pub(super) fn ask_to_forget(&mut self, out: &mut Vec<Output>) {
        if self.saves() {
            return; // a log on disk forgets only what its operator asked it to
        }
        let used = self.limits.log_bytes_max.saturating_sub(self.room);
        if core::mem::take(&mut self.forgot) {
            // What is left now is owed to somebody: looking again pays only after as much again has come.
            self.forget_above = used.saturating_add(self.limits.history_bytes_max);
        }
        if used > self.forget_above {
            return self.forget_what_nobody_is_owed(out);
        }
        let now = self.now.mono;
        let lately = self
            .forgot_at
            .is_some_and(|at| now < at + self.limits.retry_time / 2);
        let urgent = self.room < self.limits.log_bytes_max / 8;
        if self.has_plenty() || (lately && !urgent) || self.forgot_at == Some(now) {
            return;
        }
        self.forget_what_nobody_is_owed(out);
    }

    fn has_plenty(&self) -> bool {
        self.room > self.limits.log_bytes_max / 4
    }

    /// Something was acked. Whoever was told to try again must not find what nobody is owed any more in its way.
    pub(super) fn look_for_room_soon(&mut self) {
        if self.saves() || self.has_plenty() || self.forgets_at.is_some() {
            return;
        }
        let at = self.now.mono + self.limits.retry_time / 2;
        self.forgets_at = Some(at);
        self.timers.set(Timer::Room, at);
    }

    pub(super) fn on_room_due(&mut self, out: &mut Vec<Output>) {
        self.forgets_at = None;
        if !self.has_plenty() {
            self.forget_what_nobody_is_owed(out);
        }
    }

    fn forget_what_nobody_is_owed(&mut self, out: &mut Vec<Output>) {
        self.forgot_at = Some(self.now.mono);
        self.forgot = true;
        let mut all = self.committed;
        for (user, live) in self.live.iter() {
            let up_to = match live {
                Live::Session(session) => {
                    all = all.min(session.reached_of_all(self.committed));
                    session.reached(self.committed)
                }
                Live::Classic(_) => self.committed,
            };
            out.push(Output::Forget {
                stream: Stream::User(*user),
                up_to,
            });
        }
        out.push(Output::Forget {
            stream: Stream::All,
            up_to: all,
        });
    }
}
