//! Bits of a log that a disk gives back flipped: refused as damaged, or everything that is read is right.

use sim_tests::power::{Flips, flip};

/// Seeds of the ordinary test, a dozen bits each. `VERBATIM_SEEDS` asks for more.
const SEEDS: u64 = 200;

#[test]
fn a_flipped_bit_is_found_or_changes_nothing() {
    let asked = std::env::var("VERBATIM_SEEDS").ok();
    let seeds = asked.map_or(SEEDS, |asked| asked.parse().expect("a number of seeds"));
    let (mut flips, mut wrong) = (Flips::default(), Vec::new());
    for seed in 0..seeds {
        match flip(seed) {
            Ok(one) => flips.add(&one),
            Err(why) => wrong.push(format!("seed {seed}: {why}")),
        }
    }
    println!("{flips:?}");
    assert!(
        wrong.is_empty(),
        "{} seeds: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
    let reached = [flips.refused, flips.found, flips.bodies];
    assert!(reached.iter().all(|count| *count > 0), "{flips:?}");
}
