//! Each rule of the checker is seen to fail: one event of a run that is in order is forged, and just that rule says so.
#![forbid(unsafe_code)]

mod clients;
mod forge;
mod lines;
mod server;

use forge::{Events, alter};
use sim_tests::checker::{Violation, first_difference, judge};
use sim_tests::history::{ServerNews, What};
use sim_tests::plan::Plan;
use sim_tests::{Options, Substrate, run};

/// Runs of these seeds have an event for each forgery.
const SEEDS: u64 = 100;

/// Forges one event of a run; `None` if the run has none that is fit for it.
type Forgery = fn(&mut Events) -> Option<()>;

const FORGERIES: &[(&str, Forgery)] = &[
    ("G1 Durable", lines::accepted_with_another_number),
    ("G1 Durable", server::tells_before_the_commit),
    ("G2 No duplicates", server::appends_again),
    ("G2 No duplicates", clients::repeated_with_another_answer),
    ("G3 Sender order", server::appends_an_older_line),
    ("G4 One order", clients::writes_another_number),
    ("G4 One order", clients::writes_another_text),
    ("G4 One order", clients::misses_a_number),
    ("G4 One order", clients::hears_a_text_twice),
    ("G4 One order", server::hands_out_twice),
    ("G5 Exactly once, stored", server::hands_out_what_is_handled),
    ("G5 Exactly once, stored", clients::stores_again),
    ("G5 Exactly once, stored", clients::repeats_unmarked),
    ("G6 No silent loss", clients::does_not_write),
    ("G6 No silent loss", clients::is_not_told_its_loss),
    ("G6 No silent loss", clients::is_told_a_loss_that_was_none),
    ("G7 Isolation", server::sends_beyond_the_window),
    ("G8 Fencing", server::takes_an_older_counter),
    ("G8 Fencing", server::leaves_the_older_open),
    ("G8 Fencing", server::hears_a_closed_connection),
    ("G8 Fencing", clients::comes_back_by_itself),
    ("G8 Fencing", clients::is_replaced_by_nobody),
    ("G9 Identity", clients::writes_another_sender),
    ("G9 Identity", clients::is_told_a_secret),
    ("G10 Time", server::stamps_without_the_clock),
    ("G11 Bounded", server::is_over_a_limit),
    ("G12 Answered", lines::sent_twice),
    ("G12 Answered", lines::refused_and_in_the_log),
    ("G12 Answered", lines::unknown_without_a_reason),
    ("G13 Liveness", lines::never_delivered),
    ("G13 Liveness", server::gives_up_who_speaks),
    ("G13 Liveness", server::keeps_who_is_silent),
    ("History", clients::reads_another_text),
    ("History", clients::reads_what_is_not_its_own),
    ("History", clients::reads_all_but_one),
    ("History", clients::is_not_told_what_is_before),
    ("History", clients::reads_what_it_did_not_ask),
    ("The session level", clients::hears_garbage),
    ("The session level", server::takes_a_receipt_back),
    ("The classic level", clients::cannot_read),
];

#[test]
fn each_rule_sees_its_forgeries_and_no_other_does() {
    let runs: Vec<(Plan, Events)> = (0..SEEDS).filter_map(in_order).collect();
    for (row, (rule, forge)) in FORGERIES.iter().enumerate() {
        let forged = runs.iter().find_map(|(plan, events)| {
            let mut events = events.clone();
            forge(&mut events).map(|()| judge(plan, &events))
        });
        let violations =
            forged.unwrap_or_else(|| panic!("row {row}, {rule}: no run is fit for it"));
        let broken = names(&violations, rule);
        assert_eq!(broken, [*rule], "row {row}: {violations:#?}");
    }
}

#[test]
fn runs_that_differ_are_told_apart_at_the_first_event() {
    let events = || run(&Plan::draw(1), Substrate::Turmoil, Options::default()).events;
    let (first, mut second) = (events(), events());
    assert_eq!(first_difference(&first, &second), None);
    let forged = alter(&mut second, |what| match what {
        What::Server(ServerNews::Bytes(digest)) => {
            *digest += 1;
            Some(())
        }
        _ => None,
    });
    let found = first_difference(&first, &second).filter(|_| forged.is_some());
    assert_eq!(found.map(|found| found.rule), Some("G14 Reproducible"));
}

/// A run with which nothing is wrong, and in which nothing is under way at the end.
fn in_order(seed: u64) -> Option<(Plan, Events)> {
    let plan = Plan::draw(seed);
    let events = run(&plan, Substrate::Turmoil, Options::default()).events;
    judge(&plan, &events).is_empty().then_some((plan, events))
}

/// The rules that were broken. A forgery may leave something undone besides, which counts for liveness alone.
fn names(violations: &[Violation], rule: &str) -> Vec<&'static str> {
    let names = violations.iter().map(|violation| violation.rule);
    names
        .filter(|name| *name == rule || *name != "G13 Liveness")
        .collect()
}
