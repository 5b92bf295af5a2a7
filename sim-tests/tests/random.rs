//! Random runs, judged: many in the world of events, each twice; fewer on turmoil, with the net layer that ships.
//! `VERBATIM_SEEDS` names other seeds for both (`1000`, or `5000..6000`).
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "what the sweeps reached")]

use sim_tests::Substrate;
use sim_tests::plan::Profile;
use sim_tests::probes::Probe;
use sim_tests::sweep::{Scope, Tally, sweep};
use std::ops::Range;

const ON_EVENTS: Range<u64> = 0..1_000;
const ON_TURMOIL: Range<u64> = 0..200;
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
fn keeps_every_guarantee(on: Substrate, ordinary: &Range<u64>, twice: u64) {
    let scope = Scope {
        seeds: seeds(ordinary.clone()),
        until: None,
        on,
        profile: Profile::Swarm,
        twice,
    };
    let tally = sweep(&scope, |_| ());
    println!("{} runs, {} events", tally.runs, tally.events);
    println!("reached in so many seeds, so often:");
    for (seeds, times, probe) in tally.rarest_first() {
        println!("{seeds:>7} {times:>9}  {probe:?}");
    }
    assert!(tally.failures.is_empty(), "{}", told(&tally, on));
    if scope.seeds.end - scope.seeds.start >= ordinary.end - ordinary.start {
        let missed = |(seeds, _, probe): (u64, u64, Probe)| (seeds == 0).then_some(probe);
        let missed: Vec<Probe> = tally
            .rarest_first()
            .into_iter()
            .filter_map(missed)
            .collect();
        assert!(missed.is_empty(), "never reached: {missed:?}");
    }
}

fn told(tally: &Tally, on: Substrate) -> String {
    let on = match on {
        Substrate::Events => "events",
        Substrate::Turmoil => "turmoil",
    };
    let mut told = format!("{} of {} seeds failed\n", tally.failures.len(), tally.seeds);
    for failure in tally.failures.iter().take(TOLD_MAX) {
        told += &format!("seed {}:\n", failure.seed);
        for why in &failure.why {
            told += &format!("  {why}\n");
        }
        told += &format!(
            "  again: cargo run --release -p sim-tests -- replay {} --on {on}\n",
            failure.seed
        );
    }
    told
}

#[test]
fn every_seed_in_the_world_of_events() {
    keeps_every_guarantee(Substrate::Events, &ON_EVENTS, 1);
}

#[test]
fn every_seed_on_turmoil() {
    keeps_every_guarantee(Substrate::Turmoil, &ON_TURMOIL, 20);
}
