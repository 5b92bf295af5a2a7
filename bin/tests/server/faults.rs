//! What users of other programs of this protocol meet, one test for each: it cannot happen here.
//!
//! Some of the thirteen are a client's alone; of those, what the server does towards them is shown.

use crate::common::connection::Connection;
use crate::common::raw::{Raw, forward, register, send};
use crate::common::seed::Seed;
use crate::common::server::Server;
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// Long before any limit of the server, and long after anything that happens at once.
const SOON: Duration = Duration::from_secs(5);

fn line(from: &str, text: &str) -> (String, String) {
    (String::from(from), String::from(text))
}

#[test]
fn fault_1_two_people_who_write_to_one_at_once() {
    let server = Server::start();
    let mut bob = Raw::join(server.address, "bob");
    let mut writers = ["ann", "cas"].map(|name| Raw::join(server.address, name));
    for number in 0..10 {
        let text = format!("line {number}");
        writers.iter_mut().for_each(|ann| ann.line("bob", &text));
        // The second one is held back until the first has its RECEIVED, whoever is first.
        bob.receive.expect("FORWARD ");
        let first = usize::from(bob.receive.next_byte() == b'c');
        for writer in [first, 1 - first] {
            let name = writers[writer].name.clone();
            let whole = forward(&name, &text);
            let known = if writer == first { 9 } else { 0 };
            bob.receive.expect(&whole[known..]);
            assert_eq!(bob.receive.unread(), b"", "one at a time");
            bob.receive.say(format!("RECEIVED {name}\n\n"));
            writers[writer].send.expect("SEND bob\n\n");
        }
    }
}

#[test]
fn fault_2_the_recipient_vanishes() {
    let server = Server::start();
    let mut alice = Seed::join(server.address, "alice");
    let mut bob = Raw::join(server.address, "bob");
    std::thread::scope(|scope| {
        let asked = Instant::now();
        let answer = scope.spawn(|| alice.say("bob", "are you there?"));
        bob.receive.expect(&forward("alice", "are you there?"));
        drop(bob);
        let answer = answer.join().unwrap();
        assert_eq!(answer.as_deref(), Some("ERROR 102 Unable to send\n\n"));
        assert!(asked.elapsed() < SOON, "it hangs");
    });
    let later = alice.say("bob", "hello?");
    assert_eq!(later.as_deref(), Some("ERROR 102 Unable to send\n\n"));
    let carol = Seed::join(server.address, "carol");
    alice.say_well("carol", "bob is gone");
    assert_eq!(carol.line(), line("alice", "bob is gone"));
}

#[test]
fn fault_2_only_the_receiving_half_vanishes() {
    let server = Server::start();
    let mut alice = Seed::join(server.address, "alice");
    let mut bob = Raw::join(server.address, "bob");
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| alice.say("bob", "first"));
        bob.receive.expect(&forward("alice", "first"));
        bob.receive = Connection::open(server.address); // drops the registered one
        let answer = answer.join().unwrap();
        assert_eq!(answer.as_deref(), Some("ERROR 102 Unable to send\n\n"));
    });
    let later = alice.say("bob", "second");
    assert_eq!(later.as_deref(), Some("ERROR 102 Unable to send\n\n"));
}

#[test]
fn fault_3_the_dead_stay_registered() {
    let server = Server::start();
    let mut alice = Seed::join(server.address, "alice");
    let carol = Seed::join(server.address, "carol");
    for round in 0..5 {
        let text = format!("round {round}");
        drop(Seed::join(server.address, "bob")); // comes back each time, and dies
        alice.say_well("ALL", &text);
        assert_eq!(carol.line(), line("alice", &text));
    }
    let bob = Seed::join(server.address, "bob");
    alice.say_well("bob", "welcome back");
    assert_eq!(bob.line(), line("alice", "welcome back"));
}

#[test]
fn fault_3_the_system_looks_after_silent_connections() {
    let server = Server::start();
    let bob = Raw::join(server.address, "bob");
    for connection in [&bob.send, &bob.receive] {
        let timer = timer_of(server.address.port(), connection.local().port());
        let (kind, left) = timer.split_once(':').unwrap();
        // The server's end of the connection runs a keepalive timer, counted in hundredths of a second.
        assert_eq!(
            kind, "02",
            "no timer: a peer whose link died stays for ever"
        );
        assert!(u64::from_str_radix(left, 16).unwrap() <= 1_000, "{timer}");
    }
}

/// The kernel's timer of one end of a loopback connection, as `/proc/net/tcp` has it.
fn timer_of(local: u16, remote: u16) -> String {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux has it");
    let (local, remote) = (format!(":{local:04X}"), format!(":{remote:04X}"));
    let mut rows = table.lines().map(|row| row.split_whitespace().collect());
    let row: Vec<&str> = rows
        .find(|row: &Vec<&str>| row[1].ends_with(&local) && row[2].ends_with(&remote))
        .expect("the connection is in the table");
    String::from(row[5])
}

