//! The tag of a line, by which it is known wherever its text stands.

use crate::history::Who;
use std::fmt;
use verbatim_core::wire::put_decimal;

/// A line that somebody wrote: whose, and which of theirs, counted over the run from 1. It stands in the line's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// Who wrote it.
    pub who: Who,
    /// Which of its lines.
    pub line: u64,
}

/// What a text is filled with.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
/// Room for a tag.
const TAG_BYTES: usize = 16;

impl Tag {
    /// A text of that many bytes and more, which begins with the tag.
    pub fn body(self, bytes: u64) -> String {
        let mut body = Vec::with_capacity((bytes as usize).max(TAG_BYTES));
        body.push(b'u');
        put_decimal(&mut body, self.who as u64);
        body.push(b'.');
        put_decimal(&mut body, self.line);
        body.push(b' ');
        while (body.len() as u64) < bytes {
            let rest = &LETTERS[body.len() % LETTERS.len()..];
            let left = bytes as usize - body.len();
            body.extend_from_slice(&rest[..left.min(rest.len())]);
        }
        String::from_utf8(body).expect("letters and digits")
    }

    /// Reads the tag of a text.
    pub fn of(body: &str) -> Option<Tag> {
        let (who, rest) = number(body.as_bytes().strip_prefix(b"u")?)?;
        let (line, rest) = number(rest.strip_prefix(b".")?)?;
        let who = usize::try_from(who).ok()?;
        rest.starts_with(b" ").then_some(Tag { who, line })
    }
}

/// The number that stands first, and what follows it.
pub(crate) fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    let mut length = 0;
    for digit in bytes.iter().take_while(|byte| byte.is_ascii_digit()) {
        let shifted = number.checked_mul(10)?;
        number = shifted.checked_add(u64::from(digit - b'0'))?;
        length += 1;
    }
    (length > 0).then(|| (number, &bytes[length..]))
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "u{}.{}", self.who, self.line)
    }
}
