//! Lines on their way between classic users: pieces, counts, bounds, who is cut off, whose name is free.

use super::{ANN, BEN, CAS, join, say};
use crate::stage::Stage;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use verbatim_core::classic::AckVerb;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;
use verbatim_core::router::Input;

fn line(to: &str, text: &str) -> String {
    format!("SEND {to}\nContent-length: {}\n\n{text}", text.len())
}

fn ann_and_ben(limits: Limits) -> Stage {
    let mut stage = Stage::new(limits);
    join(&mut stage, ANN, "ann");
    join(&mut stage, BEN, "ben");
    stage
}

#[test]
fn a_long_line_comes_in_pieces_and_its_sender_hears_of_the_last() {
    let mut stage = ann_and_ben(Limits::default());
    let text: String = ('a'..='z').cycle().take(2_500).collect();
    assert_eq!(say(&mut stage, ANN[0], &line("ben", &text)), "");
    let mut came = String::new();
    for piece in 0..3 {
        let forward = stage.take_text(BEN[1]);
        assert!(forward.len() <= 1_000, "{}", forward.len());
        let (head, body) = forward.split_once("\n\n").expect("a head");
        assert_eq!(head, format!("FORWARD ann\nContent-length: {}", body.len()));
        came += body;
        assert_eq!(stage.take_text(ANN[0]), "", "piece {piece}");
        stage.say(BEN[1], b"RECEIVED ann\n\n");
    }
    assert_eq!(came, text);
    assert_eq!(stage.take_text(ANN[0]), "SENT ben\n\n");
}

#[test]
fn a_line_may_be_as_long_as_a_body_and_no_longer() {
    let mut stage = ann_and_ben(Limits::default());
    let longest = Limits::default().body_bytes_max;
    let refused = say(&mut stage, ANN[0], &line("ben", &"x".repeat(longest + 1)));
    assert_eq!(refused, "ERROR 102 Unable to send\n\n");
    assert_eq!(
        say(&mut stage, ANN[0], &line("ben", &"x".repeat(longest))),
        ""
    );
    assert!(stage.take_text(BEN[1]).starts_with("FORWARD ann\n"));
}

#[test]
fn who_takes_too_long_for_one_line_is_cut_off_and_its_name_is_free() {
    let mut stage = ann_and_ben(Limits::default());
    say(&mut stage, ANN[0], &line("ben", "one"));
    stage.wait(Duration::from_millis(9_999));
    assert_eq!(stage.take_text(ANN[0]), "");
    assert!(!stage.is_closed(BEN[0]) && !stage.is_closed(BEN[1]));
    stage.wait(Duration::from_millis(1));
    assert_eq!(stage.take_text(ANN[0]), "ERROR 102 Unable to send\n\n");
    assert!(stage.is_closed(BEN[0]) && stage.is_closed(BEN[1]));
    assert!(!stage.is_closed(ANN[0]) && !stage.is_closed(ANN[1]));
    join(&mut stage, CAS, "Ben");
}

/// Each line has the whole time, however long the ones before it took.
#[test]
fn who_is_slow_with_every_line_is_not_cut_off() {
    let mut stage = ann_and_ben(Limits::default());
    for _ in 0..3 {
        say(&mut stage, ANN[0], &line("ben", "one"));
        stage.wait(Duration::from_secs(9));
        assert_eq!(
            say(&mut stage, BEN[1], "RECEIVED ann\n\n"),
            "FORWARD ann\nContent-length: 3\n\none"
        );
        assert_eq!(stage.take_text(ANN[0]), "SENT ben\n\n");
    }
    assert!(!stage.is_closed(BEN[1]));
}

#[test]
fn what_waits_for_one_recipient_is_bounded_and_what_it_took_does_not_count() {
    let limits = Limits {
        owed_bytes_max: 3_000,
        ..Limits::default()
    };
    let mut stage = ann_and_ben(limits);
    for _ in 0..20 {
        say(&mut stage, ANN[0], &line("ALL", &"x".repeat(700)));
        stage.take(BEN[1]);
        say(&mut stage, BEN[1], "RECEIVED ann\n\n");
        assert_eq!(stage.take_text(ANN[0]), "SENT ALL\n\n");
    }
    // From a session, since a classic sender has one line on its way at a time.
    let dora = ConnId(9);
    stage.open(dora);
    let hello = format!(
        "HELLO 1\nUser: dora\nDevice: {:032x}\nTry: 1\nKeep: no\n\n",
        4
    );
    assert!(say(&mut stage, dora, &hello).starts_with("WELCOME"));
    for id in 1..=6 {
        let text = "x".repeat(700);
        say(
            &mut stage,
            dora,
            &format!("SEND ALL\nId: {id}\nContent-length: 700\n\n{text}"),
        );
        assert_eq!(stage.is_closed(BEN[0]), id > 3, "line {id}");
        assert_eq!(stage.is_closed(BEN[1]), id > 3, "line {id}");
        say(&mut stage, ANN[1], "RECEIVED dora\n\n");
    }
    assert!(!stage.is_closed(ANN[1]));
}

