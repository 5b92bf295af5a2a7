//! From a classic program's bytes to frames, as real programs write them.
//!
//! Two things differ from the session level's codec: a head may end with LF, space, LF, and a `Content-length` may
//! count bytes or characters. Which it was is read off the text: bytes that cut a character, or that leave something
//! behind them that begins no frame, were characters.

use super::dialect::Counting;
use super::frame::Side;
use crate::code::Code;
use crate::limits::{HEAD_BYTES_MAX, Limits};
use crate::wire::decimal;

/// What a classic client says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClassicIn<'a> {
    /// One half registers.
    Register {
        side: Side,
        name: &'a str,
        spaced_end: bool,
        trailing_space: bool,
    },
    /// A line.
    Send {
        to: &'a str,
        body: &'a str,
        counting: Counting,
    },
    /// The last `FORWARD` arrived well.
    Received,
    /// The last `FORWARD` could not be read.
    Complaint,
    /// Anything else that has the shape of a head.
    Other,
}

/// What the beginning of some bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scan<'a> {
    /// More bytes are needed.
    Partial,
    /// It may be whole: it is, if nothing more comes for a moment.
    Quiet,
    /// A frame, and its length in bytes.
    Frame(ClassicIn<'a>, usize),
    /// No frame. The connection goes on after so many bytes, which may not have come yet.
    Refused(Code, u64),
    /// No frame, and nobody knows where the next begins.
    Lost(Code),
}

/// How one connection's bytes are to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'l> {
    /// What its `Content-length` is known to count.
    pub(crate) counting: Counting,
    /// Nothing has come for a moment.
    pub(crate) quiet: bool,
    pub(crate) limits: &'l Limits,
}

/// Reads one frame from the beginning of `bytes`.
pub(crate) fn scan<'a>(bytes: &'a [u8], reading: Reading<'_>) -> Scan<'a> {
    let blank = bytes.iter().take_while(|b| **b == b'\n').count();
    if blank > 0 {
        // Uncounted line ends behind a body, which some programs write.
        return Scan::Refused(BLANK, blank as u64);
    }
    let seen = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
    let Some((text_end, head_end)) = head_end(seen) else {
        let fine = seen.iter().all(|b| matches!(b, b' '..=b'~' | b'\n'));
        return if fine && seen.len() < HEAD_BYTES_MAX {
            Scan::Partial
        } else {
            Scan::Lost(Code::HEADER_INCOMPLETE)
        };
    };
    let Some(text) = core::str::from_utf8(&seen[..text_end])
        .ok()
        .filter(|text| !text.contains(unprintable))
    else {
        return Scan::Lost(Code::HEADER_INCOMPLETE);
    };
    let (first, headers) = text.split_once('\n').unwrap_or((text, ""));
    let mut words = first.split(' ').filter(|word| !word.is_empty());
    let frame = match words.next() {
        Some("REGISTER") => register(first, head_end - text_end == 3),
        Some("SEND") => {
            return send(
                words.next().unwrap_or(""),
                headers,
                head_end,
                bytes,
                reading,
            );
        }
        Some("RECEIVED") => ClassicIn::Received,
        Some("ERROR") => ClassicIn::Complaint,
        _ => ClassicIn::Other,
    };
    Scan::Frame(frame, head_end)
}

/// Stands for bytes that are passed over without a word.
pub(crate) const BLANK: Code = Code(0);

fn unprintable(c: char) -> bool {
    c != '\n' && c.is_control()
}

/// Where a head's text ends, and where the head does.
fn head_end(seen: &[u8]) -> Option<(usize, usize)> {
    memchr::memchr_iter(b'\n', seen).find_map(|at| match &seen[at + 1..] {
        [b'\n', ..] => Some((at, at + 2)),
        [b' ', b'\n', ..] => Some((at, at + 3)),
        _ => None,
    })
}

