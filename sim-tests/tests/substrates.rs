//! One plan on three substrates: what everybody saw is the same in the world of events, on turmoil, and over real TCP.
#![forbid(unsafe_code)]

use sim_tests::plan::{Plan, Profile};
use sim_tests::views::{View, views};
use sim_tests::{Options, Substrate, run};

/// Seeds that are compared on the two simulated substrates.
const SIMULATED: u64 = 100;
/// Seeds that are played over real TCP too, all at once: each takes some seconds.
const REAL: u64 = 8;

fn play(seed: u64, on: Substrate) -> Vec<View> {
    let plan = Plan::draw_from(Profile::Calm, seed);
    let outcome = run(&plan, on, Options::default());
    let told: Vec<String> = outcome.violations.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "seed {seed} on {on:?}: {told:?}");
    views(&plan, &outcome.events)
}

#[test]
fn the_simulated_ones_show_the_same() {
    for seed in 0..SIMULATED {
        let (events, turmoil) = (
            play(seed, Substrate::Events),
            play(seed, Substrate::Turmoil),
        );
        assert_eq!(events, turmoil, "seed {seed}");
        let heard: usize = events.iter().map(|view| view.heard.len()).sum();
        assert!(heard > 0, "seed {seed}: nobody heard anything");
    }
}

#[test]
fn real_tcp_shows_the_same() {
    std::thread::scope(|scope| {
        for seed in 0..REAL {
            scope.spawn(move || {
                let (events, real) = (
                    play(seed, Substrate::Events),
                    play(seed, Substrate::Loopback),
                );
                assert_eq!(events, real, "seed {seed}");
            });
        }
    });
}
