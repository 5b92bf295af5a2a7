//! A scripted program as a state machine without clock and without I/O: it hears what happens on its connections, and
//! tells what to do with them. Whatever runs a plan drives it.

use super::Order;
use std::time::Duration;

/// Something that a scripted program hears.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// What it is told to do.
    Order(Order),
    /// The connection that it asked for is open.
    Opened(usize),
    /// One read from it gave these bytes.
    Read(usize, &'a [u8]),
    /// It ended, or could not be opened. Nothing more is heard of it.
    Ended(usize),
    /// The time that it asked for has come.
    Time,
}

/// What is to be done with its connections, in this order. It gives them their numbers.
#[derive(Clone, Debug)]
pub enum Does {
    /// Open one.
    Open(usize),
    /// Write to it, in one piece.
    Write(usize, Vec<u8>),
    /// End it. Nothing more is heard of it.
    Close(usize),
}

/// A scripted program.
pub trait Script {
    /// Takes what happened at that time, and appends what is to be done.
    fn handle(&mut self, now: Duration, heard: Heard<'_>, out: &mut Vec<Does>);

    /// When it wants [`Heard::Time`].
    fn deadline(&self) -> Option<Duration>;

    /// The most bytes that it reads at once.
    fn read_max(&self) -> usize;
}
