//! Clients with a store that are killed again and again in the midst of it: nothing lost, nothing twice, all in order.

use crate::stage::{Server, User, run_in, scratch};
use std::path::Path;
use std::time::Duration;

const ROUNDS: u64 = 8;

/// What the store has: what was shown, with its time, and behind it what the program that ended last did not get to mark
/// as shown.
fn history(state: &Path, user: &str, server: &Server) -> Vec<String> {
    let arguments = [user, &server.address, "--store", "--history", "100000"];
    let asked = run_in(state, &arguments, b"");
    let text = String::from_utf8(asked.stdout).unwrap();
    let said = |line: &str| {
        line.split_once("Z ")
            .map_or(line, |(_, said)| said)
            .to_owned()
    };
    text.lines().map(said).collect()
}

#[test]
fn a_sender_that_is_killed_sends_each_line_that_it_took_once() {
    let (server, state) = (Server::start(), scratch("killed-sender"));
    let bob = server.listener("bob");
    let arguments = ["alice", &server.address, "--store", "--follow", "-q"];
    for round in 0..ROUNDS {
        let mut alice = User::start(&arguments, &state);
        // Some rounds die before they are online, some in the midst of the lines.
        for part in 0..10 {
            let lines: String = (0..20)
                .map(|line| format!("@bob: {round}.{part}.{line}\n"))
                .collect();
            alice.may_type(&lines);
            std::thread::sleep(Duration::from_millis(round * 3));
        }
        alice.kill();
    }
    let settled = run_in(&state, &["alice", &server.address, "--store"], b"");
    let told = String::from_utf8(settled.stderr).unwrap();
    assert_eq!(settled.status.code(), Some(0), "{told}");
    let taken = history(&state, "alice", &server);
    let taken: Vec<_> = taken
        .iter()
        .map(|line| line.replace("alice -> bob", "alice"))
        .collect();
    assert!(taken.len() > 20, "{}", taken.len());
    let heard: Vec<String> = taken.iter().map(|_| bob.line()).collect();
    assert_eq!(heard, taken);
    let mut distinct = heard.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), heard.len());
    drop(std::fs::remove_dir_all(state));
}

#[test]
fn a_receiver_that_is_killed_has_each_message_once() {
    const LINES: usize = 4_000;
    let (server, state) = (Server::start(), scratch("killed-receiver"));
    let arguments = ["bob", &server.address, "--store", "--follow"];
    let mut bob = User::start(&arguments, &state);
    bob.expect_trouble("online as bob");
    let mut alice = server.listener("alice");
    let mut shown = Vec::new();
    for round in 0..ROUNDS as usize {
        let each = LINES / ROUNDS as usize;
        let lines: String = (0..each)
            .map(|line| format!("@bob: {}\n", round * each + line))
            .collect();
        alice.may_type(&lines);
        std::thread::sleep(Duration::from_millis(7 * round as u64));
        bob.kill();
        shown.extend(bob.rest());
        bob = User::start(&arguments, &state);
    }
    // All may have been shown before the last kill, and not have been stored: this one comes after that.
    alice.may_type("@bob: end\n");
    while shown.last().is_none_or(|line| line != "alice: end") {
        shown.push(bob.line());
    }
    bob.terminate();
    assert_eq!(bob.code(), 0);
    let numbered = (0..LINES).map(|line| format!("alice: {line}"));
    let expected: Vec<String> = numbered.chain(["alice: end".into()]).collect();
    assert_eq!(history(&state, "bob", &server), expected);
    // The line between the store and the pipe cannot be closed: what was on it may come again, and is never missing.
    let mut distinct: Vec<&String> = Vec::new();
    for line in &shown {
        if !distinct.contains(&line) {
            distinct.push(line);
        }
    }
    assert_eq!(distinct, expected.iter().collect::<Vec<_>>());
    drop(std::fs::remove_dir_all(state));
}
