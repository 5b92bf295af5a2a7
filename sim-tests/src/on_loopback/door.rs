//! Real TCP whose connections are numbered, and known to be somebody's.

use crate::arrivals::Arrivals;
use crate::history::{Conn, Who};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use tokio::net::{TcpListener, TcpStream};
use verbatim_net::{Tcp, Transport};

/// The transport of the server, or of somebody. Cloning it clones a handle.
#[derive(Clone, Default)]
pub(super) struct Door {
    arrivals: Arrivals,
    /// The connections' numbers, by the address of the client's end.
    numbers: Rc<RefCell<BTreeMap<SocketAddr, Conn>>>,
    who: Option<Who>,
}

impl Door {
    /// The transport of somebody.
    pub(super) fn of(&self, who: Who) -> Door {
        Door {
            who: Some(who),
            ..self.clone()
        }
    }

    /// All connections, as the server counts them.
    pub(super) fn arrivals(&self) -> Arrivals {
        self.arrivals.clone()
    }

    /// The number of a connection, of which either end may hear first.
    fn number(&self, client: SocketAddr) -> Conn {
        let mut numbers = self.numbers.borrow_mut();
        *numbers
            .entry(client)
            .or_insert_with(|| self.arrivals.number())
    }
}

impl Transport for Door {
    type Stream = TcpStream;
    type Listener = TcpListener;

    async fn bind(&self, address: SocketAddr) -> io::Result<TcpListener> {
        Tcp.bind(address).await
    }

    fn local_address(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        Tcp.local_address(listener)
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, from) = Tcp.accept(listener).await?;
        self.arrivals.accept(self.number(from));
        Ok((stream, from))
    }

    async fn connect(&self, server: &str) -> io::Result<TcpStream> {
        let stream = Tcp.connect(server).await?;
        if let Some(who) = self.who {
            self.arrivals.own(self.number(stream.local_addr()?), who);
        }
        Ok(stream)
    }
}
