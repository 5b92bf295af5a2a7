//! A scripted client of the classic level, with the seed's own ways: it registers to send, waits, then to receive; it
//! reads once per message; it takes nothing but the exact bytes; it counts characters, in what it sends and in what it
//! receives.

use crate::connection::Connection;
use crate::person::Person;

/// The seed's read buffer.
const READ_BYTES: usize = 2048;

/// Somebody who speaks the classic level.
pub struct Classic {
    /// The connection that it sends on.
    pub sending: Connection,
    /// The connection that it receives on.
    pub receiving: Connection,
}

impl Classic {
    /// Registers, one half after the other.
    pub fn register(person: &Person, user: &str) -> Classic {
        let sending = register_half(person, "TOSEND", user);
        let receiving = register_half(person, "TORECV", user);
        Classic { sending, receiving }
    }

    /// Sends a line, in one segment.
    pub fn send(&self, to: &str, body: &str) {
        self.sending.write(line(to, body));
    }

    /// Waits for the next answer to what was sent: exactly this, in one read.
    pub fn expect(&mut self, answer: &str) {
        expect(&mut self.sending, answer);
    }

    /// Waits for a line, whole and alone in one read, with its characters counted right.
    pub fn hears(&mut self, from: &str, body: &str) {
        let length = body.chars().count();
        expect_bytes(&mut self.receiving, &forward(from, length, body));
    }

    /// Waits for a line whose bytes were counted, which the seed does not understand if they are not its characters,
    /// and says so.
    pub fn complains(&mut self, from: &str, body: &str) {
        expect_bytes(&mut self.receiving, &forward(from, body.len(), body));
        self.receiving.write("ERROR 103 Header Incomplete\n\n");
    }

    /// Says that a line arrived well.
    pub fn received(&self, from: &str) {
        self.receiving.write(format!("RECEIVED {from}\n\n"));
    }

    /// Closes both connections without a word.
    pub fn vanish(&self) {
        self.sending.close();
        self.receiving.close();
    }

    /// Waits for a line and says that it arrived well.
    pub fn takes(&mut self, from: &str, body: &str) {
        self.hears(from, body);
        self.received(from);
    }
}

/// A line as the seed writes it.
pub fn line(to: &str, body: &str) -> String {
    let length = body.chars().count();
    format!("SEND {to}\nContent-length: {length}\n\n{body}")
}

fn forward(from: &str, length: usize, body: &str) -> String {
    format!("FORWARD {from}\nContent-length: {length}\n\n{body}")
}

fn register_half(person: &Person, side: &str, user: &str) -> Connection {
    let mut connection = person.connect();
    connection.write(format!("REGISTER {side} {user}\n\n"));
    expect(&mut connection, &format!("REGISTERED {side} {user}"));
    connection
}

fn expect(connection: &mut Connection, answer: &str) {
    expect_bytes(connection, &format!("{answer}\n\n"));
}

fn expect_bytes(connection: &mut Connection, expected: &str) {
    let heard = connection.read_once(READ_BYTES);
    if heard != expected.as_bytes() {
        let heard = String::from_utf8_lossy(&heard).into_owned();
        connection.fail(&format!("expected {expected:?} and heard {heard:?}"));
    }
}
