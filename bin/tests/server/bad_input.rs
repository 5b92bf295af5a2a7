//! Bad input on both levels: a clear error, a close where the stream cannot be trusted, a line for the operator, and
//! nothing that anybody else would notice.

use crate::bad_bytes::{Closing, bad_hellos, classic_closing, no_greeting, session_closing};
use crate::common::connection::Connection;
use crate::common::raw::{Raw, register, send};
use crate::common::seed::Seed;
use crate::common::server::Server;
use crate::common::session::Session;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use verbatim_core::code::Code;
use verbatim_core::id::MessageId;
use verbatim_core::wire::ServerFrame;

/// What stands in bodies and in device ids (as digits, too), and so never in the operator's log.
const SECRETS: [&str; 3] = ["pssst", "a5a5", "6d616c"];
/// What the server may grow by under all of this, in KiB.
const GROWTH_KIB_MAX: u64 = 32 * 1024;

/// A line each way.
fn exchange([healthy, hearty]: &mut [Seed; 2]) {
    healthy.say_well("hearty", "pssst");
    assert_eq!(hearty.line().1, "pssst");
    hearty.say_well("healthy", "pssst");
    assert_eq!(healthy.line().1, "pssst");
}

/// Runs `mischief` beside a healthy pair, which must not notice; and the server's memory must not either.
fn beside_a_healthy_pair(server: &Server, mischief: impl FnOnce()) {
    let (over, exchanges) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut pair = ["healthy", "hearty"].map(|name| Seed::join(server.address, name));
    exchange(&mut pair);
    let before = server.resident_kib();
    std::thread::scope(|scope| {
        let chat = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                exchange(&mut pair);
                exchanges.fetch_add(1, Ordering::Relaxed);
            }
        });
        let end = EndOfChat(&over);
        mischief();
        let before = exchanges.load(Ordering::Relaxed);
        while exchanges.load(Ordering::Relaxed) == before {
            assert!(!chat.is_finished(), "the healthy pair stopped");
            std::thread::yield_now();
        }
        drop(end);
    });
    let growth = server.resident_kib().saturating_sub(before);
    assert!(growth < GROWTH_KIB_MAX, "it grew by {growth} KiB");
}

/// Ends the chat also when the mischief fails.
struct EndOfChat<'a>(&'a AtomicBool);

impl Drop for EndOfChat<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Says each bad thing on a connection of its own: the answer, the close, and one line in the log.
fn each_is_told_and_closed(
    server: &Server,
    cases: Vec<Closing>,
    open: impl Fn(usize) -> (Connection, Option<Connection>),
) {
    for (number, case) in cases.into_iter().enumerate() {
        let (mut connection, _other_half) = open(number);
        connection.say(&case.says);
        assert_eq!(connection.until_closed(), case.answer, "{}", case.what);
        let peer = connection.local().to_string();
        server.wait_for_line(|line| line.contains(&peer));
        let lines = server.lines();
        let told: Vec<_> = lines.iter().filter(|line| line.contains(&peer)).collect();
        let [line] = told[..] else {
            panic!("{}: one line, not {told:#?}", case.what);
        };
        let words: Vec<_> = case.answer.trim_end().rsplit("ERROR ").collect();
        let error = words[0].lines().next().expect("an answer has a line");
        assert!(
            line.to_lowercase().contains(&error.to_lowercase()),
            "{}: {error} is not in {line}",
            case.what
        );
    }
    for line in server.lines() {
        let told = SECRETS.iter().find(|secret| line.contains(**secret));
        assert_eq!(told, None, "in {line}");
    }
}

#[test]
fn before_a_registration() {
    let server = Server::start();
    beside_a_healthy_pair(&server, || {
        for cases in [no_greeting(), bad_hellos()] {
            each_is_told_and_closed(&server, cases, |_| (Connection::open(server.address), None));
        }
    });
}

#[test]
fn from_a_classic_user() {
    let server = Server::start();
    beside_a_healthy_pair(&server, || {
        each_is_told_and_closed(&server, classic_closing(), |number| {
            let mallory = Raw::join(server.address, &format!("mallory{number}"));
            (mallory.send, Some(mallory.receive))
        });
    });
}

#[test]
fn from_a_session() {
    let server = Server::start();
    beside_a_healthy_pair(&server, || {
        each_is_told_and_closed(&server, session_closing(), |number| {
            let mallory = Session::join(server.address, &format!("mallory{number}"));
            (mallory.connection, None)
        });
    });
}

#[test]
fn a_name_that_is_none_can_be_corrected() {
    let server = Server::start();
    let mut send = Connection::open(server.address);
    let long = "m".repeat(33);
    for name in ["ALL", "all", "", "a b", "a_b", "ö", "a.b", &long] {
        send.say(format!("REGISTER TOSEND {name}\n\n"));
        send.expect("ERROR 100 Malformed username\n\n");
    }
    for early in [
        "DANCE\n\n",
        "RECEIVED bob\n\n",
        &crate::common::raw::send("bob", "hi"),
    ] {
        send.say(early);
        send.expect("ERROR 101 No user registered\n\n");
    }
    let mut send = register(send, "TOSEND", "mallory");
    send.say("SEND bob\nContent-length: 2\n\nhi");
    send.expect("ERROR 101 No user registered\n\n"); // half a registration is none
}

