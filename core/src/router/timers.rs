//! The table of timers. Entries are lazy: a timer that fires early looks again and sets itself anew.

use super::{Live, Output, Router};
use crate::id::{ConnId, UserId};
use crate::now::Mono;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// What can be due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// When to look after a connection: registration, heartbeat, silence, a begun frame, a blocked write, quiet.
    Conn(ConnId),
    /// When answers that wait for a delivery to travel with are told without one.
    Answers(UserId),
    /// When to tell a session how far its recipients have come.
    Receipts(UserId),
    /// When to free the name of a user who is away.
    Away(UserId),
    /// When a classic recipient has had its time to acknowledge.
    Forward(UserId),
    /// When the answer to a classic registration need not wait any longer.
    Pairing(ConnId),
    /// When to look for room in the log after acks.
    Room,
    /// When what rides beside the log goes to the engine.
    Save,
    /// When to look whether there are messages that may go because they are old, or many.
    Retention,
}

/// Timers in the order in which they are due; each has at most one entry.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    order: BTreeSet<(Mono, Timer)>,
    /// When the first one is due: it is asked for far more often than it changes.
    next: Option<Mono>,
}

impl Timers {
    pub(crate) fn next(&self) -> Option<Mono> {
        self.next
    }

    /// Sets a timer. One that is set already stays beside it: whoever fires looks at the state, not at the entry.
    pub(crate) fn set(&mut self, timer: Timer, at: Mono) {
        self.order.insert((at, timer));
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    pub(crate) fn clear(&mut self, timer: Timer, at: Mono) {
        self.order.remove(&(at, timer));
        self.look_for_next();
    }

    fn pop_due(&mut self, now: Mono) -> Option<Timer> {
        if self.next? > now {
            return None;
        }
        let due = self.order.pop_first();
        self.look_for_next();
        due.map(|(_, timer)| timer)
    }

    fn look_for_next(&mut self) {
        self.next = self.order.first().map(|(at, _)| *at);
    }
}

impl Router {
    /// Runs everything that is due.
    pub(super) fn expire(&mut self, out: &mut Vec<Output>) {
        while let Some(timer) = self.timers.pop_due(self.now.mono) {
            match timer {
                Timer::Conn(conn) => self.on_conn_due(conn, out),
                Timer::Answers(user) => self.on_answers_due(user),
                Timer::Receipts(user) => self.on_receipts_due(user),
                Timer::Away(user) => self.on_away_due(user, out),
                Timer::Forward(user) => self.on_forward_due(user, out),
                Timer::Pairing(conn) => self.on_pairing_due(conn, out),
                Timer::Room => self.on_room_due(out),
                Timer::Save => self.on_save_due(out),
                Timer::Retention => self.on_retention_due(out),
            }
        }
    }

    fn on_receipts_due(&mut self, user: UserId) {
        if let Some(Live::Session(session)) = self.live.find_mut(&user) {
            session.receipts_timed = false;
        }
        self.unsettle(user);
    }
}
