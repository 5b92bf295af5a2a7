//! What other people's servers answer, and what becomes of the lines.

use super::Bench;
use verbatim_core::classic::Side;
use verbatim_core::client::ClassicInput;
use verbatim_core::id::Seq;

#[test]
fn a_name_is_taken_by_its_number_or_by_its_word() {
    for refusal in ["ERROR 104 In use\n\n", "ERROR 100 Name Taken\n\n"] {
        let mut bench = Bench::new();
        bench.connect();
        let out = bench.hears(Side::Send, refusal);
        assert!(out[2].starts_with("away: "), "{out:?}");
        assert_eq!(bench.pass(600_000), [""; 0]);
    }
}

#[test]
fn a_server_that_refuses_in_every_way_is_left_alone() {
    let mut bench = Bench::new();
    bench.connect();
    for way in 1..4 {
        let out = bench.hears(Side::Send, "ERROR 100 Malformed username\n\n");
        assert_eq!(out[2..], ["connect TOSEND", "connect TORECV"], "way {way}");
        bench.input(ClassicInput::Connected(Side::Send));
        bench.input(ClassicInput::Connected(Side::Receive));
    }
    let out = bench.hears(Side::Send, "ERROR 100 Malformed username\n\n");
    assert!(out[2].starts_with("away: "), "{out:?}");
    assert_eq!(bench.pass(600_000), [""; 0]);
}

#[test]
fn each_line_is_acknowledged_when_it_is_kept_and_no_earlier() {
    let mut bench = Bench::online();
    let line = |text: &str| format!("FORWARD bob\nContent-length: {}\n\n{text}", text.len());
    let out = bench.hears(Side::Receive, &(line("one") + &line("two")));
    assert_eq!(out, ["bob: one", "bob: two"]);
    for seq in [1, 2] {
        let out = bench.input(ClassicInput::Kept(Seq(seq)));
        assert_eq!(out, [r"TORECV> RECEIVED bob\n\n"], "{seq}");
    }
}

#[test]
fn a_line_to_all_is_tried_under_another_word_once() {
    let mut bench = Bench::online();
    let out = bench.types(1, "ALL", "hi");
    assert_eq!(out, [r"TOSEND> SEND ALL\nContent-length: 2\n\nhi"]);
    let out = bench.hears(Side::Send, "ERROR 102 Unable to send\n\n");
    let again = r"TOSEND> SEND all\nContent-length: 2\n\nhi";
    assert_eq!(out, ["#1 queued", "#1 sent", again]);
    let out = bench.hears(Side::Send, "ERROR 102 Unable to send\n\n");
    assert_eq!(out, ["#1 rejected: 102 Unable to send"]);
}

#[test]
fn a_head_without_an_end_is_given_up() {
    let mut bench = Bench::online();
    let out = bench.hears(Side::Receive, &"x".repeat(1_023));
    assert_eq!(out, [""; 0]);
    let out = bench.hears(Side::Receive, "xx");
    assert_eq!(out[..2], ["disconnect TOSEND", "disconnect TORECV"]);
    assert!(out[2].starts_with("offline"), "{out:?}");
}

#[test]
fn other_headers_of_a_line_are_passed_over() {
    let mut bench = Bench::online();
    let out = bench.hears(
        Side::Receive,
        "FORWARD bob\nX-Colour: red\nContent-length: 2\n\nhi",
    );
    assert_eq!(out, ["bob: hi"]);
}

#[test]
fn a_text_that_is_none_is_complained_of_and_the_next_one_is_read() {
    let mut bench = Bench::online();
    let bytes = b"FORWARD bob\nContent-length: 3\n\n\xff\xfe!FORWARD bob\nContent-length: 2\n\nhi";
    let out = bench.input(ClassicInput::Received(Side::Receive, bytes));
    assert_eq!(out, [r"TORECV> ERROR 103 Header Incomplete\n\n", "bob: hi"]);
}
