//! From a classic program's bytes to frames, as real programs write them: a head may end in four ways, one of which is
//! silence; verbs are misspelt; line ends stand where nobody counted them.

use super::dialect::{Counting, End, VERBS, Verb, names_length};
use super::frame::Side;
use super::lengths::{Body, Reading, blank, valid_part, valid_so_far};
use crate::limits::{HEAD_BYTES_MAX, Limits};
use crate::wire::decimal;
use core::time::Duration;

/// What a classic client says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClassicIn<'a> {
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
}

/// A `REGISTER`, and what in it tells programs apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Register<'a> {
    pub(crate) side: Side,
    pub(crate) name: &'a str,
    pub(crate) end: End,
    /// A space stands behind the name.
    pub(crate) trailing_space: bool,
    /// A line end stands behind the head's end.
    pub(crate) line_end: bool,
}

/// A `SEND`, and what in it tells programs apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) to: &'a str,
    pub(crate) body: &'a str,
    pub(crate) counting: Counting,
    pub(crate) end: End,
    /// A space stands behind the recipient.
    pub(crate) trailing_space: bool,
    /// A line end that nobody counted stands behind the body.
    pub(crate) line_end: bool,
}

/// What the beginning of some bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scan<'a> {
    /// More bytes are needed.
    Partial,
    /// It may be whole: it is, if nothing more comes for that long.
    Quiet(Wait),
    /// Line ends and spaces between frames.
    Blank(usize),
    /// A frame, and its length in bytes.
    Frame(ClassicIn<'a>, usize),
    /// No frame. The connection goes on after so many bytes.
    Invalid(usize, End),
    /// A `SEND` whose head takes so many bytes, with a body of that length, in its own count, which is too long.
    Long(usize, u64, End),
    /// No frame, and nobody knows where the next begins.
    Lost,
}

/// How long nothing may come until what is there counts as whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// `classic_quiet_time`: the rest can only be what ends a head or a body.
    Moment,
    /// `classic_end_time`: the rest may be part of a name.
    Longer,
}

impl Wait {
    /// The time that it takes.
    pub(crate) fn time(self, limits: &Limits) -> Duration {
        match self {
            Wait::Moment => limits.classic_quiet_time,
            Wait::Longer => limits.classic_end_time,
        }
    }
}

/// A client's verbs, which may stand behind a body.
const FOLLOWING: &[&str] = &["SEND ", "REGISTER ", "RECEIVED", "RECIEVED", "ERROR "];

impl Reading {
    /// How a classic client's bytes are read.
    pub(crate) fn of_client(counting: Counting, quiet: bool, limits: &Limits) -> Reading {
        Reading {
            counting,
            quiet,
            body_bytes_max: limits.body_bytes_max,
            skipped_max: limits.skipped_bytes_max,
            verbs: FOLLOWING,
        }
    }
}

/// A head: its first line and the others, where it ends, and how.
#[derive(Clone, Copy)]
struct Head<'a> {
    first: &'a str,
    headers: &'a str,
    length: usize,
    end: End,
}

