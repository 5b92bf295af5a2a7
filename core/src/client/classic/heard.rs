//! From a classic server's bytes to what it says: strict ones and those that forget half of a head's end.

use super::ways::{VERBS, Verb};
use crate::classic::{Body, Counting, End, Reading, Wait, blank, length_in};
use crate::code::Code;
use crate::limits::{HEAD_BYTES_MAX, Limits};
use alloc::borrow::Cow;
use alloc::string::String;

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    /// A half is registered.
    Registered,
    /// The last line arrived. Whose name stands there differs from server to server.
    Acknowledged,
    /// Something is refused.
    Error(Code, Cow<'a, str>),
    /// A line for this user.
    Forward(Forward<'a>),
    /// A line for this user that cannot be read.
    Garbled(End),
    /// Words of no meaning.
    Noise,
}

/// A line for this user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Forward<'a> {
    pub from: &'a str,
    pub body: &'a str,
    pub counting: Counting,
    /// How its head ended; the answer ends so too.
    pub end: End,
}

/// What the beginning of some bytes is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// More bytes are needed.
    Partial,
    /// It may be whole: it is, if nothing more comes for that long.
    Quiet(Wait),
    /// Something, and how many bytes it takes.
    Whole(Heard<'a>, usize),
    /// Nobody knows where the next frame begins.
    Lost,
}

/// How a server's bytes are read.
pub(super) fn reading(counting: Counting, quiet: bool, limits: &Limits) -> Reading {
    Reading {
        counting,
        quiet,
        body_bytes_max: limits.body_bytes_max,
        skipped_max: limits.body_bytes_max as u64,
        verbs: |at| VERBS.get(at).map(|(word, _)| *word),
    }
}

/// Reads one frame from the beginning of `bytes`, which begin with no blank.
pub(super) fn find(bytes: &[u8], reading: Reading) -> Found<'_> {
    let line_end = bytes.iter().position(|byte| *byte == b'\n');
    let first = &bytes[..line_end.unwrap_or(bytes.len())];
    let taken = (first.len() + 1).min(bytes.len());
    match (verb(first), line_end) {
        (_, None) if bytes.len() >= HEAD_BYTES_MAX => Found::Lost,
        (Some(Verb::Forward), Some(_)) => forward(bytes, first, reading),
        (Some(Verb::Forward), None) | (None, None) => Found::Partial,
        (_, None) if !reading.quiet => Found::Quiet(Wait::Longer),
        (None, Some(_)) => Found::Whole(Heard::Noise, taken),
        (Some(Verb::Registered), _) => Found::Whole(Heard::Registered, taken),
        (Some(Verb::Acknowledged), _) => Found::Whole(Heard::Acknowledged, taken),
        (Some(Verb::Error), _) => Found::Whole(error(first), taken),
    }
}

fn verb(first: &[u8]) -> Option<Verb> {
    let word = first.split(|byte| *byte == b' ').next()?;
    let known = VERBS
        .iter()
        .find(|(verb, _)| verb.as_bytes().eq_ignore_ascii_case(word));
    known.map(|(_, verb)| *verb)
}

/// An error without a number that can be read refuses all the same.
fn error(first: &[u8]) -> Heard<'_> {
    let text = String::from_utf8_lossy(first);
    let mut words = text.split_whitespace().skip(1);
    let code = words.next().and_then(|word| word.parse().ok());
    let said = words.fold(String::new(), |mut said, word| {
        said.push_str(if said.is_empty() { "" } else { " " });
        said.push_str(word);
        said
    });
    Heard::Error(code.map_or(Code::UNABLE_TO_SEND, Code), Cow::Owned(said))
}

fn forward<'a>(bytes: &'a [u8], first: &'a [u8], reading: Reading) -> Found<'a> {
    let from = first.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or(b"");
    let from = core::str::from_utf8(from).unwrap_or("").trim_matches(' ');
    let mut at = first.len() + 1;
    loop {
        let rest = &bytes[at..];
        let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
            return match rest.len() {
                0..HEAD_BYTES_MAX => Found::Partial,
                _ => Found::Lost,
            };
        };
        at += length + 1;
        let line = core::str::from_utf8(&rest[..length]).unwrap_or("");
        match length_in(line) {
            Some(Some(length)) => return body(bytes, at, (from, length), reading),
            None if blank(line.as_bytes()) < line.len() => {}
            // The head has ended without a length, or with none that is a number.
            _ => return Found::Whole(Heard::Garbled(End::Plain), bytes.len()),
        }
    }
}

