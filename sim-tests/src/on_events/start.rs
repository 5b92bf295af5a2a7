//! The server's program starts: its log is loaded, and a router begins over it.

use super::OnEvents;
use super::commits::Commits;
use super::server::Server;
use crate::dice::{Dice, mix};
use crate::history::{ServerNews, What};
use crate::server::router_config;
use crate::witness::Witness;
use std::time::Duration;
use verbatim_core::limits::Limits;
use verbatim_core::now::{Mono, Now};
use verbatim_core::router::{Input, Router};
use verbatim_core::wire::Durability;
use verbatim_net::Tap;
use verbatim_net::engine::{Engine, Identity, Loaded};
use verbatim_net::transcript::Transcript;

impl OnEvents {
    pub(super) fn start_server(&mut self) {
        self.host.starts += 1;
        (self.host.over, self.host.waits_for_room) = (false, false);
        if let Some(planted) = &mut self.planted {
            planted.restart();
            planted.disk(&self.host.disk);
        }
        let mut engine = self.host.disk.engine();
        match engine.load() {
            Ok(loaded) => self.begin(engine, loaded),
            Err(failure) => self.on_failed(&failure),
        }
    }

    /// A server begins with what was loaded.
    fn begin(&mut self, engine: Box<dyn Engine>, mut loaded: Loaded) {
        let seed = mix(self.stage.plan.seed, self.host.starts);
        let limits = self.stage.plan.limits();
        let mut config = router_config(limits.clone(), seed, loaded.room);
        if let Some(Identity { store, hash_key }) = loaded.identity {
            (config.store, config.hash_key) = (store, hash_key);
            config.level = Durability::Disk;
        }
        let (epoch, head) = (config.epoch.0, loaded.saved.space.head());
        let kept = self.host.disk.is_used().then_some(head.0);
        let history = &self.stage.history;
        history.note(What::Server(ServerNews::Started { epoch, kept }));
        let now = Now {
            mono: Mono::ZERO,
            wall: self.host.wall(self.now),
        };
        if let Some(planted) = &mut self.planted {
            planted.load(&mut loaded.saved);
        }
        let mut outputs = Vec::new();
        let router = Router::restore(config, loaded.saved, now, &mut outputs);
        let mut server = Server::new(
            (router, engine),
            self.witness(&limits),
            Commits::new(Dice::new(seed, "commits"), head),
            (self.now, limits.unwritten_bytes_max as u64),
        );
        server.witness.router(now, &Input::Timeout, &outputs);
        self.host.server = Some(server);
        self.carry_out(&mut outputs);
        self.settle(now);
        self.arm_router();
    }

    /// One who looks on at a server that starts now.
    fn witness(&self, limits: &Limits) -> Witness {
        let started = Duration::from_micros(self.now);
        let transcript = self
            .host
            .sheet
            .clone()
            .map(|sheet| Transcript::new(sheet, limits.clone(), true).started_at(started));
        let (history, devices) = (self.stage.history.clone(), self.stage.devices.clone());
        Witness::new(
            self.arrivals.clone(),
            history,
            devices,
            limits.clone(),
            transcript,
        )
    }
}
