//! A scripted client of the session level. It does nothing by itself: every frame is in the script.

use crate::connection::Connection;
use verbatim_core::id::{DeviceId, MessageId, Seq, Try};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::wire::{
    ClientFrame, Credit, Decoded, Hello, Place, ServerFrame, encode_client, server_frame,
};
use verbatim_net::transcript::quoted;

/// Somebody who speaks the session level.
pub struct Session {
    connection: Connection,
    /// The last delivery that was heard.
    delivered: Seq,
    /// Where its welcome said that its feed starts.
    place: Option<Place>,
}

impl Session {
    /// Says `HELLO` on a new connection. The answer is still to be heard.
    pub fn hello(connection: Connection, hello: Hello) -> Session {
        let session = Session {
            connection,
            delivered: Seq(0),
            place: None,
        };
        session.say(&[ClientFrame::Hello(Box::new(hello))]);
        session
    }

    /// Sends frames in one segment.
    pub fn say(&self, frames: &[ClientFrame<'_>]) {
        let mut bytes = Vec::new();
        frames
            .iter()
            .for_each(|frame| encode_client(frame, &mut bytes));
        self.connection.write(bytes);
    }

    /// Sends a message.
    pub fn send(&self, to: &str, id: u64, body: &str) {
        self.say(&[message(to, id, body)]);
    }

    /// Acks all that was heard.
    pub fn ack(&self) {
        self.say(&[ClientFrame::Ack(self.delivered)]);
    }

    /// Waits for the next frame, whose line in a transcript must begin like this. Answers with the whole line.
    pub fn expect(&mut self, beginning: &str) -> String {
        let world = self.connection.world().clone();
        let line = world.until(&format!("{beginning:?}"), || self.next_line());
        if !line.starts_with(beginning) {
            self.connection
                .fail(&format!("expected {beginning:?} and heard {line:?}"));
        }
        line
    }

    /// Waits for a message as the next frame.
    pub fn hears(&mut self, from: &str, body: &str) {
        let line = self.expect("DELIVER");
        if !line.contains(&format!(" {from} -> ")) || !line.ends_with(&quoted(body)) {
            self.connection
                .fail(&format!("expected {body:?} from {from} and heard {line:?}"));
        }
    }

    /// Waits for a message as the next frame, and acks it.
    pub fn takes(&mut self, from: &str, body: &str) {
        self.hears(from, body);
        self.ack();
    }

    /// The next frame's line, if one has come.
    pub fn next_line(&mut self) -> Option<String> {
        let limits = Limits::default();
        let ((line, seq), place) =
            self.connection
                .look(|bytes| match server_frame(bytes, &limits) {
                    Decoded::Partial => None,
                    Decoded::Frame(frame, length) => {
                        Some(((line_of(&frame), place_of(&frame)), length))
                    }
                    Decoded::Refused(refusal, _) => {
                        panic!("the server's frame is none: {refusal:?}")
                    }
                })?;
        self.delivered = seq.unwrap_or(self.delivered);
        self.place = place.or(self.place);
        Some(line)
    }

    /// Closes the connection without a word.
    pub fn vanish(&self) {
        self.connection.close();
    }

    /// The place in the log that its welcome told: what a store holds that was copied then.
    ///
    /// # Panics
    /// It has not been welcomed.
    pub fn place(&self) -> Place {
        self.place.expect("the script has heard its welcome")
    }

    /// The connection below.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

fn place_of(frame: &ServerFrame<'_>) -> Option<Place> {
    match frame {
        ServerFrame::Welcome(welcome) => Some(Place::Cursor {
            store: welcome.store,
            epoch: welcome.epoch,
            seq: welcome.cursor,
        }),
        _ => None,
    }
}

/// A message as a frame.
pub fn message<'a>(to: &str, id: u64, body: &'a str) -> ClientFrame<'a> {
    let to = Recipient::parse(to.as_bytes()).expect("scripts write whom they mean");
    let id = MessageId(id);
    ClientFrame::Send { to, id, body }
}

/// The first `HELLO` of the device that a host has for a user.
pub fn hello_of(host: &str, user: &str) -> Hello {
    Hello {
        user: Name::parse(user.as_bytes()).expect("scripts write names"),
        device: device_of(host, user),
        attempt: Try(1),
        keep: true,
        place: Place::New,
        accepted: None,
        delivered: Seq(0),
        credit: Credit {
            deliveries: 256,
            bytes: 256 * 1024,
        },
    }
}

/// A device is told from another by where it is and whose it is; nothing here is secret.
pub fn device_of(host: &str, user: &str) -> DeviceId {
    let mut bits = [0u8; 16];
    for (at, byte) in host.bytes().chain([0]).chain(user.bytes()).enumerate() {
        let bit = &mut bits[at % 16];
        *bit = bit.wrapping_mul(31).wrapping_add(byte);
    }
    DeviceId::new(bits)
}

fn line_of(frame: &ServerFrame<'_>) -> (String, Option<Seq>) {
    match frame {
        ServerFrame::Deliver(delivery) => {
            let line = format!("{frame} {}", quoted(delivery.body));
            (line, Some(delivery.seq))
        }
        _ => (frame.to_string(), None),
    }
}
