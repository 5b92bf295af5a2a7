//! The kill matrix: every planted bug is caught, and the table of what catches it is approved as the stories are.
//!
//! The table has no times: `cargo run --release -p sim-tests -- kill-matrix` tells them.
#![forbid(unsafe_code)]

use sim_tests::matrix::{Hunt, hunt_all};
use sim_tests::planted::BugId;
use std::fmt::Write;

/// A bug that so many seeds do not find has survived.
const SEEDS_MAX: u64 = 300;
/// So many bugs at least are to be planted.
const BUGS_MIN: usize = 30;

#[test]
fn every_planted_bug_is_caught() {
    let bugs: Vec<BugId> = BugId::every().collect();
    assert!(bugs.len() >= BUGS_MIN, "{} bugs are planted", bugs.len());
    let hunts = hunt_all(&bugs, SEEDS_MAX, |_| ());
    let survived = hunts.iter().filter(|hunt| hunt.caught.is_none());
    let survived: Vec<&str> = survived.map(|hunt| hunt.bug.name()).collect();
    assert!(
        survived.is_empty(),
        "{survived:?} survived {SEEDS_MAX} seeds: the generator or the checker needs work"
    );
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(verbatim_snapshots::FOLDER);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(
        "Bugs planted on purpose: where each is planted, how many seeds it takes to catch it, by which guarantee, and what it imitates.",
    );
    settings.bind(|| insta::assert_snapshot!("kill_matrix", table(&hunts)));
}

fn table(hunts: &[Hunt]) -> String {
    let mut table = String::new();
    for hunt in hunts {
        let rule = hunt.caught.as_ref().map_or("", |it| it.violation.rule);
        let (name, seeds, imitates) = (hunt.bug.name(), hunt.seeds, hunt.bug.imitates());
        // Writing to a String cannot fail.
        let place = hunt.bug.planted();
        let _ = writeln!(
            table,
            "{name:<24} {place}  {seeds:>4}  {rule:<24} {imitates}"
        );
    }
    table
}
