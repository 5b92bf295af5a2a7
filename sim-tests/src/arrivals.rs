//! Connections in the order in which the server accepts them. A [`ConnId`] of the router is used again; this number is
//! not, and it tells whose the connection is, which the server itself never learns from the connection.
//!
//! [`ConnId`]: verbatim_core::id::ConnId

use crate::history::{Conn, Who};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// See the module's words. Cloning it clones a handle.
#[derive(Clone, Debug, Default)]
pub struct Arrivals(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    latest: Cell<Conn>,
    /// By number, from 1.
    known: RefCell<Vec<Known>>,
}

/// What is known of a connection.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// Who opened it.
    owner: Option<Who>,
    /// The router has closed it.
    closed: bool,
    /// Bytes came after that.
    spoke_late: bool,
}

impl Arrivals {
    /// A number for a new connection.
    pub fn number(&self) -> Conn {
        let mut known = self.0.known.borrow_mut();
        known.push(Known::default());
        known.len() as Conn
    }

    /// The server is about to be told of that connection.
    pub fn accept(&self, conn: Conn) {
        self.0.latest.set(conn);
    }

    /// The connection that the server was told of last.
    pub fn latest(&self) -> Conn {
        self.0.latest.get()
    }

    /// A connection is somebody's.
    pub fn own(&self, conn: Conn, who: Who) {
        self.change(conn, |known| known.owner = Some(who));
    }

    /// Whose a connection is.
    pub fn owner(&self, conn: Conn) -> Option<Who> {
        self.known(conn).owner
    }

    /// The router closes a connection.
    pub fn close(&self, conn: Conn) {
        self.change(conn, |known| known.closed = true);
    }

    /// Bytes came to the server's end of a connection.
    pub fn speak(&self, conn: Conn) {
        self.change(conn, |known| known.spoke_late |= known.closed);
    }

    /// Whether bytes came after the router had closed it.
    pub fn spoke_late(&self, conn: Conn) -> bool {
        self.known(conn).spoke_late
    }

    fn known(&self, conn: Conn) -> Known {
        let known = self.0.known.borrow();
        known.get(index(conn)).copied().unwrap_or_default()
    }

    fn change(&self, conn: Conn, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.0.known.borrow_mut().get_mut(index(conn)) {
            change(known);
        }
    }
}

fn index(conn: Conn) -> usize {
    usize::try_from(conn).map_or(usize::MAX, |conn| conn.wrapping_sub(1))
}
