//! A server at the level `disk` that ends and begins anew: what its users are told of the life before.

mod stage;

use stage::Stage;
use stage::session::{hello, join, say, send};
use std::time::Duration;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;

const ALICE: ConnId = ConnId(0);
const BOB: ConnId = ConnId(1);
const CAROL: ConnId = ConnId(2);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How a device comes back that was told this cursor by the first life of the server.
fn back(name: &str, cursor: u64, more: &str) -> String {
    hello(
        name,
        9,
        &format!("Store: 3901\nEpoch: 77\nCursor: {cursor}\n{more}"),
    )
}

/// Alice, bob and carol are seqs 2, 3 and 4.
fn three(limits: Limits) -> Stage {
    let mut stage = Stage::on_disk(limits);
    for (conn, name) in [(ALICE, "alice"), (BOB, "bob"), (CAROL, "carolin")] {
        assert!(join(&mut stage, conn, &hello(name, 1, "")).starts_with("WELCOME"));
    }
    stage
}

/// Time in which what rides beside the log goes out.
fn saved(stage: &mut Stage) {
    stage.wait(Limits::default().cursor_interval);
}

#[test]
fn ids_numbers_and_answers_go_on() {
    for behind in [0, 1, 3] {
        let mut stage = three(Limits::default());
        say(&mut stage, ALICE, &send("nobody", 1, "lost"));
        say(&mut stage, ALICE, &send("bob", 2, "one"));
        say(&mut stage, BOB, &send("alice", 1, "two"));
        say(&mut stage, ALICE, &send("ALL", 3, "three"));
        stage.restart(behind, Duration::ZERO);
        let heard = join(&mut stage, ALICE, &back("alice", 6, "Accepted: 1\n"));
        assert!(heard.contains("Last: 3\n"), "{heard}");
        assert!(!heard.contains("Lost"), "{heard}");
        assert!(
            heard.contains("\nACCEPTED 2 2 5 1\n\nACCEPTED 3 3 7 1\n"),
            "{heard}"
        );
        // The same again is the same, another one is not, and the next number is the next.
        let heard = say(&mut stage, ALICE, &send("bob", 2, "one"));
        assert_eq!(heard, "ACCEPTED 2 2 5 1\n\n");
        let heard = say(&mut stage, ALICE, &send("bob", 2, "another"));
        assert_eq!(heard, "REJECTED 2 110 Conflict\n\n");
        let heard = say(
            &mut stage,
            ALICE,
            &(send("bob", 4, "four") + &send("ALL", 5, "")),
        );
        assert_eq!(heard, "ACCEPTED 4 4 9 3\n\nACCEPTED 5 5 10 2\n\n");
    }
}

#[test]
fn an_id_that_was_rejected_is_free_again() {
    let mut stage = three(Limits::default());
    say(&mut stage, ALICE, &send("bob", 1, "one"));
    say(&mut stage, ALICE, &send("nobody", 2, "two"));
    for behind in [0, 1] {
        stage.restart(behind, Duration::ZERO);
        let heard = join(&mut stage, ALICE, &back("alice", 5, "Accepted: 1\n"));
        assert!(heard.contains("Last: 1\n"), "{heard}");
    }
    let heard = say(&mut stage, ALICE, &send("bob", 2, "other"));
    assert!(heard.starts_with("ACCEPTED 2 2 "), "{heard}");
}

/// How many bytes are owed to whoever is owed most.
fn owed(stage: &Stage) -> u64 {
    let status = stage.router.status();
    let mut levels = status.levels.iter();
    levels
        .find(|level| level.limit == "owed_bytes_max")
        .expect("it is told")
        .now
}

#[test]
fn what_is_owed_and_what_is_not_is_known_again() {
    let mut stage = three(Limits::default());
    for id in 1..=4 {
        say(&mut stage, ALICE, &send("bob", id, "mail"));
        say(&mut stage, BOB, &send("ALL", id, "to all"));
        say(&mut stage, CAROL, &send("ALL", id, "and more"));
    }
    // Bob was sent 5, 7 of carolin's, 8 and so on, and has acked a part of both kinds.
    say(&mut stage, BOB, "ACK 8\n\n");
    say(&mut stage, ALICE, "ACK 16\n\n");
    say(&mut stage, CAROL, "ACK 15\n\n");
    saved(&mut stage);
    let before = owed(&stage);
    assert!(before > 0);
    for behind in [0, 2, 7] {
        stage.restart(behind, Duration::ZERO);
        assert_eq!(owed(&stage), before);
    }
    let heard = join(&mut stage, BOB, &back("bob", 8, ""));
    assert!(heard.contains("DELIVER 10\n") && !heard.contains("DELIVER 8\n"));
    say(&mut stage, BOB, "ACK 16\n\n");
    assert_eq!(owed(&stage), 0, "nobody is owed anything");
}

