//! The server's disk, and what a crash leaves of it.

use super::OnEvents;
use crate::dice::{Dice, mix};
use verbatim_core::id::StoreId;
use verbatim_core::limits::Limits;
use verbatim_net::engine::disk::{Disk, Rhythm};
use verbatim_net::engine::{Engine, Identity, Memory};

impl OnEvents {
    pub(super) fn engine(&self, limits: &Limits) -> Box<dyn Engine> {
        if !self.stage.plan.disk {
            return Box::new(Memory::new(limits));
        }
        let seed = self.stage.plan.seed;
        let fresh = Identity {
            store: StoreId(mix(seed, 6)),
            hash_key: [mix(seed, 7), mix(seed, 8)],
        };
        let rhythm = Rhythm {
            records: 1 + (mix(seed, self.host.starts) % 60) as usize,
            bytes: 1 << 30,
        };
        let disk = Disk::new(Box::new(self.host.plate.clone()), fresh, limits);
        Box::new(disk.with_rhythm(rhythm))
    }

    /// The server is gone, as after a kill or, with `power`, after a power cut: the system ends its connections, and what
    /// it had not synced may be gone from its disk.
    pub(super) fn crash_server(&mut self, power: bool) {
        // A dead process writes nothing; one that ended in good order is taken for dead only when it is.
        self.host.plate.cut_after(0);
        let server = self.host.server.take();
        self.host.plate.spare();
        if power {
            let dice = Dice::new(self.stage.plan.seed, "power");
            self.host.plate.power_cut(&mut dice.of(self.host.starts));
        }
        let Some(server) = server else {
            return;
        };
        self.host.over = false;
        for id in server.conns.into_iter().flatten() {
            self.leave(id);
        }
        self.write_all();
    }
}
