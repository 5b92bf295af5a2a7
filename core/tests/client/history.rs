//! What was said earlier, asked by a client: one question at a time, put together from pages, and nothing twice.

use crate::bench::{Bench, config, deliver, error, name, to, welcome, wire, words};
use verbatim_core::client::{Input, Output};
use verbatim_core::id::{Number, Seq};
use verbatim_core::wire::{Ask, Delivery, PageEnd, REMOVED_TEXT, ServerFrame};

fn ask(with: &str, before: Option<u64>, count: u64) -> Input<'static> {
    Input::History(Ask {
        with: to(with),
        before: before.map(Number),
        at: None,
        count: Some(count),
    })
}

fn past(seq: u64, from: &str, whom: &str, number: u64) -> ServerFrame<'static> {
    ServerFrame::Past(Delivery {
        seq: Seq(seq),
        from: name(from),
        to: to(whom),
        number: Number(number),
        time: 1_000,
        body: "hi",
        removed: false,
    })
}

fn end(with: &str, first: u64, last: u64, more: bool) -> ServerFrame<'static> {
    ServerFrame::History(PageEnd {
        with: to(with),
        numbers: (Number(first), Number(last)),
        more,
        removed: Number(0),
    })
}

fn removed_end(with: &str, up_to: u64) -> ServerFrame<'static> {
    ServerFrame::History(PageEnd {
        with: to(with),
        numbers: (Number(0), Number(0)),
        more: false,
        removed: Number(up_to),
    })
}

#[test]
fn pages_are_put_together_and_lead_on() {
    let mut bench = Bench::online(config(), &welcome(0, 50));
    assert_eq!(
        wire(&bench.input(ask("ALL", None, 3))),
        "HISTORY ALL count=3"
    );
    let page = [
        past(8, "bob", "ALL", 4),
        past(9, "eve", "ALL", 5),
        end("ALL", 4, 5, true),
    ];
    assert_eq!(
        wire(&bench.server(&page)),
        "HISTORY ALL before=4 at=8 count=1"
    );
    let out = bench.server(&[past(7, "bob", "ALL", 3), end("ALL", 3, 3, true)]);
    assert_eq!(words(&out), ["history of ALL: 7 8 9, more"]);
    let Output::Recalled(recalled) = &out[0] else {
        panic!("{out:?}");
    };
    assert_eq!(
        (recalled.first, recalled.at, recalled.last),
        (Some(Number(3)), Some(Seq(7)), Some(Number(5)))
    );
}

