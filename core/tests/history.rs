//! What was said earlier, asked of the server: who may read it, in which pages, and when.

mod stage;

use stage::Stage;
use stage::session::{say, send};
use std::time::Duration;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;
use verbatim_core::router::Input;

const ALICE: ConnId = ConnId(0);
const BOB: ConnId = ConnId(1);
const LATER: ConnId = ConnId(2);
const LATEST: ConnId = ConnId(3);

fn hello(name: &str, device: u64, attempt: u64, window: &str) -> String {
    format!(
        "HELLO 1\nUser: {name}\nDevice: {device:032x}\nTry: {attempt}\nKeep: yes\nWindow: {window}\n\n"
    )
}

fn join(stage: &mut Stage, conn: ConnId, name: &str, device: u64) {
    stage.open(conn);
    let heard = say(stage, conn, &hello(name, device, 1, "256 262144"));
    assert!(heard.starts_with("WELCOME"), "{heard}");
}

/// Alice and bob, welcomed.
fn two(limits: Limits) -> Stage {
    let mut stage = Stage::new(limits);
    join(&mut stage, ALICE, "alice", 1);
    join(&mut stage, BOB, "bob", 2);
    stage
}

/// So many lines of alice's, the first under that id. Nobody looks at what they are told of them.
fn lines(stage: &mut Stage, to: &str, ids: std::ops::Range<u64>) {
    for id in ids {
        say(stage, ALICE, &send(to, id, &format!("line {id}")));
    }
    stage.take(BOB);
}

/// The texts of a page in their order, and its last line.
fn page(heard: &str) -> (Vec<&str>, &str) {
    let pasts = heard.split("PAST ").skip(1);
    let texts = pasts.map(|past| {
        let (_, body) = past.split_once("\n\n").expect("a head ends");
        body.split("HISTORY ").next().unwrap_or_default()
    });
    let end = heard.rfind("HISTORY ").map_or("", |at| &heard[at..]);
    (texts.collect(), end)
}

fn ask(stage: &mut Stage, conn: ConnId, question: &str) -> (Vec<String>, String) {
    let heard = say(stage, conn, &format!("HISTORY {question}\n\n"));
    let (texts, end) = page(&heard);
    let texts = texts.into_iter().map(str::to_owned).collect();
    (texts, end.to_owned())
}

#[test]
fn what_was_said_to_all_is_open_to_who_came_later_and_the_rest_is_not() {
    let mut stage = two(Limits::default());
    lines(&mut stage, "ALL", 1..3);
    lines(&mut stage, "bob", 3..4);
    join(&mut stage, LATER, "carol", 3);
    let told = (
        vec!["line 1".to_owned(), "line 2".to_owned()],
        "HISTORY ALL 1 2\n\n".to_owned(),
    );
    assert_eq!(ask(&mut stage, LATER, "ALL"), told);
    for name in ["alice", "bob", "carol"] {
        let (texts, end) = ask(&mut stage, LATER, name);
        assert_eq!((texts.len(), end), (0, format!("HISTORY {name} 0 0\n\n")));
    }
    let (texts, end) = ask(&mut stage, BOB, "Alice");
    assert_eq!(
        (texts, end.as_str()),
        (vec!["line 3".to_owned()], "HISTORY alice 1 1\n\n")
    );
}

#[test]
fn the_next_holder_of_a_name_is_another_one() {
    let mut stage = two(Limits::default());
    lines(&mut stage, "bob", 1..3);
    say(&mut stage, BOB, "BYE forget\n\n");
    let refused = say(&mut stage, ALICE, "HISTORY bob\n\n");
    assert!(
        refused.ends_with("ERROR 102 Unable to send\n\n"),
        "{refused}"
    );
    join(&mut stage, LATER, "bob", 3);
    for (conn, name) in [(ALICE, "bob"), (LATER, "alice")] {
        let (texts, end) = ask(&mut stage, conn, name);
        assert_eq!((texts.len(), end), (0, format!("HISTORY {name} 0 0\n\n")));
    }
    lines(&mut stage, "bob", 3..4);
    let (texts, end) = ask(&mut stage, LATER, "alice\nBefore: 99");
    assert_eq!(
        (texts, end.as_str()),
        (vec!["line 3".to_owned()], "HISTORY alice 1 1\n\n")
    );
}

