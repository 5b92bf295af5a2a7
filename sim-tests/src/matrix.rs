//! The kill matrix: for each planted bug the seeds that it takes until the checker catches it, and the rule that does.

use crate::checker::Violation;
use crate::plan::{Plan, Profile};
use crate::planted::BugId;
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

/// Runs seeds with that bug until one breaks a guarantee that it keeps without the bug.
pub fn hunt(bug: BugId, seeds_max: u64) -> Hunt {
    let began = Instant::now();
    let ends = |seeds, caught| Hunt {
        bug,
        caught,
        seeds,
        took: began.elapsed(),
    };
    for seed in 0..seeds_max {
        let plan = Plan::draw_from(Profile::Swarm, seed);
        if let Some(violation) = first_broken(&plan, Some(bug))
            && first_broken(&plan, None).is_none()
        {
            return ends(seed + 1, Some(Caught { seed, violation }));
        }
    }
    ends(seeds_max, None)
}

/// What a plan with that bug breaks first.
pub fn first_broken(plan: &Plan, bug: Option<BugId>) -> Option<Violation> {
    let options = Options {
        bug,
        ..Options::default()
    };
    let ran = catch_unwind(AssertUnwindSafe(|| run(plan, Substrate::Events, options)));
    match ran {
        Ok(Outcome { violations, .. }) => violations.into_iter().next(),
        Err(_) => Some(Violation {
            rule: "panic",
            at: Duration::ZERO,
            what: "a task panicked".into(),
        }),
    }
}
