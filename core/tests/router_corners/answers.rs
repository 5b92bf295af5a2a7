//! What is told when: answers in their order, nothing before its commit, nothing to another one, nothing forgotten.

use super::{ALICE, BOB, LATER, LATEST, hello, join, say, send, two};
use crate::stage::Stage;
use std::time::Duration;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;

#[test]
fn a_welcome_comes_first_though_answers_are_due() {
    let mut stage = two();
    say(&mut stage, ALICE, &send("bob", 1, "one"));
    say(&mut stage, BOB, &send("alice", 1, "two"));
    stage.commits_wait = true;
    say(&mut stage, BOB, &send("alice", 2, "three"));
    let heard = join(&mut stage, LATER, &hello("alice", 2, "Accepted: 0\n"));
    assert_eq!(heard, "", "what its welcome rests on is not committed");
    say(&mut stage, BOB, "ACK 4\n\n");
    assert_eq!(stage.take_text(LATER), "");
    stage.commit();
    let heard = stage.take_text(LATER);
    assert!(
        heard.starts_with("WELCOME") && heard.contains("\nACCEPTED 1 1 4 1\n"),
        "{heard}"
    );
}

#[test]
fn a_welcome_comes_before_a_delivery_that_is_committed_with_it() {
    let mut stage = two();
    join(&mut stage, LATEST, &hello("carolin", 1, ""));
    stage.commits_wait = true;
    say(&mut stage, ALICE, &send("carolin", 1, "not committed"));
    assert_eq!(join(&mut stage, LATER, &hello("bob", 2, "")), "");
    say(&mut stage, ALICE, &send("bob", 2, "hi"));
    stage.commit();
    let heard = stage.take_text(LATER);
    assert!(
        heard.starts_with("WELCOME") && heard.contains("\nDELIVER 6\n"),
        "{heard}"
    );
}

#[test]
fn each_of_several_rejections_tells_its_own_reason() {
    let mut stage = two();
    let frames = send("nobody", 1, "one") + &send("no_body", 2, "two") + &send("nobody", 3, "");
    let heard = say(&mut stage, ALICE, &frames);
    let each = |id| format!("REJECTED {id} 102 Unable to send\n\n");
    assert_eq!(heard, [1, 2, 3].map(each).concat());
}

#[test]
fn nobody_else_is_nobody() {
    let mut stage = Stage::new(Limits::default());
    join(&mut stage, ALICE, &hello("alice", 1, ""));
    let heard = say(&mut stage, ALICE, &send("ALL", 1, "hi"));
    assert_eq!(heard, "REJECTED 1 102 Unable to send\n\n");
    join(&mut stage, BOB, &hello("bob", 1, ""));
    let heard = say(&mut stage, ALICE, &send("ALL", 2, "hi"));
    assert_eq!(heard, "ACCEPTED 2 2 4 1\n\n");
}

/// Who leaves with everything read left nothing; who never got a message from somebody is no news to that one.
#[test]
fn left_is_told_of_what_did_not_arrive_and_of_nothing_else() {
    let mut stage = two();
    join(&mut stage, LATER, &hello("carolin", 1, ""));
    say(&mut stage, ALICE, &send("bob", 1, "read"));
    say(&mut stage, BOB, &send("carolin", 1, "hi"));
    say(&mut stage, BOB, "ACK 5\n\n");
    say(&mut stage, BOB, "BYE forget\n\n");
    stage.wait(Duration::from_secs(1));
    let heard = stage.take_text(ALICE);
    assert!(
        heard.contains("RECEIPT bob 5\n") && !heard.contains("left"),
        "{heard}"
    );
    let heard = stage.take_text(LATER);
    assert!(
        heard.contains("DELIVER 6\n") && !heard.contains("RECEIPT"),
        "{heard}"
    );
}

#[test]
fn left_waits_for_its_commit_though_other_receipts_go_out() {
    let mut stage = two();
    join(&mut stage, LATER, &hello("carolin", 1, ""));
    say(
        &mut stage,
        ALICE,
        &(send("bob", 1, "one") + &send("carolin", 2, "two")),
    );
    stage.commits_wait = true;
    say(&mut stage, BOB, "BYE forget\n\n");
    say(&mut stage, LATER, "ACK 6\n\n");
    stage.wait(Duration::from_secs(1));
    assert_eq!(stage.take_text(ALICE), "RECEIPT carolin 6\n\n");
    stage.commit();
    stage.wait(Duration::from_secs(1));
    assert_eq!(stage.take_text(ALICE), "RECEIPT bob 3 left 5\n\n");
}

#[test]
fn a_passing_rejection_waits_for_its_turn_and_for_the_commit() {
    let limits = Limits {
        uncommitted_bytes_max: 100,
        ..Limits::default()
    };
    let mut stage = Stage::new(limits);
    join(&mut stage, ALICE, &hello("alice", 1, ""));
    join(&mut stage, BOB, &hello("bob", 1, ""));
    stage.commits_wait = true;
    let heard = say(
        &mut stage,
        ALICE,
        &(send("bob", 1, "one") + &send("bob", 2, "two")),
    );
    assert_eq!(heard, "");
    stage.wait(Duration::from_secs(1));
    assert_eq!(stage.take_text(ALICE), "");
    stage.commit();
    let heard = stage.take_text(ALICE);
    assert_eq!(
        heard,
        "ACCEPTED 1 1 4 1\n\nREJECTED 2 150 Busy\nRetry-after: 500\n\n"
    );
    stage.commits_wait = false;
    say(&mut stage, BOB, &(send("alice", 1, "hi") + "ACK 4\n\n"));
    stage.wait(Duration::from_secs(1));
    let heard = stage.take_text(ALICE);
    assert!(
        heard.contains("DELIVER 5\n") && !heard.contains("REJECTED"),
        "{heard}"
    );
}

