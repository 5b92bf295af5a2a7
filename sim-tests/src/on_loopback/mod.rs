//! A run over real TCP on this machine's loopback, in real time: the truth about the other two substrates. Nothing can
//! befall this network, so only plans without faults belong here.

mod door;

use crate::cast::{Order, Stage};
use crate::clock::Clock;
use crate::dice::mix;
use crate::ground::{DiskTrouble, End, Ground, Passage};
use crate::history::{ServerNews, What, Who};
use crate::players::{Player, Way};
use crate::server::router_config;
use crate::server_disk::ServerDisk;
use crate::witness::Witness;
use door::Door;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::LocalSet;
use tokio::time::sleep;
use verbatim_core::now::Wall;
use verbatim_net::engine::{Engine, Memory};
use verbatim_net::{Log, Server, ServerConfig, Transport};

/// See the module's words.
pub struct OnLoopback {
    runtime: Runtime,
    tasks: LocalSet,
    began: Instant,
    orders: Vec<UnboundedSender<Order>>,
}

impl OnLoopback {
    /// A run that begins now, on a free port.
    ///
    /// # Errors
    /// What the system says when there is no runtime or no port.
    pub fn new(stage: &Stage, began: Instant) -> io::Result<OnLoopback> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build()?;
        let tasks = LocalSet::new();
        let door = Door::default();
        let address = tasks.block_on(&runtime, serve(stage, door.clone()))?;
        let mut orders = Vec::new();
        for who in 0..stage.plan.users.len() {
            let (sender, receiver) = mpsc::unbounded_channel();
            orders.push(sender);
            let player = Player {
                who,
                stage: stage.clone(),
                way: Way {
                    transport: door.of(who),
                    server: address.to_string(),
                    clock: Clock::Machine(began),
                },
                orders: receiver,
            };
            tasks.spawn_local(player.play());
        }
        Ok(OnLoopback {
            runtime,
            tasks,
            began,
            orders,
        })
    }
}

/// Starts the server that ships.
async fn serve(stage: &Stage, door: Door) -> io::Result<SocketAddr> {
    let limits = stage.plan.limits();
    let engine = Memory::new(&limits);
    let router = router_config(limits.clone(), mix(stage.plan.seed, 1), engine.room());
    let epoch = router.epoch.0;
    let disk = ServerDisk::new(stage);
    if !disk.is_used() {
        let kept = None;
        let news = ServerNews::Started { epoch, kept };
        stage.history.note(What::Server(news));
    }
    let (history, devices) = (stage.history.clone(), stage.devices.clone());
    let witness = Witness::new(door.arrivals(), history, devices, limits, None);
    let mut config = ServerConfig {
        router,
        log: Log::here(Box::new(engine)),
        lives: crate::server::lives(stage.plan.seed),
        wall,
        tap: Some(Box::new(witness.beside(&disk))),
    };
    disk.serve(&mut config);
    let server = Server::new(config).map_err(io::Error::other)?;
    let listener = door
        .bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await?;
    let address = door.local_address(&listener)?;
    tokio::task::spawn_local(async move { server.run(door, listener).await });
    Ok(address)
}

fn wall() -> Wall {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Wall(u64::try_from(millis).unwrap_or(u64::MAX))
}

impl Ground for OnLoopback {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn advance(&mut self, until: Duration) {
        let span = until.saturating_sub(self.began.elapsed());
        self.tasks
            .block_on(&self.runtime, async move { sleep(span).await });
    }

    fn tell(&mut self, who: Who, order: Order) {
        // Its task lives as long as the run.
        let _ = self.orders[who].send(order);
    }

    fn cut(&mut self, _: Who, _: End) {}

    fn darken(&mut self, _: Who, _: Duration) {}

    fn deafen(&mut self, _: Who, _: Duration) {}

    fn pass(&mut self, _: usize, _: Passage) {}

    fn delay(&mut self, _: usize, _: Duration) {}

    fn crash(&mut self, _: bool) {}

    fn stop(&mut self) {}

    fn start(&mut self) {}

    fn jump(&mut self, _: i64) {}

    fn disk(&mut self, _: DiskTrouble) {}

    fn calm(&mut self) {}
}
