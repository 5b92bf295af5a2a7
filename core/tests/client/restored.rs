//! A device whose store keeps messages: what the store is told, and what a later run makes of it.

use crate::bench::{Bench, accepted, config, deliver, delivered, to, welcome, wire, words};
use std::time::Duration;
use verbatim_core::client::{
    Awaited, Config, Frames, Input, Keep, LineId, LineState, Notice, Output, Restored, RestoredLine,
};
use verbatim_core::id::{Epoch, MessageId, Seq, StoreId};
use verbatim_core::now::Wall;
use verbatim_core::wire::{Place, Receipt, ServerFrame};

fn keeping() -> Config {
    let mut config = config();
    config.keeps_store = true;
    config.keeps_messages = true;
    config
}

fn line(number: u64, body: &str, age_max: Option<Duration>) -> RestoredLine {
    RestoredLine {
        line: LineId(number),
        to: to("bob"),
        body: body.into(),
        age_max,
    }
}

/// A device that was here before: ids up to 7 given out, up to 4 accepted, handled up to 57.
fn known() -> Config {
    let mut known = keeping();
    known.start.attempt = verbatim_core::id::Try(3);
    known.start.allotted = MessageId(7);
    known.start.accepted = Some(MessageId(4));
    known.start.delivered = Seq(40);
    known.start.place = Place::Cursor {
        store: StoreId(9),
        epoch: Epoch(5),
        seq: Seq(57),
    };
    known
}

/// The same with lines 5 to 7 under way and one queued.
fn with_lines() -> Config {
    let mut known = known();
    known.restored = Restored {
        first: MessageId(5),
        sent: vec![
            line(1, "five", None),
            line(2, "six", None),
            line(3, "seven", None),
        ],
        queued: vec![line(4, "queued", None)],
        accepted: Vec::new(),
    };
    known
}

fn keeps(out: &[Output]) -> Vec<String> {
    let keeps = out
        .iter()
        .filter(|output| matches!(output, Output::Keep(_)));
    keeps.map(ToString::to_string).collect()
}

#[test]
fn a_line_is_told_to_the_store_with_its_id_before_it_leaves() {
    let mut bench = Bench::new(keeping());
    assert_eq!(
        words(&bench.input(Input::Timeout)),
        ["keep try=1", "connect"]
    );
    let out = bench.submit(1, "bob", "hi");
    assert_eq!(words(&out), ["keep #1 to bob (2 bytes)", "#1 queued"]);
    let out = bench.connect(&welcome(0, 5));
    assert_eq!(
        words(&out)[1..],
        [
            "online",
            "keep #1 id=1",
            "keep id=1",
            "keep cursor=5",
            "send SEND bob id=1 (2 bytes)"
        ]
    );
    let out = bench.server(&[accepted(1, 1, 6, 1)]);
    assert_eq!(
        words(&out),
        ["#1 accepted", "keep accepted=1", "keep delivered=5"]
    );
    let out = bench.server(&[delivered("bob", 6)]);
    assert_eq!(words(&out), ["#1 delivered", "keep delivered=6"]);
}

#[test]
fn an_age_limit_is_told_by_the_wall_clock() {
    let mut bench = Bench::new(keeping());
    bench.pass(1_000);
    let out = bench.input(Input::Submit {
        line: LineId(1),
        to: to("bob"),
        body: "hi",
        age_max: Some(Duration::from_secs(3)),
    });
    assert!(out.contains(&Output::Keep(Keep::Queued {
        line: LineId(1),
        to: to("bob"),
        body: "hi".into(),
        taken: Wall(1_000),
        expires: Some(Wall(4_000)),
    })));
}

#[test]
fn messages_and_cursor_come_in_one_call_and_the_epoch_with_the_next_cursor() {
    let mut bench = Bench::new(known());
    bench.input(Input::Timeout);
    let hello = wire(&bench.input(Input::Connected));
    assert!(hello.contains("cursor=57"), "{hello}");
    assert!(hello.contains("accepted=4"), "{hello}");
    let mut later = welcome(7, 57);
    later.epoch = Epoch(6);
    let out = bench.server(&[ServerFrame::Welcome(Box::new(later))]);
    assert_eq!(keeps(&out), [""; 0]);
    let out = bench.server(&[
        deliver(58, "bob", "alice", 3),
        deliver(61, "bob", "alice", 4),
    ]);
    assert!(out.contains(&Output::Keep(Keep::Cursor {
        store: StoreId(9),
        epoch: Epoch(6),
        seq: Seq(61),
    })));
    assert_eq!(keeps(&out).len(), 1);
    assert_eq!(wire(&out), "", "nothing is acked before it is kept");
    assert_eq!(wire(&bench.input(Input::Kept(Seq(61)))), "ACK 61");
}

