//! Readers who read slowly, or never say that they have read.

use super::{tell, tell_in, tell_with};
use sim_tests::{Session, World};
use std::time::Duration;
use verbatim_core::id::Try;
use verbatim_core::limits::Limits;
use verbatim_core::wire::{ClientFrame, Credit};

fn reader(world: &World, name: &str, deliveries: u32) -> Session {
    world.person(name).session_that(name, |hello| {
        let bytes = 256 * 1024;
        hello.credit = Credit { deliveries, bytes };
    })
}

#[test]
fn slow_reader() {
    let moral = "To a slow reader no more is under way than its window; the rest waits in the log, and nobody else waits.";
    tell("slow_reader", moral, |world| {
        let mut alice = world.client("alice");
        let mut carol = world.client("carol");
        let mut bob = reader(world, "bob", 2);
        for body in ["one", "two", "three", "four", "five"] {
            alice.types("bob", body);
        }
        alice.types("carol", "quick");
        carol.sees("alice -> carol");
        alice.sees("#6 delivered");
        bob.hears("alice", "one");
        bob.hears("alice", "two");
        world.wait(Duration::from_secs(1));
        bob.ack();
        bob.hears("alice", "three");
        bob.hears("alice", "four");
        world.wait(Duration::from_secs(1));
        bob.ack();
        bob.takes("alice", "five");
        alice.sees("#5 delivered");
    });
}

#[test]
fn reader_that_stops_reading() {
    let moral = "Who reads nothing is written to until the buffers are full, then cut off in 15 s; nobody else notices, and nothing is lost.";
    let world = World::for_story_narrow(2);
    tell_in(&world, "reader_that_stops_reading", moral, |world| {
        let mut alice = world.client("alice");
        let mut carol = world.client("carol");
        let mut bob = world.session("bob");
        world.tell_network("bob reads nothing from now on; two segments fit between");
        bob.connection().stop_reading();
        for body in ["one", "two", "three", "four"] {
            alice.types("bob", body);
            world.wait(Duration::from_millis(100));
        }
        world.wait(Duration::from_secs(8));
        bob.say(&[ClientFrame::Ping]);
        alice.types("carol", "is bob all right?");
        carol.sees("alice -> carol");
        alice.sees("#5 delivered");
        world.wait(Duration::from_secs(8));
        let mut bob = world
            .person("bob")
            .session_that("bob", |hello| hello.attempt = Try(2));
        for body in ["one", "two", "three", "four"] {
            bob.hears("alice", body);
        }
        bob.ack();
        alice.sees("#4 delivered");
    });
}

#[test]
fn reader_that_never_acks() {
    let moral = "Answers to pings keep a connection and nothing else: without acks no line is delivered, and none follows.";
    tell("reader_that_never_acks", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = reader(world, "bob", 1);
        alice.types("bob", "one");
        alice.types("bob", "two");
        bob.hears("alice", "one");
        for _ in 0..4 {
            bob.expect("PING");
            bob.say(&[ClientFrame::Pong]);
        }
        bob.ack();
        bob.takes("alice", "two");
        alice.sees("#2 delivered");
    });
}

#[test]
fn reader_owed_too_much() {
    let moral = "Who is owed too much is full to a single sender; of lines to ALL its oldest go, and it hears which.";
    let limits = Limits {
        owed_bytes_max: 900,
        ..Limits::default()
    };
    tell_with(limits, "reader_owed_too_much", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = reader(world, "bob", 1);
        for body in ["one", "two", "three", "four"] {
            alice.types("bob", body);
        }
        alice.sees("#4 rejected");
        for body in ["five", "six", "seven"] {
            alice.types("ALL", body);
        }
        bob.hears("alice", "one");
        bob.expect("REMOVED");
        bob.ack();
        bob.takes("alice", "two");
        bob.takes("alice", "three");
        bob.takes("alice", "seven");
        alice.sees("#7 delivered to 1 of 1");
        bob.vanish();
        let mut bob = world
            .person("bob")
            .session_that("bob", |hello| hello.attempt = Try(2));
        alice.types("bob", "and now?");
        bob.takes("alice", "and now?");
        alice.sees("#8 delivered");
    });
}
