//! The outbox: ids, windows, answers, resume, and what became of each line.

use crate::bench::{Bench, accepted, config, rejected, welcome, wire, words};
use std::time::Duration;
use verbatim_core::client::{Input, LineId, Output};
use verbatim_core::id::MessageId;
use verbatim_core::wire::ServerFrame;

fn bye(code: u16) -> ServerFrame<'static> {
    ServerFrame::Bye(verbatim_core::wire::Bye {
        code: verbatim_core::code::Code(code),
        retry_after: Some(Duration::from_millis(700)),
    })
}

#[test]
fn a_line_goes_out_under_the_next_id_and_is_accepted() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    let out = bench.submit(1, "bob", "hi");
    assert_eq!(
        words(&out),
        ["#1 queued", "keep id=64", "send SEND bob id=1 (2 bytes)"]
    );
    assert_eq!(wire(&bench.submit(2, "ALL", "")), "SEND ALL id=2 (0 bytes)");
    let out = bench.server(&[accepted(1, 1, 80, 7), accepted(2, 2, 81, 1)]);
    assert_eq!(words(&out), ["#1 accepted", "#2 accepted"]);
}

#[test]
fn a_run_of_answers_counts_seq_and_number_up() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    for line in 1..=3 {
        bench.submit(line, "bob", "x");
    }
    let out = format!("{:?}", bench.server(&[accepted(1, 3, 80, 41)]));
    for (seq, number) in [(80, 41), (81, 42), (82, 43)] {
        assert!(out.contains(&format!("seq: Seq({seq}), number: Number({number})")));
    }
}

#[test]
fn at_most_a_window_is_unanswered() {
    let mut narrow = welcome(0, 0);
    narrow.unanswered_max = 2;
    let mut bench = Bench::online(config(), &narrow);
    for line in 1..=3 {
        bench.submit(line, "bob", "x");
    }
    let out = bench.server(&[accepted(1, 1, 80, 1)]);
    assert_eq!(wire(&out), "SEND bob id=3 (1 bytes)");
}

#[test]
fn an_id_is_given_when_a_line_goes_out() {
    let mut bench = Bench::new(config());
    assert_eq!(
        words(&bench.submit(1, "bob", "x")),
        ["#1 queued", "keep try=1", "connect"]
    );
    bench.submit(2, "bob", "x");
    assert_eq!(
        words(&bench.input(Input::Withdraw(LineId(1)))),
        ["#1 withdrawn"]
    );
    let out = bench.connect(&welcome(0, 0));
    assert!(wire(&out).ends_with("SEND bob id=1 (1 bytes)"));
    assert_eq!(words(&bench.input(Input::Withdraw(LineId(2)))), [""; 0]);
    assert_eq!(
        words(&bench.server(&[accepted(1, 1, 8, 1)])),
        ["#2 accepted"]
    );
}

#[test]
fn a_permanent_rejection_uses_the_id_up() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "nobody", "x");
    bench.submit(2, "bob", "x");
    let out = bench.server(&[rejected(1, 102, None), accepted(2, 2, 80, 1)]);
    assert_eq!(
        words(&out),
        ["#1 rejected: 102 Unable to send", "#2 accepted"]
    );
    assert_eq!(
        wire(&bench.submit(3, "bob", "x")),
        "SEND bob id=3 (1 bytes)"
    );
}

#[test]
fn a_passing_rejection_queues_it_and_those_behind_it_again() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    for line in 1..=3 {
        bench.submit(line, "bob", "x");
    }
    let out = bench.server(&[accepted(1, 1, 80, 1), rejected(2, 150, Some(500))]);
    assert_eq!(
        words(&out),
        ["#1 accepted", "#2 queued", "#3 queued", "held: 150 Busy"]
    );
    assert_eq!(wire(&bench.submit(4, "bob", "x")), "");
    assert_eq!(wire(&bench.pass(499)), "");
    assert_eq!(
        wire(&bench.pass(1)),
        "SEND bob id=2 (1 bytes), SEND bob id=3 (1 bytes), SEND bob id=4 (1 bytes)"
    );
}

#[test]
fn a_hold_ends_with_its_connection() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "bob", "x");
    bench.server(&[rejected(1, 151, Some(60_000))]);
    bench.cut();
    assert!(wire(&bench.connect(&welcome(0, 0))).ends_with("SEND bob id=1 (1 bytes)"));
}

