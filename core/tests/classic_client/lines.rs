//! The lines that wait at the classic level: taken back, grown old, too many, in pieces.

use super::Bench;
use std::time::Duration;
use verbatim_core::classic::Side;
use verbatim_core::client::{ClassicClient, ClassicInput, Config, LineId};
use verbatim_core::id::DeviceId;
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};

fn old_after(line: u64, body: &str, millis: u64) -> ClassicInput<'_> {
    ClassicInput::Submit {
        line: LineId(line),
        to: Recipient::parse(b"bob").expect("a name"),
        body,
        age_max: Some(Duration::from_millis(millis)),
    }
}

#[test]
fn a_queued_line_can_be_taken_back_and_the_one_under_way_cannot() {
    let mut bench = Bench::online();
    for (line, body) in [(1, "one"), (2, "two"), (3, "three")] {
        bench.types(line, "bob", body);
    }
    let mut take_back = |line| bench.input(ClassicInput::Withdraw(LineId(line)));
    assert_eq!(take_back(1), [""; 0], "it went out");
    assert_eq!(take_back(2), ["#2 withdrawn"]);
    assert_eq!(take_back(2), [""; 0], "it is gone");
    let out = bench.hears(Side::Send, "SENT bob\n\n");
    assert_eq!(
        out,
        [
            "#1 acknowledged",
            "#3 sent",
            r"TOSEND> SEND bob\nContent-length: 5\n\nthree"
        ]
    );
}

#[test]
fn a_line_grows_old_while_it_is_queued_and_not_when_it_went_out() {
    let mut bench = Bench::online();
    assert_eq!(bench.input(old_after(1, "first", 1_000)).len(), 3);
    assert_eq!(bench.input(old_after(2, "second", 2_000)), ["#2 queued"]);
    assert_eq!(bench.input(old_after(3, "third", 1_000)), ["#3 queued"]);
    assert_eq!(bench.pass(999), [""; 0]);
    assert_eq!(bench.pass(1), ["#3 expired"]);
    assert_eq!(bench.pass(1_000), ["#2 expired"]);
    let out = bench.hears(Side::Send, "SENT bob\n\n");
    assert_eq!(out, ["#1 acknowledged"]);
}

/// A line of which a part arrived goes on: it is not forgotten half said, and not taken back.
#[test]
fn a_line_that_went_out_in_part_is_neither_old_nor_taken_back() {
    let mut bench = Bench::online();
    let body = "ü".repeat(600);
    bench.input(old_after(1, &body, 1_000));
    // The first piece arrived; the second one cannot be read, and is counted in the other way.
    bench.hears(Side::Send, "SENT bob\n\n");
    let out = bench.hears(Side::Send, "ERROR 103 Header Incomplete\n\n");
    assert_eq!(out, ["#1 queued"]);
    assert_eq!(bench.input(ClassicInput::Withdraw(LineId(1))), [""; 0]);
    bench.millis += 2_000;
    let out = bench.input(ClassicInput::Timeout);
    assert_eq!(out[0], "#1 sent");
    assert!(out[1].starts_with("TOSEND> SEND bob"), "{out:?}");
}

#[test]
fn a_full_outbox_takes_no_line_and_the_one_under_way_counts() {
    let user = Name::parse(b"ann").expect("a name");
    let mut config = Config::throw_away(user, DeviceId::new([7; 16]), 1);
    config.limits = Limits {
        outbox_messages_max: 2,
        ..Limits::default()
    };
    let mut bench = Bench {
        client: ClassicClient::new(config),
        millis: 0,
    };
    bench.connect();
    bench.register();
    bench.pass(100);
    bench.types(1, "bob", "one");
    bench.types(2, "bob", "two");
    let out = bench.types(3, "bob", "three");
    assert_eq!(out.len(), 1);
    assert!(out[0].starts_with("#3 not taken"), "{out:?}");
    bench.hears(Side::Send, "SENT bob\n\n");
    assert_eq!(bench.types(4, "bob", "four"), [""; 0]);
}

#[test]
fn what_is_sent_has_at_most_a_thousand_bytes_whatever_the_name() {
    for to in ["bob", "Abcdefghijklmnopqrstuvwxyz012345"] {
        let mut bench = Bench::online();
        let body = "x".repeat(1_500);
        let out = bench.types(1, to, &body);
        let (_, frame) = out[0].split_once("> ").expect("it is sent");
        let bytes = frame.replace(r"\n", "\n").len();
        assert!((990..=1_000).contains(&bytes), "{bytes}");
    }
}

#[test]
fn a_line_may_be_as_long_as_a_body_and_no_longer() {
    let mut bench = Bench::online();
    let longest = Limits::default().body_bytes_max;
    let out = bench.types(1, "bob", &"x".repeat(longest + 1));
    assert_eq!(out, ["#1 rejected: 112 Too long"]);
    let out = bench.types(2, "bob", &"x".repeat(longest));
    assert!(out[0].starts_with("TOSEND> SEND bob"), "{out:?}");
}