#[test]
fn restored_lines_are_settled_by_resume() {
    let mut bench = Bench::new(with_lines());
    bench.input(Input::Timeout);
    let out = bench.connect(&welcome(6, 57));
    assert_eq!(
        words(&out)[1..],
        [
            "online",
            "#3 queued",
            "keep #3 id=7",
            "keep #4 id=8",
            "keep id=8",
            "send SEND bob id=7 (5 bytes), SEND bob id=8 (6 bytes)"
        ]
    );
    let out = bench.server(&[accepted(5, 6, 70, 9), accepted(7, 8, 72, 11)]);
    assert_eq!(
        words(&out)[..4],
        ["#1 accepted", "#2 accepted", "#3 accepted", "#4 accepted"]
    );
}

#[test]
fn restored_lines_expire_only_while_they_are_queued() {
    let mut old = with_lines();
    let short = Some(Duration::from_millis(300));
    old.restored.sent[2].age_max = short;
    old.restored.queued = vec![
        line(4, "old", Some(Duration::ZERO)),
        line(5, "short", short),
    ];
    let mut bench = Bench::new(old);
    let out = bench.input(Input::Timeout);
    assert_eq!(words(&out)[0], "#4 expired");
    assert_eq!(words(&bench.pass(300)), ["#5 expired"]);
    let out = words(&bench.connect(&welcome(6, 57)));
    assert!(out.contains(&"#3 expired".into()), "{out:?}");
}

#[test]
fn a_lost_session_makes_sent_lines_unknown_and_sends_the_queued_one() {
    let mut bench = Bench::new(with_lines());
    bench.input(Input::Timeout);
    let mut lost = welcome(0, 2);
    lost.lost = true;
    let out = words(&bench.connect(&lost));
    assert_eq!(
        out[1..],
        [
            "online",
            "#1 unknown",
            "#2 unknown",
            "#3 unknown",
            "lost: 3 unknown, 0 without receipt",
            "keep #4 id=1",
            "keep id=1",
            "keep accepted=0",
            "keep delivered=0",
            "keep cursor=2",
            "send ACK 2, SEND bob id=1 (6 bytes)"
        ]
    );
}

#[test]
fn a_server_that_went_back_has_lost_the_session() {
    let mut bench = Bench::new(with_lines());
    bench.input(Input::Timeout);
    let out = words(&bench.connect(&welcome(3, 50)));
    assert!(out.contains(&"lost: 3 unknown, 0 without receipt".into()));
    assert!(out.contains(&"keep accepted=3".into()), "{out:?}");
}

#[test]
fn an_old_copy_says_so_and_sends_nothing_that_the_other_may_have_sent() {
    let mut bench = Bench::new(with_lines());
    bench.input(Input::Timeout);
    bench.submit(9, "bob", "own");
    let out = words(&bench.connect(&welcome(8, 57)));
    assert_eq!(
        out[1..],
        [
            "#1 unknown",
            "#2 unknown",
            "#3 unknown",
            "#4 unknown",
            "disconnect",
            "away: another copy of this device has sent messages"
        ]
    );
}

#[test]
fn receipts_reach_the_lines_of_earlier_runs() {
    let mut known = known();
    let awaited = |line, whom, seq, count| Awaited {
        line: LineId(line),
        to: to(whom),
        seq: Seq(seq),
        count,
    };
    known.restored.accepted = vec![
        awaited(1, "bob", 41, None),
        awaited(2, "ALL", 43, Some(2)),
        awaited(3, "bob", 44, None),
    ];
    let mut bench = Bench::new(known);
    bench.input(Input::Timeout);
    let hello = bench.input(Input::Connected);
    assert!(matches!(&hello[..], [Output::Send(Frames(bytes))]
        if String::from_utf8_lossy(bytes).contains("\nDelivered: 40\n")));
    bench.server(&[ServerFrame::Welcome(Box::new(welcome(7, 57)))]);
    let count = |count| {
        ServerFrame::Receipt(Receipt::All {
            seq: Seq(43),
            count,
            of: 3,
        })
    };
    // A server that was started anew tells less at first: a state never goes back.
    let out = bench.server(&[delivered("bob", 42), count(1), delivered("bob", 30)]);
    assert_eq!(words(&out), ["#1 delivered", "keep delivered=42"]);
    let out = bench.server(&[count(3), delivered("bob", 44)]);
    assert_eq!(
        words(&out),
        [
            "#2 delivered to 3 of 3",
            "#3 delivered",
            "keep delivered=44"
        ]
    );
}

#[test]
fn who_leaves_keeps_the_lines_and_who_forgets_gives_them_up() {
    for forget in [false, true] {
        let mut bench = Bench::new(keeping());
        bench.input(Input::Timeout);
        bench.submit(1, "bob", "hi");
        let out = bench.input(Input::Leave { forget });
        let withdrawn = out.contains(&Output::Show(Notice::Line {
            line: LineId(1),
            state: LineState::Withdrawn,
        }));
        assert_eq!(withdrawn, forget);
        assert_eq!(out.last(), Some(&Output::Done));
    }
}
