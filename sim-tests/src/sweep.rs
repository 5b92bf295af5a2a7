//! Many runs: seed after seed on all processors, each run twice and compared.

use crate::plan::{Plan, Profile};
use crate::run::{Options, Outcome, Substrate, run};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

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
    /// Each is run twice, and both runs are to be the same.
    pub twice: bool,
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
                    let (events, runs, why) = attempt(scope, seed);
                    let mut tally = lock(&tally);
                    tally.seeds += 1;
                    tally.runs += runs;
                    tally.events += events;
                    if !why.is_empty() {
                        tally.failures.push(Failure { seed, why });
                    }
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

/// Runs a seed, a panic in it is a failure like others.
fn attempt(scope: &Scope, seed: u64) -> (u64, u64, Vec<String>) {
    let plan = Plan::draw_from(scope.profile, seed);
    let once = || {
        let ran = catch_unwind(AssertUnwindSafe(|| {
            run(&plan, scope.on, Options::default())
        }));
        ran.map_err(|panic| format!("panic: {}", words(&*panic)))
    };
    let outcome = match once() {
        Ok(outcome) => outcome,
        Err(panic) => return (0, 1, vec![panic]),
    };
    let mut why: Vec<String> = outcome.violations.iter().map(ToString::to_string).collect();
    if !scope.twice {
        return (outcome.events.len() as u64, 1, why);
    }
    match once() {
        Ok(again) => why.extend(difference(&outcome, &again)),
        Err(panic) => why.push(panic),
    }
    (2 * outcome.events.len() as u64, 2, why)
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
    text.unwrap_or_else(|| "without words".into())
}

/// The first event in which two runs of one plan differ (guarantee G14).
pub fn difference(one: &Outcome, other: &Outcome) -> Option<String> {
    let pairs = one.events.iter().zip(&other.events);
    if let Some((at, (first, second))) = pairs.enumerate().find(|(_, (a, b))| a != b) {
        return Some(format!(
            "G14 Reproducible: event {at} is once {first}, and once {second}"
        ));
    }
    (one.events.len() != other.events.len()).then(|| {
        let (one, other) = (one.events.len(), other.events.len());
        format!("G14 Reproducible: once {one} events, and once {other}")
    })
}
