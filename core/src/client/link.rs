//! The client's connection, seen from outside: its states, its deadlines, and the waits between two of them.

use crate::limits::Limits;
use crate::now::Mono;
use crate::wire::Welcome;
use core::time::Duration;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Shortest wait that anything is timed with, so that no server can make a client spin.
const TICK: Duration = Duration::from_millis(1);

/// Shortest heartbeat that a server can ask for.
const HEARTBEAT_MIN: Duration = Duration::from_millis(50);

/// Longest wait, and longest silence, that a server can ask for.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// The earlier of two deadlines, of which there may be one or none.
pub(super) fn sooner(one: Option<Mono>, other: Option<Mono>) -> Option<Mono> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        _ => one.or(other),
    }
}

/// The states of the link.
///
/// | state | leaves when |
/// | --- | --- |
/// | `Waiting` | its time has come, or the user asks: to `Connecting` |
/// | `Connecting` | open: to `Greeting`; not in time, or refused: to `Waiting` |
/// | `Greeting` | `WELCOME`: to `Up`; a refusal: to `Away`; not in time, or ended: to `Waiting` |
/// | `Up` | ended, silent, replaced: to `Waiting` or `Away` |
/// | `Away` | the user asks: to `Connecting` |
/// | `Gone` | never |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Waiting { until: Mono },
    Connecting { until: Mono },
    Greeting { until: Mono },
    Up,
    Away,
    Gone,
}

impl Link {
    /// Whether the driver has a connection, or is opening one.
    pub fn holds_connection(self) -> bool {
        matches!(
            self,
            Link::Connecting { .. } | Link::Greeting { .. } | Link::Up
        )
    }

    /// Whether bytes can come.
    pub fn is_open(self) -> bool {
        matches!(self, Link::Greeting { .. } | Link::Up)
    }
}

/// When bytes last went and came, and how long either may pause.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pulse {
    pub sent: Mono,
    pub received: Mono,
    heartbeat: Duration,
    silence: Duration,
}

impl Pulse {
    pub fn begin(now: Mono, welcome: &Welcome) -> Pulse {
        let heartbeat = welcome.heartbeat.clamp(HEARTBEAT_MIN, WAIT_MAX);
        Pulse {
            sent: now,
            received: now,
            heartbeat,
            silence: welcome.silence.clamp(heartbeat, WAIT_MAX),
        }
    }

    /// When to send a sign of life.
    pub fn heartbeat(&self) -> Mono {
        self.sent + self.heartbeat
    }

    /// When to give the server up.
    pub fn death(&self) -> Mono {
        self.received + self.silence
    }
}

/// The waits between connections: doubling, with full jitter.
#[derive(Debug)]
pub(super) struct Backoff {
    random: ChaCha8Rng,
    first: Duration,
    longest: Duration,
    failures: u32,
    before_welcome: u32,
}

impl Backoff {
    pub fn new(seed: u64, limits: &Limits) -> Backoff {
        Backoff {
            random: ChaCha8Rng::seed_from_u64(seed),
            first: limits.backoff_time,
            longest: limits.backoff_time_max,
            failures: 0,
            before_welcome: 0,
        }
    }

    /// A session began: the next failure of the link is the first one again.
    pub fn on_welcome(&mut self) {
        self.before_welcome = self.failures;
        self.failures = 0;
    }

    /// The session ended by a fault of the server, which a new one will likely repeat: the waits go on growing.
    pub fn on_fault(&mut self) {
        self.failures = self.failures.max(self.before_welcome);
    }

    /// The wait before the next connection: anything up to a bound that doubles each time.
    pub fn draw(&mut self) -> Duration {
        let factor = 1u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1).min(31);
        let bound = self.first.saturating_mul(factor).min(self.longest);
        let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
        bounded(Duration::from_micros(
            self.random.next_u64() % micros.max(1),
        ))
    }
}

/// A wait that a server asked for, or that was drawn, within reason.
pub(super) fn bounded(wait: Duration) -> Duration {
    wait.clamp(TICK, WAIT_MAX)
}
