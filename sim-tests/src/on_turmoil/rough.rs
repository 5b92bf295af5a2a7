//! A rough network: streams that the seed chops, breaks, deafens and leaves in the dark, at either end, over turmoil's.
//!
//! Each connection has a [`Wire`], known to both its ends by the client's address. Nothing is kept back but in the
//! dark: what a chopped write leaves over stays with its writer, who writes it later, together with what has come.

use crate::arrivals::Arrivals;
use crate::dice::Dice;
use crate::ground::End;
use crate::plan::Chop;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use turmoil::net::{TcpListener, TcpStream};
use verbatim_net::Transport;

/// After so long the system gives up a connection that lost segments and that has no heartbeat of its own.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// What a client may say in the dark before it notices.
const DARK_BYTES_MAX: usize = 256 * 1024;
/// What one that reads nothing still takes, in the buffers between.
const DEAF_BYTES_MAX: usize = 512;
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

/// One connection, as both ends and the nemesis know it.
#[derive(Debug)]
pub struct Wire {
    /// Counted over the run, in the order in which the server accepts.
    pub ordinal: u64,
    /// Whose it is, once its client's end knows that it is open.
    pub who: Cell<Option<usize>>,
    host: Cell<usize>,
    /// No heartbeats: the system must notice that it is dead.
    classic: Cell<bool>,
    /// Each read must be what one write was.
    whole: Cell<bool>,
    cut: Cell<Option<End>>,
    dark_until: Cell<Option<Duration>>,
    deaf_until: Cell<Option<Duration>>,
    /// Written to it since it reads nothing.
    unheard: Cell<usize>,
    damaged: Cell<Option<Duration>>,
    gone: Cell<bool>,
    wakers: RefCell<[Option<Waker>; 2]>,
}

