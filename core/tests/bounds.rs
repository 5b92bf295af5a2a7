//! What the server never passes: the window of a slow reader, the room of the log; and what it tells of its bounds.

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

fn hello(name: &str, attempt: u64, window: &str) -> String {
    let device = name.len();
    format!(
        "HELLO 1\nUser: {name}\nDevice: {device:032x}\nTry: {attempt}\nKeep: yes\nCursor: server\nWindow: {window}\n\n"
    )
}

/// Alice and bob, seqs 2 and 3; bob takes so much at once.
fn two(limits: Limits, window: &str) -> Stage {
    let mut stage = Stage::new(limits);
    for (conn, name, window) in [(ALICE, "alice", "256 262144"), (BOB, "bob", window)] {
        stage.open(conn);
        assert!(say(&mut stage, conn, &hello(name, 1, window)).starts_with("WELCOME"));
    }
    stage
}

/// Room for some thirty kilobytes of messages.
fn small_log() -> Limits {
    Limits {
        log_bytes_max: 40_000,
        log_reserve_bytes: 10_000,
        history_bytes_max: 5_000,
        ..Limits::default()
    }
}

/// The seqs of the deliveries in these bytes.
fn seqs(heard: &str) -> Vec<u64> {
    let heads = heard.split("DELIVER ").skip(1);
    let seq = |head: &str| head.lines().next().and_then(|seq| seq.parse().ok());
    heads.filter_map(seq).collect()
}

#[test]
fn as_many_deliveries_fly_as_the_window_says_and_no_more() {
    let mut stage = two(Limits::default(), "3 262144");
    let lines: String = (1..=9).map(|id| send("bob", id, "line")).collect();
    say(&mut stage, ALICE, &lines);
    assert_eq!(seqs(&stage.take_text(BOB)), [4, 5, 6]);
    // One ack opens it by one, another one by two; what was read from the log counts like what came live.
    assert_eq!(seqs(&say(&mut stage, BOB, "ACK 4\n\n")), [7]);
    assert_eq!(seqs(&say(&mut stage, BOB, "ACK 6\n\n")), [8, 9]);
    stage.open(LATER);
    let heard = say(&mut stage, LATER, &hello("bob", 2, "2 262144"));
    assert_eq!(seqs(&heard), [7, 8], "on a new connection they fly again");
}

#[test]
fn as_many_bytes_fly_as_the_window_says_and_one_delivery_always() {
    let body = "x".repeat(400);
    for (window, first) in [
        ("256 1000", &[4, 5][..]),
        ("256 499", &[4]),
        ("256 0", &[4]),
    ] {
        let mut stage = two(Limits::default(), window);
        let lines: String = (1..=4).map(|id| send("bob", id, &body)).collect();
        say(&mut stage, ALICE, &lines);
        assert_eq!(seqs(&stage.take_text(BOB)), first, "window {window}");
        let last = first[first.len() - 1];
        let heard = say(&mut stage, BOB, &format!("ACK {last}\n\n"));
        assert_eq!(seqs(&heard).len(), first.len(), "an ack opens it again");
        stage.open(LATER);
        let heard = say(&mut stage, LATER, &hello("bob", 2, window));
        let rest = &[6, 7][..];
        let next = if first.len() == 2 { rest } else { &[5] };
        assert_eq!(seqs(&heard), next, "window {window}, from the log");
    }
}

/// The engine tells its room with each commit; what was appended since then is taken off.
#[test]
fn what_is_not_committed_yet_takes_its_room() {
    let limits = Limits {
        log_bytes_max: 40_000,
        log_reserve_bytes: 10_000,
        ..Limits::default()
    };
    let mut stage = two(limits, "256 262144");
    stage.commits_wait = true;
    let lines: String = (1..=64)
        .map(|id| send("bob", id, &"x".repeat(1_000)))
        .collect();
    say(&mut stage, ALICE, &lines);
    let appended = stage.records().len();
    assert!(
        (10..30).contains(&appended),
        "{appended} in a log of 30,000"
    );
    stage.commits_wait = false;
    stage.commit();
    let heard = stage.take_text(ALICE);
    let refused = appended + 1;
    assert!(
        heard.contains(&format!("REJECTED {refused} 151 ")),
        "{heard}"
    );
}