#[test]
fn the_same_text_to_somebody_else_is_another_message() {
    let mut stage = two();
    join(&mut stage, LATER, &hello("carolin", 1, ""));
    say(&mut stage, ALICE, &send("bob", 1, "hi"));
    let heard = say(&mut stage, ALICE, &send("carolin", 1, "hi"));
    assert_eq!(heard, "REJECTED 1 110 Conflict\n\n");
    let heard = say(&mut stage, ALICE, &send("ALL", 1, "hi"));
    assert_eq!(heard, "REJECTED 1 110 Conflict\n\n");
    let heard = say(&mut stage, ALICE, &send("BOB", 1, "hi"));
    assert_eq!(heard, "ACCEPTED 1 1 5 1\n\n", "names compare without case");
}

#[test]
fn what_is_held_for_a_connection_is_not_told_to_the_next_one_of_its_number() {
    let mut stage = two();
    stage.commits_wait = true;
    say(&mut stage, ALICE, &(send("bob", 1, "one") + "WHO\n\n"));
    stage.hang_up(ALICE);
    stage.open(ALICE);
    stage.commit();
    assert_eq!(stage.take_text(ALICE), "");
    assert!(!stage.is_closed(ALICE));
}

/// Time in which a session that says nothing but `PONG` counts as idle.
fn idle(stage: &mut Stage) {
    for _ in 0..4 {
        stage.wait(Duration::from_secs(4));
        for conn in [ALICE, BOB] {
            say(stage, conn, "PING\n\n");
        }
    }
}

#[test]
fn an_idle_session_forgets_nothing_that_it_may_have_to_tell() {
    let mut stage = two();
    say(&mut stage, ALICE, &send("ALL", 1, "to all"));
    idle(&mut stage);
    say(&mut stage, BOB, "ACK 4\n\n");
    stage.wait(Duration::from_secs(1));
    assert!(stage.take_text(ALICE).contains("RECEIPT ALL 4 1 1"));

    say(&mut stage, ALICE, &send("nobody", 2, "lost"));
    idle(&mut stage);
    let heard = say(&mut stage, ALICE, &send("nobody", 2, "lost"));
    assert_eq!(heard, "REJECTED 2 102 Unable to send\n\n");
}

#[test]
fn an_idle_session_forgets_nobody_who_left() {
    let mut stage = two();
    say(&mut stage, ALICE, &send("bob", 1, "one"));
    say(&mut stage, BOB, "BYE forget\n\n");
    idle(&mut stage);
    let heard = join(&mut stage, LATER, &hello("alice", 2, "Delivered: 3\n"));
    assert!(heard.contains("\nRECEIPT bob 3 left 4\n"), "{heard}");
    let heard = join(&mut stage, LATEST, &hello("alice", 3, "Delivered: 4\n"));
    assert!(!heard.contains("RECEIPT"), "{heard}");
}

#[test]
fn a_hello_may_come_in_pieces_with_pauses() {
    let mut stage = Stage::new(Limits::default());
    stage.open(ALICE);
    for piece in ["H", "EL", "L", "O 1\nUser: alice\n"] {
        assert_eq!(say(&mut stage, ALICE, piece), "");
        stage.wait(Duration::from_secs(2));
    }
    let rest = hello("alice", 1, "").replace("HELLO 1\nUser: alice\n", "");
    assert!(say(&mut stage, ALICE, &rest).starts_with("WELCOME"));
}

fn register(stage: &mut Stage, name: &str, conns: [ConnId; 2]) {
    for (conn, word) in conns.into_iter().zip(["TOSEND", "TORECV"]) {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {word} {name}\n\n").as_bytes());
    }
    stage.wait(Limits::default().classic_settle_time);
    for conn in conns {
        stage.take(conn);
    }
}

#[test]
fn who_cannot_hear_is_not_there_for_a_classic_sender_nor_for_a_session() {
    let mut stage = two();
    let (dora, emil) = ([ConnId(5), ConnId(6)], [ConnId(7), ConnId(8)]);
    register(&mut stage, "dora", dora);
    register(&mut stage, "emil", emil);
    stage.hang_up(emil[1]);
    let heard = say(&mut stage, ALICE, &send("emil", 1, "hi"));
    assert_eq!(heard, "REJECTED 1 102 Unable to send\n\n");
    stage.hang_up(BOB);
    let kept = stage.records().len();
    let heard = say(&mut stage, dora[0], "SEND bob\nContent-length: 2\n\nhi");
    assert_eq!(heard, "ERROR 102 Unable to send\n\n");
    assert_eq!(stage.records().len(), kept, "nothing is kept of it");
    let heard = say(&mut stage, ALICE, &send("bob", 2, "hi"));
    assert!(heard.starts_with("ACCEPTED 2 2 "), "{heard}");
}
