//! The server's disk fails it: what a crash leaves, and what a commit that failed leads to.

use super::OnEvents;
use super::queue::{Coming, Micros};
use std::time::Duration;
use verbatim_core::id::Seq;
use verbatim_net::engine::{Failure, Fault};

/// How long until room is looked for again.
const ROOM_REST: Micros = 500_000;

impl OnEvents {
    /// The server is gone, as after a kill or, with `power`, after a power cut: the system ends its connections, and what
    /// it had not synced may be gone from its disk.
    pub(super) fn crash_server(&mut self, power: bool) {
        self.host.disk.on_dying();
        let server = self.host.server.take();
        self.host
            .disk
            .on_dead(power, Duration::from_micros(self.now));
        self.host.waits_for_room = false;
        self.host.over &= server.is_none() && !power;
        for id in server.into_iter().flat_map(|server| server.conns).flatten() {
            self.leave(id);
        }
        self.write_all();
    }

    /// Commits what was appended, unless the disk fails.
    pub(super) fn commit(&mut self) -> Option<Seq> {
        let server = self.host.server.as_mut()?;
        let done = match &mut self.planted {
            None => server.engine.commit(),
            Some(planted) => planted.commit(&mut *server.engine),
        };
        done.map_err(|failure| self.on_failed(&failure)).ok()
    }

    /// A log that has too little room is asked again by and by.
    pub(super) fn note_room(&mut self, room: u64) {
        let least = 2 * self.stage.plan.limits().log_reserve_bytes;
        if self.host.disk.is_used() && room < least {
            self.queue.push(self.now + ROOM_REST, Coming::Room);
        }
    }

    /// The log cannot be used: without room the server sends everybody away and begins anew; without a disk that can be
    /// trusted it ends.
    pub(super) fn on_failed(&mut self, failure: &Failure) {
        if self.host.disk.is_dark() {
            return self.crash_server(true);
        }
        self.crash_server(false);
        self.host.over = true;
        match failure.fault {
            Fault::Full => {
                self.host.waits_for_room = true;
                self.queue.push(self.now + ROOM_REST, Coming::Room);
            }
            Fault::Sync => {}
            fault => panic!("the log fails without a cause ({fault:?}): {failure}"),
        }
    }

    pub(super) fn on_room_time(&mut self) {
        if self.host.waits_for_room {
            return self.start_server();
        }
        if let Some(server) = &mut self.host.server {
            server.appended = true;
            let Some(server) = &self.host.server else {
                return;
            };
            let now = self.now_of(server);
            self.settle(now);
            self.arm_router();
        }
    }
}
