//! What ends by itself after ten seconds: recipients who never acknowledge, and connections that never register. All
//! cases run side by side, so that the ten seconds pass once.

use crate::common::connection::Connection;
use crate::common::raw::{Raw, forward, register};
use crate::common::seed::Seed;
use crate::common::server::Server;
use crate::common::session::Session;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use verbatim_core::wire::{Receipt, ServerFrame};

/// The limit, a little less for what passed before the clock was read, and a little more for a busy machine.
const LIMIT: std::ops::Range<Duration> = Duration::from_millis(9_900)..Duration::from_secs(14);
const GONE: &str = "ERROR 102 Unable to send\n\n";

#[track_caller]
fn in_time(since: Instant) {
    let took = since.elapsed();
    assert!(LIMIT.contains(&took), "after {took:?}");
}

#[test]
fn whoever_is_silent_for_ten_seconds_is_given_up() {
    let (server, broadcasts) = (Server::start(), Server::start());
    let at = server.address;
    let cases: [fn(SocketAddr); 6] = [
        a_mute_recipient_is_cut_off,
        both_who_wait_for_a_mute_recipient_hear,
        a_session_hears_that_a_mute_recipient_left,
        one_who_never_registers_is_closed,
        half_a_registration_is_closed,
        meanwhile_the_others_chat,
    ];
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || case(at));
        }
        scope.spawn(|| a_broadcast_counts_a_mute_recipient_as_gone(broadcasts.address));
    });
}

fn a_broadcast_counts_a_mute_recipient_as_gone(at: SocketAddr) {
    let mut mute = Raw::join(at, "mute");
    let mut bob = Raw::join(at, "bob");
    let mut alice = Raw::join(at, "alice");
    let asked = Instant::now();
    alice.line("ALL", "to all");
    bob.hear("alice", "to all");
    assert!(asked.elapsed() < LIMIT.start, "one holds up the other");
    alice.send.expect("SEND ALL\n\n");
    in_time(asked);
    assert_eq!(mute.receive.until_closed(), forward("alice", "to all"));
    alice.line("ALL", "once more");
    bob.hear("alice", "once more");
    alice.send.expect("SEND ALL\n\n");
    assert!(asked.elapsed() < LIMIT.end, "it is gone for good");
}

fn a_mute_recipient_is_cut_off(at: SocketAddr) {
    let mut mute = Raw::join(at, "mute1");
    let mut alice = Seed::join(at, "alice1");
    let asked = Instant::now();
    assert_eq!(alice.say("mute1", "hello?").as_deref(), Some(GONE));
    in_time(asked);
    assert_eq!(mute.receive.until_closed(), forward("alice1", "hello?"));
    assert_eq!(mute.send.until_closed(), "");
    let back = Seed::join(at, "mute1");
    alice.say_well("mute1", "there you are");
    assert_eq!(back.line().1, "there you are");
}

fn both_who_wait_for_a_mute_recipient_hear(at: SocketAddr) {
    let mut mute = Raw::join(at, "mute2");
    let asked = Instant::now();
    std::thread::scope(|scope| {
        for name in ["alice2", "bob2"] {
            scope.spawn(move || {
                let mut sender = Seed::join(at, name);
                assert_eq!(sender.say("mute2", "hello?").as_deref(), Some(GONE));
                in_time(asked);
            });
        }
    });
    let heard = mute.receive.until_closed();
    assert_eq!(heard.matches("FORWARD").count(), 1, "{heard:?}");
}

fn a_session_hears_that_a_mute_recipient_left(at: SocketAddr) {
    let _mute = Raw::join(at, "mute3");
    let mut alice = Session::join(at, "alice3");
    let asked = Instant::now();
    alice.send("mute3", 1, "hello?");
    let ServerFrame::Accepted { seq, .. } = alice.next() else {
        panic!("it is accepted at once");
    };
    assert!(asked.elapsed() < LIMIT.start);
    let ServerFrame::Receipt(Receipt::Left { to, up_to, last }) = alice.next() else {
        panic!("how it ended is expected");
    };
    in_time(asked);
    assert_eq!((to.as_str(), last), ("mute3", seq));
    assert!(up_to < seq);
}

fn one_who_never_registers_is_closed(at: SocketAddr) {
    let asked = Instant::now();
    let mut silent = Connection::open(at);
    assert_eq!(silent.until_closed(), "ERROR 173 Silent\n\n");
    in_time(asked);
}

fn half_a_registration_is_closed(at: SocketAddr) {
    let asked = Instant::now();
    let mut half = register(Connection::open(at), "TOSEND", "half");
    assert_eq!(half.until_closed(), "ERROR 173 Silent\n\n");
    in_time(asked);
    let _other = Seed::join(at, "half"); // the name is free
}

fn meanwhile_the_others_chat(at: SocketAddr) {
    let mut alice = Seed::join(at, "alice4");
    let bob = Seed::join(at, "bob4");
    let begun = Instant::now();
    while begun.elapsed() < LIMIT.start {
        let asked = Instant::now();
        alice.say_well("bob4", "as if nothing were");
        assert_eq!(bob.line().1, "as if nothing were");
        assert!(asked.elapsed() < Duration::from_secs(3), "they notice");
        std::thread::sleep(Duration::from_millis(10));
    }
}
