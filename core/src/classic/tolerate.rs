//! From a classic program's bytes to frames, as real programs write them: a head may end in four ways, one of which is
//! silence; verbs are misspelt; line ends stand where nobody counted them.

use super::dialect::{Counting, End, VERBS, Verb, names_length};
use super::frame::{Side, put_length};
use super::lengths::{Body, Reading, begins_frame, blank, valid_part, valid_so_far};
use super::passing::Passing;
use crate::code::Code;
use crate::limits::{HEAD_BYTES_MAX, Limits};
use crate::wire::decimal;
use core::fmt;
use core::time::Duration;

/// What the beginning of some bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan<'a> {
    /// More bytes are needed.
    Partial,
    /// It may be whole: it is, if nothing more comes for that long.
    Quiet(Wait),
    /// Something that can be handled.
    Frame(ClassicFrame<'a>),
}

/// What a classic client wrote. Its `Display` is its first line, with the length of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassicFrame<'a> {
    first: &'a str,
    /// What it means.
    pub said: ClassicIn<'a>,
    /// How many bytes are done with.
    pub length: usize,
    /// What of it has to be passed over, behind those.
    pub passing: Option<Passing>,
}

/// What a classic client says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassicIn<'a> {
    /// Line ends and spaces between frames.
    Blank,
    /// One half registers.
    Register(Register<'a>),
    /// A line.
    Send(Line<'a>),
    /// The last `FORWARD` arrived well.
    Received,
    /// The last `FORWARD` could not be read.
    Complaint,
    /// Anything else that has the shape of a head.
    Other,
    /// No frame, and nobody knows where the next begins.
    Lost,
}

/// A `REGISTER`, and what in it tells programs apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register<'a> {
    pub(crate) side: Side,
    /// As it was written: it may be no name at all.
    pub name: &'a str,
    pub(crate) end: End,
    /// A space stands behind the name.
    pub(crate) trailing_space: bool,
    /// A line end stands behind the head's end.
    pub(crate) line_end: bool,
}

/// A `SEND`, and what in it tells programs apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub(crate) to: &'a str,
    /// The text; or why there is none: the line is refused with that.
    pub body: Result<&'a str, Code>,
    /// What its length showed itself to count.
    pub counting: Counting,
    pub(crate) end: End,
    /// A space stands behind the recipient.
    pub(crate) trailing_space: bool,
    /// A line end that nobody counted stands behind the body.
    pub(crate) line_end: bool,
}

impl fmt::Display for ClassicFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self.said {
            // Whatever it is may be a secret that lost its frame.
            ClassicIn::Other | ClassicIn::Lost => {
                return f.write_str("(a frame that is none of this level)");
            }
            ClassicIn::Send(line) => Some(line),
            _ => None,
        };
        f.write_str(self.first.trim_end())?;
        match line.map(|line| (line.counting, line.body)) {
            None => Ok(()),
            Some((_, Err(_))) => f.write_str(" (passed over)"),
            Some((counting, Ok(body))) => put_length(f, counting, body),
        }
    }
}

/// How long nothing may come until what is there counts as whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// `classic_quiet_time`: the rest can only be what ends a head or a body.
    Moment,
    /// `classic_end_time`: the rest may be part of a name.
    Longer,
}

impl Wait {
    /// The time that it takes.
    pub fn time(self, limits: &Limits) -> Duration {
        match self {
            Wait::Moment => limits.classic_quiet_time,
            Wait::Longer => limits.classic_end_time,
        }
    }
}

/// A head: its first line and the others, where it ends, how, and what is known of whoever wrote it.
#[derive(Clone, Copy)]
struct Head<'a> {
    bytes: &'a [u8],
    reading: Reading,
    first: &'a str,
    headers: &'a str,
    length: usize,
    end: End,
}