/// A connection whose client has gone, in the dark.
struct Grave {
    stream: TcpStream,
    unsaid: Vec<u8>,
    wire: Rc<Wire>,
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
        let wire = Rc::new(Wire {
            ordinal: self.0.arrivals.number(),
            who: Cell::new(None),
            host: Cell::new(usize::MAX),
            classic: Cell::new(false),
            whole: Cell::new(false),
            cut: Cell::new(None),
            dark_until: Cell::new(None),
            deaf_until: Cell::new(None),
            unheard: Cell::new(0),
            damaged: Cell::new(None),
            gone: Cell::new(false),
            wakers: RefCell::default(),
        });
        wires.insert(client, Rc::clone(&wire));
        wire
    }

    /// All connections, as the server counts them.
    pub fn arrivals(&self) -> Arrivals {
        self.0.arrivals.clone()
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

fn now() -> Duration {
    turmoil::sim_elapsed().expect("streams are polled on hosts only")
}

impl Wire {
    fn wake(&self) {
        for waker in self.wakers.borrow_mut().iter_mut() {
            if let Some(waker) = waker.take() {
                waker.wake();
            }
        }
    }

    fn left(until: &Cell<Option<Duration>>) -> Option<Duration> {
        until
            .get()?
            .checked_sub(now())
            .filter(|left| !left.is_zero())
    }

    fn darkness(&self) -> Option<Duration> {
        // Looked at often: healing ends every darkness.
        Wire::left(&self.dark_until).map(|left| left.min(Duration::from_millis(200)))
    }

    /// How it is broken for that end, if it is.
    fn broken(&self, end: End) -> Option<io::Error> {
        if self.cut.get() == Some(end) {
            return Some(io::ErrorKind::ConnectionReset.into());
        }
        let dead = self.damaged.get().is_some_and(|at| at + KEEPALIVE <= now());
        dead.then(|| io::ErrorKind::TimedOut.into())
    }

    fn listen(&self, end: End, context: &Context<'_>) {
        let mut wakers = self.wakers.borrow_mut();
        let waker = &mut wakers[usize::from(end == End::Far)];
        if waker
            .as_ref()
            .is_none_or(|known| !known.will_wake(context.waker()))
        {
            *waker = Some(context.waker().clone());
        }
    }
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

/// One end of a connection.
pub struct RoughStream {
    stream: Option<TcpStream>,
    wire: Rc<Wire>,
    end: End,
    dice: Dice,
    air: Air,
    /// Said in the dark.
    unsaid: Vec<u8>,
    /// No write before then.
    pause: Instant,
    timer: Pin<Box<Sleep>>,
}

impl RoughStream {
    fn new(stream: TcpStream, wire: Rc<Wire>, end: End, air: &Air) -> RoughStream {
        let dice = Dice::new(air.0.seed, &format!("wire {} {end:?}", wire.ordinal));
        let pause = Instant::now();
        RoughStream {
            stream: Some(stream),
            wire,
            end,
            dice,
            air: air.clone(),
            unsaid: Vec::new(),
            pause,
            timer: Box::pin(sleep_until(pause)),
        }
    }

    fn stream(&mut self) -> Pin<&mut TcpStream> {
        Pin::new(self.stream.as_mut().expect("it is taken by drop alone"))
    }

    /// Wakes the task after that time.
    fn wake_in(&mut self, context: &mut Context<'_>, span: Duration) {
        let at = Instant::now() + span;
        if self.timer.deadline() > at || self.timer.is_elapsed() {
            self.timer.as_mut().reset(at);
        }
        if self.timer.as_mut().poll(context).is_ready() {
            context.waker().wake_by_ref();
        }
    }

    /// Whether this end is broken; wakes the task when the system will find out that it is.
    fn weather(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        self.wire.listen(self.end, context);
        if let Some(error) = self.wire.broken(self.end) {
            return Err(error);
        }
        if let Some(at) = self.wire.damaged.get() {
            self.wake_in(context, (at + KEEPALIVE).saturating_sub(now()));
        }
        Ok(())
    }

    fn darkness(&self) -> Option<Duration> {
        (self.end == End::Near)
            .then(|| self.wire.darkness())
            .flatten()
    }

    /// For how long the other end reads nothing, once the buffers between are full.
    fn stuffed(&self) -> Option<Duration> {
        let full = self.end == End::Far && self.wire.unheard.get() >= DEAF_BYTES_MAX;
        full.then(|| Wire::left(&self.wire.deaf_until)).flatten()
    }

    /// Says what was said in the dark.
    fn catch_up(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsaid.is_empty() {
            let unsaid = std::mem::take(&mut self.unsaid);
            let polled = self.stream().poll_write(context, &unsaid);
            self.unsaid = unsaid;
            let said = ready!(polled)?;
            self.unsaid.drain(..said);
        }
        Poll::Ready(Ok(()))
    }

    /// How many bytes of a write go now, and how long the next one waits.
    fn chop(&mut self, length: usize) -> (usize, Duration) {
        let (chop, calm) = (self.air.0.chop, self.air.0.calm.get());
        if calm || self.wire.whole.get() || !self.dice.chance(chop.permille) {
            return (length, Duration::ZERO);
        }
        let bytes = usize::try_from(self.dice.between(1, chop.bytes_max)).expect("small");
        let pause = Duration::from_millis(self.dice.between(0, chop.pause_max));
        (bytes.min(length), pause)
    }
}

impl AsyncRead for RoughStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.weather(context)?;
        if let Some(span) = this.darkness() {
            this.wake_in(context, span);
            return Poll::Pending;
        }
        if this.end == End::Near
            && let Some(span) = Wire::left(&this.wire.deaf_until)
        {
            this.wake_in(context, span);
            return Poll::Pending;
        }
        // Reading goes on though writing cannot.
        if let Poll::Ready(Err(error)) = this.catch_up(context) {
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        let polled = this.stream().poll_read(context, buffer);
        if this.end == End::Far && buffer.filled().len() > before {
            this.air.0.arrivals.speak(this.wire.ordinal);
        }
        polled
    }
}

impl AsyncWrite for RoughStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.weather(context)?;
        if let Some(span) = this.darkness() {
            this.wake_in(context, span);
            if this.unsaid.len() > DARK_BYTES_MAX {
                return Poll::Pending;
            }
            this.unsaid.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(this.catch_up(context))?;
        if let Some(span) = this.stuffed() {
            this.wake_in(context, span);
            return Poll::Pending;
        }
        let pause = this.pause.saturating_duration_since(Instant::now());
        if !pause.is_zero() {
            this.wake_in(context, pause);
            return Poll::Pending;
        }
        let (length, pause) = this.chop(bytes.len());
        let written = ready!(this.stream().poll_write(context, &bytes[..length]))?;
        this.pause = Instant::now() + pause;
        this.wire.unheard.set(this.wire.unheard.get() + written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.weather(context)?;
        if let Some(span) = this.darkness() {
            this.wake_in(context, span);
            return Poll::Pending;
        }
        ready!(this.catch_up(context))?;
        this.stream().poll_shutdown(context)
    }
}

impl Drop for RoughStream {
    fn drop(&mut self) {
        if self.end == End::Far {
            self.wire.gone.set(true);
        }
        let dark = turmoil::in_simulation() && self.darkness().is_some();
        let Some(stream) = self.stream.take().filter(|_| dark) else {
            return;
        };
        let (host, wire) = (self.wire.host.get(), Rc::clone(&self.wire));
        let unsaid = std::mem::take(&mut self.unsaid);
        let grave = Grave {
            stream,
            unsaid,
            wire,
        };
        let mut graves = self.air.0.graves.borrow_mut();
        graves.entry(host).or_default().push(grave);
        if let Some(buried) = self.air.0.buried.borrow().get(&host) {
            buried.notify_one();
        }
    }
}