/// Who goes on with a history says where it was, so that it is not given that of the next holder of the name.
#[test]
fn a_question_that_goes_on_is_about_the_same_two() {
    let mut stage = two(Limits::default());
    lines(&mut stage, "bob", 1..4);
    let before = "\nBefore: 3\nAt: 6";
    let told = "HISTORY bob 1 2\n\n";
    assert_eq!(ask(&mut stage, ALICE, &format!("bob{before}")).1, told);
    say(&mut stage, BOB, "BYE forget\n\n");
    let refused = "ERROR 102 Unable to send\n\n";
    let asked = format!("HISTORY bob{before}\n\n");
    assert!(say(&mut stage, ALICE, &asked).ends_with(refused));
    join(&mut stage, LATER, "bob", 3);
    lines(&mut stage, "bob", 4..8);
    assert!(say(&mut stage, ALICE, &asked).ends_with(refused));
    let with_the_next = [("bob\nBefore: 3\nAt: 11", "HISTORY bob 1 2\n\n")];
    for (question, told) in with_the_next {
        assert_eq!(ask(&mut stage, ALICE, question).1, told);
    }
    // The claim itself is no message of theirs.
    for at in [0, 8] {
        let question = format!("HISTORY bob\nBefore: 3\nAt: {at}\n\n");
        assert!(say(&mut stage, ALICE, &question).ends_with(refused), "{at}");
    }
    let to_all = ask(&mut stage, LATER, "ALL\nBefore: 1\nAt: 0");
    assert_eq!(to_all.1, "HISTORY ALL 0 0\n\n", "who is meant is certain");
}

/// Bob goes and comes again under his name: he is the next holder of it, and what the one before wrote is not his.
#[test]
fn who_gave_the_name_up_and_came_back_is_another_one() {
    let mut stage = two(Limits::default());
    lines(&mut stage, "bob", 1..2);
    say(&mut stage, BOB, "BYE forget\n\n");
    join(&mut stage, LATER, "bob", 2 + 16);
    let (texts, _) = ask(&mut stage, LATER, "alice");
    assert_eq!(texts.len(), 0);
}

#[test]
fn pages_have_their_bounds_and_lead_on() {
    let limits = Limits {
        past_messages_max: 4,
        past_bytes_max: 250,
        ..Limits::default()
    };
    let mut stage = two(limits);
    lines(&mut stage, "bob", 1..7);
    let (texts, end) = ask(&mut stage, BOB, "alice");
    assert_eq!(texts, ["line 5", "line 6"], "more are over 250 bytes");
    assert_eq!(end, "HISTORY alice 5 6\nMore: yes\n\n");
    let (texts, end) = ask(&mut stage, BOB, "alice\nBefore: 5\nCount: 1");
    assert_eq!(
        (texts.len(), end.as_str()),
        (1, "HISTORY alice 4 4\nMore: yes\n\n")
    );
    let (texts, end) = ask(
        &mut stage,
        BOB,
        "alice\nBefore: 3\nCount: 18446744073709551615",
    );
    assert_eq!((texts.len(), end.as_str()), (2, "HISTORY alice 1 2\n\n"));
    let long = "x".repeat(5_000);
    say(&mut stage, ALICE, &send("bob", 7, &long));
    let (texts, end) = ask(&mut stage, BOB, "alice");
    assert_eq!(texts, [long], "one is always allowed");
    assert_eq!(end, "HISTORY alice 7 7\nMore: yes\n\n");
    for before in [0, 1] {
        let (_, end) = ask(&mut stage, BOB, &format!("alice\nBefore: {before}"));
        assert_eq!(end, "HISTORY alice 0 0\n\n");
    }
}

