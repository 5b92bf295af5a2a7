//! Random runs: 200 seeds, or those that `VERBATIM_SEEDS` names (`1000`, or `5000..6000`), or the one in `VERBATIM_SEED`,
//! told in full. A twentieth of them is run twice.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "what a sweep reached, and a run that is told in full"
)]

use sim_tests::checker::{Violation, first_difference};
use sim_tests::plan::Plan;
use sim_tests::probes::{PROBES, Probe, Reached};
use sim_tests::{Outcome, run};
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const SEEDS: Range<u64> = 0..200;
const THREADS: usize = 2;
/// Every so manieth seed is run a second time.
const TWICE: u64 = 20;
const CAUGHT: &str = "panics in runs are caught";

/// One seed that went wrong.
struct Failure {
    seed: u64,
    why: String,
}

impl Failure {
    fn told(&self) -> String {
        let Failure { seed, why } = self;
        format!(
            "seed {seed}:\n{why}  again: VERBATIM_SEED={seed} cargo test -p sim-tests --test random -- --nocapture\n"
        )
    }
}

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("VERBATIM_SEEDS") else {
        return SEEDS;
    };
    let number = |text: &str| {
        let parsed = text.trim().parse();
        parsed.unwrap_or_else(|_| panic!("VERBATIM_SEEDS is {text:?}; write 1000, or 5000..6000"))
    };
    match text.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => 0..number(&text),
    }
}

fn words(violations: &[Violation]) -> String {
    let lines = violations
        .iter()
        .map(|violation| format!("  {violation}\n"));
    lines.collect()
}

/// Runs a seed, and some of them twice: they must not differ.
fn run_seed(seed: u64) -> Outcome {
    let plan = Plan::draw(seed);
    let mut outcome = run(&plan, false);
    if seed.is_multiple_of(TWICE) {
        let again = run(&plan, false);
        let differs = first_difference(&outcome.events, &again.events);
        outcome.violations.extend(differs);
    }
    outcome
}

/// A panic in a run is a failure like others.
fn attempt(seed: u64) -> Result<Outcome, Failure> {
    let ran = catch_unwind(AssertUnwindSafe(|| run_seed(seed)));
    let why = match ran {
        Ok(outcome) if outcome.violations.is_empty() => return Ok(outcome),
        Ok(outcome) => words(&outcome.violations),
        Err(_) => "  a task panicked\n".into(),
    };
    Err(Failure { seed, why })
}

/// What came of many seeds.
#[derive(Default)]
struct Sweep {
    failures: Vec<Failure>,
    /// In how many runs each state was reached, and how often in all.
    reached: BTreeMap<Probe, (u64, u64)>,
}

impl Sweep {
    fn take(&mut self, attempt: Result<Outcome, Failure>) {
        match attempt {
            Ok(outcome) => self.count(&outcome.reached),
            Err(failure) => self.failures.push(failure),
        }
    }

    fn count(&mut self, reached: &Reached) {
        for (probe, times) in reached {
            let (runs, all) = self.reached.entry(*probe).or_default();
            (*runs, *all) = (*runs + 1, *all + times);
        }
    }

    /// The states, the rarest first, each with the number of runs and of times.
    fn rarest_first(&self) -> Vec<(u64, u64, Probe)> {
        let count = |probe: &Probe| {
            let (runs, times) = self.reached.get(probe).copied().unwrap_or_default();
            (runs, times, *probe)
        };
        let mut counts: Vec<(u64, u64, Probe)> = PROBES.iter().map(count).collect();
        counts.sort_unstable();
        counts
    }
}

fn sweep(seeds: &Range<u64>) -> Sweep {
    let (next, swept) = (AtomicU64::new(seeds.start), Mutex::new(Sweep::default()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let attempted = attempt(seed);
                    swept.lock().expect(CAUGHT).take(attempted);
                }
            });
        }
    });
    let mut swept = swept.into_inner().expect(CAUGHT);
    swept.failures.sort_by_key(|failure| failure.seed);
    swept
}

/// Tells one seed in full.
fn tell(seed: u64) {
    let plan = Plan::draw(seed);
    println!("{plan}");
    let outcome = run(&plan, true);
    for event in &outcome.events {
        println!("{event}");
    }
    println!("\n{}", outcome.transcript.unwrap_or_default());
    println!("{:?} simulated", outcome.elapsed);
    assert!(
        outcome.violations.is_empty(),
        "seed {seed}:\n{}",
        words(&outcome.violations)
    );
}

#[test]
fn every_seed_keeps_every_guarantee() {
    if let Ok(seed) = std::env::var("VERBATIM_SEED") {
        return tell(seed.parse().expect("VERBATIM_SEED is a number"));
    }
    let seeds = seeds();
    let began = Instant::now();
    let swept = sweep(&seeds);
    println!(
        "{} runs in {:.1?}",
        seeds.end - seeds.start,
        began.elapsed()
    );
    let counts = swept.rarest_first();
    println!("reached in so many runs, so often:");
    for (runs, times, probe) in &counts {
        println!("{runs:>7} {times:>9}  {probe:?}");
    }
    let told: String = swept.failures.iter().map(Failure::told).collect();
    let failed = swept.failures.len();
    assert!(
        failed == 0,
        "{failed} of {} seeds failed\n{told}",
        seeds.end - seeds.start
    );
    let missed: Vec<Probe> = counts
        .iter()
        .filter(|(runs, ..)| *runs == 0)
        .map(|(.., probe)| *probe)
        .collect();
    let enough = seeds.end - seeds.start >= SEEDS.end - SEEDS.start;
    assert!(missed.is_empty() || !enough, "never reached: {missed:?}");
}
