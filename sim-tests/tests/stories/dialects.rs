//! Other people's programs: what our server takes from their clients, and our client from their servers.

use super::tell;
use sim_tests::dialects::{CLIENTS, Cut, News, SERVERS, Told};
use sim_tests::{Foreign, World, line};
use std::time::Duration;

fn foreign(world: &World, row: &str, name: &str) -> Foreign {
    let row = CLIENTS.iter().find(|one| one.name == row);
    let user = world.foreign(*row.expect("it is in the table"), name, Cut::Whole);
    user.sees(&News::Registered);
    user
}

fn at_server(world: &World, row: &str) {
    let row = SERVERS.iter().find(|one| one.name == row);
    world.foreign_server("other", *row.expect("it is in the table"), Cut::Whole);
}

#[test]
fn silence_ends_a_head() {
    let moral =
        "A head may end with one line end, after a moment, or with nothing, after half a second.";
    tell("silence_ends_a_head", moral, |world| {
        let one = foreign(world, "oneend", "one");
        let none = foreign(world, "noend", "none");
        one.says("none", "hi");
        none.reads("one", "hi");
        one.is_told("none", "hi", Told::Arrived);
        none.says("one", "hello");
        one.reads("none", "hello");
        none.is_told("one", "hello", Told::Arrived);
    });
}

#[test]
fn answers_on_the_wrong_side() {
    let moral = "Two who acknowledge on their send connections write to each other at once: neither waits for the other.";
    tell("answers_on_the_wrong_side", moral, |world| {
        let ann = foreign(world, "wrongside", "ann");
        let ben = foreign(world, "wrongside", "ben");
        world.wait(Duration::from_millis(100));
        ann.says("ben", "hi");
        ben.says("ann", "hello");
        ann.reads("ben", "hello");
        ben.reads("ann", "hi");
        ann.is_told("ben", "hi", Told::Arrived);
        ben.is_told("ann", "hello", Told::Arrived);
    });
}

#[test]
fn lines_before_their_turn() {
    let moral = "Two lines in one segment: the second waits for the first, and what acknowledges a FORWARD between them counts.";
    tell("lines_before_their_turn", moral, |world| {
        let mut alice = world.classic("alice");
        let mut bob = world.classic("bob");
        bob.send("alice", "hello");
        alice.hears("bob", "hello");
        let two = format!(
            "{}{}RECEIVED bob\n\n",
            line("bob", "one"),
            line("bob", "two")
        );
        alice.sending.write(two);
        bob.expect("SEND alice");
        bob.takes("alice", "one");
        alice.expect("SEND bob");
        bob.takes("alice", "two");
        alice.expect("SEND bob");
    });
}

#[test]
fn a_space_before_the_text() {
    let moral = "A space before the text that its length does not count is no part of it, if the text shows that.";
    tell("a_space_before_the_text", moral, |world| {
        let ann = foreign(world, "spacebefore", "ann");
        let ben = foreign(world, "seed", "ben");
        ann.says("ben", "hello there");
        ben.reads("ann", "hello there");
        ann.is_told("ben", "hello there", Told::Arrived);
    });
}

#[test]
fn a_word_that_nothing_shows() {
    let moral = "Two programs register alike and want different words: every line arrives, but one is told what it does not know.";
    tell("a_word_that_nothing_shows", moral, |world| {
        let sent = foreign(world, "bothopen", "sent");
        let send = foreign(world, "bothopensend", "send");
        sent.says("send", "hi");
        sent.is_told("send", "hi", Told::Arrived);
        send.says("sent", "hello");
        sent.reads("send", "hello");
        let other = Told::Unknown("SENT sent\n\n".to_owned());
        send.is_told("sent", "hello", other);
    });
}

