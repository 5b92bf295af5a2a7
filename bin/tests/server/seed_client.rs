//! The seed's own client, unmodified, as far as a stand-in can be it: nothing is lost, and nobody is cut off.

use crate::common::connection::Connection;
use crate::common::raw::{Raw, forward, register};
use crate::common::seed::{Heard, Seed};
use crate::common::server::Server;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Lines by sender, in the order in which they came.
fn heard_by(user: &Seed, lines: usize) -> BTreeMap<String, Vec<String>> {
    let mut by_sender: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..lines {
        let (from, text) = user.line();
        by_sender.entry(from).or_default().push(text);
    }
    by_sender
}

fn lines_of(name: &str) -> Vec<String> {
    (1..=20)
        .map(|number| format!("line {number} of {name}"))
        .collect()
}

#[test]
fn two_senders_to_one_recipient_lose_nothing() {
    let server = Server::start();
    let carol = Seed::join(server.address, "carol");
    let mut senders = ["alice", "bob"].map(|name| Seed::join(server.address, name));
    std::thread::scope(|scope| {
        for sender in &mut senders {
            scope.spawn(|| {
                for line in lines_of(&sender.name) {
                    sender.say_well("carol", &line);
                }
            });
        }
    });
    let heard = heard_by(&carol, 40);
    assert_eq!(heard["alice"], lines_of("alice"));
    assert_eq!(heard["bob"], lines_of("bob"));
    for sender in &mut senders {
        sender.say_well("carol", "and on");
        assert_eq!(carol.line(), (sender.name.clone(), String::from("and on")));
    }
}

#[test]
fn three_users_who_broadcast_lose_nothing() {
    let server = Server::start();
    let mut users = ["ann", "ben", "cas"].map(|name| Seed::join(server.address, name));
    std::thread::scope(|scope| {
        for user in &mut users {
            scope.spawn(|| {
                for line in lines_of(&user.name) {
                    user.say_well("ALL", &line);
                }
            });
        }
    });
    for user in &users {
        let heard = heard_by(user, 40);
        assert_eq!(heard.len(), 2, "{} hears the two others", user.name);
        for (from, lines) in heard {
            assert_ne!(from, user.name);
            assert_eq!(lines, lines_of(&from));
        }
    }
}

#[test]
fn characters_are_counted_as_the_seed_counts_them() {
    let server = Server::start();
    let bob = Seed::join(server.address, "bob");
    let mut alice = Seed::join(server.address, "alice");
    for text in [
        "é",
        "aé",
        "éa",
        "naïve café",
        "日本語",
        "🦀🦀🦀",
        "e\u{301}",
        "ß",
    ] {
        alice.say_well("bob", text);
        // Of one who never spoke nobody knows how it counts: it may complain once, and is then served in its way.
        let line = match bob.next() {
            Heard::Line(from, text) => (from, text),
            Heard::Garbled(_) => bob.line(),
        };
        assert_eq!(line, (String::from("alice"), String::from(text)));
    }
}

#[test]
fn bytes_and_characters_meet() {
    let server = Server::start();
    let mut seed = Seed::join(server.address, "seed");
    let mut other = Raw::join(server.address, "other");
    std::thread::scope(|scope| {
        scope.spawn(|| seed.say_well("other", "é"));
        other.hear("seed", "é");
    });
    other.line("seed", "größer");
    other.send.expect("SEND seed\n\n");
    assert_eq!(seed.line(), (String::from("other"), String::from("größer")));
}

#[test]
fn acknowledgements_repeat_the_recipient_as_it_was_written() {
    let server = Server::start();
    let bob = Seed::join(server.address, "Bob");
    let mut alice = Seed::join(server.address, "alice");
    for to in ["Bob", "bob", "BOB", "ALL"] {
        alice.say_well(to, "hi");
        assert_eq!(bob.line().1, "hi");
    }
    // Everybody is one word. Nobody can have the name that this looks like.
    let answer = alice.say("all", "hi");
    assert_eq!(answer.as_deref(), Some("ERROR 102 Unable to send\n\n"));
}

#[test]
fn a_newcomer_has_time_to_read_that_it_is_registered() {
    let server = Server::start();
    let mut alice = Seed::join(server.address, "alice");
    let _send = register(Connection::open(server.address), "TOSEND", "bob");
    let receive = Connection::open(server.address);
    let asked = Instant::now();
    let mut receive = register(receive, "TORECV", "bob");
    std::thread::scope(|scope| {
        scope.spawn(|| alice.say_well("bob", "at once"));
        receive.expect(&forward("alice", "at once"));
        assert!(asked.elapsed() >= Duration::from_millis(100));
        receive.say("RECEIVED alice\n\n");
    });
}

#[test]
fn a_newcomer_reads_its_registration_alone() {
    let server = Server::start();
    let listener = Seed::join(server.address, "listener");
    let mut talker = Seed::join(server.address, "talker");
    let newcomers = std::thread::spawn(move || {
        for number in 0..5 {
            // Joining fails if a line is glued to the answer, since this client reads once.
            let newcomer = Seed::join(server.address, &format!("newcomer{number}"));
            assert_eq!(newcomer.line().1, "on and on");
        }
    });
    while !newcomers.is_finished() {
        talker.say_well("ALL", "on and on");
        assert_eq!(listener.line().1, "on and on");
    }
    newcomers.join().expect("every newcomer joins");
}
