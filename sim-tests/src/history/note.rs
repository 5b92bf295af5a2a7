//! How a history is written down while the run goes on.

use super::{Event, What};
use crate::clock::Clock;
use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::time::Duration;

/// What all write to. Cloning it clones a handle.
#[derive(Clone, Debug)]
pub struct History {
    events: Rc<RefCell<Vec<Event>>>,
    clock: Clock,
}

/// Events for which there is room at first.
const EVENTS: usize = 8_192;

impl History {
    /// An empty history of a run whose time that clock tells.
    pub fn new(clock: Clock) -> History {
        let events = Rc::new(RefCell::new(Vec::with_capacity(EVENTS)));
        History { events, clock }
    }

    /// The time of the run.
    ///
    /// # Panics
    /// Outside of a run.
    pub fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Notes what happens now.
    ///
    /// # Panics
    /// Outside of a run.
    #[inline(always)] // so that an event is made where it stays
    pub fn note(&self, what: What) {
        let at = self.now();
        self.events.borrow_mut().push(Event { at, what });
    }

    /// Notes what is made for it, now.
    ///
    /// # Panics
    /// Outside of a run.
    #[inline(always)]
    pub fn note_made(&self, make: impl FnOnce() -> What) {
        self.open().note_made(make);
    }

    /// Opens it for several things that happen now. Nothing else can be noted meanwhile.
    ///
    /// # Panics
    /// Outside of a run.
    pub fn open(&self) -> Open<'_> {
        let at = self.now();
        let events = self.events.borrow_mut();
        Open { at, events }
    }

    /// Notes what happens at that time.
    #[inline(always)]
    pub fn note_at(&self, at: Duration, what: What) {
        self.events.borrow_mut().push(Event { at, what });
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.events.borrow().len()
    }

    /// Whether nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets a function look at the events from the `first` on.
    pub fn look(&self, first: usize, see: impl FnOnce(&[Event])) {
        see(&self.events.borrow()[first..]);
    }

    /// Hands all events over; the history is empty then.
    pub fn take(&self) -> Vec<Event> {
        self.events.take()
    }
}

/// A history that is open, at one moment.
pub struct Open<'a> {
    at: Duration,
    events: RefMut<'a, Vec<Event>>,
}

impl Open<'_> {
    /// Notes what is made for it, at that moment. It is made where it stays: of what there is most, this is cheaper than to
    /// make it and then to move it there.
    #[inline(always)]
    pub fn note_made(&mut self, make: impl FnOnce() -> What) {
        let (at, events) = (self.at, &mut *self.events);
        loop {
            if events.len() < events.capacity() {
                return events.push(Event { at, what: make() });
            }
            make_room(events);
        }
    }

    /// Notes what happens at that moment.
    #[inline(always)]
    pub fn note(&mut self, what: What) {
        let at = self.at;
        self.events.push(Event { at, what });
    }
}

#[cold]
#[inline(never)]
fn make_room(events: &mut Vec<Event>) {
    events.reserve(1);
}