#[test]
fn what_a_sender_showed_to_count_holds_for_what_it_receives() {
    let mut stage = ann_and_ben(Limits::default());
    say(&mut stage, ANN[0], "SEND ben\nContent-length: 2\n\né");
    stage.wait(Duration::from_millis(50));
    let forward = stage.take_text(BEN[1]);
    assert_eq!(
        forward, "FORWARD ann\nContent-length: 2\n\né",
        "bytes until then"
    );
    say(&mut stage, BEN[1], "RECEIVED ann\n\n");
    // Two characters that are three bytes.
    say(&mut stage, BEN[0], "SEND ann\nContent-length: 2\n\naé");
    say(&mut stage, ANN[1], "RECEIVED ben\n\n");
    // A line of ASCII shows nothing, and undoes nothing.
    say(&mut stage, BEN[0], "SEND ann\nContent-length: 2\n\nhi");
    say(&mut stage, ANN[1], "RECEIVED ben\n\n");
    say(&mut stage, ANN[0], "SEND ben\nContent-length: 2\n\né");
    let forward = stage.take_text(BEN[1]);
    assert_eq!(forward, "FORWARD ann\nContent-length: 1\n\né");
}

#[test]
fn who_could_not_read_a_text_gets_it_in_characters_and_so_the_next_one() {
    let mut stage = ann_and_ben(Limits::default());
    say(&mut stage, ANN[0], "SEND ben\nContent-length: 2\n\né");
    stage.wait(Duration::from_millis(50));
    let first = stage.take_text(BEN[1]);
    assert_eq!(first, "FORWARD ann\nContent-length: 2\n\né");
    let again = say(&mut stage, BEN[1], "ERROR 103 Header Incomplete\n\n");
    assert_eq!(again, "FORWARD ann\nContent-length: 1\n\né");
    say(&mut stage, BEN[1], "RECEIVED ann\n\n");
    assert_eq!(stage.take_text(ANN[0]), "SENT ben\n\n");
    say(&mut stage, ANN[0], "SEND ben\nContent-length: 2\n\nü");
    let next = stage.take_text(BEN[1]);
    assert_eq!(next, "FORWARD ann\nContent-length: 1\n\nü");
}

#[test]
fn lines_go_on_when_the_connection_for_receiving_ends() {
    let mut stage = ann_and_ben(Limits::default());
    say(
        &mut stage,
        ANN[0],
        &(line("ben", "one") + &line("ben", "two")),
    );
    stage.hang_up(ANN[1]);
    say(&mut stage, BEN[1], "RECEIVED ann\n\n");
    say(&mut stage, BEN[1], "RECEIVED ann\n\n");
    assert_eq!(stage.take_text(ANN[0]), "SENT ben\n\nSENT ben\n\n");
}

/// Whatever comes behind a line is read when that is answered.
#[test]
fn nonsense_behind_a_line_waits_for_its_answer() {
    let mut stage = ann_and_ben(Limits::default());
    let heard = say(&mut stage, ANN[0], &(line("ben", "one") + "FROB\n\n"));
    assert_eq!(heard, "");
    assert!(!stage.is_closed(ANN[0]));
    say(&mut stage, BEN[1], "RECEIVED ann\n\n");
    let heard = stage.take_text(ANN[0]);
    assert_eq!(heard, "SENT ben\n\nERROR 103 Header incomplete\n\n");
    assert!(stage.is_closed(ANN[0]));
}

