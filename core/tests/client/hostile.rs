//! Any server at all: the client never panics, never spins, and never holds more than one frame.

use crate::bench::{Bench, bytes, config, deliver, to, welcome};
use proptest::prelude::*;
use std::time::Duration;
use verbatim_core::client::{Input, LineId};
use verbatim_core::code::Code;
use verbatim_core::id::{MessageId, Number, Seq, Try};
use verbatim_core::name::Name;
use verbatim_core::wire::{Ask, Bye, Delivery, PageEnd, Receipt, Rejection, ServerFrame};

/// Numbers that are small, so that they meet, or at the edge.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0u64..8, 1 => any::<u64>(), 1 => Just(u64::MAX)]
}

fn span() -> impl Strategy<Value = Option<Duration>> {
    prop::option::of(number().prop_map(Duration::from_millis))
}

fn who() -> impl Strategy<Value = Name> {
    prop::sample::select(vec!["alice", "bob", "carol", "Bob"])
        .prop_map(|text| Name::parse(text.as_bytes()).unwrap())
}

fn code() -> impl Strategy<Value = Code> {
    prop::sample::select(vec![0, 102, 104, 110, 112, 130, 150, 151, 170, 180, 999]).prop_map(Code)
}

fn frame() -> impl Strategy<Value = ServerFrame<'static>> {
    prop_oneof![
        3 => greeting(),
        2 => answer(),
        3 => message(),
        3 => past(),
        3 => receipt(),
        3 => end(),
        2 => Just(ServerFrame::Ping),
    ]
}

fn greeting() -> impl Strategy<Value = ServerFrame<'static>> {
    let any = (number(), number(), any::<bool>(), number());
    let strange = any.prop_map(|(last, cursor, lost, beat)| {
        let mut frame = welcome(if last < 6 { 0 } else { last }, cursor);
        frame.lost = lost;
        frame.heartbeat = Duration::from_millis(beat);
        frame.silence = Duration::from_millis(beat);
        frame.unanswered_max = last;
        frame.body_bytes_max = beat;
        ServerFrame::Welcome(Box::new(frame))
    });
    prop_oneof![strange, Just(ServerFrame::Welcome(Box::new(welcome(0, 0)))),]
}

fn answer() -> impl Strategy<Value = ServerFrame<'static>> {
    let run = (number(), number(), number(), number());
    let accepted = run.prop_map(|(first, more, seq, number)| ServerFrame::Accepted {
        first: MessageId(first),
        last: MessageId(first.saturating_add(more)),
        seq: Seq(seq),
        number: Number(number),
    });
    let rejected = (number(), code(), span()).prop_map(|(id, code, retry_after)| {
        ServerFrame::Rejected(Rejection {
            id: MessageId(id),
            code,
            retry_after,
        })
    });
    prop_oneof![accepted, rejected]
}

fn message() -> impl Strategy<Value = ServerFrame<'static>> {
    let to_one = (number(), who(), who(), number())
        .prop_map(|(seq, from, to, number)| deliver(seq, from.as_str(), to.as_str(), number));
    let to_all = (number(), who(), number())
        .prop_map(|(seq, from, number)| deliver(seq, from.as_str(), "ALL", number));
    let removed = (who(), number()).prop_map(|(whom, up_to)| ServerFrame::Removed {
        conversation: to(whom.as_str()),
        up_to: Number(up_to),
    });
    let users = prop::option::of(who()).prop_map(|next| ServerFrame::Users {
        names: "ann\nbob\n".into(),
        next,
    });
    prop_oneof![to_one, to_all, removed, users]
}

fn past() -> impl Strategy<Value = ServerFrame<'static>> {
    let past = (number(), who(), number()).prop_map(|(seq, from, number)| {
        ServerFrame::Past(Delivery {
            seq: Seq(seq),
            from,
            to: to("ALL"),
            number: Number(number),
            time: 0,
            body: "hi",
            removed: false,
        })
    });
    let run = (number(), number(), any::<bool>(), number());
    let end = run.prop_map(|(first, more, leads_on, removed)| {
        ServerFrame::History(PageEnd {
            with: to("ALL"),
            numbers: (Number(first), Number(first.saturating_add(more))),
            more: leads_on,
            removed: Number(removed),
        })
    });
    prop_oneof![past, end]
}

/// A question that fits most of what `past` gives.
fn question(before: Option<u64>) -> Input<'static> {
    Input::History(Ask {
        with: to("ALL"),
        before: before.map(Number),
        at: None,
        count: before,
    })
}

