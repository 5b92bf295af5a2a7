//! The classic level as the load program speaks it: two connections a user, one to write on and one to read from.

use super::speech::{Heard, Level, Opened, Speech, User, Visit, Word, await_answer, connect};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use verbatim_core::name::Recipient;
use verbatim_core::wire::{Head, HeadScan, decimal, put_decimal, scan_head};

/// The answer to the one message that has none.
const SENT: Heard<'static> = Heard::Accepted {
    count: 1,
    first: None,
    at: None,
};

/// The classic level.
#[derive(Clone, Copy, Debug, Default)]
pub struct Classic;

/// One of a classic user's two connections.
#[derive(Clone, Debug, Default)]
pub struct ClassicSpeech {
    /// Whose messages were heard and not yet acknowledged, in order.
    unacknowledged: Vec<String>,
}

impl Level for Classic {
    type Speech = ClassicSpeech;

    fn join(&self, server: SocketAddr, user: &User) -> io::Result<Vec<Opened<ClassicSpeech>>> {
        let mut talking = connect(server)?;
        let mut listening = connect(server)?;
        // Both ask before either is answered: the server needs not wait for the other half then.
        write!(talking, "REGISTER TOSEND {}\n\n", user.name)?;
        write!(listening, "REGISTER TORECV {}\n\n", user.name)?;
        Ok(vec![registered(talking)?, registered(listening)?])
    }

    fn visit(&self, _: &User, _: &mut Vec<u8>) -> io::Result<()> {
        Err(io::Error::other(
            "a classic user needs two connections; visits have one",
        ))
    }

    fn on_visit(&self, _: &[u8], _: &mut Vec<u8>) -> io::Result<Visit> {
        Ok(Visit::Over)
    }
}

fn registered(mut stream: TcpStream) -> io::Result<Opened<ClassicSpeech>> {
    let ((), rest) = await_answer(&mut stream, |bytes| match scan_head(bytes) {
        HeadScan::Partial => Ok(None),
        HeadScan::Whole(head) if head.verb == "REGISTERED" => Ok(Some(((), head.bytes))),
        other => Err(io::Error::other(format!(
            "the server answered REGISTER with {other:?}"
        ))),
    })?;
    Ok(Opened {
        stream,
        speech: ClassicSpeech::default(),
        rest,
    })
}

impl Speech for ClassicSpeech {
    const RECEIPTS: bool = false;

    fn hear<'a>(&mut self, bytes: &'a [u8]) -> Word<'a> {
        match scan_head(bytes) {
            HeadScan::Partial => Word::Unfinished,
            HeadScan::Broken(why) => Word::Fault(why.to_owned()),
            HeadScan::Whole(head) => match head.verb {
                "SENT" | "SEND" => Word::Whole(SENT, head.bytes),
                "ERROR" => refused(&head),
                "FORWARD" => self.forwarded(&head, bytes),
                verb => Word::Fault(format!("{verb} {}", head.arguments)),
            },
        }
    }

    fn say(&mut self, to: Recipient, _: u64, body: &str, out: &mut Vec<u8>) {
        for part in ["SEND ", to.as_str(), "\nContent-length: "] {
            out.extend_from_slice(part.as_bytes());
        }
        put_decimal(out, body.len() as u64);
        out.extend_from_slice(b"\n\n");
        out.extend_from_slice(body.as_bytes());
    }

    fn acknowledge(&mut self, _: u64, _: u64, out: &mut Vec<u8>) {
        for sender in self.unacknowledged.drain(..) {
            for part in ["RECEIVED ", &sender, "\n\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
    }

    fn pong(&mut self, _: &mut Vec<u8>) {}

    fn leave(&mut self, _: &mut Vec<u8>) {}
}

impl ClassicSpeech {
    fn forwarded<'a>(&mut self, head: &Head<'a>, bytes: &'a [u8]) -> Word<'a> {
        let length = head.header("Content-length").and_then(decimal);
        let Some(length) = length.and_then(|length| usize::try_from(length).ok()) else {
            return Word::Fault("a FORWARD without a length".to_owned());
        };
        let Some(body) = bytes.get(head.bytes..head.bytes.saturating_add(length)) else {
            return Word::Unfinished;
        };
        self.unacknowledged.push(head.arguments.to_owned());
        Word::Whole(Heard::Delivered { body, at: None }, head.bytes + length)
    }
}

fn refused<'a>(head: &Head<'a>) -> Word<'a> {
    let code = head.words().next().and_then(decimal).unwrap_or(0);
    match u16::try_from(code) {
        Ok(code @ 102) => Word::Whole(Heard::Refused { code, id: None }, head.bytes),
        _ => Word::Fault(format!("ERROR {}", head.arguments)),
    }
}
