//! The classic protocol's frames on their way out: strict, whatever was tolerated on the way in.

use super::dialect::{Counting, Reply};
use crate::code::Code;
use crate::name::{Name, Recipient};
use crate::record::Message;
use crate::wire::put_decimal;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// Which of a user's two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    Registered(Side, Name),
    /// Something is refused.
    Error(Code),
    /// A line arrived.
    Acknowledged(Reply, Recipient),
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
}

impl Piece {
    /// The piece of a message that begins at `start`, with at most `frame_bytes_max` bytes in all, cut between characters.
    pub fn new(
        message: Message,
        start: usize,
        counting: Counting,
        frame_bytes_max: usize,
    ) -> Piece {
        let body = message.body();
        let head =
            "FORWARD \nContent-length: 1234\n\n".len() + message.delivery().from.as_str().len();
        let room = frame_bytes_max.saturating_sub(head).max(4);
        let mut end = body.len().min(start + room);
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        Piece {
            message,
            start,
            end,
            counting,
        }
    }

    /// The text in it.
    pub fn text(&self) -> &str {
        &self.message.body()[self.start..self.end]
    }
}

impl ClassicOut {
    /// Appends the frame's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut put = |parts: &[&str]| {
            parts
                .iter()
                .for_each(|part| out.extend_from_slice(part.as_bytes()));
        };
        match self {
            ClassicOut::Registered(side, name) => {
                put(&["REGISTERED ", side.word(), " ", name.as_str(), "\n\n"]);
            }
            ClassicOut::Acknowledged(Reply::Sent, to) => put(&["SENT ", to.as_str(), "\n\n"]),
            ClassicOut::Acknowledged(Reply::Send, to) => put(&["SEND ", to.as_str(), "\n\n"]),
            ClassicOut::Error(code) => {
                put(&["ERROR "]);
                put_decimal(out, u64::from(code.0));
                for part in [" ", code.text(), "\n\n"] {
                    out.extend_from_slice(part.as_bytes());
                }
            }
            ClassicOut::Forward(piece) => {
                put(&[
                    "FORWARD ",
                    piece.message.delivery().from.as_str(),
                    "\nContent-length: ",
                ]);
                put_decimal(out, piece.counting.length(piece.text()) as u64);
                out.extend_from_slice(b"\n\n");
                out.extend_from_slice(piece.text().as_bytes());
            }
        }
    }
}

impl fmt::Display for ClassicOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClassicOut::Registered(side, name) => write!(f, "REGISTERED {} {name}", side.word()),
            ClassicOut::Error(code) => write!(f, "ERROR {code}"),
            ClassicOut::Acknowledged(Reply::Sent, to) => write!(f, "SENT {to}"),
            ClassicOut::Acknowledged(Reply::Send, to) => write!(f, "SEND {to}"),
            ClassicOut::Forward(piece) => {
                let bytes = piece.end - piece.start;
                write!(
                    f,
                    "FORWARD {} ({bytes} bytes)",
                    piece.message.delivery().from
                )?;
                match piece.counting.length(piece.text()) {
                    counted if counted != bytes => write!(f, " counted {counted}"),
                    _ => Ok(()),
                }
            }
        }
    }
}