/// Between two pages bob's name becomes nobody's, or somebody else's: this server refuses to go on; one that does not know
/// the header `At` tells what does not lead up to what came.
#[test]
fn pages_are_of_one_holder_of_the_name() {
    let others: [&[ServerFrame<'static>]; 5] = [
        &[error(102, None)],
        &[end("bob", 0, 0, false)],
        &[past(60, "bob", "alice", 1), end("bob", 1, 1, false)],
        &[past(61, "bob", "alice", 2), end("bob", 2, 2, true)],
        &[removed_end("bob", 1)],
    ];
    for frames in others {
        let mut bench = Bench::online(config(), &welcome(0, 70));
        bench.input(ask("bob", None, 9));
        let page = [past(8, "bob", "alice", 4), end("bob", 4, 4, true)];
        assert_eq!(
            wire(&bench.server(&page)),
            "HISTORY bob before=4 at=8 count=8"
        );
        bench.input(ask("eve", None, 5));
        let out = bench.server(frames);
        assert_eq!(
            words(&out),
            ["history of bob: 8, more", "send HISTORY eve count=5"],
            "after {frames:?}"
        );
        let Output::Recalled(recalled) = &out[0] else {
            panic!("{out:?}");
        };
        let (first, at) = (recalled.first, recalled.at);
        assert_eq!((first, at), (Some(Number(4)), Some(Seq(8))));
        assert_eq!((recalled.last, recalled.removed), (first, Number(0)));
    }
    let mut bench = Bench::online(config(), &welcome(0, 70));
    bench.input(ask("bob", None, 9));
    bench.server(&[past(8, "bob", "alice", 4), end("bob", 4, 4, true)]);
    let out = words(&bench.server(&[removed_end("bob", 3)]));
    assert_eq!(out, ["history of bob: 8, removed up to 3"]);
}

#[test]
fn one_question_is_out_at_a_time_and_each_has_its_answer() {
    let mut bench = Bench::online(config(), &welcome(0, 50));
    assert_eq!(
        wire(&bench.input(ask("bob", Some(9), 5))),
        "HISTORY bob before=9 count=5"
    );
    assert_eq!(wire(&bench.input(ask("eve", None, 5))), "");
    let out = bench.server(&[error(102, None)]);
    assert_eq!(
        words(&out),
        [
            "no history of bob: the server said 102 Unable to send",
            "send HISTORY eve count=5"
        ]
    );
    let out = bench.server(&[end("eve", 0, 0, false)]);
    assert_eq!(words(&out), ["history of eve:"]);
}

#[test]
fn a_server_that_cannot_be_asked_says_so_and_who_is_there_is_asked_all_the_same() {
    let mut bench = Bench::online(config(), &welcome(0, 50));
    bench.input(Input::Who);
    bench.input(ask("ALL", None, 5));
    let out = words(&bench.server(&[error(111, None)]));
    assert_eq!(out, ["no history of ALL: the server said 111 Unknown verb"]);
    let users = ServerFrame::Users {
        names: "ann\n".into(),
        next: None,
    };
    assert_eq!(words(&bench.server(&[users])), ["users: ann"]);
}

/// A connection that is being opened is waited for; without one there is no answer.
#[test]
fn offline_there_is_no_history() {
    let mut bench = Bench::new(config());
    assert_eq!(words(&bench.input(ask("ALL", None, 5)))[1..], ["connect"]);
    let out = words(&bench.connect(&welcome(0, 50)));
    assert!(
        out.contains(&"send HISTORY ALL count=5".to_owned()),
        "{out:?}"
    );
    let out = words(&bench.input(Input::Disconnected("reset")));
    assert_eq!(out, ["offline: reset", "no history of ALL: offline"]);
    assert_eq!(
        words(&bench.input(ask("bob", None, 5))),
        ["no history of bob: offline"]
    );
    bench.wait();
    assert_eq!(words(&bench.input(ask("bob", None, 5))), [""; 0]);
    let out = words(&bench.input(Input::Disconnected("refused")));
    assert_eq!(out, ["offline: refused", "no history of bob: offline"]);
}

#[test]
fn what_comes_as_a_delivery_is_left_out() {
    let mut bench = Bench::online(config(), &welcome(0, 50));
    bench.server(&[deliver(60, "bob", "alice", 4)]);
    bench.input(ask("bob", None, 9));
    let out = bench.server(&[
        past(40, "alice", "bob", 3),
        past(60, "bob", "alice", 4),
        past(61, "alice", "bob", 5),
        past(62, "bob", "alice", 6),
        end("bob", 3, 6, false),
    ]);
    assert_eq!(words(&out), ["history of bob: 40 60 61"]);
}

#[test]
fn a_history_that_is_none_ends_the_connection() {
    let wrong: [&[ServerFrame<'static>]; 9] = [
        &[past(8, "bob", "ALL", 4)],
        &[past(8, "bob", "eve", 4)],
        &[past(8, "eve", "alice", 4)],
        &[past(8, "alice", "eve", 4)],
        &[past(8, "eve", "bob", 4)],
        &[past(8, "bob", "alice", 9)],
        &[past(8, "bob", "alice", 4), past(9, "bob", "alice", 6)],
        &[past(8, "bob", "alice", 4), end("bob", 4, 5, false)],
        &[end("eve", 0, 0, false)],
    ];
    for frames in wrong {
        let mut bench = Bench::online(config(), &welcome(0, 50));
        bench.input(ask("bob", Some(9), 5));
        let out = words(&bench.server(frames));
        assert!(
            out[0] == "disconnect" && out[1].contains("broke the protocol"),
            "{out:?}"
        );
    }
    let mut bench = Bench::online(config(), &welcome(0, 50));
    let out = words(&bench.server(&[past(8, "bob", "alice", 4)]));
    assert!(out[1].contains("nobody asked for"), "{out:?}");
    bench = Bench::online(config(), &welcome(0, 50));
    bench.input(ask("bob", None, 1));
    let more = [past(8, "bob", "alice", 4), past(9, "bob", "alice", 5)];
    assert!(words(&bench.server(&more))[1].contains("something else than was asked for"));
}

#[test]
fn a_removed_text_is_shown_as_one() {
    let mut bench = Bench::online(config(), &welcome(0, 50));
    let without_text = |seq, number| Delivery {
        seq: Seq(seq),
        from: name("bob"),
        to: to("alice"),
        number: Number(number),
        time: 1_000,
        body: "",
        removed: true,
    };
    bench.input(ask("bob", Some(4), 1));
    let page = [
        ServerFrame::Past(without_text(40, 3)),
        end("bob", 3, 3, false),
    ];
    let out = bench.server(&page);
    let Output::Recalled(recalled) = &out[0] else {
        panic!("{out:?}");
    };
    assert_eq!(recalled.messages[0].body, REMOVED_TEXT);
    let out = bench.server(&[ServerFrame::Deliver(without_text(51, 4))]);
    assert!(
        matches!(&out[0], Output::Deliver(message) if message.body == REMOVED_TEXT),
        "{out:?}"
    );
}

#[test]
fn what_others_say_to_all_is_left_out_too_until_it_was_delivered() {
    let mut bench = Bench::online(config(), &welcome(0, 50));
    bench.input(ask("ALL", None, 9));
    let out = bench.server(&[
        past(40, "bob", "ALL", 3),
        past(61, "bob", "ALL", 4),
        end("ALL", 3, 4, false),
    ]);
    assert_eq!(words(&out), ["history of ALL: 40"]);
}

/// A client puts so many messages together and no more, those counted that it leaves out.
#[test]
fn a_history_is_as_long_as_the_limit_says() {
    let mut small = config();
    small.limits.recalled_messages_max = 5;
    let mut bench = Bench::online(small, &welcome(0, 50));
    let any = Ask {
        count: None,
        before: Some(Number(13)),
        with: to("bob"),
        at: None,
    };
    let out = wire(&bench.input(Input::History(any)));
    assert_eq!(out, "HISTORY bob before=13 count=5");
    // All of it comes as deliveries.
    let page = |numbers: std::ops::RangeInclusive<u64>| {
        let end = end("bob", *numbers.start(), *numbers.end(), true);
        let pasts = numbers.map(|number| past(60 + number, "bob", "alice", number));
        pasts.chain([end]).collect::<Vec<_>>()
    };
    let out = wire(&bench.server(&page(10..=12)));
    assert_eq!(out, "HISTORY bob before=10 at=70 count=5");
    let out = words(&bench.server(&page(8..=9)));
    assert_eq!(out, ["history of bob:, more"]);
}

#[test]
fn a_page_has_no_more_messages_than_were_asked_for() {
    for (count, wrong) in [(4, false), (3, true)] {
        let mut bench = Bench::online(config(), &welcome(0, 50));
        bench.input(ask("bob", None, count));
        let page = [10, 11, 12, 13].map(|number| past(number, "bob", "alice", number));
        let out = words(&bench.server(&page));
        assert_eq!(out.contains(&"disconnect".to_owned()), wrong, "{out:?}");
    }
}
