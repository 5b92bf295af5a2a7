//! The server's own goodbye.

use super::conn::{CloseReason, Role};
use super::{Output, Router};
use crate::code::Code;
use crate::id::ConnId;
use crate::wire::{Bye, ServerFrame};
use alloc::vec::Vec;
use core::time::Duration;
use rand_core::Rng;

impl Router {
    pub(super) fn on_shutdown(&mut self, out: &mut Vec<Output>) {
        self.ending = true;
        for index in 0..self.conns.len() {
            let conn = ConnId(index as u32);
            let Some(role) = self.conn(conn).map(|found| found.role) else {
                continue;
            };
            if matches!(role, Role::Session(_)) {
                let retry_after = Some(self.spread());
                self.say(
                    conn,
                    ServerFrame::Bye(Bye {
                        code: Code::SHUTTING_DOWN,
                        retry_after,
                    }),
                    out,
                );
            }
            self.close(conn, CloseReason::ShuttingDown, out);
        }
        // What a crash may forget, an end in good order does not.
        self.on_save_due(out);
    }

    /// A different time for each, so that not all come back at once.
    fn spread(&mut self) -> Duration {
        let spread = self.limits.goodbye_spread.as_millis() as u64;
        Duration::from_millis(self.random.next_u64() % (spread + 1))
    }
}
