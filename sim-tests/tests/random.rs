//! Random runs, judged: many in the world of events, each twice; fewer on turmoil, with the net layer that ships. Most are
//! small, so that many different ones are run in a minute; those of the swarm reach what takes many users and much time.
//! `VERBATIM_SEEDS` names other seeds for all (`1000`, or `5000..6000`).
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "what the sweeps reached")]

use sim_tests::Substrate;
use sim_tests::plan::Profile;
use sim_tests::probes::Probe;
use sim_tests::sweep::{Scope, Tally, sweep};
use std::ops::Range;
use std::time::Instant;

const ON_EVENTS: Range<u64> = 0..1_000;
const ON_TURMOIL: Range<u64> = 0..200;
const SMALL_ON_EVENTS: Range<u64> = 0..19_000;
const SMALL_ON_TURMOIL: Range<u64> = 0..1_800;
/// Failures told in full.
const TOLD_MAX: usize = 10;

fn seeds(ordinary: Range<u64>) -> Range<u64> {
    let Ok(text) = std::env::var("VERBATIM_SEEDS") else {
        return ordinary;
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

/// Runs them, tells what was reached, and fails with the seeds that broke a guarantee.
fn keeps_every_guarantee(profile: Profile, on: Substrate, ordinary: &Range<u64>, twice: u64) {
    let scope = Scope {
        seeds: seeds(ordinary.clone()),
        until: None,
        on,
        profile,
        tick: None,
        twice,
    };
    let began = Instant::now();
    let tally = sweep(&scope, |_| ());
    let (runs, events, secs) = (tally.runs, tally.events, began.elapsed().as_secs_f64());
    println!("{profile} on {on:?}: {runs} runs, {events} events, {secs:.1} s");
    println!("reached in so many seeds, so often:");
    for (seeds, times, probe) in tally.rarest_first() {
        println!("{seeds:>7} {times:>9}  {probe:?}");
    }
    assert!(tally.failures.is_empty(), "{}", told(&tally, profile, on));
    if profile == Profile::Swarm
        && scope.seeds.end - scope.seeds.start >= ordinary.end - ordinary.start
    {
        let missed = |(seeds, _, probe): (u64, u64, Probe)| (seeds == 0).then_some(probe);
        let missed: Vec<Probe> = tally
            .rarest_first()
            .into_iter()
            .filter_map(missed)
            .collect();
        assert!(missed.is_empty(), "never reached: {missed:?}");
    }
}

fn told(tally: &Tally, profile: Profile, on: Substrate) -> String {
    let on = match on {
        Substrate::Events => "events",
        Substrate::Turmoil => "turmoil",
        Substrate::Loopback => "loopback",
    };
    let mut told = format!("{} of {} seeds failed\n", tally.failures.len(), tally.seeds);
    for failure in tally.failures.iter().take(TOLD_MAX) {
        told += &format!("seed {}:\n", failure.seed);
        for why in &failure.why {
            told += &format!("  {why}\n");
        }
        told += &format!(
            "  again: cargo run --release -p sim-tests -- replay {} --profile {profile} --on {on}\n",
            failure.seed
        );
    }
    told
}

#[test]
fn every_seed_in_the_world_of_events() {
    keeps_every_guarantee(Profile::Swarm, Substrate::Events, &ON_EVENTS, 1);
}

#[test]
fn every_seed_on_turmoil() {
    keeps_every_guarantee(Profile::Swarm, Substrate::Turmoil, &ON_TURMOIL, 20);
}

#[test]
fn every_small_seed_in_the_world_of_events() {
    keeps_every_guarantee(Profile::Small, Substrate::Events, &SMALL_ON_EVENTS, 1);
}

#[test]
fn every_small_seed_on_turmoil() {
    keeps_every_guarantee(Profile::Small, Substrate::Turmoil, &SMALL_ON_TURMOIL, 20);
}
