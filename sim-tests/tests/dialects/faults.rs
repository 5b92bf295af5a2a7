//! What users of other people's programs meet, with a sender of one dialect and a recipient of another: not here.

use crate::world;
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
    let ben = joins(&world, recipient, "ben");
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
