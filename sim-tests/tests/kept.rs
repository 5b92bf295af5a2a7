//! Plans that once broke a guarantee, made small and kept: each with what it was.
#![forbid(unsafe_code)]

use sim_tests::Substrate;
use sim_tests::plan::Plan;
use sim_tests::{Options, run};

/// The ways that all of these have in common.
const WAYS: &str = "seed 1
tick 1
random-order false
segments-max 4096
chop permille=0 bytes-max=1 pause-max=0
tight away=false room=true pages=false beat=false
commit-max 0
disk true
";

fn keeps_every_guarantee(rest: &str) {
    let plan = format!("{WAYS}{rest}");
    let plan: Plan = plan.parse().expect("it is a plan");
    for on in [Substrate::Events, Substrate::Turmoil] {
        let outcome = run(&plan, on, Options::default());
        let told: Vec<String> = outcome.violations.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "on {on:?}: {told:#?}");
    }
}

/// What was given up of `ALL` was forgotten by a server that ended in good order before it had saved it; so the device's
/// cursor counted as the receipt for lines that it never had.
#[test]
fn what_was_given_up_is_not_counted_after_an_end_in_good_order() {
    keeps_every_guarantee(
        "host 0 latency=20
user 0 ann host=0 session keeps=messages window=2,262144 waits=false write-max=0
user 1 ben host=0 session keeps=messages window=256,262144 waits=false write-max=0
user 2 cat host=0 session keeps=messages window=256,262144 waits=false write-max=0
user 3 dan host=0 session keeps=messages window=256,262144 waits=false write-max=0
0 user 0 begin
0 user 3 begin
0 user 3 say to=0 lines=1 bytes=0 age=0
100 server-stop span=1000
100 user 3 say to=all lines=2 bytes=0 age=0
503 user 3 say to=all lines=20 bytes=34 age=0
1951 server-stop span=1000
1952 heal
",
    );
}

/// A server that crashed right after it had given up a line to `ALL` cannot know which: it counts none of what stood there
/// then, and nobody waits for that count.
#[test]
fn what_was_given_up_around_a_crash_is_not_waited_for() {
    keeps_every_guarantee(
        "host 0 latency=1
user 0 ann host=0 session keeps=messages window=256,262144 waits=false write-max=0
user 1 ben host=0 session keeps=messages window=256,262144 waits=false write-max=0
0 user 0 begin
0 user 1 begin
5 user 0 say to=all lines=2 bytes=2946 age=0
6 server-crash power=false span=100
7 heal
",
    );
}
