//! What differs between the servers that speak the classic protocol, as tables: how they are registered with, how
//! their frames begin, how they want everybody to be called.

use crate::classic::{End, Side};

/// A way to register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// The half that registers before the other one does.
    pub first: Side,
    /// How its heads end.
    pub end: End,
}

const fn way(first: Side, end: End) -> Way {
    Way { first, end }
}

/// The ways to register, in the order in which they are tried: the next one when a server refuses a name that is good.
pub(super) const WAYS: &[Way] = &[
    way(Side::Send, End::Plain),
    way(Side::Receive, End::Plain),
    way(Side::Send, End::Spaced),
    way(Side::Receive, End::Spaced),
];

/// What a server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Registered,
    Acknowledged,
    Error,
    Forward,
}

/// The first words of a server's frames, in any case.
pub(super) const VERBS: &[(&str, Verb)] = &[
    ("REGISTERED", Verb::Registered),
    ("SENT", Verb::Acknowledged),
    ("SEND", Verb::Acknowledged),
    ("ERROR", Verb::Error),
    ("FORWARD", Verb::Forward),
    ("FORWARDED", Verb::Forward),
];

/// The words for everybody, in the order in which they are tried: the next one when nobody is called so.
pub(super) const EVERYBODY: &[&str] = &["ALL", "all"];
