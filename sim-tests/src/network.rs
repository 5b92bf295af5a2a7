//! What a script does to the network and to the server's host; each is a line of the transcript.

use crate::cuts::Way;
use crate::dice::Dice;
use crate::server;
use crate::world::World;
use verbatim_core::id::Seq;
use verbatim_net::engine::disk::remove_text;

impl World {
    /// Loses everything between a host and the server from now on, also what is on its way.
    pub fn partition(&self, host: &str) {
        self.tell_network(&format!("partition {host} | server"));
        self.cuts().cut(host, Way::ToServer);
        self.cuts().cut(host, Way::FromServer);
        self.sim(|sim| sim.partition(host, server::NAME));
    }

    /// Loses everything in one direction between a host and the server from now on.
    pub fn partition_one_way(&self, host: &str, way: Way) {
        self.cuts().cut(host, way);
        let (from, to) = match way {
            Way::ToServer => (host, server::NAME),
            Way::FromServer => (server::NAME, host),
        };
        self.tell_network(&format!("partition {from} -> {to}"));
        self.sim(|sim| sim.partition_oneway(from, to));
    }

    /// Ends a partition. Connections that have lost something stay silent; new ones open.
    pub fn repair(&self, host: &str) {
        self.tell_network(&format!("repair {host} | server"));
        self.cuts().mend(host);
        self.sim(|sim| sim.repair(host, server::NAME));
    }

    /// Keeps everything between a host and the server on its way, until [`World::release`].
    pub fn hold(&self, host: &str) {
        self.tell_network(&format!("hold {host} | server"));
        self.sim(|sim| sim.hold(host, server::NAME));
    }

    /// Lets everything that was held arrive.
    pub fn release(&self, host: &str) {
        self.tell_network(&format!("release {host} | server"));
        self.sim(|sim| sim.release(host, server::NAME));
    }

    /// The power goes at the server: its process is gone at once, and of what its disk had not synced, some may be there.
    pub fn power_cut_at_server(&self) {
        self.plate().cut_after(0);
        self.tell_network("the power goes at the server, and comes back");
        self.sim(|sim| sim.crash(server::NAME));
        self.plate().power_cut(&mut Dice::new(self.seed(), "power"));
        self.sim(|sim| sim.bounce(server::NAME));
        self.step();
    }

    /// Ends the server, puts a copy of its log back (see [`crate::power::Plate::copy`]), and starts it again.
    pub fn put_back_at_server(&self, copy: crate::power::Files) {
        self.tell_network("the server ends, its log is put back from a backup, and it starts anew");
        self.sim(|sim| sim.crash(server::NAME));
        self.plate().put_back(copy);
        self.sim(|sim| sim.bounce(server::NAME));
    }

    /// Ends the server, takes the text of one record out of its log, and starts it again.
    ///
    /// # Panics
    /// There is no such text.
    pub fn remove_text_at_server(&self, seq: u64) {
        self.tell_network(&format!(
            "the server ends, its operator removes the text of record {seq}, and it starts anew"
        ));
        self.sim(|sim| sim.crash(server::NAME));
        let removed = remove_text(Box::new(self.plate()), Seq(seq));
        removed.expect("the story names a message");
        self.sim(|sim| sim.bounce(server::NAME));
    }

    /// Kills the server's process; its connections end. It starts again at once, with an epoch of its own, and at level
    /// `memory` with an empty log.
    pub fn restart_server(&self) {
        self.tell_network("the server is killed, and starts anew");
        self.sim(|sim| {
            sim.crash(server::NAME);
            sim.bounce(server::NAME);
        });
    }
}
