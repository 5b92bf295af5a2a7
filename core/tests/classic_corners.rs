//! Corners of the classic rooms: limits that count what is on its way, lines that come before their turn, endings.

#[path = "classic_corners/lines.rs"]
mod lines;
mod stage;

use stage::Stage;
use std::time::Duration;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;

const ANN: [ConnId; 2] = [ConnId(0), ConnId(1)];
const BEN: [ConnId; 2] = [ConnId(2), ConnId(3)];
const CAS: [ConnId; 2] = [ConnId(4), ConnId(5)];

fn say(stage: &mut Stage, conn: ConnId, bytes: &str) -> String {
    stage.say(conn, bytes.as_bytes());
    stage.take_text(conn)
}

fn join(stage: &mut Stage, conns: [ConnId; 2], name: &str) {
    for (conn, word) in conns.into_iter().zip(["TOSEND", "TORECV"]) {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {word} {name}\n\n").as_bytes());
    }
    for (conn, word) in conns.into_iter().zip(["TOSEND", "TORECV"]) {
        assert_eq!(
            stage.take_text(conn),
            format!("REGISTERED {word} {name}\n\n")
        );
    }
    stage.wait(Limits::default().classic_settle_time);
}

fn send(to: &str, body: &str) -> String {
    format!("SEND {to}\nContent-length: {}\n\n{body}", body.len())
}

#[test]
fn lines_that_are_not_committed_count_as_waiting() {
    let limits = Limits {
        classic_waiting_max: 1,
        ..Limits::default()
    };
    let mut stage = Stage::new(limits);
    for (conns, name) in [(ANN, "ann"), (BEN, "ben"), (CAS, "cas")] {
        join(&mut stage, conns, name);
    }
    stage.commits_wait = true;
    assert_eq!(say(&mut stage, ANN[0], &send("cas", "one")), "");
    assert_eq!(say(&mut stage, BEN[0], &send("cas", "two")), "");
    stage.commits_wait = false;
    stage.commit();
    assert_eq!(stage.take_text(BEN[0]), "ERROR 102 Unable to send\n\n");
    assert!(stage.take_text(CAS[1]).ends_with("one"));
    assert_eq!(say(&mut stage, CAS[1], "RECEIVED ann\n\n"), "");
    assert_eq!(stage.take_text(ANN[0]), "SENT cas\n\n");
    assert_eq!(say(&mut stage, BEN[0], &send("cas", "three")), "");
    assert!(stage.take_text(CAS[1]).ends_with("three"));
}

#[test]
fn the_last_place_is_looked_at_again_when_the_second_half_comes() {
    let limits = Limits {
        users_max: 1,
        ..Limits::default()
    };
    let mut stage = Stage::new(limits);
    for (conn, name) in [(ANN[0], "ann"), (BEN[0], "ben")] {
        stage.open(conn);
        assert_eq!(
            say(&mut stage, conn, &format!("REGISTER TOSEND {name} \n\n")),
            format!("REGISTERED TOSEND {name}\n\n")
        );
    }
    stage.open(ANN[1]);
    assert_eq!(
        say(&mut stage, ANN[1], "REGISTER TORECV ann\n\n"),
        "REGISTERED TORECV ann\n\n"
    );
    stage.open(BEN[1]);
    assert_eq!(
        say(&mut stage, BEN[1], "REGISTER TORECV ben\n\n"),
        "ERROR 150 Busy\n\n"
    );
}

#[test]
fn a_program_is_answered_as_it_writes() {
    let mut stage = Stage::new(Limits::default());
    join(&mut stage, ANN, "ann");
    for (conn, word) in BEN.into_iter().zip(["TOSEND", "TORECV"]) {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {word} ben\n \n\n").as_bytes());
        assert_eq!(stage.take_text(conn), format!("REGISTERED {word} ben\n \n"));
    }
    stage.wait(Limits::default().classic_settle_time);
    // It reads lines, so the last one of a FORWARD ends too.
    say(&mut stage, ANN[0], &send("ben", "hi"));
    assert_eq!(
        stage.take_text(BEN[1]),
        "FORWARD ann\nContent-length: 2\n\nhi\n"
    );
    say(&mut stage, BEN[1], "RECEIVED ann\n");
    assert_eq!(stage.take_text(ANN[0]), "SENT ben\n\n");
    let spaced = say(&mut stage, BEN[0], "SEND nobody\nContent-length: 2\n \nhi");
    assert_eq!(spaced, "ERROR 102 Unable to send\n \n");
    let plain = say(&mut stage, BEN[0], "SEND nobody\nContent-length: 2\n\nhi\n");
    assert_eq!(plain, "ERROR 102 Unable to send\n\n");
    let incomplete = say(&mut stage, BEN[0], "SEND ann\n\n");
    assert_eq!(incomplete, "ERROR 103 Header Incomplete\n\n");
}

