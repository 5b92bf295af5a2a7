//! The limits of a run's server.

use super::{Plan, Tightness};
use std::time::Duration;
use verbatim_core::limits::Limits;

impl Plan {
    /// The server's limits.
    pub fn limits(&self) -> Limits {
        let mut limits = self.tightness.limits();
        if self.disk {
            // A log on a disk forgets nothing, so a small one would be full for good.
            limits.log_bytes_max = 1 << 40;
        }
        limits
    }
}

impl Tightness {
    /// The limits that ship, but for what is tight.
    pub fn limits(self) -> Limits {
        let mut limits = Limits::default();
        if self.away {
            limits.away_time_max = Duration::from_secs(4);
            limits.write_time_max = Duration::from_secs(3);
        }
        if self.beat {
            limits.heartbeat_time = Duration::from_millis(200);
            limits.heartbeat_grain = Duration::from_millis(20);
            limits.silence_time_max = Duration::from_millis(700);
        }
        if self.room {
            limits.owed_bytes_max = 5 * 1024;
            limits.log_bytes_max = 24 * 1024;
            limits.log_reserve_bytes = 1024;
        }
        if self.pages {
            limits.page_messages_max = 3;
            limits.page_bytes_max = 400;
            limits.past_messages_max = 3;
            limits.past_bytes_max = 400;
            limits.users_page_max = 2;
            limits.broadcasts_counted_max = 4;
            limits.former_devices_max = 3;
            limits.unwritten_bytes_max = 2 * 1024;
            limits.unread_bytes_max = 4 * 1024;
            limits.classic_waiting_max = 3;
        }
        limits
    }
}
