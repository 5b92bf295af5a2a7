//! The session level as the load program speaks it, through the product's own codec.

use super::speech::{
    Heard, Level, Opened, Place, Speech, User, Visit, Word, await_answer, connect,
};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use verbatim_core::id::{DeviceId, MessageId, Seq, Try};
use verbatim_core::limits::Limits;
use verbatim_core::name::Recipient;
use verbatim_core::wire::{
    self, ClientFrame, Credit, Decoded, Hello, Receipt, ServerFrame, Welcome, encode_client,
    server_frame,
};

/// The session level with these limits.
#[derive(Clone, Debug, Default)]
pub struct Session {
    limits: Rc<Limits>,
}

/// One session's connection.
#[derive(Clone, Debug)]
pub struct SessionSpeech {
    limits: Rc<Limits>,
}

impl Level for Session {
    type Speech = SessionSpeech;

    fn join(&self, server: SocketAddr, user: &User) -> io::Result<Vec<Opened<SessionSpeech>>> {
        let mut stream = connect(server)?;
        let mut out = Vec::new();
        encode_client(&ClientFrame::Hello(Box::new(hello(user))), &mut out);
        stream.write_all(&out)?;
        let ((), rest) = await_answer(&mut stream, |bytes| welcome(bytes, &self.limits))?;
        let speech = SessionSpeech {
            limits: Rc::clone(&self.limits),
        };
        Ok(vec![Opened {
            stream,
            speech,
            rest,
        }])
    }

    fn visit(&self, user: &User, out: &mut Vec<u8>) -> io::Result<()> {
        encode_client(&ClientFrame::Hello(Box::new(hello(user))), out);
        Ok(())
    }

    fn on_visit(&self, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<Visit> {
        match welcome(bytes, &self.limits)? {
            None => Ok(Visit::Waiting),
            Some(_) => {
                encode_client(&ClientFrame::Bye { forget: true }, out);
                Ok(Visit::Leaving)
            }
        }
    }
}

/// The first greeting of a device that nobody knows yet.
pub fn hello(user: &User) -> Hello {
    // Not a secret here: the load program's devices need only differ.
    let mut device = [0x5a; 16];
    device[..8].copy_from_slice(&(user.index as u64).to_be_bytes());
    Hello {
        user: user.name,
        device: DeviceId::new(device),
        attempt: Try(1),
        keep: true,
        place: wire::Place::New,
        accepted: Some(MessageId(0)),
        delivered: Seq(0),
        credit: Credit {
            deliveries: 256,
            bytes: 256 * 1024,
        },
    }
}

fn welcome(bytes: &[u8], limits: &Limits) -> io::Result<Option<((), usize)>> {
    match server_frame(bytes, limits) {
        Decoded::Partial => Ok(None),
        Decoded::Frame(ServerFrame::Welcome(welcome), used) if is_fresh(&welcome) => {
            Ok(Some(((), used)))
        }
        other => Err(io::Error::other(format!(
            "the server answered HELLO with {other:?}"
        ))),
    }
}

fn is_fresh(welcome: &Welcome) -> bool {
    welcome.last == MessageId(0) && !welcome.lost
}

impl Speech for SessionSpeech {
    const RECEIPTS: bool = true;

    fn hear<'a>(&mut self, bytes: &'a [u8]) -> Word<'a> {
        match server_frame(bytes, &self.limits) {
            Decoded::Partial => Word::Unfinished,
            Decoded::Frame(frame, used) => match heard(&frame) {
                Some(heard) => Word::Whole(heard, used),
                None => Word::Fault(frame.to_string()),
            },
            Decoded::Refused(refusal, _) => Word::Fault(refusal.detail.to_owned()),
        }
    }

    fn say(&mut self, to: Recipient, id: u64, body: &str, out: &mut Vec<u8>) {
        let id = MessageId(id);
        encode_client(&ClientFrame::Send { to, id, body }, out);
    }

    fn acknowledge(&mut self, _: u64, seq: u64, out: &mut Vec<u8>) {
        encode_client(&ClientFrame::Ack(Seq(seq)), out);
    }

    fn pong(&mut self, out: &mut Vec<u8>) {
        encode_client(&ClientFrame::Pong, out);
    }

    fn leave(&mut self, out: &mut Vec<u8>) {
        encode_client(&ClientFrame::Bye { forget: true }, out);
    }
}

fn heard<'a>(frame: &ServerFrame<'a>) -> Option<Heard<'a>> {
    match frame {
        ServerFrame::Deliver(delivery) => Some(Heard::Delivered {
            body: delivery.body.as_bytes(),
            at: Some(Place {
                seq: delivery.seq.0,
                number: delivery.number.0,
            }),
        }),
        ServerFrame::Accepted {
            first,
            last,
            seq,
            number,
        } => Some(Heard::Accepted {
            count: last.0 - first.0 + 1,
            first: Some(first.0),
            at: Some(Place {
                seq: seq.0,
                number: number.0,
            }),
        }),
        ServerFrame::Rejected(rejection) => Some(Heard::Refused {
            code: rejection.code.0,
            id: Some(rejection.id.0),
        }),
        ServerFrame::Receipt(Receipt::Delivered { up_to, .. }) => Some(Heard::Receipt(up_to.0)),
        ServerFrame::Receipt(Receipt::All { seq, count, of }) if count == of => {
            Some(Heard::Receipt(seq.0))
        }
        ServerFrame::Receipt(Receipt::All { .. }) | ServerFrame::Pong => Some(Heard::Nothing),
        ServerFrame::Ping => Some(Heard::Ping),
        _ => None,
    }
}