/// The text behind a length, which may follow one line end, two, or two with a space between them.
fn body<'a>(
    bytes: &'a [u8],
    length_end: usize,
    (from, length): (&'a str, u64),
    reading: Reading,
) -> Found<'a> {
    let (skipped, end) = match &bytes[length_end..] {
        [b'\n', ..] => (1, End::Plain),
        [b' ', b'\n', ..] => (2, End::Spaced),
        [] | [b' '] if !reading.quiet || length > 0 => return Found::Partial,
        _ => (0, End::Plain),
    };
    let start = length_end + skipped;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    match reading.body(&bytes[start..], length) {
        Body::Partial => Found::Partial,
        Body::Quiet => Found::Quiet(Wait::Moment),
        Body::Long => Found::Lost,
        Body::Invalid(taken) => Found::Whole(Heard::Garbled(end), start + taken),
        Body::Text(body, counting, taken) => {
            let line = Forward {
                from,
                body,
                counting,
                end,
            };
            Found::Whole(Heard::Forward(line), start + taken)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &str, quiet: bool) -> Found<'_> {
        let reading = reading(Counting::Unknown, quiet, &Limits::default());
        find(bytes.as_bytes(), reading)
    }

    #[test]
    fn answers_end_in_many_ways() {
        for end in ["\n\n", "\n \n", "\n", ""] {
            for (line, heard) in [
                ("REGISTERED TOSEND bob", Heard::Registered),
                ("SENT bob", Heard::Acknowledged),
                ("SEND bob", Heard::Acknowledged),
            ] {
                let bytes = alloc::format!("{line}{end}");
                let Found::Whole(said, _) = found(&bytes, end.is_empty()) else {
                    panic!("{bytes:?}")
                };
                assert_eq!(said, heard);
            }
        }
        assert_eq!(found("SENT bo", false), Found::Quiet(Wait::Longer));
        assert_eq!(found("WELCO", true), Found::Partial);
    }

    #[test]
    fn errors_have_a_number_and_words() {
        for bytes in [
            "ERROR 102 Unable to send\n\n",
            "error 102 Unable  to send\n \n",
        ] {
            let Found::Whole(Heard::Error(code, text), _) = found(bytes, false) else {
                panic!("{bytes:?}")
            };
            assert_eq!((code, &*text), (Code::UNABLE_TO_SEND, "Unable to send"));
        }
    }

    #[test]
    fn a_line_is_found_behind_every_head() {
        for (bytes, end) in [
            ("FORWARD bob\nContent-length: 5\n\nhello", End::Plain),
            ("FORWARD bob\nContent-length: 5\n \nhello", End::Spaced),
            ("FORWARD bob\nContent-length: 5\nhello", End::Plain),
            ("FORWARD bob\n Content-length: 5 \n\nhello", End::Plain),
            ("FORWARD bob\n Content-length 5\n \nhello", End::Spaced),
            ("FORWARDED bob\nContent-Length: 5\n\nhello\n", End::Plain),
            ("FORWARD bob\n Content-length: 5\n\n hello", End::Plain),
        ] {
            let Found::Whole(Heard::Forward(line), _) = found(bytes, false) else {
                panic!("{bytes:?}: {:?}", found(bytes, false))
            };
            assert_eq!((line.from, line.body, line.end), ("bob", "hello", end));
            for cut in 0..bytes.trim_end().len() - 1 {
                let part = found(&bytes[..cut], false);
                assert!(matches!(part, Found::Partial | Found::Quiet(_)), "{part:?}");
            }
        }
    }

    #[test]
    fn a_space_before_a_text_of_characters_cuts_nothing_off() {
        let body = "gr\u{fc}\u{df}e 1 \u{1f980}";
        let bytes = alloc::format!("FORWARD bob\n Content-length: 9\n\n {body}");
        for counting in [Counting::Unknown, Counting::Characters] {
            let reading = reading(counting, false, &Limits::default());
            for cut in 0..bytes.len() {
                let part = find(&bytes.as_bytes()[..cut], reading);
                let waits = matches!(part, Found::Partial | Found::Quiet(_));
                assert!(waits, "{counting:?} {cut}: {part:?}");
            }
        }
        let Found::Whole(Heard::Forward(line), _) = found(&bytes, true) else {
            panic!("{:?}", found(&bytes, true))
        };
        assert_eq!((line.body, line.counting), (body, Counting::Characters));
    }

    #[test]
    fn what_is_no_line_is_complained_about() {
        for bytes in [
            "FORWARD bob\n\nhello",
            "FORWARD bob\nContent-length: x\n\nhello",
        ] {
            let garbled = Found::Whole(Heard::Garbled(End::Plain), bytes.len());
            assert_eq!(found(bytes, false), garbled);
        }
    }
}
