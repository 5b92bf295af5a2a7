//! The server's host: the server that ships, with everything drawn from the run's seed that production draws at random.

use crate::cuts::Door;
use crate::dice::mix;
use crate::power::Plate;
use crate::transport::SimTransport;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use verbatim_core::classic::AckVerb;
use verbatim_core::id::{Epoch, StoreId};
use verbatim_core::limits::Limits;
use verbatim_core::now::Wall;
use verbatim_core::router::Config;
use verbatim_core::wire::Durability;
use verbatim_net::engine::disk::Disk;
use verbatim_net::engine::{Engine, Identity, Memory};
use verbatim_net::transcript::Transcript;
use verbatim_net::{Life, Log, Server, ServerConfig, Tap, Transport};

/// The host's name.
pub(crate) const NAME: &str = "server";
/// Where clients connect to.
pub(crate) const ADDRESS: &str = "server:8828";
pub(crate) const PORT: u16 = 8828;

/// Serves until the host crashes. `start` counts the starts: each has an epoch, and with the memory engine a log, of
/// its own.
pub(crate) async fn serve(
    (seed, start): (u64, u64),
    limits: Limits,
    door: Door,
    plate: Option<Plate>,
) -> turmoil::Result {
    let transcript = Transcript::new(door, limits.clone(), true).started_at(elapsed());
    let tap = Some(Box::new(transcript) as Box<dyn Tap>);
    let mut config = server_config_with(limits.clone(), mix(seed, start), tap);
    if let Some(plate) = plate {
        on_disk(&mut config, &plate, &limits, seed);
    }
    let server = Server::new(config)?;
    let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT));
    let listener = SimTransport.bind(address).await?;
    server.run(SimTransport, listener).await?;
    Ok(())
}

/// What a simulated server begins with.
pub fn server_config(seed: u64, tap: Option<Box<dyn Tap>>) -> ServerConfig {
    server_config_with(Limits::default(), seed, tap)
}

/// The same with bounds of one's own.
pub fn server_config_with(limits: Limits, seed: u64, tap: Option<Box<dyn Tap>>) -> ServerConfig {
    let engine = Memory::new(&limits);
    let router = router_config(limits, seed, engine.room());
    ServerConfig {
        router,
        log: Log::here(Box::new(engine)),
        lives: lives(seed),
        wall: simulated_wall,
        tap,
    }
}

/// Puts the log on a disk.
pub(crate) fn on_disk(config: &mut ServerConfig, plate: &Plate, limits: &Limits, seed: u64) {
    let fresh = Identity {
        store: StoreId(mix(seed, 6)),
        hash_key: [mix(seed, 7), mix(seed, 8)],
    };
    let disk = Disk::new(Box::new(plate.clone()), fresh, limits);
    config.log = Log::here(Box::new(disk));
    config.router.level = Durability::Disk;
}

/// What is new whenever a router begins anew in one life of the server, because a commit failed.
pub(crate) fn lives(seed: u64) -> Box<dyn FnMut() -> Life> {
    let mut count = 0;
    Box::new(move || {
        count += 1;
        let life = mix(seed, 1_000 + count);
        Life {
            epoch: Epoch(mix(life, 2)),
            seed: mix(life, 3),
        }
    })
}

/// What a simulated router begins with.
pub(crate) fn router_config(limits: Limits, seed: u64, room: u64) -> Config {
    Config {
        room,
        limits,
        store: StoreId(mix(seed, 1)),
        epoch: Epoch(mix(seed, 2)),
        seed: mix(seed, 3),
        hash_key: [mix(seed, 4), mix(seed, 5)],
        classic_ack: AckVerb::Auto,
        level: Durability::Memory,
    }
}

pub(crate) fn simulated_wall() -> Wall {
    let since = turmoil::since_epoch().expect("only software of a running host asks");
    Wall(u64::try_from(since.as_millis()).expect("simulations end long before that"))
}

pub(crate) fn elapsed() -> Duration {
    turmoil::sim_elapsed().expect("a server starts on a running host")
}
