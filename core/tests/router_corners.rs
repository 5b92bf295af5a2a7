//! Corners of the server's core: those that were wrong once, each with the scenario that showed it, and those that
//! `core/PROTOCOL.md` settles in words.

#[path = "router_corners/answers.rs"]
mod answers;
#[path = "router_corners/classic.rs"]
mod classic;
#[path = "router_corners/conn.rs"]
mod conn;
#[path = "router_corners/names.rs"]
mod names;
mod stage;

use stage::Stage;
use stage::session::{hello, join, say, send};
use std::time::Duration;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;
use verbatim_core::router::Input;

const ALICE: ConnId = ConnId(0);
const BOB: ConnId = ConnId(1);
const LATER: ConnId = ConnId(2);
const LATEST: ConnId = ConnId(3);

/// Alice (5 letters) and bob (3), welcomed.
fn two() -> Stage {
    let mut stage = Stage::new(Limits::default());
    assert!(join(&mut stage, ALICE, &hello("alice", 1, "")).starts_with("WELCOME"));
    assert!(join(&mut stage, BOB, &hello("bob", 1, "")).starts_with("WELCOME"));
    stage
}

/// A release that is not committed yet when its sender is looked at has to be told when it is.
#[test]
fn left_is_told_though_nothing_else_happens() {
    let mut stage = two();
    say(&mut stage, ALICE, &send("bob", 1, "hi"));
    say(&mut stage, BOB, "BYE forget\n\n");
    stage.wait(Duration::from_secs(1));
    assert!(stage.take_text(ALICE).contains("RECEIPT bob 3 left 4"));
}

/// A rejection that waits for somebody else's commit has to be told when that returns.
#[test]
fn a_rejection_behind_anothers_commit_is_told() {
    let mut stage = two();
    stage.commits_wait = true;
    say(&mut stage, BOB, &send("alice", 1, "hi"));
    assert_eq!(say(&mut stage, ALICE, &send("nobody", 1, "hi")), "");
    stage.commits_wait = false;
    stage.commit();
    assert!(stage.take_text(ALICE).contains("REJECTED 1 102"));
}

/// Likewise one that is passing.
#[test]
fn a_passing_rejection_behind_anothers_commit_is_told() {
    let mut stage = two();
    stage.room = 0;
    stage.commit();
    stage.commits_wait = true;
    join(&mut stage, LATER, &hello("someone", 1, ""));
    assert_eq!(say(&mut stage, ALICE, &send("bob", 1, "hi")), "");
    stage.commits_wait = false;
    stage.commit();
    assert!(stage.take_text(ALICE).contains("REJECTED 1 151"));
}

/// A device that gave up its name twice: the first of its two counters must not stand for both.
#[test]
fn a_hello_of_a_former_user_is_void_for_ever() {
    let mut stage = two();
    say(&mut stage, BOB, "BYE forget\n\n");
    join(&mut stage, LATER, &hello("bob", 5, ""));
    say(&mut stage, LATER, "BYE forget\n\n");
    let late = join(&mut stage, LATEST, &hello("bob", 5, ""));
    assert_eq!(late, "REPLACED\nTry: 5\n\n");
}

/// The session was lost and the `WELCOME` that said so was lost too: the next one has to say it again, or the client
/// takes the new session's `Last` for the old one's and sends a second time what was delivered long ago.
#[test]
fn lost_is_told_until_it_is_heard() {
    let mut stage = two();
    say(&mut stage, ALICE, &send("bob", 1, "hi"));
    stage.hang_up(ALICE);
    for _ in 0..7 {
        say(&mut stage, BOB, "PING\n\n");
        stage.wait(Duration::from_secs(10));
    }
    let known = "Store: 3901\nEpoch: 77\nCursor: 2\nAccepted: 0\n";
    assert!(join(&mut stage, LATER, &hello("alice", 2, known)).contains("Lost: yes"));
    stage.hang_up(LATER);
    assert!(join(&mut stage, LATEST, &hello("alice", 3, known)).contains("Lost: yes"));
}