fn register(first: &str, spaced_end: bool) -> ClassicIn<'_> {
    let rest = first.strip_prefix("REGISTER ").unwrap_or("");
    let (word, name) = rest.split_once(' ').unwrap_or((rest, ""));
    let side = match word {
        "TOSEND" => Side::Send,
        "TORECV" => Side::Receive,
        _ => return ClassicIn::Other,
    };
    ClassicIn::Register {
        side,
        name: name.trim_matches(' '),
        spaced_end,
        trailing_space: name.ends_with(' '),
    }
}

fn send<'a>(
    to: &'a str,
    headers: &str,
    head: usize,
    bytes: &'a [u8],
    reading: Reading<'_>,
) -> Scan<'a> {
    let length = headers.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim_matches(' ')
            .eq_ignore_ascii_case("content-length")
            .then(|| decimal(value.trim_matches(' ')))?
    });
    let Some(length) = length else {
        return Scan::Lost(Code::HEADER_INCOMPLETE);
    };
    if length > reading.limits.body_bytes_max as u64 {
        let end = length.saturating_add(head as u64);
        let near = end <= reading.limits.skipped_bytes_max;
        return if near {
            Scan::Refused(Code::UNABLE_TO_SEND, end)
        } else {
            Scan::Lost(Code::HEADER_INCOMPLETE)
        };
    }
    match body(&bytes[head..], length as usize, reading) {
        Body::Partial => Scan::Partial,
        Body::Quiet => Scan::Quiet,
        Body::Invalid(end) => Scan::Refused(Code::HEADER_INCOMPLETE, (head + end) as u64),
        Body::TooLong(end) => Scan::Refused(Code::UNABLE_TO_SEND, (head + end) as u64),
        Body::Text(text, counting) => Scan::Frame(
            ClassicIn::Send {
                to,
                body: text,
                counting,
            },
            head + text.len(),
        ),
    }
}

enum Body<'a> {
    Partial,
    Quiet,
    /// Not UTF-8, whichever way it was counted; so many bytes are given up.
    Invalid(usize),
    /// So many bytes, though its count of characters was within the limit.
    TooLong(usize),
    Text(&'a str, Counting),
}

fn body<'a>(rest: &'a [u8], length: usize, reading: Reading<'_>) -> Body<'a> {
    let Some(counted) = rest.get(..length) else {
        return Body::Partial; // a character is at least a byte
    };
    if counted.is_ascii() {
        let text = core::str::from_utf8(counted).expect("ASCII is UTF-8");
        return Body::Text(text, Counting::Unknown);
    }
    let as_bytes = core::str::from_utf8(counted).ok();
    let as_characters = characters(rest, length);
    let counted_characters = |text: &'a str| {
        if text.len() > reading.limits.body_bytes_max {
            return Body::TooLong(text.len());
        }
        Body::Text(text, Counting::Characters)
    };
    match reading.counting {
        Counting::Bytes => as_bytes.map_or(Body::Invalid(length), |text| {
            Body::Text(text, Counting::Bytes)
        }),
        Counting::Characters => match as_characters {
            Some(text) => counted_characters(text),
            None if valid_so_far(rest) && !reading.quiet => Body::Partial,
            None => Body::Invalid(rest.len()),
        },
        Counting::Unknown => {
            let follows = |text: &&str| begins_frame(&rest[text.len()..]);
            let (bytes, characters) = (as_bytes.filter(follows), as_characters.filter(follows));
            match (bytes, characters) {
                (Some(text), _) if rest.len() > length || reading.quiet => {
                    Body::Text(text, Counting::Bytes)
                }
                (None, Some(text)) => counted_characters(text),
                _ if !reading.quiet && (valid_so_far(rest) || as_bytes.is_some()) => Body::Quiet,
                _ => as_bytes.map_or(Body::Invalid(length), |text| {
                    Body::Text(text, Counting::Bytes)
                }),
            }
        }
    }
}

/// The first `count` characters, if they are all there.
fn characters(rest: &[u8], count: usize) -> Option<&str> {
    let text = match core::str::from_utf8(rest) {
        Ok(text) => text,
        Err(error) => {
            core::str::from_utf8(&rest[..error.valid_up_to()]).expect("valid up to there")
        }
    };
    let mut ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.nth(count.checked_sub(1)?)?;
    Some(&text[..end])
}

