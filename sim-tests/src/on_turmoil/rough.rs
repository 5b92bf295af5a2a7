//! A rough network: streams that the seed chops, breaks, deafens and leaves in the dark, at either end, over turmoil's.
//!
//! Each connection has a [`Wire`], known to both its ends by the client's address. Nothing is kept back but in the
//! dark: what a chopped write leaves over stays with its writer, who writes it later, together with what has come.

use super::stream::RoughStream;
use super::wire::Wire;
use crate::arrivals::Arrivals;
use crate::dice::Dice;
use crate::ground::End;
use crate::plan::Chop;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;
use tokio::time::sleep;
use turmoil::net::{TcpListener, TcpStream};
use verbatim_net::Transport;

/// A connection that wakes up after its client has gone says what it had to say, and ends after this time.
const LATE_TIME: Duration = Duration::from_millis(300);

/// All wires of a run. Cloning it clones a handle.
#[derive(Clone)]
pub struct Air(Rc<Inner>);

struct Inner {
    seed: u64,
    chop: Chop,
    /// What is left of time on every host, as simulated time: faults end then.
    calm: Cell<bool>,
    wires: RefCell<BTreeMap<SocketAddr, Rc<Wire>>>,
    arrivals: Arrivals,
    graves: RefCell<BTreeMap<usize, Vec<Grave>>>,
    buried: RefCell<BTreeMap<usize, Rc<Notify>>>,
}

/// A connection whose client has gone, in the dark.
pub(super) struct Grave {
    pub(super) stream: TcpStream,
    pub(super) unsaid: Vec<u8>,
    pub(super) wire: Rc<Wire>,
}

impl Air {
    /// The wires of that run.
    pub fn new(seed: u64, chop: Chop) -> Air {
        Air(Rc::new(Inner {
            seed,
            chop,
            calm: Cell::new(false),
            wires: RefCell::default(),
            arrivals: Arrivals::default(),
            graves: RefCell::default(),
            buried: RefCell::default(),
        }))
    }

    /// The transport of the server.
    pub fn server(&self) -> RoughTransport {
        let origin = None;
        RoughTransport {
            air: self.clone(),
            origin,
        }
    }

    /// The transport of somebody.
    pub fn client(&self, origin: Origin) -> RoughTransport {
        RoughTransport {
            air: self.clone(),
            origin: Some(origin),
        }
    }

    fn wire(&self, client: SocketAddr) -> Rc<Wire> {
        let mut wires = self.0.wires.borrow_mut();
        if let Some(wire) = wires.get(&client).filter(|wire| !wire.gone.get()) {
            return Rc::clone(wire);
        }
        let wire = Rc::new(Wire::new(self.0.arrivals.number()));
        wires.insert(client, Rc::clone(&wire));
        wire
    }

    /// All connections, as the server counts them.
    pub fn arrivals(&self) -> Arrivals {
        self.0.arrivals.clone()
    }

    /// The dice of one end of a connection.
    pub(super) fn dice(&self, wire: &Wire, end: End) -> Dice {
        Dice::new(self.0.seed, &format!("wire {} {end:?}", wire.ordinal))
    }

    /// How writes are chopped, while they are.
    pub(super) fn chop(&self) -> Option<Chop> {
        (!self.0.calm.get()).then_some(self.0.chop)
    }

    /// Something came to the server's end.
    pub(super) fn heard(&self, wire: &Wire) {
        self.0.arrivals.speak(wire.ordinal);
    }

    /// A connection's client has gone, and the connection is in the dark.
    pub(super) fn entomb(&self, grave: Grave) {
        let host = grave.wire.host.get();
        let mut graves = self.0.graves.borrow_mut();
        graves.entry(host).or_default().push(grave);
        if let Some(buried) = self.0.buried.borrow().get(&host) {
            buried.notify_one();
        }
    }

    fn of(&self, who: usize) -> Vec<Rc<Wire>> {
        let wires = self.0.wires.borrow();
        let own = |wire: &&Rc<Wire>| wire.who.get() == Some(who) && !wire.gone.get();
        wires.values().filter(own).cloned().collect()
    }

    /// Breaks the connections of somebody, at that end.
    pub fn cut(&self, who: usize, end: End) {
        self.each(who, |wire| wire.cut.set(Some(end)));
    }

    /// Leaves the connections of somebody in the dark until then.
    pub fn darken(&self, who: usize, until: Duration) {
        self.each(who, |wire| wire.dark_until.set(Some(until)));
    }

    /// Lets somebody read nothing until then.
    pub fn deafen(&self, who: usize, until: Duration) {
        self.each(who, |wire| {
            wire.deaf_until.set(Some(until));
            wire.unheard.set(0);
        });
    }

    fn each(&self, who: usize, change: impl Fn(&Wire)) {
        for wire in self.of(who) {
            change(&wire);
            wire.wake();
        }
    }

    /// Segments of a host's connections were lost. Nobody sends them again in this network: those that have no
    /// heartbeats die as if a system that asks in vain gave them up.
    pub fn damage(&self, host: usize, at: Duration) {
        for wire in self.0.wires.borrow().values() {
            if wire.host.get() == host && wire.classic.get() && wire.damaged.get().is_none() {
                wire.damaged.set(Some(at));
                wire.wake();
            }
        }
    }

    /// All faults of connections are over, and none begins.
    pub fn heal(&self) {
        self.0.calm.set(true);
        for wire in self.0.wires.borrow().values() {
            wire.dark_until.set(None);
            wire.deaf_until.set(None);
            wire.wake();
        }
    }

    /// Ends connections of a host whose clients have gone in the dark, when they wake. To be run on that host.
    pub async fn bury(&self, host: usize) {
        let buried = Rc::clone(self.0.buried.borrow_mut().entry(host).or_default());
        loop {
            buried.notified().await;
            let graves = self.0.graves.borrow_mut().remove(&host).unwrap_or_default();
            for grave in graves {
                tokio::task::spawn_local(wake_late(grave));
            }
        }
    }
}

async fn wake_late(mut grave: Grave) {
    while let Some(until) = grave.wire.darkness() {
        sleep(until).await;
    }
    // It may be broken by now.
    let _ = grave.stream.write_all(&grave.unsaid).await;
    sleep(LATE_TIME).await;
}

/// Whose connections a transport opens.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// Who.
    pub who: usize,
    /// On which host.
    pub host: usize,
    /// It has no heartbeats.
    pub classic: bool,
    /// It understands only what comes as it was written.
    pub whole: bool,
}

/// turmoil's network with rough streams.
#[derive(Clone)]
pub struct RoughTransport {
    air: Air,
    origin: Option<Origin>,
}

impl Transport for RoughTransport {
    type Stream = RoughStream;
    type Listener = TcpListener;

    async fn bind(&self, address: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind(address).await
    }

    fn local_address(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        listener.local_addr()
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(RoughStream, SocketAddr)> {
        let (stream, from) = listener.accept().await?;
        let wire = self.air.wire(from);
        self.air.0.arrivals.accept(wire.ordinal);
        Ok((RoughStream::new(stream, wire, End::Far, &self.air), from))
    }

    async fn connect(&self, server: &str) -> io::Result<RoughStream> {
        let stream = TcpStream::connect(server).await?;
        let wire = self.air.wire(stream.local_addr()?);
        if let Some(origin) = self.origin {
            wire.who.set(Some(origin.who));
            self.air.0.arrivals.own(wire.ordinal, origin.who);
            wire.host.set(origin.host);
            wire.classic.set(origin.classic);
            wire.whole.set(origin.whole);
        }
        Ok(RoughStream::new(stream, wire, End::Near, &self.air))
    }
}
