//! The log's room: when a log in memory forgets what nobody is owed, when a line finds none, and that a log on disk forgets
//! nothing of its own accord.

mod stage;

use stage::Stage;
use stage::session::say;
use std::time::Duration;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;

const ALICE: ConnId = ConnId(0);
const BOB: ConnId = ConnId(1);
const FULL: &str = "151 Storage full\nRetry-after: 500\n\n";

/// A quarter of the log is 20,000 bytes, an eighth 10,000; a short line leaves 15,000 and finds no room in 15,300. So much
/// history is kept that only little room makes anything go.
fn small() -> Limits {
    Limits {
        log_bytes_max: 80_000,
        log_reserve_bytes: 15_000,
        history_bytes_max: 1_000_000,
        ..Limits::default()
    }
}

fn send(id: u64, body: &str) -> String {
    let length = body.len();
    format!("SEND bob\nId: {id}\nContent-length: {length}\n\n{body}")
}

/// Alice and bob, seqs 2 and 3.
fn meet(mut stage: Stage) -> Stage {
    for (conn, name) in [(ALICE, "alice"), (BOB, "bob")] {
        stage.open(conn);
        let device = name.len();
        let hello = format!(
            "HELLO 1\nUser: {name}\nDevice: {device:032x}\nTry: 1\nKeep: yes\nCursor: server\nWindow: 256 262144\n\n"
        );
        assert!(say(&mut stage, conn, &hello).starts_with("WELCOME"));
    }
    stage
}

/// The engine tells with a commit that it has so much room.
fn tell_room(stage: &mut Stage, room: u64) {
    stage.room = room;
    stage.commit();
}

fn wait(stage: &mut Stage, millis: u64) {
    stage.wait(Duration::from_millis(millis));
}

/// Alice says a line to bob, its id and seq.
fn line(stage: &mut Stage, id: u64, body: &str) {
    let heard = say(stage, ALICE, &send(id, body));
    wait(stage, 2); // a lone answer may wait so long
    let heard = heard + &stage.take_text(ALICE);
    let accepted = format!("ACCEPTED {id} {id} {} {id}\n\n", id + 3);
    assert!(heard.contains(&accepted), "{heard}");
}

fn ack(stage: &mut Stage, seq: u64) {
    assert!(!stage.take_text(BOB).contains("ERROR"));
    stage.say(BOB, format!("ACK {seq}\n\n").as_bytes());
}

fn refused(stage: &mut Stage, id: u64) {
    let heard = say(stage, ALICE, &send(id, "one more"));
    assert!(heard.ends_with(&format!("REJECTED {id} {FULL}")), "{heard}");
}

fn kept(stage: &Stage) -> usize {
    stage.records().len()
}

/// It was looked for room just now: from here on the times count.
fn just_looked() -> Stage {
    let mut stage = meet(Stage::new(small()));
    tell_room(&mut stage, 20_000);
    stage
}

#[test]
fn what_nobody_is_owed_goes_when_a_quarter_is_free_and_not_before() {
    let mut stage = meet(Stage::new(small()));
    line(&mut stage, 1, "one");
    ack(&mut stage, 4);
    line(&mut stage, 2, "two");
    tell_room(&mut stage, 20_001);
    assert_eq!(kept(&stage), 2);
    tell_room(&mut stage, 20_000);
    assert_eq!(kept(&stage), 1, "bob is owed the other one");
}

#[test]
fn with_little_room_it_is_looked_again_after_half_the_time_of_a_retry() {
    let mut stage = just_looked();
    wait(&mut stage, 98);
    line(&mut stage, 1, "one");
    ack(&mut stage, 4);
    wait(&mut stage, 149);
    tell_room(&mut stage, 10_000);
    assert_eq!(kept(&stage), 1, "249 ms after the last look");
    wait(&mut stage, 1);
    tell_room(&mut stage, 10_000);
    assert_eq!(kept(&stage), 0);
}

#[test]
fn with_less_than_an_eighth_it_is_looked_again_at_once_but_once_a_moment() {
    let mut stage = just_looked();
    for id in [1, 2] {
        line(&mut stage, id, "a line");
    }
    ack(&mut stage, 4);
    tell_room(&mut stage, 10_000);
    assert_eq!(kept(&stage), 2, "just an eighth");
    tell_room(&mut stage, 9_999);
    assert_eq!(kept(&stage), 1);
    ack(&mut stage, 5);
    tell_room(&mut stage, 9_999);
    assert_eq!(kept(&stage), 1, "it was looked in this moment");
    wait(&mut stage, 1);
    tell_room(&mut stage, 9_999);
    assert_eq!(kept(&stage), 0);
}

