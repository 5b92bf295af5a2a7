//! The server's host in a random run: the server that ships, in a rough network, under the eyes of a witness.

use super::rough::Air;
use crate::cast::Stage;
use crate::dice::mix;
use crate::history::{ServerNews, What};
use crate::levels::Levels;
use crate::server::{elapsed, server_config_with, simulated_wall};
use crate::server_disk::ServerDisk;
use crate::sheet::Sheet;
use crate::witness::Witness;
use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use verbatim_core::now::Wall;
use verbatim_net::engine::{Failure, Fault};
use verbatim_net::transcript::Transcript;
use verbatim_net::{Server, ServerConfig, Transport};

pub(crate) use crate::server::NAME;

/// How long until a server that finds no room for its first record tries again.
const ROOM_REST: Duration = Duration::from_millis(500);
/// How often the router's levels are read.
const LEVELS_TIME: Duration = Duration::from_millis(100);

thread_local! {
    /// How far the wall clock of this thread's run is off, in milliseconds.
    static SKEW: Cell<i64> = const { Cell::new(0) };
}

/// Sets the wall clock of this thread's run.
pub fn jump(by: i64) {
    SKEW.set(SKEW.get() + by);
}

/// The wall clock is right.
pub fn reset_clock() {
    SKEW.set(0);
}

fn skewed_wall() -> Wall {
    Wall(simulated_wall().0.saturating_add_signed(SKEW.get()))
}

/// The server of a run, over all its starts. Cloning it clones a handle.
#[derive(Clone)]
pub struct Stand(Rc<Inner>);

struct Inner {
    stage: Stage,
    air: Air,
    starts: Cell<u64>,
    running: RefCell<Option<Server>>,
    sheet: Option<Sheet>,
    levels: RefCell<Levels>,
    disk: ServerDisk,
}

impl Stand {
    /// A server that writes its transcript there.
    pub fn new(stage: Stage, air: Air, sheet: Option<Sheet>) -> Stand {
        Stand(Rc::new(Inner {
            disk: ServerDisk::new(&stage),
            stage,
            air,
            starts: Cell::new(0),
            running: RefCell::default(),
            sheet,
            levels: RefCell::default(),
        }))
    }

    /// Asks for the graceful end.
    pub fn stop(&self) {
        if let Some(server) = &*self.0.running.borrow() {
            server.stop();
        }
    }

    /// Its host is about to crash: whatever holds the server lets it go.
    pub fn on_dying(&self) {
        self.0.disk.on_dying();
        drop(self.0.running.take());
    }

    /// The server's disk.
    pub fn disk(&self) -> &ServerDisk {
        &self.0.disk
    }

    /// Serves until the host crashes, or [`Stand::stop`], or the disk fails.
    ///
    /// # Errors
    /// The port cannot be bound, or the log cannot be used though nothing befell its disk.
    pub async fn serve(self) -> turmoil::Result {
        let stage = &self.0.stage;
        self.0.starts.set(self.0.starts.get() + 1);
        let Some(server) = self.begin().await? else {
            return Ok(());
        };
        *self.0.running.borrow_mut() = Some(server.clone());
        let looker = tokio::task::spawn_local(self.clone().look(server.clone()));
        let transport = self.0.air.server();
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, crate::server::PORT));
        let listener = transport.bind(address).await?;
        let ended = server.run(transport, listener).await;
        looker.abort();
        // It is cancelled, and holds the server no more.
        let _ = looker.await;
        drop(self.0.running.take());
        match ended {
            Err(failure) if !stage.plan.disk || failure.fault == Fault::Damaged => {
                Err(failure.into())
            }
            _ => Ok(()),
        }
    }

    /// A server over its log, as soon as there is room for its first record; `None` if its disk fails.
    async fn begin(&self) -> Result<Option<Server>, Failure> {
        loop {
            let config = self.config(mix(self.0.stage.plan.seed, self.0.starts.get()));
            if !self.0.disk.is_used() {
                let (epoch, kept) = (config.router.epoch.0, None);
                let news = ServerNews::Started { epoch, kept };
                self.0.stage.history.note(What::Server(news));
            }
            match Server::new(config) {
                Ok(server) => return Ok(Some(server)),
                Err(failure) if failure.fault == Fault::Full => tokio::time::sleep(ROOM_REST).await,
                Err(failure) if self.0.disk.is_dark() || failure.fault == Fault::Sync => {
                    return Ok(None);
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    fn config(&self, seed: u64) -> ServerConfig {
        let stage = &self.0.stage;
        let limits = stage.plan.limits();
        let transcript = self.0.sheet.as_ref().map(|sheet| {
            Transcript::new(sheet.clone(), limits.clone(), true).started_at(elapsed())
        });
        let witness = Witness::new(
            self.0.air.arrivals(),
            stage.history.clone(),
            stage.devices.clone(),
            limits.clone(),
            transcript,
        );
        let witness = witness.beside(&self.0.disk);
        let mut config = server_config_with(limits, seed, Some(Box::new(witness)));
        self.0.disk.serve(&mut config);
        config.wall = skewed_wall;
        config
    }

    /// Notes how high the router's levels come.
    async fn look(self, server: Server) {
        loop {
            tokio::time::sleep(LEVELS_TIME).await;
            let mut levels = self.0.levels.borrow_mut();
            levels.look(&server.status(), &self.0.stage.history);
        }
    }
}
