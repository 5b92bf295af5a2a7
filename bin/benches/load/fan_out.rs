//! One user writes to `ALL`, many read: what a delivery costs. A message is in flight until the last of them has it.

use super::contest::Scenario;
use super::counters::{Counters, Per};
use super::relay::Wiring;
use super::report::Outcome;
use super::speech::{Level, Role, Speech, User, user};
use super::stage::Stage;
use super::subject::Target;
use std::io;
use std::time::{Duration, Instant};
use verbatim_core::name::Recipient;

const WRITER: usize = 0;

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Users who read.
    pub readers: usize,
    /// Messages that some reader lacks.
    pub in_flight: usize,
    /// Length of a body in bytes.
    pub bytes: usize,
    /// How long it may get going, before anything is counted.
    pub warm_up: f64,
    /// How long is measured.
    pub seconds: f64,
    /// How long what is under way may take to arrive once nothing new is written, in seconds.
    pub settling: f64,
}

impl Scenario for Plan {
    const NAME: &'static str = "fan-out";
    const WIRING: Wiring = Wiring::FanOut;
    const RATIOS: &'static [&'static str] = &["cpu_ns_per_delivered", "delivered_per_second"];

    fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("readers", self.readers as f64),
            ("in_flight", self.in_flight as f64),
            ("bytes", self.bytes as f64),
            ("seconds", self.seconds),
        ]
    }

    fn body_bytes(&self) -> usize {
        self.bytes
    }

    fn play<L: Level>(&self, level: &L, target: Target) -> io::Result<Outcome> {
        let users: Vec<User> = (0..=self.readers).map(|it| user(it, Role::Both)).collect();
        let mut stage = Stage::open(level, target.address, &users, self.bytes)?;
        let mut flight = Flight::new(self);
        flight.fill(&mut stage);
        flight.keep_going(&mut stage, self.warm_up)?;
        let before = Counters::read(&stage, target)?;
        stage.round.measuring = true;
        flight.keep_going(&mut stage, self.seconds)?;
        stage.round.measuring = false;
        let after = Counters::read(&stage, target)?;
        stage.settle(self.settling, all_arrived)?;
        stage.leave();
        let mut figures = after.since(&before, Per::Delivered);
        figures.extend(stage.round.accepted.named("accepted"));
        figures.extend(stage.round.delivered.named("delivered"));
        Ok(Outcome {
            figures,
            findings: stage.findings(|user| match user {
                WRITER => (1..users.len()).collect(),
                _ => Vec::new(),
            }),
            faults: stage.round.faults,
        })
    }
}

fn all_arrived<S: Speech>(stage: &Stage<S>) -> bool {
    (1..stage.seats.len()).all(|reader| stage.arrived(WRITER, reader) >= stage.taken(WRITER))
}

/// The messages that some reader lacks.
struct Flight {
    readers: usize,
    /// How many readers have the message whose counter has this remainder.
    holders: Vec<usize>,
    /// What each reader was last seen to have.
    seen: Vec<u64>,
    landed: u64,
}

impl Flight {
    fn new(plan: &Plan) -> Flight {
        Flight {
            readers: plan.readers,
            holders: vec![0; plan.in_flight],
            seen: vec![0; plan.readers + 1],
            landed: 0,
        }
    }

    fn fill<S: Speech>(&mut self, stage: &mut Stage<S>) {
        let at = stage.seats[WRITER].writes;
        let end = &stage.ends[at];
        let flying = (end.writing.counter - self.landed).max(end.unanswered() as u64);
        let nanos = stage.round.clock.nanos();
        for _ in flying..self.holders.len() as u64 {
            stage.ends[at].say(Recipient::All, &mut stage.round, nanos);
        }
        stage.flush(at);
    }

    fn keep_going<S: Speech>(&mut self, stage: &mut Stage<S>, seconds: f64) -> io::Result<()> {
        let (begun, time) = (Instant::now(), Duration::from_secs_f64(seconds));
        while begun.elapsed() < time && !stage.broken {
            stage.turn(|stage, at, turn| {
                if turn.delivered > 0 {
                    self.on_delivered(stage, stage.ends[at].user);
                }
                if turn.answered + turn.delivered > 0 {
                    self.fill(stage);
                }
            })?;
        }
        Ok(())
    }

    fn on_delivered<S: Speech>(&mut self, stage: &Stage<S>, reader: usize) {
        let arrived = stage.arrived(WRITER, reader);
        for counter in self.seen[reader]..arrived {
            let slot = (counter % self.holders.len() as u64) as usize;
            self.holders[slot] += 1;
            if self.holders[slot] == self.readers {
                self.holders[slot] = 0;
                self.landed += 1;
            }
        }
        self.seen[reader] = arrived;
    }
}
