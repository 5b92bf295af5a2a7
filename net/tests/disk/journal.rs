//! The journal beside the log's own file: what only it has is there after a kill, in its order and whole; what is not whole
//! at its end was never said to be committed; and anything else is damage.

use crate::ground::{Author, Ground};
use std::fs;
use verbatim_core::id::{Seq, UserId};
use verbatim_core::now::Wall;
use verbatim_net::engine::disk::{Checked, check};
use verbatim_net::engine::{Engine, Failure, Fault};

const BLOCK: usize = 4096;
/// A checkpoint so far away that only a full journal makes the log's own file take anything in.
const NEVER: usize = 1 << 30;

/// A log of one start and two users, and then of so many messages, each an entry of its own; killed.
fn killed(ground: &Ground, messages: usize) -> Author {
    killed_at(ground, 1, messages)
}

/// The same of another start.
fn killed_at(ground: &Ground, epoch: u64, messages: usize) -> Author {
    let mut author = Author::default();
    let mut engine = ground.engine(NEVER);
    engine.load().unwrap();
    author.start(epoch);
    let (ann, ben) = (author.session("ann", 1), author.session("ben", 2));
    author.commit(&mut engine, 0);
    for index in 0..messages {
        let from = author.records.len();
        author.message(ann, Some(ben), &format!("message {index}"));
        author.commit(&mut engine, from);
    }
    author
}

/// What a start finds: the last seq, and the bodies of what ben is to be given.
fn found(ground: &Ground) -> Result<(Seq, Vec<String>), Failure> {
    let mut engine = ground.engine(NEVER);
    let loaded = engine.load()?;
    let page = engine.read(UserId(Seq(3)), Seq(0), 999, 1 << 20)?;
    let bodies = page.messages.iter().map(|one| one.body().to_owned());
    Ok((loaded.saved.space.head(), bodies.collect()))
}

fn checked(ground: &Ground) -> Result<Checked, Failure> {
    check(&mut ground.medium(), &mut |_| Ok(()))
}

fn bodies(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("message {index}")).collect()
}

#[test]
fn what_only_the_journal_has_is_there_after_a_kill() {
    let ground = Ground::new("journal-killed");
    let author = killed(&ground, 9);
    let before = fs::read(ground.journal()).unwrap();
    let Checked { records, proof, .. } = checked(&ground).unwrap();
    assert_eq!((records, proof.head), (12, Seq(12)));
    assert!(
        fs::read(ground.journal()).unwrap() == before,
        "looking changes nothing"
    );
    for _ in 0..2 {
        assert_eq!(found(&ground).unwrap(), (Seq(12), bodies(9)));
    }
    // It goes on behind it, and is closed: then the file alone is the log.
    let (mut author, mut engine) = (author, ground.engine(NEVER));
    engine.load().unwrap();
    author.message(UserId(Seq(2)), Some(UserId(Seq(3))), "message 9");
    author.commit(&mut engine, 12);
    engine.close().unwrap();
    let proof = engine.proof();
    drop(engine);
    fs::remove_file(ground.journal()).unwrap();
    assert_eq!(found(&ground).unwrap(), (Seq(13), bodies(10)));
    assert_eq!(checked(&ground).map(|checked| checked.proof).ok(), proof);
}

#[test]
fn an_entry_that_is_not_whole_at_the_end_never_was() {
    let ground = Ground::new("journal-torn");
    killed(&ground, 5);
    let mut bytes = fs::read(ground.journal()).unwrap();
    bytes[4 * BLOCK + 100..5 * BLOCK].fill(0);
    fs::write(ground.journal(), bytes).unwrap();
    assert_eq!(found(&ground).unwrap(), (Seq(7), bodies(4)));
    assert_eq!(checked(&ground).unwrap().records, 7);
}

#[test]
fn every_bit_of_the_last_entry_counts_and_of_one_before_it_is_damage() {
    let ground = Ground::new("journal-flipped");
    killed(&ground, 3);
    let good = fs::read(ground.journal()).unwrap();
    let length = BLOCK
        - good[BLOCK..2 * BLOCK]
            .iter()
            .rev()
            .position(|byte| *byte != 0)
            .unwrap();
    assert!((150..600).contains(&length), "{length}");
    for at in (0..length).step_by(7) {
        let mut bytes = good.clone();
        bytes[BLOCK + at] ^= 1 << (at % 8);
        fs::write(ground.journal(), &bytes).unwrap();
        let failure = found(&ground).unwrap_err();
        assert_eq!(failure.fault, Fault::Damaged, "byte {at}: {failure}");
        assert_eq!(checked(&ground).unwrap_err().fault, Fault::Damaged);
        assert!(
            fs::read(ground.journal()).unwrap() == bytes,
            "nothing is touched"
        );
        let mut bytes = good.clone();
        bytes[2 * BLOCK + at] ^= 1 << (at % 8);
        fs::write(ground.journal(), &bytes).unwrap();
        match found(&ground) {
            Ok(found) => assert_eq!(found, (Seq(5), bodies(2)), "byte {at}"),
            Err(failure) => assert_eq!(failure.fault, Fault::Damaged, "byte {at}: {failure}"),
        }
    }
}

