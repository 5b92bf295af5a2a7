//! The session level over real TCP, frame by frame: order, numbers, receipts, names, the fence.

use crate::common::raw::{Raw, forward};
use crate::common::seed::Seed;
use crate::common::server::Server;
use crate::common::session::{Session, hello, name};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use verbatim_core::code::Code;
use verbatim_core::id::{DeviceId, MessageId, Seq, Try};
use verbatim_core::limits::UNANSWERED_MAX;
use verbatim_core::wire::{ClientFrame, Hello, Receipt, ServerFrame};

const MESSAGES: u64 = 1_000;

/// What one end of a busy conversation saw.
#[derive(Default)]
struct Seen {
    /// Own messages: seq and number by id.
    accepted: BTreeMap<u64, (u64, u64)>,
    /// The other's: seq, number and body, as they came.
    delivered: Vec<(u64, u64, String)>,
    /// Receipts, as they came.
    receipts: Vec<u64>,
}

fn body(from: &str, id: u64) -> String {
    format!("message {id} of {from}")
}

/// Sends a thousand, as many at once as may be unanswered, while it acks what comes; ends when all is settled.
fn converse(at: SocketAddr, user: &str, partner: &str, begin: &std::sync::Barrier) -> Seen {
    let mut session = Session::join(at, user);
    begin.wait();
    let (mut seen, mut sent) = (Seen::default(), 0);
    let settled = |seen: &Seen| {
        let last = seen.accepted.get(&MESSAGES).map(|(seq, _)| *seq);
        seen.delivered.len() as u64 == MESSAGES
            && last.is_some()
            && seen.receipts.last().copied() == last
    };
    while !settled(&seen) {
        while sent < MESSAGES && sent < seen.accepted.len() as u64 + UNANSWERED_MAX as u64 {
            sent += 1;
            session.send(partner, sent, &body(user, sent));
        }
        note(&mut seen, session.next(), &mut session);
    }
    seen
}

fn note(seen: &mut Seen, frame: ServerFrame<'_>, session: &mut Session) {
    match frame {
        ServerFrame::Accepted {
            first,
            last,
            seq,
            number,
        } => {
            for (id, step) in (first.0..=last.0).zip(0..) {
                let outcome = (seq.0 + step, number.0 + step);
                assert_eq!(seen.accepted.insert(id, outcome), None, "answered twice");
            }
        }
        ServerFrame::Deliver(delivery) => {
            let text = String::from(delivery.body);
            seen.delivered
                .push((delivery.seq.0, delivery.number.0, text));
            session.ack(delivery.seq);
        }
        ServerFrame::Receipt(Receipt::Delivered { up_to, .. }) => seen.receipts.push(up_to.0),
        other => panic!("nobody asked for {other}"),
    }
}

#[test]
fn a_thousand_each_way_in_order_once_with_numbers_and_receipts() {
    let server = Server::start();
    let begin = std::sync::Barrier::new(2);
    let (alice, bob) = std::thread::scope(|scope| {
        let alice = scope.spawn(|| converse(server.address, "alice", "bob", &begin));
        let bob = converse(server.address, "bob", "alice", &begin);
        (alice.join().unwrap(), bob)
    });
    audit(&alice, &bob, "alice");
    audit(&bob, &alice, "bob");
    // One conversation: both directions share its numbers, and none is missing.
    let own = |seen: &Seen| seen.accepted.values().copied().collect::<Vec<_>>();
    let mut all: Vec<(u64, u64)> = [own(&alice), own(&bob)].concat();
    all.sort_unstable();
    let numbers: Vec<u64> = all.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, (1..=2 * MESSAGES).collect::<Vec<_>>());
}

/// What one sent is what the other heard: the same texts at the same seqs and numbers, in the order of the ids.
fn audit(sender: &Seen, recipient: &Seen, from: &str) {
    let sent: Vec<(u64, u64, String)> = sender
        .accepted
        .iter()
        .map(|(id, (seq, number))| (*seq, *number, body(from, *id)))
        .collect();
    assert_eq!(sent, recipient.delivered);
    assert!(sent.is_sorted_by_key(|(seq, ..)| *seq));
    assert!(sender.receipts.is_sorted(), "receipts only grow");
}

#[test]
fn a_classic_recipient_who_leaves_is_told_as_left() {
    let server = Server::start();
    let mut bob = Raw::join(server.address, "bob");
    let mut alice = Session::join(server.address, "alice");
    let mut seqs = Vec::new();
    for (id, text) in (1..).zip(["heard", "not heard", "not even sent"]) {
        alice.send("bob", id, text);
        let ServerFrame::Accepted { seq, .. } = alice.next() else {
            panic!("it is accepted at once");
        };
        seqs.push(seq);
    }
    bob.hear("alice", "heard");
    let ServerFrame::Receipt(first) = alice.next() else {
        panic!("a receipt is expected");
    };
    let (to, up_to) = (name("bob"), seqs[0]);
    assert_eq!(first, Receipt::Delivered { to, up_to });
    bob.receive.expect(&forward("alice", "not heard"));
    drop(bob);
    let ServerFrame::Receipt(end) = alice.next() else {
        panic!("how it ended is expected");
    };
    let last = seqs[2];
    assert_eq!(end, Receipt::Left { to, up_to, last });
    alice.send("bob", 4, "hello?");
    expect_rejected(&mut alice, 4, Code::UNABLE_TO_SEND);
}

#[track_caller]
fn expect_rejected(session: &mut Session, id: u64, code: Code) {
    let ServerFrame::Rejected(rejection) = session.next() else {
        panic!("a rejection of {id} is expected");
    };
    assert_eq!((rejection.id, rejection.code), (MessageId(id), code));
}

