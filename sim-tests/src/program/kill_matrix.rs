//! Plants one bug after the other and tells how the checker catches it.

use super::say::say;
use super::{Trouble, Verdict};
use crate::matrix::{Caught, Hunt, first_broken, hunt_all, quietly};
use crate::plan::{Plan, Profile};
use crate::planted::{BugId, Plant};
use crate::shrink::{Shrunk, shrink};
use std::time::Duration;

#[derive(clap::Args)]
pub(super) struct KillMatrix {
    /// Only the bug of that name, or those whose names hold these letters.
    #[arg(value_name = "BUG")]
    which: Option<String>,
    /// A bug that as many seeds do not find has survived.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Only their names, and where each is planted.
    #[arg(long)]
    list: bool,
    /// Make the plan that caught each as small as it can be.
    #[arg(long)]
    shrink: bool,
    /// What was wrong, in the words of the rule.
    #[arg(long)]
    why: bool,
}

/// What shrinking made of the plan that caught a bug.
pub(super) struct Small {
    pub(super) events: usize,
    pub(super) took: Duration,
}

impl KillMatrix {
    pub(super) fn carry_out(&self) -> Result<Verdict, Trouble> {
        let wanted = |bug: &BugId| {
            let which = self.which.as_deref();
            which.is_none_or(|which| bug.name().contains(which))
        };
        let bugs: Vec<BugId> = BugId::every().filter(wanted).collect();
        if bugs.is_empty() {
            let which = self.which.as_deref().unwrap_or_default();
            let words = format!("{which:?}: no planted bug is called so; --list tells their names");
            return Err(Trouble::Words(words));
        }
        if self.list {
            for bug in &bugs {
                say!("{:<24} {}", bug.name(), bug.planted());
            }
            return Ok(Verdict::Kept);
        }
        let hunts = hunt_all(&bugs, self.seeds, |_| {});
        let shrinks = |hunt: &Hunt| self.shrink.then(|| small(hunt)).flatten();
        let smalls: Vec<Option<Small>> = hunts.iter().map(shrinks).collect();
        for (hunt, small) in hunts.iter().zip(&smalls) {
            self.tell(hunt, small.as_ref())?;
        }
        say!("\n{}", caught(&hunts));
        let smalls: Vec<Small> = smalls.into_iter().flatten().collect();
        if !smalls.is_empty() {
            say!("{}", shrunk(&smalls));
        }
        let survived = hunts.iter().any(|hunt| hunt.caught.is_none());
        Ok(match survived {
            true => Verdict::Broken,
            false => Verdict::Kept,
        })
    }

    fn tell(&self, hunt: &Hunt, small: Option<&Small>) -> Result<(), Trouble> {
        let (name, seeds) = (hunt.bug.name(), hunt.seeds);
        let secs = hunt.took.as_secs_f64();
        let rule = hunt
            .caught
            .as_ref()
            .map_or("SURVIVED", |it| it.violation.rule);
        let place = hunt.bug.planted();
        let small = small.map_or(String::new(), |Small { events, took }| {
            format!(" {events:>3} events in {:>5.2} s", took.as_secs_f64())
        });
        say!("{name:<24} {place:<5} {seeds:>5} seeds {secs:>7.3} s  {rule:<24}{small}");
        if let Some(Caught { violation, .. }) = hunt.caught.as_ref().filter(|_| self.why) {
            say!("    {violation}");
        }
        Ok(())
    }
}

/// Makes the plan that caught a bug small. One that is not hunted with plans has none.
pub(super) fn small(hunt: &Hunt) -> Option<Small> {
    if !matches!(hunt.bug.planted(), Plant::Plans(_)) {
        return None;
    }
    let Caught { seed, violation } = hunt.caught.as_ref()?;
    let plan = Plan::draw_from(Profile::Swarm, *seed);
    let again = |plan: &Plan| {
        let broken = first_broken(plan, Some(hunt.bug));
        broken.is_some_and(|broken| broken.rule == violation.rule)
    };
    let shrunk = || shrink(&plan, Duration::from_secs(10), again);
    let Shrunk { plan, took, .. } = quietly(shrunk);
    let events = plan.steps.len();
    Some(Small { events, took })
}

/// How many were caught, and how soon.
pub(super) fn caught(hunts: &[Hunt]) -> String {
    let caught = hunts.iter().filter(|hunt| hunt.caught.is_some()).count();
    let mut times: Vec<Duration> = hunts.iter().map(|hunt| hunt.took).collect();
    times.sort();
    let (median, high) = (quantile(&times, 50), quantile(&times, 95));
    format!(
        "{caught} of {} caught; median {:.3} s, 95 % {:.3} s",
        hunts.len(),
        median.as_secs_f64(),
        high.as_secs_f64()
    )
}

/// How small plans became, and how soon.
pub(super) fn shrunk(smalls: &[Small]) -> String {
    let few = smalls.iter().filter(|small| small.events <= 12).count();
    let soon = |small: &&Small| small.took < Duration::from_secs(2);
    let soon = smalls.iter().filter(soon).count();
    format!(
        "of {} plans {few} shrank to 12 events or fewer, {soon} in under 2 s",
        smalls.len()
    )
}

/// The value below which so many of a hundred are, of sorted ones.
fn quantile(times: &[Duration], percent: usize) -> Duration {
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}
