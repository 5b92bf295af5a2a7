//! Where a body ends whose length counts bytes for some programs and characters for others.
//!
//! Which it was is read off the text: bytes that cut a character, or that leave something behind them that begins no
//! frame, were characters.

use super::dialect::{Counting, VERBS};
use crate::limits::Limits;

/// How one connection's bytes are to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// What its `Content-length` is known to count.
    pub(crate) counting: Counting,
    /// Nothing has come for a moment.
    pub(crate) quiet: bool,
    /// Longest body, in bytes.
    pub(crate) body_bytes_max: usize,
    /// Longest body, in its own count, that is passed over to its end.
    pub(crate) skipped_max: u64,
    /// The verbs of the frames that may stand behind a body, by their places in a table.
    pub(crate) verbs: Verbs,
}

/// A table of verbs: the one at a place, up to its end.
type Verbs = fn(usize) -> Option<&'static str>;

/// What stands behind a text: the later, the better it shows that the text ends there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Behind {
    /// What begins no frame.
    Other,
    /// The first letters of a verb.
    Part,
    /// Spaces, and perhaps line ends.
    Spaces,
    /// Line ends, or nothing.
    Ends,
    /// A verb.
    Frame,
}

/// What stands where a body is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body<'a> {
    /// More bytes are needed.
    Partial,
    /// It may be whole: it is, if nothing more comes for a moment.
    Quiet,
    /// Not UTF-8, whichever way it was counted; so many bytes are given up.
    Invalid(usize),
    /// It has more bytes than a body may have.
    Long,
    /// The text, what its length counted, and how many bytes it took.
    Text(&'a str, Counting, usize),
}

impl Reading {
    /// How a classic client's bytes are read.
    pub(crate) fn of_client(counting: Counting, quiet: bool, limits: &Limits) -> Reading {
        Reading {
            counting,
            quiet,
            body_bytes_max: limits.body_bytes_max,
            skipped_max: limits.skipped_bytes_max,
            verbs: client_verb,
        }
    }

    /// Reads the body that begins here.
    pub(crate) fn body<'a>(self, rest: &'a [u8], length: usize) -> Body<'a> {
        if length > self.body_bytes_max {
            return Body::Long;
        }
        let [b' ', text @ ..] = rest else {
            return self.text(rest, length);
        };
        // Some programs put a space before the text that they do not count.
        match (self.behind(rest, length), self.behind(text, length)) {
            (Behind::Ends, _) if !self.quiet => Body::Quiet,
            (Behind::Part, shifted) if !self.quiet && shifted > Behind::Other => Body::Quiet,
            (Behind::Other | Behind::Part, shifted) if shifted > Behind::Other => {
                match self.text(text, length) {
                    Body::Text(text, counting, taken) => Body::Text(text, counting, taken + 1),
                    _ => self.text(rest, length),
                }
            }
            // Its last character is not all there.
            (Behind::Other, _) if self.text(text, length) == Body::Partial => Body::Partial,
            _ => self.text(rest, length),
        }
    }

    /// What stands behind a text of that length, in the count that fits better.
    fn behind(self, rest: &[u8], length: usize) -> Behind {
        let bytes = rest
            .get(..length)
            .and_then(|text| str::from_utf8(text).ok());
        let texts = [bytes, characters(rest, length)].into_iter().flatten();
        let behind = texts.map(|text| left(self.verbs, &rest[text.len()..]));
        behind.max().unwrap_or(Behind::Other)
    }

    fn text<'a>(self, rest: &'a [u8], length: usize) -> Body<'a> {
        let Some(counted) = rest.get(..length) else {
            return Body::Partial; // a character is at least a byte
        };
        let bytes = str::from_utf8(counted).ok();
        let characters = characters(rest, length);
        match self.counting {
            _ if counted.is_ascii() => whole(bytes, Counting::Unknown, length),
            Counting::Bytes => whole(bytes, Counting::Bytes, length),
            Counting::Characters if characters.is_some() => self.in_characters(characters),
            Counting::Characters if valid_so_far(rest) && !self.quiet => self.more(rest),
            Counting::Characters => Body::Invalid(rest.len()),
            Counting::Unknown => self.either(rest, length, (bytes, characters)),
        }
    }

    /// A text of a program that has not shown what it counts, taken as bytes and as characters.
    fn either<'a>(
        self,
        rest: &'a [u8],
        length: usize,
        (bytes, characters): (Option<&'a str>, Option<&'a str>),
    ) -> Body<'a> {
        let behind = |text: &str| left(self.verbs, &rest[text.len()..]);
        let in_bytes = || whole(bytes, Counting::Bytes, length);
        let fits = characters.filter(|text| behind(text) > Behind::Other);
        match (bytes.map_or(Behind::Other, behind), fits) {
            (Behind::Frame, _) => in_bytes(),
            // Nothing came behind it. Line ends are often not counted; spaces are.
            (Behind::Ends, _) | (Behind::Spaces, None) if self.quiet => in_bytes(),
            (Behind::Spaces | Behind::Part, Some(_)) if self.quiet => self.in_characters(fits),
            (Behind::Part, None) => Body::Partial,
            (Behind::Other, Some(_)) => self.in_characters(fits),
            // What stands behind the bytes is no frame, so these are characters, and not all there.
            (Behind::Other, None)
                if characters.is_none() && rest.len() > length && valid_so_far(rest) =>
            {
                self.more(rest)
            }
            _ if !self.quiet && (valid_so_far(rest) || bytes.is_some()) => Body::Quiet,
            _ => in_bytes(),
        }
    }

    fn in_characters(self, text: Option<&str>) -> Body<'_> {
        match text {
            Some(text) if text.len() > self.body_bytes_max => Body::Long,
            text => whole(text, Counting::Characters, text.map_or(0, str::len)),
        }
    }

    fn more(self, rest: &[u8]) -> Body<'_> {
        if rest.len() > self.body_bytes_max {
            Body::Long
        } else {
            Body::Partial
        }
    }
}

