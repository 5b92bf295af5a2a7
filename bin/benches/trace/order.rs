//! The judge: a record is durable when it was written, synced, then referred to by the file's header, and that synced
//! too (the store commits in two phases). Nothing that is said of it may leave before the second sync has returned.

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
    for (mark, (fd, line)) in written {
        if let Some(line) = files.get(&fd).and_then(|file| file.durable_after(line)) {
            durable.insert(mark, line);
        }
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

/// On which line each record had first been written, and to which file.
fn written(calls: &[Call]) -> BTreeMap<Mark, (i64, usize)> {
    let mut written = BTreeMap::new();
    for call in calls.iter().filter(|call| call.name == "pwrite64") {
        for mark in marks(&call.bytes) {
            written.entry(mark).or_insert((call.numbers[0], call.ends));
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
    /// The line by which what was written on that line is durable.
    fn durable_after(&self, line: usize) -> Option<usize> {
        let synced = first_after(&self.syncs, line)?;
        let referred = first_after(&self.headers, synced)?;
        first_after(&self.syncs, referred)
    }
}

/// When the first that begins after that line has ended.
fn first_after(calls: &[(usize, usize)], line: usize) -> Option<usize> {
    let mut later = calls.iter().filter(|(begins, _)| *begins > line);
    later.next().map(|(_, ends)| *ends)
}