#[test]
fn who_was_full_is_full_and_what_it_has_come_further_by_is_taken_off() {
    let limits = Limits {
        owed_bytes_max: 2_000,
        ..Limits::default()
    };
    let mut stage = three(limits);
    let mut ids = 1..=20;
    let full = |id: u64| format!("REJECTED {id} 114 Recipient full\n\n");
    let id = ids.find(|id| say(&mut stage, ALICE, &send("bob", *id, "mail")) == full(*id));
    let id = id.expect("it is full at some time");
    saved(&mut stage);
    stage.restart(2, Duration::ZERO);
    join(&mut stage, ALICE, &back("alice", 4, "Accepted: 0\n"));
    let heard = say(&mut stage, ALICE, &send("bob", id, "mail"));
    assert_eq!(heard, full(id));
    // Its device had stored more than the server knew: that is read from the log and is owed no more.
    let heard = join(&mut stage, BOB, &back("bob", 6, ""));
    assert!(heard.contains("\nDELIVER 7\n"), "{heard}");
    let took = say(&mut stage, ALICE, &send("bob", id + 1, "mail"));
    assert!(took.contains("ACCEPTED"), "{took}");
}

#[test]
fn receipts_go_on_from_what_was_saved() {
    let mut stage = three(Limits::default());
    say(&mut stage, ALICE, &send("bob", 1, "one"));
    say(&mut stage, ALICE, &send("ALL", 2, "two"));
    say(&mut stage, BOB, "ACK 6\n\n");
    saved(&mut stage);
    stage.restart(0, Duration::ZERO);
    let heard = join(
        &mut stage,
        ALICE,
        &back("alice", 4, "Accepted: 2\nDelivered: 0\n"),
    );
    assert!(heard.contains("\nRECEIPT bob 5\n"), "{heard}");
    assert!(heard.contains("\nRECEIPT ALL 6 1 2\n"), "{heard}");
    join(&mut stage, CAROL, &back("carolin", 4, ""));
    say(&mut stage, CAROL, "ACK 6\n\n");
    stage.wait(Duration::from_secs(1));
    let heard = stage.take_text(ALICE);
    assert!(heard.contains("RECEIPT ALL 6 2 2\n"), "{heard}");
}

#[test]
fn how_it_ended_with_somebody_is_told_until_it_is_known() {
    let mut stage = three(Limits::default());
    say(&mut stage, ALICE, &send("bob", 1, "one"));
    say(&mut stage, ALICE, &send("bob", 2, "two"));
    say(&mut stage, BOB, &send("carolin", 1, "to her"));
    say(&mut stage, BOB, "ACK 5\n\n");
    say(&mut stage, BOB, "BYE forget\n\n");
    for behind in [0, 1] {
        stage.restart(behind, Duration::ZERO);
        let heard = join(&mut stage, ALICE, &back("alice", 4, "Delivered: 5\n"));
        assert!(heard.contains("\nRECEIPT bob 5 left 6\n"), "{heard}");
        assert!(!heard.contains("Lost"), "{heard}");
    }
    stage.restart(0, Duration::ZERO);
    let heard = join(&mut stage, ALICE, &back("alice", 4, "Delivered: 6\n"));
    assert!(!heard.contains("RECEIPT"), "{heard}");
    // Carolin wrote nothing to bob, so she hears nothing of him.
    let heard = join(&mut stage, CAROL, &back("carolin", 4, ""));
    assert!(!heard.contains("RECEIPT"), "{heard}");
}

