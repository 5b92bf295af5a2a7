//! What a state is: one device's client, the server, and the connections between them, with every byte in flight.
//!
//! Everything is a small plain value, so that two states that mean the same are equal: a queue's free places are
//! blank, connection counters are renumbered by rank, and a connection that can have no effect any more is gone.

use super::fifo::Fifo;

/// How many messages the person writes, in the order of their numbers 0, 1, 2.
pub const MESSAGES: usize = 3;
/// How many connections may exist at once: the client's newest and those that the network has not forgotten.
pub const CONNECTIONS: usize = 3;

/// A message id, from 1; 0 means none.
pub type Id = u8;
/// Which message: its place in the order of submission, from 0.
pub type Message = u8;

/// What the client's store says about a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fate {
    /// In the outbox without an id.
    #[default]
    Queued,
    /// Queued again but with its old id: only the planted fault `KeepsOldIds` does this.
    Held(Id),
    /// Went out under this id, no answer known.
    Sent(Id),
    /// Shown as accepted under this id; 0: in a session that is over.
    Accepted(Id),
    /// Shown as rejected for good.
    Rejected,
    /// Withdrawn by the person, or expired, while queued.
    Withdrawn,
    /// It was out when the server said that the session is lost: nobody knows.
    Unknown,
}

/// The client. All but `next` and `online` is in its store and survives a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Client {
    /// The outbox and what became of it.
    pub fates: [Fate; MESSAGES],
    /// The highest own id whose answer it knows; 0 if it tells the highest accepted one instead.
    pub answered: Id,
    /// The device's connection counter (`Try`) as last used.
    pub attempt: u8,
    /// The session of the server that it knows (its `Store`, `Epoch` and `Cursor` show which); 0: none yet.
    pub session: u8,
    /// The id that the next message gets on this connection; 0 until `WELCOME` is read.
    pub next: Id,
    /// Whether the newest connection counts as alive.
    pub online: bool,
}

/// One record of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Record {
    /// The id that it was taken under.
    pub id: Id,
    /// The message.
    pub message: Message,
}

/// The server: the log and what the router knows of the one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Server {
    /// All that was appended in this session.
    pub log: Fifo<Record, 4>,
    /// How many records the engine has told to be committed.
    pub committed: u8,
    /// `Last`: the highest id taken, accepted or rejected for good.
    pub last: Id,
    /// The highest connection counter seen in this life.
    pub seen: u8,
    /// Which session this is: it grows when one is lost or released.
    pub session: u8,
    /// Whether the session was made by a `HELLO` already: only the planted fault `TellsLossOnce` asks.
    pub known: bool,
    /// Which messages stood in the log under sessions that are over, a bit each: only the checks look.
    pub past: u8,
}

/// What the client wrote and the server has not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Up {
    /// The first frame; its `Try` is the connection's `attempt`.
    Hello { known: Id, session: u8 },
    /// A message under an id.
    Send { id: Id, message: Message },
}

impl Default for Up {
    fn default() -> Up {
        Up::Hello {
            known: 0,
            session: 0,
        }
    }
}

/// What the server said and the client has not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Down {
    /// A newer connection has the session, or this one's counter is not higher than seen.
    #[default]
    Replaced,
    /// The session is bound to this connection.
    Welcome { last: Id, session: u8, lost: bool },
    /// In the log.
    Accepted { id: Id },
    /// Rejected for good.
    Rejected { id: Id },
    /// Rejected for now: the id is not used.
    Passing { id: Id },
}

/// A frame of the server and what it waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Said {
    /// The frame.
    pub frame: Down,
    /// How many records must be committed before it leaves the server; 0: it has left and is in flight.
    pub after: u8,
}

/// The server's end of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum End {
    /// `HELLO` was not read yet.
    #[default]
    Fresh,
    /// The session is bound to it; after a passing rejection all is dropped until `dropping` is seen (0: nothing is).
    Bound { dropping: Id },
    /// Closed or fenced: nothing that it says counts.
    Closed,
}

/// One connection: two queues of bytes in flight, and both ends' views of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Connection {
    /// The counter that its `HELLO` carries.
    pub attempt: u8,
    /// To the server.
    pub up: Fifo<Up, 6>,
    /// To the client.
    pub down: Fifo<Said, 6>,
    /// The server's end.
    pub end: End,
    /// Whether the client still reads it.
    pub heard: bool,
}

/// One state of the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// The client and its store.
    pub client: Client,
    /// The server and its log.
    pub server: Server,
    /// Oldest first; the client's newest is the last one, if the client is online.
    pub connections: Fifo<Connection, CONNECTIONS>,
}

impl State {
    /// A new device, and a server that knows nothing of it.
    pub fn start() -> State {
        let mut state = State::default();
        state.server.session = 1;
        state
    }

    /// The place of the connection that the client uses, if it has one.
    pub fn newest(&self) -> Option<usize> {
        self.client.online.then(|| self.connections.len() - 1)
    }

    /// Whether every message has its end.
    pub fn settled(&self) -> bool {
        let open = |fate: &Fate| matches!(fate, Fate::Queued | Fate::Held(_) | Fate::Sent(_));
        !self.client.fates.iter().any(open)
    }

    /// Forgets what cannot matter: connections whose bytes nobody will read, absolute values of counters.
    ///
    /// A connection that the client gave up and that carries nothing to the server any more is gone, even if the
    /// server still takes it for bound: it will say nothing, and what is said to it nobody hears.
    pub fn simplify(&mut self) {
        let committed = self.server.committed;
        for connection in self.connections.iter_mut() {
            if connection.end == End::Closed {
                connection.up.clear();
            }
            if !connection.heard {
                connection.down.clear();
            }
            for said in connection.down.iter_mut() {
                if said.after <= committed {
                    said.after = 0;
                }
            }
        }
        let newest = self.newest();
        let mut place = 0;
        self.connections.retain(|connection| {
            place += 1;
            newest == Some(place - 1) || !connection.up.is_empty() || !connection.down.is_empty()
        });
        renumber(&mut |with| self.each_attempt(with));
        renumber(&mut |with| self.each_session(with));
    }

    fn each_attempt(&mut self, with: Visit<'_>) {
        with(&mut self.server.seen);
        with(&mut self.client.attempt);
        for connection in self.connections.iter_mut() {
            with(&mut connection.attempt);
        }
    }

    fn each_session(&mut self, with: Visit<'_>) {
        with(&mut self.server.session);
        with(&mut self.client.session);
        for connection in self.connections.iter_mut() {
            for frame in connection.up.iter_mut() {
                if let Up::Hello { session, .. } = frame {
                    with(session);
                }
            }
            for said in connection.down.iter_mut() {
                if let Down::Welcome { session, .. } = &mut said.frame {
                    with(session);
                }
            }
        }
    }
}

/// What is done with each of some counters.
type Visit<'a> = &'a mut dyn FnMut(&mut u8);

/// Renumbers counters by rank, 0 staying 0: only their order has a meaning. `each` shows every one of them.
fn renumber(each: &mut dyn FnMut(Visit<'_>)) {
    let mut used: u32 = 0;
    each(&mut |value| used |= 1 << *value);
    used &= !1;
    each(&mut |value| *value = (used & ((2 << *value) - 1)).count_ones() as u8);
}