/// Reads what stands at the beginning of `bytes`; `quiet` says that nothing has come for the time that was asked for.
pub fn scan<'a>(bytes: &'a [u8], counting: Counting, quiet: bool, limits: &Limits) -> Scan<'a> {
    if let blank @ 1.. = blank(bytes) {
        return no_frame(ClassicIn::Blank, blank);
    }
    let seen = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
    // Without an end, what stands behind a length may be a text already.
    let length_end = length_end(seen);
    let ended = head_end(seen).filter(|(text_end, ..)| headers_only(seen, length_end, *text_end));
    let text_end = ended.map_or(length_end, |(text_end, ..)| Some(text_end));
    let text = &seen[..text_end.unwrap_or(seen.len())];
    let fine = match text_end {
        Some(_) => str::from_utf8(text).is_ok(),
        None => valid_so_far(text) && seen.len() < HEAD_BYTES_MAX,
    };
    let text = valid_part(text);
    if !fine || text.contains(|c: char| c != '\n' && c.is_control()) {
        return no_frame(ClassicIn::Lost, bytes.len());
    }
    let (first, headers) = text.split_once('\n').unwrap_or((text, ""));
    let (length, end) = ended.map_or((text.len(), End::Plain), |(_, length, end)| (length, end));
    let head = Head {
        bytes,
        reading: Reading::of_client(counting, quiet, limits),
        first,
        headers,
        length,
        end,
    };
    match ended {
        Some(_) => head.frame(),
        None => head.unended(),
    }
}

/// Where a head's text ends, where the head does, and how.
fn head_end(seen: &[u8]) -> Option<(usize, usize, End)> {
    memchr::memchr_iter(b'\n', seen).find_map(|at| match &seen[at + 1..] {
        [b'\n', ..] => Some((at, at + 2, End::Plain)),
        [b' ', b'\n', ..] => Some((at, at + 3, End::Spaced)),
        _ => None,
    })
}

impl<'a> Head<'a> {
    fn frame(self) -> Scan<'a> {
        match verb(self.first) {
            Some(Verb::Register) => self.holds(self.register()),
            Some(Verb::Send) => self.line(),
            Some(Verb::Received) => self.holds(ClassicIn::Received),
            Some(Verb::Complaint) => self.holds(ClassicIn::Complaint),
            None => self.holds(ClassicIn::Other),
        }
    }

    fn holds(self, said: ClassicIn<'a>) -> Scan<'a> {
        Scan::Frame(ClassicFrame {
            first: self.first,
            said,
            length: self.length,
            passing: None,
        })
    }

    /// A head that has not ended as it should. One line end may be all that comes, or nothing.
    fn unended(self) -> Scan<'a> {
        let first_line = self.first.len() + 1;
        let is_line = self.bytes.len() >= first_line;
        let length = self.bytes.len().min(first_line);
        match verb(self.first) {
            Some(Verb::Send) => self.unended_line(),
            Some(Verb::Register) if !named(self.first) => Scan::Partial,
            // What ends it besides is blank, and passed over.
            Some(Verb::Received | Verb::Complaint) if is_line => Head { length, ..self }.frame(),
            Some(_) if self.reading.quiet => Head { length, ..self }.frame(),
            Some(_) if is_line => Scan::Quiet(Wait::Moment),
            Some(_) => Scan::Quiet(Wait::Longer),
            None => Scan::Partial,
        }
    }

    /// Of a line, the head may end behind the length, if what follows is a text of that length and not another header.
    fn unended_line(self) -> Scan<'a> {
        let rest = &self.bytes[self.length..];
        let counted = self.headers.lines().find_map(length_in);
        let bare = blank(rest) == rest.len() && counted != Some(Some(0));
        if counted.is_none() || bare || !self.headers.ends_with('\n') {
            return Scan::Partial;
        }
        let too_long = self.bytes.len() >= HEAD_BYTES_MAX;
        match self.line() {
            Scan::Frame(line) if line.passing.is_some() && too_long => Scan::Frame(line),
            Scan::Frame(line) if line.passing.is_none() && self.fits(line.length) => {
                match self.reading.quiet {
                    true => Scan::Frame(line),
                    false => Scan::Quiet(Wait::Moment),
                }
            }
            Scan::Frame(_) if too_long => no_frame(ClassicIn::Lost, self.bytes.len()),
            Scan::Frame(_) => Scan::Partial,
            unfinished => unfinished,
        }
    }

    /// Whether a frame may begin behind so many bytes.
    fn fits(self, length: usize) -> bool {
        begins_frame(&self.bytes[length..])
    }

    fn register(self) -> ClassicIn<'a> {
        let rest = self.first.get("REGISTER ".len()..).unwrap_or("");
        let (word, name) = rest.split_once(' ').unwrap_or((rest, ""));
        let mut sides = [Side::Send, Side::Receive].into_iter();
        let Some(side) = sides.find(|side| side.word().eq_ignore_ascii_case(word)) else {
            return ClassicIn::Other;
        };
        ClassicIn::Register(Register {
            side,
            name: name.trim_matches(' '),
            end: self.end,
            trailing_space: name.ends_with(' '),
            line_end: self.bytes.get(self.length) == Some(&b'\n'),
        })
    }

    /// A line: its head has ended, its text may not be there.
    fn line(self) -> Scan<'a> {
        let counted = self.headers.lines().find_map(length_in).flatten();
        let Some(counted) = counted.filter(|counted| *counted <= self.reading.skipped_max) else {
            return no_frame(ClassicIn::Lost, self.bytes.len());
        };
        let rest = &self.bytes[self.length..];
        let (body, counting, taken) = match self.reading.body(rest, counted as usize) {
            Body::Partial => return Scan::Partial,
            Body::Quiet => return Scan::Quiet(Wait::Moment),
            Body::Text(body, counting, taken) => (Ok(body), counting, taken),
            Body::Invalid(taken) => (Err(Code::HEADER_INCOMPLETE), Counting::Unknown, taken),
            Body::Long => (Err(Code::UNABLE_TO_SEND), Counting::Unknown, 0),
        };
        let long = body == Err(Code::UNABLE_TO_SEND);
        let mut words = self.first.split(' ').skip(1);
        Scan::Frame(ClassicFrame {
            first: self.first,
            said: ClassicIn::Send(Line {
                to: words.find(|word| !word.is_empty()).unwrap_or(""),
                body,
                counting,
                end: self.end,
                trailing_space: self.first.ends_with(' '),
                line_end: body.is_ok() && rest.get(taken) == Some(&b'\n'),
            }),
            length: self.length + taken,
            passing: long.then(|| Passing::new(self.reading.counting, counted)),
        })
    }
}

