//! The command line.

use super::body::BODY_BYTES_MIN;
use super::relay::Wiring;
use super::{churn, cuts, durable, fan_out, idle, pairs, ping_pong, restart, stored};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use verbatim_core::limits::UNANSWERED_MAX;

/// The longest body that every classic receiver takes in one piece, head and all.
const CLASSIC_BODY_BYTES_MAX: usize = 900;

/// How long what is under way may take to arrive once nothing new is written.
const SETTLING_SECONDS: f64 = 10.0;

/// How long everything may take to come to rest once all faults are healed.
const HEALING_SECONDS: f64 = 60.0;

/// What a server costs over loopback TCP, beside a plain relay that carries the same bodies.
#[derive(Debug, Parser)]
#[command(name = "load")]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What `cargo bench` adds; it changes nothing.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

/// The scenarios.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Writers and readers in pairs, with messages in flight: what a message costs.
    Pairs(PairsArguments),
    /// One message at a time between two users, all on one core: how long a round trip takes.
    PingPong(PingPongArguments),
    /// One user writes to `ALL`, many read: what a delivery costs.
    FanOut(FanOutArguments),
    /// Users who do nothing: what each keeps of the server's memory, and what their heartbeats cost.
    Idle(IdleArguments),
    /// As pairs, then one reader stops reading: what the others keep of their rate, and how the server's memory grows.
    StoppedReader(PairsArguments),
    /// Connect, register, leave: how often, and what it costs.
    Churn(ChurnArguments),
    /// Links that are cut at random while everybody writes: is anything lost, doubled, reordered? Without a relay.
    Cuts(CutsArguments),
    /// Idle users with the client that ships; then the server is killed and comes back. Without a relay.
    Restart(RestartArguments),
    /// The level disk: messages in flight beside a bare loop that appends and syncs, one alone beside a sync. Without a relay.
    Durable(PairsArguments),
    /// A log with many messages: start to first answer, memory, and one device that is all of it behind. Without a relay.
    Stored(StoredArguments),
    /// The relay itself, in a process of its own.
    #[command(hide = true)]
    Relay {
        /// Who hears whom.
        wiring: Wiring,
    },
}

/// What every comparison needs.
#[derive(Args, Debug)]
pub struct Comparison {
    /// What to speak to the server.
    #[arg(long, value_enum, default_value_t = LevelName::Session)]
    pub level: LevelName,
    /// The server's program.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_verbatimd"))]
    pub server: PathBuf,
    /// Where the server keeps its log.
    #[arg(long, value_enum, default_value_t = EngineName::Memory)]
    pub engine: EngineName,
    /// The directory in which a log on disk, and whatever it is compared with, is made.
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub data: PathBuf,
    /// A further argument for the server; may be repeated.
    #[arg(long = "server-argument", allow_hyphen_values = true)]
    pub further: Vec<String>,
    /// Length of a body in bytes.
    #[arg(long, default_value_t = 100)]
    bytes: usize,
    /// How long each round gets going before it measures.
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    /// How long each round measures.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// How often each side is measured.
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
}

impl Comparison {
    /// The length of a body that the level carries in one piece.
    fn body_bytes(&self) -> usize {
        match self.level {
            LevelName::Session => self.bytes.max(BODY_BYTES_MIN),
            LevelName::Classic => self.bytes.clamp(BODY_BYTES_MIN, CLASSIC_BODY_BYTES_MAX),
        }
    }
}

/// The engines by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// In memory.
    Memory,
    /// On the disk, in a fresh directory for each round.
    Disk,
}

/// The levels by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LevelName {
    /// With `HELLO`.
    Session,
    /// As in 2021.
    Classic,
}

impl LevelName {
    /// As it stands in a report.
    pub fn name(self) -> &'static str {
        match self {
            LevelName::Session => "session",
            LevelName::Classic => "classic",
        }
    }

    /// Most messages that a writer may leave without an answer.
    fn in_flight_max(self) -> usize {
        match self {
            LevelName::Session => UNANSWERED_MAX,
            LevelName::Classic => 1,
        }
    }
}

/// For [`Command::Pairs`].
#[derive(Args, Debug)]
pub struct PairsArguments {
    /// What is compared.
    #[command(flatten)]
    pub comparison: Comparison,
    /// Pairs of users.
    #[arg(long, default_value_t = 16)]
    pairs: usize,
    /// Messages that each writer leaves without an answer; a level's own limit goes before it.
    #[arg(long, default_value_t = UNANSWERED_MAX)]
    in_flight: usize,
}

impl PairsArguments {
    /// What the arguments come to.
    pub fn plan(&self) -> pairs::Plan {
        pairs::Plan {
            pairs: self.pairs.max(1),
            in_flight: self
                .in_flight
                .clamp(1, self.comparison.level.in_flight_max()),
            bytes: self.comparison.body_bytes(),
            warm_up: self.comparison.warm_up,
            seconds: self.comparison.seconds,
            settling: SETTLING_SECONDS,
        }
    }

    /// What they come to on disk: at most four writers, which are 256 in flight.
    pub fn durable(&self) -> durable::Plan {
        let many = pairs::Plan {
            pairs: self.pairs.min(4),
            ..self.plan()
        };
        durable::Plan {
            many,
            below: self.comparison.data.clone(),
        }
    }
}

/// For [`Command::PingPong`].
#[derive(Args, Debug)]
pub struct PingPongArguments {
    /// What is compared.
    #[command(flatten)]
    pub comparison: Comparison,
    /// The core on which both ends run.
    #[arg(long, default_value_t = 0)]
    core: usize,
    /// Let the system place both ends. Virtual cores doze, and every program shows some 140 us then.
    #[arg(long)]
    unpinned: bool,
}