#[test]
fn the_client_falls_back() {
    let moral = "A server that answers HELLO with 101 is spoken to in its own way; a text that it counts otherwise goes once more.";
    tell("the_client_falls_back", moral, |world| {
        at_server(world, "seed");
        let mut alice = world.client_at("other", "alice");
        alice.sees("the server knows only the classic level");
        alice.sees("online, classic level");
        let mut bob = world.client_at("other", "bob");
        bob.sees("online, classic level");
        alice.types("bob", "caf\u{e9}");
        bob.sees("alice -> bob");
        alice.sees("#1 acknowledged");
        alice.types("nobody", "hello?");
        alice.sees("#2 rejected");
    });
}

#[test]
fn the_client_registers_in_another_way() {
    let moral = "A server that refuses a good name wants it in another order, or with other heads: the client tries.";
    tell("the_client_registers_in_another_way", moral, |world| {
        at_server(world, "wantsspaced");
        let mut alice = world.client_at("other", "alice");
        alice.sees("online, classic level");
        alice.types("alice", "note to self");
        alice.sees("alice -> alice");
        alice.sees("#1 acknowledged");
    });
}

#[test]
fn one_answer_for_each() {
    let moral = "A server may acknowledge a line to all once for each who has it: the next line does not take that for its own.";
    tell("one_answer_for_each", moral, |world| {
        at_server(world, "eachtold");
        let mut users = ["alice", "bob", "carol"].map(|name| world.client_at("other", name));
        for user in &mut users {
            user.sees("online, classic level");
        }
        let [alice, bob, carol] = &mut users;
        alice.types("ALL", "hi");
        alice.types("nobody", "hello?");
        bob.sees("alice -> bob");
        carol.sees("alice -> carol");
        alice.sees("#1 acknowledged");
        alice.sees("#2 rejected");
    });
}

#[test]
fn the_word_that_each_waits_for() {
    let moral = "Which word acknowledges is read off the registration: what ends it, what is answered first, when the second connection comes.";
    tell("the_word_that_each_waits_for", moral, |world| {
        for row in ["seed", "bothopen", "trailing", "together", "receivefirst"] {
            let user = foreign(world, row, row);
            world.wait(Duration::from_millis(100));
            user.says(row, "hi");
            user.is_told(row, "hi", Told::Arrived);
        }
    });
}

#[test]
fn counted_as_it_counts() {
    let moral = "Who refuses a text counted in bytes gets it once more, counted in characters; a count that was shown holds from there on.";
    tell("counted_as_it_counts", moral, |world| {
        let spaced = foreign(world, "allspaced", "spaced");
        let lines = foreign(world, "readslines", "lines");
        spaced.says("lines", "caf\u{e9}");
        lines.reads("spaced", "caf\u{e9}");
        spaced.is_told("lines", "caf\u{e9}", Told::Arrived);
        lines.says("spaced", "th\u{e9}");
        spaced.reads("lines", "th\u{e9}");
        lines.is_told("spaced", "th\u{e9}", Told::Arrived);
    });
}

#[test]
fn everybody_has_another_name() {
    let moral = "A server that knows nobody called ALL is asked for `all` instead, once; the word that was right is kept.";
    tell("everybody_has_another_name", moral, |world| {
        at_server(world, "allspaced");
        let mut users = ["alice", "bob"].map(|name| world.client_at("other", name));
        for user in &mut users {
            user.sees("online, classic level");
        }
        let [alice, bob] = &mut users;
        for (line, text) in [(1, "hi"), (2, "again")] {
            alice.types("ALL", text);
            bob.sees(&format!("alice -> bob \"{text}\""));
            alice.sees(&format!("#{line} acknowledged"));
        }
    });
}

#[test]
fn answers_that_silence_ends() {
    let moral =
        "A server that puts nothing behind its answers is understood after half a second of quiet.";
    tell("answers_that_silence_ends", moral, |world| {
        at_server(world, "noend");
        let mut alice = world.client_at("other", "alice");
        alice.sees("online, classic level");
        alice.types("alice", "note to self");
        alice.sees("alice -> alice");
        alice.sees("#1 acknowledged");
        alice.types("nobody", "hello?");
        alice.sees("#2 rejected");
    });
}