/// No ack is in sight that would make it look, and a refused line commits nothing.
#[test]
fn a_line_that_finds_no_room_has_it_looked_for_and_the_next_try_finds_it() {
    let mut stage = just_looked();
    tell_room(&mut stage, 40_000);
    line(&mut stage, 1, &"x".repeat(3_000));
    ack(&mut stage, 4);
    tell_room(&mut stage, 15_000);
    wait(&mut stage, 247);
    refused(&mut stage, 2);
    assert_eq!(kept(&stage), 1, "249 ms after the last look");
    wait(&mut stage, 1);
    refused(&mut stage, 2);
    assert_eq!(kept(&stage), 0);
    line(&mut stage, 2, "one more");
}

#[test]
fn however_often_lines_find_no_room_it_is_looked_for_at_most_twice_in_a_retry() {
    let mut stage = just_looked();
    tell_room(&mut stage, 40_000);
    stage.say(ALICE, send(1, "one").as_bytes());
    ack(&mut stage, 4);
    tell_room(&mut stage, 9_000);
    for _ in 0..4 {
        wait(&mut stage, 62);
        stage.take(ALICE);
        refused(&mut stage, 2);
        assert_eq!(kept(&stage), 1);
    }
    wait(&mut stage, 2);
    refused(&mut stage, 2);
    assert_eq!(kept(&stage), 0, "250 ms after the last look");
}

#[test]
fn acks_make_it_look_in_half_the_time_of_a_retry_from_the_first_of_them() {
    let mut stage = just_looked();
    for id in [1, 2] {
        line(&mut stage, id, "a line");
    }
    ack(&mut stage, 4);
    wait(&mut stage, 100);
    ack(&mut stage, 5);
    wait(&mut stage, 149);
    assert_eq!(kept(&stage), 2);
    wait(&mut stage, 1);
    assert_eq!(kept(&stage), 0);
}

#[test]
fn acks_make_nothing_look_while_there_is_plenty() {
    let mut stage = just_looked();
    tell_room(&mut stage, 40_000);
    line(&mut stage, 1, "one");
    ack(&mut stage, 4);
    tell_room(&mut stage, 20_000);
    wait(&mut stage, 1_000);
    assert_eq!(kept(&stage), 1);
}

#[test]
fn a_log_on_disk_forgets_nothing_however_little_room_it_has() {
    let mut stage = meet(Stage::on_disk(small()));
    tell_room(&mut stage, 17_000);
    line(&mut stage, 1, "one");
    ack(&mut stage, 4);
    for room in [17_000, 10_000, 5_000, 0] {
        tell_room(&mut stage, room);
        wait(&mut stage, 1_000);
        assert_eq!(kept(&stage), 1, "{room}");
    }
    refused(&mut stage, 2);
    wait(&mut stage, 1_000);
    refused(&mut stage, 2);
    assert_eq!(kept(&stage), 1);
    tell_room(&mut stage, 16_000);
    line(&mut stage, 2, "one more");
}

/// A line counts its body, 192 bytes for its head and the 128 that each message costs.
#[test]
fn a_line_must_leave_the_reserve() {
    let mut stage = meet(Stage::new(small()));
    let needs = 15_000 + 8 + 192 + 128;
    tell_room(&mut stage, needs - 1);
    refused(&mut stage, 1);
    tell_room(&mut stage, needs);
    line(&mut stage, 1, "one more");
}

#[test]
fn a_user_may_be_owed_just_so_much() {
    let mut stage = meet(Stage::new(Limits {
        owed_bytes_max: 1_000 + 192 + 128,
        ..Limits::default()
    }));
    let heard = say(&mut stage, ALICE, &send(1, &"x".repeat(1_001)));
    assert_eq!(heard, "REJECTED 1 114 Recipient full\n\n");
    let heard = say(&mut stage, ALICE, &send(2, &"x".repeat(1_000)));
    assert!(heard.starts_with("ACCEPTED 2 2 "), "{heard}");
}
