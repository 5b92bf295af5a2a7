//! Writers and readers in pairs, each writer with a number of messages in flight: throughput, and what it costs.

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

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Pairs of users.
    pub pairs: usize,
    /// Messages that each writer leaves without an answer.
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
    const NAME: &'static str = "pairs";
    const WIRING: Wiring = Wiring::Pairs;
    const RATIOS: &'static [&'static str] = &["cpu_ns_per_answered", "answered_per_second"];

    fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("pairs", self.pairs as f64),
            ("in_flight", self.in_flight as f64),
            ("bytes", self.bytes as f64),
            ("seconds", self.seconds),
        ]
    }

    fn body_bytes(&self) -> usize {
        self.bytes
    }

    fn play<L: Level>(&self, level: &L, target: Target) -> io::Result<Outcome> {
        let mut stage = open(self, level, target)?;
        self.keep_going(&mut stage, self.warm_up)?;
        let before = Counters::read(&stage, target)?;
        stage.round.measuring = true;
        self.keep_going(&mut stage, self.seconds)?;
        stage.round.measuring = false;
        let after = Counters::read(&stage, target)?;
        stage.settle(self.settling, all_arrived)?;
        stage.leave();
        let mut figures = after.since(&before, Per::Answered);
        figures.extend(stage.round.accepted.named("accepted"));
        figures.extend(stage.round.delivered.named("delivered"));
        Ok(Outcome {
            figures,
            findings: stage.findings(readers),
            faults: stage.round.faults,
        })
    }
}

impl Plan {
    /// Lets all pairs write and read for so many seconds.
    ///
    /// # Errors
    /// What the system says of polling.
    pub fn keep_going<S: Speech>(&self, stage: &mut Stage<S>, seconds: f64) -> io::Result<()> {
        let (begun, time) = (Instant::now(), Duration::from_secs_f64(seconds));
        while begun.elapsed() < time && !stage.broken {
            stage.turn(|stage, at, turn| {
                if turn.answered > 0 {
                    self.fill(stage, at);
                }
            })?;
        }
        Ok(())
    }

    /// Lets the writer at this end write what it may; [`Stage::flush`] sends it.
    pub fn fill<S: Speech>(&self, stage: &mut Stage<S>, at: usize) {
        let to = reader_of(stage.ends[at].user);
        stage.fill(at, to, self.in_flight);
    }
}

/// All pairs, each writer with its first messages sent.
///
/// # Errors
/// What the system says, or that the server did not take the users.
pub fn open<L: Level>(plan: &Plan, level: &L, target: Target) -> io::Result<Stage<L::Speech>> {
    let users = users(plan.pairs);
    let mut stage = Stage::open(level, target.address, &users, plan.bytes)?;
    for writer in (0..users.len()).step_by(2) {
        let at = stage.seats[writer].writes;
        plan.fill(&mut stage, at);
        stage.flush(at);
    }
    Ok(stage)
}

/// Those at even places write to those behind them.
fn users(pairs: usize) -> Vec<User> {
    let role = |index| match index % 2 {
        0 => Role::Writer,
        _ => Role::Reader,
    };
    (0..2 * pairs)
        .map(|index| user(index, role(index)))
        .collect()
}

fn reader_of(writer: usize) -> Recipient {
    Recipient::User(user(writer + 1, Role::Reader).name)
}

/// The places of those who read what the user at this place writes.
pub fn readers(user: usize) -> Vec<usize> {
    match user % 2 {
        0 => vec![user + 1],
        _ => Vec::new(),
    }
}

/// Whether all that was taken has arrived.
pub fn all_arrived<S: Speech>(stage: &Stage<S>) -> bool {
    let mut writers = (0..stage.seats.len()).step_by(2);
    writers.all(|writer| stage.arrived(writer, writer + 1) >= stage.taken(writer))
}
