//! Every dialect that is known, in the simulated network: foreign clients with each other in one room, and our client
//! at every foreign server.

#![forbid(unsafe_code)]

mod faults;
mod matrix;
mod pairs;
mod servers;

use sim_tests::dialects::{CLIENTS, ClientRow, Cut, News};
use sim_tests::dice::Dice;
use sim_tests::{Foreign, Latency, Setting, World};
use std::time::Duration;

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
    let served = CLIENTS.iter().filter(|row| row.serves.arrives());
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
