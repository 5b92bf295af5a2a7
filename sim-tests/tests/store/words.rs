//! What a store says of what it was told: states, histories, and what the next run begins with.

use sim_tests::power::store::{Program, Server, alice, bob, history, open};
use sim_tests::power::{Fate, Plate};
use std::time::Duration;
use verbatim_core::client::{Input, Keep, LineId, LineState, Message, Notice, Output};
use verbatim_core::code::Code;
use verbatim_core::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId, Try};
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::Wall;
use verbatim_core::wire::Place;
use verbatim_net::store::{Said, Store};

fn queued(line: u64, to: Recipient, expires: Option<u64>) -> Output {
    Output::Keep(Keep::Queued {
        line: LineId(line),
        to,
        body: format!("line {line}"),
        taken: Wall(1_000),
        expires: expires.map(Wall),
    })
}

fn sent(line: u64, id: u64) -> Output {
    let (line, id) = (LineId(line), MessageId(id));
    Output::Keep(Keep::Sent { line, id })
}

fn state(line: u64, state: LineState) -> Output {
    let line = LineId(line);
    Output::Show(Notice::Line { line, state })
}

fn accepted(line: u64, seq: u64) -> Output {
    let (seq, number) = (Seq(seq), Number(seq));
    state(line, LineState::Accepted { seq, number })
}

fn message(seq: u64, from: &str, to: Recipient) -> Output {
    Output::Deliver(Box::new(Message {
        seq: Seq(seq),
        from: Name::parse(from.as_bytes()).unwrap(),
        to,
        number: Number(seq),
        time: seq,
        body: format!("{from} {seq}"),
        may_repeat: false,
    }))
}

fn cursor(seq: u64) -> Output {
    Output::Keep(Keep::Cursor {
        store: StoreId(9),
        epoch: Epoch(5),
        seq: Seq(seq),
    })
}

fn me() -> Recipient {
    Recipient::User(alice())
}

fn said(
    store: &mut Store,
    with: Option<Recipient>,
    before: u64,
    count: usize,
) -> (Vec<String>, bool) {
    let page = store.page(with, before, count).unwrap();
    let word = |said| match said {
        Said::Message(message) => message.body,
        Said::Line { body, state, .. } => format!("{body} [{state}]"),
    };
    let words = page.past.into_iter().map(|past| word(past.said));
    (words.collect(), page.more)
}

#[test]
fn a_history_is_told_in_pages_by_conversation_or_all() {
    let plate = Plate::default();
    let mut store = open(&plate).unwrap();
    let carol = Recipient::parse(b"carol").unwrap();
    let kept = store.keep(&[
        message(1, "Bob", me()),
        message(2, "carol", me()),
        queued(1, bob(), None),
        message(3, "bob", Recipient::All),
        // By another device of this user.
        message(4, "alice", carol),
        message(5, "bob", me()),
        cursor(5),
    ]);
    assert_eq!(kept.unwrap(), Some(Seq(5)));
    let all = |with| said(&mut open(&plate).unwrap(), with, u64::MAX, 9);
    drop(store);
    let bobs = ["Bob 1", "line 1 [queued]", "bob 5"]
        .map(String::from)
        .to_vec();
    assert_eq!(all(Some(bob())), (bobs, false));
    assert_eq!(all(Some(carol)).0, ["carol 2", "alice 4"]);
    assert_eq!(all(Some(Recipient::All)).0, ["bob 3"]);
    assert_eq!(all(None).0.len(), 6);
    let mut store = open(&plate).unwrap();
    let (last, more) = said(&mut store, None, u64::MAX, 2);
    assert_eq!((last, more), (vec!["alice 4".into(), "bob 5".into()], true));
    let (two, more) = said(&mut store, None, 5, 4);
    assert_eq!((two[0].as_str(), two.len(), more), ("Bob 1", 4, false));
}

/// What a server is asked for lies before that; a line that waited long is younger than what came meanwhile.
#[test]
fn a_conversation_begins_where_the_log_has_its_first_message() {
    let plate = Plate::default();
    let mut store = open(&plate).unwrap();
    let first = |store: &mut Store, with| store.first_of(with).unwrap().map(|(seq, _)| seq.0);
    store.keep(&[queued(1, bob(), None), sent(1, 1)]).unwrap();
    assert_eq!(first(&mut store, bob()), None, "nobody knows where it is");
    let later = [message(5, "bob", me()), message(6, "bob", Recipient::All)];
    store.keep(&later).unwrap();
    store.keep(&[accepted(1, 9), cursor(9)]).unwrap();
    assert_eq!(first(&mut store, bob()), Some(5));
    assert_eq!(first(&mut store, Recipient::All), Some(6));
    let carol = Recipient::parse(b"carol").unwrap();
    store
        .keep(&[queued(2, carol, None), accepted(2, 7)])
        .unwrap();
    assert_eq!(first(&mut store, carol), Some(7));

    // What was said to a server that has lost it is no part of its log, also for later runs.
    let lost = Notice::Lost {
        unanswered: 0,
        unreceipted: 0,
    };
    store.keep(&[Output::Show(lost), cursor(2)]).unwrap();
    store.close().unwrap();
    let mut store = open(&plate).unwrap();
    assert_eq!(first(&mut store, bob()), None);
    store.keep(&[message(3, "bob", me()), cursor(3)]).unwrap();
    assert_eq!(first(&mut store, bob()), Some(3));
    assert_eq!(first(&mut store, carol), None);
}