/// Whether a frame of a client, or nothing, may begin here.
pub(super) fn begins_frame(rest: &[u8]) -> bool {
    left(client_verb, rest) > Behind::Other
}

fn client_verb(at: usize) -> Option<&'static str> {
    VERBS.get(at).map(|(word, _)| *word)
}

/// What these bytes are, if a text ends before them.
fn left(verbs: Verbs, rest: &[u8]) -> Behind {
    let (blank, rest) = rest.split_at(blank(rest));
    let mut verbs = (0..).map_while(verbs).map(str::as_bytes);
    match verbs.find(|verb| begins(rest, verb)) {
        _ if rest.is_empty() && blank.contains(&b' ') => Behind::Spaces,
        _ if rest.is_empty() => Behind::Ends,
        Some(verb) if verb.len() < rest.len() => Behind::Frame,
        Some(_) => Behind::Part,
        None => Behind::Other,
    }
}

fn whole(text: Option<&str>, counting: Counting, taken: usize) -> Body<'_> {
    text.map_or(Body::Invalid(taken), |text| {
        Body::Text(text, counting, taken)
    })
}

/// The first `count` characters, if they are all there.
fn characters(rest: &[u8], count: usize) -> Option<&str> {
    let text = valid_part(rest);
    let mut ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.nth(count.checked_sub(1)?)?;
    Some(&text[..end])
}

/// The longest beginning that is UTF-8.
pub(super) fn valid_part(bytes: &[u8]) -> &str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).expect("valid up to there"),
    }
}

/// Whether these bytes are UTF-8, but for a last character that may still be on its way.
pub(super) fn valid_so_far(rest: &[u8]) -> bool {
    str::from_utf8(rest).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// How many line ends and spaces stand here.
pub(crate) fn blank(rest: &[u8]) -> usize {
    rest.iter()
        .take_while(|b| matches!(b, b'\n' | b' '))
        .count()
}

/// Whether these bytes are the beginning of a verb, or begin with all of it, whatever the case.
fn begins(rest: &[u8], verb: &[u8]) -> bool {
    let length = verb.len().min(rest.len());
    let ends = rest
        .get(verb.len())
        .is_none_or(|end| matches!(end, b' ' | b'\n'));
    ends && verb[..length].eq_ignore_ascii_case(&rest[..length])
}
