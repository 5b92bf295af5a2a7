//! The client that ships at every foreign server.

use crate::{cuts, world};
use sim_tests::dialects::{Cut, SERVERS, ServerRow};

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
    for row in SERVERS.iter().filter(|row| row.serves.fully()) {
        for (seed, cut) in (31..).zip(cuts(3)) {
            talk_at(row, seed, cut);
        }
    }
}
