//! Verbatim in a simulated network: the server that ships, scripted clients, a clock that jumps.
//!
//! A [`World`] is one simulation: a server host that runs `verbatim_net::Server` as it is, and a host for each
//! [`Person`]. Scripts are plain code outside of it: they say what a client does, and let time pass until something
//! is heard. [`Session`] and [`Classic`] speak the two levels; a bare [`Connection`] speaks any bytes; a [`Client`] is the
//! client that ships. What goes through the server's door is in the world's transcript, and what such a client shows.
//!
//! # Invariants
//!
//! *One seed, one run.* The epoch, the seed and every latency are set; nothing here asks the machine for time or
//! randomness, and nothing iterates over a map whose order is not fixed.
//!
//! *A panic in any task ends the run*, and `select!` draws from the seed: tokio gives both only with its unstable
//! flag, so nothing here builds without it.
#![forbid(unsafe_code)]

#[cfg(not(tokio_unstable))]
compile_error!(
    "simulations repeat themselves only with tokio's unstable flag, which .cargo/config.toml sets unless RUSTFLAGS is \
     exported; type: RUSTFLAGS=\"--cfg tokio_unstable\" cargo test -p sim-tests (or: unset RUSTFLAGS)"
);

mod arrivals;
mod cast;
pub mod checker;
mod classic;
mod client;
mod clock;
mod connection;
mod cuts;
mod dense;
pub mod dialects;
pub mod dice;
pub mod flights;
mod foreign;
pub mod ground;
pub mod history;
pub mod ledger;
mod levels;
pub mod matrix;
mod nemesis;
mod network;
mod on_events;
mod on_loopback;
mod on_turmoil;
mod passing;
mod person;
pub mod plan;
pub mod planted;
mod players;
pub mod power;
pub mod probes;
pub mod program;
mod receipts;
mod run;
mod screen;
mod scripts;
mod server;
mod server_disk;
mod session;
mod sheet;
pub mod shrink;
pub mod sweep;
mod tag;
mod transport;
pub mod views;
mod witness;
mod world;

pub use classic::{Classic, line};
pub use client::Client;
pub use connection::Connection;
pub use cuts::Way;
pub use foreign::Foreign;
pub use person::Person;
pub use run::{LIVENESS, Options, Outcome, Substrate, run};
pub use server::{server_config, server_config_with};
pub use session::{Session, device_of, hello_of, message};
pub use sheet::Sheet;
pub use transport::SimTransport;
pub use world::{Latency, Setting, World};
