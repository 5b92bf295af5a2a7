//! A classic user written by hand: two connections, and every byte as the test wants it.

use super::connection::Connection;
use std::net::SocketAddr;

/// Both connections of a registered classic user.
pub struct Raw {
    pub name: String,
    pub send: Connection,
    pub receive: Connection,
}

impl Raw {
    /// Registers in the seed's way: the second connection comes after the first answer.
    pub fn join(address: SocketAddr, name: &str) -> Raw {
        let send = register(Connection::open(address), "TOSEND", name);
        let receive = register(Connection::open(address), "TORECV", name);
        let name = String::from(name);
        Raw {
            name,
            send,
            receive,
        }
    }

    /// Sends a line, counted in bytes.
    pub fn line(&mut self, to: &str, body: &str) {
        self.send.say(send(to, body));
    }

    /// Takes a line that was forwarded, counted in bytes, and acknowledges it.
    #[track_caller]
    pub fn hear(&mut self, from: &str, body: &str) {
        self.receive.expect(&forward(from, body));
        self.receive.say(format!("RECEIVED {from}\n\n"));
    }
}

/// Registers one half and waits for the answer.
pub fn register(mut connection: Connection, word: &str, name: &str) -> Connection {
    connection.say(format!("REGISTER {word} {name}\n\n"));
    connection.expect(&format!("REGISTERED {word} {name}\n\n"));
    connection
}

/// A `SEND` counted in bytes.
pub fn send(to: &str, body: &str) -> String {
    format!("SEND {to}\nContent-length: {}\n\n{body}", body.len())
}

/// A `FORWARD` counted in bytes.
pub fn forward(from: &str, body: &str) -> String {
    format!("FORWARD {from}\nContent-length: {}\n\n{body}", body.len())
}
