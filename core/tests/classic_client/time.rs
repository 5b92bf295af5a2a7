//! What a client of the classic level waits for, and for how long.

use super::Bench;
use verbatim_core::classic::Side;
use verbatim_core::client::ClassicInput;

const PARTED: [&str; 2] = ["disconnect TOSEND", "disconnect TORECV"];

/// The rest of these outputs, which begin with the end of both connections.
fn parted(out: &[String]) -> &[String] {
    assert_eq!(out[..2], PARTED, "{out:?}");
    assert!(out[2].starts_with("offline"), "{out:?}");
    &out[3..]
}

#[test]
fn opening_and_registering_have_their_time_and_another_way_is_tried() {
    let mut bench = Bench::new();
    bench.input(ClassicInput::Timeout);
    bench.input(ClassicInput::Connected(Side::Send));
    assert_eq!(bench.pass(9_999), [""; 0]);
    parted(&bench.pass(1));
    // Nobody was asked yet, so the way is the same.
    assert_eq!(bench.pass(250), ["connect TOSEND", "connect TORECV"]);
    let mut asked = Vec::new();
    for _ in 0..5 {
        bench.input(ClassicInput::Connected(Side::Send));
        asked.extend(bench.input(ClassicInput::Connected(Side::Receive)));
        assert_eq!(bench.pass(9_999), [""; 0]);
        parted(&bench.pass(1));
        assert_eq!(
            bench.pass(15_000)[..2],
            ["connect TOSEND", "connect TORECV"]
        );
    }
    let ways = [
        r"TOSEND> REGISTER TOSEND ann\n\n",
        r"TORECV> REGISTER TORECV ann\n\n",
        r"TOSEND> REGISTER TOSEND ann\n \n",
        r"TORECV> REGISTER TORECV ann\n \n",
        r"TOSEND> REGISTER TOSEND ann\n\n",
    ];
    assert_eq!(asked, ways);
}

#[test]
fn a_begun_frame_has_its_time_from_its_first_byte() {
    let mut bench = Bench::online();
    assert_eq!(bench.hears(Side::Receive, "FORWARD bob\n"), [""; 0]);
    assert_eq!(bench.pass(30_000), [""; 0]);
    assert_eq!(
        bench.hears(Side::Receive, "Content-length: 9\n\nhel"),
        [""; 0]
    );
    assert_eq!(bench.pass(29_999), [""; 0]);
    parted(&bench.pass(1));
}

#[test]
fn the_next_frame_has_a_time_of_its_own_and_silence_has_none() {
    let mut bench = Bench::online();
    bench.hears(Side::Receive, "FORWARD bob\n");
    assert_eq!(bench.pass(30_000), [""; 0]);
    let out = bench.hears(Side::Receive, "Content-length: 2\n\nhiFORWARD b");
    assert_eq!(out, ["bob: hi"]);
    assert_eq!(bench.pass(59_999), [""; 0]);
    let out = bench.hears(Side::Receive, "ob\nContent-length: 2\n\nho\n");
    assert_eq!(out, ["bob: ho"]);
    assert_eq!(bench.pass(600_000), [""; 0]);
}
