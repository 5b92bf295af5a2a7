//! Everyday talk.

use super::tell;
use std::time::Duration;

#[test]
fn one_to_one() {
    let moral = "A message is accepted once it is in the log, delivered, acked, and its sender hears how far it came.";
    tell("one_to_one", moral, |world| {
        let mut alice = world.session("alice");
        let mut bob = world.session("bob");
        alice.send("bob", 1, "hi");
        alice.expect("ACCEPTED id=1");
        bob.takes("alice", "hi");
        alice.expect("RECEIPT bob");
        bob.send("alice", 1, "hello");
        bob.expect("ACCEPTED id=1");
        alice.takes("bob", "hello");
        bob.expect("RECEIPT alice");
    });
}

#[test]
fn one_to_one_classic() {
    let moral = "SEND is answered only after the recipient's RECEIVED, with the word that this program waits for.";
    tell("one_to_one_classic", moral, |world| {
        let mut alice = world.classic("alice");
        let mut bob = world.classic("bob");
        alice.send("bob", "hi");
        bob.takes("alice", "hi");
        alice.expect("SEND bob");
        bob.send("alice", "hello");
        alice.takes("bob", "hello");
        bob.expect("SEND alice");
    });
}

#[test]
fn broadcast() {
    let moral = "ALL reaches everybody but its sender; its receipt counts who has it.";
    tell("broadcast", moral, |world| {
        let mut alice = world.session("alice");
        let mut bob = world.session("bob");
        let mut carol = world.session("carol");
        alice.send("ALL", 1, "lunch?");
        alice.expect("ACCEPTED id=1");
        bob.takes("alice", "lunch?");
        carol.hears("alice", "lunch?");
        alice.expect("RECEIPT ALL");
        carol.ack();
        alice.expect("RECEIPT ALL");
    });
}

#[test]
fn broadcast_classic() {
    let moral = "Of a classic broadcast all recipients are served at once; its sender hears of it when all have it.";
    tell("broadcast_classic", moral, |world| {
        let mut alice = world.classic("alice");
        let mut bob = world.classic("bob");
        let mut carol = world.classic("carol");
        alice.send("ALL", "lunch?");
        carol.hears("alice", "lunch?");
        bob.takes("alice", "lunch?");
        world.wait(Duration::from_millis(40));
        carol.received("alice");
        alice.expect("SEND ALL");
        assert!(alice.receiving.is_silent(), "never to the sender");
    });
}

#[test]
fn unknown_recipient() {
    let moral =
        "Nobody has that name: 102 on both levels, nothing in the log, and the connection goes on.";
    tell("unknown_recipient", moral, |world| {
        let mut alice = world.session("alice");
        alice.send("nobody", 1, "hi");
        alice.expect("REJECTED id=1 102");
        alice.send("ALL", 2, "am I alone?");
        alice.expect("REJECTED id=2 102");
        let mut bob = world.classic("bob");
        bob.send("nobody", "hi");
        bob.expect("ERROR 102 Unable to send");
        bob.send("alice", "hi");
        alice.takes("bob", "hi");
        bob.expect("SEND alice");
    });
}

#[test]
fn classic_and_session() {
    let moral = "Users of both levels share one space: SENT to a session user means accepted, to a classic one received.";
    tell("classic_and_session", moral, |world| {
        let mut alice = world.session("alice");
        let mut bob = world.classic("bob");
        let mut carol = world.classic("carol");
        alice.send("bob", 1, "hi bob");
        alice.expect("ACCEPTED id=1");
        bob.takes("alice", "hi bob");
        alice.expect("RECEIPT bob");
        bob.send("alice", "hi alice");
        bob.expect("SEND alice");
        alice.takes("bob", "hi alice");
        bob.send("ALL", "hi all");
        alice.hears("bob", "hi all");
        carol.takes("bob", "hi all");
        bob.expect("SEND ALL");
        alice.ack();
    });
}
