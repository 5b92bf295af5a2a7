//! Power cuts on a simulated disk, thousands of them, and the bugs that they must catch.

use sim_tests::power::{PLANTED, Tally, run, run_with};

/// Seeds of the ordinary test: some ten thousand cuts. `VERBATIM_SEEDS` asks for more.
const SEEDS: u64 = 3_000;

fn seeds() -> u64 {
    let asked = std::env::var("VERBATIM_SEEDS");
    asked.map_or(SEEDS, |asked| {
        asked.parse().expect("VERBATIM_SEEDS is a number of seeds")
    })
}

#[test]
fn what_was_committed_survives_every_cut() {
    let (end, threads) = (seeds(), 2);
    let parts: Vec<_> = (0..threads)
        .map(|part| {
            std::thread::spawn(move || {
                let mut tally = Tally::default();
                for seed in (part..end).step_by(threads as usize) {
                    match run(seed) {
                        Ok(one) => tally.add(&one),
                        Err(why) => panic!("seed {seed}: {why}"),
                    }
                }
                tally
            })
        })
        .collect();
    let mut tally = Tally::default();
    for part in parts {
        tally.add(&part.join().expect("a seed failed, and said which"));
    }
    println!("{tally:?}");
    let reached = [
        tally.in_recovery,
        tally.durable_unsaid,
        tally.gone_unsaid,
        tally.sync_errors,
        tally.full,
        tally.forgotten,
    ];
    assert!(
        reached.iter().all(|count| *count > 0),
        "a rare state was never reached: {tally:?}"
    );
    assert!(tally.cuts >= end * 3, "{tally:?}");
}

#[test]
fn every_planted_bug_is_caught() {
    for (name, bug) in PLANTED {
        let caught = (0..200).find(|seed| run_with(*seed, Some(bug)).is_err());
        assert!(caught.is_some(), "{name} survives 200 seeds");
        println!("{name}: seed {}", caught.unwrap_or_default());
    }
}