/// Reads one frame from the beginning of `bytes`.
pub(crate) fn scan(bytes: &[u8], reading: Reading) -> Scan<'_> {
    if let blank @ 1.. = blank(bytes) {
        return Scan::Blank(blank);
    }
    let seen = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
    let ended = head_end(seen);
    // Without an end, what stands behind a length may be a text already.
    let text_end = ended.map_or_else(|| length_end(seen), |(text_end, ..)| Some(text_end));
    let text = &seen[..text_end.unwrap_or(seen.len())];
    let fine = match text_end {
        Some(_) => core::str::from_utf8(text).is_ok(),
        None => valid_so_far(text) && seen.len() < HEAD_BYTES_MAX,
    };
    let text = valid_part(text);
    if !fine || text.contains(|c: char| c != '\n' && c.is_control()) {
        return Scan::Lost;
    }
    let (first, headers) = text.split_once('\n').unwrap_or((text, ""));
    let head = |length, end| Head {
        first,
        headers,
        length,
        end,
    };
    match ended {
        Some((_, length, end)) => frame(head(length, end), bytes, reading),
        None => unended(head(text.len(), End::Plain), bytes, reading),
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

fn frame<'a>(head: Head<'a>, bytes: &'a [u8], reading: Reading) -> Scan<'a> {
    let said = match verb(head.first) {
        Some(Verb::Register) => register(head, bytes),
        Some(Verb::Send) => return send(head, bytes, reading),
        Some(Verb::Received) => ClassicIn::Received,
        Some(Verb::Complaint) => ClassicIn::Complaint,
        None => ClassicIn::Other,
    };
    Scan::Frame(said, head.length)
}

/// A head that has not ended as it should. One line end may be all that comes, or nothing.
fn unended<'a>(head: Head<'a>, bytes: &'a [u8], reading: Reading) -> Scan<'a> {
    let first_line = head.first.len() + 1;
    let is_line = bytes.len() >= first_line;
    let wait = if is_line { Wait::Moment } else { Wait::Longer };
    let head = Head {
        length: bytes.len().min(first_line),
        ..head
    };
    match verb(head.first) {
        // What ends it besides is blank, and passed over.
        Some(Verb::Received | Verb::Complaint) if is_line => frame(head, bytes, reading),
        Some(Verb::Register) if !named(head.first) => Scan::Partial,
        Some(Verb::Register | Verb::Received | Verb::Complaint) if reading.quiet => {
            frame(head, bytes, reading)
        }
        Some(Verb::Register | Verb::Received | Verb::Complaint) => Scan::Quiet(wait),
        Some(Verb::Send) => unended_send(head, bytes, reading),
        None => Scan::Partial,
    }
}

/// Where a line's length ends, line end included.
fn length_end(seen: &[u8]) -> Option<usize> {
    let mut end = 0;
    let mut lines = seen.split_inclusive(|byte| *byte == b'\n');
    lines.find_map(|line| {
        end += line.len();
        let line = core::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        length_in(line).map(|_| end)
    })
}

/// Of a line, the head may end behind the length, if what follows is a text of that length and not another header.
fn unended_send<'a>(head: Head<'a>, bytes: &'a [u8], reading: Reading) -> Scan<'a> {
    let Some(length) = head.headers.lines().find_map(length_in) else {
        return Scan::Partial;
    };
    let end = head.first.len() + 1 + head.headers.len();
    let (rest, length) = (
        &bytes[end..],
        length.unwrap_or(0).min(reading.skipped_max) as usize,
    );
    let bare = blank(rest) == rest.len() && length > 0;
    if bare || !head.headers.ends_with('\n') || !reading.has(rest, length) {
        return Scan::Partial;
    }
    match reading.fits(rest, length) {
        true if reading.quiet => send(
            Head {
                length: end,
                ..head
            },
            bytes,
            reading,
        ),
        true => Scan::Quiet(Wait::Moment),
        false if bytes.len() < HEAD_BYTES_MAX => Scan::Partial,
        false => Scan::Lost,
    }
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

fn register<'a>(head: Head<'a>, bytes: &[u8]) -> ClassicIn<'a> {
    let rest = head.first.get("REGISTER ".len()..).unwrap_or("");
    let (word, name) = rest.split_once(' ').unwrap_or((rest, ""));
    let Some(side) = [Side::Send, Side::Receive]
        .into_iter()
        .find(|side| side.word().eq_ignore_ascii_case(word))
    else {
        return ClassicIn::Other;
    };
    ClassicIn::Register(Register {
        side,
        name: name.trim_matches(' '),
        end: head.end,
        trailing_space: name.ends_with(' '),
        line_end: bytes.get(head.length) == Some(&b'\n'),
    })
}

fn send<'a>(head: Head<'a>, bytes: &'a [u8], reading: Reading) -> Scan<'a> {
    let Some(length) = head.headers.lines().find_map(length_in).flatten() else {
        return Scan::Lost;
    };
    if length > reading.skipped_max {
        return Scan::Lost;
    }
    let rest = &bytes[head.length..];
    match reading.body(rest, usize::try_from(length).unwrap_or(usize::MAX)) {
        Body::Partial => Scan::Partial,
        Body::Quiet => Scan::Quiet(Wait::Moment),
        Body::Invalid(taken) => Scan::Invalid(head.length + taken, head.end),
        Body::Long => Scan::Long(head.length, length, head.end),
        Body::Text(body, counting, taken) => {
            let line = Line {
                to: head
                    .first
                    .split(' ')
                    .skip(1)
                    .find(|word| !word.is_empty())
                    .unwrap_or(""),
                body,
                counting,
                end: head.end,
                trailing_space: head.first.ends_with(' '),
                line_end: rest.get(taken) == Some(&b'\n'),
            };
            Scan::Frame(ClassicIn::Send(line), head.length + taken)
        }
    }
}

/// The length in a header, if that is what it is: `Some(None)` for one that is no number.
pub(crate) fn length_in(line: &str) -> Option<Option<u64>> {
    let line = line.trim_matches(['\n', ' ']);
    let name_end = line.find(':').or_else(|| line.rfind(' '))?;
    let (name, value) = line.split_at(name_end);
    names_length(name).then(|| decimal(value[1..].trim_matches(' ')))
}