/// A device that has nothing but its secret hears of the loss until it has said that it knows: the program that was told
/// first may have died before it read the `WELCOME`, and whoever starts the next one would never hear it.
#[test]
fn lost_is_told_until_it_is_acked() {
    let mut stage = two();
    stage.hang_up(ALICE);
    for _ in 0..7 {
        say(&mut stage, BOB, "PING\n\n");
        stage.wait(Duration::from_secs(10));
    }
    let mut attempts = 2..;
    let mut again = |stage: &mut Stage| {
        let hello = hello("alice", attempts.next().unwrap(), "Cursor: server\n");
        join(stage, ConnId(10), &hello)
    };
    for _ in 0..2 {
        assert!(again(&mut stage).contains("Lost: yes"));
        stage.hang_up(ConnId(10));
    }
    let told = again(&mut stage);
    let cursor = told.lines().find_map(|line| line.strip_prefix("Cursor: "));
    assert!(told.contains("Lost: yes"));
    say(
        &mut stage,
        ConnId(10),
        &format!("ACK {}\n\n", cursor.unwrap()),
    );
    stage.hang_up(ConnId(10));
    assert!(!again(&mut stage).contains("Lost"));
}

/// Many questions in one read: the answers are counted as they are given, not when the read is over.
#[test]
fn a_flood_of_who_is_answered_within_the_bound() {
    let mut stage = two();
    for guest in 0..300 {
        let conn = ConnId(10 + guest);
        stage.open(conn);
        let hello = format!(
            "HELLO 1\nUser: {:0>32}\nDevice: {:032x}\nTry: 1\nKeep: no\n\n",
            guest,
            guest + 99
        );
        stage.say(conn, hello.as_bytes());
    }
    stage.wires.get_mut(&ALICE).unwrap().stuck = true;
    say(&mut stage, ALICE, &"WHO\n\n".repeat(5_000));
    let most = stage.wires[&ALICE].unwritten_most;
    let limit = Limits::default().unwritten_bytes_max;
    assert!(most >= limit && most < limit + 16 * 1024, "{most}");
    assert!(stage.wires[&ALICE].paused);
}

/// A store that writes while the next connection begins: its cursor jumps over what that connection had not sent yet.
#[test]
fn a_cursor_may_jump_over_what_was_sent_on_an_older_connection() {
    let mut stage = two();
    for id in 1..=3 {
        say(&mut stage, ALICE, &send("bob", id, "hi"));
    }
    stage.hang_up(BOB);
    let cursor = |seq: u64| format!("Store: 3901\nEpoch: 77\nCursor: {seq}\nWindow: 1 0\n");
    let hello_of =
        |attempt, seq| hello("bob", attempt, &cursor(seq)).replacen("Window: 256 262144\n", "", 1);
    assert!(join(&mut stage, LATER, &hello_of(2, 3)).contains("DELIVER 4"));
    stage.hang_up(LATER);
    stage.take(ALICE);
    join(&mut stage, LATEST, &hello_of(3, 6));
    stage.wait(Duration::from_secs(1));
    assert!(stage.take_text(ALICE).contains("RECEIPT bob 6"));
    let owed = stage.router.status().levels;
    let owed = owed
        .iter()
        .find(|level| level.limit == "owed_bytes_max")
        .unwrap();
    assert_eq!(owed.now, 0, "nothing is owed any more");
}

/// The log was full, what filled it was acked, and nobody can append: the room has to be found all the same.
#[test]
fn a_full_log_finds_its_room_again() {
    let limits = Limits {
        log_bytes_max: 6 << 20,
        ..Limits::default()
    };
    let mut stage = Stage::new(limits);
    join(&mut stage, ALICE, &hello("alice", 1, ""));
    join(&mut stage, BOB, &hello("bob", 1, ""));
    let body = "x".repeat(60_000);
    let fits =
        |stage: &mut Stage, id| say(stage, ALICE, &send("bob", id, &body)).contains("ACCEPTED");
    let full = (1..).find(|id| !fits(&mut stage, *id)).unwrap();
    for id in 1..full {
        say(&mut stage, BOB, &format!("ACK {}\n\n", 3 + id));
    }
    stage.wait(Limits::default().retry_time);
    assert!(fits(&mut stage, full), "what nobody is owed goes first");
}

