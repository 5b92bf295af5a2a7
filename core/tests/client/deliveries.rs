//! What comes in: once, in order, without gaps, and acked only when it is written.

use crate::bench::{Bench, accepted, config, deliver, welcome, wire, words};
use verbatim_core::client::Input;
use verbatim_core::id::{MessageId, Number, Seq};
use verbatim_core::name::Recipient;
use verbatim_core::wire::{Place, ServerFrame};

#[test]
fn an_ack_follows_the_write_and_is_cumulative() {
    let mut bench = Bench::online(config(), &welcome(0, 5));
    let out = bench.server(&[deliver(6, "bob", "alice", 1), deliver(9, "bob", "ALL", 4)]);
    assert_eq!(
        words(&out),
        ["message 6 bob -> alice", "message 9 bob -> ALL"]
    );
    assert_eq!(wire(&bench.input(Input::Kept(Seq(6)))), "ACK 6");
    assert_eq!(wire(&bench.input(Input::Kept(Seq(6)))), "");
    assert_eq!(wire(&bench.input(Input::Kept(Seq(1_000)))), "ACK 9");
}

#[test]
fn what_came_before_is_dropped_and_acked_when_it_has_come_again() {
    let mut bench = Bench::online(config(), &welcome(0, 5));
    bench.server(&[deliver(6, "bob", "alice", 1), deliver(7, "bob", "alice", 2)]);
    bench.input(Input::Kept(Seq(6)));
    bench.cut();
    let hello = wire(&bench.input(Input::Connected));
    assert!(hello.contains("cursor=6"), "{hello}");
    bench.input(Input::Kept(Seq(7)));
    // No ack beyond what came on this connection, or the server would call it a future ack.
    assert_eq!(
        wire(&bench.server(&[ServerFrame::Welcome(Box::new(welcome(0, 6)))])),
        ""
    );
    let out = bench.server(&[deliver(7, "bob", "alice", 2), deliver(8, "bob", "alice", 3)]);
    assert_eq!(words(&out), ["message 8 bob -> alice", "send ACK 7"]);
}

#[test]
fn a_gap_is_told_and_the_first_number_may_be_any() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    let out = bench.server(&[
        deliver(6, "bob", "alice", 17),
        deliver(7, "BOB", "alice", 18),
        deliver(8, "bob", "ALL", 3),
        deliver(9, "bob", "alice", 20),
    ]);
    assert_eq!(
        words(&out)[3..],
        [
            "message 9 bob -> alice",
            "gap in bob: 20 came instead of 19"
        ]
    );
    let out = words(&bench.server(&[deliver(10, "bob", "alice", 20)]));
    assert_eq!(out[1], "gap in bob: 20 came instead of 21");
}

#[test]
fn own_answers_count_when_the_feed_has_passed_them() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "bob", "x");
    bench.submit(2, "bob", "x");
    bench.server(&[deliver(6, "bob", "alice", 1)]);
    // Both answers come before the delivery of number 2, which has a lower seq than the second.
    bench.server(&[accepted(1, 1, 9, 3), accepted(2, 2, 12, 5)]);
    let out = bench.server(&[
        deliver(8, "bob", "alice", 2),
        deliver(10, "bob", "alice", 4),
        deliver(13, "bob", "alice", 6),
    ]);
    assert!(
        words(&out).iter().all(|word| word.starts_with("message")),
        "{out:?}"
    );
    bench.submit(3, "carol", "x");
    bench.server(&[accepted(3, 3, 14, 1)]);
    bench.submit(4, "carol", "x");
    bench.server(&[accepted(4, 4, 15, 3)]);
    let out = words(&bench.server(&[deliver(16, "bob", "ALL", 1)]));
    assert_eq!(out[1], "gap in carol: 3 came instead of 2");
}

#[test]
fn an_answer_may_come_after_the_delivery_that_follows_it() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.server(&[deliver(5, "bob", "alice", 1)]);
    bench.submit(1, "bob", "x");
    bench.submit(2, "bob", "x");
    let out = bench.server(&[deliver(8, "bob", "alice", 3), deliver(9, "bob", "ALL", 1)]);
    assert_eq!(words(&out).len(), 2, "{out:?}");
    let out = bench.server(&[accepted(1, 1, 7, 2)]);
    assert_eq!(words(&out), ["#1 accepted"]);
    // The second answer shows that nothing of this device was between 3 and 5.
    let out = bench.server(&[deliver(12, "bob", "alice", 5), accepted(2, 2, 13, 6)]);
    assert_eq!(words(&out)[2..], ["gap in bob: 5 came instead of 4"]);
}

#[test]
fn number_one_begins_a_conversation_with_the_next_holder_of_a_name() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    let out = bench.server(&[deliver(6, "bob", "alice", 7), deliver(9, "bob", "alice", 1)]);
    assert_eq!(words(&out).len(), 2);
}

/// Answers run ahead of the feed: the own lines 1 and 2 are to two holders of a name, and between them in the log stand
/// a delivery of the first and one of the second.
#[test]
fn own_numbers_that_go_on_may_be_of_two_conversations() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "bob", "to the first");
    bench.submit(2, "bob", "to the second");
    let out = bench.server(&[
        accepted(1, 1, 6, 1),
        accepted(2, 2, 20, 2),
        deliver(7, "bob", "alice", 2),
        deliver(15, "bob", "alice", 1),
        deliver(21, "bob", "alice", 3),
    ]);
    let gap = |word: &String| word.starts_with("gap");
    assert!(!words(&out).iter().any(gap), "{out:?}");
}

