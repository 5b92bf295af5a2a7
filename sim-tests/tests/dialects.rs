//! Every dialect that is known, in the simulated network: foreign clients with each other in one room, and our client
//! at every foreign server.

use sim_tests::dialects::{CLIENTS, ClientRow, Cut, News, SERVERS, ServerRow, Serves, Told};
use sim_tests::dice::Dice;
use sim_tests::{Foreign, Latency, Setting, World};
use std::time::Duration;

/// How many foreign clients must be served fully, and how many foreign servers used, of those that are known.
const CLIENTS_SERVED_MIN: usize = 13;
const SERVERS_USED_MIN: usize = 12;

fn world(seed: u64) -> World {
    let latency = Latency::UpTo(Duration::from_millis(5));
    World::new(Setting { seed, latency })
}

fn cuts(seed: u64) -> [Cut; 3] {
    [
        Cut::Whole,
        Cut::Bytes,
        Cut::Chopped(Dice::new(seed, "dialects")),
    ]
}

/// A text in which characters and bytes differ, unless one of the two can read only ASCII.
fn text(from: &str, to: &str) -> String {
    let ascii = |name: &str| CLIENTS.iter().any(|row| row.name == name && row.ascii);
    match ascii(from) || ascii(to) {
        true => format!("{from} greets {to}"),
        false => format!("{from} gr\u{fc}\u{df}t {to}, \u{1f980}\u{e9}"),
    }
}

fn room(world: &World, cut: &Cut) -> Vec<(ClientRow, Foreign)> {
    // Half of them on each of two hosts: a simulation of many hosts takes long.
    let host = |row: &ClientRow| ["east", "west"][row.name.len() % 2];
    let join = |row: &ClientRow| {
        (
            *row,
            world.foreign_on(host(row), *row, row.name, cut.clone()),
        )
    };
    let served = CLIENTS.iter().filter(|row| row.serves != Serves::No);
    let room: Vec<(ClientRow, Foreign)> = served.map(join).collect();
    for (_, user) in &room {
        user.sees(&News::Registered);
    }
    room
}

/// Lets time pass until everybody's program has told so many times what became of a line, and all is quiet.
fn wait_for_all(world: &World, room: &[(ClientRow, Foreign)], told: usize) {
    let end = world.elapsed() + Duration::from_secs(240);
    let all_told = || room.iter().all(|(_, user)| user.told_count() >= told);
    while !all_told() && world.elapsed() < end {
        world.wait(Duration::from_millis(100));
    }
    world.wait(Duration::from_secs(2));
}

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
            if row.serves == Serves::Fully {
                user.is_told("ALL", &text(row.name, "ALL"), Told::Arrived);
                user.is_told("nobody", "are you there?", Told::Refused(102));
            }
        }
    }
}

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
    let fully: Vec<&ClientRow> = CLIENTS
        .iter()
        .filter(|row| row.serves == Serves::Fully)
        .collect();
    for (at, sender) in fully.iter().enumerate() {
        meet_faults(sender, fully[(at + 5) % fully.len()]);
    }
}

#[test]
fn a_session_user_does_not_notice_which_dialect_is_at_the_other_end() {
    let mut screens = Vec::new();
    for row in CLIENTS.iter().filter(|row| row.serves != Serves::No) {
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

fn talk_at(row: &ServerRow, seed: u64, cut: Cut) {
    let world = world(seed);
    world.foreign_server("other", *row, cut);
    let mut users = ["alice", "bob", "carol"].map(|name| world.client_at("other", name));
    for user in &mut users {
        user.sees("the server knows only the classic level");
        user.sees("online, classic level");
    }
    let [alice, bob, carol] = &mut users;
    alice.types("bob", "hi");
    bob.sees("alice -> bob \"hi\"");
    alice.sees("#1 acknowledged");
    bob.types("alice", "gr\u{fc}\u{df}e \u{1f980}");
    alice.sees("bob -> alice \"gr\u{fc}\u{df}e \u{1f980}\"");
    bob.sees("#1 acknowledged");
    carol.types("ALL", "to all");
    for one in [&mut *alice, &mut *bob] {
        one.sees("carol -> ");
    }
    carol.sees("#1 acknowledged");
    carol.types("nobody", "are you there?");
    carol.sees("#2 rejected");
    carol.types("bob", "and on");
    bob.sees("carol -> bob \"and on\"");
    carol.sees("#3 acknowledged");
}

#[test]
fn our_client_uses_every_server_dialect() {
    for row in SERVERS.iter().filter(|row| row.serves == Serves::Fully) {
        for (seed, cut) in (31..).zip(cuts(3)) {
            talk_at(row, seed, cut);
        }
    }
}

#[test]
fn as_many_are_served_as_was_promised() {
    let fully = |serves: &Serves| *serves == Serves::Fully;
    let clients = CLIENTS.iter().map(|row| row.serves).filter(fully).count();
    let servers = SERVERS.iter().map(|row| row.serves).filter(fully).count();
    assert!(
        clients >= CLIENTS_SERVED_MIN,
        "{clients} of {}",
        CLIENTS.len()
    );
    assert!(
        servers >= SERVERS_USED_MIN,
        "{servers} of {}",
        SERVERS.len()
    );
}
