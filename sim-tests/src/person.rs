//! A host with somebody before it, who opens connections to the server.

use crate::connection::{Connection, Heard, Order, converse};
use crate::world::World;
use crate::{Classic, Session};
use std::cell::RefCell;
use std::rc::Rc;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// A connection that the host is asked to open: what to do with it, and where to put what is read.
pub(crate) struct Opening {
    pub(crate) orders: UnboundedReceiver<Order>,
    pub(crate) heard: Rc<RefCell<Heard>>,
}

/// Somebody with a host of their own.
pub struct Person {
    world: World,
    name: String,
    openings: UnboundedSender<Opening>,
}

impl Person {
    pub(crate) fn new(world: World, name: &str, openings: UnboundedSender<Opening>) -> Person {
        Person {
            world,
            name: name.to_owned(),
            openings,
        }
    }

    /// Opens a connection to the server; what is written before it is open waits.
    pub fn connect(&self) -> Connection {
        let (order, orders) = mpsc::unbounded_channel();
        let heard = Rc::new(RefCell::default());
        let opening = Opening {
            orders,
            heard: Rc::clone(&heard),
        };
        let asked = self.openings.send(opening);
        asked.unwrap_or_else(|_| self.world.fail(&format!("{}'s host is down", self.name)));
        Connection::new(self.world.clone(), &self.name, order, heard)
    }

    /// Becomes a user of the session level, with the device that this host has for that name.
    pub fn session(&self, user: &str) -> Session {
        let mut session = Session::hello(self.connect(), &self.name, user);
        session.expect("WELCOME");
        session
    }

    /// Becomes a user of the classic level, the way the seed does.
    pub fn classic(&self, user: &str) -> Classic {
        Classic::register(self, user)
    }
}

/// The host's software: opens what it is asked to open.
pub(crate) async fn live(mut openings: UnboundedReceiver<Opening>) -> turmoil::Result {
    while let Some(opening) = openings.recv().await {
        tokio::task::spawn_local(converse(opening));
    }
    Ok(())
}
