//! One blocking connection, with a deadline on every read.

use super::PATIENCE;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A connection to the server, and what was read from it and not looked at yet.
pub struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    /// Opens one.
    pub fn open(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect(address).expect("the server takes newcomers");
        stream.set_nodelay(true).expect("it is a TCP stream");
        Connection {
            stream,
            unread: Vec::new(),
        }
    }

    /// Our end of it.
    pub fn local(&self) -> SocketAddr {
        self.stream.local_addr().expect("it is connected")
    }

    /// A second handle, for a thread of its own.
    pub fn stream(&self) -> TcpStream {
        self.stream.try_clone().expect("descriptors are left")
    }

    /// Writes in one go. An error is no news: what the server says next tells why.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Takes these very bytes from what comes.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.unread.len() < text.len() && text.as_bytes().starts_with(&self.unread) {
            assert!(
                self.read_before(deadline),
                "closed after {:?}",
                self.rest_as_text()
            );
        }
        if !self.unread.starts_with(text.as_bytes()) {
            panic!("expected {text:?}, heard {:?}", self.rest_as_text());
        }
        self.unread.drain(..text.len());
    }

    /// Takes one byte.
    #[track_caller]
    pub fn next_byte(&mut self) -> u8 {
        let deadline = Instant::now() + PATIENCE;
        while self.unread.is_empty() {
            assert!(self.read_before(deadline), "the connection goes on");
        }
        self.unread.remove(0)
    }

    /// Waits for the end of the connection and gives all that came before it.
    #[track_caller]
    pub fn until_closed(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        while self.read_before(deadline) {}
        let rest = self.rest_as_text();
        self.unread.clear();
        rest
    }

    /// What comes within that time; for showing that nothing does.
    pub fn hear_for(&mut self, time: Duration) -> String {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline && self.read_once(deadline) == Came::Bytes {}
        let heard = self.rest_as_text();
        self.unread.clear();
        heard
    }

    /// What was read and not taken.
    pub fn unread(&self) -> &[u8] {
        &self.unread
    }

    /// Drops so many bytes of what was read.
    pub fn take(&mut self, bytes: usize) -> Vec<u8> {
        self.unread.drain(..bytes).collect()
    }

    /// Reads more; whether the connection goes on.
    #[track_caller]
    pub fn read_before(&mut self, deadline: Instant) -> bool {
        match self.read_once(deadline) {
            Came::Bytes => true,
            Came::End => false,
            Came::Nothing => panic!("nothing came after {:?}", self.rest_as_text()),
        }
    }

    fn read_once(&mut self, deadline: Instant) -> Came {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = left.max(Duration::from_millis(1));
        self.stream
            .set_read_timeout(Some(left))
            .expect("it is not zero");
        let mut bytes = [0; 16 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) => Came::End,
            Ok(length) => {
                self.unread.extend_from_slice(&bytes[..length]);
                Came::Bytes
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Came::Nothing,
                ErrorKind::Interrupted => Came::Bytes,
                _ => Came::End,
            },
        }
    }

    fn rest_as_text(&self) -> String {
        String::from_utf8_lossy(&self.unread).into_owned()
    }
}

#[derive(PartialEq, Eq)]
enum Came {
    Bytes,
    Nothing,
    End,
}
