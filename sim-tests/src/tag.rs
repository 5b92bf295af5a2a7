//! The tag of a line, by which it is known wherever its text stands.

use crate::history::Who;
use std::fmt;

/// A line that somebody wrote: whose, and which of theirs, counted over the run from 1. It stands in the line's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// Who wrote it.
    pub who: Who,
    /// Which of its lines.
    pub line: u64,
}

/// What a text is filled with: the alphabet, so often that few texts need it twice.
const LETTERS: &str = concat!(
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnopqrstuvwxyz",
);

impl Tag {
    /// A text of that many bytes and more, which begins with the tag.
    pub fn body(self, bytes: u64) -> String {
        let mut body = String::new();
        self.write(bytes, &mut body);
        body
    }

    /// Writes that text in place of what is there.
    pub fn write(self, bytes: u64, body: &mut String) {
        body.clear();
        body.push('u');
        push_number(body, self.who as u64);
        body.push('.');
        push_number(body, self.line);
        body.push(' ');
        while (body.len() as u64) < bytes {
            let rest = &LETTERS[body.len() % LETTERS.len()..];
            let left = bytes as usize - body.len();
            body.push_str(&rest[..left.min(rest.len())]);
        }
    }

    /// What a line is found by among all that people have.
    pub(crate) fn key(self) -> (Who, u64) {
        (self.who, self.line)
    }

    /// Reads the tag of a text.
    pub fn of(body: &str) -> Option<Tag> {
        let (who, rest) = number(body.as_bytes().strip_prefix(b"u")?)?;
        let (line, rest) = number(rest.strip_prefix(b".")?)?;
        let who = usize::try_from(who).ok()?;
        rest.starts_with(b" ").then_some(Tag { who, line })
    }
}

fn push_number(text: &mut String, number: u64) {
    if number >= 10 {
        push_number(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// The number that stands first, and what follows it.
pub(crate) fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        let shifted = number.checked_mul(10)?;
        number = shifted.checked_add(u64::from(digit))?;
        length += 1;
    }
    (length > 0).then(|| (number, &bytes[length..]))
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "u{}.{}", self.who, self.line)
    }
}