#[test]
fn fault_4_the_silent_keep_newcomers_out() {
    // Three times as many as there are descriptors: the oldest of them make room.
    let server = Server::start_with_descriptors(128);
    let silent: Vec<Connection> = (0..400).map(|_| Connection::open(server.address)).collect();
    let asked = Instant::now();
    let mut alice = Seed::join(server.address, "alice");
    let bob = Seed::join(server.address, "bob");
    alice.say_well("bob", "through the crowd");
    assert_eq!(bob.line(), line("alice", "through the crowd"));
    assert!(asked.elapsed() < SOON);
    drop(silent);
}

#[test]
fn fault_4_one_silent_client_does_not_stop_a_broadcast() {
    let server = Server::start();
    let mute = Raw::join(server.address, "mute");
    let mut alice = Raw::join(server.address, "alice");
    let mut bob = Raw::join(server.address, "bob");
    let mut carol = Raw::join(server.address, "carol");
    let asked = Instant::now();
    alice.line("ALL", "hear me");
    bob.hear("alice", "hear me");
    carol.hear("alice", "hear me");
    bob.line("carol", "did you hear?");
    carol.hear("bob", "did you hear?");
    bob.send.expect("SEND carol\n\n");
    assert!(asked.elapsed() < SOON);
    drop(mute); // leaves, so that alice's line is settled: nobody is left who could acknowledge
    alice.send.expect("SEND ALL\n\n");
}

#[test]
fn fault_5_a_message_in_two_segments_or_two_in_one() {
    let server = Server::start();
    let mut alice = Raw::join(server.address, "alice");
    let mut bob = Raw::join(server.address, "bob");
    let whole = send("bob", "in pieces");
    for cut in 1..whole.len() {
        alice.send.say(&whole[..cut]);
        std::thread::sleep(Duration::from_millis(1)); // a segment of its own, and often a read of its own
        alice.send.say(&whole[cut..]);
        bob.hear("alice", "in pieces");
        alice.send.expect("SEND bob\n\n");
    }
    let two = format!("{}{}", send("bob", "one"), send("bob", "two"));
    alice.send.say(two);
    for body in ["one", "two"] {
        bob.hear("alice", body);
        alice.send.expect("SEND bob\n\n");
    }
    for byte in send("bob", "byte by byte").bytes() {
        alice.send.say([byte]);
    }
    bob.hear("alice", "byte by byte");
    alice.send.expect("SEND bob\n\n");
}

#[test]
fn fault_5_also_in_a_registration() {
    let server = Server::start();
    for word in ["TOSEND", "TORECV"] {
        let mut connection = Connection::open(server.address);
        for byte in format!("REGISTER {word} slow\n\n").bytes() {
            connection.say([byte]);
        }
        connection.expect(&format!("REGISTERED {word} slow\n\n"));
    }
}

/// What one long line is to the seed: pieces that it reads one by one.
fn arrives_whole(alice: &mut Seed, bob: &Seed, text: &str) {
    alice.say_well("bob", text);
    let mut heard = String::new();
    while heard.len() < text.len() {
        heard += &bob.line().1;
    }
    assert_eq!(heard, text);
}

#[test]
fn fault_6_long_lines() {
    let server = Server::start();
    let mut alice = Seed::join(server.address, "alice");
    let bob = Seed::join(server.address, "bob");
    for length in [99, 512, 956, 957, 1_000, 1_024, 2_048, 5_000, 65_536] {
        arrives_whole(&mut alice, &bob, &"x".repeat(length));
    }
    let answer = alice.say("bob", &"x".repeat(65_537));
    assert_eq!(answer.as_deref(), Some("ERROR 102 Unable to send\n\n"));
    arrives_whole(&mut alice, &bob, "and on");
}

#[test]
fn fault_6_long_lines_of_characters() {
    let server = Server::start();
    let mut alice = Seed::join(server.address, "alice");
    let mut bob = Seed::join(server.address, "bob");
    // The first line that shows how alice counts is too long for anybody.
    let long = "é".repeat(40_000);
    let answer = alice.say("bob", &long);
    assert_eq!(answer.as_deref(), Some("ERROR 102 Unable to send\n\n"));
    bob.say("nobody", "é"); // shows how bob counts
    for length in [1_000, 5_000, 20_000, 32_768] {
        arrives_whole(&mut alice, &bob, &"é".repeat(length));
    }
    let answer = alice.say("bob", &long);
    assert_eq!(answer.as_deref(), Some("ERROR 102 Unable to send\n\n"));
    arrives_whole(&mut alice, &bob, "and on");
}

