//! Each released format, as a file that was made when it was released and is kept for ever: this version reads it.
//!
//! A fixture is made by the engine of its time, once, with
//! `VERBATIM_FIXTURES=write cargo test -p verbatim-net --test disk`. That of a format that was released is never made
//! again: a later version must read what the earlier one wrote. Without that word the same tests look whether this version
//! still writes a log with the same chain.

use crate::ground::{Author, Ground, IDENTITY};
use crate::sparse;
use verbatim_core::id::{Number, Seq, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::record::{Holder, What};
use verbatim_core::saved::{Beside, Count, Holding, Standing, body_of, record_bytes};
use verbatim_net::engine::Engine;
use verbatim_net::engine::disk::{Checked, Found, body_hash, check};

/// The fixture of format 1, and how its chain ends.
const FORMAT_1: &str = "log-format-1.hex";
const HEAD_1: &str = "17 1ea611915c6964024c8d8a420cbcfb86adf7b1e09d2ccefab7bcb643f0ce298d";

/// The fixture of format 2, whose beginning is forgotten, and how its chain ends.
const FORMAT_2: &str = "log-format-2.hex";
const HEAD_2: &str = HEAD_1;

/// The fixture of format 3, a store and its journal with what the store has not taken in, and how its chain ends.
const FORMAT_3: [&str; 2] = ["log-format-3.hex", "log-format-3-journal.hex"];
const HEAD_3: &str = HEAD_1;

/// The fixture of format 4, of which two texts were removed, one of them behind the checkpoint, and how its chain ends.
const FORMAT_4: &str = "log-format-4.hex";
const HEAD_4: &str = HEAD_1;
const REMOVED_4: [Seq; 2] = [Seq(6), Seq(15)];

/// What is in every fixture: each kind of record, users of each kind, a checkpoint in the midst, and a tail behind it.
fn story() -> (Author, Vec<Beside>) {
    let mut author = Author::default();
    author.start(11);
    let ann = author.session("Ann", 0xa1);
    let ben = author.session("ben", 0xb2);
    let old = author.claim("old", Holder::Classic);
    author.message(ann, Some(ben), "hi");
    author.message(ben, Some(ann), "grüße\nund noch eine Zeile");
    author.message(ann, None, "to all");
    author.message(old, Some(ann), "from the classic level");
    author.write(What::Release {
        user: old,
        reached: Seq(7),
    });
    author.message(ben, None, &"long ".repeat(200));
    author.start(12);
    let eve = author.session("eve", 0xe3);
    author.message(eve, Some(ben), "");
    author.message(ann, Some(eve), "behind the checkpoint");
    author.message(ann, Some(ben), "the last but two");
    author.message(ben, None, "the last but one");
    author.message(ann, Some(ann), "to myself");
    (author, beside(ann, ben))
}

fn beside(ann: UserId, ben: UserId) -> Vec<Beside> {
    let half = Holding {
        seq: Seq(10),
        number: Number(2),
        messages: 1,
        bytes: 1200,
    };
    let standing = Standing {
        user: ann,
        cursor: Seq(8),
        own: (2, 240),
        all: (1, 1100),
        floor: (Seq(7), Number(1)),
        half: Some(half),
        away_at: Some(9000),
    };
    let of_ben = Standing {
        user: ben,
        cursor: Seq(5),
        half: None,
        away_at: None,
        ..standing
    };
    let count = Count {
        seq: Seq(7),
        from: ann,
        count: 1,
        of: 2,
    };
    let beside = [Beside::Standing(standing), Beside::Standing(of_ben)];
    beside.into_iter().chain([Beside::Count(count)]).collect()
}

#[test]
fn a_log_of_format_3_is_written() {
    let ground = Ground::new("fixture");
    let (mut author, beside) = story();
    let mut engine = ground.engine(6);
    engine.load().unwrap();
    let records = std::mem::take(&mut author.records);
    for batch in records.chunks(4) {
        batch.iter().cloned().for_each(|one| engine.append(one));
        beside.iter().for_each(|one| engine.save(*one));
        engine.commit().unwrap();
    }
    let proof = engine.proof().unwrap();
    assert_eq!(proof.to_string(), HEAD_3);
    drop(engine); // as by a kill: its last entry stands in the journal alone
    for (name, path) in FORMAT_3.into_iter().zip([ground.file(), ground.journal()]) {
        let words = format!("Of a log of format 3; its chain ends at {proof}");
        sparse::write(name, &words, &std::fs::read(path).unwrap());
    }
}

#[test]
fn a_log_of_format_1_can_be_trimmed() {
    let ground = Ground::new("trimmed-fixture");
    std::fs::write(ground.file(), sparse::read(FORMAT_1)).unwrap();
    let limits = Limits {
        kept_bytes_max: Some(0),
        ..Limits::default()
    };
    let mut engine = ground.engine_with(6, &limits);
    engine.load().unwrap();
    engine.trim(Seq(12), 0);
    engine.commit().unwrap();
    let proof = engine.proof().unwrap();
    assert_eq!(
        (proof.to_string().as_str(), engine.removed()),
        (HEAD_2, Seq(12))
    );
}

#[test]
fn a_log_of_format_4_is_written() {
    let ground = Ground::new("removed-fixture");
    std::fs::write(ground.file(), sparse::read(FORMAT_1)).unwrap();
    let mut engine = ground.engine(6);
    engine.load().unwrap();
    for seq in REMOVED_4 {
        engine.remove_text(seq).unwrap();
    }
    let proof = engine.proof().unwrap();
    assert_eq!(proof.to_string(), HEAD_4);
    let words = format!("A log of format 4, with two texts removed; its chain ends at {proof}");
    engine.close().unwrap();
    drop(engine);
    let bytes = std::fs::read(ground.file()).unwrap();
    sparse::write(FORMAT_4, &words, &bytes);
}

#[test]
fn a_log_of_format_4_is_read() {
    let ground = Ground::new("format-4");
    std::fs::write(ground.file(), sparse::read(FORMAT_4)).unwrap();
    let (author, _) = story();
    let mut removed = Vec::new();
    let checked = check(&mut ground.medium(), &mut |step| {
        let Found::Record(record, _, hash) = step else {
            panic!("it is whole");
        };
        let written = &author.records[record.seq.0 as usize - 1];
        assert_eq!(*hash, body_hash(body_of(written)));
        match &record.what {
            What::Message(message) if message.delivery().removed => removed.push(record.seq),
            _ => assert_eq!(body_of(record), body_of(written)),
        }
        Ok(())
    });
    assert_eq!(checked.unwrap().proof.to_string(), HEAD_4);
    assert_eq!(removed, REMOVED_4);
    let mut engine = ground.engine(6);
    let loaded = engine.load().unwrap();
    assert_eq!(loaded.saved.space.save(), author.space.save());
}

#[test]
fn a_log_of_format_2_is_read() {
    let ground = Ground::new("format-2");
    std::fs::write(ground.file(), sparse::read(FORMAT_2)).unwrap();
    let (mut author, mut beside) = story();
    let (mut seqs, mut names) = (Vec::new(), Vec::new());
    let checked = check(&mut ground.medium(), &mut |found| {
        match found {
            Found::Removed(_, held) => names.extend(held.iter().map(|(_, name)| name.to_string())),
            Found::Record(record, ..) => seqs.push(record.seq.0),
        }
        Ok(())
    });
    let Checked { proof, removed, .. } = checked.unwrap();
    assert_eq!((proof.to_string().as_str(), removed), (HEAD_2, Seq(12)));
    assert!(seqs.into_iter().eq(13..=17));
    assert_eq!(names, ["Ann", "ben", "eve"]);
    let mut engine = ground.engine(6);
    let loaded = engine.load().unwrap();
    assert_eq!(loaded.saved.space.save(), author.space.save());
    beside.sort_by_key(Beside::key);
    assert_eq!(loaded.saved.beside, beside);
    let page = engine.read(UserId(Seq(2)), Seq(6), 99, 1 << 20).unwrap();
    let gone: Vec<(&str, u64)> = page
        .removed
        .iter()
        .map(|removed| (removed.conversation.as_str(), removed.up_to.0))
        .collect();
    assert_eq!(gone, [("old", 1), ("ALL", 2)]);
    author.start(13);
    author.commit(&mut engine, 17);
}

#[test]
fn a_log_of_format_1_is_read() {
    let ground = Ground::new("format-1");
    std::fs::write(ground.file(), sparse::read(FORMAT_1)).unwrap();
    is_read_whole(&ground);
}

#[test]
fn a_log_of_format_3_is_read() {
    let ground = Ground::new("format-3");
    for (name, path) in FORMAT_3.into_iter().zip([ground.file(), ground.journal()]) {
        std::fs::write(path, sparse::read(name)).unwrap();
    }
    is_read_whole(&ground);
}

/// All of the story is there, and the log goes on.
fn is_read_whole(ground: &Ground) {
    let (author, mut beside) = story();
    let bytes = |record: &verbatim_core::record::Record| {
        let mut bytes = Vec::new();
        record_bytes(record, &mut bytes);
        (bytes, body_of(record).to_vec())
    };
    let mut found = Vec::new();
    let checked = check(&mut ground.medium(), &mut |step| {
        if let Found::Record(record, ..) = step {
            found.push(bytes(record));
        }
        Ok(())
    });
    let written: Vec<_> = author.records.iter().map(bytes).collect();
    assert_eq!(found, written);
    let Checked { proof, records, .. } = checked.unwrap();
    assert_eq!((proof.to_string().as_str(), records), (HEAD_1, 17));

    let mut engine = ground.engine(6);
    let loaded = engine.load().unwrap();
    let identity = loaded.identity.unwrap();
    assert_eq!(
        (identity.store, identity.hash_key),
        (IDENTITY.store, IDENTITY.hash_key)
    );
    assert_eq!(loaded.saved.space.save(), author.space.save());
    beside.sort_by_key(Beside::key);
    assert_eq!(loaded.saved.beside, beside);
    assert_eq!(engine.proof(), Some(proof));
    // Ben's feed: from the postings of the checkpoint, and from what came behind it.
    let page = engine.read(UserId(Seq(3)), Seq(0), 99, 1 << 20).unwrap();
    let seqs: Vec<u64> = page.messages.iter().map(|message| message.seq.0).collect();
    assert_eq!(seqs, [5, 7, 10, 13, 15, 16]);
    // And it goes on.
    let mut author = author;
    author.start(13);
    author.commit(&mut engine, 17);
    drop(engine);
    assert_eq!(
        check(&mut ground.medium(), &mut |_| Ok(()))
            .unwrap()
            .records,
        18
    );
}
