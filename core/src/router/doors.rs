//! What the classic rooms need of the router, and nothing more.

use super::Router;
use super::session::Live;
use super::timers::Timer;
use crate::classic::AckVerb;
use crate::id::{ConnId, UserId};
use crate::limits::Limits;
use crate::now::{Mono, Now};
use crate::space::Space;

impl Router {
    pub(crate) fn space(&self) -> &Space {
        &self.space
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn now(&self) -> Now {
        self.now
    }

    pub(crate) fn ack_option(&self) -> AckVerb {
        self.classic_ack
    }

    /// How many connections were ever accepted: the order in which they came.
    pub(crate) fn connections_opened(&self) -> u64 {
        self.opened
    }

    pub(crate) fn set_timer(&mut self, timer: Timer, at: Mono) {
        self.timers.set(timer, at);
    }

    pub(crate) fn clear_timer(&mut self, timer: Timer, at: Mono) {
        self.timers.clear(timer, at);
    }

    pub(crate) fn live_mut(&mut self, user: UserId) -> Option<&mut Live> {
        self.live.find_mut(&user)
    }

    pub(crate) fn live_users(&self) -> impl Iterator<Item = &Live> {
        self.live.values()
    }

    pub(crate) fn insert_live(&mut self, user: UserId, live: Live) {
        self.live.insert(user, live);
    }

    pub(crate) fn is_classic(&self, user: UserId) -> bool {
        matches!(self.live.find(&user), Some(Live::Classic(_)))
    }

    pub(crate) fn count_refused(&mut self) {
        self.counts.refused += 1;
    }

    /// Looks again at what a connection has said, though nothing new came.
    pub(crate) fn read_again(&mut self, conn: ConnId) {
        self.unread.push(conn);
    }
}
