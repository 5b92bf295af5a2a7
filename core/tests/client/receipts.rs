//! Receipts: what they say of each line, in any order, again and again.

use crate::bench::{Bench, accepted, config, delivered, name, welcome, wire, words};
use verbatim_core::client::Input;
use verbatim_core::id::Seq;
use verbatim_core::wire::{Receipt, ServerFrame};

fn counted(seq: u64, count: u64, of: u64) -> ServerFrame<'static> {
    ServerFrame::Receipt(Receipt::All {
        seq: Seq(seq),
        count,
        of,
    })
}

fn left(whom: &str, up_to: u64, last: u64) -> ServerFrame<'static> {
    ServerFrame::Receipt(Receipt::Left {
        to: name(whom),
        up_to: Seq(up_to),
        last: Seq(last),
    })
}

/// Lines 1 and 2 to bob, 3 to carol, accepted at seqs 10 to 12.
fn three() -> Bench {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "bob", "x");
    bench.submit(2, "bob", "x");
    bench.submit(3, "carol", "x");
    bench.server(&[accepted(1, 2, 10, 1), accepted(3, 3, 12, 1)]);
    bench
}

#[test]
fn a_receipt_covers_every_line_up_to_its_seq() {
    let mut bench = three();
    assert_eq!(words(&bench.server(&[delivered("bob", 9)])), [""; 0]);
    assert_eq!(
        words(&bench.server(&[delivered("BOB", 10)])),
        ["#1 delivered"]
    );
    let out = bench.server(&[delivered("bob", 10), delivered("bob", 500)]);
    assert_eq!(words(&out), ["#2 delivered"]);
    assert_eq!(
        words(&bench.server(&[delivered("carol", 12)])),
        ["#3 delivered"]
    );
}

#[test]
fn left_is_final_for_its_range_alone() {
    let mut bench = three();
    let out = bench.server(&[left("bob", 10, 11)]);
    assert_eq!(words(&out), ["#1 delivered", "#2 left"]);
    bench.submit(4, "bob", "x");
    bench.server(&[accepted(4, 4, 20, 1)]);
    assert_eq!(
        words(&bench.server(&[delivered("bob", 20)])),
        ["#4 delivered"]
    );
}

#[test]
fn a_broadcast_is_counted_and_the_count_only_grows() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "ALL", "x");
    bench.server(&[accepted(1, 1, 10, 1)]);
    let out = bench.server(&[counted(10, 1, 3), counted(10, 1, 3), counted(10, 0, 3)]);
    assert_eq!(words(&out), ["#1 delivered to 1 of 3"]);
    let out = bench.server(&[counted(10, 3, 3), counted(10, 3, 3)]);
    assert_eq!(words(&out), ["#1 delivered to 3 of 3"]);
}

#[test]
fn a_receipt_may_overtake_the_acceptance() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    for (line, whom) in [(1, "bob"), (2, "bob"), (3, "ALL"), (4, "bob")] {
        bench.submit(line, whom, "x");
    }
    bench.server(&[left("bob", 10, 11), counted(12, 1, 2), delivered("bob", 13)]);
    let out = bench.server(&[
        accepted(1, 2, 10, 1),
        accepted(3, 3, 12, 1),
        accepted(4, 4, 13, 1),
    ]);
    assert_eq!(
        words(&out),
        [
            "#1 accepted",
            "#1 delivered",
            "#2 accepted",
            "#2 left",
            "#3 accepted",
            "#3 delivered to 1 of 2",
            "#4 accepted",
            "#4 delivered"
        ]
    );
}

#[test]
fn a_range_once_left_stays_so_whatever_comes_later() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    (1..=4).for_each(|line| drop(bench.submit(line, "bob", "x")));
    bench.server(&[
        left("bob", 9, 10),
        left("bob", 11, 12),
        delivered("bob", 20),
    ]);
    let out = bench.server(&[accepted(1, 4, 10, 1)]);
    let states = words(&out);
    let ends = states.iter().filter(|said| !said.ends_with("accepted"));
    assert_eq!(
        ends.collect::<Vec<_>>(),
        ["#1 left", "#2 delivered", "#3 left", "#4 delivered"]
    );
}

#[test]
fn hello_says_up_to_where_everything_is_delivered() {
    let mut bench = three();
    bench.server(&[delivered("bob", 11)]);
    let said = |bench: &mut Bench| {
        bench.cut();
        let out = bench.input(Input::Connected);
        let hello = out.iter().find_map(|output| match output {
            verbatim_core::client::Output::Send(frames) => {
                Some(String::from_utf8(frames.0.clone()).unwrap())
            }
            _ => None,
        });
        let line = hello.unwrap();
        let line = line
            .lines()
            .find(|line| line.starts_with("Delivered"))
            .unwrap();
        line.to_owned()
    };
    assert_eq!(said(&mut bench), "Delivered: 11");
    let resumed = ServerFrame::Welcome(Box::new(welcome(3, 0)));
    assert_eq!(wire(&bench.server(&[resumed, delivered("carol", 12)])), "");
    assert_eq!(said(&mut bench), "Delivered: 12");
}

/// News that cannot be about a line without an answer, since there is none, is about none that comes later either.
#[test]
fn news_of_nothing_is_not_kept() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.server(&[delivered("bob", 10), counted(11, 1, 2)]);
    bench.submit(1, "bob", "x");
    bench.submit(2, "ALL", "x");
    let out = bench.server(&[accepted(1, 1, 10, 1), accepted(2, 2, 11, 1)]);
    assert_eq!(words(&out), ["#1 accepted", "#2 accepted"]);
}

/// As much news as lines may be without an answer: what is more can be about none of them.
#[test]
fn early_news_is_bounded() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.submit(1, "bob64", "x");
    bench.submit(2, "ALL", "x");
    for nth in 0..=64 {
        let bob = format!("bob{nth}");
        bench.server(&[delivered(&bob, 200), counted(100 + nth, 1, 2)]);
    }
    let out = bench.server(&[accepted(1, 1, 10, 1), accepted(2, 2, 164, 1)]);
    assert_eq!(words(&out), ["#1 accepted", "#2 accepted"]);
}
