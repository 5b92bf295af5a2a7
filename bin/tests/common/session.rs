//! A scripted session: a real connection, the core's own codec, and no state but what the test keeps.

use super::PATIENCE;
use super::connection::Connection;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use verbatim_core::id::{DeviceId, MessageId, Seq, Try};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::wire::{
    ClientFrame, Credit, Decoded, Hello, Place, ServerFrame, Welcome, encode_client, server_frame,
};

/// One connection of the session level.
pub struct Session {
    pub connection: Connection,
    limits: Limits,
}

impl Session {
    /// Claims a name with a device made from it, and waits for the welcome.
    #[track_caller]
    pub fn join(address: SocketAddr, name: &str) -> Session {
        Session::resume(address, &hello(name, 1)).0
    }

    /// Says this `HELLO` and waits for the welcome.
    #[track_caller]
    pub fn resume(address: SocketAddr, hello: &Hello) -> (Session, Box<Welcome>) {
        let mut session = Session::open(address);
        session.say(&ClientFrame::Hello(Box::new(hello.clone())));
        match session.next() {
            ServerFrame::Welcome(welcome) => (session, welcome),
            other => panic!("{} expects its welcome, not {other}", hello.user),
        }
    }

    /// A connection that has said nothing yet.
    pub fn open(address: SocketAddr) -> Session {
        Session {
            connection: Connection::open(address),
            limits: Limits::default(),
        }
    }

    /// Sends a frame.
    pub fn say(&mut self, frame: &ClientFrame<'_>) {
        let mut bytes = Vec::new();
        encode_client(frame, &mut bytes);
        self.connection.say(bytes);
    }

    /// Sends a message.
    pub fn send(&mut self, to: &str, id: u64, body: &str) {
        self.say(&message(to, id, body));
    }

    /// Acknowledges deliveries.
    pub fn ack(&mut self, seq: Seq) {
        self.say(&ClientFrame::Ack(seq));
    }

    /// The next frame that is no heartbeat.
    #[track_caller]
    pub fn next(&mut self) -> ServerFrame<'static> {
        let frame = self.next_or_end(PATIENCE);
        frame.expect("the connection goes on")
    }

    /// The next frame that is no heartbeat; `None` at the end of the connection.
    #[track_caller]
    pub fn next_or_end(&mut self, within: Duration) -> Option<ServerFrame<'static>> {
        let deadline = Instant::now() + within;
        loop {
            match self.take_frame() {
                Some(ServerFrame::Ping) => self.say(&ClientFrame::Pong),
                Some(frame) => return Some(frame),
                None if self.connection.read_before(deadline) => {}
                None => return None,
            }
        }
    }

    fn take_frame(&mut self) -> Option<ServerFrame<'static>> {
        let length = match server_frame(self.connection.unread(), &self.limits) {
            Decoded::Partial => return None,
            Decoded::Frame(_, length) => length,
            Decoded::Refused(refusal, _) => panic!("the server wrote no frame: {refusal:?}"),
        };
        // A frame borrows its bytes; a test is over soon and may keep them for ever.
        match server_frame(self.connection.take(length).leak(), &self.limits) {
            Decoded::Frame(frame, _) => Some(frame),
            other => panic!("the same bytes gave a frame before: {other:?}"),
        }
    }
}

/// A `HELLO` of a device that keeps a store, which is made from its name.
pub fn hello(user: &str, attempt: u64) -> Hello {
    let mut bits = [0xA5; 16];
    for (bit, byte) in bits.iter_mut().zip(user.bytes()) {
        *bit = byte;
    }
    Hello {
        user: name(user),
        device: DeviceId::new(bits),
        attempt: Try(attempt),
        keep: true,
        place: Place::New,
        accepted: None,
        delivered: Seq(0),
        credit: Credit {
            deliveries: 256,
            bytes: 262_144,
        },
    }
}

/// A `SEND`.
pub fn message<'a>(to: &str, id: u64, body: &'a str) -> ClientFrame<'a> {
    let to = Recipient::parse(to.as_bytes()).expect("the test names somebody who can exist");
    ClientFrame::Send {
        to,
        id: MessageId(id),
        body,
    }
}

/// A name.
pub fn name(text: &str) -> Name {
    Name::parse(text.as_bytes()).expect("the test names somebody who can exist")
}