#[test]
fn a_second_question_is_refused_and_the_first_goes_on() {
    let mut stage = two(Limits::default());
    lines(&mut stage, "ALL", 1..2);
    stage.questions_wait = true;
    assert_eq!(say(&mut stage, BOB, "HISTORY ALL\n\n"), "");
    let refused = say(&mut stage, BOB, "HISTORY alice\n\n");
    assert_eq!(refused, "ERROR 150 Busy\nRetry-after: 500\n\n");
    assert_eq!(stage.questions(), 1, "nothing is read for it");
    stage.questions_wait = false;
    stage.step(Input::Timeout);
    let heard = stage.take_text(BOB);
    assert!(
        heard.starts_with("PAST 4\n") && heard.ends_with("HISTORY ALL 1 1\n\n"),
        "{heard}"
    );
    assert_eq!(ask(&mut stage, BOB, "alice").1, "HISTORY alice 0 0\n\n");
}

/// The engine of this stage shows what is not committed; nobody may hear of it.
#[test]
fn what_is_not_committed_is_not_shown() {
    let mut stage = two(Limits::default());
    lines(&mut stage, "ALL", 1..2);
    stage.commits_wait = true;
    lines(&mut stage, "ALL", 2..3);
    assert_eq!(
        say(&mut stage, BOB, "HISTORY ALL\n\nHISTORY nobody\n\n"),
        ""
    );
    assert_eq!(stage.questions(), 0, "it is not even read");
    let committed = Input::Committed {
        seq: verbatim_core::id::Seq(5),
        room: 1 << 26,
    };
    stage.step(committed);
    let heard = stage.take_text(BOB);
    assert!(heard.ends_with("HISTORY ALL 1 2\n\n"), "{heard}");

    stage.take(ALICE);
    // Asked before, appended later: it is in no page that is read for that question.
    assert_eq!(say(&mut stage, ALICE, &send("ALL", 3, "line 3")), "");
    stage.commits_wait = false;
    stage.questions_wait = true;
    stage.commit();
    say(&mut stage, BOB, "HISTORY ALL\nCount: 1\n\n");
    stage.commits_wait = true;
    say(&mut stage, ALICE, &send("ALL", 4, "line 4"));
    stage.questions_wait = false;
    stage.step(Input::Timeout);
    let heard = stage.take_text(BOB);
    assert!(heard.ends_with("HISTORY ALL 3 3\nMore: yes\n\n"), "{heard}");
}

#[test]
fn a_history_is_no_delivery() {
    let mut stage = two(Limits::default());
    stage.hang_up(BOB);
    stage.open(LATER);
    say(&mut stage, LATER, &hello("bob", 2, 2, "1 0"));
    lines(&mut stage, "bob", 1..4);
    assert!(
        stage.take_text(LATER).contains("DELIVER 4"),
        "and no more fits the window"
    );
    let (texts, _) = ask(&mut stage, LATER, "alice");
    assert_eq!(texts, ["line 1", "line 2", "line 3"]);
    // No ack is about them, and no receipt tells them; the feed goes on as if nothing had been.
    assert!(!stage.take_text(ALICE).contains("RECEIPT"));
    let next = say(&mut stage, LATER, "ACK 4\n\n");
    assert!(next.starts_with("DELIVER 5\n"), "{next}");
    assert_eq!(
        say(&mut stage, LATER, "ACK 6\n\n"),
        "ERROR 171 Future ack\n\n"
    );
}

/// Also where an answer waits a moment for a delivery to travel with, since the two have alternated.
#[test]
fn own_messages_are_answered_before_they_are_read() {
    let mut stage = two(Limits::default());
    for (id, answer) in [(1, "ACCEPTED 1 1 4 1"), (2, "ACCEPTED 2 2 6 3")] {
        let both = format!("{}HISTORY bob\nCount: 1\n\n", send("bob", id, "hi"));
        let heard = say(&mut stage, ALICE, &both);
        let (answer, past) = (heard.find(answer), heard.find("PAST "));
        assert!(answer.is_some() && answer < past, "{heard}");
        say(&mut stage, BOB, &send("alice", id, "yes"));
    }
}

