//! Somebody goes without a word.

use super::tell;
use std::time::Duration;

#[test]
fn recipient_vanishes_classic() {
    let moral = "A recipient whose connections end is unable to receive at once; one who is silent, after ten seconds: 102.";
    tell("recipient_vanishes_classic", moral, |world| {
        let mut alice = world.classic("alice");
        let bob = world.classic("bob");
        let mut carol = world.classic("carol");
        alice.send("bob", "are you there?");
        world.wait(Duration::from_millis(15));
        bob.vanish();
        alice.expect("ERROR 102 Unable to send");
        alice.send("bob", "and now?");
        alice.expect("ERROR 102 Unable to send");
        alice.send("carol", "are you there?");
        carol.hears("alice", "are you there?");
        alice.expect("ERROR 102 Unable to send");
        carol.receiving.expect_end();
        let mut bob = world.classic("bob");
        alice.send("bob", "welcome back");
        bob.takes("alice", "welcome back");
        alice.expect("SEND bob");
    });
}

#[test]
fn recipient_vanishes_session() {
    let moral = "Whoever is away is still written to; a classic sender, for whom sent means arrived, hears 102 instead.";
    tell("recipient_vanishes_session", moral, |world| {
        let mut alice = world.session("alice");
        let mut carol = world.classic("carol");
        let bob = world.session("bob");
        bob.vanish();
        world.wait(Duration::from_millis(20));
        alice.send("bob", 1, "are you there?");
        alice.expect("ACCEPTED id=1");
        carol.send("bob", "are you there?");
        carol.expect("ERROR 102 Unable to send");
        alice.say(&[verbatim_core::wire::ClientFrame::Who(None)]);
        alice.expect("USERS");
    });
}

#[test]
fn sender_vanishes() {
    let moral = "A sender who goes before the answer leaves nothing hanging: the line arrives, and the name is free.";
    tell("sender_vanishes", moral, |world| {
        let mut bob = world.classic("bob");
        let alice = world.classic("alice");
        alice.send("bob", "bye");
        bob.hears("alice", "bye");
        alice.vanish();
        world.wait(Duration::from_millis(20));
        bob.received("alice");
        let mut alice = world.classic("alice");
        alice.send("bob", "me again");
        bob.takes("alice", "me again");
        alice.expect("SEND bob");
        let carol = world.session("carol");
        carol.send("bob", 1, "bye");
        world.wait(Duration::from_millis(12));
        carol.vanish();
        bob.takes("carol", "bye");
    });
}
