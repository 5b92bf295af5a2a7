//! Power cuts on a simulated disk, thousands of them. The bugs that they catch are in the kill matrix.
#![forbid(unsafe_code)]

use sim_tests::power::{ORDINARY_SEEDS, sweep};
use std::time::Instant;

/// `VERBATIM_SEEDS` asks for more.
fn seeds() -> u64 {
    let asked = std::env::var("VERBATIM_SEEDS");
    asked.map_or(ORDINARY_SEEDS, |asked| {
        asked.parse().expect("VERBATIM_SEEDS is a number of seeds")
    })
}

#[test]
fn what_was_committed_survives_every_cut() {
    let (seeds, began) = (seeds(), Instant::now());
    let swept = sweep(0..seeds, None);
    let (tally, secs) = (swept.tally, began.elapsed().as_secs_f64());
    println!(
        "{tally:?}\n{:.0} recoveries a second",
        tally.cuts as f64 / secs
    );
    assert!(swept.broken.is_empty(), "{:?}", swept.broken);
    let reached = [
        tally.in_recovery,
        tally.durable_unsaid,
        tally.gone_unsaid,
        tally.sync_errors,
        tally.full,
        tally.forgotten,
        tally.emptied,
        tally.unsynced,
        tally.torn,
        tally.tails,
    ];
    assert!(
        reached.iter().all(|count| *count > 0),
        "a rare state was never reached: {tally:?}"
    );
    assert!(tally.cuts >= seeds * 10 / 3, "{tally:?}");
}
