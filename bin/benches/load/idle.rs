//! Users who do nothing: what each of them keeps of the server's memory, and what their heartbeats cost.

use super::contest::Scenario;
use super::counters::{Counters, Per};
use super::relay::Wiring;
use super::report::{Outcome, named};
use super::speech::{Level, Role, Speech, User, user};
use super::stage::Stage;
use super::subject::Target;
use std::io;
use std::time::{Duration, Instant};
use verbatim_core::name::Recipient;

/// Messages that two users exchange first where a ring is to be measured: more than the memory engine keeps, so that
/// its growth is over.
const PRELUDE: u64 = 600_000;

/// Time for the server to come to rest.
const REST: f64 = 1.0;

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Users who do nothing.
    pub users: usize,
    /// Messages that each of them writes to the next one before it does nothing.
    pub messages: usize,
    /// Length of a body in bytes.
    pub bytes: usize,
    /// How long they do nothing.
    pub seconds: f64,
}

impl Scenario for Plan {
    const NAME: &'static str = "idle";
    const WIRING: Wiring = Wiring::Pairs;
    const RATIOS: &'static [&'static str] = &["joined_per_second"];

    fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("users", self.users as f64),
            ("messages", self.messages as f64),
            ("bytes", self.bytes as f64),
            ("seconds", self.seconds),
        ]
    }

    fn body_bytes(&self) -> usize {
        self.bytes
    }

    fn play<L: Level>(&self, level: &L, target: Target) -> io::Result<Outcome> {
        // The first two only make the server ready; what they leave behind is not counted.
        let first = [user(0, Role::Both), user(1, Role::Both)];
        let mut stage = Stage::open(level, target.address, &first, self.bytes)?;
        if self.messages > 0 {
            converse(&mut stage, PRELUDE)?;
        }
        stage.rest(REST)?;
        let before = target.resident_kib()?;
        let begun = Instant::now();
        let users: Vec<User> = (2..self.users + 2).map(|it| user(it, Role::Both)).collect();
        stage.admit(level, target.address, &users)?;
        let joining = begun.elapsed().as_secs_f64();
        self.write_once(&mut stage)?;
        stage.rest(REST)?;
        let after = target.resident_kib()?;
        let counters = Counters::read(&stage, target)?;
        stage.rest(self.seconds)?;
        let costs = Counters::read(&stage, target)?.since(&counters, Per::Answered);
        stage.leave();
        let grown = after.saturating_sub(before) as f64;
        let mut figures = named([
            ("resident_before_kib", before as f64),
            ("resident_after_kib", after as f64),
            ("kib_per_user", grown / self.users as f64),
            ("joined_per_second", self.users as f64 / joining),
        ]);
        figures.extend(costs.into_iter().filter(|it| it.0.ends_with("_share")));
        Ok(Outcome {
            figures,
            findings: stage.findings(|user| self.reader_of(user).into_iter().collect()),
            faults: stage.round.faults,
        })
    }
}

impl Plan {
    fn reader_of(&self, user: usize) -> Option<usize> {
        match user {
            0 => Some(1),
            1 => None,
            _ if self.messages == 0 => None,
            // One answers the other, so that the relay's pairs have the same to do.
            _ => Some(user ^ 1).filter(|other| *other < self.users + 2),
        }
    }

    /// Lets each user write its messages, all of them in flight at once, to its reader, one user after the other.
    fn write_once<S: Speech>(&self, stage: &mut Stage<S>) -> io::Result<()> {
        for writer in 2..stage.seats.len() {
            let Some(reader) = self.reader_of(writer) else {
                continue;
            };
            let to = Recipient::User(user(reader, Role::Both).name);
            let at = stage.seats[writer].writes;
            for _ in 0..self.messages {
                stage.say(at, to);
                stage.flush(at);
                while !stage.broken && stage.ends[at].unanswered() > 0 {
                    stage.turn(|_, _, _| ())?;
                }
            }
        }
        Ok(())
    }
}

/// The first user writes so many messages to the second.
fn converse<S: Speech>(stage: &mut Stage<S>, messages: u64) -> io::Result<()> {
    let at = stage.seats[0].writes;
    let to = Recipient::User(stage.seats[1].user.name);
    while !stage.broken && stage.arrived(0, 1) < messages {
        for _ in stage.ends[at].writing.counter..stage.arrived(0, 1) + 32 {
            stage.say(at, to);
        }
        stage.flush(at);
        stage.turn(|_, _, _| ())?;
    }
    let settling = Duration::from_secs(2).as_secs_f64();
    stage.settle(settling, |_| true)
}
