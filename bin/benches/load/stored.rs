//! A log with many messages: how long from the start of the server to its first answer, how much memory, and what it
//! costs the others that a device which is all of it behind is fed.

use super::behind::Behind;
use super::home::Home;
use super::latency::Latency;
use super::pairs;
use super::report::{Outcome, named};
use super::session::Session;
use super::speech::{Level, Role, User, user};
use super::stage::Stage;
use super::subject::{Subject, Target};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use verbatim_core::name::Recipient;

/// Who write before the restart, each with as many in flight as it may.
const WRITERS: usize = 16;
/// Places of users, so that those of one part are strangers to the other.
const WRITERS_FROM: usize = 10_000;
const OTHERS_FROM: usize = 20_000;
const AWAY: usize = 30_000;
const FIRST: usize = 30_001;

/// How much of what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Messages stored.
    pub messages: u64,
    /// Users who have names.
    pub users: usize,
    /// Those who go on while one is fed: pairs, one message in flight in each.
    pub others: pairs::Plan,
    /// The directory in which the log is made.
    pub below: PathBuf,
}

impl Plan {
    /// What it was asked to do, by name.
    pub fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("messages", self.messages as f64),
            ("users", self.users as f64),
            ("bytes", self.others.bytes as f64),
        ]
    }

    /// Plays one round.
    ///
    /// # Errors
    /// What the system says, or that the server did not take the users.
    pub fn play(&self, program: &Path, further: &[String]) -> io::Result<Outcome> {
        let home = Home::on_disk(&self.below)?;
        let mut arguments = vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()];
        arguments.extend(home.arguments());
        arguments.extend(["--owed-max".to_owned(), "4G".to_owned()]);
        arguments.extend_from_slice(further);
        let server = Subject::start(program, &arguments)?;
        let filled = self.fill(server.target())?;
        server.kill()?;
        let begun = Instant::now();
        let server = Subject::start(program, &arguments)?;
        let listening = begun.elapsed().as_secs_f64();
        first_answer(server.target())?;
        let (answered, kib) = (
            begun.elapsed().as_secs_f64(),
            server.target().resident_kib()?,
        );
        let mut outcome = self.feed(server.target())?;
        outcome.figures.extend(named([
            ("stored_per_second", self.messages as f64 / filled),
            ("start_to_listening_seconds", listening),
            ("start_to_first_accept_seconds", answered),
            ("resident_then_kib", kib as f64),
        ]));
        server.stop()?;
        Ok(outcome)
    }

    /// All users come and go, then some write to one who is away; gives how many seconds that took.
    fn fill(&self, target: Target) -> io::Result<f64> {
        let level = Session::default();
        for index in (0..self.users.saturating_sub(WRITERS + 1)).chain([AWAY - OTHERS_FROM]) {
            level.join(target.address, &user(OTHERS_FROM + index, Role::Reader))?;
        }
        let users: Vec<User> = (0..WRITERS)
            .map(|index| user(WRITERS_FROM + index, Role::Writer))
            .collect();
        let mut stage = Stage::open(&level, target.address, &users, self.others.bytes)?;
        let (to, begun) = (
            Recipient::User(user(AWAY, Role::Reader).name),
            Instant::now(),
        );
        let (share, mut left) = (self.messages / WRITERS as u64, WRITERS);
        for at in 0..WRITERS {
            stage.fill(at, to, 64);
            stage.flush(at);
        }
        while left > 0 && !stage.broken {
            stage.turn(|stage, at, turn| {
                if turn.answered > 0 && stage.ends[at].writing.counter < share {
                    let room = share - stage.ends[at].writing.counter;
                    let unanswered = stage.ends[at].unanswered();
                    stage.fill(at, to, 64.min(unanswered + room as usize));
                }
            })?;
            left = stage
                .ends
                .iter()
                .filter(|end| end.writing.answered < share)
                .count();
        }
        match stage.broken {
            true => Err(io::Error::other(stage.round.faults.join("; "))),
            false => Ok(begun.elapsed().as_secs_f64()),
        }
    }

    /// Others write as before while the one who was away is fed.
    fn feed(&self, target: Target) -> io::Result<Outcome> {
        let mut stage = pairs::open(&self.others, &Session::default(), target)?;
        self.others.keep_going(&mut stage, self.others.warm_up)?;
        let before = self.measured(&mut stage, |_| Ok(false))?;
        let resident = target.resident_kib()?;
        let behind = Behind::start(target.address, user(AWAY, Role::Reader));
        let (begun, mut resident_most) = (Instant::now(), resident);
        let during = self.measured(&mut stage, |_| {
            resident_most = resident_most.max(target.resident_kib()?);
            Ok(behind.arrived() < self.messages / WRITERS as u64 * WRITERS as u64)
        })?;
        let seconds = begun.elapsed().as_secs_f64();
        let mut findings = behind.end();
        stage.settle(self.others.settling, pairs::all_arrived)?;
        findings.add(&stage.findings(pairs::readers));
        let p99 = [&before, &during].map(|times| times.quantile_micros(0.99));
        Ok(Outcome {
            figures: named([
                ("fed_seconds", seconds),
                ("others_p50_before_us", before.quantile_micros(0.5)),
                ("others_p50_beside_us", during.quantile_micros(0.5)),
                ("others_p99_before_us", p99[0]),
                ("others_p99_beside_us", p99[1]),
                ("others_p99_grown", p99[1] / p99[0]),
                ("resident_before_kib", resident as f64),
                ("resident_most_kib", resident_most as f64),
            ]),
            findings,
            faults: stage.round.faults,
        })
    }

    /// Times from sending to the answer, for as long as a round lasts and `more` says so.
    fn measured(
        &self,
        stage: &mut Stage<super::session::SessionSpeech>,
        mut more: impl FnMut(Duration) -> io::Result<bool>,
    ) -> io::Result<Latency> {
        stage.round.measuring = true;
        stage.round.accepted = Latency::default();
        let begun = Instant::now();
        let goes_on = |begun: Instant| begun.elapsed().as_secs_f64() < self.others.seconds;
        while (more(begun.elapsed())? || goes_on(begun)) && !stage.broken {
            self.others.keep_going(stage, 0.1)?;
        }
        stage.round.measuring = false;
        Ok(stage.round.accepted.clone())
    }
}

/// A newcomer writes to itself and waits for the answer.
fn first_answer(target: Target) -> io::Result<()> {
    let who = user(FIRST, Role::Both);
    let mut stage = Stage::open(&Session::default(), target.address, &[who], 100)?;
    stage.say(0, Recipient::User(who.name));
    stage.flush(0);
    while stage.ends[0].unanswered() > 0 && !stage.broken {
        stage.turn(|_, _, _| ())?;
    }
    Ok(())
}
