//! What was on its way between users and the server, and what became of it: what a picture of a run is drawn from.
//! Only the world of events records it, and only when it is asked to.

mod reading;

use crate::history::{Conn, Who};
use crate::plan::{Part, Plan};
use reading::Reading;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

/// Something that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Whose connection it was sent on.
    pub who: Who,
    /// Which connection, counted over the run.
    pub conn: Conn,
    /// From the user to the server, and not from the server.
    pub up: bool,
    /// The connection is not of the user's own program, but of another one with its device.
    pub usurps: bool,
    /// Since the beginning of the run.
    pub sent: Duration,
    /// What became of it.
    pub fate: Fate,
    /// What it was.
    pub load: Load,
}

/// What became of something that was sent. Times are since the beginning of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It came to the other host, or will then.
    Arrives {
        /// When it left the place where it was held, if it was.
        held_until: Option<Duration>,
        /// When it comes.
        at: Duration,
    },
    /// It was lost.
    Lost,
    /// It is held on its way at the end of the run.
    Held,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Load {
    /// Bytes.
    Segment {
        /// How many.
        bytes: usize,
        /// The frames that end in it, as their `Display` says them with their body in quotes, and what else is to say of
        /// the bytes. Never a device id.
        words: Vec<String>,
    },
    /// The sender says that nothing follows.
    End,
    /// A request for a connection.
    Knock,
    /// The answer to it: whether the connection is open.
    Answer(bool),
    /// The news that there is nobody at the other end.
    Reset,
}

/// How something begins its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// It arrives then.
    Flies(Duration),
    /// It is held until it is released.
    Held,
    /// Nobody will see it again.
    Lost,
}

/// Who records flights. Cloning it clones a handle.
#[derive(Clone)]
pub(crate) struct Recorder(Rc<RefCell<Inner>>);

struct Inner {
    /// For each user, whether it is of the session level.
    session: Vec<bool>,
    flights: Vec<Flight>,
    readings: BTreeMap<Lane, Reading>,
    /// Held flights, the oldest first; requests for connections apart, since not all of them go on.
    held: BTreeMap<(Lane, bool), VecDeque<usize>>,
}

/// A connection, and whether it is the way to the server.
pub(crate) type Lane = (Conn, bool);

/// Where something begins its way.
#[derive(Clone, Copy)]
pub(crate) struct Whence {
    /// Whose connection it is.
    pub(crate) who: Who,
    /// It is of another program with the user's device.
    pub(crate) usurps: bool,
    /// On which lane.
    pub(crate) lane: Lane,
    /// When.
    pub(crate) now: Duration,
}

impl Recorder {
    /// One for a run of that plan.
    pub(crate) fn new(plan: &Plan) -> Recorder {
        let users = plan.users.iter();
        let session = users.map(|user| matches!(user.part, Part::Device { .. }));
        Recorder(Rc::new(RefCell::new(Inner {
            session: session.collect(),
            flights: Vec::new(),
            readings: BTreeMap::new(),
            held: BTreeMap::new(),
        })))
    }

    /// Bytes are sent; none at all are the end.
    pub(crate) fn segment(&self, whence: Whence, bytes: &[u8], start: Start) {
        let load = match bytes.len() {
            0 => Load::End,
            length => Load::Segment {
                bytes: length,
                words: self.0.borrow_mut().read(whence, bytes),
            },
        };
        self.signal(whence, load, start);
    }

    /// Something without bytes is sent.
    pub(crate) fn signal(&self, whence: Whence, load: Load, start: Start) {
        let inner = &mut *self.0.borrow_mut();
        let Whence {
            who,
            usurps,
            lane,
            now: sent,
        } = whence;
        let fate = match start {
            Start::Lost => Fate::Lost,
            Start::Flies(at) => Fate::Arrives {
                held_until: None,
                at,
            },
            Start::Held => {
                let held = inner.held.entry((lane, load == Load::Knock));
                held.or_default().push_back(inner.flights.len());
                Fate::Held
            }
        };
        let (conn, up) = lane;
        inner.flights.push(Flight {
            who,
            conn,
            up,
            usurps,
            sent,
            fate,
            load,
        });
    }

    /// What was held longest on a lane goes on, and arrives then, or never; with `knocks`, the request for the connection.
    pub(crate) fn release(&self, whence: Whence, knocks: bool, at: Option<Duration>) {
        let Whence { lane, now, .. } = whence;
        let inner = &mut *self.0.borrow_mut();
        let oldest = inner.held.get_mut(&(lane, knocks));
        if let Some(flight) = oldest.and_then(VecDeque::pop_front) {
            inner.flights[flight].fate = at.map_or(Fate::Lost, |at| Fate::Arrives {
                held_until: Some(now),
                at,
            });
        }
    }

    /// All flights, in the order of sending.
    pub(crate) fn take(&self) -> Vec<Flight> {
        std::mem::take(&mut self.0.borrow_mut().flights)
    }
}

impl Inner {
    fn read(&mut self, whence: Whence, bytes: &[u8]) -> Vec<String> {
        let (_, up) = whence.lane;
        let session = self.session[whence.who];
        let reading = self.readings.entry(whence.lane);
        let reading = reading.or_insert_with(|| Reading::new(session, up));
        reading.read(bytes)
    }
}
