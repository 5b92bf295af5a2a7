//! The link: deadlines, heartbeats, waits, refusals, and staying away.

use crate::bench::{Bench, bytes, config, error, welcome, wire, words};
use std::time::Duration;
use verbatim_core::client::{ClassicInput, Input, Notice, Output};
use verbatim_core::id::Try;
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_core::wire::{Bye, ServerFrame};

fn waits(out: &[Output]) -> Vec<Duration> {
    let wait = |output: &Output| match output {
        Output::Show(Notice::Offline { retry_in, .. }) => Some(*retry_in),
        _ => None,
    };
    out.iter().filter_map(wait).collect()
}

#[test]
fn it_wants_to_connect_at_once_and_says_hello() {
    let mut bench = Bench::new(config());
    assert_eq!(
        words(&bench.input(Input::Timeout)),
        ["keep try=1", "connect"]
    );
    let out = bench.input(Input::Connected);
    assert_eq!(wire(&out), "HELLO alice try=1 new accepted=0 keep=no");
    assert!(
        !format!("{out:?}").contains("0707"),
        "no device id in a transcript"
    );
}

#[test]
fn a_known_device_without_a_cursor_says_so() {
    let mut known = config();
    known.keeps_store = true;
    known.start.attempt = Try(6);
    known.start.place = verbatim_core::wire::Place::Server;
    known.start.accepted = None;
    let mut bench = Bench::new(known);
    bench.input(Input::Timeout);
    let out = bench.input(Input::Connected);
    assert_eq!(wire(&out), "HELLO alice try=7 cursor=server");
}

#[test]
fn opening_and_welcome_have_deadlines() {
    let mut bench = Bench::new(config());
    bench.input(Input::Timeout);
    assert_eq!(bench.pass(9_999), []);
    assert_eq!(
        words(&bench.pass(1)),
        ["disconnect", "offline: no connection in time"]
    );
    bench.pass(250);
    bench.input(Input::Connected);
    let out = words(&bench.pass(10_000));
    assert_eq!(out[..2], ["disconnect", "offline: no welcome in time"]);
}

#[test]
fn waits_double_with_jitter_up_to_a_bound_and_a_welcome_resets_them() {
    let mut bench = Bench::new(config());
    bench.input(Input::Timeout);
    let (mut bound, mut longest) = (Duration::from_millis(250), Duration::ZERO);
    for _ in 0..40 {
        let wait = waits(&bench.input(Input::Disconnected("refused")))[0];
        assert!(wait <= bound, "{wait:?} over {bound:?}");
        longest = longest.max(wait);
        bound = (bound * 2).min(Duration::from_secs(15));
        bench.wait();
    }
    assert!(longest > Duration::from_secs(10));
    bench.connect(&welcome(0, 0));
    let wait = waits(&bench.input(Input::Disconnected("reset")))[0];
    assert!(wait <= Duration::from_millis(250));
}

#[test]
fn a_server_that_always_breaks_the_protocol_is_asked_ever_more_rarely() {
    let mut bench = Bench::new(config());
    bench.input(Input::Timeout);
    let mut longest = Duration::ZERO;
    for _ in 0..40 {
        bench.connect(&welcome(0, 0));
        let out = bench.input(Input::Received(b"\n"));
        longest = longest.max(waits(&out)[0]);
        bench.wait();
    }
    assert!(longest > Duration::from_secs(5));
}

#[test]
fn equal_seeds_wait_equally_and_others_do_not() {
    let first_waits = |seed| {
        let mut config = config();
        config.seed = seed;
        let mut bench = Bench::new(config);
        bench.input(Input::Timeout);
        waits(&bench.input(Input::Disconnected("refused")))
    };
    assert_eq!(first_waits(1), first_waits(1));
    assert_ne!(first_waits(1), first_waits(2));
}

#[test]
fn a_heartbeat_goes_out_even_when_frames_come_in() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    for _ in 0..4 {
        assert_eq!(wire(&bench.pass(4_999)), "");
        bench.server(&[ServerFrame::Pong]);
        assert_eq!(wire(&bench.pass(1)), "PING");
    }
    assert_eq!(wire(&bench.server(&[ServerFrame::Ping])), "PONG");
    bench.server(&[ServerFrame::Ping]);
    assert_eq!(wire(&bench.pass(4_999)), "", "a PONG is a byte sent");
}

