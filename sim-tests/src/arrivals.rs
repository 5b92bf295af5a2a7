//! Connections in the order in which the server accepts them. A [`ConnId`] of the router is used again; this number is
//! not, and it tells whose the connection is, which the server itself never learns from the connection.
//!
//! [`ConnId`]: verbatim_core::id::ConnId

use crate::history::{Conn, Who};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// See the module's words. Cloning it clones a handle.
#[derive(Clone, Debug, Default)]
pub struct Arrivals(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    opened: Cell<Conn>,
    latest: Cell<Conn>,
    /// Who opened which, where that is known; by number, from 1.
    owners: RefCell<Vec<Option<Who>>>,
    /// Those that the router has closed, and whether something came on them after that.
    closed: RefCell<BTreeMap<Conn, bool>>,
}

impl Arrivals {
    /// A number for a new connection.
    pub fn number(&self) -> Conn {
        self.0.opened.set(self.0.opened.get() + 1);
        self.0.owners.borrow_mut().push(None);
        self.0.opened.get()
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
        if let Some(owner) = self.0.owners.borrow_mut().get_mut(index(conn)) {
            *owner = Some(who);
        }
    }

    /// The router has closed a connection.
    pub fn close(&self, conn: Conn) {
        self.0.closed.borrow_mut().insert(conn, false);
    }

    /// Something came on a connection.
    pub fn speak(&self, conn: Conn) {
        if let Some(late) = self.0.closed.borrow_mut().get_mut(&conn) {
            *late = true;
        }
    }

    /// Whether something came on a connection after the router had closed it.
    pub fn spoke_late(&self, conn: Conn) -> bool {
        self.0.closed.borrow().get(&conn).copied().unwrap_or(false)
    }

    /// Whose a connection is.
    pub fn owner(&self, conn: Conn) -> Option<Who> {
        *self.0.owners.borrow().get(index(conn))?
    }
}

fn index(conn: Conn) -> usize {
    usize::try_from(conn).map_or(usize::MAX, |conn| conn.wrapping_sub(1))
}
