//! A classic client's bytes for whoever looks on: the same reading that the router does, told on one line.

use super::dialect::Counting;
use super::lengths::Reading;
use super::tolerate::{ClassicIn, Scan, scan};
use crate::limits::Limits;
use core::fmt;
use core::time::Duration;

/// What the beginning of some bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<'a> {
    /// More bytes are needed.
    Partial,
    /// Whole, if nothing more comes for that long.
    Quiet(Duration),
    /// A frame, and its length in bytes.
    Frame(SeenFrame<'a>, usize),
    /// No frame; the next begins after so many bytes, which may not have come yet.
    Passed(u64),
    /// No frame, and nobody knows where the next begins.
    Lost,
}

/// A classic client's frame. Its `Display` is its first line, with the length of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenFrame<'a> {
    first: &'a str,
    known: bool,
    /// The name in a `REGISTER`, as it was written: it may be no name at all.
    pub registers: Option<&'a str>,
    /// The text of a `SEND`.
    pub body: Option<&'a str>,
    /// What its `Content-length` showed itself to count.
    pub counting: Counting,
}

/// Reads one frame from the beginning of `bytes`; `quiet` says that nothing has come for the time that was asked for.
pub fn seen<'a>(bytes: &'a [u8], counting: Counting, quiet: bool, limits: &Limits) -> Seen<'a> {
    match scan(bytes, Reading::of_client(counting, quiet, limits)) {
        Scan::Partial => Seen::Partial,
        Scan::Quiet(wait) => Seen::Quiet(wait.time(limits)),
        Scan::Frame(frame, length) => Seen::Frame(frame_seen(frame, bytes), length),
        Scan::Blank(length) | Scan::Invalid(length, _) => Seen::Passed(length as u64),
        Scan::Long(head, length, _) => Seen::Passed(head as u64 + length),
        Scan::Lost => Seen::Lost,
    }
}

fn frame_seen<'a>(frame: ClassicIn<'a>, bytes: &'a [u8]) -> SeenFrame<'a> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
    let seen = SeenFrame {
        first: core::str::from_utf8(line).unwrap_or(""),
        known: frame != ClassicIn::Other,
        registers: None,
        body: None,
        counting: Counting::Unknown,
    };
    match frame {
        ClassicIn::Register(register) => SeenFrame {
            registers: Some(register.name),
            ..seen
        },
        ClassicIn::Send(line) => SeenFrame {
            body: Some(line.body),
            counting: line.counting,
            ..seen
        },
        _ => seen,
    }
}

impl fmt::Display for SeenFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.known {
            // Whatever it is may be a secret that lost its frame.
            return f.write_str("(a frame that is none of this level)");
        }
        f.write_str(self.first.trim_end())?;
        let Some(body) = self.body else { return Ok(()) };
        write!(f, " ({} bytes)", body.len())?;
        match self.counting.length(body) {
            counted if counted != body.len() => write!(f, " counted {counted}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn told(bytes: &[u8]) -> alloc::string::String {
        match seen(bytes, Counting::Unknown, false, &Limits::default()) {
            Seen::Frame(frame, _) => frame.to_string(),
            other => panic!("a frame is expected, not {other:?}"),
        }
    }

    #[test]
    fn a_line_tells_its_length_and_how_it_was_counted() {
        assert_eq!(
            told(b"SEND bob\nContent-length: 2\n\nhi"),
            "SEND bob (2 bytes)"
        );
        let seed = "SEND bob\nContent-length: 2\n\naé".as_bytes();
        assert_eq!(told(seed), "SEND bob (3 bytes) counted 2");
        assert_eq!(told(b"REGISTER TOSEND al!ce \n\n"), "REGISTER TOSEND al!ce");
    }

    #[test]
    fn what_is_no_frame_of_this_level_is_not_repeated() {
        assert!(!told(b"Device: 00112233445566778899aabbccddeeff\n\n").contains("0011"));
    }
}
