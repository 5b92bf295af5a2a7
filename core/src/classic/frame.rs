//! The classic protocol's frames on their way out: strict, whatever was tolerated on the way in.

use super::dialect::{Counting, End, Manner, Reply};
use crate::code::Code;
use crate::name::{Name, Recipient};
use crate::record::Message;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Which of a user's two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The one that it sends on.
    Send,
    /// The one that it receives on.
    Receive,
}

impl Side {
    /// The word of the protocol.
    pub const fn word(self) -> &'static str {
        match self {
            Side::Send => "TOSEND",
            Side::Receive => "TORECV",
        }
    }
}

/// What the server says to a classic client.
#[derive(Clone, Debug)]
pub enum ClassicOut {
    /// A half is registered.
    Registered(Side, Name, End),
    /// Something is refused.
    Error(Code, Manner),
    /// A line arrived.
    Acknowledged(Recipient, Manner),
    /// A line for this user, or a piece of one.
    Forward(Box<Piece>),
}

/// A part of a body that fits into what real receivers read at once.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Whose it is.
    pub message: Message,
    /// First byte of the body in it.
    pub start: usize,
    /// First byte of the body after it.
    pub end: usize,
    /// What this receiver's `Content-length` counts.
    pub counting: Counting,
    /// Behind the text stands a line end that is not counted, for a receiver that reads lines.
    pub line_end: bool,
}

impl Piece {
    /// The piece of a message that begins at `start`, with at most `frame_bytes_max` bytes in all, cut between characters.
    pub fn new(
        message: Message,
        start: usize,
        (counting, line_end): (Counting, bool),
        frame_bytes_max: usize,
    ) -> Piece {
        let body = message.body();
        let head =
            "FORWARD \nContent-length: 1234\n\n\n".len() + message.delivery().from.as_str().len();
        let end = piece_end(body, start, frame_bytes_max.saturating_sub(head));
        Piece {
            message,
            start,
            end,
            counting,
            line_end,
        }
    }

    /// The text in it.
    pub fn text(&self) -> &str {
        &self.message.body()[self.start..self.end]
    }
}

/// Where a piece of at most so many bytes ends, between two characters; it holds at least one.
pub(crate) fn piece_end(body: &str, start: usize, bytes_max: usize) -> usize {
    body.floor_char_boundary(body.len().min(start + bytes_max.max(4)))
}

impl ClassicOut {
    /// Appends the frame's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut put = |text: &str| out.extend_from_slice(text.as_bytes());
        put(&self.first_line());
        match self {
            ClassicOut::Registered(.., end) => put(end.text()),
            ClassicOut::Error(_, manner) | ClassicOut::Acknowledged(_, manner) => {
                put(manner.end.text());
            }
            ClassicOut::Forward(piece) => {
                let (text, last) = (piece.text(), if piece.line_end { "\n" } else { "" });
                let length = piece.counting.length(text);
                put(&format!("\nContent-length: {length}\n\n{text}{last}"));
            }
        }
    }

    fn first_line(&self) -> String {
        match self {
            ClassicOut::Registered(side, name, _) => format!("REGISTERED {} {name}", side.word()),
            ClassicOut::Error(code, manner) => format!("ERROR {} {}", code.0, manner.text(*code)),
            ClassicOut::Acknowledged(to, manner) => match manner.reply {
                Reply::Sent => format!("SENT {to}"),
                Reply::Send => format!("SEND {to}"),
            },
            ClassicOut::Forward(piece) => format!("FORWARD {}", piece.message.delivery().from),
        }
    }
}

impl fmt::Display for ClassicOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first_line())?;
        match self {
            ClassicOut::Forward(piece) => put_length(f, piece.counting, piece.text()),
            _ => Ok(()),
        }
    }
}

/// A text's length as transcripts tell it: in bytes, and what was counted if that is another number.
pub(super) fn put_length(
    f: &mut fmt::Formatter<'_>,
    counting: Counting,
    text: &str,
) -> fmt::Result {
    write!(f, " ({} bytes)", text.len())?;
    match counting.length(text) {
        counted if counted != text.len() => write!(f, " counted {counted}"),
        _ => Ok(()),
    }
}