#[test]
fn resume_waits_for_taken_ids_and_sends_the_others_anew() {
    let bench = Bench::online(config(), &welcome(11, 0));
    // A device that starts at 11 elsewhere would be a clone: this one says so.
    assert!(bench.client.deadline().is_none());

    let mut known = config();
    known.start.allotted = MessageId(11);
    known.start.accepted = None;
    let mut bench = Bench::online(known, &welcome(11, 0));
    for line in 12..=16 {
        bench.submit(line, "bob", "x");
    }
    bench.server(&[accepted(12, 13, 80, 41)]);
    let hello = wire(&{
        bench.cut();
        bench.input(Input::Connected)
    });
    assert!(hello.contains("accepted=13"), "{hello}");
    let out = bench.server(&[
        ServerFrame::Welcome(Box::new(welcome(14, 0))),
        accepted(14, 14, 90, 45),
    ]);
    assert_eq!(
        words(&out),
        [
            "online again",
            "#15 queued",
            "#16 queued",
            "#14 accepted",
            "send SEND bob id=15 (1 bytes), SEND bob id=16 (1 bytes)"
        ]
    );
}

#[test]
fn an_unsent_tail_can_expire_and_its_id_goes_to_the_next() {
    let mut known = config();
    known.start.allotted = MessageId(14);
    let mut bench = Bench::online(known, &welcome(14, 0));
    let submit = |bench: &mut Bench, line, millis| {
        bench.input(Input::Submit {
            line: LineId(line),
            to: crate::bench::to("bob"),
            body: "x",
            age_max: millis,
        })
    };
    submit(&mut bench, 15, Some(Duration::from_millis(200)));
    submit(&mut bench, 16, None);
    bench.input(Input::Disconnected("reset"));
    bench.pass(1_000);
    // Sent lines do not expire; only WELCOME tells that this one was never taken.
    let out = bench.connect(&welcome(14, 0));
    assert_eq!(
        words(&out)[1..],
        [
            "online again",
            "#15 queued",
            "#16 queued",
            "#15 expired",
            "send SEND bob id=15 (1 bytes)"
        ]
    );
}

#[test]
fn a_queued_line_expires_at_its_age() {
    let mut bench = Bench::new(config());
    bench.input(Input::Submit {
        line: LineId(1),
        to: crate::bench::to("bob"),
        body: "x",
        age_max: Some(Duration::from_secs(3)),
    });
    bench.input(Input::Disconnected("refused"));
    let mut out = words(&bench.pass(2_999));
    assert!(!out.contains(&"#1 expired".into()));
    out = words(&bench.pass(1));
    assert!(out.contains(&"#1 expired".into()));
}

#[test]
fn lost_tells_unanswered_lines_as_unknown_and_resends_none() {
    let mut bench = Bench::online(config(), &welcome(0, 5));
    bench.submit(1, "bob", "x");
    bench.submit(2, "bob", "x");
    bench.server(&[accepted(1, 1, 6, 1)]);
    bench.cut();
    bench.submit(3, "bob", "x");
    let mut lost = welcome(0, 0);
    lost.lost = true;
    let out = bench.connect(&lost);
    assert_eq!(
        words(&out)[1..],
        [
            "online",
            "#2 unknown",
            "lost: 1 unknown, 1 without receipt",
            "send SEND bob id=1 (1 bytes)"
        ]
    );
}

#[test]
fn a_server_that_forgot_answers_or_has_another_log_has_lost_the_session() {
    for forget_last in [true, false] {
        let mut bench = Bench::online(config(), &welcome(0, 5));
        bench.submit(1, "bob", "x");
        bench.server(&[accepted(1, 1, 6, 1)]);
        bench.cut();
        let mut other = welcome(if forget_last { 0 } else { 1 }, 5);
        if !forget_last {
            other.store = verbatim_core::id::StoreId(10);
        }
        let out = words(&bench.connect(&other));
        assert!(out.contains(&"lost: 0 unknown, 1 without receipt".into()));
    }
}

#[test]
fn a_server_that_forgot_a_rejection_gives_its_id_out_again() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    for line in 1..=3 {
        bench.submit(line, "bob", "x");
    }
    bench.server(&[accepted(1, 1, 6, 1), rejected(2, 114, None)]);
    bench.cut();
    assert!(wire(&bench.input(Input::Connected)).contains("accepted=1 "));
    let out = bench.server(&[ServerFrame::Welcome(Box::new(welcome(1, 6)))]);
    assert_eq!(
        words(&out),
        ["online again", "#3 queued", "send SEND bob id=2 (1 bytes)"]
    );
}

#[test]
fn a_device_that_has_forgotten_asks_for_the_answers_that_it_misses() {
    let mut known = config();
    known.start.allotted = MessageId(64);
    known.start.accepted = None;
    let mut bench = Bench::online(known, &welcome(20, 0));
    bench.submit(1, "bob", "x");
    bench.cut();
    // Nor does it name 20, which may have been rejected: a server that started anew has forgotten that.
    assert!(wire(&bench.input(Input::Connected)).contains("accepted=0 "));
    let resumed = ServerFrame::Welcome(Box::new(welcome(21, 0)));
    let out = bench.server(&[resumed, rejected(18, 102, None), accepted(19, 21, 7, 1)]);
    assert_eq!(words(&out), ["online again", "#1 accepted"]);
}

