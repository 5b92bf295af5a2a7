//! Random runs: 200 seeds, or those that `VERBATIM_SEEDS` names (`1000`, or `5000..6000`), or the one in `VERBATIM_SEED`,
//! told in full.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use sim_tests::checker::Violation;
use sim_tests::plan::Plan;
use sim_tests::{Options, Outcome, Substrate, run};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const SEEDS: Range<u64> = 0..200;
const THREADS: usize = 2;

/// One seed that went wrong.
struct Failure {
    seed: u64,
    why: String,
}

fn substrate() -> Substrate {
    match std::env::var("VERBATIM_ON").as_deref() {
        Ok("events") => Substrate::Events,
        _ => Substrate::Turmoil,
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

/// Runs a seed; a panic in it is a failure like others.
fn attempt(seed: u64) -> Result<Outcome, Failure> {
    let ran = catch_unwind(AssertUnwindSafe(|| {
        run(&Plan::draw(seed), substrate(), Options::default())
    }));
    let why = match ran {
        Ok(outcome) if outcome.violations.is_empty() => return Ok(outcome),
        Ok(outcome) => words(&outcome.violations),
        Err(_) => "  a task panicked\n".into(),
    };
    Err(Failure { seed, why })
}

fn sweep(seeds: &Range<u64>) -> Vec<Failure> {
    let (next, failures) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    if let Err(failure) = attempt(seed) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.sort_by_key(|failure| failure.seed);
    failures
}

/// Tells one seed in full.
fn tell(seed: u64) {
    let plan = Plan::draw(seed);
    println!("{plan}");
    let outcome = run(
        &plan,
        substrate(),
        Options {
            transcript: true,
            ..Options::default()
        },
    );
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
    let failures = sweep(&seeds);
    let told: String = failures
        .iter()
        .map(|Failure { seed, why }| {
            format!("seed {seed}:\n{why}  again: VERBATIM_SEED={seed} cargo test -p sim-tests --test random -- --nocapture\n")
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} seeds failed\n{told}",
        failures.len(),
        seeds.end - seeds.start
    );
}
