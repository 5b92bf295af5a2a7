//! Where a run takes place, as the nemesis sees it. Each substrate is one.

use crate::cast::Order;
use crate::history::Who;
pub use crate::server_disk::DiskTrouble;
use std::time::Duration;

/// A place for a run: the network, the server and those who take part.
pub trait Ground {
    /// The time since the beginning.
    fn now(&self) -> Duration;

    /// Lets time pass until then, and all happen that is due.
    fn advance(&mut self, until: Duration);

    /// Tells somebody to do something.
    fn tell(&mut self, who: Who, order: Order);

    /// Breaks the connections of somebody, at that end.
    fn cut(&mut self, who: Who, end: End);

    /// Leaves the connections of somebody in the dark until then: what it says is held back, what comes is not read.
    fn darken(&mut self, who: Who, until: Duration);

    /// Lets somebody read nothing until then.
    fn deafen(&mut self, who: Who, until: Duration);

    /// What passes between a host and the server from now on.
    fn pass(&mut self, host: usize, passage: Passage);

    /// How long a segment is on its way between a host and the server from now on.
    fn delay(&mut self, host: usize, each: Duration);

    /// The server dies. With `power` nobody hears of it.
    fn crash(&mut self, power: bool);

    /// The server is told to end.
    fn stop(&mut self);

    /// The server starts anew; if it still runs, it dies first.
    fn start(&mut self);

    /// The server's wall clock is set by so many milliseconds.
    fn jump(&mut self, by: i64);

    /// Something befalls the server's disk, if it has one.
    fn disk(&mut self, trouble: DiskTrouble);

    /// What befell connections is over, and nothing befalls them any more.
    fn calm(&mut self);
}

/// What the system takes, in bytes, for a client that reads nothing.
pub const DEAF_BYTES_MAX: usize = 512;

/// What passes between a host and the server. Of several the last one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passage {
    /// Everything.
    #[default]
    Free,
    /// Nothing yet: it is held, and goes on its way when the link is free again.
    Held,
    /// Nothing, one way or both: what is sent is lost.
    Blocked {
        /// To the server.
        up: bool,
        /// From the server.
        down: bool,
    },
}

/// Whether what a client writes goes in one piece, whatever the dice say. Some classic programs let nothing but silence end
/// these frames, so that one of them that stops in the middle for long enough is taken for a whole one (PROTOCOL.md,
/// corner 34). TCP sends so few bytes in one segment; here too.
pub fn goes_whole(bytes: &[u8]) -> bool {
    let short: [&[u8]; 3] = [b"REGISTER ", b"RECEIVED", b"ERROR "];
    short.iter().any(|word| bytes.starts_with(word))
}

/// One of the two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client's.
    Near,
    /// The server's.
    Far,
}