#[test]
fn what_can_be_passed_over_leaves_a_classic_connection_open() {
    let server = Server::start();
    let mut bob = Raw::join(server.address, "bob");
    let mut mallory = Raw::join(server.address, "mallory");
    let bad: [(Vec<u8>, &str); 4] = [
        (
            send("bob", &"x".repeat(65_537)).into(),
            "ERROR 102 Unable to send\n\n",
        ),
        (
            send("bob", &"x".repeat(1_000_000)).into(),
            "ERROR 102 Unable to send\n\n",
        ),
        (
            send("b\u{f6}b", "hi").into(),
            "ERROR 102 Unable to send\n\n",
        ),
        (
            b"SEND bob\nContent-length: 4\n\nab\xc3(".to_vec(),
            "ERROR 103 Header Incomplete\n\n",
        ),
    ];
    beside_a_healthy_pair(&server, || {
        for (bytes, answer) in &bad {
            mallory.send.say(bytes);
            mallory.send.expect(answer);
            mallory.line("bob", "still here");
            bob.hear("mallory", "still here");
            mallory.send.expect("SEND bob\n\n");
        }
    });
}

#[test]
fn what_can_be_passed_over_uses_up_a_session_s_id_and_no_more() {
    let server = Server::start();
    let mut bob = Session::join(server.address, "bob");
    let mut mallory = Session::join(server.address, "mallory");
    let too_long = "x".repeat(65_537);
    mallory.send("bob", 1, &too_long);
    expect_rejected(&mut mallory, 1, Code::TOO_LONG);
    mallory.send("bob", 2, &"x".repeat(1_000_000));
    expect_rejected(&mut mallory, 2, Code::TOO_LONG);
    let invalid = b"SEND bob\nId: 3\nContent-length: 4\n\nab\xc3(";
    mallory.connection.say(invalid);
    expect_rejected(&mut mallory, 3, Code::NOT_UTF8);
    mallory.send("nobody", 4, "hi");
    expect_rejected(&mut mallory, 4, Code::UNABLE_TO_SEND);
    mallory
        .connection
        .say("SEND b_b\nId: 5\nContent-length: 2\n\nhi");
    expect_rejected(&mut mallory, 5, Code::UNABLE_TO_SEND);
    mallory.connection.say("DANCE\nContent-length: 2\n\nhi");
    let ServerFrame::Error { code, .. } = mallory.next() else {
        panic!("an error is expected");
    };
    assert_eq!(code, Code::UNKNOWN_VERB);
    mallory.send("bob", 6, "still here");
    assert!(matches!(
        mallory.next(),
        ServerFrame::Accepted {
            first: MessageId(6),
            ..
        }
    ));
    let ServerFrame::Deliver(delivery) = bob.next() else {
        panic!("a delivery is expected");
    };
    assert_eq!((delivery.body, delivery.number.0), ("still here", 1));
}

#[track_caller]
fn expect_rejected(session: &mut Session, id: u64, code: Code) {
    let ServerFrame::Rejected(rejection) = session.next() else {
        panic!("a rejection of {id} is expected");
    };
    assert_eq!((rejection.id, rejection.code), (MessageId(id), code));
}

/// Writes until the server takes no more, or so many bytes are out; gives how many.
fn pour(address: SocketAddr, line: &[u8], bytes_max: usize) -> usize {
    let mut stream = TcpStream::connect(address).expect("the server takes newcomers");
    let limit = Some(Duration::from_millis(300));
    stream.set_write_timeout(limit).expect("it is not zero");
    let block = line.repeat(64 * 1024 / line.len());
    let mut out = 0;
    while out < bytes_max && stream.write_all(&block).is_ok() {
        out += block.len();
    }
    out
}

#[test]
fn those_who_pour_are_stopped() {
    let server = Server::start();
    let bytes_max = 256 * 1024 * 1024;
    beside_a_healthy_pair(&server, || {
        // Each of these gets an answer that is never read: reading from it stops.
        let out = pour(server.address, b"DANCE\n\n", bytes_max);
        assert!(out < bytes_max, "a reader of nothing is read from for ever");
        // This one is closed at its first line.
        let out = pour(server.address, b"\x00\x00\x00\x00", bytes_max);
        assert!(out < bytes_max, "what is closed is read from for ever");
    });
}

#[test]
fn unfinished_bodies_take_what_the_limits_say() {
    let server = Server::start();
    beside_a_healthy_pair(&server, || {
        let half = format!("SEND bob\nContent-length: 65536\n\n{}", "x".repeat(60_000));
        let unfinished: Vec<Connection> = (0..200)
            .map(|_| {
                let mut connection = Connection::open(server.address);
                connection.say(&half);
                connection
            })
            .collect();
        let skipped: Vec<Raw> = (0..10)
            .map(|number| {
                let mut mallory = Raw::join(server.address, &format!("mallory{number}"));
                mallory.line("bob", &"x".repeat(1_000_000));
                mallory.send.expect("ERROR 102 Unable to send\n\n");
                mallory
            })
            .collect();
        drop((unfinished, skipped));
    });
}