#[test]
fn a_small_log_takes_any_number_of_lines_to_all_that_everybody_has() {
    let mut stage = two(small_log(), "256 262144");
    for id in 1..=200 {
        let heard = say(&mut stage, ALICE, &send("ALL", id, &"x".repeat(1_000)));
        stage.wait(Duration::from_millis(2));
        let told = heard + &stage.take_text(ALICE);
        let seq = id + 3;
        assert!(
            told.contains(&format!("ACCEPTED {id} {id} {seq}")),
            "{told}"
        );
        say(&mut stage, BOB, &format!("ACK {seq}\n\n"));
        stage.wait(Duration::from_millis(300));
    }
}

fn level(stage: &Stage, limit: &str) -> (u64, u64) {
    let status = stage.router.status();
    let mut levels = status.levels.iter();
    let level = levels.find(|level| level.limit == limit);
    level
        .map(|level| (level.now, level.max))
        .expect("it is told")
}

#[test]
fn what_is_bounded_can_be_read_from_the_running_server() {
    let mut stage = two(Limits::default(), "256 262144");
    stage.open(LATER);
    say(&mut stage, LATER, &hello("carolin", 1, "1 0"));
    stage.hang_up(LATER);
    for (conn, word) in [(ConnId(3), "TOSEND"), (ConnId(4), "TORECV")] {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {word} dora\n\n").as_bytes());
    }
    stage.open(ConnId(5));
    say(
        &mut stage,
        ALICE,
        &(send("bob", 1, "one") + &send("nobody", 2, "two")),
    );
    say(&mut stage, ALICE, "FROB\n\n");
    let status = stage.router.status();
    assert_eq!((status.sessions, status.classic), ((2, 1), 1));
    assert_eq!((status.log.0.0, status.log.1.0), (6, 6));
    assert_eq!(
        status.counts,
        [1, 1, 1, 1],
        "accepted, rejected, delivered, refused"
    );
    assert_eq!(level(&stage, "connections_max"), (5, 20_000));
    assert_eq!(level(&stage, "unregistered_connections_max").0, 1);
    assert_eq!(level(&stage, "users_max"), (4, 16_384));
    let frame = stage.take_text(BOB).len() as u64;
    assert_eq!(level(&stage, "owed_bytes_max").0, frame + 128);
    let words = status.to_string();
    assert!(
        words.starts_with("users online=2 away=1 classic=1 log head=6 committed=6 accepted=1 ")
    );
    assert!(words.contains(" connections_max=5/20000 "), "{words}");
    stage.say(ConnId(3), b"FROB\n\n");
    assert_eq!(stage.router.status().counts[3], 2, "of either level");
}

#[test]
fn what_waits_on_a_connection_can_be_read() {
    let mut stage = two(Limits::default(), "256 262144");
    stage.wires.get_mut(&BOB).expect("it is open").stuck = true;
    stage.commits_wait = true;
    say(&mut stage, ALICE, &send("bob", 1, "one"));
    let (before, _) = level(&stage, "unwritten_bytes_max");
    assert!(level(&stage, "uncommitted_bytes_max").0 > 128);
    // What is held until the commit counts like what was handed out.
    say(&mut stage, BOB, "WHO\n\n");
    let (held, _) = level(&stage, "unwritten_bytes_max");
    assert_eq!(
        held,
        before + "USERS\nContent-length: 10\n\nalice\nbob\n".len() as u64
    );
    stage.commits_wait = false;
    stage.commit();
    let handed = stage.take(BOB).len() as u64;
    assert_eq!(level(&stage, "unwritten_bytes_max").0, before + handed);
    assert_eq!(level(&stage, "uncommitted_bytes_max").0, 0);
    say(&mut stage, ALICE, "SEND bob\nId: 2\nConte");
    assert_eq!(level(&stage, "unread_bytes_max").0, 20);
}

