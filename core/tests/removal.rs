//! The operator removed a text: what a device hears that has yet to be given it, what a history shows, and what stays.

mod stage;

use stage::Stage;
use stage::session::{say, send};
use verbatim_core::id::{ConnId, MessageId, Number, Seq, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::Wall;
use verbatim_core::record::{Message, Record, Stream, What};
use verbatim_core::saved::{Text, body_of, record_bytes, record_from};
use verbatim_core::wire::Delivery;

const ALICE: ConnId = ConnId(0);
const BOB: ConnId = ConnId(1);
const LATER: ConnId = ConnId(2);

fn hello(name: &str, attempt: u64) -> String {
    let device = name.len();
    format!(
        "HELLO 1\nUser: {name}\nDevice: {device:032x}\nTry: {attempt}\nKeep: yes\nCursor: server\nWindow: 256 262144\n\n"
    )
}

/// Alice is there, and bob was; his message at seq 4 has that text.
fn bob_is_away(limits: Limits, text: &str) -> Stage {
    let mut stage = Stage::new(limits);
    for (conn, name) in [(ALICE, "alice"), (BOB, "bob")] {
        stage.open(conn);
        let heard = say(&mut stage, conn, &hello(name, 1));
        assert!(heard.starts_with("WELCOME"), "{heard}");
    }
    stage.hang_up(BOB);
    let heard = say(&mut stage, ALICE, &send("bob", 1, text));
    assert_eq!(heard, "ACCEPTED 1 1 4 1\n\n");
    stage
}

fn is_marked(frame: &str, verb: &str) -> bool {
    let expected = format!(
        "{verb} 4\nFrom: alice\nTo: bob\nNumber: 1\nTime: 1700000000000\nRemoved: yes\nContent-length: 0\n\n"
    );
    frame.starts_with(&expected)
}

#[test]
fn who_was_away_is_told_that_it_was_removed() {
    let mut stage = bob_is_away(Limits::default(), "a secret");
    say(&mut stage, ALICE, &send("bob", 2, "a line"));
    stage.remove_text(Seq(4));
    stage.open(LATER);
    let heard = say(&mut stage, LATER, &hello("bob", 2));
    let (_, feed) = heard.split_at(heard.find("DELIVER").unwrap());
    assert!(is_marked(feed, "DELIVER"), "{feed}");
    assert!(feed.ends_with("a line") && !feed.contains("secret"));
    assert_eq!(say(&mut stage, LATER, "ACK 5\n\n"), "");
    let page = say(&mut stage, LATER, "HISTORY alice\n\n");
    assert!(is_marked(&page, "PAST"), "{page}");
    assert!(page.ends_with("HISTORY alice 1 2\n\n"), "{page}");
}

#[test]
fn a_repeated_id_gets_the_same_answer_and_another_text_none() {
    let mut stage = bob_is_away(Limits::default(), "a secret");
    stage.remove_text(Seq(4));
    let again = say(&mut stage, ALICE, &send("bob", 1, "a secret"));
    assert_eq!(again, "ACCEPTED 1 1 4 1\n\n");
    let other = say(&mut stage, ALICE, &send("bob", 1, "a segret"));
    assert_eq!(other, "REJECTED 1 110 Conflict\n\n");
    let other = say(&mut stage, ALICE, &send("bob", 1, ""));
    assert_eq!(other, "REJECTED 1 110 Conflict\n\n");
}

#[test]
fn what_was_owed_for_it_is_settled_whole() {
    let text = "x".repeat(5_000);
    let limits = Limits {
        owed_bytes_max: 6_000,
        ..Limits::default()
    };
    for removed in [false, true] {
        let mut stage = bob_is_away(limits.clone(), &text);
        if removed {
            stage.remove_text(Seq(4));
        }
        let full = say(&mut stage, ALICE, &send("bob", 2, &text));
        assert_eq!(full, "REJECTED 2 114 Recipient full\n\n", "{removed}");
        stage.open(LATER);
        say(&mut stage, LATER, &hello("bob", 2));
        say(&mut stage, LATER, "ACK 4\n\n");
        stage.take(ALICE);
        let taken = say(&mut stage, ALICE, &send("bob", 3, &text));
        assert_eq!(taken, "ACCEPTED 3 3 5 2\n\n", "{removed}");
    }
}

/// A classic user who takes one line after the other: what it has not begun to hear it does not hear.
#[test]
fn what_waits_for_a_classic_user_is_let_go() {
    let mut stage = bob_is_away(Limits::default(), "first");
    let (sends, hears) = (ConnId(3), ConnId(4));
    for (conn, half) in [(sends, "TOSEND carl"), (hears, "TORECV carl")] {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {half}\n\n").as_bytes());
    }
    stage.wait(Limits::default().classic_settle_time);
    stage.take(hears);
    let long = format!("{}secret end", "x".repeat(1_200));
    stage.say(ALICE, send("carl", 2, &long).as_bytes());
    stage.say(ALICE, send("carl", 3, "a second secret").as_bytes());
    stage.say(ALICE, send("carl", 4, "no such thing").as_bytes());
    let begun = stage.take_text(hears);
    assert!(begun.starts_with("FORWARD alice") && begun.ends_with("xxx"));
    let seqs = [Seq(6), Seq(7)];
    seqs.into_iter().for_each(|seq| stage.remove_text(seq));
    let then = say(&mut stage, hears, "RECEIVED alice\n\n");
    assert_eq!(
        then,
        "FORWARD alice\nContent-length: 30\n\n[text removed by the operator]"
    );
    let then = say(&mut stage, hears, "RECEIVED alice\n\n");
    assert!(then.ends_with("no such thing"), "{then}");
    say(&mut stage, hears, "RECEIVED alice\n\n");
    stage.wait(Limits::default().receipt_interval);
    let told = stage.take_text(ALICE);
    assert!(told.ends_with("RECEIPT carl 8\n\n"), "{told}");
}

#[test]
fn what_is_appended_and_not_told_is_let_go_too() {
    let mut stage = bob_is_away(Limits::default(), "first");
    stage.open(LATER);
    say(&mut stage, LATER, &hello("bob", 2));
    stage.commits_wait = true;
    stage.say(ALICE, send("bob", 2, "a secret").as_bytes());
    stage.remove_text(Seq(5));
    stage.commits_wait = false;
    stage.commit();
    let heard = stage.take_text(LATER);
    assert!(heard.contains("DELIVER 5\n") && heard.contains("Removed: yes"));
    assert!(!heard.contains("secret"), "{heard}");
}

#[test]
fn a_record_without_its_text_folds_to_the_same() {
    let name = |text: &[u8]| Name::parse(text).unwrap();
    for length in [0, 1, 9, 10, 99, 100, 999, 1_000, 9_999, 10_000, 65_536] {
        let body = "x".repeat(length);
        let delivery = Delivery {
            seq: Seq(9),
            from: name(b"alice"),
            to: Recipient::User(name(b"bob")),
            number: Number(3),
            time: 1_700_000_000_000,
            body: &body,
            removed: false,
        };
        let between = (UserId(Seq(2)), Stream::User(UserId(Seq(3))));
        let whole = Message::new(between, (MessageId(4), 77), &delivery, &mut Vec::new());
        let record = Record {
            seq: Seq(9),
            stamp: Wall(1_700_000_000_000),
            what: What::Message(whole.clone()),
        };
        let mut head = Vec::new();
        record_bytes(&record, &mut head);
        let bare = record_from(&head, Text::Removed(length), &mut Vec::new()).unwrap();
        let What::Message(message) = &bare.what else {
            panic!("a message");
        };
        assert_eq!(message.counted(), whole.frame().len(), "{length}");
        let what = (message.id, message.hash, message.delivery().removed);
        assert_eq!(what, (MessageId(4), 77, true));
        assert_eq!(body_of(&bare), b"");
        let mut again = Vec::new();
        record_bytes(&bare, &mut again);
        assert_eq!(again, head);
    }
}
