//! What users of other people's programs meet, with a sender of one dialect and a recipient of another: not here.

use crate::{cuts, room, wait_for_all, world};
use sim_tests::dialects::{CLIENTS, ClientRow, Cut, News, Told};
use sim_tests::{Foreign, World};
use std::time::Duration;

fn joins(world: &World, row: &ClientRow, name: &str) -> Foreign {
    let user = world.foreign(*row, name, Cut::Whole);
    user.sees(&News::Registered);
    world.wait(Duration::from_millis(200));
    user
}

/// Faults that users of other servers meet, with a sender of one dialect and a recipient of another.
fn meet_faults(sender: &ClientRow, recipient: &ClientRow) {
    let world = world(51);
    let ann = joins(&world, sender, "ann");
    let mut ben = joins(&world, recipient, "ben");
    let cas = joins(&world, recipient, "cas");
    // 6: a long line. 8: an empty one.
    let long = "x".repeat(3_000);
    ann.says("ben", &long);
    ann.is_told("ben", &long, Told::Arrived);
    ann.says("ben", "");
    ann.is_told("ben", "", Told::Arrived);
    // 9: a second login.
    let thief = world.foreign(*sender, "ben", Cut::Whole);
    world.wait(Duration::from_secs(1));
    assert!(!thief.news().contains(&News::Registered));
    ann.says("ben", "still you?");
    ann.is_told("ben", "still you?", Told::Arrived);
    ben.reads("ann", "still you?");
    // 4: somebody who is silent. He is cut off, and nobody else notices.
    let mute = world.person("mute").classic("mute");
    ann.says("ALL", "to all of you");
    cas.reads("ann", "to all of you");
    ann.is_told("ALL", "to all of you", Told::Arrived);
    drop(mute);
    // 2 and 3: the recipient vanishes, and comes back.
    ben.quits();
    drop(thief);
    world.wait(Duration::from_secs(1));
    ann.says("ben", "are you there?");
    ann.is_told("ben", "are you there?", Told::Refused(102));
    let ben = joins(&world, recipient, "ben");
    ann.says("ben", "welcome back");
    ann.is_told("ben", "welcome back", Told::Arrived);
    ben.reads("ann", "welcome back");
}

#[test]
fn faults_with_dialects_mixed() {
    let fully: Vec<&ClientRow> = CLIENTS.iter().filter(|row| row.serves.fully()).collect();
    for (at, sender) in fully.iter().enumerate() {
        meet_faults(sender, fully[(at + 5) % fully.len()]);
    }
}

/// Everybody writes to somebody who dies in the midst of it, to somebody who stays, and to all.
fn storm(seed: u64, cut: &Cut) {
    let world = world(seed);
    let join = |name| world.foreign(CLIENTS[0], name, cut.clone());
    let (mut victim, keeper) = (join("victim"), join("keeper"));
    let room = room(&world, cut);
    for (row, user) in &room {
        for number in 0..3 {
            user.says("victim", &format!("{number} of {}", row.name));
            user.says("keeper", &format!("{number} of {}", row.name));
            user.says("ALL", &format!("all {number} of {}", row.name));
        }
    }
    while victim.lines().len() < 5 {
        world.wait(Duration::from_millis(5));
    }
    victim.quits();
    wait_for_all(&world, &room, 9);
    let arrived = victim.lines();
    let mut kept = keeper.lines();
    for (row, user) in &room {
        for number in 0..3 {
            let [one, all] = ["", "all "].map(|all| format!("{all}{number} of {}", row.name));
            let [one, all] = [one, all].map(|text| (row.name.to_owned(), text));
            for line in [&one, &all] {
                let at = kept.iter().position(|kept| kept == line);
                kept.swap_remove(at.unwrap_or_else(|| panic!("the keeper lacks {line:?}")));
            }
            for (_, other) in room.iter().filter(|(other, _)| other.name != row.name) {
                let heard = other.lines().into_iter().filter(|line| *line == all);
                assert_eq!(heard.count(), 1, "{all:?}");
            }
        }
        if row.serves.fully() {
            told_the_truth(row, user, &arrived);
        }
    }
    assert_eq!(kept, [], "nothing comes twice");
    let refused = |(_, user): &(ClientRow, Foreign)| {
        let mut told = user.told().into_iter();
        told.any(|(.., told)| told == Told::Refused(102))
    };
    assert!(
        room.iter().any(refused),
        "it died before the storm was over"
    );
}

/// Every line is told to have arrived; of those to the victim, those that it has read are, and no others.
fn told_the_truth(row: &ClientRow, user: &Foreign, arrived: &[(String, String)]) {
    assert_eq!(user.told_count(), 9, "{}", row.name);
    for (to, text, told) in user.told() {
        let line = (row.name.to_owned(), text);
        let well = match told {
            Told::Arrived => to != "victim" || arrived.contains(&line),
            told => to == "victim" && told == Told::Refused(102),
        };
        assert!(well, "{line:?} to {to} is told wrongly");
    }
}

#[test]
fn a_storm_with_a_death_in_its_midst_takes_nothing_from_the_others() {
    (91..)
        .zip(cuts(9))
        .for_each(|(seed, cut)| storm(seed, &cut));
}
