//! Where the clients that ship run: one thread, as in their program.

use std::io;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// Runs this and all that it starts until it is done; what it started ends with it.
///
/// # Errors
/// What the system says of starting, or `play` of itself.
pub fn run_local<T>(play: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, play)
}
