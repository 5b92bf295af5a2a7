//! What the tests over real TCP share: the program under test, and those who talk to it.
#![allow(dead_code, reason = "each test program uses its own part of it")]

pub mod connection;
pub mod raw;
pub mod seed;
pub mod server;
pub mod session;

use std::time::Duration;

/// How long an answer may take before a test gives up: far more than it ever takes, since the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(20);
