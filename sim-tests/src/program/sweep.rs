//! Runs one seed after the other, on all processors, and judges each run.

use super::progress::Progress;
use super::say::say;
use super::which::loopback_is_calm;
use super::{On, Trouble, Verdict};
use crate::plan::{Profile, TICK_MAX};
use crate::sweep::{Failure, Scope, Tally, sweep};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Failures told in full.
const TOLD_MAX: usize = 20;

#[derive(clap::Args)]
pub(super) struct Sweep {
    /// For how long.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
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
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=TICK_MAX))]
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
        self.tell(&tally, began.elapsed())?;
        Ok(match tally.failures.is_empty() {
            true => Verdict::Kept,
            false => Verdict::Broken,
        })
    }

    fn scope(&self) -> Result<Scope, Trouble> {
        if self.tick.is_some() && !matches!(self.on, On::Turmoil) {
            let words = "--tick: time passes in ticks on turmoil only; add --on turmoil";
            return Err(Trouble::Words(words.into()));
        }
        loopback_is_calm(self.on, self.profile == Profile::Calm)?;
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

    fn tell(&self, tally: &Tally, took: Duration) -> Result<(), Trouble> {
        for Failure { seed, why } in tally.failures.iter().take(TOLD_MAX) {
            say!("seed {seed}");
            for why in why {
                say!("  {why}");
            }
            say!("  again: {}", self.again(*seed));
        }
        if tally.failures.len() > TOLD_MAX {
            say!("and {} seeds more", tally.failures.len() - TOLD_MAX);
        }
        say!("{}", words(tally, took));
        say!("{}", tally.reached());
        Ok(())
    }

    /// The command that runs a seed again.
    fn again(&self, seed: u64) -> String {
        let mut command = format!("cargo run --release -p sim-tests -- replay {seed}");
        command += self.on.option();
        if self.profile != Profile::Swarm {
            command += &format!(" --profile {}", self.profile);
        }
        if let Some(tick) = self.tick {
            command += &format!(" --tick {tick}");
        }
        command
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

/// Which seeds somebody means.
pub(super) fn read_seeds(text: &str) -> Result<Range<u64>, Trouble> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let range = match text.split_once("..") {
        Some((first, end)) => number(first).zip(number(end)),
        None => number(text).map(|end| (0, end)),
    };
    let range = range.map(|(first, end)| first..end);
    range.filter(|range| !range.is_empty()).ok_or_else(|| {
        let words = "write a number of seeds, such as 1000, or a range with the end behind it, such as 5000..6000";
        Trouble::Words(format!("--seeds {text}: {words}"))
    })
}