#[test]
fn a_classic_sender_hears_that_a_session_user_is_away() {
    let server = Server::start();
    let mut alice = Seed::join(server.address, "alice");
    let mut bob = Session::join(server.address, "bob");
    alice.say_well("bob", "online"); // accepted is enough, though bob has not acked
    let (seq, heard) = expect_delivery(&mut bob);
    assert_eq!(heard, "online");
    bob.ack(seq);
    drop(bob);
    wait_until_away(&server, "bob");
    let answer = alice.say("bob", "away");
    assert_eq!(answer.as_deref(), Some("ERROR 102 Unable to send\n\n"));
    let (mut bob, welcome) = Session::resume(server.address, &hello("bob", 2));
    assert!(!welcome.lost);
    alice.say_well("bob", "back");
    assert_eq!(
        expect_delivery(&mut bob).1,
        "back",
        "what was refused never comes"
    );
}

#[track_caller]
fn expect_delivery(session: &mut Session) -> (Seq, &'static str) {
    match session.next() {
        ServerFrame::Deliver(delivery) => (delivery.seq, delivery.body),
        other => panic!("a delivery is expected, not {other}"),
    }
}

/// Asks who is there until that user is shown as away.
fn wait_until_away(server: &Server, user: &str) {
    let mut watcher = Session::join(server.address, "watcher");
    let away = format!("{user} away");
    while !page(&mut watcher, None).0.contains(&away) {}
    watcher.say(&ClientFrame::Bye { forget: true });
    assert!(watcher.next_or_end(Duration::from_secs(5)).is_none());
}

fn page(session: &mut Session, after: Option<&str>) -> (Vec<String>, Option<String>) {
    session.say(&ClientFrame::Who(after.map(name)));
    let ServerFrame::Users { names, next } = session.next() else {
        panic!("a page of names is expected");
    };
    let names = names.lines().map(String::from).collect();
    (names, next.map(|name| String::from(name.as_str())))
}

#[test]
fn a_name_has_one_holder_on_both_levels() {
    let server = Server::start();
    let _alice = Session::join(server.address, "alice");
    let _bob = Raw::join(server.address, "bob");
    for (taken, least) in [("ALICE", 59_000), ("Bob", 1)] {
        let thief = Hello {
            device: DeviceId::new([7; 16]),
            ..hello(taken, 1)
        };
        let mut session = Session::open(server.address);
        session.say(&ClientFrame::Hello(Box::new(thief)));
        let ServerFrame::Error {
            code, retry_after, ..
        } = session.next()
        else {
            panic!("{taken} is taken");
        };
        assert_eq!(code, Code::NAME_TAKEN);
        let after = retry_after.expect("when the name may be free");
        assert!(after >= Duration::from_millis(least), "{after:?}");
        assert!(session.next_or_end(Duration::from_secs(5)).is_none());
    }
    let mut thief = crate::common::connection::Connection::open(server.address);
    thief.say("REGISTER TOSEND alice\n\n");
    thief.expect("ERROR 104 Username taken\n\n");
}

#[test]
fn a_name_given_up_is_free_at_once() {
    let server = Server::start();
    let mut alice = Session::join(server.address, "alice");
    alice.say(&ClientFrame::Bye { forget: true });
    assert!(alice.next_or_end(Duration::from_secs(5)).is_none());
    let _other = Seed::join(server.address, "alice");
}

#[test]
fn who_comes_in_pages() {
    let server = Server::start();
    let mut sessions: Vec<Session> = (0..300)
        .map(|number| Session::join(server.address, &format!("user{number:03}")))
        .collect();
    let _classic = Raw::join(server.address, "aClassic");
    let (mut names, next) = page(&mut sessions[0], None);
    assert_eq!(names.len(), 256);
    let next = next.expect("more than a page");
    assert_eq!(names.last(), Some(&next));
    let (rest, end) = page(&mut sessions[0], Some(&next));
    assert_eq!(end, None);
    names.extend(rest);
    let mut expected = vec![String::from("aClassic")];
    expected.extend((0..300).map(|number| format!("user{number:03}")));
    assert_eq!(names, expected);
}

#[test]
fn the_newer_connection_of_a_device_fences_the_older() {
    let server = Server::start();
    let mut bob = Session::join(server.address, "bob");
    let mut older = Session::join(server.address, "alice");
    let (mut newer, welcome) = Session::resume(server.address, &hello("alice", 2));
    assert!(!welcome.lost);
    older.send("bob", 1, "from the past");
    let expected = ServerFrame::Replaced { attempt: Try(2) };
    assert_eq!(older.next(), expected);
    assert!(older.next_or_end(Duration::from_secs(5)).is_none());
    newer.send("bob", 1, "from the present");
    assert!(matches!(
        newer.next(),
        ServerFrame::Accepted {
            first: MessageId(1),
            ..
        }
    ));
    assert_eq!(expect_delivery(&mut bob).1, "from the present");
}

#[test]
fn an_older_counter_is_void() {
    let server = Server::start();
    let (mut current, _) = Session::resume(server.address, &hello("alice", 5));
    for attempt in [4, 5] {
        let mut late = Session::open(server.address);
        late.say(&ClientFrame::Hello(Box::new(hello("alice", attempt))));
        let expected = ServerFrame::Replaced { attempt: Try(5) };
        assert_eq!(late.next(), expected);
        assert!(late.next_or_end(Duration::from_secs(5)).is_none());
    }
    // The one that has the session did not notice.
    assert_eq!(page(&mut current, None).0, ["alice"]);
}

#[test]
fn heartbeats_are_answered() {
    let server = Server::start();
    let mut alice = Session::join(server.address, "alice");
    alice.say(&ClientFrame::Ping);
    assert_eq!(alice.next(), ServerFrame::Pong);
}
