//! Binds the core to tokio: transports, the router's one owner with a task per connection beside it, log engines.
//!
//! Everything runs on one thread: connection tasks call the router directly with bytes that lie in the thread's one
//! read buffer. What a message means is the core's affair; nothing here knows.
#![forbid(unsafe_code)]

mod batches;
mod client;
mod connection;
pub mod engine;
mod later;
mod log;
mod owner;
mod server;
pub mod store;
mod tap;
pub mod transcript;
mod transport;

pub use client::{Host, Request, Wanted, run_classic_client, run_client};
pub use later::Delay;
pub use log::Log;
pub use owner::Life;
pub use server::{Server, ServerConfig};
pub use tap::Tap;
pub use transport::{Tcp, Transport};