#[test]
fn silence_ends_a_head_and_no_less_than_that() {
    let mut stage = Stage::new(Limits::default());
    stage.open(ANN[0]);
    assert_eq!(say(&mut stage, ANN[0], "REGISTER TOSEND an"), "");
    stage.wait(Duration::from_millis(499));
    assert_eq!(say(&mut stage, ANN[0], "n"), "");
    stage.wait(Duration::from_millis(649));
    assert_eq!(stage.take_text(ANN[0]), "");
    stage.wait(Duration::from_millis(2));
    assert_eq!(stage.take_text(ANN[0]), "REGISTERED TOSEND ann\n\n");
    stage.open(ANN[1]);
    assert_eq!(say(&mut stage, ANN[1], "REGISTER TORECV ann\n"), "");
    stage.wait(Duration::from_millis(50));
    assert_eq!(stage.take_text(ANN[1]), "REGISTERED TORECV ann\n\n");
}

#[test]
fn what_waits_for_its_turn_has_a_bound() {
    let mut stage = Stage::new(Limits::default());
    join(&mut stage, ANN, "ann");
    join(&mut stage, BEN, "ben");
    let long = "x".repeat(50_000);
    for _ in 0..5 {
        stage.say(ANN[0], send("ben", &long).as_bytes());
    }
    assert!(!stage.wires[&ANN[0]].paused, "lines wait in their order");
    stage.say(ANN[0], send("ben", &long).as_bytes());
    stage.say(ANN[0], send("ben", &long).as_bytes());
    assert!(stage.wires[&ANN[0]].paused, "no more than 256 KiB of them");
    for _ in 0..7 * 53 {
        stage.say(BEN[1], b"RECEIVED ann\n\n");
    }
    assert!(!stage.wires[&ANN[0]].paused);
    assert_eq!(stage.take_text(ANN[0]), "SENT ben\n\n".repeat(7));
}

#[test]
fn a_line_that_is_refused_keeps_its_turn_and_answers_behind_it_count() {
    let mut stage = Stage::new(Limits::default());
    join(&mut stage, ANN, "ann");
    join(&mut stage, BEN, "ben");
    say(&mut stage, BEN[0], &send("ann", "from ben"));
    assert!(stage.take_text(ANN[1]).ends_with("from ben"));
    assert_eq!(say(&mut stage, ANN[0], &send("ben", "one")), "");
    stage.say(ANN[0], b"SEND ben\nContent-length: 2\n\n\xff\xfe");
    stage.say(ANN[0], send("ben", &"x".repeat(70_000)).as_bytes());
    stage.say(ANN[0], send("ben", "two").as_bytes());
    // Ann acknowledges on the connection on which her own lines wait.
    assert_eq!(say(&mut stage, ANN[0], "RECEIVED ben\n\n"), "");
    assert_eq!(stage.take_text(BEN[0]), "SENT ann\n\n");
    say(&mut stage, BEN[1], "RECEIVED ann\n\n");
    assert_eq!(
        stage.take_text(ANN[0]),
        "SENT ben\n\nERROR 103 Header incomplete\n\nERROR 102 Unable to send\n\n"
    );
    say(&mut stage, BEN[1], "RECEIVED ann\n\n");
    assert_eq!(stage.take_text(ANN[0]), "SENT ben\n\n");
}

#[test]
fn a_sender_hears_that_its_line_could_not_be_read() {
    let mut stage = Stage::new(Limits::default());
    join(&mut stage, ANN, "ann");
    join(&mut stage, BEN, "ben");
    for (text, tries) in [("plain", 1), ("caf\u{e9}", 2)] {
        say(&mut stage, ANN[0], &send("ben", text));
        stage.wait(Limits::default().classic_quiet_time);
        for _ in 0..tries {
            assert_eq!(stage.take_text(ANN[0]), "");
            assert!(stage.take_text(BEN[1]).ends_with(text), "{text}");
            stage.say(BEN[1], b"ERROR 103 Header Incomplete\n\n");
        }
        assert_eq!(
            stage.take_text(ANN[0]),
            "ERROR 103 Header incomplete\n\n",
            "{text}"
        );
    }
    say(&mut stage, ANN[0], &send("ben", "and on"));
    say(&mut stage, BEN[1], "RECEIVED ann\n\n");
    assert_eq!(stage.take_text(ANN[0]), "SENT ben\n\n");
}

#[test]
fn lines_before_a_registration_are_passed_over() {
    let mut stage = Stage::new(Limits::default());
    stage.open(ANN[0]);
    let early = "ERROR 101 No user registered\n\n";
    for line in [send("ben", "hi"), send("ben", &"x".repeat(70_000))] {
        assert_eq!(say(&mut stage, ANN[0], &line), early);
    }
    stage.say(ANN[0], b"SEND ben\nContent-length: 2\n\n\xff\xfe");
    assert_eq!(stage.take_text(ANN[0]), early);
    let registered = say(&mut stage, ANN[0], "REGISTER TOSEND ann \n\n");
    assert_eq!(registered, "REGISTERED TOSEND ann\n\n");
}
