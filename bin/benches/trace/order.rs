//! The judge: a record is durable when it was written to the journal, and that synced; or to the store's file, synced, then
//! referred to by the file's header, and that synced too (the store commits in two phases). Nothing that is said of it may
//! leave before that sync has returned.

use super::calls::Call;
use super::said::{Mark, Said, marks, said};
use std::collections::BTreeMap;
use std::fmt;

/// How many faults are told.
const FAULTS_MAX: usize = 10;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Messages whose record was written.
    pub written: usize,
    /// Messages that were answered.
    pub answers: usize,
    /// Messages that were delivered.
    pub deliveries: usize,
    /// Syncs of the log.
    pub syncs: usize,
    /// What left too early, the first few.
    pub faults: Vec<String>,
}

impl Verdict {
    /// Whether something was seen, and all of it in the right order.
    pub fn holds(&self) -> bool {
        self.faults.is_empty() && self.answers > 0 && self.answers <= self.written
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} records written under {} syncs; {} accepted and {} delivered, each after the syncs that cover it: {}",
            self.written,
            self.syncs,
            self.answers,
            self.deliveries,
            if self.holds() { "yes" } else { "NO" }
        )?;
        self.faults
            .iter()
            .try_for_each(|fault| writeln!(f, "{fault}"))
    }
}

/// Judges a trace.
pub fn judge(calls: &[Call]) -> Verdict {
    let written = written(calls);
    let mut verdict = Verdict {
        written: written.len(),
        ..Verdict::default()
    };
    let mut durable = BTreeMap::new();
    let mut files = BTreeMap::<i64, File>::new();
    for call in calls {
        let Some(fd) = call.numbers.first() else {
            continue;
        };
        let file = files.entry(*fd).or_default();
        match call.name.as_str() {
            "fdatasync" | "fsync" => file.syncs.push((call.begins, call.ends)),
            "pwrite64" if call.numbers.last() == Some(&0) => {
                file.headers.push((call.begins, call.ends));
            }
            _ => {}
        }
    }
    for (mark, place) in written {
        let file = files.get(&place.fd);
        durable.extend(file.and_then(|file| Some((mark, file.durable_after(&place)?))));
    }
    // What is no file with records is no log.
    verdict.syncs = files.values().map(|file| file.syncs.len()).sum();
    for said in said(calls) {
        verdict.look(&said, durable.get(&said.mark).copied());
    }
    verdict
}

impl Verdict {
    fn look(&mut self, said: &Said, durable: Option<usize>) {
        match said.answer {
            true => self.answers += 1,
            false => self.deliveries += 1,
        }
        if durable.is_none_or(|line| line >= said.leaves) && self.faults.len() < FAULTS_MAX {
            let (user, id) = &said.mark;
            let what = if said.answer { "accepted" } else { "delivered" };
            let when = durable.map_or("never".into(), |line| format!("only on line {}", line + 1));
            self.faults.push(format!(
                "line {}: message {id} of {user} is {what}, and was durable {when}",
                said.leaves + 1
            ));
        }
    }
}

/// Where a record was written first.
struct Place {
    fd: i64,
    /// The line on which it had been.
    line: usize,
    /// In the journal.
    journal: bool,
}

/// Where each record was written first.
fn written(calls: &[Call]) -> BTreeMap<Mark, Place> {
    let (mut written, mut journals) = (BTreeMap::new(), BTreeMap::new());
    for call in calls {
        match call.name.as_str() {
            "openat" => {
                journals.insert(call.gave, call.bytes.ends_with(b"/log.journal"));
            }
            "pwrite64" => {
                let fd = call.numbers[0];
                let journal = journals.get(&fd).copied().unwrap_or_default();
                for mark in marks(&call.bytes) {
                    let line = call.ends;
                    written.entry(mark).or_insert(Place { fd, line, journal });
                }
            }
            _ => {}
        }
    }
    written
}

/// What happened to a file, each with the lines of its beginning and its end.
#[derive(Default)]
struct File {
    syncs: Vec<(usize, usize)>,
    headers: Vec<(usize, usize)>,
}

impl File {
    /// The line by which what was written there is durable.
    fn durable_after(&self, place: &Place) -> Option<usize> {
        let synced = first_after(&self.syncs, place.line)?;
        if place.journal {
            return Some(synced);
        }
        let referred = first_after(&self.headers, synced)?;
        first_after(&self.syncs, referred)
    }
}

/// When the first that begins after that line has ended.
fn first_after(calls: &[(usize, usize)], line: usize) -> Option<usize> {
    let mut later = calls.iter().filter(|(begins, _)| *begins > line);
    later.next().map(|(_, ends)| *ends)
}
