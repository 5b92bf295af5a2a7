//! Runs one seed after the other, on all processors, and judges each run.

use super::progress::Progress;
use super::{On, Trouble, Verdict};
use crate::plan::Profile;
use crate::sweep::{Failure, Scope, Tally, sweep};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Failures told in full.
const TOLD_MAX: usize = 20;

#[derive(clap::Args)]
pub(super) struct Sweep {
    /// For how long.
    #[arg(long, default_value_t = 60)]
    secs: u64,
    /// Which seeds instead: `1000`, or `5000..6000`.
    #[arg(long, conflicts_with = "secs")]
    seeds: Option<String>,
    /// What carries the runs.
    #[arg(long, value_enum, default_value_t = On::Events)]
    on: On,
    /// From what kind of runs the seeds draw.
    #[arg(long, value_enum, default_value_t = Profile::Swarm)]
    profile: Profile,
    /// Each run once only, and not twice to compare the two.
    #[arg(long)]
    once: bool,
    /// How finely time passes on turmoil, in milliseconds, whatever the plans say.
    #[arg(long, value_name = "MS")]
    tick: Option<u64>,
}

impl Sweep {
    pub(super) fn carry_out(&self) -> Result<Verdict, Trouble> {
        let began = Instant::now();
        let scope = self.scope()?;
        let (of, unit) = match (&scope.seeds, scope.until) {
            (seeds, None) => (seeds.end - seeds.start, "runs"),
            (_, Some(_)) => (self.secs * 1_000, "ms"),
        };
        let progress = Progress::new(of, unit);
        let tally = sweep(&scope, |tally| {
            let done = match scope.until {
                None => tally.seeds,
                Some(_) => u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            };
            progress.at(done, || words(tally, began.elapsed()));
        });
        progress.end();
        self.tell(&tally, began.elapsed());
        Ok(match tally.failures.is_empty() {
            true => Verdict::Kept,
            false => Verdict::Broken,
        })
    }

    fn scope(&self) -> Result<Scope, Trouble> {
        let seeds = match &self.seeds {
            None => 0..u64::MAX,
            Some(text) => read_seeds(text)?,
        };
        let until = self
            .seeds
            .is_none()
            .then(|| Instant::now() + Duration::from_secs(self.secs));
        Ok(Scope {
            seeds,
            until,
            on: self.on.into(),
            profile: self.profile,
            tick: self.tick.map(Duration::from_millis),
            twice: u64::from(!self.once),
        })
    }

    fn tell(&self, tally: &Tally, took: Duration) {
        for Failure { seed, why } in tally.failures.iter().take(TOLD_MAX) {
            println!("seed {seed}");
            why.iter().for_each(|why| println!("  {why}"));
            println!("  again: {}", again(*seed, self.on, self.profile));
        }
        if tally.failures.len() > TOLD_MAX {
            println!("and {} seeds more", tally.failures.len() - TOLD_MAX);
        }
        println!("{}", words(tally, took));
        println!("{}", tally.reached());
    }
}

fn words(tally: &Tally, took: Duration) -> String {
    let Tally {
        seeds,
        runs,
        events,
        failures,
        ..
    } = tally;
    let rate = *runs as f64 / took.as_secs_f64();
    format!(
        "{seeds} seeds, {runs} runs ({rate:.0} a second), {events} events, {} failed",
        failures.len()
    )
}

/// The command that runs a seed again.
fn again(seed: u64, on: On, profile: Profile) -> String {
    let mut command = format!("cargo run --release -p sim-tests -- replay {seed}");
    if let On::Turmoil = on {
        command += " --on turmoil";
    }
    if profile != Profile::Swarm {
        command += &format!(" --profile {profile}");
    }
    command
}

/// Which seeds somebody means.
pub(super) fn read_seeds(text: &str) -> Result<Range<u64>, Trouble> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let range = match text.split_once("..") {
        Some((first, end)) => number(first).zip(number(end)),
        None => number(text).map(|end| (0, end)),
    };
    let trouble = || {
        format!(
            "--seeds {text}: write a number of seeds, such as 1000, or a range, such as 5000..6000"
        )
    };
    range.map(|(first, end)| first..end).ok_or_else(trouble)
}
