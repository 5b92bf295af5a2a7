//! Flipped bits: what a disk gives back is not what it was given. A log that was closed in good order is changed by one
//! bit at a time. Then either it is refused as damaged, and nothing is written to it; or all that is read of it is right.

use super::author::{Author, Batch};
use super::verdict::bytes_of;
use super::{End, Files, IDENTITY, Plate, Run, Tally};
use crate::checker::Violation;
use crate::dice::Dice;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use verbatim_core::id::Seq;
use verbatim_core::limits::Limits;
use verbatim_core::record::Record;
use verbatim_core::saved::body_of;
use verbatim_net::engine::disk::{Checked, Disk, Found, check};
use verbatim_net::engine::{Engine, Failure, Fault};

/// Flips of one seed.
const FLIPS: u64 = 12;
/// What is looked for in the file must not be found where it is not meant.
const TELLING_BYTES: usize = 24;

/// What became of the flips.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flips {
    /// Bits that were flipped.
    pub flips: u64,
    /// A start refused the log.
    pub refused: u64,
    /// A start did not, and a page could not be read.
    pub unreadable: u64,
    /// `verify` found it.
    pub found: u64,
    /// Bits of bodies that were flipped; `verify` found all of them.
    pub bodies: u64,
}

impl Flips {
    /// Takes another seed's in.
    pub fn add(&mut self, other: &Flips) {
        self.flips += other.flips;
        self.refused += other.refused;
        self.unreadable += other.unreadable;
        self.found += other.found;
        self.bodies += other.bodies;
    }
}

/// Flips bits of one seed's log.
///
/// # Errors
/// What was told of a damaged log and is not so, or a panic.
pub fn flip(seed: u64) -> Result<Flips, String> {
    let mut run = write_log(seed)?;
    let good = run.plate.copy().store;
    let mut flips = Flips::default();
    for _ in 0..FLIPS {
        let (at, bit) = draw(&good, &mut run.dice);
        let mut bytes = good.clone();
        bytes[at] ^= bit;
        let told = |why| format!("bit {bit:#04x} of byte {at} of {}: {why}", good.len());
        run.judge(&bytes, &mut flips).map_err(told)?;
    }
    run.flip_a_body(&good, &mut flips)?;
    Ok(flips)
}

/// A log that was closed in good order.
fn write_log(seed: u64) -> Result<Run, String> {
    let mut dice = Dice::new(seed, "flips");
    let author = Dice::new(dice.roll(), "author");
    let mut run = Run {
        dice,
        plate: Plate::default(),
        bug: None,
        records: Vec::new(),
        committed: 0,
        beside: BTreeMap::new(),
        pending: None,
        allowed: Seq(0),
        removed: Seq(0),
        operator: Dice::new(0, "operator"),
        emptied: BTreeSet::new(),
        removing: None,
        tally: Tally::default(),
    };
    let mut engine = run.engine();
    let loaded = engine.load().map_err(|failure| failure.to_string())?;
    let mut author = Author::new(author, loaded.saved.space);
    let start = Batch {
        records: vec![author.start()],
        beside: Vec::new(),
    };
    let told = |violation: Violation| violation.what;
    run.commit(&mut engine, start, End::Cut).map_err(told)?;
    for _ in 0..run.dice.between(2, 16) {
        let batch = author.batch();
        run.commit(&mut engine, batch, End::Cut).map_err(told)?;
    }
    engine.close().map_err(|failure| failure.to_string())?;
    Ok(run)
}

/// A place to flip: anywhere, or more often where something is written.
fn draw(bytes: &[u8], dice: &mut Dice) -> (usize, u8) {
    let mut at = dice.below(bytes.len() as u64) as usize;
    if dice.chance(800) {
        let written = bytes[at..].iter().position(|byte| *byte != 0);
        at += written.unwrap_or_default();
    }
    (at, 1 << dice.below(8))
}

impl Run {
    /// A log that was closed is its store alone.
    fn put_back(&self, store: &[u8]) {
        self.plate.put_back(Files {
            store: store.to_vec(),
            journal: Vec::new(),
        });
    }

    /// What `verify` and a start say of a log with those bytes.
    fn judge(&mut self, bytes: &[u8], flips: &mut Flips) -> Result<(), String> {
        flips.flips += 1;
        self.put_back(bytes);
        let checked = quietly(|| self.check())?;
        flips.found += u64::from(checked.is_err());
        self.refused_well(bytes, checked.err().as_ref())?;

        self.put_back(bytes);
        let mut engine = self.fixed_engine();
        match quietly(|| engine.load())? {
            Err(failure) => {
                drop(engine);
                flips.refused += 1;
                self.refused_well(bytes, Some(&failure))
            }
            Ok(loaded) => {
                self.look(&loaded).map_err(|violation| violation.what)?;
                let read = quietly(|| self.read_all(&engine))?;
                let read = read.map_err(|violation| violation.what);
                // A page that cannot be read ends the server with the reason; one that is read is right.
                let damaged = |why: &String| why.contains("the log is damaged");
                flips.unreadable += u64::from(read.as_ref().is_err_and(damaged));
                read.or_else(|why| if damaged(&why) { Ok(()) } else { Err(why) })
            }
        }
    }

    /// Reads all that there is; an error if it says what was not written.
    fn check(&self) -> Result<Checked, Failure> {
        let mut written = self.records.iter();
        check(&mut self.plate.clone(), &mut |found| {
            let Found::Record(record, ..) = found else {
                return Ok(());
            };
            let same = written.next().map(bytes_of) == Some(bytes_of(record));
            let text = format!("record {} was never written like that", record.seq);
            same.then_some(())
                .ok_or_else(|| Failure::new(Fault::Io, text))
        })
    }

    /// A refusal is one line about damage, and the file is as it was.
    fn refused_well(&self, bytes: &[u8], failure: Option<&Failure>) -> Result<(), String> {
        let Some(failure) = failure else {
            return Ok(());
        };
        let says_it = matches!(failure.fault, Fault::Damaged | Fault::Newer);
        if !says_it || failure.text.contains('\n') {
            return Err(format!("told as {:?}: {failure}", failure.fault));
        }
        match self.plate.copy().store == bytes {
            true => Ok(()),
            false => Err(format!("refused, and written to: {failure}")),
        }
    }

    /// A bit of a text is another one, wherever the file holds that text: `verify` finds it.
    fn flip_a_body(&mut self, good: &[u8], flips: &mut Flips) -> Result<(), String> {
        let long = |record: &&Record| body_of(record).len() >= TELLING_BYTES;
        let bodies: Vec<&[u8]> = self.records.iter().filter(long).map(body_of).collect();
        if bodies.is_empty() {
            return Ok(());
        }
        let body = &self.dice.pick(&bodies)[..TELLING_BYTES];
        let mut bytes = good.to_vec();
        let places = memchr::memmem::find_iter(good, body);
        places.for_each(|at| bytes[at + 3] ^= 0x10);
        if bytes == good {
            return Ok(()); // it begins on one page and ends on another
        }
        self.put_back(&bytes);
        flips.bodies += 1;
        match quietly(|| self.check())? {
            Err(failure) if failure.fault == Fault::Damaged => Ok(()),
            other => Err(format!("a flipped bit of a body is not found: {other:?}")),
        }
    }

    fn fixed_engine(&self) -> Disk {
        Disk::new(Box::new(self.plate.clone()), IDENTITY, &Limits::default())
    }
}

/// A panic as an error.
fn quietly<T>(look: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(look)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        format!("panic: {}", text.unwrap_or_default())
    })
}
