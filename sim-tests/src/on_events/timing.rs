//! How long ends and systems wait, in microseconds, and what they take meanwhile. The server's are those of the net
//! layer that ships.

use super::queue::Micros;

const SECOND: Micros = 1_000_000;

/// What the system takes for a client that reads nothing.
pub(super) const DEAF_BYTES: usize = 512;
/// After so long the system gives up a connection that lost segments and that has no heartbeat of its own.
pub(super) const KEEPALIVE: Micros = 20 * SECOND;
/// How long a closing connection may take to write what was sent to it.
pub(super) const CLOSING: Micros = 15 * SECOND;
/// How long, after the last byte, the other end's are still read.
pub(super) const LINGER: Micros = SECOND;
/// How long the goodbyes of a server that ends may take in all.
pub(super) const GOODBYE: Micros = 5 * SECOND;
