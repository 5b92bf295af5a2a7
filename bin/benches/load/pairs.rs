//! Writers and readers in pairs, each writer with a number of messages in flight: throughput, and what it costs.

use crate::process::cpu_nanos;
use crate::report::Outcome;
use crate::speech::{Level, Role, User, user};
use crate::stage::Stage;
use crate::subject::Subject;
use std::io;
use std::time::{Duration, Instant};
use verbatim_core::name::Recipient;

/// Time to get going, before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Pairs of users.
    pub pairs: usize,
    /// Messages that each writer leaves without an answer.
    pub in_flight: usize,
    /// Length of a body in bytes.
    pub bytes: usize,
    /// How long is measured.
    pub seconds: f64,
}

/// The counters at one moment.
struct Reading {
    at: Instant,
    answered: u64,
    delivered: u64,
    subject_cpu: u64,
    own_cpu: u64,
}

/// Measures one side for one round.
///
/// # Errors
/// What the system says, or that the server did not take the users.
pub fn run<L: Level>(level: &L, subject: &Subject, plan: &Plan) -> io::Result<Outcome> {
    let users = users(plan.pairs);
    let mut stage = Stage::open(level, subject.address, &users, plan.bytes)?;
    for writer in (0..users.len()).step_by(2) {
        let at = stage.seats[writer].writes;
        stage.fill(at, reader_of(writer), plan.in_flight);
        stage.flush(at);
    }
    keep_going(&mut stage, plan, WARM_UP)?;
    let before = Reading::take(&stage, subject)?;
    stage.round.measuring = true;
    keep_going(&mut stage, plan, Duration::from_secs_f64(plan.seconds))?;
    stage.round.measuring = false;
    let after = Reading::take(&stage, subject)?;
    let all_arrived = |stage: &Stage<_>| {
        let mut writers = (0..stage.seats.len()).step_by(2);
        writers.all(|writer| stage.arrived(writer, writer + 1) >= stage.taken(writer))
    };
    stage.settle(all_arrived)?;
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

fn keep_going<S>(stage: &mut Stage<S>, plan: &Plan, time: Duration) -> io::Result<()>
where
    S: crate::speech::Speech,
{
    let begun = Instant::now();
    while begun.elapsed() < time && !stage.broken {
        stage.turn(|stage, at, turn| {
            if turn.answered > 0 {
                let to = reader_of(stage.ends[at].user);
                stage.fill(at, to, plan.in_flight);
            }
        })?;
    }
    Ok(())
}

impl Reading {
    fn take<S>(stage: &Stage<S>, subject: &Subject) -> io::Result<Reading> {
        Ok(Reading {
            at: Instant::now(),
            answered: stage.ends.iter().map(|end| end.writing.answered).sum(),
            delivered: stage.ends.iter().map(|end| end.reading.arrived).sum(),
            subject_cpu: subject.cpu_nanos()?,
            own_cpu: cpu_nanos(std::process::id())?,
        })
    }

    fn since(&self, before: &Reading) -> Vec<(String, f64)> {
        let seconds = (self.at - before.at).as_secs_f64();
        let answered = (self.answered - before.answered) as f64;
        let delivered = (self.delivered - before.delivered) as f64;
        let subject_cpu = (self.subject_cpu - before.subject_cpu) as f64;
        let own_cpu = (self.own_cpu - before.own_cpu) as f64;
        let named = [
            ("answered", answered),
            ("delivered", delivered),
            ("answered_per_second", answered / seconds),
            ("cpu_ns_per_answered", subject_cpu / answered),
            ("cpu_share", subject_cpu / seconds / 1e9),
            ("load_cpu_ns_per_answered", own_cpu / answered),
            ("load_cpu_share", own_cpu / seconds / 1e9),
        ];
        named.map(|(name, value)| (name.to_owned(), value)).into()
    }
}
