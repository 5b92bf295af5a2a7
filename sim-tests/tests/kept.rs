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
    keeps_every_guarantee_in(WAYS, rest);
}

fn keeps_every_guarantee_in(ways: &str, rest: &str) {
    let plan = format!("{ways}{rest}");
    let plan: Plan = plan.parse().expect("it is a plan");
    for on in [Substrate::Events, Substrate::Turmoil] {
        let outcome = run(&plan, on, Options::default());
        let told: Vec<String> = outcome.violations.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "on {on:?}: {told:#?}");
    }
}

/// A server that crashes forgets what it gave up of `ALL` just before; so the device's cursor counted as the receipt for
/// lines that it never had.
#[test]
fn what_was_given_up_before_a_crash_is_not_counted() {
    keeps_every_guarantee(
        "host 0 latency=1
user 0 ann host=0 session keeps=messages window=2,262144 waits=false write-max=0
user 1 dan host=0 session keeps=messages window=256,262144 waits=false write-max=0
0 user 0 begin
0 user 1 begin
300 user 1 say to=all lines=22 bytes=34 age=0
320 user 1 say to=0 lines=1 bytes=34 age=0
324 server-crash power=false span=1000
400 heal
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

/// A device that keeps no answers was told a `Last` that was a rejected id. After a crash, which rejections do not survive, it
/// said that it knew that id accepted, and was told that its session was lost.
#[test]
fn an_id_that_may_have_been_rejected_is_not_told_as_accepted() {
    let ways = &WAYS.replace("seed 1", "seed 3071");
    keeps_every_guarantee_in(
        ways,
        "host 0 latency=1
user 0 ann host=0 classic reads-once=true think-max=0 ahead=1
user 1 ben host=0 classic reads-once=true think-max=0 ahead=1
user 2 cat host=0 session keeps=counters window=256,262144 waits=false write-max=0
0 user 1 begin
0 user 2 begin
0 user 0 begin
1 disk-cut after=56 again=0 span=500
1 user 2 say to=0 lines=5 bytes=0 age=0
1 user 0 say to=1 lines=1 bytes=0 age=1500
1 user 0 say to=all lines=1 bytes=0 age=0
18 user 2 crash dark=0
18 user 2 begin
260 user 2 say to=all lines=1 bytes=0 age=8000
261 heal
",
    );
}

/// Another program with somebody's device was fed a part of what the device had acked before a crash; then the device came
/// back with all of it, and what lay behind that part was counted by nobody.
#[test]
fn what_a_device_has_is_counted_though_a_part_of_it_flew_again() {
    keeps_every_guarantee_in(
        &WAYS.replace("room=true", "room=false"),
        "host 0 latency=80
host 1 latency=1
user 0 ben host=0 session keeps=messages window=256,262144 waits=false write-max=0
user 1 eve host=1 session keeps=counters window=256,262144 waits=false write-max=0
0 user 0 begin
0 user 1 begin
300 user 0 say to=all lines=5 bytes=0 age=0
400 server-crash power=true span=50
455 user 1 usurp 20
900 heal
",
    );
}