/// An answer may come before the feed passes its seq, never after: gaps are looked for when the feed passes.
#[test]
fn an_answer_comes_before_a_delivery_of_a_higher_seq() {
    let mut stage = two();
    stage.commits_wait = true;
    say(&mut stage, ALICE, &send("bob", 1, "first"));
    say(&mut stage, BOB, &send("alice", 1, "second"));
    stage.commits_wait = false;
    stage.commit();
    let heard = stage.take_text(ALICE);
    let answer = heard.find("ACCEPTED 1 1 4").expect("an answer");
    let delivery = heard.find("DELIVER 5").expect("a delivery");
    assert!(answer < delivery, "{heard}");
}

/// A `HELLO` that is read late (here behind a classic line whose end had to be waited for) must not set a timer in the past.
/// The stage asserts that the deadline lies ahead after every call.
#[test]
fn a_late_hello_sets_no_timer_in_the_past() {
    let mut stage = Stage::new(Limits::default());
    stage.open(ALICE);
    stage.wait(Duration::from_secs(6));
    let late = format!("SEND bob\nContent-length: 2\n\né{}", hello("alice", 1, ""));
    say(&mut stage, ALICE, &late);
    stage.wait(Duration::from_secs(1));
    assert!(stage.take_text(ALICE).contains("WELCOME"));
}

/// Refusals that wait for a commit are counted like what is handed out: a flood of them stops the reading.
#[test]
fn a_flood_of_refusals_behind_a_commit_is_bounded() {
    let mut stage = two();
    stage.open(LATER);
    stage.commits_wait = true;
    say(&mut stage, BOB, &send("alice", 1, "hi"));
    let flood = "X\n\n".repeat(20_000);
    for _ in 0..100 {
        if !stage.wires[&LATER].paused {
            stage.say(LATER, flood.as_bytes());
        }
    }
    assert!(stage.wires[&LATER].paused);
    stage.wires.get_mut(&LATER).unwrap().stuck = true;
    stage.commits_wait = false;
    stage.commit();
    let most = stage.wires[&LATER].unwritten_most;
    assert!(most <= Limits::default().unwritten_bytes_max + 64, "{most}");
    stage.wires.get_mut(&LATER).unwrap().stuck = false;
    stage.step(Input::Timeout);
    assert!(
        !stage.wires[&LATER].paused,
        "it goes on when that is written"
    );
}

/// Bob, who acks nothing, is owed three lines of his own and two to all; the third to all is the last that fits.
fn owed_too_much() -> (Stage, String) {
    let limits = Limits {
        owed_bytes_max: 900,
        ..Limits::default()
    };
    let mut stage = Stage::new(limits);
    join(&mut stage, ALICE, &hello("alice", 1, ""));
    join(&mut stage, BOB, &hello("bob", 1, ""));
    let own = (1..=3).map(|id| send("bob", id, "hi"));
    let all = (4..=6).map(|id| send("ALL", id, "ho"));
    let frames: String = own.chain(all).collect();
    say(&mut stage, ALICE, &frames);
    let heard = stage.take_text(BOB);
    (stage, heard)
}

/// What was removed has to be told before anything behind it is delivered: else its reader finds a gap, and one whose
/// link is cut between the two never hears of it.
#[test]
fn removed_comes_before_what_is_behind_it() {
    let (_, heard) = owed_too_much();
    let removed = heard.find("REMOVED ALL 2").unwrap();
    let next = heard.find("To: ALL\nNumber: 3").unwrap();
    assert!(removed < next, "{heard}");
}

/// A device that has come further has heard what was removed; one that has not hears it again.
#[test]
fn removed_is_told_again_only_to_whom_it_is_news() {
    let (mut stage, _) = owed_too_much();
    let again = join(&mut stage, LATER, &hello("bob", 2, ""));
    assert!(again.contains("REMOVED ALL 2"), "{again}");
    say(&mut stage, LATER, "ACK 9\n\n");
    let again = join(&mut stage, LATEST, &hello("bob", 3, ""));
    assert!(
        again.starts_with("WELCOME") && !again.contains("REMOVED"),
        "{again}"
    );
}

