//! Binds the core to tokio.
#![forbid(unsafe_code)]

mod transport;

pub use transport::{Tcp, Transport};
