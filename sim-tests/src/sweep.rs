//! Many runs: seed after seed on all processors, each run twice and compared.

use crate::plan::{Plan, Profile};
use crate::probes::{PROBES, Probe, Reached};
use crate::run::{Options, Outcome, Substrate, run};
use std::collections::BTreeMap;
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
    /// In how many runs each rare state was reached, and how often in all; the second run of a seed does not count.
    pub reached: BTreeMap<Probe, (u64, u64)>,
}

impl Tally {
    /// All rare states, the rarest first: in how many runs, how often, which.
    pub fn rarest_first(&self) -> Vec<(u64, u64, Probe)> {
        let count = |probe: &Probe| {
            let (runs, times) = self.reached.get(probe).copied().unwrap_or_default();
            (runs, times, *probe)
        };
        let mut counts: Vec<(u64, u64, Probe)> = PROBES.iter().map(count).collect();
        counts.sort_unstable();
        counts
    }

    fn add(&mut self, seed: u64, attempt: Attempt) {
        let Attempt {
            events,
            runs,
            reached,
            why,
        } = attempt;
        self.seeds += 1;
        self.runs += runs;
        self.events += events;
        for (probe, times) in reached {
            let (runs, all) = self.reached.entry(probe).or_default();
            (*runs, *all) = (*runs + 1, *all + times);
        }
        if !why.is_empty() {
            self.failures.push(Failure { seed, why });
        }
    }
}

/// What came of one seed.
#[derive(Default)]
struct Attempt {
    events: u64,
    runs: u64,
    reached: Reached,
    why: Vec<String>,
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
                    tally.add(seed, attempt);
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
fn attempt(scope: &Scope, seed: u64) -> Attempt {
    let plan = Plan::draw_from(scope.profile, seed);
    let once = || {
        let ran = catch_unwind(AssertUnwindSafe(|| {
            run(&plan, scope.on, Options::default())
        }));
        ran.map_err(|panic| format!("panic: {}", words(&*panic)))
    };
    let outcome = match once() {
        Ok(outcome) => outcome,
        Err(panic) => {
            return Attempt {
                runs: 1,
                why: vec![panic],
                ..Attempt::default()
            };
        }
    };
    let mut why: Vec<String> = outcome.violations.iter().map(ToString::to_string).collect();
    if scope.twice {
        match once() {
            Ok(again) => why.extend(difference(&outcome, &again)),
            Err(panic) => why.push(panic),
        }
    }
    let runs = 1 + u64::from(scope.twice);
    Attempt {
        events: runs * outcome.events.len() as u64,
        runs,
        reached: outcome.reached,
        why,
    }
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
