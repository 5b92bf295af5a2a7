//! Random runs on turmoil: 200 seeds, each run twice; or, once each, those that `VERBATIM_SEEDS` names (`1000`, or
//! `5000..6000`); or the one in `VERBATIM_SEED`, told in full. `VERBATIM_ON=events` runs them in the world of events.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use sim_tests::plan::{Plan, Profile};
use sim_tests::probes::Probe;
use sim_tests::sweep::{Failure, Scope, Tally, sweep};
use sim_tests::{Options, Substrate, run};
use std::ops::Range;
use std::time::Instant;

const SEEDS: Range<u64> = 0..200;

fn substrate() -> Substrate {
    match std::env::var("VERBATIM_ON").as_deref() {
        Ok("events") => Substrate::Events,
        _ => Substrate::Turmoil,
    }
}

fn scope() -> Scope {
    let named = std::env::var("VERBATIM_SEEDS").ok();
    Scope {
        seeds: named.as_deref().map_or(SEEDS, seeds),
        until: None,
        on: substrate(),
        profile: Profile::Swarm,
        twice: named.is_none(),
    }
}

fn seeds(text: &str) -> Range<u64> {
    let number = |text: &str| {
        let parsed = text.trim().parse();
        parsed.unwrap_or_else(|_| panic!("VERBATIM_SEEDS is {text:?}; write 1000, or 5000..6000"))
    };
    match text.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => 0..number(text),
    }
}

/// Tells one seed in full.
fn tell(seed: u64) {
    let plan = Plan::draw(seed);
    println!("{plan}");
    let outcome = run(&plan, substrate(), Options { transcript: true });
    for event in &outcome.events {
        println!("{event}");
    }
    println!("\n{}", outcome.transcript.unwrap_or_default());
    println!("{:?} simulated", outcome.elapsed);
    let why: Vec<String> = outcome.violations.iter().map(ToString::to_string).collect();
    assert!(why.is_empty(), "{}", told(&Failure { seed, why }));
}

/// What a seed broke, and the command that repeats it.
fn told(Failure { seed, why }: &Failure) -> String {
    let on = match substrate() {
        Substrate::Events => "VERBATIM_ON=events ",
        Substrate::Turmoil => "",
    };
    let why = why.join("\n  ");
    format!(
        "seed {seed}:\n  {why}\n  again: {on}VERBATIM_SEED={seed} cargo test -p sim-tests --test random -- --nocapture\n"
    )
}

fn print_reached(tally: &Tally) {
    println!("rare states, in so many runs, so often:");
    for (runs, times, probe) in tally.rarest_first() {
        println!("{runs:>7} {times:>9}  {probe:?}");
    }
}

/// What a sweep should have come through and has not. Few runs need not come through everything.
fn missed(tally: &Tally) -> Vec<Probe> {
    let never = tally
        .rarest_first()
        .into_iter()
        .filter(|(runs, ..)| *runs == 0);
    let missed = never.map(|(.., probe)| probe);
    missed.filter(|_| tally.seeds >= SEEDS.end).collect()
}

#[test]
fn every_seed_keeps_every_guarantee() {
    if let Ok(seed) = std::env::var("VERBATIM_SEED") {
        return tell(seed.parse().expect("VERBATIM_SEED is a number"));
    }
    let began = Instant::now();
    let tally = sweep(&scope(), |_| {});
    println!("{} runs in {:.1?}", tally.runs, began.elapsed());
    print_reached(&tally);
    let failures: String = tally.failures.iter().map(told).collect();
    let (failed, seeds) = (tally.failures.len(), tally.seeds);
    assert!(failed == 0, "{failed} of {seeds} seeds failed\n{failures}");
    let missed = missed(&tally);
    assert!(missed.is_empty(), "never reached: {missed:?}");
}
