//! Lines that wait in a client's outbox, and what becomes of them.

use super::{tell, tell_with};
use sim_tests::message;
use std::time::Duration;
use verbatim_core::client::LineId;
use verbatim_core::id::{MessageId, Try};
use verbatim_core::limits::Limits;
use verbatim_core::wire::ClientFrame;
use verbatim_net::Request;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn typed_while_offline() {
    let moral = "What is typed without a link waits, may be taken back, and goes out once, in order, when there is one.";
    tell("typed_while_offline", moral, |world| {
        let mut bob = world.client("bob");
        let person = world.person("alice");
        world.partition("alice");
        let mut alice = person.client("alice");
        alice.types("bob", "one");
        alice.types("bob", "oops");
        alice.types("bob", "two");
        alice.asks(Request::Withdraw(LineId(2)));
        alice.types("bob", "three");
        world.wait(SECOND / 2);
        world.repair("alice");
        alice.sees("online");
        bob.sees("alice -> bob \"three\"");
        alice.sees("#4 delivered");
    });
}

#[test]
fn queued_line_expires() {
    let moral = "A line with an age limit is never sent late by surprise: queued for too long it expires, and says so.";
    tell("queued_line_expires", moral, |world| {
        let mut bob = world.client("bob");
        let person = world.person("alice");
        world.partition("alice");
        let mut alice = person.client("alice");
        alice.types_within("bob", "lunch now?", SECOND);
        alice.types("bob", "happy birthday");
        alice.sees("#1 expired");
        world.repair("alice");
        bob.sees("alice -> bob \"happy birthday\"");
        alice.types_within("bob", "coffee now?", SECOND);
        alice.sees("#3 delivered");
    });
}

#[test]
fn passing_rejection_in_a_pipeline() {
    let moral = "Where the log has no room the rest of a pipeline is dropped unread, queued again, and sent in its order.";
    let limits = Limits {
        log_bytes_max: 750,
        log_reserve_bytes: 0,
        ..Limits::default()
    };
    tell_with(limits, "passing_rejection_in_a_pipeline", moral, |world| {
        let mut bob = world.client("bob");
        let mut alice = world.client("alice");
        for body in ["one", "two", "three", "four", "five"] {
            alice.types("bob", body);
        }
        alice.sees("held");
        bob.sees("alice -> bob \"five\"");
        alice.sees("#5 delivered");
    });
}

#[test]
fn busy_in_a_pipeline() {
    let moral = "Where more comes at once than is committed in time the server says that it is busy; the rest goes out later, in its order.";
    let limits = Limits {
        uncommitted_bytes_max: 400,
        ..Limits::default()
    };
    tell_with(limits, "busy_in_a_pipeline", moral, |world| {
        let mut bob = world.session("bob");
        let mut alice = world.session("alice");
        let pipeline = [
            message("bob", 1, "one"),
            message("bob", 2, "two"),
            message("bob", 3, "three"),
            message("bob", 4, "four"),
            message("bob", 5, "five"),
        ];
        alice.say(&pipeline);
        bob.takes("alice", "one");
        bob.takes("alice", "two");
        alice.expect("ACCEPTED id=1..2");
        alice.expect("REJECTED id=3 150");
        alice.expect("RECEIPT bob 4");
        world.tell_network("what alice says before id 3 comes again is not heard");
        alice.say(&pipeline[3..]);
        alice.expect("RECEIPT bob 5");
        world.wait(Duration::from_millis(300));
        alice.say(&pipeline[2..4]);
        bob.takes("alice", "three");
        bob.takes("alice", "four");
        alice.expect("ACCEPTED id=3..4");
        alice.expect("RECEIPT bob");
        alice.expect("RECEIPT bob 7");
        alice.say(&pipeline[4..]);
        bob.takes("alice", "five");
        alice.expect("ACCEPTED id=5");
        alice.expect("RECEIPT bob 8");
    });
}

#[test]
fn answer_asked_again() {
    let moral = "An id keeps its answer: the same message under it hears the same again, another one is a conflict.";
    tell("answer_asked_again", moral, |world| {
        let mut alice = world.session("alice");
        let mut bob = world.session("bob");
        alice.send("bob", 1, "one");
        bob.takes("alice", "one");
        alice.expect("ACCEPTED id=1");
        alice.expect("RECEIPT bob");
        alice.say(&[message("bob", 1, "one"), message("bob", 1, "uno")]);
        alice.expect("ACCEPTED id=1");
        alice.expect("REJECTED id=1");
        world.tell_network("alice's link is cut when the answer to her next line is on its way");
        alice.send("bob", 2, "two");
        world.wait(Duration::from_millis(12));
        alice.vanish();
        bob.takes("alice", "two");
        let mut alice = world.person("alice").session_that("alice", |hello| {
            hello.attempt = Try(2);
            hello.accepted = Some(MessageId(1));
        });
        alice.expect("ACCEPTED id=2");
        alice.expect("RECEIPT bob");
        alice.send("bob", 3, "three");
        bob.takes("alice", "three");
        alice.expect("ACCEPTED id=3");
    });
}

#[test]
fn name_released_in_flight() {
    let moral = "Whoever gives up the name before acknowledging a line has not received it: left, whoever is called so next.";
    tell("name_released_in_flight", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = world.session("bob");
        alice.types("bob", "one");
        bob.takes("alice", "one");
        alice.sees("#1 delivered");
        alice.types("bob", "two");
        bob.hears("alice", "two");
        alice.types("bob", "three");
        bob.say(&[ClientFrame::Bye { forget: true }]);
        alice.sees("#2 left");
        alice.types("bob", "four");
        alice.sees("#4 rejected");
        let mut bob = world.person("other").session("bob");
        alice.types("bob", "five");
        bob.takes("alice", "five");
        alice.sees("#5 delivered");
    });
}

#[test]
fn all_to_one_who_is_away() {
    let moral = "A line to ALL is for everybody there was, also who is away: the count of its receipt grows when they resume.";
    tell("all_to_one_who_is_away", moral, |world| {
        let mut alice = world.client("alice");
        let mut bob = world.client("bob");
        let carol = world.client("carol");
        carol.asks(Request::Leave { forget: false });
        carol.is_gone();
        alice.types("ALL", "meeting at two");
        bob.sees("alice -> ALL");
        alice.sees("#1 delivered to 1 of 2");
        world.wait(2 * SECOND);
        world.client("dave");
        let mut carol = world.person("carol").client_that("carol", |config| {
            config.start.attempt = Try(1);
        });
        carol.sees("alice -> ALL");
        alice.sees("#1 delivered to 2 of 2");
    });
}
