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

/// What may stand behind a text.
enum Behind {
    Nothing,
    /// A verb, or line ends.
    Frame,
    /// The first letters of a verb.
    Part,
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
        let [b' ', text @ ..] = rest else {
            return self.text(rest, length);
        };
        // Some programs put a space before the text that they do not count.
        let plain = self.behind(rest, length);
        let shifted = self.behind(text, length).map(|_| self.text(text, length));
        match (shifted, plain) {
            (None | Some(_), Some(Behind::Nothing)) | (Some(_), Some(Behind::Part))
                if !self.quiet =>
            {
                Body::Quiet
            }
            (Some(Body::Text(text, counting, taken)), None | Some(Behind::Part)) => {
                Body::Text(text, counting, taken + 1)
            }
            _ => self.text(rest, length),
        }
    }

    /// Whether a text of that length is all there, in any count.
    pub(super) fn has(self, rest: &[u8], length: usize) -> bool {
        length == 0 || characters(rest, length).is_some() || self.fits(rest, length)
    }

    /// Whether behind a text of that length, in one of the counts, a frame may begin.
    pub(super) fn fits(self, rest: &[u8], length: usize) -> bool {
        self.behind(rest, length).is_some()
    }

    /// What stands behind a text of that length, in the count that leaves least, if a frame may begin there.
    fn behind(self, rest: &[u8], length: usize) -> Option<Behind> {
        let bytes = rest
            .get(..length)
            .and_then(|text| core::str::from_utf8(text).ok());
        let texts = [bytes, characters(rest, length)].into_iter().flatten();
        let left = texts.map(|text| &rest[text.len()..]);
        let left = left
            .filter(|left| self.begins_frame(left))
            .min_by_key(|left| left.len())?;
        Some(match left {
            [] => Behind::Nothing,
            left if self.begins_whole(left) || blank(left) == left.len() => Behind::Frame,
            _ => Behind::Part,
        })
    }

    fn text<'a>(self, rest: &'a [u8], length: usize) -> Body<'a> {
        let Some(counted) = rest.get(..length) else {
            return Body::Partial; // a character is at least a byte
        };
        let as_bytes = core::str::from_utf8(counted).ok();
        if counted.is_ascii() {
            return whole(as_bytes, Counting::Unknown, length);
        }
        let as_characters = characters(rest, length);
        match self.counting {
            Counting::Bytes => whole(as_bytes, Counting::Bytes, length),
            Counting::Characters if as_characters.is_some() => self.in_characters(as_characters),
            Counting::Characters if valid_so_far(rest) && !self.quiet => self.more(rest),
            Counting::Characters => Body::Invalid(rest.len()),
            Counting::Unknown => self.either(rest, length, as_bytes, as_characters),
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
        match (as_bytes.filter(follows), as_characters.filter(follows)) {
            (Some(text), whole) => self.either_text(&rest[text.len()..], text, whole),
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

    /// The bytes may be the text, by what they leave over. If nothing follows that, it ended the text instead.
    fn either_text<'a>(self, left: &[u8], bytes: &'a str, characters: Option<&'a str>) -> Body<'a> {
        let bare = blank(left) == left.len();
        let counted = left.contains(&b' ') && characters.is_some();
        if self.begins_whole(left) || (self.quiet && bare && !counted) {
            whole(Some(bytes), Counting::Bytes, bytes.len())
        } else if self.quiet && characters.is_some() {
            self.in_characters(characters)
        } else if bare || characters.is_some() {
            Body::Quiet
        } else {
            Body::Partial
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

    /// Whether a whole verb stands here.
    fn begins_whole(self, rest: &[u8]) -> bool {
        let rest = &rest[blank(rest)..];
        let whole = |verb: &&&str| verb.len() <= rest.len();
        let mut verbs = self.verbs.iter().filter(whole);
        verbs.any(|verb| shares_beginning(verb.as_bytes(), rest))
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