/// Whether these bytes are UTF-8, but for a last character that may still be on its way.
fn valid_so_far(rest: &[u8]) -> bool {
    core::str::from_utf8(rest).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// Whether a frame, or nothing, may begin here.
fn begins_frame(rest: &[u8]) -> bool {
    let blank = rest
        .iter()
        .take_while(|b| matches!(b, b'\n' | b' '))
        .count();
    let rest = &rest[blank..];
    let verbs: [&[u8]; 5] = [b"SEND ", b"REGISTER ", b"RECEIVED", b"RECIEVED", b"ERROR "];
    verbs
        .iter()
        .any(|verb| rest.starts_with(verb) || verb.starts_with(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], counting: Counting, quiet: bool) -> Scan<'_> {
        let limits = alloc::boxed::Box::leak(alloc::boxed::Box::new(Limits::default()));
        scan(
            bytes,
            Reading {
                counting,
                quiet,
                limits,
            },
        )
    }

    fn text(scan: Scan<'_>) -> (&str, Counting) {
        match scan {
            Scan::Frame(ClassicIn::Send { body, counting, .. }, _) => (body, counting),
            other => panic!("a line is expected, not {other:?}"),
        }
    }

    #[test]
    fn characters_and_bytes_are_told_apart_by_the_text() {
        // Counted in characters: two bytes would cut the second one.
        let seed = "SEND bob\nContent-length: 2\n\naé".as_bytes();
        assert_eq!(
            text(read(seed, Counting::Unknown, false)),
            ("aé", Counting::Characters)
        );
        // Counted in bytes, with the next frame behind it.
        let other = "SEND bob\nContent-length: 3\n\naéSEND ".as_bytes();
        assert_eq!(
            text(read(other, Counting::Unknown, false)),
            ("aé", Counting::Bytes)
        );
        // Either, until it is known that nothing follows.
        let either = "SEND bob\nContent-length: 2\n\né".as_bytes();
        assert_eq!(read(either, Counting::Unknown, false), Scan::Quiet);
        assert_eq!(
            text(read(either, Counting::Unknown, true)),
            ("é", Counting::Bytes)
        );
        assert_eq!(read(either, Counting::Characters, false), Scan::Partial);
        // Characters whose bytes would end between two of them.
        let seed = "SEND bob\nContent-length: 2\n\néa".as_bytes();
        assert_eq!(
            text(read(seed, Counting::Unknown, false)),
            ("éa", Counting::Characters)
        );
    }

    #[test]
    fn what_is_not_utf8_is_refused_and_the_connection_goes_on() {
        let bad = b"SEND bob\nContent-length: 2\n\n\xff\xfe";
        assert_eq!(
            read(bad, Counting::Unknown, false),
            Scan::Refused(Code::HEADER_INCOMPLETE, 30)
        );
    }

    #[test]
    fn registrations_show_their_endings() {
        let Scan::Frame(frame, 28) =
            read(b"REGISTER TOSEND some one \n \n", Counting::Unknown, false)
        else {
            panic!("a frame")
        };
        let (side, name) = (Side::Send, "some one");
        assert_eq!(
            frame,
            ClassicIn::Register {
                side,
                name,
                spaced_end: true,
                trailing_space: true
            }
        );
    }

    #[test]
    fn lengths_that_are_none() {
        for length in ["", "-1", "x", "99999999999999999999999"] {
            let frame = alloc::format!("SEND bob\nContent-length: {length}\n\n");
            assert_eq!(
                read(frame.as_bytes(), Counting::Unknown, false),
                Scan::Lost(Code::HEADER_INCOMPLETE)
            );
        }
        let huge = b"SEND bob\nContent-length: 9223372036854775808\n\n";
        assert_eq!(
            read(huge, Counting::Unknown, false),
            Scan::Lost(Code::HEADER_INCOMPLETE)
        );
        let long = b"SEND bob\nContent-length: 70000\n\n";
        assert_eq!(
            read(long, Counting::Unknown, false),
            Scan::Refused(Code::UNABLE_TO_SEND, 70032)
        );
    }
}