#[test]
fn ids_that_this_device_never_sent_mean_a_copy_of_it() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "bob", "x");
    bench.cut();
    let out = words(&bench.connect(&welcome(2, 0)));
    assert_eq!(
        out[1..],
        [
            "disconnect",
            "away: another copy of this device has sent messages"
        ]
    );
}

#[test]
fn what_is_too_long_for_this_server_is_rejected_here() {
    let mut short = welcome(0, 0);
    short.body_bytes_max = 3;
    let mut bench = Bench::online(config(), &short);
    assert_eq!(
        words(&bench.submit(1, "bob", "long")),
        ["#1 queued", "#1 rejected: 112 Too long"]
    );
    assert_eq!(
        wire(&bench.submit(2, "bob", "abc")),
        "SEND bob id=1 (3 bytes)"
    );
}

#[test]
fn a_full_outbox_takes_no_line() {
    let mut small = config();
    small.limits.outbox_messages_max = 1;
    let mut bench = Bench::new(small);
    bench.submit(1, "bob", "x");
    assert_eq!(
        words(&bench.submit(2, "bob", "x")),
        ["#2 not taken: too many lines are waiting"]
    );
}

#[test]
fn answers_that_cannot_be_are_a_fault_of_the_server() {
    let wrong = [
        accepted(1, 2, 80, 1),
        accepted(2, 2, 80, 1),
        accepted(1, u64::MAX, u64::MAX, u64::MAX),
        rejected(2, 102, None),
        rejected(7, 150, None),
        rejected(1, 170, None),
    ];
    for answer in wrong {
        let mut bench = Bench::online(config(), &welcome(0, 0));
        bench.submit(1, "bob", "x");
        if answer == accepted(2, 2, 80, 1) || answer == rejected(2, 102, None) {
            bench.submit(2, "bob", "x");
        }
        let out = words(&bench.server(std::slice::from_ref(&answer)));
        assert_eq!(out[0], "disconnect", "{answer}");
        assert!(
            out[1].starts_with("offline: the server broke the protocol"),
            "{answer}"
        );
    }
}

#[test]
fn an_answer_that_was_heard_before_says_nothing() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "bob", "x");
    bench.submit(2, "bob", "x");
    bench.server(&[accepted(1, 1, 80, 1)]);
    let out = bench.server(&[accepted(1, 2, 80, 1), rejected(1, 150, None)]);
    assert_eq!(words(&out), ["#2 accepted"]);
}

#[test]
fn leaving_says_goodbye_and_tells_what_became_of_every_line() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "bob", "x");
    let out = bench.input(Input::Leave { forget: true });
    assert_eq!(
        words(&out),
        ["#1 unknown", "send BYE forget", "disconnect", "done"]
    );
    assert_eq!(bench.submit(2, "bob", "x"), []);

    let mut bench = Bench::new(config());
    bench.submit(1, "bob", "x");
    let out = bench.input(Input::Leave { forget: false });
    assert_eq!(words(&out), ["#1 withdrawn", "disconnect", "done"]);
}

#[test]
fn leaving_while_the_session_is_being_bound_waits_for_it() {
    let mut bench = Bench::new(config());
    bench.input(Input::Timeout);
    bench.input(Input::Connected);
    assert_eq!(bench.input(Input::Leave { forget: true }), []);
    let out = bench.server(&[ServerFrame::Welcome(Box::new(welcome(0, 0)))]);
    assert_eq!(words(&out)[1..], ["send BYE forget", "disconnect", "done"]);

    let mut bench = Bench::new(config());
    bench.input(Input::Timeout);
    bench.input(Input::Connected);
    bench.input(Input::Leave { forget: true });
    assert_eq!(words(&bench.server(&[bye(180)])), ["disconnect", "done"]);
}

#[test]
fn keep_comes_before_what_it_must_precede() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    for line in 1..=200 {
        let out = bench.submit(line, "bob", "x");
        let kept = out.iter().position(|o| matches!(o, Output::Keep(_)));
        let sent = out.iter().position(|o| matches!(o, Output::Send(_)));
        assert_eq!(kept.is_some(), line % 64 == 1, "{line}");
        assert!(kept.is_none_or(|kept| sent.is_some_and(|sent| kept < sent)));
        bench.server(&[accepted(line, line, line, line)]);
    }
}

#[test]
fn an_id_beyond_reason_is_a_fault_of_the_server() {
    let mut bench = Bench::online(config(), &welcome(0, 5));
    bench.submit(1, "bob", "x");
    bench.cut();
    let mut beyond = welcome(u64::MAX, 5);
    beyond.lost = true;
    let out = words(&bench.connect(&beyond));
    assert!(out[2].contains("beyond reason"), "{out:?}");
}
