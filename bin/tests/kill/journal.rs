//! A client's journal: a line for all that it does and hears, written before anything follows from it. A process that is
//! killed leaves all that it wrote, but perhaps half of its last line, which then does not count.

use nix::time::{ClockId, clock_gettime};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// One thing done or heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A connection is about to be opened.
    Try(u64),
    /// Store, epoch, cursor, last id taken, and whether the session is lost (1).
    Welcome([u64; 5]),
    /// An id and the counter of the line that goes out under it.
    Sent { id: u64, counter: u64 },
    /// A run of ids with the first one's seq and number.
    Accepted {
        first: u64,
        last: u64,
        seq: u64,
        number: u64,
    },
    /// A line arrived.
    Delivered {
        seq: u64,
        number: u64,
        from: u64,
        counter: u64,
        to_all: u64,
    },
    /// Own lines to that user are delivered up to a seq.
    Receipt { to: u64, up_to: u64 },
    /// A line to `ALL` has reached so many of so many.
    Count { seq: u64, count: u64, of: u64 },
    /// Something that should never come, as a number to look up in the client.
    Strange(u64),
}

/// An entry and when it was written, in nanoseconds of a clock that all processes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    pub at: u64,
    pub entry: Entry,
}

impl Entry {
    fn letter_and_numbers(self) -> (char, Vec<u64>) {
        match self {
            Entry::Try(attempt) => ('T', vec![attempt]),
            Entry::Welcome(numbers) => ('W', numbers.to_vec()),
            Entry::Sent { id, counter } => ('S', vec![id, counter]),
            Entry::Accepted {
                first,
                last,
                seq,
                number,
            } => ('A', vec![first, last, seq, number]),
            Entry::Delivered {
                seq,
                number,
                from,
                counter,
                to_all,
            } => ('D', vec![seq, number, from, counter, to_all]),
            Entry::Receipt { to, up_to } => ('R', vec![to, up_to]),
            Entry::Count { seq, count, of } => ('C', vec![seq, count, of]),
            Entry::Strange(what) => ('X', vec![what]),
        }
    }

    fn from(letter: &str, numbers: &[u64]) -> Option<Entry> {
        Some(match (letter, numbers) {
            ("T", &[attempt]) => Entry::Try(attempt),
            ("W", numbers) => Entry::Welcome(numbers.try_into().ok()?),
            ("S", &[id, counter]) => Entry::Sent { id, counter },
            ("A", &[first, last, seq, number]) => Entry::Accepted {
                first,
                last,
                seq,
                number,
            },
            ("D", &[seq, number, from, counter, to_all]) => Entry::Delivered {
                seq,
                number,
                from,
                counter,
                to_all,
            },
            ("R", &[to, up_to]) => Entry::Receipt { to, up_to },
            ("C", &[seq, count, of]) => Entry::Count { seq, count, of },
            ("X", &[what]) => Entry::Strange(what),
            _ => return None,
        })
    }
}

fn parse(line: &str) -> Option<Noted> {
    let mut words = line.split(' ');
    let at = words.next()?.parse().ok()?;
    let letter = words.next()?;
    let numbers: Option<Vec<u64>> = words.map(|word| word.parse().ok()).collect();
    let entry = Entry::from(letter, &numbers?)?;
    Some(Noted { at, entry })
}

/// The clock that all processes share, in nanoseconds.
pub fn now() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every system has it");
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

/// The writing end.
pub struct Journal {
    file: File,
    text: String,
}

impl Journal {
    /// Goes on where the process before left off; half a line at the end is cut off.
    pub fn open(path: &Path) -> (Journal, Vec<Noted>) {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        let mut reader = Reader::new(path);
        let notes = reader.catch_up();
        file.set_len(reader.offset).unwrap();
        let text = String::new();
        (Journal { file, text }, notes)
    }

    /// Takes an entry into the next write.
    pub fn note(&mut self, entry: Entry) {
        use std::fmt::Write;
        let (letter, numbers) = entry.letter_and_numbers();
        write!(self.text, "{} {letter}", now()).unwrap();
        numbers
            .iter()
            .for_each(|number| write!(self.text, " {number}").unwrap());
        self.text.push('\n');
    }

    /// Writes what was taken.
    pub fn write(&mut self) {
        self.file.write_all(self.text.as_bytes()).unwrap();
        self.text.clear();
    }
}

/// The reading end, which may read while the other one writes.
pub struct Reader {
    file: Option<File>,
    path: std::path::PathBuf,
    offset: u64,
}

impl Reader {
    pub fn new(path: &Path) -> Reader {
        Reader {
            file: None,
            path: path.into(),
            offset: 0,
        }
    }

    /// What was written since, in whole lines.
    pub fn catch_up(&mut self) -> Vec<Noted> {
        if self.file.is_none() {
            self.file = File::open(&self.path).ok();
        }
        let Some(file) = &mut self.file else {
            return Vec::new();
        };
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(self.offset)).unwrap();
        file.read_to_end(&mut text).unwrap();
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        self.offset += whole as u64;
        let text = std::str::from_utf8(&text[..whole]).unwrap();
        let line = |line| parse(line).unwrap_or_else(|| panic!("no entry: {line:?}"));
        text.lines().map(line).collect()
    }
}