#[test]
fn what_is_forgotten_is_told_and_a_page_has_no_gap() {
    let limits = Limits {
        history_bytes_max: 0,
        log_bytes_max: 1 << 16,
        log_reserve_bytes: 0,
        ..Limits::default()
    };
    let mut stage = two(limits);
    lines(&mut stage, "bob", 1..4);
    say(&mut stage, BOB, &send("alice", 1, "yes"));
    say(&mut stage, BOB, "ACK 5\n\n");
    stage.wait(Duration::from_secs(1));
    lines(&mut stage, "bob", 4..5);
    let (texts, end) = ask(&mut stage, BOB, "alice");
    assert_eq!(
        (texts.join(", ").as_str(), end.as_str()),
        ("line 3, yes, line 4", "HISTORY alice 3 5\nRemoved: 2\n\n")
    );
    let (texts, end) = ask(&mut stage, BOB, "alice\nBefore: 3");
    assert_eq!(
        (texts.len(), end.as_str()),
        (0, "HISTORY alice 0 0\nRemoved: 2\n\n")
    );
}

/// One who does not read holds one page and no more, and what it is told on a connection that is no more goes nowhere.
#[test]
fn a_slow_reader_waits_with_its_own_answer() {
    let limits = Limits {
        unwritten_bytes_max: 2_000,
        ..Limits::default()
    };
    let mut stage = two(limits);
    say(&mut stage, ALICE, &send("ALL", 1, &"x".repeat(3_000)));
    stage.wires.get_mut(&BOB).unwrap().stuck = true;
    for _ in 0..20 {
        stage.say(BOB, b"HISTORY ALL\n\n");
    }
    assert_eq!(stage.questions(), 0);
    let most = stage.wires[&BOB].unwritten_most;
    assert!(most < 2 * 3_200, "{most} bytes");
    stage.take(BOB);
    stage.wires.get_mut(&BOB).expect("he is there").stuck = false;
    stage.step(Input::Timeout);
    let heard = stage.take_text(BOB);
    assert!(
        heard.contains("PAST 4\n"),
        "and once he reads he has it: {heard}"
    );

    stage.questions_wait = true;
    join(&mut stage, LATER, "carol", 3);
    say(&mut stage, LATER, "HISTORY ALL\n\n");
    stage.open(LATEST);
    say(&mut stage, LATEST, &hello("carol", 3, 2, "1 0"));
    assert_eq!(stage.questions(), 1);
    stage.questions_wait = false;
    stage.step(Input::Timeout);
    assert_eq!(
        stage.take_text(LATEST),
        "",
        "it was asked on another connection"
    );
    assert_eq!(ask(&mut stage, LATEST, "ALL").1, "HISTORY ALL 1 1\n\n");
}

/// A connection that became full after the question: the page is read when it takes more.
#[test]
fn a_question_waits_for_a_connection_that_is_full() {
    let limits = Limits {
        unwritten_bytes_max: 2_000,
        ..Limits::default()
    };
    let long = "x".repeat(3_000);
    // Full before the log is read for it, or between that and the answer.
    for before in [true, false] {
        let mut stage = two(limits.clone());
        lines(&mut stage, "ALL", 1..2);
        (stage.commits_wait, stage.questions_wait) = (before, !before);
        stage.wires.get_mut(&BOB).expect("he is there").stuck = true;
        if before {
            say(&mut stage, ALICE, &send("bob", 2, &long));
        }
        assert_eq!(say(&mut stage, BOB, "HISTORY ALL\n\n"), "");
        assert_eq!(stage.questions(), usize::from(!before));
        stage.commits_wait = false;
        stage.commit();
        if !before {
            say(&mut stage, ALICE, &send("bob", 2, &long));
        }
        stage.questions_wait = false;
        stage.step(Input::Timeout);
        let heard = stage.take_text(BOB);
        assert!(heard.starts_with("DELIVER 5\n") && !heard.contains("HISTORY"));
        stage.wires.get_mut(&BOB).expect("he is there").stuck = false;
        stage.step(Input::Timeout);
        assert!(stage.take_text(BOB).ends_with("HISTORY ALL 1 1\n\n"));
    }
}
