//! A plan: all that happens in a run, as values, drawn from its seed before the run begins.
//!
//! `draw` makes one from a seed, `words` prints it, a line for each thing. What is decided while a run goes on (how a
//! write is chopped, how long somebody thinks) is drawn from dice of its own and is in no plan.

mod draw;
mod faults;
mod line;
mod mistake;
mod named;
mod profile;
mod read;
mod tight;
mod words;

pub use mistake::Mistake;
pub use profile::Profile;
use std::time::Duration;

/// The longest run, and the longest span of anything in it, in milliseconds.
pub const RUN_MAX: u64 = 600_000;
/// The coarsest tick of a run on turmoil, in milliseconds: with a coarser one quick heartbeats come too late.
pub const TICK_MAX: u64 = 20;

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where everything else comes from.
    pub seed: u64,
    /// How finely time passes.
    pub tick: Duration,
    /// Whether hosts take their turns in an order that changes with each tick.
    pub random_order: bool,
    /// How many segments a connection takes that nobody reads.
    pub segments_max: usize,
    /// The server's limits.
    pub tightness: Tightness,
    /// The longest time that a commit of the log takes, in milliseconds. The log in memory takes it in the world of events
    /// alone.
    pub commit_max: u64,
    /// Whether the server keeps its log on a disk, which outlives it.
    pub disk: bool,
    /// The hosts of users, with the time that a segment is on its way.
    pub latencies: Vec<Duration>,
    /// How much of what is written is chopped.
    pub chop: Chop,
    /// Who takes part. The index is what a [`Deed`] names.
    pub users: Vec<UserPlan>,
    /// What happens, in the order of time.
    pub steps: Vec<Step>,
    /// When everything heals.
    pub chaos: Duration,
}

/// How the limits of a run differ from those that ship. Small ones make rare states frequent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tightness {
    /// Names are held for 4 s instead of 60, and a write may be blocked for 3 s instead of 15.
    pub away: bool,
    /// A user may be owed 5 KiB, and the log takes 24.
    pub room: bool,
    /// Pages, rosters and what is remembered are of a few entries.
    pub pages: bool,
    /// Heartbeats go each 200 ms instead of each 5 s, and who is silent for 700 ms is given up: what takes half a minute
    /// to be noticed and mended takes two seconds.
    pub beat: bool,
}

/// How writes become segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chop {
    /// In how many of a thousand writes only a part goes.
    pub permille: u64,
    /// The longest such part, in bytes.
    pub bytes_max: u64,
    /// The longest pause behind it, in milliseconds. What is written meanwhile goes together.
    pub pause_max: u64,
}

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPlan {
    /// The name asked for. Two may ask for the same.
    pub name: String,
    /// On which host.
    pub host: usize,
    /// Of which level, and how.
    pub part: Part,
}

/// The level of somebody, and its ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A session user: the client that ships.
    Device {
        /// What outlives its program.
        keeping: Keeping,
        /// Un-acked deliveries that it takes.
        deliveries: u32,
        /// Bytes of them.
        bytes: u64,
        /// Whether it asks again and again for a name that is taken.
        waits_for_name: bool,
        /// Longest time that writing a delivery takes, in milliseconds.
        write_max: u64,
    },
    /// A classic user, scripted.
    Classic {
        /// Reads once per message and takes nothing but the exact bytes, as the seed does.
        reads_once: bool,
        /// Longest time before it answers a `FORWARD`, in milliseconds.
        think_max: u64,
        /// How many lines it sends before the first of them is answered: 1 for one that waits.
        ahead_max: u64,
    },
}

/// What outlives a client's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Nothing: each start is a new device.
    Nothing,
    /// Its device and counters.
    Counters,
    /// These, and messages with their cursor, in one transaction.
    Messages,
}

/// Something that happens at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Milliseconds from the beginning.
    pub at: u64,
    /// What.
    pub deed: Deed,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Somebody acts.
    Do(usize, Act),
    /// Something befalls the network or the server.
    Befall(Fault),
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Starts its program, if it does not run.
    Begin,
    /// Submits lines.
    Say {
        /// To whom.
        to: To,
        /// How many lines.
        lines: u64,
        /// How long each is, in bytes.
        bytes: u64,
        /// Age limit in milliseconds; 0 for none.
        age: u64,
    },
    /// Takes its latest line back.
    Withdraw,
    /// Asks who is there.
    Who,
    /// Asks the server for what was said earlier.
    History {
        /// To all, or with whom.
        with: To,
        /// How many messages at most.
        count: u64,
    },
    /// Its program dies; with a time, its connection stays open in the dark for so many milliseconds.
    Crash {
        /// 0: the connection ends with the program.
        dark: u64,
    },
    /// It ends its program in good order.
    Leave {
        /// The name is given up.
        forget: bool,
    },
    /// The person wants a connection now.
    Return,
    /// For so many milliseconds it writes no delivery (a classic one answers no `FORWARD`).
    Pause(u64),
    /// For so many milliseconds it reads no byte.
    Deaf(u64),
    /// Its connection breaks, at its own end or at the server's.
    Cut {
        /// At the server's end.
        far: bool,
    },
    /// For so many milliseconds its connection is half-open: what it says is held back, what comes is not read.
    Dark(u64),
    /// Another program uses its device for so many milliseconds: it says `HELLO`, repeats the last message and acks
    /// nothing.
    Usurp(u64),
}

/// For whom a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A user of the plan, by its name.
    User(usize),
    /// Everybody.
    All,
    /// A name that nobody has.
    Nobody,
}

/// What befalls the network or the server. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing passes between a host and the server.
    Partition {
        /// Which host.
        host: usize,
        /// How long.
        span: u64,
    },
    /// Nothing passes one way.
    OneWay {
        /// Which host.
        host: usize,
        /// What is blocked: to the server, or from it.
        to_server: bool,
        /// How long.
        span: u64,
    },
    /// What is sent between a host and the server is held and comes late.
    Hold {
        /// Which host.
        host: usize,
        /// How long.
        span: u64,
    },
    /// A host's segments take another time from now on.
    Latency {
        /// Which host.
        host: usize,
        /// How long each takes.
        each: u64,
    },
    /// The server dies and starts anew, with a new log.
    ServerCrash {
        /// Nobody hears that it died.
        power: bool,
        /// How long it is down.
        span: u64,
    },
    /// The server ends in good order and starts anew.
    ServerStop {
        /// How long it is down.
        span: u64,
    },
    /// The server's wall clock is set.
    Clock {
        /// By how many milliseconds.
        jump: i64,
    },
    /// The server's disk is full, so that lines are refused, or, if nobody sees it coming, a commit fails.
    DiskFull {
        /// How many bytes it still takes.
        room: u64,
        /// It says that it has room, and takes nothing.
        unseen: bool,
        /// How long.
        span: u64,
    },
    /// The power goes at one of the next operations of the server's disk, when this time is over at the latest, and the
    /// server starts anew when it is.
    DiskCut {
        /// Writes and syncs before it.
        after: u64,
        /// The power goes once more while the log recovers, after so many operations; 0: it does not.
        again: u64,
        /// How long.
        span: u64,
    },
    /// The first sync of the server's disk after so many operations fails. When this time is over its machine is started
    /// anew.
    DiskError {
        /// Writes and syncs before it.
        after: u64,
        /// How long.
        span: u64,
    },
}
