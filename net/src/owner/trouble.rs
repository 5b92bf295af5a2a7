//! The log in trouble: too little room, a commit that failed, a disk that cannot be trusted any more.

use super::{Life, Owner, begin};
use crate::engine::{Failure, Fault};
use std::rc::Rc;
use tokio::sync::Notify;
use verbatim_core::wire::Durability;

impl Owner {
    /// Memory is not looked at: there room comes back only by what the router itself does.
    pub(super) fn note_room(&mut self, room: u64) {
        let little = 2 * self.config.limits.log_reserve_bytes;
        let short = self.config.level == Durability::Disk && room < little;
        if short && !std::mem::replace(&mut self.short, short) {
            self.trouble.notify_one();
        }
        self.short = short;
    }

    /// Whether there is so little room that it should be looked at again by and by.
    pub(crate) fn is_short_of_room(&self) -> bool {
        self.short || self.waits_for_room
    }

    /// Asks the log how much room there is.
    pub(crate) fn look_for_room(&mut self) {
        if self.waits_for_room {
            return self.recover();
        }
        self.appended = true;
        self.on_log_news();
    }

    /// A commit failed: that is a restart without a new process. Connections close, the space is loaded again from what
    /// is committed, clients resume. Only a lack of room passes; anything else ends the server.
    pub(super) fn on_failed(&mut self, failure: Failure) {
        if self.failure.is_some() {
            return;
        }
        if failure.fault != Fault::Full {
            return self.fail(failure);
        }
        tracing::error!("{failure}: everybody is sent away; what was not accepted is sent again");
        for slot in self.slots.iter_mut().flatten() {
            slot.outgoing.clear();
            slot.closing = true;
            slot.wake();
        }
        self.waits_for_room = true;
        self.trouble.notify_one();
    }

    /// Tries to begin again after a lack of room.
    fn recover(&mut self) {
        let (now, mut outputs) = (self.now(), Vec::new());
        let Life { epoch, seed } = (self.lives)();
        (self.config.epoch, self.config.seed) = (epoch, seed);
        match begin(&mut self.config, &mut self.log, now, &mut outputs) {
            Ok(router) => self.router = router,
            Err(failure) if failure.fault == Fault::Full => return,
            Err(failure) => return self.fail(failure),
        }
        self.waits_for_room = false;
        self.show_beginning(now, &outputs);
        self.carry_out(&mut outputs);
        self.settle(now);
        self.arm();
    }

    fn fail(&mut self, failure: Failure) {
        for slot in self.slots.iter_mut().flatten() {
            slot.closing = true;
            slot.wake();
        }
        self.failure = Some(failure);
        self.trouble.notify_one();
    }

    /// Told when the log cannot be used any more, and when room begins to be short.
    pub(crate) fn trouble(&self) -> Rc<Notify> {
        Rc::clone(&self.trouble)
    }

    /// Why the log cannot be used any more, if it cannot.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}
