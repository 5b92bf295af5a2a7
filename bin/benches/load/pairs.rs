//! Writers and readers in pairs, each writer with a number of messages in flight: throughput, and what it costs.

use super::contest::Scenario;
use super::process::cpu_nanos;
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
        let users = users(self.pairs);
        let mut stage = Stage::open(level, target.address, &users, self.bytes)?;
        for writer in (0..users.len()).step_by(2) {
            let at = stage.seats[writer].writes;
            stage.fill(at, reader_of(writer), self.in_flight);
            stage.flush(at);
        }
        self.keep_going(&mut stage, self.warm_up)?;
        let before = Counters::read(&stage, target)?;
        stage.round.measuring = true;
        self.keep_going(&mut stage, self.seconds)?;
        stage.round.measuring = false;
        let after = Counters::read(&stage, target)?;
        stage.settle(self.settling, all_arrived)?;
        stage.leave();
        let mut figures = after.since(&before);
        figures.extend(stage.round.accepted.named("accepted"));
        figures.extend(stage.round.delivered.named("delivered"));
        Ok(Outcome {
            figures,
            findings: stage.findings(|user| {
                if user % 2 == 0 {
                    vec![user + 1]
                } else {
                    vec![]
                }
            }),
            faults: stage.round.faults,
        })
    }
}

impl Plan {
    fn keep_going<S: Speech>(&self, stage: &mut Stage<S>, seconds: f64) -> io::Result<()> {
        let (begun, time) = (Instant::now(), Duration::from_secs_f64(seconds));
        while begun.elapsed() < time && !stage.broken {
            stage.turn(|stage, at, turn| {
                if turn.answered > 0 {
                    let to = reader_of(stage.ends[at].user);
                    stage.fill(at, to, self.in_flight);
                }
            })?;
        }
        Ok(())
    }
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

fn all_arrived<S: Speech>(stage: &Stage<S>) -> bool {
    let mut writers = (0..stage.seats.len()).step_by(2);
    writers.all(|writer| stage.arrived(writer, writer + 1) >= stage.taken(writer))
}

/// The counters at one moment.
struct Counters {
    at: Instant,
    answered: u64,
    delivered: u64,
    target_cpu: u64,
    own_cpu: u64,
}

impl Counters {
    fn read<S>(stage: &Stage<S>, target: Target) -> io::Result<Counters> {
        Ok(Counters {
            at: Instant::now(),
            answered: stage.ends.iter().map(|end| end.writing.answered).sum(),
            delivered: stage.ends.iter().map(|end| end.reading.arrived).sum(),
            target_cpu: target.cpu_nanos()?,
            own_cpu: cpu_nanos(std::process::id())?,
        })
    }

    fn since(&self, before: &Counters) -> Vec<(String, f64)> {
        let seconds = (self.at - before.at).as_secs_f64();
        let answered = (self.answered - before.answered) as f64;
        let delivered = (self.delivered - before.delivered) as f64;
        let target_cpu = self.target_cpu.saturating_sub(before.target_cpu) as f64;
        let own_cpu = self.own_cpu.saturating_sub(before.own_cpu) as f64;
        let named = [
            ("answered", answered),
            ("delivered", delivered),
            ("answered_per_second", answered / seconds),
            ("cpu_ns_per_answered", target_cpu / answered),
            ("cpu_share", target_cpu / seconds / 1e9),
            ("load_cpu_ns_per_answered", own_cpu / answered),
            ("load_cpu_share", own_cpu / seconds / 1e9),
        ];
        named.map(|(name, value)| (name.to_owned(), value)).into()
    }
}
