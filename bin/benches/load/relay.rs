//! The floor: one thread, plain epoll, bytes copied from one connection to another and nothing understood.

use super::subject::LISTENING;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use std::io::{self, Read, Write};
use std::net::SocketAddr;

/// Who hears whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Wiring {
    /// Connection 2k and connection 2k + 1 hear each other.
    Pairs,
    /// All others hear connection 0, which hears all others.
    FanOut,
    /// Each hears itself.
    Echo,
}

impl Wiring {
    /// The name by which a relay is told.
    pub fn name(self) -> &'static str {
        match self {
            Wiring::Pairs => "pairs",
            Wiring::FanOut => "fan-out",
            Wiring::Echo => "echo",
        }
    }

    fn hearers(self, speaker: usize, count: usize) -> std::ops::Range<usize> {
        match self {
            Wiring::Pairs => (speaker ^ 1)..(speaker ^ 1) + 1,
            Wiring::FanOut if speaker == 0 => 1..count.max(2),
            Wiring::FanOut => 0..1,
            Wiring::Echo => speaker..speaker + 1,
        }
    }
}

/// What the relay says to a new connection, so that a user who has joined is one who is heard. Visitors of an echo
/// need not wait for it: they have their own words to wait for.
pub const GREETING: u8 = b'!';

const LISTENER: Token = Token(usize::MAX);

struct Peer {
    stream: TcpStream,
    /// Bytes for it that the system did not take at once.
    pending: Vec<u8>,
    /// Its bytes may be waiting to be read.
    readable: bool,
}

struct Relay {
    wiring: Wiring,
    peers: Vec<Option<Peer>>,
    buffer: Vec<u8>,
}

/// Serves until the process is ended.
///
/// # Errors
/// What the system says of listening or polling; a failing connection only ends itself.
pub fn serve(wiring: Wiring) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    writeln!(io::stdout(), "{LISTENING}{}", listener.local_addr()?)?;
    let mut events = Events::with_capacity(1024);
    let mut relay = Relay {
        wiring,
        peers: Vec::new(),
        buffer: vec![0; 64 * 1024],
    };
    loop {
        match poll.poll(&mut events, None) {
            Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            match event.token() {
                LISTENER => relay.accept(&listener, &poll)?,
                Token(at) => relay.on_event(at, event.is_readable(), event.is_writable()),
            }
        }
    }
}

impl Relay {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> io::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(why) => return Err(why),
            };
            stream.set_nodelay(true)?;
            if self.wiring != Wiring::Echo && write_some(&mut stream, &[GREETING])? == 0 {
                continue;
            }
            let at = match self.wiring {
                // Only there does nobody depend on the order of arrival, so that places can be used again.
                Wiring::Echo => self.peers.iter().position(Option::is_none),
                _ => None,
            };
            let at = at.unwrap_or(self.peers.len());
            let both = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(at), both)?;
            let peer = Some(Peer {
                stream,
                pending: Vec::new(),
                readable: true,
            });
            match self.peers.get_mut(at) {
                Some(place) => *place = peer,
                None => self.peers.push(peer),
            }
            self.resume_speakers_to(at);
        }
    }

    fn on_event(&mut self, at: usize, readable: bool, writable: bool) {
        let Some(peer) = &mut self.peers[at] else {
            return;
        };
        peer.readable |= readable;
        if writable && !peer.pending.is_empty() {
            let mut rest = std::mem::take(&mut peer.pending);
            match write_some(&mut peer.stream, &rest) {
                Ok(count) => {
                    rest.drain(..count);
                    peer.pending = rest;
                }
                Err(_) => return self.close(at),
            }
            self.resume_speakers_to(at);
        }
        if readable {
            self.carry(at);
        }
    }

    /// Carries what was held back because `at` was not there or did not take more.
    fn resume_speakers_to(&mut self, at: usize) {
        for speaker in self.wiring.hearers(at, self.peers.len()) {
            self.carry(speaker);
        }
    }

    /// Copies what `speaker` says until it falls silent or a hearer takes no more.
    fn carry(&mut self, speaker: usize) {
        loop {
            let hearers = self.wiring.hearers(speaker, self.peers.len());
            let ready = |at: usize| matches!(self.peers.get(at), Some(Some(peer)) if peer.pending.is_empty());
            if !hearers.clone().all(ready) {
                return;
            }
            let Some(Some(peer)) = self.peers.get_mut(speaker).filter(|it| it.is_some()) else {
                return;
            };
            if !peer.readable {
                return;
            }
            let count = match peer.stream.read(&mut self.buffer) {
                Ok(count) if count > 0 => count,
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => {
                    peer.readable = false;
                    return;
                }
                _ => return self.close(speaker),
            };
            peer.readable = count == self.buffer.len();
            for hearer in hearers {
                self.tell(hearer, count);
            }
        }
    }

    fn tell(&mut self, hearer: usize, count: usize) {
        let Some(peer) = &mut self.peers[hearer] else {
            return;
        };
        match write_some(&mut peer.stream, &self.buffer[..count]) {
            Ok(written) => peer.pending.extend_from_slice(&self.buffer[written..count]),
            Err(_) => self.close(hearer),
        }
    }

    fn close(&mut self, at: usize) {
        self.peers[at] = None;
    }
}

/// Writes as much as the system takes.
fn write_some(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match stream.write(&bytes[written..]) {
            Ok(count) => written += count,
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => break,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
    Ok(written)
}
