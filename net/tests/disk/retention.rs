//! A log whose beginning is forgotten: what went, what is told of it, and what the file is like then.

use crate::ground::{Author, Ground};
use std::time::Duration;
use verbatim_core::id::{Number, Seq, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::name::Recipient;
use verbatim_core::now::Wall;
use verbatim_core::record::{Holder, What};
use verbatim_core::router::Removed;
use verbatim_net::engine::Engine;
use verbatim_net::engine::disk::{Checked, Disk, Found, check};

/// What a message counts beside its frame.
const OVERHEAD: u64 = 128;

pub fn keeps(bytes: Option<u64>, time: Option<u64>) -> Limits {
    Limits {
        kept_bytes_max: bytes,
        kept_time_max: time.map(Duration::from_secs),
        log_bytes_max: 1 << 30,
        message_overhead_bytes: OVERHEAD,
        ..Limits::default()
    }
}

/// Ann and Ben, and so many messages from one to the other, some of them to all, in commits of ten.
pub fn talk(author: &mut Author, engine: &mut Disk, messages: usize) -> (UserId, UserId) {
    let from = author.records.len();
    let (ann, ben) = match from {
        0 => {
            author.start(1);
            (author.session("ann", 1), author.session("ben", 2))
        }
        _ => (UserId(Seq(2)), UserId(Seq(3))),
    };
    author.commit(engine, from);
    for index in 0..messages {
        let at = author.records.len();
        let body = format!("message {index} {}", "x".repeat(150));
        match index % 5 {
            0 => author.message(ben, Some(ann), &body),
            1 => author.message(ann, None, &body),
            _ => author.message(ann, Some(ben), &body),
        }
        engine.append(author.records[at].clone());
        if index % 10 == 9 {
            engine.commit().unwrap();
        }
    }
    engine.commit().unwrap();
    (ann, ben)
}

/// Forgets what has to go, up to there at most; gives up to where it went.
pub fn trim(engine: &mut Disk, up_to: Seq, age: u64) -> Seq {
    engine.trim(up_to, age);
    loop {
        engine.commit().unwrap();
        if !engine.is_trimming() {
            return engine.removed();
        }
    }
}

/// What the log holds by its own check: up to where it was removed, and the seqs of the records.
fn held(ground: &Ground) -> (Checked, Vec<u64>) {
    let mut seqs = Vec::new();
    let checked = check(&mut ground.medium(), &mut |found| {
        match found {
            Found::Removed(proof, _) => assert!(seqs.is_empty() && proof.head > Seq(0)),
            Found::Record(record, ..) => seqs.push(record.seq.0),
        }
        Ok(())
    });
    (checked.unwrap(), seqs)
}

#[test]
fn what_is_too_much_goes_and_the_rest_reads_as_before() {
    let (ground, mut author) = (Ground::new("bytes"), Author::default());
    let limits = keeps(Some(200_000), None);
    let mut engine = ground.engine_with(100, &limits);
    engine.load().unwrap();
    let (ann, ben) = talk(&mut author, &mut engine, 3_000);
    let (before, head) = (engine.room(), author.space.head());
    let removed = trim(&mut engine, head, author.space.age());
    assert!(removed > Seq(1_000) && removed < head, "{removed}");
    let freed = engine.room() - before;
    let counted = |record: &verbatim_core::record::Record| match &record.what {
        What::Message(message) => message.frame().len() as u64 + OVERHEAD,
        _ => 0,
    };
    let gone = &author.records[..removed.0 as usize];
    assert_eq!(freed, gone.iter().map(counted).sum::<u64>());
    let kept = &author.records[removed.0 as usize..];
    assert!(kept.iter().map(counted).sum::<u64>() <= 200_000);

    let proof = engine.proof().unwrap();
    for _ in 0..2 {
        tell_readers(&engine, &author, (ann, ben));
        drop(engine);
        let (checked, seqs) = held(&ground);
        assert_eq!((checked.proof, checked.removed), (proof, removed));
        assert!(seqs.into_iter().eq(removed.0 + 1..=head.0));
        engine = ground.engine_with(100, &limits);
        let loaded = engine.load().unwrap();
        assert_eq!(loaded.saved.space.save(), author.space.save());
        assert_eq!(engine.removed(), removed);
    }
    // And on it goes, and again something goes.
    talk(&mut author, &mut engine, 500);
    let again = trim(&mut engine, author.space.head(), author.space.age());
    assert!(again > Seq(removed.0 + 400), "{again}");
    tell_readers(&engine, &author, (ann, ben));
    drop(engine);
    assert_eq!(held(&ground).0.proof.head, author.space.head());
}

/// Everybody reads what is there, and is told what is not.
fn tell_readers(engine: &Disk, author: &Author, (ann, ben): (UserId, UserId)) {
    let removed = engine.removed();
    let number = |to: UserId, all: bool| {
        let of = author.records[..removed.0 as usize].iter().rev();
        let found = of.filter_map(|record| match &record.what {
            What::Message(message) => Some(message),
            _ => None,
        });
        let to = match all {
            true => verbatim_core::record::Stream::All,
            false => verbatim_core::record::Stream::User(to),
        };
        let mut found = found.filter(|message| message.to == to);
        found.next().map(|message| message.number).unwrap()
    };
    let name = |name: &[u8]| Recipient::parse(name).unwrap();
    let gone = |conversation, up_to: Number| Removed {
        conversation,
        up_to,
    };
    let page = engine.read(ben, Seq(0), 5, 1 << 20).unwrap();
    let first = page.messages[0].seq;
    assert!(first > removed && first.0 < removed.0 + 5);
    let expected = [
        gone(name(b"ann"), number(ben, false)),
        gone(Recipient::All, number(ben, true)),
    ];
    assert_eq!(page.removed, expected);
    // Ann wrote all that went to all: she misses only what Ben wrote to her.
    let page = engine.read(ann, Seq(0), 5, 1 << 20).unwrap();
    assert_eq!(page.removed, [gone(name(b"ben"), number(ann, false))]);
    let page = engine.read(ben, removed, 5, 1 << 20).unwrap();
    assert_eq!(page.removed, []);
    assert_eq!(page.messages[0].seq, first);
}

#[test]
fn what_is_old_goes_and_nothing_that_somebody_is_owed() {
    let (ground, mut author) = (Ground::new("age"), Author::default());
    let limits = keeps(None, Some(100));
    let mut engine = ground.engine_with(1_000_000, &limits);
    engine.load().unwrap();
    talk(&mut author, &mut engine, 300); // a second each
    let age = author.space.age();
    assert_eq!(trim(&mut engine, Seq(0), age), Seq(0));
    assert_eq!(trim(&mut engine, Seq(60), age), Seq(53));
    let removed = trim(&mut engine, author.space.head(), age);
    assert_eq!(removed, Seq(193), "older than 100 s, in whole commits");
    // A little over the time is not worth it yet.
    assert_eq!(trim(&mut engine, author.space.head(), age + 3_000), removed);
    let later = trim(&mut engine, author.space.head(), age + 20_000);
    assert_eq!(later, Seq(213));
}

#[test]
fn a_clock_that_jumps_makes_nothing_older_than_a_day() {
    let (ground, mut author) = (Ground::new("jump"), Author::default());
    let mut engine = ground.engine_with(10, &keeps(None, Some(2 * 24 * 60 * 60)));
    engine.load().unwrap();
    talk(&mut author, &mut engine, 30);
    author.time += 400 * 24 * 60 * 60 * 1000;
    talk(&mut author, &mut engine, 30);
    let age = author.space.age();
    assert_eq!(trim(&mut engine, author.space.head(), age), Seq(0));
    assert!(author.records[40].stamp > Wall(1_700_000_000_000 + author.time - 60_000));
}

#[test]
fn who_gave_up_a_name_is_told_of_nothing_and_the_rest_of_it_is_in_the_names() {
    let (ground, mut author) = (Ground::new("names"), Author::default());
    let mut engine = ground.engine_with(50, &keeps(Some(50_000), None));
    engine.load().unwrap();
    let (ann, ben) = talk(&mut author, &mut engine, 100);
    let at = author.records.len();
    let old = author.claim("old", Holder::Classic);
    author.message(old, Some(ann), "from one who goes");
    author.write(What::Release {
        user: old,
        reached: Seq(0),
    });
    author.commit(&mut engine, at);
    talk(&mut author, &mut engine, 1_000);
    trim(&mut engine, author.space.head(), 0);
    let page = engine.read(ann, Seq(0), 5, 1 << 20).unwrap();
    let of_old = page
        .removed
        .iter()
        .find(|removed| removed.conversation == Recipient::parse(b"old").unwrap());
    assert_eq!(of_old.unwrap().up_to, Number(1));
    let at = author.records.len();
    author.write(What::Release {
        user: ann,
        reached: Seq(0),
    });
    author.commit(&mut engine, at);
    let page = engine.read(ann, Seq(0), 5, 1 << 20).unwrap();
    assert_eq!(page.removed, [], "what went to all was her own");
    drop(engine);
    let mut names = Vec::new();
    let done = check(&mut ground.medium(), &mut |found| {
        if let Found::Removed(_, held) = found {
            names.extend(held.iter().map(|(user, name)| (*user, name.to_string())));
        }
        Ok(())
    });
    assert!(done.is_ok());
    assert_eq!(names, [(ann, "ann".to_owned()), (ben, "ben".to_owned())]);
}

#[test]
fn the_file_stays_small() {
    let (ground, mut author) = (Ground::new("small"), Author::default());
    let mut engine = ground.engine_with(700, &keeps(Some(200_000), None));
    engine.load().unwrap();
    let mut lengths = Vec::new();
    for _ in 0..12 {
        talk(&mut author, &mut engine, 1_000);
        trim(&mut engine, author.space.head(), 0);
        lengths.push(std::fs::metadata(ground.file()).unwrap().len());
    }
    println!("{lengths:?}");
    let most = lengths.iter().max().unwrap();
    assert!(*most < 2 << 20, "{lengths:?}");
    assert!(lengths[11] <= lengths[5], "it grows: {lengths:?}");
}

#[test]
fn a_backup_of_it_is_a_log_too() {
    let (ground, mut author) = (Ground::new("backed-up"), Author::default());
    let limits = keeps(Some(100_000), None);
    let mut engine = ground.engine_with(100, &limits);
    engine.load().unwrap();
    let talkers = talk(&mut author, &mut engine, 1_000);
    let removed = trim(&mut engine, author.space.head(), 0);
    let copy = Ground::new("backup-of-it");
    let proof = engine.view().unwrap().copy(&copy.file(), Wall(1)).unwrap();
    assert_eq!(Some(proof), engine.proof());
    let (checked, _) = held(&copy);
    assert_eq!((checked.proof, checked.removed), (proof, removed));
    let mut restored = copy.engine_with(100, &limits);
    restored.load().unwrap();
    tell_readers(&restored, &author, talkers);
}
