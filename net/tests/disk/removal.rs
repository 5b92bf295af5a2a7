//! One text taken out of the log: what stays, what is told, and what the file is like then.

use crate::ground::{Author, Ground};
use verbatim_core::id::{Number, Seq, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::now::Wall;
use verbatim_core::record::{Conversation, What};
use verbatim_core::router::Question;
use verbatim_core::wire::Delivery;
use verbatim_net::engine::disk::{Disk, Found, NotRemoved, body_hash, check, remove_text};
use verbatim_net::engine::{Engine, Fault};

const SECRET: &str = "the password is xyzzy-0451-swordfish";

/// Ann and Ben talk, one record a commit; gives the seq of Ann's secret. A checkpoint comes after `rhythm` records.
fn talk(ground: &Ground, rhythm: usize) -> (Author, Disk, Seq) {
    let (mut author, mut engine) = (Author::default(), ground.engine(rhythm));
    engine.load().unwrap();
    author.start(1);
    let (ann, ben) = (author.session("ann", 1), author.session("ben", 2));
    author.message(ben, None, "hi all");
    author.message(ann, Some(ben), SECRET);
    let seq = author.space.head();
    author.message(ben, Some(ann), "oh");
    author.message(ann, Some(ben), &"and more ".repeat(30));
    for record in author.records.clone() {
        engine.append(record);
        engine.commit().unwrap();
    }
    (author, engine, seq)
}

/// How often bytes stand in the log's file and in its journal.
fn count(ground: &Ground, wanted: &str) -> usize {
    let files = [ground.file(), ground.journal()];
    let count = |file| {
        let bytes = std::fs::read(file).unwrap_or_default();
        let windows = bytes.windows(wanted.len());
        windows.filter(|part| *part == wanted.as_bytes()).count()
    };
    files.into_iter().map(count).sum()
}

fn question(before: u64) -> Question {
    Question {
        user: UserId(Seq(2)),
        opened: 1,
        conversation: Conversation::Pair(UserId(Seq(2)), UserId(Seq(3))),
        before: Number(before),
        messages_max: 9,
        bytes_max: 1 << 20,
    }
}

/// A page of Ben's feed, and one of the conversation, of which one message has no text.
fn look(engine: &Disk, author: &Author, seq: Seq) {
    let page = engine.read(UserId(Seq(3)), Seq(0), 9, 1 << 20).unwrap();
    let past = engine.recall(&question(4)).unwrap();
    assert_eq!((page.messages.len(), past.messages.len()), (3, 3));
    for message in page.messages.iter().chain(&past.messages) {
        let What::Message(written) = &author.records[message.seq.0 as usize - 1].what else {
            panic!("a page has messages");
        };
        let gone = message.seq == seq;
        let expected = Delivery {
            body: if gone { "" } else { written.body() },
            removed: gone,
            ..written.delivery()
        };
        assert_eq!(message.delivery(), expected);
        assert_eq!(message.counted(), written.frame().len());
        assert_eq!((message.id, message.hash), (written.id, written.hash));
    }
}

#[test]
fn the_text_is_gone_and_all_else_stays() {
    // In the tail behind the checkpoint, in the midst of one that is there, and with none at all.
    for rhythm in [1, 4, 1_000] {
        let ground = Ground::new("text");
        let (author, mut engine, seq) = talk(&ground, rhythm);
        let (proof, room) = (engine.proof(), engine.room());
        assert!(count(&ground, SECRET) > 0);
        let removal = engine.remove_text(seq).unwrap();
        assert_eq!((removal.seq, removal.bytes), (seq, SECRET.len()));
        assert_eq!((removal.from.as_str(), removal.to.as_str()), ("ann", "ben"));
        assert_eq!(removal.hash, body_hash(SECRET.as_bytes()));
        assert_eq!((count(&ground, SECRET), removal.copies > 0), (0, true));
        assert_eq!((engine.proof(), engine.room()), (proof, room));
        for _ in 0..2 {
            look(&engine, &author, seq);
            drop(engine);
            let mut texts = Vec::new();
            let checked = check(&mut ground.medium(), &mut |found| {
                if let Found::Record(record, _, hash) = found
                    && let What::Message(message) = &record.what
                {
                    texts.push((record.seq, message.delivery().removed, *hash));
                }
                Ok(())
            });
            assert_eq!(Some(checked.unwrap().proof), proof);
            let gone: Vec<_> = texts.iter().filter(|(_, removed, _)| *removed).collect();
            assert_eq!(gone, [&(seq, true, body_hash(SECRET.as_bytes()))]);
            engine = ground.engine(rhythm);
            let loaded = engine.load().unwrap();
            assert_eq!(loaded.saved.space.save(), author.space.save());
            assert_eq!(engine.room(), room);
        }
        let mut author = author;
        let at = author.records.len();
        author.message(UserId(Seq(2)), None, "and on it goes");
        author.commit(&mut engine, at);
    }
}

#[test]
fn what_cannot_be_removed_is_told_and_nothing_changes() {
    let ground = Ground::new("no-text");
    let (author, mut engine, seq) = talk(&ground, 4);
    let head = author.space.head();
    for (asked, why) in [
        (Seq(0), NotRemoved::NoRecord(head)),
        (head.next(), NotRemoved::NoRecord(head)),
        (Seq(1), NotRemoved::NoMessage),
        (Seq(2), NotRemoved::NoMessage),
    ] {
        assert_eq!(engine.remove_text(asked), Err(why), "{asked}");
    }
    // While somebody copies what is committed now.
    let view = engine.view().unwrap();
    assert_eq!(engine.remove_text(seq), Err(NotRemoved::BeingCopied));
    drop(view);
    engine.remove_text(seq).unwrap();
    assert_eq!(engine.remove_text(seq), Err(NotRemoved::Already(0)));
}

#[test]
fn a_removed_beginning_has_no_texts() {
    let ground = Ground::new("no-beginning");
    let (_, engine, seq) = talk(&ground, 4);
    drop(engine);
    let limits = Limits {
        kept_bytes_max: Some(0),
        ..Limits::default()
    };
    let mut engine = ground.engine_with(4, &limits);
    engine.load().unwrap();
    let before = engine.room();
    engine.remove_text(Seq(seq.0 + 1)).unwrap();
    engine.trim(Seq(seq.0 + 1), 0);
    engine.commit().unwrap();
    let removed = engine.removed();
    assert!(removed >= seq && engine.room() > before, "{removed}");
    assert_eq!(engine.remove_text(seq), Err(NotRemoved::Forgotten(removed)));
    // Nothing that was counted is left over, with or without a text.
    engine.trim(Seq(7), 0);
    engine.commit().unwrap();
    assert_eq!(
        (engine.removed(), engine.room()),
        (Seq(7), limits.log_bytes_max)
    );
}

#[test]
fn a_copy_that_was_left_is_overwritten_when_it_is_asked_again() {
    let ground = Ground::new("left-over");
    let (_, mut engine, seq) = talk(&ground, 4);
    engine.fold().unwrap();
    let before = std::fs::read(ground.file()).unwrap();
    engine.remove_text(seq).unwrap();
    drop(engine);
    // As if the power had gone before it was overwritten: it stands in some page that nobody reads, behind its head.
    let at = before
        .windows(SECRET.len())
        .position(|part| part == SECRET.as_bytes());
    let (from, to) = (at.unwrap() - 60, at.unwrap() + SECRET.len());
    let whole = std::fs::read(ground.file()).unwrap();
    let leave = |place: &usize| {
        let mut bytes = whole.clone();
        bytes[*place..*place + to - from].copy_from_slice(&before[from..to]);
        std::fs::write(ground.file(), bytes).unwrap();
        check(&mut ground.medium(), &mut |_| Ok(())).is_ok()
    };
    let empty = |place: &usize| whole[*place..*place + 200].iter().all(|byte| *byte == 0);
    let places = (0..whole.len() - 200).step_by(512);
    places.rev().filter(empty).find(leave).unwrap();
    assert_eq!(count(&ground, SECRET), 1);
    let again = remove_text(Box::new(ground.medium()), seq);
    assert_eq!(again, Err(NotRemoved::Already(1)));
    assert_eq!(count(&ground, SECRET), 0);
    check(&mut ground.medium(), &mut |_| Ok(())).unwrap();
}

#[test]
fn a_log_that_is_damaged_there_is_left_alone() {
    let ground = Ground::new("damaged");
    let (_, mut engine, seq) = talk(&ground, 4);
    engine.close().unwrap();
    drop(engine);
    let mut bytes = std::fs::read(ground.file()).unwrap();
    let places: Vec<usize> = (0..bytes.len() - SECRET.len())
        .filter(|at| bytes[*at..].starts_with(SECRET.as_bytes()))
        .collect();
    places.iter().for_each(|at| bytes[*at] ^= 1);
    std::fs::write(ground.file(), &bytes).unwrap();
    match remove_text(Box::new(ground.medium()), seq) {
        Err(NotRemoved::Unreadable(failure)) => assert_eq!(failure.fault, Fault::Damaged),
        other => panic!("{other:?}"),
    }
    let nowhere = Ground::new("nowhere");
    let why = remove_text(Box::new(nowhere.medium()), seq);
    assert!(matches!(why, Err(NotRemoved::Unreadable(failure)) if failure.fault == Fault::Io));
    assert!(!nowhere.file().exists());
}

#[test]
fn a_backup_made_afterwards_is_free_of_it() {
    let ground = Ground::new("backup-free");
    let (author, mut engine, seq) = talk(&ground, 4);
    engine.remove_text(seq).unwrap();
    let file = ground.file().with_file_name("backup");
    let proof = engine.view().unwrap().copy(&file, Wall(1)).unwrap();
    assert_eq!(Some(proof), engine.proof());
    engine.close().unwrap();
    drop(engine);
    std::fs::rename(&file, ground.file()).unwrap();
    assert_eq!(count(&ground, SECRET), 0);
    let mut engine = ground.engine(4);
    engine.load().unwrap();
    look(&engine, &author, seq);
}