#[test]
fn any_byte_is_life_and_silence_is_death() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.pass(14_000);
    bench.input(Input::Received(b"P"));
    let out = words(&bench.pass(14_999));
    assert!(!out.contains(&"disconnect".into()), "{out:?}");
    let out = words(&bench.pass(1));
    assert_eq!(out, ["disconnect", "offline: the server is silent"]);
}

#[test]
fn bytes_that_waited_while_the_device_slept_count_before_the_silence() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.millis += 3_600_000;
    let out = bench.server(&[ServerFrame::Ping]);
    assert_eq!(words(&out), ["send PONG"]);
}

#[test]
fn a_begun_frame_must_be_whole_in_time() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    bench.input(Input::Received(b"PI"));
    for _ in 0..5 {
        bench.pass(10_000);
        assert!(bench.input(Input::Received(b"I")).is_empty());
    }
    let out = words(&bench.pass(10_000));
    assert!(out.contains(&"offline: the server did not finish a frame in time".into()));
}

#[test]
fn a_frame_may_come_byte_by_byte() {
    let mut bench = Bench::new(config());
    bench.input(Input::Timeout);
    bench.input(Input::Connected);
    let frames = bytes(&[
        ServerFrame::Welcome(Box::new(welcome(0, 0))),
        ServerFrame::Ping,
    ]);
    let mut out = Vec::new();
    for byte in frames {
        out.extend(bench.input(Input::Received(&[byte])));
    }
    assert_eq!(words(&out), ["online", "send PONG"]);
}

#[test]
fn replaced_stays_away_until_the_user_comes_back_by_a_newer_connection() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    let out = bench.server(&[ServerFrame::Replaced { attempt: Try(9) }]);
    assert_eq!(
        words(&out),
        ["disconnect", "away: replaced by a newer connection"]
    );
    assert_eq!(bench.pass(3_600_000), []);
    assert_eq!(
        words(&bench.input(Input::Return)),
        ["keep try=10", "connect"]
    );
}

#[test]
fn a_goodbye_says_when_to_come_back() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    let bye = ServerFrame::Bye(Bye {
        code: verbatim_core::code::Code::SHUTTING_DOWN,
        retry_after: Some(Duration::from_millis(730)),
    });
    let out = bench.server(&[bye]);
    assert_eq!(words(&out)[1], "offline: the server said 180 Shutting down");
    assert_eq!(waits(&out), [Duration::from_millis(730)]);
    assert_eq!(bench.pass(729), []);
    assert_eq!(words(&bench.pass(1)), ["keep try=2", "connect"]);
}

#[test]
fn a_taken_name_is_told_or_waited_for() {
    let mut bench = Bench::new(config());
    bench.input(Input::Timeout);
    bench.input(Input::Connected);
    let out = words(&bench.server(&[error(104, Some(40_500))]));
    assert_eq!(
        out[1],
        "away: another device holds the name, for 41 s at most"
    );

    let mut patient = config();
    patient.waits_for_name = true;
    let mut bench = Bench::new(patient);
    bench.input(Input::Timeout);
    bench.input(Input::Connected);
    let out = bench.server(&[error(104, Some(3_000))]);
    assert_eq!(words(&out)[1], "offline: another device holds the name");
    assert!(bench.pass(250).contains(&Output::Connect));
}

#[test]
fn a_refusal_of_hello_ends_it_and_a_busy_server_is_asked_again() {
    for code in [100, 101, 105, 106, 110, 111] {
        let mut stays = config();
        stays.falls_back = false;
        let mut bench = Bench::new(stays);
        bench.input(Input::Timeout);
        bench.input(Input::Connected);
        let out = words(&bench.server(&[error(code, None)]));
        assert_eq!(out[1], format!("away: refused: {code} words"));
    }
    for code in [150, 170, 180] {
        let mut bench = Bench::new(config());
        bench.input(Input::Timeout);
        bench.input(Input::Connected);
        assert_eq!(
            waits(&bench.server(&[error(code, Some(900))])),
            [Duration::from_millis(900)]
        );
    }
}

