//! Retention, where the operator asks for it: what nobody is owed may go once it is old, or once there is much. The router
//! says how far that is allowed and how old the log is; the engine knows what lies there, and does it.

use super::session::{Live, Session};
use super::timers::Timer;
use super::{Output, Removed, Router};
use crate::id::{ConnId, Seq};
use crate::wire::ServerFrame;
use alloc::vec::Vec;

impl Router {
    /// Sets the timer for the next look, if there is anything to look for.
    pub(super) fn look_for_old_messages(&mut self) {
        let limits = &self.limits;
        if limits.kept_time_max.is_some() || limits.kept_bytes_max.is_some() {
            let at = self.now.mono + limits.retention_interval;
            self.timers.set(Timer::Retention, at);
        }
    }

    pub(super) fn on_retention_due(&mut self, out: &mut Vec<Output>) {
        // Who would be owed after a crash what is gone then would be owed it for ever.
        self.on_save_due(out);
        let (up_to, age) = (self.owed_to_nobody(), self.age());
        if up_to > Seq(0) {
            out.push(Output::Trim { up_to, age });
        }
        self.look_for_old_messages();
    }

    /// Nobody is owed anything up to here.
    fn owed_to_nobody(&self) -> Seq {
        let committed = self.committed;
        let sessions = self.live.values().filter_map(|live| match live {
            Live::Session(session) => Some(session.rid_of(committed)),
            Live::Classic(_) => None, // fed live, never from the log
        });
        sessions.min().unwrap_or(committed).min(committed)
    }

    /// How old the log is: its records count by their stamps, and the time since the last one by no wall clock.
    fn age(&self) -> u64 {
        let since = self.now.mono.since(self.appended_at);
        self.space.age() + u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// Tells a reader what it asked for and is gone, before anything behind that.
    pub(super) fn tell_removed(
        &mut self,
        conn: ConnId,
        removed: &[Removed],
        out: &mut Vec<Output>,
    ) {
        for Removed {
            conversation,
            up_to,
        } in removed.iter().copied()
        {
            let frame = ServerFrame::Removed {
                conversation,
                up_to,
            };
            self.say(conn, frame, out);
        }
    }
}

impl Session {
    /// It needs nothing of the log up to here. What its device has, and was not counted yet, is still to be read.
    fn rid_of(&self, committed: Seq) -> Seq {
        let reached = self.reached(committed);
        self.settling.map_or(reached, |(from, _)| reached.min(from))
    }
}
