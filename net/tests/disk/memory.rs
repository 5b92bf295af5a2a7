//! The log in memory forgets too, and says what: by age where the operator asks for it, and what it has no room for.

use crate::ground::Author;
use std::time::Duration;
use verbatim_core::id::{Number, Seq, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::name::Recipient;
use verbatim_core::record::Stream;
use verbatim_core::router::Removed;
use verbatim_net::engine::{Engine, Memory};

/// Ann (2) and Ben (3), and ten messages to Ben and ten to all, a second each.
fn filled(limits: &Limits) -> Memory {
    let mut author = Author::default();
    author.start(1);
    let (ann, ben) = (author.session("ann", 1), author.session("ben", 2));
    for _ in 0..10 {
        author.message(ann, Some(ben), "to ben");
        author.message(ann, None, "to all");
    }
    let mut engine = Memory::new(limits);
    author
        .records
        .into_iter()
        .for_each(|one| engine.append(one));
    assert_eq!(engine.commit(), Ok(Seq(23)));
    engine
}

const BEN: UserId = UserId(Seq(3));

fn gone(conversation: &[u8], up_to: u64) -> Removed {
    Removed {
        conversation: Recipient::parse(conversation).unwrap(),
        up_to: Number(up_to),
    }
}

fn read(engine: &Memory) -> (Vec<Removed>, Vec<u64>) {
    let page = engine.read(BEN, Seq(3), 99, 1 << 20).unwrap();
    let seqs = page.messages.iter().map(|message| message.seq.0);
    (page.removed.clone(), seqs.collect())
}

#[test]
fn what_is_old_goes_from_all_feeds() {
    let limits = Limits {
        kept_time_max: Some(Duration::from_secs(10)),
        ..Limits::default()
    };
    let mut engine = filled(&limits);
    let room = engine.room();
    // The age of record 23 is 22 s: what is older than 10 s at the age of 23 s is up to record 13.
    engine.trim(Seq(9), 23_000);
    let (removed, kept) = read(&engine);
    assert_eq!(removed, [gone(b"ann", 3), gone(b"ALL", 3)]);
    assert_eq!(kept[0], 10, "no further than it may");
    engine.trim(Seq(23), 23_000);
    let (removed, kept) = read(&engine);
    assert_eq!(removed, [gone(b"ann", 5), gone(b"ALL", 5)]);
    assert_eq!(kept[0], 14);
    assert!(engine.room() > room);
}

#[test]
fn what_there_is_no_room_for_is_told_as_well() {
    let mut engine = filled(&Limits::default());
    engine.trim(Seq(23), u64::MAX);
    assert_eq!(read(&engine).0, [], "nobody asked for it");
    engine.forget(Stream::User(BEN), Seq(8));
    let (removed, kept) = read(&engine);
    assert_eq!(removed, [gone(b"ann", 3)]);
    assert_eq!(kept[..3], [5, 7, 9]);
    let page = engine.read(BEN, Seq(8), 99, 1 << 20).unwrap();
    assert_eq!(page.removed, []);
}
