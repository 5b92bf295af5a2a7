//! `verify`: does the chain hold, is a head that was noted down still in it, does a transcript say the same?
//!
//! What it proves: whoever holds a head (a number and a hash, from `status`) or a transcript can show that nothing before
//! it was changed, left out, moved or put in since, and that nothing was cut off before it. What it does not prove: an
//! owner who rewrites everything makes another chain that holds in itself; only a head or a transcript in somebody
//! else's hands shows that. Nor does it prove who wrote a line: names are stamped by the server.

use super::transcript::{Names, line};
use super::{differs, hash_of, medium, say, trouble};
use crate::Trouble;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use verbatim_core::id::Seq;
use verbatim_net::engine::Failure;
use verbatim_net::engine::disk::{Checked, Proof, check};

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

/// A transcript that is read beside the log.
struct Beside {
    lines: std::io::Lines<BufReader<File>>,
    records: u64,
    over: bool,
}

impl Beside {
    fn open(path: &Path) -> Result<Beside, Trouble> {
        let file = File::open(path).map_err(|error| Trouble {
            text: format!("cannot read the transcript {}: {error}", path.display()),
            code: 2,
        })?;
        Ok(Beside {
            lines: BufReader::new(file).lines(),
            records: 0,
            over: false,
        })
    }

    fn next(&mut self) -> Option<String> {
        let line = self.lines.next();
        // What is no text is no line that export wrote.
        line.map(|line| line.unwrap_or_default())
    }

    fn compare(&mut self, here: &str, seq: Seq) -> Result<(), Failure> {
        match self.next() {
            None => self.over = true,
            Some(there) if there == here => self.records += 1,
            Some(there) => {
                return Err(differs(format!(
                    "record {seq} differs: the log says\n  {here}\nand the transcript\n  {}",
                    crate::clean::line(&there)
                )));
            }
        }
        Ok(())
    }
}

/// Checks all that was asked for; says what holds.
pub(super) fn verify(
    directory: &Path,
    transcript: Option<&Path>,
    head: Option<Noted>,
) -> Result<(), Trouble> {
    let mut beside = transcript.map(Beside::open).transpose()?;
    let (mut medium, mut names) = (medium(directory)?, Names::default());
    let checked = check(&mut medium, &mut |record, proof| {
        if let Some(head) = &head {
            head.compare(proof)?;
        }
        if let Some(beside) = beside.as_mut().filter(|beside| !beside.over) {
            beside.compare(&line(record, proof, &names), record.seq)?;
        }
        names.take(record);
        Ok(())
    });
    let Checked { proof, records } = checked.map_err(|failure| trouble(&failure))?;
    if let Some(head) = head.filter(|head| head.seq > proof.head) {
        let text = format!(
            "the log ends at record {}, and was noted at {}: its end was cut off",
            proof.head, head.seq
        );
        return Err(trouble(&differs(text)));
    }
    let said = match beside {
        None => format!("the chain holds: {records} records up to {proof}"),
        Some(mut beside) => {
            if let Some(there) = beside.next().filter(|_| !beside.over) {
                let text = format!(
                    "the log ends at record {}, and the transcript goes on:\n  {}",
                    proof.head,
                    crate::clean::line(&there)
                );
                return Err(trouble(&differs(text)));
            }
            let same = beside.records;
            format!(
                "the chain holds: {records} records up to {proof}; the transcript says the same of the first {same}"
            )
        }
    };
    say(&said)
}
