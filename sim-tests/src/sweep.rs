//! Many runs: seed after seed on all processors, some of them twice to compare the two.

use crate::checker::first_difference;
use crate::plan::{Plan, Profile};
use crate::probes::{PROBES, Probe, Reached};
use crate::run::{Options, Substrate, run};
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Which runs.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Of these seeds, in this order.
    pub seeds: Range<u64>,
    /// No run begins after that.
    pub until: Option<Instant>,
    /// What carries them.
    pub on: Substrate,
    /// From what their plans are drawn.
    pub profile: Profile,
    /// How finely time passes, whatever the plans say.
    pub tick: Option<Duration>,
    /// Every so manieth is run twice, and both runs are to be the same; 0: none.
    pub twice: u64,
}

/// What came of many runs.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Seeds that were run.
    pub seeds: u64,
    /// Runs of them.
    pub runs: u64,
    /// What happened in all of them.
    pub events: u64,
    /// In how many seeds each rare state was reached, and how often in all.
    pub reached: BTreeMap<Probe, (u64, u64)>,
    /// Those that went wrong, by seed.
    pub failures: Vec<Failure>,
}

/// A seed that went wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Which.
    pub seed: u64,
    /// In which ways.
    pub why: Vec<String>,
}

/// Runs them all. `look` is called after each.
pub fn sweep(scope: &Scope, look: impl Fn(&Tally) + Sync) -> Tally {
    let next = AtomicU64::new(scope.seeds.start);
    let tally = Mutex::new(Tally::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|threads_scope| {
        for _ in 0..threads {
            threads_scope.spawn(|| {
                while scope.until.is_none_or(|until| Instant::now() < until) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= scope.seeds.end {
                        return;
                    }
                    let attempt = attempt(scope, seed);
                    let mut tally = lock(&tally);
                    tally.take(seed, attempt);
                    look(&tally);
                }
            });
        }
    });
    let mut tally = lock(&tally).clone();
    tally.failures.sort_by_key(|failure| failure.seed);
    tally
}

/// Nothing that is done with the tally can leave it half done.
fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(|lock| lock.into_inner())
}

/// What came of one seed.
#[derive(Default)]
struct Attempt {
    runs: u64,
    events: u64,
    reached: Reached,
    why: Vec<String>,
}

impl Tally {
    fn take(&mut self, seed: u64, attempt: Attempt) {
        let Attempt {
            runs,
            events,
            reached,
            why,
        } = attempt;
        self.seeds += 1;
        self.runs += runs;
        self.events += events;
        for (probe, times) in reached {
            let (seeds, all) = self.reached.entry(probe).or_default();
            (*seeds, *all) = (*seeds + 1, *all + times);
        }
        if !why.is_empty() {
            self.failures.push(Failure { seed, why });
        }
    }

    /// How many of the rare states were reached, and which of them in the fewest seeds.
    pub fn reached(&self) -> String {
        let counts = self.rarest_first();
        let reached = counts.iter().filter(|(seeds, ..)| *seeds > 0);
        let (count, all) = (reached.clone().count(), counts.len());
        match reached.clone().next() {
            Some((seeds, _, probe)) => {
                format!("{count} of {all} rare states reached, {probe:?} in {seeds} seeds")
            }
            None => format!("none of {all} rare states reached"),
        }
    }

    /// The rare states, the rarest first, each with the number of seeds and of times.
    pub fn rarest_first(&self) -> Vec<(u64, u64, Probe)> {
        let count = |probe: &Probe| {
            let (seeds, times) = self.reached.get(probe).copied().unwrap_or_default();
            (seeds, times, *probe)
        };
        let mut counts: Vec<(u64, u64, Probe)> = PROBES.iter().map(count).collect();
        counts.sort_unstable();
        counts
    }
}

/// Runs a seed. A panic in it is a failure like others.
fn attempt(scope: &Scope, seed: u64) -> Attempt {
    let mut plan = Plan::draw_from(scope.profile, seed);
    plan.tick = scope.tick.unwrap_or(plan.tick);
    let once = || {
        let ran = catch_unwind(AssertUnwindSafe(|| {
            run(&plan, scope.on, Options::default())
        }));
        ran.map_err(|panic| format!("panic: {}", words(&*panic)))
    };
    let mut attempt = Attempt::default();
    let outcome = match once() {
        Ok(outcome) => outcome,
        Err(panic) => {
            attempt.why.push(panic);
            return attempt;
        }
    };
    let told = outcome.violations.iter().map(ToString::to_string);
    attempt.why.extend(told);
    attempt.runs = 1;
    attempt.events = outcome.events.len() as u64;
    attempt.reached = outcome.reached;
    if scope.twice > 0 && seed.is_multiple_of(scope.twice) {
        attempt.runs = 2;
        attempt.events *= 2;
        attempt.why.extend(match once() {
            Ok(again) => {
                first_difference(&outcome.events, &again.events).map(|differs| differs.to_string())
            }
            Err(panic) => Some(panic),
        });
    }
    attempt
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
    text.unwrap_or_else(|| "without words".into())
}
