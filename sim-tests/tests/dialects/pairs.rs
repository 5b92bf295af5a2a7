//! Foreign clients of every dialect with each other in one room, and with users of the session level.

use crate::{cuts, room, text, wait_for_all, world};
use sim_tests::Foreign;
use sim_tests::dialects::{CLIENTS, ClientRow, Cut, News, Serves, Told};
use std::time::Duration;

/// What its program should say of a line that arrived.
fn told_well(row: &ClientRow, told: &Told) -> bool {
    match row.serves {
        Serves::Fully => *told == Told::Arrived,
        _ => matches!(told, Told::Unknown(_)),
    }
}

/// Every line that was sent to it once, each acknowledged, and nothing else; otherwise what is wrong.
fn fault(
    row: &ClientRow,
    user: &Foreign,
    expected: &[(String, String)],
    said: usize,
) -> Option<String> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for one in user.news() {
        match one {
            News::Line(from, text) => lines.push((from, text)),
            News::Told(to, text, told) if !told_well(row, &told) => {
                return Some(format!("is told of {text:?} to {to}: {told:?}"));
            }
            News::Misread(what) => return Some(format!("does not understand {what:?}")),
            // Of one who never wrote nobody knows what it counts, so it may complain once.
            News::Told(..) | News::Registered | News::Complained => {}
        }
    }
    let mut expected = expected.to_vec();
    lines.sort();
    expected.sort();
    let told = user.told_count();
    (lines != expected || told != said)
        .then(|| format!("is told of {told} of {said} and reads {lines:?}"))
}

#[test]
fn every_pair_of_client_dialects_talks_in_one_room() {
    for (seed, cut) in (1..).zip(cuts(1)) {
        let world = world(seed);
        let room = room(&world, &cut);
        let lines = |to: &ClientRow| {
            let others = room.iter().filter(|(row, _)| row.name != to.name);
            let line =
                |(row, _): &(ClientRow, Foreign)| (row.name.to_owned(), text(row.name, to.name));
            others.map(line).collect::<Vec<_>>()
        };
        for (row, user) in &room {
            for (other, _) in room.iter().filter(|(other, _)| other.name != row.name) {
                user.says(other.name, &text(row.name, other.name));
            }
        }
        wait_for_all(&world, &room, room.len() - 1);
        for (row, user) in &room {
            if let Some(fault) = fault(row, user, &lines(row), room.len() - 1) {
                world.fail(&format!("{} {fault}", row.name));
            }
        }
    }
}

#[test]
fn every_client_dialect_broadcasts_and_hears_refusals() {
    for (seed, cut) in (11..).zip(cuts(2)) {
        let world = world(seed);
        let room = room(&world, &cut);
        for (row, user) in &room {
            user.says("ALL", &text(row.name, "ALL"));
            user.says("nobody", "are you there?");
        }
        wait_for_all(&world, &room, 2);
        for (row, user) in &room {
            let others = room.iter().filter(|(other, _)| other.name != row.name);
            for (other, _) in others {
                user.reads(other.name, &text(other.name, "ALL"));
            }
            if row.serves.fully() {
                user.is_told("ALL", &text(row.name, "ALL"), Told::Arrived);
                user.is_told("nobody", "are you there?", Told::Refused(102));
            }
        }
    }
}

#[test]
fn a_session_user_does_not_notice_which_dialect_is_at_the_other_end() {
    let mut screens = Vec::new();
    for row in CLIENTS.iter().filter(|row| row.serves.arrives()) {
        let world = world(21);
        let mut alice = world.client("alice");
        let bob = world.foreign(*row, "bob", Cut::Whole);
        bob.sees(&News::Registered);
        world.wait(Duration::from_secs(1));
        alice.types("bob", "hi");
        alice.sees("#1 delivered");
        bob.says("alice", "hello");
        bob.says("ALL", "all of you");
        alice.sees("bob -> alice \"hello\"");
        alice.sees("bob -> ALL \"all of you\"");
        alice.types("ALL", "to all");
        alice.sees("#2 delivered to 1 of 1");
        let said: Vec<String> = alice.screen();
        screens.push((row.name, said));
    }
    let (_, seeds) = &screens[0];
    for (name, screen) in &screens {
        assert_eq!(screen, seeds, "with {name} at the other end");
    }
}
