//! Which word acknowledges: told from the way a program registers, byte by byte and moment by moment.

use crate::common::connection::Connection;
use crate::common::raw::{forward, register, send};
use crate::common::server::Server;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long an answer waits for the other half, and a little less, since clocks are read at both ends.
const WAITS: Duration = Duration::from_millis(145);

/// One line to oneself, acknowledged: the word that the server chose.
#[track_caller]
fn word_of(send_half: &mut Connection, receive: &mut Connection, name: &str) -> String {
    send_half.say(send(name, "hi"));
    receive.expect(&forward(name, "hi"));
    receive.say(format!("RECEIVED {name}\n\n"));
    send_half.expect("SEN");
    let word = match send_half.next_byte() {
        b'T' => "SENT",
        b'D' => "SEND",
        other => panic!("SEN{} is no word", char::from(other)),
    };
    send_half.expect(&format!(" {name}\n\n"));
    String::from(word)
}

fn half(address: SocketAddr, bytes: &str) -> Connection {
    let mut connection = Connection::open(address);
    connection.say(bytes);
    connection
}

/// The seed's way: the second connection is opened after the first answer.
fn seed_way(address: SocketAddr, name: &str) -> String {
    let mut send = register(Connection::open(address), "TOSEND", name);
    let mut receive = register(Connection::open(address), "TORECV", name);
    word_of(&mut send, &mut receive, name)
}

/// Both halves are on their way before either is answered.
fn together(address: SocketAddr, name: &str) -> String {
    let (mut send, mut receive) = (Connection::open(address), Connection::open(address));
    send.say(format!("REGISTER TOSEND {name}\n\n"));
    receive.say(format!("REGISTER TORECV {name}\n\n"));
    send.expect(&format!("REGISTERED TOSEND {name}\n\n"));
    receive.expect(&format!("REGISTERED TORECV {name}\n\n"));
    word_of(&mut send, &mut receive, name)
}

#[test]
fn a_head_that_ends_with_a_spaced_line_wants_send() {
    let server = Server::start();
    let mut send = half(server.address, "REGISTER TOSEND ann\n \n");
    let mut receive = half(server.address, "REGISTER TORECV ann\n \n");
    send.expect("REGISTERED TOSEND ann\n \n");
    receive.expect("REGISTERED TORECV ann\n \n");
    assert_eq!(word_of(&mut send, &mut receive, "ann"), "SEND");
}

#[test]
fn a_space_behind_the_name_wants_sent_however_late_the_other_half_comes() {
    let server = Server::start();
    let mut send = half(server.address, "REGISTER TOSEND ben \n\n");
    send.expect("REGISTERED TOSEND ben\n\n");
    let mut receive = half(server.address, "REGISTER TORECV ben \n\n");
    receive.expect("REGISTERED TORECV ben\n\n");
    assert_eq!(word_of(&mut send, &mut receive, "ben"), "SENT");
}

#[test]
fn both_halves_in_before_an_answer_want_sent() {
    let server = Server::start();
    assert_eq!(together(server.address, "cas"), "SENT");
}

#[test]
fn receiving_half_answered_first_wants_send() {
    let server = Server::start();
    // Both are accepted before any answer, so that nothing but the order of the answers can tell.
    let send = Connection::open(server.address);
    let mut receive = register(Connection::open(server.address), "TORECV", "dan");
    let mut send = register(send, "TOSEND", "dan");
    assert_eq!(word_of(&mut send, &mut receive, "dan"), "SEND");
}

#[test]
fn a_second_connection_after_the_first_answer_wants_send_and_before_it_sent() {
    let server = Server::start();
    assert_eq!(seed_way(server.address, "eve"), "SEND");
    let receive = Connection::open(server.address);
    let mut send = register(Connection::open(server.address), "TOSEND", "fay");
    let mut receive = register(receive, "TORECV", "fay");
    assert_eq!(word_of(&mut send, &mut receive, "fay"), "SENT");
}

#[test]
fn silent_connections_of_others_count_for_nothing() {
    let server = Server::start();
    let _before = Connection::open(server.address);
    let mut send = half(server.address, "REGISTER TOSEND gus\n\n");
    let _meanwhile = Connection::open(server.address);
    send.expect("REGISTERED TOSEND gus\n\n");
    let mut receive = register(Connection::open(server.address), "TORECV", "gus");
    assert_eq!(word_of(&mut send, &mut receive, "gus"), "SEND");
}

#[test]
fn an_answer_waits_for_the_other_half_and_no_longer() {
    let server = Server::start();
    let connection = Connection::open(server.address);
    let asked = Instant::now();
    let _alone = register(connection, "TOSEND", "alone");
    assert!(asked.elapsed() >= WAITS, "nothing could be learnt so soon");
    // The machine may be busy, so the fastest of a few counts; a wait would hold up every one.
    let fastest = |register: &dyn Fn(u32)| {
        let timed = (0..5).map(|number| {
            let asked = Instant::now();
            register(number);
            asked.elapsed()
        });
        timed.min().expect("there are five")
    };
    let both_in = fastest(&|number| {
        let name = format!("both{number}");
        let mut send = half(server.address, &format!("REGISTER TOSEND {name}\n\n"));
        let _receive = half(server.address, &format!("REGISTER TORECV {name}\n\n"));
        send.expect(&format!("REGISTERED TOSEND {name}\n\n"));
    });
    assert!(both_in < WAITS, "the wait ends when both are in");
    let known = fastest(&|number| {
        let mut send = half(
            server.address,
            &format!("REGISTER TOSEND known{number} \n\n"),
        );
        send.expect(&format!("REGISTERED TOSEND known{number}\n\n"));
    });
    assert!(known < WAITS, "there is nothing more to learn");
}

#[test]
fn the_operator_can_fix_the_word() {
    for (option, seed, other) in [
        ("auto", "SEND", "SENT"),
        ("sent", "SENT", "SENT"),
        ("send", "SEND", "SEND"),
    ] {
        let server = Server::start_with(&["--classic-ack", option]);
        assert_eq!(seed_way(server.address, "ina"), seed, "{option}");
        assert_eq!(together(server.address, "jan"), other, "{option}");
    }
}
