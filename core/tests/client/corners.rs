//! Corners of the client: what it passes over and what ends a connection, gaps and no gaps, early receipts, questions.

use crate::bench::{
    Bench, accepted, bytes, config, deliver, delivered, error, welcome, wire, words,
};
use std::time::Duration;
use verbatim_core::client::{Input, LineId, LineState, Output};
use verbatim_core::code::Code;
use verbatim_core::id::{Epoch, MessageId, Seq, StoreId};
use verbatim_core::wire::{Bye, Place, ServerFrame};

#[test]
fn a_frame_of_a_later_version_is_passed_over_and_one_that_cannot_be_read_is_not() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    let later = b"FROB a b\nAny: thing\nContent-length: 5\n\nPING\nPING\n\nFROB\n\nPING\n\n";
    assert_eq!(wire(&bench.input(Input::Received(later))), "PONG, PONG");
    let out = words(&bench.input(Input::Received(b"ACCEPTED one\n\n")));
    assert_eq!(out[0], "disconnect");
    let long = "DELIVER 5\nFrom: bob\nTo: alice\nNumber: 1\nTime: 1\nContent-length: 65537\n\n";
    let mut bench = Bench::online(config(), &welcome(0, 0));
    let out = words(&bench.input(Input::Received(long.as_bytes())));
    assert_eq!(out[0], "disconnect", "no server may say so much: {out:?}");
}

#[test]
fn nothing_is_believed_before_the_welcome() {
    for frame in [deliver(5, "bob", "alice", 1), delivered("bob", 9)] {
        let mut bench = Bench::new(config());
        bench.input(Input::Timeout);
        bench.input(Input::Connected);
        let out = words(&bench.server(&[frame]));
        assert_eq!(out[0], "disconnect", "{out:?}");
        assert!(out[1].contains("before WELCOME"), "{out:?}");
    }
}

/// What came behind the end of a connection belongs to no other one.
#[test]
fn the_rest_of_a_connection_ends_with_it() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    let mut said = bytes(&[ServerFrame::Bye(Bye {
        code: Code::SHUTTING_DOWN,
        retry_after: None,
    })]);
    said.extend_from_slice(b"DELIVER 5\nFrom: b");
    bench.input(Input::Received(&said));
    bench.wait();
    let out = words(&bench.connect(&welcome(0, 0)));
    assert!(out[1].starts_with("online"), "{out:?}");
}

#[test]
fn who_was_online_does_not_fall_back() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.cut();
    bench.input(Input::Connected);
    let out = words(&bench.input(Input::Received(b"ERROR 103 Header incomplete\n\n")));
    assert!(!out.contains(&"fall back".into()), "{out:?}");
}

#[test]
fn who_never_asked_hears_of_no_list_of_users() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    assert_eq!(words(&bench.server(&[error(111, None)])), [""; 0]);
}

#[test]
fn one_question_for_who_is_there_is_out_at_a_time_and_none_without_a_session() {
    let mut bench = Bench::new(config());
    bench.input(Input::Timeout);
    assert_eq!(wire(&bench.input(Input::Who)), "");
    assert!(wire(&bench.connect(&welcome(0, 0))).ends_with("WHO"));
    assert_eq!(wire(&bench.input(Input::Who)), "", "that one serves both");
}

#[test]
fn lines_under_way_count_in_the_outbox_too() {
    let mut small = config();
    small.limits.outbox_messages_max = 2;
    let mut bench = Bench::online(small, &welcome(0, 0));
    for line in [1, 2] {
        assert!(wire(&bench.submit(line, "bob", "x")).starts_with("SEND"));
    }
    let refused = ["#3 not taken: too many lines are waiting"];
    assert_eq!(words(&bench.submit(3, "bob", "x")), refused);
    bench.server(&[accepted(1, 1, 5, 1)]);
    assert!(wire(&bench.submit(4, "bob", "x")).starts_with("SEND"));
}

