//! `verify`: does the chain hold, is a head that was noted down still in it, does an export say the same?
//!
//! What it proves: whoever holds a head (a number and a hash, from `status`) or an export can show that nothing before
//! it was changed, left out, moved or put in since, and that nothing was cut off before it. What it does not prove: an
//! owner who rewrites everything makes another chain that holds in itself; only a head or an export in somebody
//! else's hands shows that. Of what retention removed only the last record's hash is left: an export that was written
//! before can be held against that one, and a head that is older shows nothing any more.
//! A single text that was removed has left its hash: the chain holds, and an export that still has the text is held
//! against that. Nor does it prove who wrote a line: names are stamped by the server.

use super::emptied::{self, Compared};
use super::lines::{Names, is_line, line, place};
use super::{control, differs, hash_of, hex, medium, say, trouble};
use crate::Trouble;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Lines};
use std::iter::Peekable;
use std::path::Path;
use verbatim_core::id::Seq;
use verbatim_net::engine::Failure;
use verbatim_net::engine::disk::{Checked, Found, Proof, check};

/// A head that somebody noted down.
pub(super) struct Noted {
    seq: Seq,
    hash: String,
}

impl Noted {
    pub(super) fn parse(words: &[String]) -> Result<Noted, Trouble> {
        let wrong = || Trouble {
            text: "--head takes a number and a hash of 64 digits, as status tells them".into(),
            code: 2,
        };
        let [seq, hash] = words else {
            return Err(wrong());
        };
        let is_hash = hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
        let seq = seq.parse().ok().filter(|_| is_hash).ok_or_else(wrong)?;
        Ok(Noted {
            seq: Seq(seq),
            hash: hash.to_ascii_lowercase(),
        })
    }

    fn follow(&self, found: &Found<'_>) -> Result<(), Failure> {
        match found {
            Found::Removed(proof, _) if self.seq < proof.head => Err(differs(format!(
                "record {} was removed with all up to {}: note a newer head",
                self.seq, proof.head
            ))),
            Found::Removed(proof, _) | Found::Record(_, proof, _) => self.compare(proof),
        }
    }

    fn compare(&self, proof: &Proof) -> Result<(), Failure> {
        let (seq, hash) = (self.seq, hash_of(proof));
        match proof.head == seq && hash != self.hash {
            true => Err(differs(format!(
                "record {seq} differs, or one before it: its hash was noted as {}, and is {hash} here",
                self.hash
            ))),
            false => Ok(()),
        }
    }
}

/// An export that is read beside the log.
struct Beside {
    lines: Peekable<Lines<BufReader<File>>>,
    records: u64,
    /// Lines about records that the log does not hold any more.
    older: u64,
    /// What is to be said of texts that were removed.
    notes: Vec<String>,
    over: bool,
}

impl Beside {
    fn open(path: &Path) -> Result<Beside, Trouble> {
        let wrong = |text: String| Trouble { text, code: 2 };
        let shown = path.display();
        let file = File::open(path)
            .map_err(|error| wrong(format!("cannot read the export {shown}: {error}")))?;
        let mut lines = BufReader::new(file).lines().peekable();
        match lines.peek() {
            Some(Ok(first)) if is_line(first) => {}
            None => {
                return Err(wrong(format!(
                    "{shown} is empty, and every export has a line: did it fail? Make it anew with verbatimd export"
                )));
            }
            Some(Err(error)) if error.kind() != ErrorKind::InvalidData => {
                return Err(wrong(format!("cannot read the export {shown}: {error}")));
            }
            Some(_) => {
                return Err(wrong(format!(
                    "{shown} is no export: it does not begin with a line as verbatimd export writes it"
                )));
            }
        }
        Ok(Beside {
            lines,
            records: 0,
            older: 0,
            notes: Vec::new(),
            over: false,
        })
    }

    fn next(&mut self) -> Option<String> {
        let line = self.lines.next();
        // What is no text is no line that export wrote.
        line.map(|line| line.unwrap_or_default())
    }

    /// Where the next line stands; nothing of it if it is no line that export wrote.
    fn place(&mut self) -> Option<(Seq, &str, bool)> {
        let line = self.lines.peek()?.as_ref().ok()?;
        place(line)
    }

