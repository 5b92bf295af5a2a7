//! The kill matrix: for each planted bug the seeds that it takes until the checker catches it, and the rule that does.

use crate::checker::Violation;
use crate::plan::{Plan, Profile};
use crate::planted::{BugId, Plant};
use crate::power;
use crate::run::{Options, Outcome, Substrate, run};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What became of a planted bug.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// Which.
    pub bug: BugId,
    /// How it was caught; `None`: it survived.
    pub caught: Option<Caught>,
    /// How many seeds were run.
    pub seeds: u64,
    /// How long that took.
    pub took: Duration,
}

/// How a planted bug was caught.
#[derive(Clone, Debug)]
pub struct Caught {
    /// By which seed.
    pub seed: u64,
    /// What it broke first.
    pub violation: Violation,
}

/// Hunts all bugs at once, each through the seeds from 0 on, at most so many. `look` sees each as it ends.
pub fn hunt_all(bugs: &[BugId], seeds_max: u64, look: impl Fn(&Hunt) + Sync) -> Vec<Hunt> {
    quietly(|| hunt_each(bugs, seeds_max, look))
}

/// Does something in which panics are looked for, so that they are not told.
pub(crate) fn quietly<T>(hunt: impl FnOnce() -> T) -> T {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = hunt();
    std::panic::set_hook(told);
    done
}

fn hunt_each(bugs: &[BugId], seeds_max: u64, look: impl Fn(&Hunt) + Sync) -> Vec<Hunt> {
    let (next, hunts) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let hunt = hunt(*bug, seeds_max);
                    look(&hunt);
                    hunts
                        .lock()
                        .unwrap_or_else(|lock| lock.into_inner())
                        .push(hunt);
                }
            });
        }
    });
    let mut hunts = hunts.into_inner().unwrap_or_else(|lock| lock.into_inner());
    let place = |hunt: &Hunt| bugs.iter().position(|bug| bug.name() == hunt.bug.name());
    hunts.sort_by_key(place);
    hunts
}

/// Runs seeds with that bug, where it is planted, until one breaks a guarantee that it keeps without the bug.
pub fn hunt(bug: BugId, seeds_max: u64) -> Hunt {
    let began = Instant::now();
    let ends = |seeds, caught| Hunt {
        bug,
        caught,
        seeds,
        took: began.elapsed(),
    };
    for seed in 0..seeds_max {
        if let Some(violation) = broken_by(bug, seed) {
            return ends(seed + 1, Some(Caught { seed, violation }));
        }
    }
    ends(seeds_max, None)
}

/// What that seed breaks with the bug, and keeps without it.
fn broken_by(bug: BugId, seed: u64) -> Option<Violation> {
    let (with, without) = match bug.planted() {
        Plant::Plans(_) => {
            let plan = Plan::draw_from(Profile::Swarm, seed);
            let with = first_broken(&plan, Some(bug))?;
            (with, first_broken(&plan, None))
        }
        Plant::Power(bug) => {
            let run = |bug| whole(|| power::run(seed, bug).err());
            (run(Some(bug))?, run(None))
        }
        Plant::Store(bug) => {
            let run = |bug| whole(|| power::store::run_seed(seed, bug).err());
            (run(Some(bug))?, run(None))
        }
    };
    without.is_none().then_some(with)
}

/// What a plan with that bug breaks first.
pub fn first_broken(plan: &Plan, bug: Option<BugId>) -> Option<Violation> {
    let options = Options {
        bug,
        ..Options::default()
    };
    whole(|| {
        let Outcome { violations, .. } = run(plan, Substrate::Events, options);
        violations.into_iter().next()
    })
}

/// What a run breaks; a panic in it breaks something too.
fn whole(run: impl FnOnce() -> Option<Violation>) -> Option<Violation> {
    let panicked = Violation {
        rule: "panic",
        at: Duration::ZERO,
        what: "a task panicked".into(),
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Some(panicked))
}
