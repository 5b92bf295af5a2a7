//! Corners of the classic level.

use super::stage::Stage;
use super::{ALICE, BOB, LATER, LATEST, hello, join, say, send, two};
use std::time::Duration;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;

/// A classic recipient that goes before the commit of a line to it has not received that line.
#[test]
fn a_classic_recipient_gone_before_the_commit() {
    let mut stage = Stage::new(Limits::default());
    for (conn, half) in [
        (0, "TOSEND anna"),
        (1, "TORECV anna"),
        (2, "TOSEND ben"),
        (3, "TORECV ben"),
    ] {
        stage.open(ConnId(conn));
        stage.say(ConnId(conn), format!("REGISTER {half}\n\n").as_bytes());
    }
    let sender = ConnId(0);
    stage.take(sender);
    stage.commits_wait = true;
    assert_eq!(
        say(&mut stage, sender, "SEND ben\nContent-length: 2\n\nhi"),
        ""
    );
    stage.hang_up(ConnId(2));
    stage.hang_up(ConnId(3));
    stage.commits_wait = false;
    stage.commit();
    assert_eq!(stage.take_text(sender), "ERROR 102 Unable to send\n\n");
}

/// A line of a sender who counts characters can be over the limit in bytes though its count is not.
#[test]
fn a_long_line_counted_in_characters_is_refused_not_waited_for() {
    let mut stage = two();
    for (conn, half) in [(LATER, "TOSEND carol"), (LATEST, "TORECV carol")] {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {half}\n\n").as_bytes());
    }
    stage.take(LATER);
    let line = |text: &str| {
        format!(
            "SEND bob\nContent-length: {}\n\n{text}",
            text.chars().count()
        )
    };
    assert_eq!(say(&mut stage, LATER, &line("éa")), "SENT bob\n\n");
    let long = line(&"é".repeat(40_000));
    for part in long.as_bytes().chunks(60_000) {
        stage.say(LATER, part);
    }
    assert_eq!(stage.take_text(LATER), "ERROR 102 Unable to send\n\n");
    assert_eq!(say(&mut stage, LATER, &line("again")), "SENT bob\n\n");
}

fn register(stage: &mut Stage, name: &str, send: ConnId, receive: ConnId) {
    for (conn, word) in [(send, "TOSEND"), (receive, "TORECV")] {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {word} {name}\n\n").as_bytes());
    }
    stage.wait(Limits::default().classic_settle_time);
    stage.take(send);
    stage.take(receive);
}

/// A connection that was refused a classic registration has no level yet.
#[test]
fn hello_may_follow_a_refused_registration() {
    let mut stage = Stage::new(Limits::default());
    stage.open(ALICE);
    let refused = say(&mut stage, ALICE, "REGISTER TOSEND a_b\n\n");
    assert_eq!(refused, "ERROR 100 Malformed username\n\n");
    assert!(say(&mut stage, ALICE, &hello("alice", 1, "")).starts_with("WELCOME"));
}

/// Session users who are away get a classic user's line to all on resume.
#[test]
fn a_classic_line_to_all_waits_for_those_who_are_away() {
    let mut stage = two();
    register(&mut stage, "carol", LATER, LATEST);
    stage.hang_up(ALICE);
    stage.hang_up(BOB);
    let answer = say(&mut stage, LATER, "SEND ALL\nContent-length: 2\n\nhi");
    assert_eq!(answer, "SENT ALL\n\n");
    let heard = join(
        &mut stage,
        BOB,
        &hello("bob", 2, "Store: 3901\nEpoch: 77\nCursor: 3\n"),
    );
    assert!(
        heard.contains("DELIVER 5\nFrom: carol\nTo: ALL\n"),
        "{heard}"
    );
}

/// What a classic recipient refuses is lost to it, and nothing else is.
#[test]
fn left_in_the_middle() {
    let mut stage = two();
    register(&mut stage, "carol", LATER, LATEST);
    for id in 1..=3 {
        say(&mut stage, ALICE, &send("carol", id, "hi"));
    }
    say(&mut stage, LATEST, "RECEIVED alice\n\n");
    say(&mut stage, LATEST, "ERROR 103 Header Incomplete\n\n");
    say(&mut stage, LATEST, "RECEIVED alice\n\n");
    stage.take(ALICE);
    stage.wait(Duration::from_secs(1));
    let heard = stage.take_text(ALICE);
    assert_eq!(heard, "RECEIPT carol 5 left 6\n\nRECEIPT carol 7\n\n");
}

/// One line waits for each classic recipient at a time, whoever sends; what waits when its connection goes is lost in order.
#[test]
fn what_waits_for_a_receive_connection_that_ends() {
    let mut stage = two();
    register(&mut stage, "carol", LATER, LATEST);
    say(&mut stage, ALICE, &send("carol", 1, "one"));
    say(&mut stage, ALICE, &send("carol", 2, "two"));
    assert_eq!(
        stage.take_text(LATEST),
        "FORWARD alice\nContent-length: 3\n\none"
    );
    stage.wait(Duration::from_secs(1));
    stage.take(ALICE);
    stage.hang_up(LATEST);
    stage.wait(Duration::from_secs(1));
    let heard = stage.take_text(ALICE);
    assert_eq!(
        heard,
        "RECEIPT carol 4 left 5\n\nRECEIPT carol 5 left 6\n\n"
    );
}