#[test]
fn a_journal_that_is_missing_is_damage() {
    let ground = Ground::new("journal-missing");
    killed(&ground, 2);
    fs::remove_file(ground.journal()).unwrap();
    let failure = found(&ground).unwrap_err();
    assert_eq!(failure.fault, Fault::Damaged);
    assert!(failure.text.contains("log.journal"), "{failure}");
}

#[test]
fn a_full_journal_is_written_from_its_beginning_again() {
    let ground = Ground::new("journal-full");
    // It has 16 blocks: the file takes it in every 17th time.
    killed(&ground, 41);
    assert_eq!(found(&ground).unwrap(), (Seq(44), bodies(41)));
    assert_eq!(fs::metadata(ground.journal()).unwrap().len(), 64 << 10);
    assert_eq!(checked(&ground).unwrap().records, 44);
}

#[test]
fn a_batch_that_is_longer_than_the_journal_is_committed_all_the_same() {
    let ground = Ground::new("journal-long");
    let mut author = killed(&ground, 1);
    let mut engine = ground.engine(NEVER);
    engine.load().unwrap();
    let from = author.records.len();
    for _ in 0..4 {
        author.message(UserId(Seq(2)), None, &"x".repeat(40_000));
    }
    author.commit(&mut engine, from);
    drop(engine);
    assert_eq!(found(&ground).unwrap().0, Seq(8));
}

#[test]
fn a_backup_has_all_and_never_takes_the_journal_of_another_log_for_its_own() {
    let ground = Ground::new("journal-backup");
    let copy = Ground::new("journal-backup-copy");
    let mut author = killed(&ground, 3);
    let mut engine = ground.engine(NEVER);
    engine.load().unwrap();
    engine.fold().unwrap();
    let proof = engine.view().unwrap().copy(&copy.file(), Wall(1)).unwrap();
    assert_eq!(proof.head, Seq(6));
    author.message(UserId(Seq(2)), Some(UserId(Seq(3))), "message 3");
    author.commit(&mut engine, 6);
    drop(engine);
    // The backup is put in its place, and the journal forgotten there.
    fs::copy(copy.file(), ground.file()).unwrap();
    assert_eq!(found(&ground).unwrap(), (Seq(6), bodies(3)));
    let mut author = author.up_to(6);
    let mut engine = ground.engine(NEVER);
    engine.load().unwrap();
    author.message(UserId(Seq(2)), Some(UserId(Seq(3))), "another");
    author.commit(&mut engine, 6);
    drop(engine);
    let (head, bodies) = found(&ground).unwrap();
    assert_eq!((head, bodies[3].as_str()), (Seq(7), "another"));
}

#[test]
fn a_journal_that_is_not_that_of_its_store_is_damage() {
    // A store as it was a turn ago: what its journal had then is written over.
    let (ground, later) = (Ground::new("journal-before"), Ground::new("journal-later"));
    killed(&ground, 3);
    killed(&later, 20);
    fs::copy(later.journal(), ground.journal()).unwrap();
    assert_eq!(found(&ground).unwrap_err().fault, Fault::Damaged);
    // An entry of the same turn, behind another store.
    let other = Ground::new("journal-other");
    killed_at(&other, 2, 1);
    fs::copy(other.journal(), ground.journal()).unwrap();
    assert_eq!(found(&ground).unwrap_err().fault, Fault::Damaged);
}

#[test]
fn a_journal_that_is_empty_is_damage() {
    let ground = Ground::new("journal-empty");
    killed(&ground, 2);
    fs::write(ground.journal(), []).unwrap();
    assert_eq!(found(&ground).unwrap_err().fault, Fault::Damaged);
}

#[test]
fn a_journal_of_another_log_and_a_shortened_one_are_damage() {
    let ground = Ground::new("journal-own");
    killed(&ground, 3);
    let own = fs::read(ground.journal()).unwrap();
    // Of another log: everything as it would be, but its number.
    let mut foreign = own.clone();
    foreign[88] ^= 1;
    fs::write(ground.journal(), &foreign).unwrap();
    let failure = found(&ground).unwrap_err();
    assert!(failure.text.contains("another log"), "{failure}");
    for length in [0, 3000, own.len() - 1] {
        fs::write(ground.journal(), &own[..length]).unwrap();
        let failure = found(&ground).unwrap_err();
        assert_eq!(failure.fault, Fault::Damaged, "{length}");
        assert_eq!(checked(&ground).unwrap_err().fault, Fault::Damaged);
    }
    fs::write(ground.journal(), own).unwrap();
    assert_eq!(found(&ground).unwrap(), (Seq(6), bodies(3)));
}

#[test]
fn a_journal_without_its_store_is_not_begun_over() {
    let ground = Ground::new("journal-alone");
    killed(&ground, 3);
    let (store, journal) = (ground.file(), fs::read(ground.journal()).unwrap());
    let aside = store.with_extension("aside");
    fs::rename(&store, &aside).unwrap();
    let failure = found(&ground).unwrap_err();
    assert_eq!(failure.fault, Fault::Damaged);
    assert!(failure.text.contains("log.redb is missing"), "{failure}");
    assert!(!store.exists() && fs::read(ground.journal()).unwrap() == journal);
    fs::rename(aside, store).unwrap();
    assert_eq!(found(&ground).unwrap(), (Seq(6), bodies(3)));
}
