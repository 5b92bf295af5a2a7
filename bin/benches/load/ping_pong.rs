//! Two users, one message at a time: the reader answers each with one of its own. The round trip's time.

use super::contest::Scenario;
use super::relay::Wiring;
use super::report::{Outcome, named};
use super::speech::{Level, Role, Speech, user};
use super::stage::Stage;
use super::subject::Target;
use std::io;
use std::time::{Duration, Instant};
use verbatim_core::name::Recipient;

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Length of a body in bytes.
    pub bytes: usize,
    /// How long it may get going, before anything is counted.
    pub warm_up: f64,
    /// How long is measured.
    pub seconds: f64,
    /// How long what is under way may take to arrive once nothing new is written, in seconds.
    pub settling: f64,
    /// The core on which all run, if on one.
    pub core: Option<usize>,
}

impl Scenario for Plan {
    const NAME: &'static str = "ping-pong";
    const WIRING: Wiring = Wiring::Pairs;
    const RATIOS: &'static [&'static str] = &["median_us", "p99_us"];

    fn parameters(&self) -> Vec<(&'static str, f64)> {
        let pinned = f64::from(u8::from(self.core.is_some()));
        vec![
            ("bytes", self.bytes as f64),
            ("seconds", self.seconds),
            ("pinned", pinned),
        ]
    }

    fn body_bytes(&self) -> usize {
        self.bytes
    }

    fn play<L: Level>(&self, level: &L, target: Target) -> io::Result<Outcome> {
        let users = [user(0, Role::Both), user(1, Role::Both)];
        let mut stage = Stage::open(level, target.address, &users, self.bytes)?;
        let first = stage.seats[0].writes;
        stage.say(first, Recipient::User(users[1].name));
        stage.flush(first);
        Game::default().play(&mut stage, self.warm_up)?;
        let cpu_before = target.cpu_nanos()?;
        let mut game = Game::default();
        game.play(&mut stage, self.seconds)?;
        let cpu = target.cpu_nanos()?.saturating_sub(cpu_before);
        let both_arrived = |stage: &Stage<_>| {
            stage.arrived(0, 1) >= stage.taken(0) && stage.arrived(1, 0) >= stage.taken(1)
        };
        stage.settle(self.settling, both_arrived)?;
        stage.leave();
        Ok(Outcome {
            figures: game.figures(cpu),
            findings: stage.findings(|user| vec![1 - user]),
            faults: stage.round.faults,
        })
    }
}

/// The first user's round trips.
#[derive(Debug, Default)]
struct Game {
    times: Vec<u64>,
    served_at: Option<u64>,
}

impl Game {
    fn play<S: Speech>(&mut self, stage: &mut Stage<S>, seconds: f64) -> io::Result<()> {
        let (begun, time) = (Instant::now(), Duration::from_secs_f64(seconds));
        while begun.elapsed() < time && !stage.broken {
            stage.turn(|stage, at, turn| {
                if turn.delivered > 0 {
                    self.on_ball(stage, stage.ends[at].user);
                }
            })?;
        }
        Ok(())
    }

    /// The ball came to this user, who hits it back.
    fn on_ball<S: Speech>(&mut self, stage: &mut Stage<S>, user: usize) {
        if user == 0 {
            let nanos = stage.round.clock.nanos();
            if let Some(served_at) = self.served_at.replace(nanos) {
                self.times.push(nanos - served_at);
            }
        }
        let writes = stage.seats[user].writes;
        let other = stage.seats[1 - user].user.name;
        stage.say(writes, Recipient::User(other));
        stage.flush(writes);
    }

    fn figures(mut self, cpu_nanos: u64) -> Vec<(String, f64)> {
        self.times.sort_unstable();
        let trips = self.times.len() as f64;
        let quantile = |part: f64| {
            let at = (part * trips) as usize;
            self.times
                .get(at)
                .map_or(f64::NAN, |nanos| *nanos as f64 / 1000.0)
        };
        named([
            ("round_trips", trips),
            ("median_us", quantile(0.5)),
            ("p90_us", quantile(0.9)),
            ("p99_us", quantile(0.99)),
            ("cpu_us_per_round_trip", cpu_nanos as f64 / 1000.0 / trips),
        ])
    }
}