impl PingPongArguments {
    /// What the arguments come to.
    pub fn plan(&self) -> ping_pong::Plan {
        ping_pong::Plan {
            bytes: self.comparison.body_bytes(),
            warm_up: self.comparison.warm_up,
            seconds: self.comparison.seconds,
            settling: SETTLING_SECONDS,
            core: (!self.unpinned).then_some(self.core),
        }
    }
}

/// For [`Command::FanOut`].
#[derive(Args, Debug)]
pub struct FanOutArguments {
    /// What is compared.
    #[command(flatten)]
    pub comparison: Comparison,
    /// Users who read.
    #[arg(long, default_value_t = 100)]
    readers: usize,
    /// Messages that some reader lacks; a level's own limit goes before it.
    #[arg(long, default_value_t = 16)]
    in_flight: usize,
}

impl FanOutArguments {
    /// What the arguments come to.
    pub fn plan(&self) -> fan_out::Plan {
        fan_out::Plan {
            readers: self.readers.max(1),
            in_flight: self
                .in_flight
                .clamp(1, self.comparison.level.in_flight_max()),
            bytes: self.comparison.body_bytes(),
            warm_up: self.comparison.warm_up,
            seconds: self.comparison.seconds,
            settling: SETTLING_SECONDS,
        }
    }
}

/// For [`Command::Idle`].
#[derive(Args, Debug)]
pub struct IdleArguments {
    /// What is compared.
    #[command(flatten)]
    pub comparison: Comparison,
    /// Users who do nothing.
    #[arg(long, default_value_t = 5000)]
    users: usize,
    /// Messages that each of them writes before it does nothing: 64 fill its ring.
    #[arg(long, default_value_t = 0)]
    messages: usize,
}

impl IdleArguments {
    /// What the arguments come to.
    pub fn plan(&self) -> idle::Plan {
        idle::Plan {
            // Even, since the users write to each other in pairs; half of them come before the count.
            users: self.users.next_multiple_of(4),
            messages: self.messages,
            bytes: self.comparison.body_bytes(),
            seconds: self.comparison.seconds,
        }
    }
}

/// For [`Command::Churn`].
#[derive(Args, Debug)]
pub struct ChurnArguments {
    /// What is compared.
    #[command(flatten)]
    pub comparison: Comparison,
    /// Visitors at once.
    #[arg(long, default_value_t = 16)]
    at_once: usize,
}

impl ChurnArguments {
    /// What the arguments come to.
    pub fn plan(&self) -> churn::Plan {
        churn::Plan {
            at_once: self.at_once.max(1),
            bytes: self.comparison.body_bytes(),
            warm_up: self.comparison.warm_up,
            seconds: self.comparison.seconds,
        }
    }
}

/// For [`Command::Cuts`].
#[derive(Args, Debug)]
pub struct CutsArguments {
    /// What is measured; the level is always the session level.
    #[command(flatten)]
    pub comparison: Comparison,
    /// Users, each of whom writes to the three after it.
    #[arg(long, default_value_t = 20)]
    users: usize,
    /// Lines that each of them leaves without an answer.
    #[arg(long, default_value_t = UNANSWERED_MAX)]
    in_flight: usize,
    /// Time between two cuts, in seconds.
    #[arg(long, default_value_t = 0.2)]
    every: f64,
    /// Which links are cut, and how.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl CutsArguments {
    /// What the arguments come to.
    pub fn plan(&self) -> cuts::Plan {
        cuts::Plan {
            users: self.users.max(4),
            in_flight: self.in_flight.clamp(1, UNANSWERED_MAX),
            bytes: self.comparison.body_bytes(),
            every: self.every.max(0.001),
            warm_up: self.comparison.warm_up,
            seconds: self.comparison.seconds,
            settling: HEALING_SECONDS,
            seed: self.seed,
        }
    }
}

/// For [`Command::Restart`].
#[derive(Args, Debug)]
pub struct RestartArguments {
    /// What is measured; the level is always the session level.
    #[command(flatten)]
    pub comparison: Comparison,
    /// Users who do nothing.
    #[arg(long, default_value_t = 10_000)]
    users: usize,
    /// How long the server stays away, in seconds.
    #[arg(long, default_value_t = 1.0)]
    away: f64,
}

impl RestartArguments {
    /// What the arguments come to.
    pub fn plan(&self) -> restart::Plan {
        restart::Plan {
            users: self.users.max(1),
            seconds: self.comparison.seconds,
            away: self.away.max(0.1),
            settling: HEALING_SECONDS,
            stays: self.comparison.engine == EngineName::Disk,
        }
    }
}

/// For [`Command::Stored`].
#[derive(Args, Debug)]
pub struct StoredArguments {
    /// What is measured; the level is always the session level, the engine always the disk.
    #[command(flatten)]
    pub comparison: Comparison,
    /// Messages in the log.
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    /// Users who have names.
    #[arg(long, default_value_t = 1_000)]
    users: usize,
    /// Pairs that go on, one message at a time, while one user is fed.
    #[arg(long, default_value_t = 4)]
    others: usize,
}

impl StoredArguments {
    /// What the arguments come to.
    pub fn plan(&self) -> stored::Plan {
        stored::Plan {
            messages: self.messages,
            users: self.users,
            others: pairs::Plan {
                pairs: self.others.max(1),
                in_flight: 1,
                bytes: self.comparison.body_bytes(),
                warm_up: self.comparison.warm_up,
                seconds: self.comparison.seconds,
                settling: SETTLING_SECONDS,
            },
            below: self.comparison.data.clone(),
        }
    }
}