fn no_frame(said: ClassicIn<'static>, length: usize) -> Scan<'static> {
    let (first, passing) = ("", None);
    Scan::Frame(ClassicFrame {
        first,
        said,
        length,
        passing,
    })
}

/// Whether nothing but headers stands between a length and where the head seems to end: otherwise a text does, with an
/// empty line in it.
fn headers_only(seen: &[u8], length_end: Option<usize>, text_end: usize) -> bool {
    let between = length_end.and_then(|length_end| seen.get(length_end..text_end));
    let mut lines = between.unwrap_or(&[]).split(|byte| *byte == b'\n');
    between.is_none() || lines.all(|line| line.contains(&b':'))
}

/// Where a line's length ends, line end included.
fn length_end(seen: &[u8]) -> Option<usize> {
    let mut end = 0;
    let mut lines = seen.split_inclusive(|byte| *byte == b'\n');
    lines.find_map(|line| {
        end += line.len();
        let line = str::from_utf8(line).ok()?.strip_suffix('\n')?;
        length_in(line).map(|_| end)
    })
}

fn verb(first: &str) -> Option<Verb> {
    let word = first.split(' ').next()?;
    let known = VERBS
        .iter()
        .find(|(verb, _)| verb.eq_ignore_ascii_case(word));
    known.map(|(_, verb)| *verb)
}

/// Whether a `REGISTER` has come so far as to have a name.
fn named(first: &str) -> bool {
    first.split(' ').filter(|word| !word.is_empty()).count() > 2
}

/// The length in a header, if that is what it is: `Some(None)` for one that is no number.
pub(crate) fn length_in(line: &str) -> Option<Option<u64>> {
    let line = line.trim_matches(['\n', ' ']);
    let name_end = line.find(':').or_else(|| line.rfind(' '))?;
    let (name, value) = line.split_at(name_end);
    names_length(name).then(|| decimal(value[1..].trim_matches(' ')))
}
