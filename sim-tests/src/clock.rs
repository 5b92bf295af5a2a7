//! The time of a run, since its beginning, as its substrate tells it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Tells the time of a run. Cloning it clones a handle.
#[derive(Clone, Debug)]
pub enum Clock {
    /// Of the turmoil simulation that is running.
    Turmoil,
    /// Set by whoever runs the world.
    Hand(Rc<Cell<Duration>>),
    /// Of the machine, since that moment.
    Machine(Instant),
}

impl Clock {
    /// A clock that stands at the beginning until it is set.
    pub fn hand() -> (Clock, Rc<Cell<Duration>>) {
        let hand = Rc::new(Cell::new(Duration::ZERO));
        (Clock::Hand(Rc::clone(&hand)), hand)
    }

    /// The time since the beginning.
    ///
    /// # Panics
    /// On turmoil, outside of its hosts.
    pub fn now(&self) -> Duration {
        match self {
            Clock::Turmoil => turmoil::sim_elapsed().expect("things happen on hosts only"),
            Clock::Hand(hand) => hand.get(),
            Clock::Machine(began) => began.elapsed(),
        }
    }
}
