//! What a connection can say and hear, whichever level it speaks: the scenarios know only this.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use verbatim_core::name::{Name, Recipient};

/// How long opening a connection may take to be answered.
const OPENING_TIME_MAX: Duration = Duration::from_secs(10);

/// One thing heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// The oldest `count` messages without an answer are accepted.
    Accepted {
        /// How many.
        count: u64,
        /// Where the level names it: the first one's id.
        first: Option<u64>,
        /// Where the level has such: the first one's seq and number; the others' follow.
        at: Option<Place>,
    },
    /// The oldest message without an answer is refused.
    Refused {
        /// Why.
        code: u16,
        /// Where the level names it: its id.
        id: Option<u64>,
    },
    /// A message arrived.
    Delivered {
        /// Its text.
        body: &'a [u8],
        /// Where the level has such.
        at: Option<Place>,
    },
    /// All own messages up to this seq are delivered.
    Receipt(u64),
    /// Asks for a sign of life, which [`Speech::pong`] gives.
    Ping,
    /// Nothing that a scenario looks at.
    Nothing,
}

/// A position in the log and in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// In the log.
    pub seq: u64,
    /// In the conversation.
    pub number: u64,
}

/// What the beginning of some bytes is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word<'a> {
    /// Not whole yet.
    Unfinished,
    /// This, and how many bytes it took.
    Whole(Heard<'a>, usize),
    /// Nothing that anybody should ever see here; the text says what it was.
    Fault(String),
}

/// One connection's language.
pub trait Speech: Sized {
    /// Whether delivered messages are told to their writer.
    const RECEIPTS: bool;

    /// Whether messages are answered on this connection.
    fn is_answered(&self) -> bool {
        true
    }

    /// Reads the next thing from the beginning of `bytes`.
    fn hear<'a>(&mut self, bytes: &'a [u8]) -> Word<'a>;

    /// Appends a message.
    fn say(&mut self, to: Recipient, id: u64, body: &str, out: &mut Vec<u8>);

    /// Appends the acknowledgement of the `count` messages that were heard since the last one, the newest at `seq`.
    fn acknowledge(&mut self, count: u64, seq: u64, out: &mut Vec<u8>);

    /// Appends a sign of life.
    fn pong(&mut self, out: &mut Vec<u8>);

    /// Appends a goodbye that frees the name.
    fn leave(&mut self, out: &mut Vec<u8>);
}

/// What a user is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Writes.
    Writer,
    /// Reads.
    Reader,
    /// Writes and reads.
    Both,
}

/// One user of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct User {
    /// Its place among the users.
    pub index: usize,
    /// Its name.
    pub name: Name,
    /// What it does.
    pub role: Role,
}

/// The user of that place.
pub fn user(index: usize, role: Role) -> User {
    let name = Name::parse(format!("user{index}").as_bytes());
    User {
        index,
        name: name.expect("letters and a number are a name"),
        role,
    }
}

/// A connection that is ready to be used.
#[derive(Debug)]
pub struct Opened<S> {
    /// The connection.
    pub stream: TcpStream,
    /// Its language.
    pub speech: S,
    /// What came on it already and is not read.
    pub rest: Vec<u8>,
}

/// One of the levels, or the relay's bare bodies.
pub trait Level {
    /// What its connections speak.
    type Speech: Speech;

    /// Opens what a user needs: one connection, or one to write on and one to read from.
    ///
    /// # Errors
    /// What the system says, or that the server did not take the user.
    fn join(&self, server: SocketAddr, user: &User) -> io::Result<Vec<Opened<Self::Speech>>>;

    /// Appends what a visitor says first on its one connection.
    ///
    /// # Errors
    /// When visitors of this level need more than one.
    fn visit(&self, user: &User, out: &mut Vec<u8>) -> io::Result<()>;

    /// Appends what a visitor says to what it heard.
    ///
    /// # Errors
    /// When it heard that it is not welcome.
    fn on_visit(&self, bytes: &[u8], out: &mut Vec<u8>) -> io::Result<Visit>;
}

/// How far a visitor has come, who joins only to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// It waits to be welcome.
    Waiting,
    /// It has said goodbye and waits for the other end to hang up.
    Leaving,
    /// It hangs up.
    Over,
}

/// Opens a connection whose answers are waited for.
///
/// # Errors
/// What the system says.
pub fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&server, OPENING_TIME_MAX)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(OPENING_TIME_MAX))?;
    Ok(stream)
}

/// Reads until `whole` finds the end of what it waits for; returns what it made of it and the bytes behind it.
///
/// # Errors
/// What the system or `whole` says, or that the connection ended or stayed silent.
pub fn await_answer<T>(
    stream: &mut TcpStream,
    mut whole: impl FnMut(&[u8]) -> io::Result<Option<(T, usize)>>,
) -> io::Result<(T, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 2048];
    loop {
        let count = stream.read(&mut piece)?;
        if count == 0 {
            let said = String::from_utf8_lossy(&bytes).into_owned();
            let why = format!("the server ended a new connection after {said:?}");
            return Err(io::Error::other(why));
        }
        bytes.extend_from_slice(&piece[..count]);
        if let Some((answer, used)) = whole(&bytes)? {
            return Ok((answer, bytes.split_off(used)));
        }
    }
}
