//! Two users, one message at a time: the reader answers each with one of its own. The round trip's time.

use crate::report::Outcome;
use crate::speech::{Level, Role, Speech, user};
use crate::stage::Stage;
use crate::subject::Subject;
use std::io;
use std::time::{Duration, Instant};
use verbatim_core::name::Recipient;

/// Time to get going, before anything is counted.
const WARM_UP: Duration = Duration::from_millis(500);

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Length of a body in bytes.
    pub bytes: usize,
    /// How long is measured.
    pub seconds: f64,
}

/// Measures one side for one round.
///
/// # Errors
/// What the system says, or that the server did not take the users.
pub fn run<L: Level>(level: &L, subject: &Subject, plan: &Plan) -> io::Result<Outcome> {
    let users = [user(0, Role::Both), user(1, Role::Both)];
    let mut stage = Stage::open(level, subject.address, &users, plan.bytes)?;
    let first = stage.seats[0].writes;
    stage.say(first, Recipient::User(users[1].name));
    stage.flush(first);
    let mut game = Game::default();
    game.play(&mut stage, WARM_UP)?;
    let cpu_before = subject.cpu_nanos()?;
    game.trips = 0;
    game.times.clear();
    game.play(&mut stage, Duration::from_secs_f64(plan.seconds))?;
    let cpu = subject.cpu_nanos()? - cpu_before;
    let both_arrived = |stage: &Stage<_>| {
        stage.arrived(0, 1) >= stage.taken(0) && stage.arrived(1, 0) >= stage.taken(1)
    };
    stage.settle(both_arrived)?;
    stage.leave();
    Ok(Outcome {
        figures: game.figures(cpu),
        findings: stage.findings(|user| vec![1 - user]),
        faults: stage.round.faults,
    })
}

/// The first user's round trips.
#[derive(Debug, Default)]
struct Game {
    trips: u64,
    times: Vec<u64>,
    served_at: Option<u64>,
}

impl Game {
    fn play<S: Speech>(&mut self, stage: &mut Stage<S>, time: Duration) -> io::Result<()> {
        let begun = Instant::now();
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
                self.trips += 1;
            }
        }
        let writes = stage.seats[user].writes;
        let other = stage.seats[1 - user].user.name;
        stage.say(writes, Recipient::User(other));
        stage.flush(writes);
    }

    fn figures(mut self, cpu_nanos: u64) -> Vec<(String, f64)> {
        self.times.sort_unstable();
        let quantile = |part: f64| {
            let at = (part * self.times.len() as f64) as usize;
            self.times
                .get(at)
                .map_or(f64::NAN, |nanos| *nanos as f64 / 1000.0)
        };
        let named = [
            ("round_trips", self.trips as f64),
            ("median_us", quantile(0.5)),
            ("p90_us", quantile(0.9)),
            ("p99_us", quantile(0.99)),
            (
                "cpu_us_per_round_trip",
                cpu_nanos as f64 / 1000.0 / self.trips as f64,
            ),
        ];
        named.map(|(name, value)| (name.to_owned(), value)).into()
    }
}