#[test]
fn the_next_run_begins_where_this_one_was() {
    let plate = Plate::default();
    let mut store = open(&plate).unwrap();
    let start = store.start();
    assert_eq!(
        (start.place, start.accepted),
        (Place::New, Some(MessageId(0)))
    );
    store
        .keep(&[
            Output::Keep(Keep::Attempt(Try(4))),
            queued(1, bob(), None),
            queued(2, bob(), Some(9_000)),
            queued(3, Recipient::All, None),
            queued(4, bob(), Some(3_000)),
            sent(1, 1),
            sent(2, 2),
            sent(3, 3),
            accepted(1, 10),
            Output::Keep(Keep::Accepted(MessageId(1))),
            Output::Keep(Keep::Delivered(Seq(9))),
            cursor(7),
        ])
        .unwrap();
    drop(store);
    let mut store = open(&plate).unwrap();
    let start = store.start();
    assert_eq!((start.attempt, start.allotted), (Try(4), MessageId(3)));
    assert_eq!(
        (start.accepted, start.delivered),
        (Some(MessageId(1)), Seq(9))
    );
    let seq = Seq(7);
    let (log, epoch) = (StoreId(9), Epoch(5));
    assert_eq!(
        start.place,
        Place::Cursor {
            store: log,
            epoch,
            seq
        }
    );
    let restored = store.restore(LineId(1), LineId(100), Wall(2_000)).unwrap();
    assert_eq!(restored.first, MessageId(2));
    let sent: Vec<_> = restored
        .sent
        .iter()
        .map(|line| (line.line.0, line.body.as_str()))
        .collect();
    assert_eq!(sent, [(1, "line 2"), (2, "line 3")]);
    assert_eq!(restored.sent[0].age_max, Some(Duration::from_secs(7)));
    assert_eq!(restored.queued.len(), 1);
    assert_eq!(restored.queued[0].age_max, Some(Duration::from_secs(1)));
    let awaited = restored.accepted[0];
    assert_eq!(
        (awaited.line, awaited.seq, awaited.count),
        (LineId(100), Seq(10), None)
    );
}

#[test]
fn a_clock_that_was_put_back_lets_no_line_wait_longer_than_at_first() {
    let plate = Plate::default();
    let mut store = open(&plate).unwrap();
    store.keep(&[queued(1, bob(), Some(3_000))]).unwrap();
    for (wall, left) in [(0, 2_000), (2_500, 500), (9_000, 0)] {
        let restored = store.restore(LineId(1), LineId(9), Wall(wall)).unwrap();
        let age_max = Some(Duration::from_millis(left));
        assert_eq!(restored.queued[0].age_max, age_max, "{wall}");
    }
}

#[test]
fn states_of_lines_of_earlier_runs_go_on() {
    let plate = Plate::default();
    let mut store = open(&plate).unwrap();
    let lines =
        (1..=5).map(|line| queued(line, if line == 2 { Recipient::All } else { bob() }, None));
    store.keep(&lines.collect::<Vec<_>>()).unwrap();
    let all: Vec<_> = (1..=5).map(|line| sent(line, line)).collect();
    store.keep(&all).unwrap();
    let answers = [
        accepted(1, 11),
        accepted(2, 12),
        state(3, LineState::Rejected(Code(114))),
        accepted(4, 14),
    ];
    store.keep(&answers).unwrap();
    store
        .keep(&[state(2, LineState::Counted { count: 1, of: 3 })])
        .unwrap();
    store.close().unwrap();

    let mut store = open(&plate).unwrap();
    let restored = store.restore(LineId(1), LineId(100), Wall(0)).unwrap();
    assert_eq!(restored.accepted.len(), 3);
    assert_eq!(restored.accepted[1].count, Some(1));
    store
        .keep(&[
            state(100, LineState::Delivered),
            state(101, LineState::Counted { count: 3, of: 3 }),
            state(102, LineState::Left),
            state(1, LineState::Unknown),
        ])
        .unwrap();
    store.close().unwrap();
    let mut store = open(&plate).unwrap();
    let restored = store.restore(LineId(1), LineId(100), Wall(0)).unwrap();
    assert_eq!(restored, Default::default());
    assert_eq!(
        said(&mut store, None, u64::MAX, 9).0,
        [
            "line 1 [delivered]",
            "line 2 [delivered to 3 of 3]",
            "line 3 [rejected: 114 Recipient full]",
            "line 4 [left]",
            "line 5 [unknown]"
        ]
    );
}