#[test]
fn all_who_left_are_remembered() {
    let mut stage = three(Limits::default());
    say(&mut stage, ALICE, &send("bob", 1, "one"));
    say(&mut stage, ALICE, &send("carolin", 2, "two"));
    for conn in [BOB, CAROL] {
        say(&mut stage, conn, "BYE forget\n\n");
    }
    stage.restart(0, Duration::ZERO);
    let heard = join(&mut stage, ALICE, &back("alice", 4, "Delivered: 4\n"));
    for receipt in ["RECEIPT bob 3 left 5\n", "RECEIPT carolin 4 left 6\n"] {
        assert!(heard.contains(receipt), "{heard}");
    }
}

#[test]
fn the_time_that_a_name_is_held_does_not_begin_anew() {
    let mut stage = three(Limits::default());
    stage.hang_up(BOB);
    saved(&mut stage);
    // No jump counts as more than a day, and the holiday has 30 of them.
    for _ in 0..29 {
        stage.restart(0, WEEK);
    }
    let taken = join(
        &mut stage,
        CAROL,
        &hello("Bob", 1, "").replace("003\n", "00c\n"),
    );
    let (_, left) = taken.split_once("Retry-after: ").expect("it is taken");
    let left: u64 = left.trim().parse().expect("milliseconds");
    let day = 24 * 60 * 60 * 1_000;
    assert!(taken.starts_with("ERROR 104"), "{taken}");
    assert!((day - 1_000..=day).contains(&left), "{left}");
    stage.wait(Duration::from_millis(left));
    let claimed = join(
        &mut stage,
        BOB,
        &hello("Bob", 2, "").replace("003\n", "00c\n"),
    );
    assert!(claimed.starts_with("WELCOME"), "{claimed}");
}

#[test]
fn a_classic_user_ends_with_the_server_and_its_senders_hear_it() {
    let mut stage = three(Limits::default());
    let [sending, receiving] = [ConnId(5), ConnId(6)];
    for (conn, word) in [(sending, "TOSEND"), (receiving, "TORECV")] {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {word} dora\n\n").as_bytes());
    }
    stage.wait(Duration::from_secs(1));
    say(&mut stage, ALICE, &send("dora", 1, "one"));
    say(&mut stage, receiving, "RECEIVED alice\n\n");
    say(&mut stage, ALICE, &send("dora", 2, "two"));
    saved(&mut stage);
    stage.restart(1, Duration::ZERO);
    let heard = join(&mut stage, ALICE, &back("alice", 4, ""));
    assert!(heard.contains("\nRECEIPT dora 6 left 7\n"), "{heard}");
    let heard = say(&mut stage, ALICE, &send("dora", 3, "three"));
    assert!(heard.contains("REJECTED 3 102"), "{heard}");
}

/// A cursor is a point of the log if the log knows its start and had come so far before the next one.
#[test]
fn a_cursor_behind_the_end_of_its_epoch_is_of_another_life() {
    for (cursor, lost) in [(4, false), (5, true)] {
        let mut stage = three(Limits::default());
        stage.restart(0, Duration::ZERO);
        // The second start is seq 5.
        let heard = join(&mut stage, ALICE, &back("alice", cursor, ""));
        assert_eq!(heard.contains("Lost: yes"), lost, "{heard}");
    }
    let mut stage = three(Limits::default());
    stage.restart(0, Duration::ZERO);
    let other = back("alice", 4, "").replace("3901", "3902");
    assert!(join(&mut stage, ALICE, &other).contains("Lost: yes"));
}

#[test]
fn what_no_log_can_hold_is_not_taken() {
    let mut stage = three(Limits::default());
    say(&mut stage, ALICE, &send("bob", 1, "one"));
    let records = stage.records_kept();
    let mut space = stage.saved_space(0);
    let last = records.last().expect("a message");
    assert!(!space.takes(last), "it was applied");
    let mut again = last.clone();
    again.seq = again.seq.next();
    assert!(!space.takes(&again), "an id that was taken");
    let mut claim = records[2].clone();
    claim.seq = again.seq;
    assert!(!space.takes(&claim), "a name that is held");
    say(&mut stage, BOB, "BYE forget\n\n");
    space = stage.saved_space(0);
    claim.seq = space.head().next();
    assert!(space.takes(&claim), "a name that is free");
    claim.seq = claim.seq.next();
    assert!(!space.takes(&claim), "a gap");
}

