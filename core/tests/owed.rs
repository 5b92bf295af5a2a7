//! What a session is owed, to the byte: through acks, through what is given up of it, and over restarts.

mod stage;

use stage::Stage;
use stage::session::{hello, join, say, send};
use std::time::Duration;
use verbatim_core::id::{ConnId, Seq, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::record::{Message, What};
use verbatim_core::router::{Input, Page};

const ALICE: ConnId = ConnId(0);
const BOB: ConnId = ConnId(1);
const CAROL: ConnId = ConnId(2);
const LATER: ConnId = ConnId(3);

/// How a device comes back that was told this cursor by the server's first life.
fn back(name: &str, attempt: u64, cursor: u64) -> String {
    let cursor = format!("Store: 3901\nEpoch: 77\nCursor: {cursor}\n");
    hello(name, attempt, &cursor)
}

/// Alice and bob, seqs 2 and 3.
fn two(mut stage: Stage) -> Stage {
    for (conn, name) in [(ALICE, "alice"), (BOB, "bob")] {
        assert!(join(&mut stage, conn, &hello(name, 1, "")).starts_with("WELCOME"));
    }
    stage
}

fn owes(bytes: u64) -> Limits {
    Limits {
        owed_bytes_max: bytes,
        ..Limits::default()
    }
}

/// How many bytes are owed to whoever is owed most.
fn owed(stage: &Stage) -> u64 {
    let status = stage.router.status();
    let mut levels = status.levels.iter();
    let level = levels.find(|level| level.limit == "owed_bytes_max");
    level.expect("it is told").now
}

/// The seqs of the deliveries in these bytes.
fn seqs(heard: &str) -> Vec<u64> {
    let heads = heard.split("DELIVER ").skip(1);
    let seq = |head: &str| head.lines().next().and_then(|seq| seq.parse().ok());
    heads.filter_map(seq).collect()
}

/// Up to which number of what was meant for all these bytes say that it is gone.
fn removed(heard: &str) -> Option<u64> {
    let (_, number) = heard.split_once("REMOVED ALL ")?;
    number.lines().next()?.parse().ok()
}

fn message(stage: &Stage, seq: u64) -> Message {
    let mut records = stage.records_kept().iter();
    let record = records.find(|record| record.seq == Seq(seq));
    match &record.expect("it was appended").what {
        What::Message(message) => message.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_ack_of_a_line_to_all_takes_off_that_line_and_no_more() {
    for acks in [1, 4, 8] {
        let mut stage = two(Stage::new(owes(4_000)));
        say(&mut stage, ALICE, &send("ALL", 1, "a line to all"));
        let each = owed(&stage);
        // The first four of them are acked early or late: each time the older half ends elsewhere.
        let (mut cursor, mut floor) = (0, 0);
        for id in 2..=60 {
            say(&mut stage, ALICE, &send("ALL", id, "a line to all"));
            floor = removed(&stage.take_text(BOB)).unwrap_or(floor);
            if id % 12 == 0 && id < 40 {
                cursor = (cursor + acks).max(floor + 1);
                say(&mut stage, BOB, &format!("ACK {}\n\n", cursor + 3));
            }
            let left = id - cursor.max(floor);
            let about = left * each..=left * (each + 4); // its numbers have got longer
            assert!(about.contains(&owed(&stage)), "line {id}: {left}");
        }
        assert!(floor > 0, "something was given up");
    }
}

#[test]
fn own_lines_to_all_count_as_what_they_are() {
    let mut stage = two(Stage::new(owes(4_000)));
    say(&mut stage, ALICE, &send("ALL", 1, "a line to all"));
    let each = owed(&stage);
    for id in 1..=5 {
        say(&mut stage, BOB, &send("ALL", id, "a line to all"));
        // The name of its author is shorter.
        let about = each + id * (each - 10)..=each + id * each;
        assert!(about.contains(&owed(&stage)), "line {id}");
    }
}

#[test]
fn a_line_to_all_that_alone_is_too_much_is_told_as_gone_at_once() {
    let mut stage = two(Stage::new(owes(2_000)));
    say(&mut stage, ALICE, &send("ALL", 1, &"x".repeat(2_100)));
    assert_eq!(stage.take_text(BOB), "REMOVED ALL 1\n\n");
}

/// What gave it up was committed, and something behind it that counts too was not: it is told when that is.
#[test]
fn what_own_lines_push_out_is_told_once_all_that_counted_is_committed() {
    let mut stage = two(Stage::new(owes(2_000)));
    say(&mut stage, ALICE, &send("ALL", 1, "a line to all"));
    assert_eq!(seqs(&stage.take_text(BOB)), [4]);
    stage.commits_wait = true;
    say(&mut stage, BOB, &send("ALL", 1, &"x".repeat(2_100)));
    join(&mut stage, CAROL, &hello("carolin", 1, ""));
    let room = stage.room;
    stage.step(Input::Committed { seq: Seq(5), room });
    stage.wait(Duration::from_millis(10));
    let heard = stage.take_text(BOB);
    assert!(heard.contains("ACCEPTED 1 1 5"), "{heard}");
    assert_eq!(removed(&heard), None);
    stage.commit();
    assert_eq!(removed(&stage.take_text(BOB)), Some(2));
}

/// Bob is away. His device hears the same whether the server's process lives on or ends behind each line.
#[test]
fn a_restart_behind_each_line_gives_up_no_more() {
    let mut heard = Vec::new();
    for restarts in [false, true] {
        let mut stage = two(Stage::on_disk(owes(4_000)));
        stage.hang_up(BOB);
        for id in 1..=24 {
            say(&mut stage, ALICE, &send("ALL", id, "a line to all"));
            stage.wait(Duration::from_millis(150)); // what rides beside the log goes out
            if restarts {
                stage.restart(0, Duration::ZERO);
                join(&mut stage, ALICE, &back("alice", id + 1, 2));
            }
        }
        let told = join(&mut stage, BOB, &back("bob", 2, 3));
        heard.push((removed(&told), seqs(&told).len()));
    }
    assert!(heard[0].0.is_some(), "something was given up");
    assert_eq!(heard[0], heard[1]);
}

/// A device comes back after a restart with more than was saved. Read page by page, that is neither delivered again nor
/// counted twice, then or later.
#[test]
fn what_a_device_had_and_the_server_did_not_save_is_settled_once() {
    let small = Limits {
        page_messages_max: 2,
        ..Limits::default()
    };
    let mut stage = two(Stage::on_disk(small));
    let lines: String = (1..=5).map(|id| send("bob", id, "line")).collect();
    say(&mut stage, ALICE, &lines);
    let five = owed(&stage);
    say(&mut stage, BOB, "ACK 8\n\n");
    stage.restart(0, Duration::ZERO);
    assert_eq!(owed(&stage), five);
    // In the same bytes it says again how far it has come.
    let heard = join(&mut stage, BOB, &(back("bob", 2, 8) + "ACK 8\n\n"));
    assert!(heard.starts_with("WELCOME") && !heard.contains("ERROR"));
    assert_eq!((seqs(&heard), owed(&stage)), (vec![], 0), "{heard}");
    join(&mut stage, ALICE, &back("alice", 2, 2));
    say(
        &mut stage,
        ALICE,
        &(send("bob", 6, "line") + &send("bob", 7, "line")),
    );
    assert_eq!(seqs(&stage.take_text(BOB)), [10, 11]);
    let heard = join(
        &mut stage,
        LATER,
        &back("bob", 3, 10).replace("Epoch: 77", "Epoch: 78"),
    );
    assert_eq!((seqs(&heard), owed(&stage)), (vec![11], five / 5 + 1));
}

/// Bob comes back further than anything that was for him, or with what flew to him, or with what he was sent while he was
/// away; then with one line of two.
#[test]
fn a_cursor_in_a_hello_takes_off_what_is_behind_it_once() {
    for (to, away) in [("carolin", false), ("bob", false), ("bob", true)] {
        let mut stage = two(Stage::new(Limits::default()));
        join(&mut stage, CAROL, &hello("carolin", 1, ""));
        if away {
            stage.hang_up(BOB);
        }
        say(&mut stage, ALICE, &send(to, 1, "line"));
        stage.say(
            CAROL,
            if to == "carolin" {
                b"ACK 5\n\n"
            } else {
                b"PING\n\n"
            },
        );
        join(&mut stage, LATER, &back("bob", 2, 5));
        assert_eq!(owed(&stage), 0, "{to}");
        say(&mut stage, ALICE, &send("bob", 2, "line"));
        let each = owed(&stage);
        say(&mut stage, LATER, "ACK 6\n\n");
        say(&mut stage, ALICE, &send("bob", 3, "line"));
        let heard = join(&mut stage, BOB, &back("bob", 3, 6));
        assert_eq!((seqs(&heard), owed(&stage)), (vec![7], each), "{to} {away}");
    }
}

/// The log answers for a connection that is no more: the next one has not even been welcomed.
#[test]
fn a_page_for_an_older_connection_goes_to_no_other() {
    let mut stage = two(Stage::new(Limits::default()));
    stage.hang_up(BOB);
    say(&mut stage, ALICE, &send("bob", 1, "line"));
    let message = message(&stage, 4);
    stage.commits_wait = true;
    say(&mut stage, ALICE, &send("bob", 2, "line"));
    join(&mut stage, BOB, &back("bob", 2, 3));
    stage.step(Input::Page(Page {
        user: UserId(Seq(3)),
        after: Seq(3),
        messages: vec![message],
        up_to: Seq(4),
        removed: Vec::new(),
    }));
    assert_eq!(stage.take_text(BOB), "");
    stage.commits_wait = false;
    stage.commit();
    let heard = stage.take_text(BOB);
    assert!(heard.starts_with("WELCOME"), "{heard}");
    assert_eq!(seqs(&heard), [4, 5]);
}

#[test]
fn a_page_of_a_history_for_an_older_connection_goes_to_no_other() {
    let mut stage = two(Stage::new(Limits::default()));
    say(
        &mut stage,
        ALICE,
        &(send("bob", 1, "one") + &send("bob", 2, "two")),
    );
    stage.questions_wait = true;
    say(&mut stage, BOB, "HISTORY alice\n\n");
    join(&mut stage, LATER, &back("bob", 2, 5));
    say(&mut stage, LATER, "HISTORY alice\nCount: 1\n\n");
    assert_eq!(stage.questions(), 2);
    stage.questions_wait = false;
    stage.wait(Duration::from_millis(1));
    let heard = stage.take_text(LATER);
    assert_eq!(heard.matches("PAST ").count(), 1, "{heard}");
    assert!(heard.contains("\ntwoHISTORY alice "), "{heard}");
}

#[test]
fn a_receipt_of_a_line_to_all_comes_when_it_has_grown_and_not_with_others() {
    let mut stage = two(Stage::new(Limits::default()));
    say(
        &mut stage,
        ALICE,
        &(send("ALL", 1, "one") + &send("ALL", 2, "two")),
    );
    for (seq, receipt) in [(4, "RECEIPT ALL 4 1 1\n\n"), (5, "RECEIPT ALL 5 1 1\n\n")] {
        say(&mut stage, BOB, &format!("ACK {seq}\n\n"));
        stage.wait(Duration::from_millis(300));
        assert_eq!(stage.take_text(ALICE), receipt);
    }
}

/// What flew to a device on any of its connections is off as soon as it says that it has it; no page is read for that.
#[test]
fn what_flew_on_an_older_connection_is_off_at_once() {
    let mut stage = two(Stage::new(Limits::default()));
    let lines: String = (1..=3).map(|id| send("bob", id, "line")).collect();
    say(&mut stage, ALICE, &lines);
    let narrow = back("bob", 2, 3).replace("Window: 256", "Window: 1");
    let heard = join(&mut stage, LATER, &narrow);
    assert_eq!(seqs(&heard), [4]);
    stage.commits_wait = true;
    say(&mut stage, ALICE, &send("ALL", 4, "not committed"));
    join(&mut stage, BOB, &back("bob", 3, 6));
    assert_eq!(owed(&stage), 0);
}