#[test]
fn a_lost_session_ends_the_wait_for_receipts() {
    let plate = Plate::default();
    let mut store = open(&plate).unwrap();
    store
        .keep(&[queued(1, bob(), None), sent(1, 1), accepted(1, 11)])
        .unwrap();
    let lost = Notice::Lost {
        unanswered: 0,
        unreceipted: 1,
    };
    store.keep(&[Output::Show(lost), cursor(3)]).unwrap();
    drop(store);
    let mut store = open(&plate).unwrap();
    let restored = store.restore(LineId(1), LineId(100), Wall(0)).unwrap();
    assert_eq!(restored.accepted, []);
    assert_eq!(said(&mut store, None, u64::MAX, 9).0, ["line 1 [accepted]"]);
}

#[test]
fn a_line_that_went_out_without_an_id_is_not_sent_again() {
    let plate = Plate::default();
    let mut store = open(&plate).unwrap();
    store
        .keep(&[queued(1, bob(), None), queued(2, bob(), None)])
        .unwrap();
    store.on_state_without_ids(LineId(1), LineState::Sent);
    store.close().unwrap();
    let mut store = open(&plate).unwrap();
    let restored = store.restore(LineId(1), LineId(100), Wall(0)).unwrap();
    assert_eq!((restored.sent.len(), restored.queued.len()), (0, 1));
    assert_eq!(
        said(&mut store, None, u64::MAX, 9).0,
        ["line 1 [unknown]", "line 2 [queued]"]
    );
}

#[test]
fn a_new_device_keeps_what_was_said_and_what_is_queued() {
    let plate = Plate::default();
    let mut store = open(&plate).unwrap();
    store
        .keep(&[
            Output::Keep(Keep::Attempt(Try(4))),
            queued(1, bob(), None),
            message(3, "bob", me()),
            cursor(3),
        ])
        .unwrap();
    store.renew(DeviceId::new([8; 16])).unwrap();
    drop(store);
    let mut store = open(&plate).unwrap();
    assert_eq!(store.device(), DeviceId::new([8; 16]));
    assert_eq!(store.start(), verbatim_core::client::Start::NEW);
    let restored = store.restore(LineId(1), LineId(100), Wall(0)).unwrap();
    assert_eq!(restored.queued.len(), 1);
    assert_eq!(
        said(&mut store, None, u64::MAX, 9).0,
        ["line 1 [queued]", "bob 3"]
    );
}

#[test]
fn a_full_disk_loses_nothing_and_acks_nothing_until_there_is_room() {
    let (plate, mut server) = (Plate::default(), Server::default());
    let mut program = Program::start(&plate, None).unwrap();
    program.connect(&mut server).unwrap();
    plate.set_room(Some(plate.length()));
    let long = "x".repeat(60_000);
    let mut full = false;
    let mut typed = 0;
    while !full {
        typed += 1;
        assert!(typed < 1_000, "the disk is never full");
        full = program.types(&format!("{typed}{long}")).is_err();
        if !full {
            program.talk(&mut server).unwrap();
        }
    }
    // The driver ends the connection; what comes meanwhile is not lost either.
    assert!(
        program.to_server.is_empty(),
        "nothing leaves that is not kept"
    );
    program.cut().unwrap();
    assert!(program.types("while it is full").is_err());
    assert!(program.store.settle().is_err());
    plate.set_room(None);
    program.store.settle().unwrap();
    program.connect(&mut server).unwrap();
    assert_eq!(server.own().len(), typed + 1);
    let (_, lines) = history(&mut program.store).unwrap();
    assert_eq!(lines.len(), typed + 1);
    assert!(
        lines
            .iter()
            .all(|(_, state)| matches!(state, LineState::Accepted { .. }))
    );
    program.input(Input::Leave { forget: false }).unwrap();
}

#[test]
fn a_disk_that_failed_is_not_trusted_again() {
    let plate = Plate::default();
    let mut store = open(&plate).unwrap();
    plate.cut_after(0);
    assert!(store.keep(&[queued(1, bob(), None)]).is_err());
    plate.power_cut_with(|_| Fate::There);
    let again = store.settle().unwrap_err().to_string();
    assert!(again.contains("no power"), "{again}");
}

#[test]
fn receipts_and_answers_alone_cost_no_sync() {
    let plate = Plate::default();
    let mut store = open(&plate).unwrap();
    store.keep(&[queued(1, bob(), None), sent(1, 1)]).unwrap();
    let before = plate.operations();
    store
        .keep(&[accepted(1, 5), Output::Keep(Keep::Accepted(MessageId(1)))])
        .unwrap();
    store
        .keep(&[
            state(1, LineState::Delivered),
            Output::Keep(Keep::Delivered(Seq(5))),
        ])
        .unwrap();
    assert_eq!(plate.operations(), before);
    assert!(store.is_behind());
    store.settle().unwrap();
    assert!(plate.operations() > before && !store.is_behind());
}
