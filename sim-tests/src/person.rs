//! A host with somebody before it, who opens connections to the server.

use crate::client::client_config;
use crate::connection::{Connection, Heard, Order, converse};
use crate::world::World;
use crate::{Classic, Client, Session, hello_of};
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use verbatim_core::client::Config;
use verbatim_core::wire::Hello;

/// Something that the host is asked to run.
pub(crate) type Program = Pin<Box<dyn Future<Output = ()>>>;

/// A connection that the host is asked to open: what to do with it, and where to put what is read.
pub(crate) struct Opening {
    pub(crate) orders: UnboundedReceiver<Order>,
    pub(crate) heard: Rc<RefCell<Heard>>,
}

/// Somebody with a host of their own.
pub struct Person {
    world: World,
    name: String,
    programs: UnboundedSender<Program>,
}

impl Person {
    pub(crate) fn new(world: World, name: &str, programs: UnboundedSender<Program>) -> Person {
        Person {
            world,
            name: name.to_owned(),
            programs,
        }
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Runs a program on the host.
    pub(crate) fn runs(&self, program: impl Future<Output = ()> + 'static) {
        let asked = self.programs.send(Box::pin(program));
        asked.unwrap_or_else(|_| self.world.fail(&format!("{}'s host is down", self.name)));
    }

    /// Opens a connection to the server; what is written before it is open waits.
    pub fn connect(&self) -> Connection {
        let (order, orders) = mpsc::unbounded_channel();
        let heard = Rc::new(RefCell::default());
        let opening = Opening {
            orders,
            heard: Rc::clone(&heard),
        };
        self.runs(converse(opening));
        Connection::new(self.world.clone(), &self.name, order, heard)
    }

    /// Becomes a user of the session level, with the device that this host has for that name.
    pub fn session(&self, user: &str) -> Session {
        self.session_that(user, |_| {})
    }

    /// The same with another `HELLO` than that of a new device.
    pub fn session_that(&self, user: &str, differs: impl FnOnce(&mut Hello)) -> Session {
        let mut hello = hello_of(&self.name, user);
        differs(&mut hello);
        let mut session = Session::hello(self.connect(), hello);
        session.expect("WELCOME");
        session
    }

    /// Starts the client that ships, with the device that this host has for that name.
    pub fn client(&self, user: &str) -> Client {
        self.client_that(user, |_| {})
    }

    /// The same with another beginning.
    pub fn client_that(&self, user: &str, differs: impl FnOnce(&mut Config)) -> Client {
        let mut config = client_config(self, user);
        differs(&mut config);
        Client::start(self, config)
    }

    /// The same at another server than ours.
    pub(crate) fn client_at(&self, user: &str, address: String) -> Client {
        Client::start_at(self, client_config(self, user), address)
    }

    /// Becomes a user of the classic level, the way the seed does.
    pub fn classic(&self, user: &str) -> Classic {
        Classic::register(self, user)
    }
}

/// The host's software: runs what it is asked to run.
pub(crate) async fn live(mut programs: UnboundedReceiver<Program>) -> turmoil::Result {
    while let Some(program) = programs.recv().await {
        tokio::task::spawn_local(program);
    }
    Ok(())
}
