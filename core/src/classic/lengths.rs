//! Where a body ends whose length counts bytes for some programs and characters for others.
//!
//! Which it was is read off the text: bytes that cut a character, or that leave something behind them that begins no
//! frame, were characters.

use super::dialect::Counting;

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
    /// The first words of the frames that may stand behind a body.
    pub(crate) verbs: &'static [&'static str],
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
    /// Reads the body that begins here.
    pub(crate) fn body<'a>(self, rest: &'a [u8], length: usize) -> Body<'a> {
        if length > self.body_bytes_max {
            return Body::Long;
        }
        let Some(counted) = rest.get(..length) else {
            return Body::Partial; // a character is at least a byte
        };
        if counted.is_ascii() {
            return self.ascii(counted, rest);
        }
        let as_bytes = core::str::from_utf8(counted).ok();
        let as_characters = characters(rest, length);
        match self.counting {
            Counting::Bytes => whole(as_bytes, Counting::Bytes, length),
            Counting::Characters if as_characters.is_some() => self.in_characters(as_characters),
            Counting::Characters if valid_so_far(rest) && !self.quiet => self.more(rest),
            Counting::Characters => Body::Invalid(rest.len()),
            Counting::Unknown => self.either(rest, length, as_bytes, as_characters),
        }
    }

    /// The count is the same either way. But some programs put a space before the text that they do not count.
    fn ascii<'a>(self, counted: &'a [u8], rest: &'a [u8]) -> Body<'a> {
        let (length, next) = (counted.len(), &rest[counted.len()..]);
        let spaced = counted.starts_with(b" ");
        let shifted = rest
            .get(1..=length)
            .filter(|text| spaced && text.is_ascii());
        match shifted {
            None if spaced && rest.len() == length && !self.quiet => Body::Quiet,
            Some(text) if !self.begins_frame(next) && self.begins_frame(&next[1..]) => whole(
                core::str::from_utf8(text).ok(),
                Counting::Unknown,
                length + 1,
            ),
            _ => whole(
                core::str::from_utf8(counted).ok(),
                Counting::Unknown,
                length,
            ),
        }
    }

    fn either<'a>(
        self,
        rest: &'a [u8],
        length: usize,
        as_bytes: Option<&'a str>,
        as_characters: Option<&'a str>,
    ) -> Body<'a> {
        let follows = |text: &&str| self.begins_frame(&rest[text.len()..]);
        let bytes = as_bytes.filter(follows);
        match (bytes, as_characters.filter(follows)) {
            // What bytes leave over may begin a verb, or end the text: if nothing follows, it ended the text.
            (Some(text), whole)
                if whole.is_some() && self.begins_unfinished(&rest[text.len()..]) =>
            {
                if self.quiet {
                    self.in_characters(whole)
                } else {
                    Body::Quiet
                }
            }
            (Some(_), _) if rest.len() > length || self.quiet => {
                whole(bytes, Counting::Bytes, length)
            }
            (None, text) if text.is_some() => self.in_characters(text),
            // What stands behind the bytes is no frame, so these are characters, and not all there.
            (None, None)
                if as_characters.is_none() && rest.len() > length && valid_so_far(rest) =>
            {
                self.more(rest)
            }
            _ if !self.quiet && (valid_so_far(rest) || as_bytes.is_some()) => Body::Quiet,
            _ => whole(as_bytes, Counting::Bytes, length),
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

    /// Whether a frame, or nothing, may begin here.
    fn begins_frame(self, rest: &[u8]) -> bool {
        let rest = &rest[blank(rest)..];
        self.verbs
            .iter()
            .any(|verb| shares_beginning(verb.as_bytes(), rest))
    }

    /// Whether the first letters of a verb stand here, and no more.
    fn begins_unfinished(self, rest: &[u8]) -> bool {
        let rest = &rest[blank(rest)..];
        let unfinished = |verb: &&&str| verb.len() >= rest.len();
        !rest.is_empty()
            && self
                .verbs
                .iter()
                .filter(unfinished)
                .any(|verb| shares_beginning(verb.as_bytes(), rest))
    }
}

/// A line that is too long, on its way past: counted both ways until what follows shows which it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passing {
    counting: Counting,
    bytes: u64,
    characters: u64,
}

impl Passing {
    /// So many of what that program counts are to be passed over.
    pub(crate) fn new(counting: Counting, length: u64) -> Passing {
        Passing {
            counting,
            bytes: length,
            characters: length,
        }
    }

    /// How many of these bytes are part of it, and whether what follows shows that it is over.
    pub(crate) fn pass(&mut self, bytes: &[u8], reading: Reading) -> (usize, bool) {
        for (taken, byte) in bytes.iter().enumerate() {
            let begins = byte & 0xc0 != 0x80;
            let over = match self.counting {
                Counting::Characters => self.characters == 0 && begins,
                _ if self.bytes > 0 => false,
                _ => self.is_counted() || reading.begins_frame(&bytes[taken..]),
            };
            if over {
                return (taken, true);
            }
            if self.bytes == 0 {
                self.counting = Counting::Characters;
            }
            self.bytes = self.bytes.saturating_sub(1);
            self.characters = self.characters.saturating_sub(begins.into());
        }
        (bytes.len(), false)
    }

    /// Whether it makes no difference any more what was counted.
    fn is_counted(&self) -> bool {
        self.counting == Counting::Bytes || self.bytes == self.characters
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
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            core::str::from_utf8(&bytes[..error.valid_up_to()]).expect("valid up to there")
        }
    }
}

/// Whether these bytes are UTF-8, but for a last character that may still be on its way.
pub(super) fn valid_so_far(rest: &[u8]) -> bool {
    core::str::from_utf8(rest).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// How many line ends and spaces stand here.
pub(crate) fn blank(rest: &[u8]) -> usize {
    rest.iter()
        .take_while(|b| matches!(b, b'\n' | b' '))
        .count()
}

/// Whether one of the two begins with the other, whatever the case.
fn shares_beginning(verb: &[u8], rest: &[u8]) -> bool {
    let length = verb.len().min(rest.len());
    verb[..length].eq_ignore_ascii_case(&rest[..length])
}
