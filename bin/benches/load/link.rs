//! One connection that never blocks: bytes in through a buffer that all share, bytes out as far as the system takes them.

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use std::io::{self, Read, Write};
use std::net::{self, SocketAddr};

/// A connection and what it could not finish: a frame's beginning that came, and bytes that did not leave.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    tail: Vec<u8>,
    /// What to send; [`Link::flush`] sends it.
    pub out: Vec<u8>,
    written: usize,
}

/// What one read gave.
#[derive(Clone, Copy, Debug)]
pub struct Received {
    /// So many bytes lie at the beginning of the buffer, the tail of the last read first.
    pub filled: usize,
    /// There may be more: read again.
    pub more: bool,
    /// The other end said that nothing follows.
    pub ended: bool,
}

impl Link {
    /// Takes over a connection on which `rest` was read already.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(stream: net::TcpStream, rest: Vec<u8>) -> io::Result<Link> {
        stream.set_nonblocking(true)?;
        Ok(Link {
            stream: TcpStream::from_std(stream),
            tail: rest,
            out: Vec::new(),
            written: 0,
        })
    }

    /// Begins to connect.
    ///
    /// # Errors
    /// What the system says.
    pub fn connect(server: SocketAddr) -> io::Result<Link> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        Ok(Link {
            stream,
            tail: Vec::new(),
            out: Vec::new(),
            written: 0,
        })
    }

    /// Asks for events under this token.
    ///
    /// # Errors
    /// What the system says.
    pub fn register(&mut self, registry: &Registry, token: usize) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut self.stream, Token(token), both)
    }

    /// Reads once into `buffer`, behind what was left over. Call it again while it says `more`: events are told once.
    ///
    /// # Errors
    /// What the system says, for instance that the connection was reset.
    pub fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Received> {
        let tail = self.tail.len();
        buffer[..tail].copy_from_slice(&self.tail);
        self.tail.clear();
        let room = buffer.len() - tail;
        let (count, more, ended) = match self.stream.read(&mut buffer[tail..]) {
            Ok(0) => (0, false, true),
            Ok(count) => (count, count == room, false),
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => (0, false, false),
            Err(why) if why.kind() == io::ErrorKind::Interrupted => (0, true, false),
            Err(why) => return Err(why),
        };
        Ok(Received {
            filled: tail + count,
            more,
            ended,
        })
    }

    /// Keeps the beginning of an unfinished frame for the next read.
    pub fn keep(&mut self, unfinished: &[u8]) {
        self.tail.extend_from_slice(unfinished);
    }

    /// Sends what there is to send, as far as the system takes it.
    ///
    /// # Errors
    /// What the system says, for instance that the other end is gone.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(count) => self.written += count,
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Err(why),
            }
        }
        self.out.clear();
        self.written = 0;
        Ok(())
    }
}