/// A classic user shows what it counts while a line counted otherwise is on its way to it: it gets that line once more.
#[test]
fn a_count_that_shows_itself_while_a_line_is_on_its_way() {
    let mut stage = two();
    register(&mut stage, "carol", LATER, LATEST);
    say(&mut stage, ALICE, &send("carol", 1, "café"));
    assert!(stage.take_text(LATEST).contains("Content-length: 5"));
    say(&mut stage, LATER, "SEND bob\nContent-length: 4\n\ncafé");
    let again = say(&mut stage, LATEST, "ERROR 103 Header Incomplete\n\n");
    assert_eq!(again, "FORWARD alice\nContent-length: 4\n\ncafé");
    say(&mut stage, LATEST, "RECEIVED alice\n\n");
    stage.wait(Duration::from_secs(1));
    assert!(stage.take_text(ALICE).contains("RECEIPT carol 5"));
}

/// A registration whose commit takes longer than the time that its answer has for itself: the answer still comes first and
/// alone, or a program that reads once takes both for one.
#[test]
fn a_slow_commit_leaves_the_answer_to_a_registration_its_time() {
    let mut stage = two();
    stage.commits_wait = true;
    for (conn, word) in [(LATER, "TOSEND"), (LATEST, "TORECV")] {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {word} carol\n\n").as_bytes());
    }
    say(&mut stage, ALICE, &send("carol", 1, "hi"));
    stage.wait(Duration::from_secs(1));
    assert!(!stage.take_text(LATEST).contains("FORWARD"));
    stage.commits_wait = false;
    stage.commit();
    let told = stage.take_text(LATEST);
    assert!(!told.contains("FORWARD"), "{told}");
    stage.wait(Limits::default().classic_settle_time);
    assert!(stage.take_text(LATEST).starts_with("FORWARD alice"));
}

/// What is left of a line that was too long must come in a frame's time. When all of it is there nothing is waited for,
/// though only what follows shows that.
#[test]
fn the_rest_of_a_long_line_has_a_frames_time() {
    for (first, lacking) in [("ab", 1), ("ab", 0), ("éa", 1), ("éa", 0)] {
        let mut stage = two();
        register(&mut stage, "carol", LATER, LATEST);
        let line = format!("SEND bob\nContent-length: 2\n\n{first}");
        stage.say(LATER, line.as_bytes());
        let rest = "x".repeat(70_000 - lacking);
        let long = format!("SEND bob\nContent-length: 70000\n\n{rest}");
        stage.say(LATER, long.as_bytes());
        stage.wait(Limits::default().frame_time_max * 2);
        assert_eq!(stage.is_closed(LATER), lacking > 0, "{first} {lacking}");
    }
}

/// What a classic user has acked counts no more, and what it has not is bounded.
#[test]
fn lines_to_all_wait_for_a_classic_user_up_to_the_limit() {
    let mut stage = Stage::new(Limits {
        owed_bytes_max: 2_000,
        ..Limits::default()
    });
    join(&mut stage, ALICE, &hello("alice", 1, ""));
    register(&mut stage, "carol", LATER, LATEST);
    let line = |stage: &mut Stage, id| {
        stage.say(ALICE, send("ALL", id, &"x".repeat(500)).as_bytes());
        stage.is_closed(LATEST)
    };
    for id in 1..=9 {
        assert!(!line(&mut stage, id), "line {id}");
        stage.say(LATEST, b"RECEIVED alice\n\n");
    }
    assert!((10..=12).all(|id| !line(&mut stage, id)));
    stage.say(LATEST, b"RECEIVED alice\n\n");
    assert!(!line(&mut stage, 13) && line(&mut stage, 14));
}

/// A line of its own is answered though it has yet to take a newer one.
#[test]
fn a_sender_to_all_does_not_wait_for_itself() {
    let mut stage = two();
    register(&mut stage, "carol", LATER, LATEST);
    stage.commits_wait = true;
    stage.say(LATER, b"SEND ALL\nContent-length: 2\n\nhi");
    stage.say(ALICE, send("carol", 1, "yes").as_bytes());
    stage.commits_wait = false;
    stage.commit();
    assert_eq!(stage.take_text(LATER), "SENT ALL\n\n");
}

/// Its first line leaves by a commit in the moment in which it is ready: from then on it has its time for that.
#[test]
fn a_classic_user_that_is_ready_has_its_time_for_the_first_line() {
    let mut stage = two();
    for (conn, word) in [(LATER, "TOSEND"), (LATEST, "TORECV")] {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {word} carol\n\n").as_bytes());
    }
    stage.take(LATEST);
    stage.say(ALICE, send("carol", 1, "one").as_bytes());
    stage.commits_wait = true;
    stage.say(ALICE, send("carol", 2, "two").as_bytes());
    let ready = stage.now.mono + Limits::default().classic_settle_time;
    assert_eq!(stage.take_text(LATEST), "");
    stage.now.mono = ready;
    stage.commit();
    assert!(stage.take_text(LATEST).starts_with("FORWARD alice"));
    stage.commits_wait = false;
    stage.wait(Duration::from_secs(1));
    assert!(!stage.is_closed(LATEST));
    stage.wait(Limits::default().classic_ack_time_max);
    assert!(stage.is_closed(LATEST));
}