#[test]
fn own_numbers_with_others_between_them_leave_no_gap() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    for (line, whom) in [(1, "bob"), (2, "bob"), (3, "ALL"), (4, "bob")] {
        bench.submit(line, whom, "x");
    }
    // Bob's own are 2, at the seq between, and 5. What went to all has the number that would be next, and is another's.
    let out = bench.server(&[
        accepted(1, 1, 10, 1),
        accepted(2, 2, 12, 3),
        accepted(3, 3, 13, 4),
        deliver(11, "bob", "alice", 2),
        accepted(4, 4, 14, 4),
        deliver(15, "bob", "alice", 5),
        deliver(16, "bob", "ALL", 5),
    ]);
    let gaps = words(&out).into_iter().filter(|word| word.contains("gap"));
    assert_eq!(gaps.collect::<Vec<_>>(), [""; 0]);
}

/// Only what an earlier run sent is unknown; what this one was told is not, however often its connection was cut.
/// However many own lines wait for a delivery behind them.
#[test]
fn a_gap_before_many_own_lines_is_told() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.server(&[deliver(1, "bob", "alice", 1)]);
    for first in (1..=4_160).step_by(64) {
        (first..first + 64).for_each(|line| drop(bench.submit(line, "bob", "x")));
        bench.server(&[accepted(first, first + 63, first + 9, first + 2)]);
    }
    let out = words(&bench.server(&[deliver(5_000, "bob", "alice", 4_163)]));
    let gaps: Vec<_> = out.iter().filter(|word| word.contains("gap")).collect();
    assert_eq!(gaps, ["gap in bob: 3 came instead of 2"]);
}

#[test]
fn a_gap_is_told_on_a_later_connection_too() {
    let mut known = config();
    known.start.allotted = MessageId(7);
    known.start.accepted = Some(MessageId(4));
    known.start.place = Place::Cursor {
        store: StoreId(9),
        epoch: Epoch(5),
        seq: Seq(57),
    };
    let mut bench = Bench::online(known, &welcome(4, 57));
    bench.server(&[deliver(58, "bob", "alice", 7)]);
    bench.input(Input::Kept(Seq(58)));
    bench.cut();
    let mut later = welcome(4, 58);
    later.head = Seq(90);
    bench.connect(&later);
    let out = bench.server(&[deliver(60, "bob", "alice", 9)]);
    assert!(words(&out).contains(&"gap in bob: 9 came instead of 8".into()));
}

/// A receipt that came before its acceptance is remembered, however many others came before other acceptances.
#[test]
fn early_receipts_of_the_past_take_no_room() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "bob", "x");
    let names: Vec<String> = (0..64).map(|at| format!("user{at}")).collect();
    for name in &names {
        bench.server(&[delivered(name, 4)]);
    }
    bench.server(&[accepted(1, 1, 5, 1)]);
    bench.submit(2, "zoe", "x");
    let out = bench.server(&[delivered("zoe", 6), accepted(2, 2, 6, 1)]);
    assert_eq!(words(&out), ["#2 accepted", "#2 delivered"]);
}

#[test]
fn a_line_is_settled_once_it_is_not_on_its_way_to_the_server() {
    let way = [LineState::Queued, LineState::Sent];
    assert!(way.into_iter().all(|state| !state.is_settled()));
    let end = [
        LineState::Rejected(Code::TOO_LONG),
        LineState::Unknown,
        LineState::Withdrawn,
        LineState::Expired,
        LineState::Delivered,
        LineState::NoRoom,
    ];
    assert!(end.into_iter().all(LineState::is_settled));
}

#[test]
fn a_hold_of_the_server_delays_what_comes_later_and_no_longer_than_it_said() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "bob", "x");
    bench.server(&[crate::bench::rejected(1, 150, Some(500))]);
    assert_eq!(wire(&bench.submit(2, "bob", "y")), "");
    assert_eq!(wire(&bench.pass(499)), "");
    let out = bench.pass(1);
    assert!(wire(&out).starts_with("SEND bob id=1 (1 bytes), SEND bob id=2"));
    assert!(
        !bench
            .input(Input::Withdraw(LineId(1)))
            .contains(&Output::Done)
    );
    assert_eq!(bench.pass(Duration::from_secs(1).as_millis() as u64), []);
}