#[test]
fn a_server_that_knows_only_the_classic_level_is_spoken_to_in_that() {
    for answer in [
        "ERROR 101 No user registered\n\n",
        "ERROR 100 Malformed username\n \n",
        "ERROR 103 Header Incomplete",
    ] {
        let mut bench = Bench::new(config());
        bench.input(Input::Timeout);
        bench.submit(1, "bob", "hi");
        bench.input(Input::Connected);
        let out = words(&bench.input(Input::Received(answer.as_bytes())));
        let told = "the server knows only the classic level";
        assert_eq!(out, ["disconnect", told, "fall back"]);
        assert_eq!(bench.client.deadline(), None);
        let mut classic = bench.client.into_classic();
        let mut out = Vec::new();
        let now = Now {
            mono: Mono::from_millis(bench.millis),
            wall: Wall(0),
        };
        classic.handle(now, ClassicInput::Leave, &mut out);
        let words: Vec<String> = out.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["#1 withdrawn", "done"], "its lines go with it");
    }
}

#[test]
fn the_roll_is_put_together_and_survives_a_cut() {
    let users = |names: &'static str, next: Option<&str>| ServerFrame::Users {
        names: names.into(),
        next: next.map(crate::bench::name),
    };
    let mut bench = Bench::online(config(), &welcome(0, 0));
    assert_eq!(wire(&bench.input(Input::Who)), "WHO");
    assert_eq!(
        wire(&bench.server(&[users("ann\n", Some("ann"))])),
        "WHO ann"
    );
    bench.cut();
    assert!(wire(&bench.connect(&welcome(0, 0))).ends_with("WHO"));
    bench.server(&[users("ann\nbob away\n", Some("bob"))]);
    let out = bench.server(&[users("carol\n", None)]);
    assert_eq!(words(&out), ["users: ann bob (away) carol"]);
    bench.input(Input::Who);
    assert_eq!(
        words(&bench.server(&[error(111, None)])),
        ["no list of users: 111 Unknown verb"]
    );
    bench.input(Input::Who);
    bench.server(&[users("", Some("bob"))]);
    let out = words(&bench.server(&[users("", Some("bob"))]));
    assert!(out[1].contains("circles"));
}

#[test]
fn a_spurious_timeout_and_a_late_event_do_nothing() {
    let mut bench = Bench::online(config(), &welcome(0, 0));
    assert_eq!(bench.input(Input::Timeout), []);
    assert_eq!(bench.input(Input::Return), []);
    assert_eq!(words(&bench.input(Input::Connected)), ["disconnect"]);
    bench.input(Input::Disconnected("reset"));
    assert_eq!(bench.input(Input::Disconnected("reset")), []);
    assert_eq!(bench.server(&[ServerFrame::Ping]), []);
}

#[test]
fn no_server_can_make_it_spin_or_wait_for_ever() {
    let mut hasty = welcome(0, 0);
    hasty.heartbeat = Duration::ZERO;
    hasty.silence = Duration::ZERO;
    let mut bench = Bench::online(config(), &hasty);
    assert!(bench.pass(1_000).len() < 100);
    for (asked, waited) in [
        (0, Duration::from_millis(1)),
        (u64::MAX, Duration::from_secs(300)),
    ] {
        let mut bench = Bench::new(config());
        bench.input(Input::Timeout);
        bench.input(Input::Connected);
        assert_eq!(waits(&bench.server(&[error(150, Some(asked))])), [waited]);
    }
}

#[test]
fn what_a_server_begins_to_say_after_the_goodbye_changes_nothing() {
    let mut bench = Bench::new(config());
    bench.input(Input::Timeout);
    bench.input(Input::Connected);
    bench.input(Input::Received(b"WEL"));
    bench.input(Input::Leave { forget: false });
    bench.millis += 1_000;
    let rest = bytes(&[
        ServerFrame::Welcome(Box::new(welcome(0, 0))),
        ServerFrame::Ping,
    ]);
    let out = bench.input(Input::Received(&rest[3..]));
    assert_eq!(words(&out)[1..], ["send BYE", "disconnect", "done"]);
    assert_eq!(bench.client.deadline(), None);
}
