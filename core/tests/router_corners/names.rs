//! Who gets a name and who hears why not, and how long it is held.

use super::{ALICE, BOB, LATER, LATEST, hello, join, say, send, two};
use crate::stage::Stage;
use std::time::Duration;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;

/// Somebody else's device asks for a name.
fn other(name: &str, device: u64, more: &str) -> String {
    format!("HELLO 1\nUser: {name}\nDevice: {device:032x}\nTry: 1\nKeep: no\n{more}\n")
}

fn refused(heard: &str, code: u16) -> u64 {
    assert!(heard.starts_with(&format!("ERROR {code} ")), "{heard}");
    let after = heard.split_once("Retry-after: ");
    after.map_or(0, |(_, time)| time.trim().parse().expect("milliseconds"))
}

#[test]
fn a_device_has_one_name() {
    let mut stage = two();
    let heard = join(
        &mut stage,
        LATER,
        &other("alice", 3, "").replace("Try: 1", "Try: 2"),
    );
    assert_eq!(refused(&heard, 110), 0, "it is bob's");
    assert!(stage.is_closed(LATER) && !stage.is_closed(ALICE) && !stage.is_closed(BOB));
    assert!(say(&mut stage, ALICE, &send("bob", 1, "hi")).starts_with("ACCEPTED 1"));
    assert!(stage.take_text(BOB).starts_with("DELIVER 4"));
}

/// The time told is that for which a name is held at most, if its holder stays away from now on.
#[test]
fn how_long_a_name_is_held_is_told() {
    let mut stage = two();
    for _ in 0..8 {
        stage.wait(Duration::from_secs(4));
        say(&mut stage, ALICE, "PING\n\n");
        say(&mut stage, BOB, "PING\n\n");
    }
    let heard = join(&mut stage, LATER, &other("Bob", 77, ""));
    assert_eq!(refused(&heard, 104), 60_000);
    stage.hang_up(BOB);
    stage.wait(Duration::from_secs(10));
    let heard = join(&mut stage, LATEST, &other("Bob", 77, ""));
    assert_eq!(refused(&heard, 104), 50_000);
}

#[test]
fn a_half_registered_name_is_held_and_a_full_server_is_busy() {
    let limits = Limits {
        users_max: 2,
        ..Limits::default()
    };
    let mut stage = Stage::new(limits);
    stage.open(ALICE);
    stage.say(ALICE, b"REGISTER TOSEND anna\n\n");
    let heard = join(&mut stage, BOB, &other("Anna", 7, ""));
    assert_eq!(refused(&heard, 104), 10_000);
    assert!(join(&mut stage, LATER, &other("ben", 8, "")).starts_with("WELCOME"));
    assert!(join(&mut stage, LATEST, &other("cas", 9, "")).starts_with("WELCOME"));
    let heard = join(&mut stage, ConnId(4), &other("dora", 10, ""));
    assert_eq!(refused(&heard, 150), 500);
}

#[test]
fn who_was_here_before_and_is_unknown_has_lost_something() {
    for (more, lost) in [
        ("Accepted: 3\n", true),
        ("Accepted: 0\n", false),
        ("", false),
    ] {
        let mut stage = Stage::new(Limits::default());
        let heard = join(&mut stage, ALICE, &other("anna", 7, more));
        assert_eq!(heard.contains("Lost: yes"), lost, "{heard}");
    }
}

#[test]
fn the_counters_of_several_former_users_are_remembered() {
    let mut stage = two();
    for conn in [ALICE, BOB] {
        say(&mut stage, conn, "BYE forget\n\n");
    }
    for (conn, name) in [(LATER, "alice"), (LATEST, "bob")] {
        let late = join(&mut stage, conn, &hello(name, 1, ""));
        assert_eq!(late, "REPLACED\nTry: 1\n\n");
    }
}

#[test]
fn an_end_that_was_held_back_is_not_the_next_connections() {
    let mut stage = two();
    stage.commits_wait = true;
    say(&mut stage, BOB, &send("alice", 1, "hi"));
    say(&mut stage, ALICE, &send("bob", 9, "a gap"));
    stage.hang_up(ALICE);
    stage.open(ALICE);
    stage.commit();
    assert_eq!(stage.take_text(ALICE), "");
    assert!(!stage.is_closed(ALICE));
}