/// Lines of a classic sender that wait for the one before them are kept too.
#[test]
fn lines_that_wait_for_an_answer_are_counted_as_unread() {
    let mut stage = Stage::new(Limits::default());
    let conns = [ConnId(0), ConnId(1), ConnId(2), ConnId(3)];
    for (conn, words) in
        conns
            .into_iter()
            .zip(["TOSEND dora", "TORECV dora", "TOSEND emil", "TORECV emil"])
    {
        stage.open(conn);
        stage.say(conn, format!("REGISTER {words}\n\n").as_bytes());
    }
    stage.wait(Duration::from_millis(100));
    for body in ["one", "two", "six"] {
        let line = format!("SEND emil\nContent-length: 3\n\n{body}");
        stage.say(conns[0], line.as_bytes());
    }
    let each = "emil".len() as u64 + 3 + 128;
    assert_eq!(level(&stage, "unread_bytes_max").0, 2 * each);
    say(&mut stage, conns[3], "RECEIVED dora\n\n");
    assert_eq!(level(&stage, "unread_bytes_max").0, each);
    say(&mut stage, conns[3], "RECEIVED dora\n\n");
    assert_eq!(level(&stage, "unread_bytes_max").0, 0);
}

#[test]
fn a_server_that_ends_says_so_and_asks_each_to_come_back_at_another_time() {
    let mut stage = two(Limits::default(), "256 262144");
    stage.open(LATER);
    stage.step(Input::Shutdown);
    let mut spread = Vec::new();
    for conn in [ALICE, BOB] {
        let heard = stage.take_text(conn);
        let (bye, after) = heard.split_once("\nRetry-after: ").expect("a time");
        assert_eq!(bye, "BYE 180 Shutting down");
        spread.push(after.trim().parse::<u64>().expect("milliseconds"));
        assert!(stage.is_closed(conn));
    }
    assert!(
        spread.iter().all(|time| *time <= 2_000) && spread[0] != spread[1],
        "{spread:?}"
    );
    assert_eq!(stage.take_text(LATER), "");
    assert!(stage.is_closed(LATER));
}

#[test]
fn a_body_may_be_as_long_as_the_limit_says() {
    let mut stage = two(Limits::default(), "256 262144");
    let longest = "x".repeat(Limits::default().body_bytes_max);
    let heard = say(&mut stage, ALICE, &send("bob", 1, &longest));
    assert_eq!(heard, "ACCEPTED 1 1 4 1\n\n");
}

#[test]
fn what_a_frame_says_counts_behind_any_number_of_unknown_headers() {
    let mut stage = two(Limits::default(), "256 262144");
    for (id, unknown) in [(1, 7), (2, 30), (3, 200)] {
        let unknown = "A:b\n".repeat(unknown);
        let frame = format!("SEND bob\n{unknown}Id: {id}\nContent-length: 2\nId: 9\n\nhi");
        let (heard, seq) = (say(&mut stage, ALICE, &frame), id + 3);
        assert_eq!(heard, format!("ACCEPTED {id} {id} {seq} {id}\n\n"));
    }
}

#[test]
fn a_page_of_a_history_counts_as_what_it_is() {
    let mut stage = two(Limits::default(), "256 262144");
    say(&mut stage, ALICE, &send("bob", 1, "one"));
    stage.take(BOB);
    stage.wires.get_mut(&BOB).expect("it is open").stuck = true;
    let page = say(&mut stage, BOB, "HISTORY alice\n\n");
    assert!(page.starts_with("PAST 4\n"), "{page}");
    assert_eq!(level(&stage, "unwritten_bytes_max").0, page.len() as u64);
}

/// The time begins when there is something to write, and no further frame prolongs it.
#[test]
fn what_nobody_takes_is_given_up_in_its_time() {
    let mut stage = two(Limits::default(), "256 262144");
    for _ in 0..7 {
        stage.wait(Duration::from_secs(3));
        say(&mut stage, ALICE, "PING\n\n");
        say(&mut stage, BOB, "PING\n\n");
    }
    stage.wires.get_mut(&BOB).expect("it is open").stuck = true;
    stage.wait(Duration::from_millis(700));
    for (id, body) in [(1, "one"), (2, "two"), (3, "three"), (4, "four")] {
        say(&mut stage, ALICE, &send("bob", id, body));
        stage.say(BOB, b"PONG\n\n");
        assert!(!stage.is_closed(BOB), "line {id}");
        stage.wait(Duration::from_millis(3_749));
        assert!(!stage.is_closed(BOB), "behind line {id}");
    }
    stage.wait(Duration::from_millis(4));
    assert!(stage.is_closed(BOB));
    let heard = stage.take_text(BOB);
    assert!(!heard.contains("ERROR"), "{heard}");
    assert!(!stage.is_closed(ALICE));
}

