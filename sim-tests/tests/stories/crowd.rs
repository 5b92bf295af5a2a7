//! Many at once.

use super::tell;
use sim_tests::message;

#[test]
fn two_senders_at_once_classic() {
    let moral = "Two write to one person at once: she gets one line, and the next after her RECEIVED; both senders can go on.";
    tell("two_senders_at_once_classic", moral, |world| {
        let mut carol = world.classic("carol");
        let mut alice = world.classic("alice");
        let mut bob = world.classic("bob");
        for round in ["one", "two"] {
            alice.send("carol", round);
            bob.send("carol", round);
            carol.hears("alice", round);
            assert!(
                carol.receiving.is_silent(),
                "never a second FORWARD before RECEIVED"
            );
            carol.received("alice");
            carol.takes("bob", round);
            alice.expect("SEND carol");
            bob.expect("SEND carol");
        }
    });
}

#[test]
fn two_senders_at_once_session() {
    let moral = "Two write to one person at once: one order in the log, one ack for both, a receipt for each sender.";
    tell("two_senders_at_once_session", moral, |world| {
        let mut carol = world.session("carol");
        let mut alice = world.session("alice");
        let mut bob = world.session("bob");
        alice.send("carol", 1, "from alice");
        bob.send("carol", 1, "from bob");
        carol.hears("alice", "from alice");
        carol.hears("bob", "from bob");
        carol.ack();
        for sender in [&mut alice, &mut bob] {
            sender.expect("ACCEPTED id=1");
            sender.expect("RECEIPT carol");
        }
    });
}

#[test]
fn pipeline_of_twenty() {
    let moral = "Twenty messages leave without waiting; the one that is rejected splits the answers, and the others go on.";
    tell("pipeline_of_twenty", moral, |world| {
        let mut alice = world.session("alice");
        let mut bob = world.session("bob");
        let bodies: Vec<String> = (1..=20).map(|id| format!("line {id}")).collect();
        let to = |id| if id == 12 { "nobody" } else { "bob" };
        let frames: Vec<_> = (1..)
            .zip(&bodies)
            .map(|(id, body)| message(to(id), id, body))
            .collect();
        alice.say(&frames);
        alice.expect("ACCEPTED id=1..11");
        alice.expect("REJECTED id=12 102");
        alice.expect("ACCEPTED id=13..20");
        for (id, body) in (1..).zip(&bodies).filter(|(id, _)| *id != 12) {
            bob.hears("alice", body);
            if id % 10 == 0 {
                bob.ack();
            }
        }
        alice.expect("RECEIPT bob");
    });
}