    fn follow(&mut self, found: &Found<'_>, names: &Names) -> Result<(), Failure> {
        match found {
            Found::Removed(proof, _) => self.pass(proof),
            Found::Record(_, proof, _) if self.begins_later(proof)? => Ok(()),
            Found::Record(record, _, text) => {
                self.compare(&line(found, names), record.seq, &hex(text))
            }
        }
    }

    /// Passes over what the log does not hold any more, up to the record whose hash it still knows.
    fn pass(&mut self, proof: &Proof) -> Result<(), Failure> {
        while let Some((seq, hash, _)) = self.place().filter(|(seq, _, _)| *seq <= proof.head) {
            if seq == proof.head && hash != hash_of(proof) {
                return Err(differs(format!(
                    "record {seq}, the last one that was removed, differs, or one before it: its hash is {}, and in the \
                     export {}",
                    hash_of(proof),
                    crate::clean::line(hash)
                )));
            }
            self.older += 1;
            self.next();
        }
        Ok(())
    }

    /// Whether the export is of a log that had lost more of its beginning, and says nothing of this record.
    fn begins_later(&mut self, proof: &Proof) -> Result<bool, Failure> {
        let Some((seq, hash, true)) = self.place() else {
            return Ok(false);
        };
        if seq == proof.head {
            if hash != hash_of(proof) {
                return Err(differs(format!("record {seq} differs, or one before it")));
            }
            self.next();
        }
        Ok(true)
    }

    fn compare(&mut self, here: &str, seq: Seq, text: &str) -> Result<(), Failure> {
        let Some(there) = self.next() else {
            self.over = true;
            return Ok(());
        };
        self.records += 1;
        if there == here {
            return Ok(());
        }
        let how = match emptied::compare(here, &there, text) {
            Compared::Differ => {
                return Err(differs(format!(
                    "record {seq} differs: the log says\n  {here}\nand the export\n  {}",
                    crate::clean::line(&there)
                )));
            }
            Compared::Removed => "the text was removed; that of the export has its hash",
            Compared::Unclear => {
                "the text was removed; that of the export has so many escapes that its hash cannot be told"
            }
            Compared::ThereAgain => {
                "the text was removed when the export was written, and is there now; it has the same hash"
            }
        };
        self.notes.push(format!("record {seq}: {how}"));
        Ok(())
    }

    /// The log is at its end; what the export came to.
    fn end(mut self, head: Seq) -> Result<String, Trouble> {
        if let Some(there) = self.next().filter(|_| !self.over) {
            let text = format!(
                "the log ends at record {head}, and the export goes on:\n  {}",
                crate::clean::line(&there)
            );
            return Err(trouble(&differs(text)));
        }
        for note in &self.notes {
            say(note)?;
        }
        let same = match self.older {
            0 => format!("the export says the same of the first {}", self.records),
            older => format!(
                "the export says the same of the first {}, and {older} of its lines are about what was removed",
                self.records
            ),
        };
        Ok(same)
    }
}

/// Checks all that was asked for; says what holds.
pub(super) fn verify(
    directory: &Path,
    export: Option<&Path>,
    head: Option<Noted>,
) -> Result<(), Trouble> {
    let mut beside = export.map(Beside::open).transpose()?;
    let (mut medium, mut names) = (medium(directory)?, Names::default());
    let checked = check(&mut medium, &mut |found| {
        if let Some(head) = &head {
            head.follow(&found)?;
        }
        if let Some(beside) = beside.as_mut().filter(|beside| !beside.over) {
            beside.follow(&found, &names)?;
        }
        names.follow(&found);
        Ok(())
    });
    let Checked {
        proof,
        records,
        removed,
    } = checked.map_err(|failure| trouble(&failure))?;
    if let Some(head) = head.filter(|head| head.seq > proof.head) {
        let text = format!(
            "the log ends at record {}, and was noted at {}: its end was cut off",
            proof.head, head.seq
        );
        return Err(trouble(&differs(text)));
    }
    let held = format!(
        "the chain holds: {records} records up to {proof}{}",
        control::removed(removed)
    );
    match beside {
        None => say(&held),
        Some(beside) => say(&format!("{held}; {}", beside.end(proof.head)?)),
    }
}