#[test]
fn removed_numbers_are_told_and_leave_no_gap() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.server(&[deliver(6, "bob", "ALL", 7)]);
    let removed = ServerFrame::Removed {
        conversation: Recipient::All,
        up_to: Number(40),
    };
    let out = bench.server(&[removed, deliver(90, "bob", "ALL", 41)]);
    assert_eq!(
        words(&out),
        ["removed from ALL: up to 40", "message 90 bob -> ALL"]
    );
}

#[test]
fn removed_numbers_may_be_told_while_deliveries_wait_for_an_answer() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.server(&[deliver(6, "bob", "ALL", 7)]);
    bench.submit(1, "bob", "mine");
    let removed = |up_to| ServerFrame::Removed {
        conversation: Recipient::All,
        up_to: Number(up_to),
    };
    let out = bench.server(&[removed(40), deliver(90, "bob", "ALL", 41)]);
    assert_eq!(words(&out).len(), 2);
    // Both deliveries were waiting for the answer when the second removal came.
    let out = bench.server(&[removed(60), deliver(120, "bob", "ALL", 61)]);
    assert_eq!(words(&out).len(), 2);
    let out = bench.server(&[accepted(1, 1, 130, 1), deliver(131, "bob", "ALL", 63)]);
    assert_eq!(
        words(&out),
        [
            "#1 accepted",
            "message 131 bob -> ALL",
            "gap in ALL: 63 came instead of 62"
        ]
    );
}

#[test]
fn what_an_earlier_run_sent_leaves_no_gap() {
    let mut config = config();
    config.start.place = Place::Server;
    config.start.accepted = None;
    config.start.allotted = MessageId(64);
    let mut welcome = welcome(9, 5);
    welcome.head = Seq(20);
    let mut bench = Bench::online(config, &welcome);
    // Numbers 8 and 10 are this device's own, of a run that is over; from seq 21 on it knows them all.
    let out = bench.server(&[
        deliver(6, "bob", "alice", 7),
        deliver(9, "bob", "alice", 9),
        deliver(21, "bob", "alice", 11),
        deliver(22, "bob", "alice", 13),
    ]);
    assert_eq!(words(&out)[4..], ["gap in bob: 13 came instead of 12"]);
}

#[test]
fn a_line_to_oneself_is_one_number() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    for (id, seq) in [(1, 6), (2, 7)] {
        bench.submit(id, "Alice", "x");
        let out = bench.server(&[
            accepted(id, id, seq, id),
            deliver(seq, "alice", "alice", id),
        ]);
        assert_eq!(words(&out).len(), 2, "{out:?}");
    }
}

#[test]
fn a_restarted_device_marks_what_may_be_a_repeat() {
    let mut known = config();
    known.start.place = Place::Server;
    known.start.may_repeat = true;
    let mut here = welcome(0, 5);
    here.head = Seq(7);
    let mut bench = Bench::online(known, &here);
    let out = bench.server(&[deliver(7, "bob", "alice", 1), deliver(8, "bob", "alice", 2)]);
    assert_eq!(
        words(&out),
        ["message 7 bob -> alice (again?)", "message 8 bob -> alice"]
    );
}

#[test]
fn a_device_that_was_nowhere_before_marks_nothing() {
    let mut here = welcome(0, 5);
    here.head = Seq(7);
    let mut bench = Bench::online(config(), &here);
    let out = bench.server(&[deliver(7, "bob", "alice", 1)]);
    assert_eq!(words(&out), ["message 7 bob -> alice"]);
}

/// The program before heard of the loss too, wrote what came behind it and died before its acks arrived.
#[test]
fn a_loss_that_is_told_again_does_not_hide_a_repeat() {
    let mut known = config();
    known.start.place = Place::Server;
    known.start.may_repeat = true;
    let mut again = welcome(0, 5);
    (again.head, again.lost) = (Seq(7), true);
    let mut bench = Bench::online(known, &again);
    let out = bench.server(&[deliver(7, "bob", "alice", 1)]);
    assert_eq!(words(&out), ["message 7 bob -> alice (again?)"]);
}

#[test]
fn mail_of_others_and_a_feed_that_goes_back_are_faults() {
    for frames in [
        vec![deliver(6, "bob", "carol", 1)],
        vec![deliver(6, "alice", "bob", 1)],
        vec![deliver(6, "bob", "alice", 1), deliver(6, "bob", "alice", 2)],
        vec![deliver(5, "bob", "alice", 1)],
    ] {
        let mut bench = Bench::online(config(), &welcome(0, 5));
        let out = words(&bench.server(&frames));
        assert!(
            out.iter().any(|word| word.contains("broke the protocol")),
            "{out:?}"
        );
    }
}

#[test]
fn a_lost_session_takes_the_servers_cursor() {
    let mut bench = Bench::online(config(), &welcome(0, 50));
    bench.server(&[deliver(60, "bob", "alice", 9)]);
    bench.input(Input::Kept(Seq(60)));
    bench.cut();
    let mut lost = welcome(0, 2);
    lost.lost = true;
    assert!(wire(&bench.connect(&lost)).ends_with("ACK 2"));
    let out = bench.server(&[deliver(3, "bob", "alice", 4)]);
    assert_eq!(words(&out), ["message 3 bob -> alice"]);
    assert_eq!(wire(&bench.input(Input::Kept(Seq(3)))), "ACK 3");
}
