//! One connection over turmoil's network: what both its ends, the network and the nemesis know of it.

use crate::ground::End;
use std::cell::{Cell, RefCell};
use std::io;
use std::task::{Context, Waker};
use std::time::Duration;

/// After so long the system gives up a connection that lost segments and that has no heartbeat of its own.
pub(super) const KEEPALIVE: Duration = Duration::from_secs(20);

/// One connection, as both ends and the nemesis know it.
#[derive(Debug)]
pub struct Wire {
    /// Counted over the run, in the order in which the server accepts.
    pub ordinal: u64,
    /// Whose it is, once its client's end knows that it is open.
    pub who: Cell<Option<usize>>,
    pub(super) host: Cell<usize>,
    /// No heartbeats: the system must notice that it is dead.
    pub(super) classic: Cell<bool>,
    /// Each read must be what one write was.
    pub(super) whole: Cell<bool>,
    pub(super) cut: Cell<Option<End>>,
    pub(super) dark_until: Cell<Option<Duration>>,
    pub(super) deaf_until: Cell<Option<Duration>>,
    /// Written to it since it reads nothing.
    pub(super) unheard: Cell<usize>,
    pub(super) damaged: Cell<Option<Duration>>,
    pub(super) gone: Cell<bool>,
    wakers: RefCell<[Option<Waker>; 2]>,
}

pub(super) fn now() -> Duration {
    turmoil::sim_elapsed().expect("streams are polled on hosts only")
}

impl Wire {
    /// A connection with which nothing is wrong.
    pub(super) fn new(ordinal: u64) -> Wire {
        Wire {
            ordinal,
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
        }
    }

    pub(super) fn wake(&self) {
        for waker in self.wakers.borrow_mut().iter_mut() {
            if let Some(waker) = waker.take() {
                waker.wake();
            }
        }
    }

    pub(super) fn left(until: &Cell<Option<Duration>>) -> Option<Duration> {
        until
            .get()?
            .checked_sub(now())
            .filter(|left| !left.is_zero())
    }

    pub(super) fn darkness(&self) -> Option<Duration> {
        // Looked at often: healing ends every darkness.
        Wire::left(&self.dark_until).map(|left| left.min(Duration::from_millis(200)))
    }

    /// How it is broken for that end, if it is.
    pub(super) fn broken(&self, end: End) -> Option<io::Error> {
        if self.cut.get() == Some(end) {
            return Some(io::ErrorKind::ConnectionReset.into());
        }
        let dead = self.damaged.get().is_some_and(|at| at + KEEPALIVE <= now());
        dead.then(|| io::ErrorKind::TimedOut.into())
    }

    pub(super) fn listen(&self, end: End, context: &Context<'_>) {
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