fn receipt() -> impl Strategy<Value = ServerFrame<'static>> {
    let delivered = (who(), number()).prop_map(|(to, up_to)| Receipt::Delivered {
        to,
        up_to: Seq(up_to),
    });
    let left = (who(), number(), number()).prop_map(|(to, up_to, last)| Receipt::Left {
        to,
        up_to: Seq(up_to),
        last: Seq(last),
    });
    let counted = (number(), number(), number()).prop_map(|(seq, count, of)| Receipt::All {
        seq: Seq(seq),
        count,
        of,
    });
    prop_oneof![delivered, left, counted].prop_map(ServerFrame::Receipt)
}

fn end() -> impl Strategy<Value = ServerFrame<'static>> {
    let error = (code(), span()).prop_map(|(code, retry_after)| ServerFrame::Error {
        code,
        text: "".into(),
        last: None,
        retry_after,
    });
    let replaced = number().prop_map(|attempt| ServerFrame::Replaced {
        attempt: Try(attempt),
    });
    let bye = (code(), span())
        .prop_map(|(code, retry_after)| ServerFrame::Bye(Bye { code, retry_after }));
    prop_oneof![error, replaced, bye]
}

#[derive(Clone, Debug)]
enum Act {
    Frames(Vec<ServerFrame<'static>>),
    Raw(Vec<u8>),
    Submit(Option<u64>),
    Withdraw(u64),
    Who,
    History(Option<u64>),
    Kept(u64),
    Return,
    Cut,
    Connected,
    Greet(ServerFrame<'static>),
    Pass(u64),
    Leave,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => prop::collection::vec(frame(), 1..4).prop_map(Act::Frames),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Act::Raw),
        4 => prop::option::of(0u64..50_000).prop_map(Act::Submit),
        1 => (0u64..9).prop_map(Act::Withdraw),
        1 => Just(Act::Who),
        2 => prop::option::of(number()).prop_map(Act::History),
        2 => number().prop_map(Act::Kept),
        1 => Just(Act::Return),
        1 => Just(Act::Cut),
        1 => Just(Act::Connected),
        3 => frame().prop_map(Act::Greet),
        3 => (0u64..40_000).prop_map(Act::Pass),
        1 => prop::bool::weighted(0.05).prop_map(|leave| if leave { Act::Leave } else { Act::Who }),
    ]
}

fn run(bench: &mut Bench, line: u64, act: Act) {
    match act {
        Act::Frames(frames) => drop(bench.server(&frames)),
        Act::Raw(raw) => drop(bench.input(Input::Received(&raw))),
        Act::Submit(age) => drop(bench.input(Input::Submit {
            line: LineId(line),
            to: to(["bob", "ALL", "alice"][line as usize % 3]),
            body: "x",
            age_max: age.map(Duration::from_millis),
        })),
        Act::Withdraw(line) => drop(bench.input(Input::Withdraw(LineId(line)))),
        Act::Who => drop(bench.input(Input::Who)),
        Act::History(before) => drop(bench.input(question(before))),
        Act::Kept(seq) => drop(bench.input(Input::Kept(Seq(seq)))),
        Act::Return => drop(bench.input(Input::Return)),
        Act::Cut => drop(bench.input(Input::Disconnected("cut"))),
        Act::Connected => drop(bench.input(Input::Connected)),
        Act::Greet(frame) => {
            if let Some(due) = bench.client.deadline() {
                bench.millis = due.micros().div_ceil(1000);
                bench.input(Input::Timeout);
            }
            bench.input(Input::Connected);
            bench.server(&[frame]);
        }
        Act::Pass(millis) => drop(bench.pass(millis)),
        Act::Leave => drop(bench.input(Input::Leave { forget: true })),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// The bench checks at every call that the next deadline is later than now.
    #[test]
    fn no_server_and_no_user_can_break_it(acts in prop::collection::vec(act(), 0..60)) {
        let mut bench = Bench::new(config());
        for (line, act) in acts.into_iter().enumerate() {
            run(&mut bench, line as u64, act);
        }
    }

    #[test]
    fn where_bytes_are_cut_changes_nothing(
        frames in prop::collection::vec(frame(), 1..8),
        cuts in prop::collection::vec(1usize..30, 1..20),
    ) {
        let start = || {
            let mut bench = Bench::online(config(), &welcome(0, 0));
            bench.input(question(None));
            bench
        };
        let all = bytes(&frames);
        let whole = flat(&start().input(Input::Received(&all)));
        let (mut bench, mut rest, mut parts) = (start(), all.as_slice(), Vec::new());
        for cut in cuts.iter().cycle() {
            let (part, left) = rest.split_at((*cut).min(rest.len()));
            parts.extend(bench.input(Input::Received(part)));
            rest = left;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(whole, flat(&parts));
    }
}

/// Outputs, without how the bytes are bundled.
fn flat(out: &[verbatim_core::client::Output]) -> (Vec<String>, String) {
    let wire = crate::bench::wire(out);
    let words = crate::bench::words(out).into_iter();
    (
        words.filter(|word| !word.starts_with("send ")).collect(),
        wire,
    )
}