#[test]
fn half_a_registration_holds_its_name_while_its_connection_lives() {
    let mut stage = Stage::new(Limits::default());
    stage.open(ANN[0]);
    say(&mut stage, ANN[0], "REGISTER TOSEND ann\n\n");
    stage.open(ANN[1]);
    let twice = say(&mut stage, ANN[1], "REGISTER TOSEND Ann\n\n");
    assert_eq!(twice, "ERROR 104 Username taken\n\n");
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    stage.open(CAS[0]);
    stage.hang_up(CAS[0]);
    stage.wires.insert(CAS[0], crate::stage::Wire::default());
    stage.step(Input::Opened { conn: CAS[0], from });
    let other = say(&mut stage, CAS[0], "REGISTER TORECV ann\n\n");
    assert_eq!(
        other, "ERROR 104 Username taken\n\n",
        "from another address"
    );
    stage.hang_up(ANN[0]);
    let hello = format!(
        "HELLO 1\nUser: ann\nDevice: {:032x}\nTry: 1\nKeep: no\n\n",
        4
    );
    assert!(say(&mut stage, ANN[1], &hello).starts_with("WELCOME"));
}

#[test]
fn a_space_behind_a_recipient_asks_for_sent_unless_the_operator_has_chosen() {
    for (option, words) in [
        (
            AckVerb::Auto,
            ["SEND ben\n \n", "SENT ben\n\n", "SENT ben\n\n"],
        ),
        (
            AckVerb::Send,
            ["SEND ben\n \n", "SEND ben\n\n", "SEND ben\n\n"],
        ),
        (
            AckVerb::Sent,
            ["SENT ben\n \n", "SENT ben\n\n", "SENT ben\n\n"],
        ),
    ] {
        let mut stage = Stage::with_ack(Limits::default(), option);
        for (conn, word) in ANN.into_iter().zip(["TOSEND", "TORECV"]) {
            stage.open(conn);
            stage.say(conn, format!("REGISTER {word} ann\n \n").as_bytes());
        }
        join(&mut stage, BEN, "ben");
        ANN.into_iter().for_each(|conn| drop(stage.take(conn)));
        let lines = [
            "SEND ben\nContent-length: 2\n \nhi",
            "SEND ben \nContent-length: 2\n\nhi",
            "SEND ben\nContent-length: 2\n\nhi",
        ];
        for (line, word) in lines.into_iter().zip(words) {
            say(&mut stage, ANN[0], line);
            say(&mut stage, BEN[1], "RECEIVED ann\n\n");
            assert_eq!(stage.take_text(ANN[0]), word, "{option:?}");
        }
    }
}

#[test]
fn who_writes_lines_reads_lines() {
    let mut stage = ann_and_ben(Limits::default());
    say(&mut stage, ANN[0], &line("ben", "one"));
    assert_eq!(
        stage.take_text(BEN[1]),
        "FORWARD ann\nContent-length: 3\n\none"
    );
    say(&mut stage, BEN[1], "RECEIVED ann\n\n");
    // A line end that it did not count.
    say(&mut stage, BEN[0], "SEND ann\nContent-length: 2\n\nhi\n");
    say(&mut stage, ANN[1], "RECEIVED ben\n\n");
    say(&mut stage, BEN[0], "SEND ann\nContent-length: 2\n\nho\n");
    say(&mut stage, ANN[1], "RECEIVED ben\n\n");
    say(&mut stage, ANN[0], &line("ben", "two"));
    assert_eq!(
        stage.take_text(BEN[1]),
        "FORWARD ann\nContent-length: 3\n\ntwo\n"
    );
}

/// Both connections were there before the first answer, though the second half came after it.
#[test]
fn who_opened_both_before_it_was_answered_hears_sent() {
    for (early, word) in [(true, "SENT ben\n\n"), (false, "SEND ben\n\n")] {
        let mut stage = Stage::new(Limits::default());
        join(&mut stage, BEN, "ben");
        stage.open(ANN[0]);
        if early {
            stage.open(ANN[1]);
        }
        say(&mut stage, ANN[0], "REGISTER TOSEND ann\n\n");
        stage.wait(Duration::from_millis(200));
        if !early {
            stage.open(ANN[1]);
        }
        say(&mut stage, ANN[1], "REGISTER TORECV ann\n\n");
        stage.wait(Duration::from_millis(100));
        stage.take(ANN[0]);
        say(&mut stage, ANN[0], &line("ben", "hi"));
        say(&mut stage, BEN[1], "RECEIVED ann\n\n");
        assert_eq!(stage.take_text(ANN[0]), word);
    }
}
