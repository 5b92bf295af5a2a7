//! What the audit of cut links finds in what a client tells: each fault planted once.

use crate::load::audit::Findings;
use crate::load::client::{Book, Part};
use crate::load::clock::Clock;
use verbatim_core::client::{LineId, LineState, Message, Notice, WhyOffline};
use verbatim_core::code::Code;
use verbatim_core::id::{Number, Seq};
use verbatim_core::name::Recipient;
use verbatim_net::Request;

const LINES: u64 = 6;

fn book(index: usize) -> Book {
    Book::new(Part {
        index,
        users: 4,
        in_flight: LINES,
        bytes: 100,
        server: "127.0.0.1:1".parse().unwrap(),
        clock: Clock::start(),
    })
}

/// The lines that user 0 writes, as messages to whom they are for.
fn written(writer: &mut Book) -> Vec<Message> {
    writer.writing = true;
    let mut messages = Vec::new();
    while let Some(Request::Submit { to, body, line, .. }) = writer.next_line() {
        let Recipient::User(from) = to else {
            panic!("lines are for one")
        };
        messages.push(Message {
            seq: Seq(line.0 + 1),
            from,
            to,
            number: Number(1),
            time: 0,
            body,
            may_repeat: false,
        });
    }
    messages
}

fn tell(book: &mut Book, line: u64, state: LineState) {
    let line = LineId(line);
    book.on_notice(Notice::Line { line, state });
}

const ACCEPTED: LineState = LineState::Accepted {
    seq: Seq(1),
    number: Number(1),
};

#[test]
fn a_line_to_each_partner_that_did_not_come_is_lost() {
    let mut writer = book(0);
    let messages = written(&mut writer);
    assert_eq!(messages.len() as u64, LINES);
    for reader in 1..4 {
        let mut reads = book(reader);
        assert_eq!(reads.lost_of(&writer), 2);
        reads.on_message(&messages[reader - 1]);
        assert_eq!(reads.lost_of(&writer), 1);
        reads.on_message(&messages[reader + 2]);
        assert_eq!(reads.lost_of(&writer), 0);
        assert_eq!(reads.findings(), Findings::default());
    }
    tell(&mut writer, 1, LineState::Rejected(Code::RECIPIENT_FULL));
    assert_eq!(book(2).lost_of(&writer), 1, "one of two was refused");
}

#[test]
fn a_line_that_comes_twice_or_late_is_found() {
    let messages = written(&mut book(0));
    let mut reads = book(1);
    reads.on_message(&messages[3]);
    reads.on_message(&messages[0]);
    reads.on_message(&messages[0]);
    let found = reads.findings();
    assert_eq!((found.reordered, found.duplicates), (1, 1));
}

#[test]
fn a_line_without_its_answer_or_its_receipt_is_found() {
    let mut writer = book(0);
    written(&mut writer);
    for line in 0..LINES - 1 {
        tell(&mut writer, line, ACCEPTED);
    }
    tell(&mut writer, 0, LineState::Delivered);
    let found = writer.findings();
    assert_eq!((found.unanswered, found.receipts_missing), (1, LINES - 2));
    assert!(!writer.is_settled());
    tell(&mut writer, 2, LineState::Unknown);
    writer.on_notice(Notice::Offline {
        why: WhyOffline::Silent,
        retry_in: Default::default(),
    });
    assert_eq!(writer.findings().faults, 2);
}
