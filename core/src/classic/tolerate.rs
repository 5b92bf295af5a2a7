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
        let fine = valid_so_far(seen) && !valid_part(seen).contains(unprintable);
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
    /// As many characters as announced, in more bytes than a body may have.
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
    match reading.counting {
        Counting::Bytes => as_bytes.map_or(Body::Invalid(length), |text| {
            Body::Text(text, Counting::Bytes)
        }),
        Counting::Characters => match as_characters {
            Some(text) => in_characters(text, reading),
            None if valid_so_far(rest) && !reading.quiet => Body::Partial,
            None => Body::Invalid(rest.len()),
        },
        Counting::Unknown => {
            let follows = |text: &&str| begins_frame(&rest[text.len()..]);
            let bytes = as_bytes.filter(follows);
            match (bytes, as_characters.filter(follows)) {
                // What bytes leave over may begin a verb, or end the text: if nothing follows, it ended the text.
                (Some(text), Some(whole)) if begins_unfinished(&rest[text.len()..]) => {
                    if reading.quiet {
                        Body::Text(whole, Counting::Characters)
                    } else {
                        Body::Quiet
                    }
                }
                (Some(text), _) if rest.len() > length || reading.quiet => {
                    Body::Text(text, Counting::Bytes)
                }
                (None, Some(text)) => in_characters(text, reading),
                // What stands behind the bytes is no frame, so these are characters, and not all there.
                (None, None)
                    if as_characters.is_none() && rest.len() > length && valid_so_far(rest) =>
                {
                    Body::Partial
                }
                _ if !reading.quiet && (valid_so_far(rest) || as_bytes.is_some()) => Body::Quiet,
                _ => as_bytes.map_or(Body::Invalid(length), |text| {
                    Body::Text(text, Counting::Bytes)
                }),
            }
        }
    }
}

fn in_characters<'a>(text: &'a str, reading: Reading<'_>) -> Body<'a> {
    if text.len() > reading.limits.body_bytes_max {
        Body::TooLong(text.len())
    } else {
        Body::Text(text, Counting::Characters)
    }
}

/// The first `count` characters, if they are all there.
fn characters(rest: &[u8], count: usize) -> Option<&str> {
    let text = valid_part(rest);
    let mut ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.nth(count.checked_sub(1)?)?;
    Some(&text[..end])
}

/// The longest beginning that is UTF-8.
fn valid_part(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            core::str::from_utf8(&bytes[..error.valid_up_to()]).expect("valid up to there")
        }
    }
}

/// Whether these bytes are UTF-8, but for a last character that may still be on its way.
fn valid_so_far(rest: &[u8]) -> bool {
    core::str::from_utf8(rest).map_or_else(|error| error.error_len().is_none(), |_| true)
}

const VERBS: [&[u8]; 5] = [b"SEND ", b"REGISTER ", b"RECEIVED", b"RECIEVED", b"ERROR "];

/// Whether a frame, or nothing, may begin here.
fn begins_frame(rest: &[u8]) -> bool {
    let rest = past_blank(rest);
    let begins = |verb: &&[u8]| rest.starts_with(verb) || verb.starts_with(rest);
    VERBS.iter().any(begins)
}

/// Whether the first letters of a verb stand here, and no more.
fn begins_unfinished(rest: &[u8]) -> bool {
    let rest = past_blank(rest);
    let begins = |verb: &&[u8]| verb.starts_with(rest) && verb.len() > rest.len();
    !rest.is_empty() && VERBS.iter().any(begins)
}

fn past_blank(rest: &[u8]) -> &[u8] {
    let blank = |b: &&u8| matches!(b, b'\n' | b' ');
    &rest[rest.iter().take_while(blank).count()..]
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
    fn characters_may_come_slowly_and_may_be_too_many_bytes() {
        // The second "é" is on its way, and the bytes before it leave no frame behind: no quiet makes them a line.
        let split = "SEND bob\nContent-length: 4\n\néaé".as_bytes();
        assert_eq!(read(split, Counting::Unknown, true), Scan::Partial);
        let body = "é".repeat(40_000);
        let long = alloc::format!("SEND bob\nContent-length: 40000\n\n{body}");
        for counting in [Counting::Unknown, Counting::Characters] {
            assert_eq!(
                read(long.as_bytes(), counting, false),
                Scan::Refused(Code::UNABLE_TO_SEND, long.len() as u64)
            );
        }
    }

    #[test]
    fn a_head_that_is_not_ascii_may_come_in_parts() {
        let whole = "SEND é\nContent-length: 2\n\nhi".as_bytes();
        for cut in 0..whole.len() {
            assert_eq!(read(&whole[..cut], Counting::Unknown, false), Scan::Partial);
        }
        for bad in [&b"SEND \xff"[..], b"SEND \xc2\x9b", b"SEND \x1b"] {
            let lost = Scan::Lost(Code::HEADER_INCOMPLETE);
            assert_eq!(read(bad, Counting::Unknown, false), lost);
        }
    }

    #[test]
    fn a_last_letter_that_might_begin_a_verb_belongs_to_the_text() {
        let seed = "SEND bob\nContent-length: 4\n\nF\u{ca}TE".as_bytes();
        assert_eq!(read(seed, Counting::Unknown, false), Scan::Quiet);
        let told = text(read(seed, Counting::Unknown, true));
        assert_eq!(told, ("F\u{ca}TE", Counting::Characters));
        let other = "SEND bob\nContent-length: 4\n\nF\u{ca}TERROR 103\n\n".as_bytes();
        let told = text(read(other, Counting::Unknown, false));
        assert_eq!(told, ("F\u{ca}T", Counting::Bytes));
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
