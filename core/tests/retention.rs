//! Retention as the core decides it: up to where nobody is owed anything, and how old the log is by no wall clock's jump.

mod stage;

use stage::Stage;
use stage::session::{hello, say};
use std::time::Duration;
use verbatim_core::id::{ConnId, Number, Seq};
use verbatim_core::limits::Limits;
use verbatim_core::name::Recipient;
use verbatim_core::now::Wall;
use verbatim_core::router::Removed;

const ALICE: ConnId = ConnId(0);
const BOB: ConnId = ConnId(1);

/// Alice and bob, seqs 2 and 3, on a server that keeps messages for an hour.
fn two() -> Stage {
    let limits = Limits {
        kept_time_max: Some(Duration::from_secs(3600)),
        ..Limits::default()
    };
    let mut stage = Stage::new(limits);
    for (conn, name) in [(ALICE, "alice"), (BOB, "bob")] {
        stage.open(conn);
        assert!(say(&mut stage, conn, &hello(name, 1, "")).starts_with("WELCOME"));
    }
    stage
}

fn last(stage: &Stage) -> (Seq, u64) {
    *stage.trims.last().expect("it was allowed something")
}

#[test]
fn without_the_operators_word_nothing_is_trimmed() {
    let mut stage = Stage::new(Limits::default());
    stage.wait(Duration::from_secs(100));
    assert!(stage.trims.is_empty());
}

#[test]
fn what_one_device_is_owed_is_in_the_way_of_all_behind_it() {
    let mut stage = two();
    stage.wait(Duration::from_millis(1_500));
    assert_eq!(last(&stage).0, Seq(3), "nobody is owed anything");
    say(
        &mut stage,
        ALICE,
        "SEND bob\nId: 1\nContent-length: 2\n\nhi",
    );
    say(
        &mut stage,
        BOB,
        "SEND alice\nId: 1\nContent-length: 2\n\nhi",
    );
    say(&mut stage, ALICE, "ACK 5\n\n");
    stage.wait(Duration::from_millis(1_500));
    assert_eq!(last(&stage).0, Seq(3), "bob has not acked 4");
    say(&mut stage, BOB, "ACK 4\n\n");
    stage.wait(Duration::from_millis(1_500));
    assert_eq!(last(&stage).0, Seq(5));
}

#[test]
fn the_log_grows_old_with_the_time_and_no_faster_than_a_day_by_a_jump() {
    let mut stage = two();
    stage.wait(Duration::from_secs(10));
    let (_, young) = last(&stage);
    assert!((8_000..11_000).contains(&young), "{young}");
    // A year goes by for the wall clock alone: of that a day counts, once a record has that stamp.
    stage.now.wall = Wall(stage.now.wall.0 + 365 * 24 * 60 * 60 * 1000);
    say(
        &mut stage,
        ALICE,
        "SEND bob\nId: 1\nContent-length: 2\n\nhi",
    );
    stage.wait(Duration::from_secs(2));
    let (_, old) = last(&stage);
    let day = 24 * 60 * 60 * 1000;
    assert!((day..day + 20_000).contains(&old), "{old}");
}

#[test]
fn a_reader_is_told_what_a_page_lacks_before_what_it_has() {
    let mut stage = two();
    for id in 1..=3 {
        let send = format!("SEND bob\nId: {id}\nContent-length: 2\n\nhi");
        say(&mut stage, ALICE, &send);
    }
    say(&mut stage, BOB, "ACK 6\n\n");
    let alice = Recipient::parse(b"alice").expect("a name");
    stage.removed = vec![Removed {
        conversation: alice,
        up_to: Number(1),
    }];
    stage.hang_up(BOB);
    stage.open(BOB);
    // His store was put back to where he had seen nothing.
    let cursor = "Store: 3901\nEpoch: 77\nCursor: 3\n";
    let told = say(&mut stage, BOB, &hello("bob", 2, cursor));
    let removed = told.find("REMOVED alice 1\n\n");
    let delivered = told.find("DELIVER");
    assert!(removed.is_some() && removed < delivered, "{told}");
}