/// Of what was meant for all, who acks nothing loses the older half, and not all.
#[test]
fn what_is_given_up_is_the_older_half() {
    let limits = Limits {
        owed_bytes_max: 4_000,
        ..Limits::default()
    };
    let mut stage = two(limits, "256 262144");
    let mut heard = String::new();
    for id in 1..=30 {
        say(&mut stage, ALICE, &send("ALL", id, "a line to all"));
        heard += &stage.take_text(BOB);
        if heard.contains("REMOVED ALL") {
            let (_, number) = heard.split_once("REMOVED ALL ").expect("it is told");
            let number: u64 = number
                .lines()
                .next()
                .and_then(|n| n.parse().ok())
                .expect("a number");
            assert!((id / 3..=id * 2 / 3).contains(&number), "{number} of {id}");
            return;
        }
    }
    panic!("nothing was given up");
}

#[test]
fn an_ack_of_a_part_opens_the_window_by_that_part() {
    let mut stage = two(Limits::default(), "256 1200");
    let body = "x".repeat(400);
    let lines: String = (1..=6).map(|id| send("bob", id, &body)).collect();
    say(&mut stage, ALICE, &lines);
    assert_eq!(seqs(&stage.take_text(BOB)), [4, 5]);
    assert_eq!(seqs(&say(&mut stage, BOB, "ACK 4\n\n")), [6]);
    assert_eq!(seqs(&say(&mut stage, BOB, "ACK 5\n\n")), [7]);
}

/// What does not fit is refused before it is taken, however much is free.
#[test]
fn one_message_may_be_too_much() {
    let small = Limits {
        log_bytes_max: 40_000,
        log_reserve_bytes: 10_000,
        ..Limits::default()
    };
    let mut stage = two(small, "256 262144");
    let heard = say(&mut stage, ALICE, &send("bob", 1, &"x".repeat(31_000)));
    assert_eq!(heard, "REJECTED 1 151 Storage full\nRetry-after: 500\n\n");
    let owes_little = Limits {
        owed_bytes_max: 2_000,
        ..Limits::default()
    };
    let mut stage = two(owes_little, "256 262144");
    let heard = say(&mut stage, ALICE, &send("bob", 1, &"x".repeat(2_100)));
    assert_eq!(heard, "REJECTED 1 114 Recipient full\n\n");
}

/// What waited for somebody who is gone takes no room any more.
#[test]
fn who_leaves_makes_room() {
    let mut stage = two(small_log(), "256 262144");
    for id in 1..=60 {
        let heard = say(&mut stage, ALICE, &send("bob", id, &"x".repeat(2_000)));
        assert!(heard.contains(&format!("ACCEPTED {id} {id} ")), "{heard}");
        say(&mut stage, BOB, "BYE forget\n\n");
        stage.open(BOB);
        assert!(say(&mut stage, BOB, &hello("bob", id + 1, "1 0")).contains("WELCOME"));
        stage.wait(Duration::from_millis(300));
        stage.take(ALICE);
    }
}

#[test]
fn as_many_messages_to_all_are_counted_as_the_limit_says() {
    let limits = Limits {
        broadcasts_counted_max: 2,
        ..Limits::default()
    };
    let mut stage = two(limits, "256 262144");
    for id in 1..=3 {
        say(&mut stage, ALICE, &send("ALL", id, "to all"));
    }
    assert_eq!(level(&stage, "broadcasts_counted_max"), (2, 2));
    say(&mut stage, BOB, "ACK 6\n\n");
    stage.wait(Duration::from_secs(1));
    let heard = stage.take_text(ALICE);
    assert_eq!(heard, "RECEIPT ALL 5 1 1\n\nRECEIPT ALL 6 1 1\n\n");
}