/// A log grows no older by a restart, however it was loaded, and its stamps never go back.
#[test]
fn a_restart_makes_nothing_old_and_takes_no_stamp_back() {
    let limits = Limits {
        kept_time_max: Some(WEEK),
        ..Limits::default()
    };
    let mut stage = three(limits);
    stage.wait(Duration::from_secs(20));
    let (_, before) = *stage.trims.last().expect("a look each second");
    for behind in [0, 2] {
        stage.restart(behind, Duration::ZERO);
        stage.wait(Duration::from_secs(2));
    }
    let (_, after) = *stage.trims.last().expect("a look each second");
    assert!(
        (before..before + 10_000).contains(&after),
        "{before} {after}"
    );
    stage.restart(0, Duration::ZERO);
    stage.now.wall.0 -= 1_000_000;
    join(&mut stage, ALICE, &back("alice", 4, ""));
    join(&mut stage, BOB, &back("bob", 4, ""));
    say(&mut stage, ALICE, &send("bob", 1, "hi"));
    let heard = stage.take_text(BOB);
    let (_, time) = heard.split_once("\nTime: ").expect("a stamp");
    let time: u64 = time[..13].parse().expect("13 digits");
    assert!(time >= 1_700_000_020_000, "{time}");
}

/// Some mail to bob and lines to all, bob's own among them: seqs 5 to 16.
fn mail_and_lines(stage: &mut Stage) {
    for id in 1..=4 {
        say(stage, ALICE, &send("bob", id, "mail"));
        say(stage, BOB, &send("ALL", id, "to all"));
        say(stage, CAROL, &send("ALL", id, "and more"));
    }
    for conn in [ALICE, CAROL] {
        say(stage, conn, "ACK 15\n\n");
        say(stage, conn, "ACK 16\n\n");
    }
}

/// What a device says that it has is taken off what it is owed, whether the server heard it before its end or after.
#[test]
fn who_has_come_further_than_was_saved_is_owed_no_more_than_who_said_so_in_time() {
    for cursor in [7, 8, 10, 12] {
        let mut in_time = three(Limits::default());
        mail_and_lines(&mut in_time);
        say(&mut in_time, BOB, &format!("ACK {cursor}\n\n"));
        for is_saved in [false, true] {
            let mut stage = three(Limits::default());
            mail_and_lines(&mut stage);
            if is_saved {
                saved(&mut stage);
            }
            stage.restart(1, Duration::ZERO);
            join(&mut stage, ALICE, &back("alice", 14, "Delivered: 4\n"));
            join(&mut stage, CAROL, &back("carolin", 16, ""));
            say(&mut stage, ALICE, "ACK 15\n\nACK 16\n\n");
            join(&mut stage, BOB, &back("bob", cursor, ""));
            assert_eq!(
                owed(&stage),
                owed(&in_time),
                "at {cursor}, saved: {is_saved}"
            );
            stage.wait(Duration::from_secs(1));
            let told = stage.take_text(ALICE);
            assert!(told.contains("RECEIPT bob "), "{told}");
        }
    }
}

/// What was given up stays so, and is told, whether that was saved or not.
#[test]
fn what_was_given_up_is_told_behind_a_restart() {
    for is_saved in [false, true] {
        let limits = Limits {
            owed_bytes_max: 4_000,
            ..Limits::default()
        };
        let mut stage = three(limits);
        for id in 1..=40 {
            say(&mut stage, ALICE, &send("ALL", id, "a line to all"));
            say(&mut stage, CAROL, &format!("ACK {}\n\n", id + 4));
        }
        let told = stage.take_text(BOB);
        assert!(told.contains("REMOVED ALL "), "{told}");
        if is_saved {
            saved(&mut stage);
        }
        stage.restart(0, Duration::ZERO);
        assert!(owed(&stage) <= 4_000, "{}", owed(&stage));
        let heard = join(&mut stage, BOB, &back("bob", 4, ""));
        let (_, gone) = heard.split_once("REMOVED ALL ").expect("it is told again");
        let (gone, rest) = gone.split_once('\n').expect("a line");
        let gone: u64 = gone.parse().expect("a number");
        assert!((20..=40).contains(&gone), "{gone}");
        assert!(!rest.contains(&format!("Number: {gone}\n")), "{rest}");
    }
}