/// A line to all that was given up before it was acked counts as delivered to nobody, though it flew once.
#[test]
fn what_was_given_up_is_not_counted_as_delivered() {
    let mut stage = Stage::new(Limits {
        owed_bytes_max: 1_000,
        ..Limits::default()
    });
    join(&mut stage, ALICE, &hello("alice", 1, ""));
    join(&mut stage, BOB, &hello("bob", 1, ""));
    say(&mut stage, ALICE, &send("ALL", 1, "never acked"));
    assert!(stage.take_text(BOB).contains("DELIVER 4"));
    stage.hang_up(BOB);
    let long = "a".repeat(800);
    say(&mut stage, ALICE, &send("ALL", 2, &long));
    let cursor = "Store: 3901\nEpoch: 77\nCursor: 3\nAccepted: 0\n";
    let welcome = join(&mut stage, LATER, &hello("bob", 2, cursor));
    assert!(welcome.contains("REMOVED ALL 2"), "{welcome}");
    say(&mut stage, ALICE, &send("bob", 3, "hi"));
    say(&mut stage, LATER, "ACK 6\n\n");
    stage.wait(Duration::from_secs(1));
    let told = stage.take_text(ALICE);
    assert!(told.contains("RECEIPT bob 6"), "{told}");
    assert!(!told.contains("RECEIPT ALL"), "{told}");
}

/// What a user is owed never passes its limit, also when most of what could go is acked already.
#[test]
fn what_is_owed_stays_within_its_limit() {
    let mut stage = Stage::new(Limits {
        owed_bytes_max: 2_000,
        ..Limits::default()
    });
    join(&mut stage, ALICE, &hello("alice", 1, ""));
    join(&mut stage, BOB, &hello("bob", 1, ""));
    let body = |bytes| "a".repeat(bytes);
    for id in 1..=3 {
        say(&mut stage, ALICE, &send("ALL", id, &body(200)));
    }
    say(&mut stage, BOB, "ACK 5\n\n");
    for id in 4..=6 {
        say(&mut stage, ALICE, &send("bob", id, &body(200)));
    }
    say(&mut stage, ALICE, &send("ALL", 7, &body(700)));
    let levels = stage.router.status().levels;
    let owed = levels.iter().find(|level| level.limit == "owed_bytes_max");
    assert!(owed.is_some_and(|owed| owed.now <= owed.max), "{owed:?}");
}

/// One who acks nothing and writes to all: its own lines are kept behind what it has not acked, and must not fill the log
/// for everybody else.
#[test]
fn who_acks_nothing_and_writes_to_all_leaves_room() {
    for owed in ["ALL", "bob"] {
        let limits = Limits {
            owed_bytes_max: 5 * 1024,
            log_bytes_max: 24 * 1024,
            log_reserve_bytes: 1024,
            ..Limits::default()
        };
        let mut stage = Stage::new(limits);
        join(&mut stage, ALICE, &hello("alice", 1, ""));
        join(&mut stage, BOB, &hello("bob", 1, ""));
        say(&mut stage, ALICE, &send(owed, 1, "not acked"));
        for id in 1..=200 {
            say(&mut stage, BOB, &send("ALL", id, "a line to all"));
            let come = stage.take_text(ALICE);
            let mut seqs = come
                .lines()
                .filter_map(|line| line.strip_prefix("DELIVER "));
            let latest = seqs
                .next_back()
                .map(|words| words.split(' ').next().unwrap());
            if let Some(seq) = latest {
                say(&mut stage, ALICE, &format!("ACK {seq}\n\n"));
            }
        }
        stage.wait(Duration::from_secs(1));
        let mut answer = say(&mut stage, ALICE, &send("ALL", 2, &"hi ".repeat(100)));
        stage.wait(Duration::from_secs(1));
        answer += &stage.take_text(ALICE);
        assert!(answer.contains("ACCEPTED 2"), "owed to {owed}: {answer}");
        stage.hang_up(BOB);
        let again = join(&mut stage, LATER, &hello("bob", 2, "Cursor: server\n"));
        assert_eq!(again.contains("REMOVED ALL"), owed == "ALL", "{again}");
        assert!(again.contains("ALL") && again.contains("hi"), "{again}");
    }
}
