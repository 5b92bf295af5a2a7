//! What was said earlier, asked of the server.

use super::{tell, tell_in};
use sim_tests::{Client, World};
use std::time::Duration;
use verbatim_core::name::Recipient;
use verbatim_net::{Request, Wanted};

/// Asks for so many of the last lines.
fn asks(client: &Client, with: &str, count: usize) {
    let with = Recipient::parse(with.as_bytes()).ok();
    client.asks(Request::History(Wanted { with, count }));
}

#[test]
fn late_joiner() {
    let moral = "What was said to ALL before somebody came is open to all; what others said to each other is not, and who \
                 holds a name next is not who held it before.";
    tell("late_joiner", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = world.session("bob");
        alice.types("ALL", "one");
        bob.takes("alice", "one");
        alice.types("bob", "between us");
        bob.takes("alice", "between us");
        alice.types("ALL", "two");
        bob.takes("alice", "two");
        alice.sees("#3 delivered");
        let mut carol = world.client("carol");
        asks(&carol, "ALL", 20);
        carol.sees("history of ALL: alice \"one\", alice \"two\"");
        asks(&carol, "alice", 20);
        carol.sees("history of alice: nothing");
        bob.say(&[verbatim_core::wire::ClientFrame::Bye { forget: true }]);
        world.wait(Duration::from_millis(50));
        let mut next = world.person("next").client("bob");
        next.sees("online");
        asks(&next, "alice", 20);
        next.sees("history of alice: nothing");
    });
}

#[test]
fn history_after_a_restart() {
    let moral = "A device without a store reads its own conversation from the server, also when that was started again; \
                 while it is not there, the device says so.";
    let world = &World::for_story_on_disk();
    tell_in(world, "history_after_a_restart", moral, |world| {
        let mut alice = world.client("alice");
        let no_store = world.person("bob");
        let mut bob = no_store.client_that("bob", |config| config.keeps_store = false);
        bob.sees("online");
        alice.types("bob", "are you there?");
        bob.sees("alice -> bob");
        bob.types("alice", "yes");
        bob.sees("#1 delivered");
        world.restart_server();
        bob.sees("offline");
        asks(&bob, "alice", 20);
        bob.sees("no history of alice: offline");
        bob.sees("online again");
        asks(&bob, "alice", 20);
        bob.sees("history of alice: alice \"are you there?\", bob \"yes\"");
        asks(&bob, "alice", 1);
        bob.sees("history of alice: bob \"yes\", and more");
    });
}
