//! Bare bodies, as the relay carries them: as many bytes as the levels' messages have text, and nothing around them.

use super::relay::GREETING;
use super::speech::{Heard, Level, Opened, Role, Speech, User, Visit, Word, await_answer, connect};
use std::io;
use std::net::SocketAddr;
use verbatim_core::name::Recipient;

/// Bodies of one fixed length.
#[derive(Clone, Copy, Debug)]
pub struct Bodies {
    /// That length in bytes.
    pub bytes: usize,
}

/// One connection through the relay.
#[derive(Clone, Copy, Debug)]
pub enum BodySpeech {
    /// Bodies go out; for each that arrived at the other end one byte comes back.
    Answered,
    /// Bodies of that length come in and are answered so.
    Answering(usize),
    /// Bodies of that length go both ways, without answers.
    Unanswered(usize),
}

impl Level for Bodies {
    type Speech = BodySpeech;

    fn join(&self, server: SocketAddr, user: &User) -> io::Result<Vec<Opened<BodySpeech>>> {
        let mut stream = connect(server)?;
        let ((), rest) = await_answer(&mut stream, |bytes| match bytes {
            [] => Ok(None),
            [GREETING, ..] => Ok(Some(((), 1))),
            _ => Err(io::Error::other("the relay did not greet")),
        })?;
        Ok(vec![Opened {
            stream,
            speech: match user.role {
                Role::Writer => BodySpeech::Answered,
                Role::Reader => BodySpeech::Answering(self.bytes),
                Role::Both => BodySpeech::Unanswered(self.bytes),
            },
            rest,
        }])
    }

    fn visit(&self, _: &User, out: &mut Vec<u8>) -> io::Result<()> {
        out.resize(self.bytes, b'x');
        Ok(())
    }

    fn on_visit(&self, bytes: &[u8], _: &mut Vec<u8>) -> io::Result<Visit> {
        match bytes.len() < self.bytes {
            true => Ok(Visit::Waiting),
            false => Ok(Visit::Over),
        }
    }
}

impl Speech for BodySpeech {
    const RECEIPTS: bool = false;

    fn is_answered(&self) -> bool {
        matches!(self, BodySpeech::Answered)
    }

    fn hear<'a>(&mut self, bytes: &'a [u8]) -> Word<'a> {
        match *self {
            _ if bytes.is_empty() => Word::Unfinished,
            BodySpeech::Answered => {
                let answers = Heard::Accepted {
                    count: bytes.len() as u64,
                    first: None,
                    at: None,
                };
                Word::Whole(answers, bytes.len())
            }
            BodySpeech::Answering(length) | BodySpeech::Unanswered(length) => {
                match bytes.get(..length) {
                    None => Word::Unfinished,
                    Some(body) => Word::Whole(Heard::Delivered { body, at: None }, length),
                }
            }
        }
    }

    fn say(&mut self, _: Recipient, _: u64, body: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(body.as_bytes());
    }

    fn acknowledge(&mut self, count: u64, _: u64, out: &mut Vec<u8>) {
        if let BodySpeech::Answering(_) = self {
            out.resize(out.len() + count as usize, b'.');
        }
    }

    fn pong(&mut self, _: &mut Vec<u8>) {}

    fn leave(&mut self, _: &mut Vec<u8>) {}
}
