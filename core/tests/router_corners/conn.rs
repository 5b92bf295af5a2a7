//! How long a connection may take for a word, a frame, a text; and how many connections there are.

use super::stage::Stage;
use super::{ALICE, BOB, LATER, hello, join, say};
use std::time::Duration;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;

const MOMENT: Duration = Duration::from_millis(10);

/// A classic user on the first two connections.
fn carol(limits: Limits) -> Stage {
    let mut stage = Stage::new(limits);
    for (conn, half) in [(ALICE, "TOSEND carol"), (BOB, "TORECV carol")] {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {half}\n\n").as_bytes());
        stage.wait(Duration::from_secs(1));
        assert!(stage.take_text(conn).starts_with("REGISTERED"));
    }
    stage
}

/// A session user that lives on, whatever else happens.
fn pings(stage: &mut Stage, conn: ConnId, span: Duration) {
    let mut left = span;
    while left > Duration::ZERO {
        let step = left.min(Duration::from_secs(5));
        stage.wait(step);
        say(stage, conn, "PING\n\n");
        left -= step;
    }
}

#[test]
fn as_many_connections_as_the_limit_says_are_served() {
    let mut stage = Stage::new(Limits {
        connections_max: 2,
        ..Limits::default()
    });
    for (conn, name) in [(ALICE, "alice"), (BOB, "bob")] {
        assert!(join(&mut stage, conn, &hello(name, 1, "")).starts_with("WELCOME"));
    }
    stage.open(LATER);
    assert!(stage.take_text(LATER).starts_with("ERROR 150"));
    assert!(stage.is_closed(LATER));
    assert!(!stage.is_closed(ALICE) && !stage.is_closed(BOB));
    stage.hang_up(LATER);
    stage.hang_up(BOB);
    assert!(join(&mut stage, LATER, &hello("someone", 1, "")).starts_with("WELCOME"));
}

#[test]
fn as_many_unregistered_ones_as_the_limit_says_may_wait() {
    let mut stage = Stage::new(Limits {
        unregistered_connections_max: 2,
        ..Limits::default()
    });
    stage.open(ALICE);
    stage.open(BOB);
    assert!(!stage.is_closed(ALICE) && !stage.is_closed(BOB));
    stage.open(LATER);
    assert!(stage.is_closed(ALICE), "the oldest makes room");
    assert!(!stage.is_closed(BOB) && !stage.is_closed(LATER));
}

#[test]
fn who_says_nothing_is_closed_in_time_and_who_is_somebody_is_not() {
    let limits = Limits::default();
    let mut stage = carol(limits.clone());
    stage.open(LATER);
    stage.wait(limits.registration_time_max - MOMENT);
    assert!(!stage.is_closed(LATER));
    stage.wait(MOMENT);
    assert!(stage.take_text(LATER).starts_with("ERROR 173"));
    assert!(stage.is_closed(LATER));
    stage.wait(Duration::from_secs(3_600));
    assert!(!stage.is_closed(ALICE) && !stage.is_closed(BOB));
}

#[test]
fn a_word_that_comes_letter_by_letter_has_no_more_time() {
    let limits = Limits::default();
    let mut stage = Stage::new(limits.clone());
    stage.open(ALICE);
    let mut word = b"HELLO 1\nUser: alice\nDevice: ".iter();
    let step = limits.registration_time_max / 10;
    for _ in 0..9 {
        stage.wait(step);
        stage.say(ALICE, &[*word.next().unwrap()]);
        assert!(!stage.is_closed(ALICE));
    }
    stage.wait(step);
    assert!(stage.is_closed(ALICE));
}

#[test]
fn a_frame_has_its_time_from_its_beginning() {
    let limits = Limits::default();
    let mut stage = carol(limits.clone());
    let half = limits.frame_time_max / 2;
    stage.say(ALICE, b"SEND carol\nContent-len");
    stage.wait(half);
    stage.say(ALICE, b"gth: 2");
    stage.wait(half - MOMENT);
    assert!(!stage.is_closed(ALICE));
    stage.wait(MOMENT);
    assert!(stage.take_text(ALICE).starts_with("ERROR 172"));
    assert!(stage.is_closed(ALICE));
}

#[test]
fn the_next_frame_has_a_time_of_its_own() {
    let limits = Limits::default();
    let mut stage = Stage::new(limits.clone());
    assert!(join(&mut stage, ALICE, &hello("alice", 1, "")).starts_with("WELCOME"));
    stage.say(ALICE, b"PIN");
    pings_in_pieces(&mut stage, limits.frame_time_max * 3);
    assert!(!stage.is_closed(ALICE));
}

/// Each read ends one frame and begins another.
fn pings_in_pieces(stage: &mut Stage, span: Duration) {
    for _ in 0..span.as_secs() / 5 {
        stage.wait(Duration::from_secs(5));
        stage.say(ALICE, b"G\n\nPIN");
    }
}

#[test]
fn a_text_that_is_passed_over_may_take_long_but_not_pause() {
    let limits = Limits::default();
    let mut stage = carol(limits.clone());
    let pause = limits.frame_time_max - MOMENT;
    stage.say(ALICE, b"SEND carol\nContent-length: 90000\n\n");
    for _ in 0..5 {
        stage.wait(pause);
        stage.say(ALICE, b"xxxxxxxx");
        assert!(!stage.is_closed(ALICE), "it goes on, slowly");
    }
    stage.wait(limits.frame_time_max - MOMENT);
    assert!(!stage.is_closed(ALICE));
    stage.wait(MOMENT);
    assert!(stage.is_closed(ALICE), "it has stopped");
}

#[test]
fn what_waits_for_nothing_has_all_the_time_there_is() {
    let mut stage = Stage::new(Limits::default());
    assert!(join(&mut stage, ALICE, &hello("alice", 1, "")).starts_with("WELCOME"));
    pings(&mut stage, ALICE, Duration::from_secs(600));
    assert!(!stage.is_closed(ALICE));
}