#[test]
fn fault_7_text_that_is_not_ascii() {
    let server = Server::start();
    let mut alice = Raw::join(server.address, "alice");
    let mut bob = Raw::join(server.address, "bob");
    for body in ["é", "naïve", "日本語", "🦀"] {
        alice.line("bob", body);
        bob.hear("alice", body);
        alice.send.expect("SEND bob\n\n");
    }
    alice
        .send
        .say(b"SEND bob\nContent-length: 3\n\n\xff\xfe\xfd");
    alice.send.expect("ERROR 103 Header Incomplete\n\n");
    alice.line("bob", "still here");
    bob.hear("alice", "still here"); // and nothing of the invalid line before it
    alice.send.expect("SEND bob\n\n");
}

#[test]
fn fault_7_a_name_that_is_not_ascii_in_two_segments() {
    let server = Server::start();
    let mut alice = Raw::join(server.address, "alice");
    let whole = send("éva", "hi");
    for cut in 1..whole.len() {
        alice.send.say(&whole.as_bytes()[..cut]);
        std::thread::sleep(Duration::from_millis(1));
        alice.send.say(&whole.as_bytes()[cut..]);
        alice.send.expect("ERROR 102 Unable to send\n\n");
    }
}

#[test]
fn fault_8_an_empty_line() {
    let server = Server::start();
    let mut alice = Seed::join(server.address, "alice");
    let bob = Seed::join(server.address, "bob");
    for text in ["", "\n", "\n\n", "after it"] {
        alice.say_well("bob", text);
        assert_eq!(bob.line(), line("alice", text));
    }
}

#[test]
fn fault_9_a_second_login_steals_messages() {
    let server = Server::start();
    let mut alice = Seed::join(server.address, "alice");
    let bob = Seed::join(server.address, "bob");
    for word in ["TOSEND", "TORECV"] {
        for spelling in ["bob", "BOB"] {
            let mut thief = Connection::open(server.address);
            thief.say(format!("REGISTER {word} {spelling}\n\n"));
            thief.expect("ERROR 104 Username taken\n\n");
        }
    }
    alice.say_well("bob", "for you alone");
    assert_eq!(bob.line(), line("alice", "for you alone"));
}

#[test]
fn fault_9_half_a_login_is_enough_to_hold_a_name() {
    let server = Server::start();
    let _half = register(Connection::open(server.address), "TOSEND", "bob");
    let mut thief = Connection::open(server.address);
    thief.say("REGISTER TOSEND bob\n\n");
    thief.expect("ERROR 104 Username taken\n\n");
}

#[test]
fn fault_10_a_missing_content_length_is_told() {
    let server = Server::start();
    let mut alice = Raw::join(server.address, "alice");
    let _bob = Raw::join(server.address, "bob");
    alice.send.say("SEND bob\n\nhi");
    assert_eq!(alice.send.until_closed(), "ERROR 103 Header Incomplete\n\n");
}

#[test]
fn fault_11_a_restart_finds_its_port_taken() {
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let server = Server::start();
        let address = server.address;
        let open = Raw::join(address, "alice"); // the server closes first, so its end lingers
        server.signal(signal);
        drop(server.ended());
        let server = Server::start_at(&address.to_string(), &[]);
        let alice = Raw::join(server.address, "alice");
        drop((open, alice));
    }
}

#[test]
fn fault_12_when_the_server_goes_every_connection_ends() {
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let server = Server::start();
        let mut bob = Raw::join(server.address, "bob");
        let mut half = register(Connection::open(server.address), "TOSEND", "half");
        server.signal(signal);
        for connection in [&mut bob.send, &mut bob.receive, &mut half] {
            assert_eq!(connection.until_closed(), "");
        }
    }
}

#[test]
fn fault_13_no_escape_sequence_gets_into_a_head_or_the_log() {
    let server = Server::start();
    let mut bob = Raw::join(server.address, "bob");
    let mut mallory = Connection::open(server.address);
    mallory.say("REGISTER TOSEND \u{1b}]0;owned\u{7}\n\n");
    assert_eq!(mallory.until_closed(), "ERROR 103 Header incomplete\n\n");
    let mut mallory = Raw::join(server.address, "mallory");
    mallory
        .send
        .say("SEND \u{1b}[2Jbob\nContent-length: 2\n\nhi");
    assert_eq!(
        mallory.send.until_closed(),
        "ERROR 103 Header Incomplete\n\n"
    );
    assert_eq!(bob.receive.hear_for(Duration::from_millis(50)), "");
    server.wait_for_line(|line| line.contains("103"));
    for line in server.lines() {
        assert!(!line.contains("owned") && !line.contains("2J"), "{line:?}");
        assert!(!line.contains('\u{1b}'), "colours in a pipe: {line:?}");
    }
}
