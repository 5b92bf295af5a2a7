//! One connection: a lane each way, and its two ends. TCP as turmoil has it: nothing is sent twice, so what is lost
//! makes its lane silent for ever.

use super::queue::{Micros, Way};
use crate::dice::Dice;
use crate::history::{Conn, Who};
use std::collections::VecDeque;
use verbatim_core::id::ConnId;

/// See the module's words.
pub(super) struct Pipe {
    /// Counted over the run, in the order of knocking.
    pub(super) number: Conn,
    pub(super) host: usize,
    pub(super) owner: Owner,
    pub(super) near: Near,
    pub(super) far: Far,
    pub(super) up: Lane,
    pub(super) down: Lane,
    /// The request for it is on its way, or has come.
    pub(super) knocked: bool,
    /// Each read must be what one write was.
    pub(super) whole: bool,
    pub(super) dark_until: Micros,
    pub(super) deaf_until: Micros,
    /// Written to it since it is deaf.
    pub(super) unheard: usize,
    /// Segments were lost; nothing but the system will notice.
    pub(super) damaged: bool,
}

/// Whose program opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Somebody's client.
    Client(Who),
    /// A classic program: which of its connections.
    Classic(Who, usize),
    /// The other program with somebody's device.
    Usurper(Who),
}

impl Owner {
    pub(super) fn who(self) -> Who {
        match self {
            Owner::Client(who) | Owner::Classic(who, _) | Owner::Usurper(who) => who,
        }
    }
}

/// The client's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Near {
    Opening,
    Open,
    /// It hears nothing more; what it wrote may still go out.
    Closed,
}

/// The server's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Far {
    /// The server has not heard of it.
    Unborn,
    Open {
        conn: ConnId,
        paused: bool,
    },
    /// The router closed it: what is left is written, what comes is thrown away, until then.
    Closing {
        conn: ConnId,
        until: Micros,
    },
    Gone,
}

/// One way.
pub(super) struct Lane {
    /// Handed to the system, and not on its way.
    pub(super) unsent: Vec<u8>,
    /// Nothing follows.
    pub(super) ends: bool,
    /// That has been said.
    pub(super) ended: bool,
    /// Something was ever handed to it.
    pub(super) used: bool,
    /// No write before then.
    pub(super) pause: Micros,
    /// On their way, with the time of their arrival. An empty one is the end.
    pub(super) flying: VecDeque<(Micros, Vec<u8>)>,
    /// Held on the link.
    pub(super) held: VecDeque<Vec<u8>>,
    /// Arrived, and not read.
    pub(super) unread: VecDeque<Vec<u8>>,
    /// How many were lost: with the first one the lane went silent.
    pub(super) lost: usize,
    pub(super) latest: Micros,
    pub(super) dice: Dice,
}

impl Lane {
    pub(super) fn new(dice: Dice) -> Lane {
        Lane {
            unsent: Vec::new(),
            ends: false,
            ended: false,
            used: false,
            pause: 0,
            flying: VecDeque::new(),
            held: VecDeque::new(),
            unread: VecDeque::new(),
            lost: 0,
            latest: 0,
            dice,
        }
    }

    /// Segments that nobody has read.
    pub(super) fn segments(&self) -> usize {
        self.flying.len() + self.held.len() + self.unread.len() + self.lost
    }

    /// Whether there is nothing to be written now.
    pub(super) fn has_said_all(&self) -> bool {
        self.unsent.is_empty() && self.ends == self.ended
    }

    /// What was not sent is forgotten, and nothing follows.
    pub(super) fn cut_off(&mut self) {
        self.unsent.clear();
        self.ends = true;
    }
}

impl Pipe {
    pub(super) fn lane(&mut self, way: Way) -> &mut Lane {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    pub(super) fn conn(&self) -> Option<ConnId> {
        match self.far {
            Far::Open { conn, .. } | Far::Closing { conn, .. } => Some(conn),
            Far::Unborn | Far::Gone => None,
        }
    }
}
