//! Users who do nothing: what each of them keeps of the server's memory, and what their heartbeats cost.

use super::contest::Scenario;
use super::counters::{Counters, Per};
use super::relay::Wiring;
use super::report::{Outcome, named};
use super::speech::{Level, Role, Speech, User, user};
use super::stage::Stage;
use super::subject::Target;
use std::io;
use std::time::Instant;
use verbatim_core::name::Recipient;

/// Messages that the first two users exchange now and then while the others write: more than the memory engine keeps.
/// So the log holds few messages of the others at any time, and none in the end; what has grown then is what is kept of
/// the users themselves.
const FLOOD: u64 = 250_000;

/// After the messages of so many users.
const FLOOD_EVERY: usize = 128;

/// Time for the server to come to rest: it gives memory back that an idle user does not need when it looks after it, at
/// every heartbeat.
const REST: f64 = 6.0;

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
    const RATIOS: &'static [&'static str] = &[];

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
        let first = [user(0, Role::Both), user(1, Role::Both)];
        let mut stage = Stage::open(level, target.address, &first, self.bytes)?;
        // What the server needs once, however many come, is not counted: half as many come before.
        self.admit(level, target, &mut stage, self.users / 2)?;
        let before = target.resident_kib()?;
        let joining = self.admit(level, target, &mut stage, self.users)?;
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
    /// Lets so many more users join and write what they have to write; returns how many seconds they took to join.
    fn admit<L: Level>(
        &self,
        level: &L,
        target: Target,
        stage: &mut Stage<L::Speech>,
        count: usize,
    ) -> io::Result<f64> {
        let (begun, present) = (Instant::now(), stage.seats.len());
        let users = present..present + count;
        let users: Vec<User> = users.map(|it| user(it, Role::Both)).collect();
        stage.admit(level, target.address, &users)?;
        let joining = begun.elapsed().as_secs_f64();
        if self.messages > 0 {
            self.write_once(stage, present)?;
        }
        stage.rest(REST)?;
        Ok(joining)
    }

    fn reader_of(&self, user: usize) -> Option<usize> {
        match user {
            0 => Some(1),
            1 => None,
            _ if self.messages == 0 => None,
            // Each the other's, so that the relay's pairs have the same to do.
            _ => Some(user ^ 1),
        }
    }

    /// Lets each user from `first` on write its messages, one after the other.
    fn write_once<S: Speech>(&self, stage: &mut Stage<S>, first: usize) -> io::Result<()> {
        for writer in first..stage.seats.len() {
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
            if writer % FLOOD_EVERY == 1 || writer + 1 == stage.seats.len() {
                converse(stage, FLOOD)?;
            }
        }
        Ok(())
    }
}

/// The first user writes so many messages to the second.
fn converse<S: Speech>(stage: &mut Stage<S>, messages: u64) -> io::Result<()> {
    let at = stage.seats[0].writes;
    let to = Recipient::User(stage.seats[1].user.name);
    let end = stage.arrived(0, 1) + messages;
    while !stage.broken && stage.arrived(0, 1) < end {
        for _ in stage.ends[at].writing.counter..stage.arrived(0, 1) + 32 {
            stage.say(at, to);
        }
        stage.flush(at);
        stage.turn(|_, _, _| ())?;
    }
    stage.settle(2.0, |_| true)
}
