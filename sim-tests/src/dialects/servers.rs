//! The servers of other people, a row each. The names say what is special about a dialect.

use super::{Counts, Serves};
use verbatim_core::classic::Side;

/// One dialect of a server.
#[derive(Clone, Copy, Debug)]
pub struct ServerRow {
    /// What is special about it.
    pub name: &'static str,
    /// The half that must register first.
    pub wants_first: Option<Side>,
    /// How a `REGISTER` must end, if it looks at that.
    pub register_end: Option<&'static str>,
    /// What stands behind `REGISTERED`, the word and the name.
    pub registered_end: &'static str,
    /// How a head must end that stands before a text.
    pub head_end: &'static str,
    /// What it counts in a `SEND`.
    pub counts: Counts,
    /// A line to a recipient: sender `{s}`, length `{n}`, text `{b}`.
    pub forward: &'static str,
    /// What it takes for an acknowledgement of a line from `{s}`.
    pub received: &'static str,
    /// How it acknowledges a line of `{s}` to `{r}`, and where.
    pub sent: (&'static str, Side),
    /// A line to all is acknowledged once for each who has it.
    pub each: bool,
    /// Its word for everybody.
    pub everybody: &'static str,
    /// What stands behind an error.
    pub error_end: &'static str,
    /// What it says of a recipient who is not there.
    pub nobody: &'static str,
    /// What to expect of it.
    pub serves: Serves,
}

/// The seed's own server.
pub const SEED: ServerRow = ServerRow {
    name: "seed",
    wants_first: None,
    register_end: None,
    registered_end: "\n\n",
    head_end: "\n\n",
    counts: Counts::Characters,
    forward: "FORWARD {s}\nContent-length: {n}\n\n{b}",
    received: "RECEIVED {s}\n\n",
    sent: ("SEND {r}\n\n", Side::Send),
    each: false,
    everybody: "ALL",
    error_end: "\n\n",
    nobody: "ERROR 102 Unable to send",
    serves: Serves::Fully,
};

/// Every server that is known.
pub const SERVERS: &[ServerRow] = &[
    SEED,
    ServerRow {
        name: "bytes",
        counts: Counts::Bytes,
        sent: ("SENT {r}\n\n", Side::Send),
        ..SEED
    },
    ServerRow {
        name: "eachtold",
        registered_end: "\n \n",
        forward: "FORWARD {s}\n Content-length: {n} \n\n{b}",
        sent: ("SEND {s}\n \n", Side::Send),
        each: true,
        error_end: " \n \n",
        nobody: "ERROR 101 No user registered",
        ..SEED
    },
    ServerRow {
        name: "allspaced",
        registered_end: "\n \n",
        forward: "FORWARD {s}\n Content-length {n}\n \n{b}",
        received: "RECEIVED {s}\n \n",
        sent: ("SEND {r}\n \n", Side::Send),
        everybody: "all",
        error_end: "\n \n",
        ..SEED
    },
    ServerRow {
        name: "receivefirst",
        wants_first: Some(Side::Receive),
        everybody: "all",
        ..SEED
    },
    ServerRow {
        name: "wantsspaced",
        register_end: Some("\n \n"),
        registered_end: "\n \n",
        head_end: "\n \n",
        sent: ("SEND {r}\n\n", Side::Receive),
        ..SEED
    },
    ServerRow {
        name: "oneend",
        registered_end: "\n",
        sent: ("SENT {r}\n", Side::Send),
        error_end: "\n",
        ..SEED
    },
    ServerRow {
        name: "noend",
        registered_end: "",
        sent: ("SENT {r}", Side::Send),
        error_end: "",
        ..SEED
    },
    ServerRow {
        name: "forwarded",
        forward: "FORWARDED {s}\nContent-length: {n}\n\n{b}",
        sent: ("SENT {r}\n\n", Side::Send),
        ..SEED
    },
    ServerRow {
        name: "spacebefore",
        forward: "FORWARD {s}\n Content-length: {n}\n\n {b}",
        sent: ("SENT {r}\n\n", Side::Send),
        ..SEED
    },
    ServerRow {
        name: "writeslines",
        wants_first: Some(Side::Receive),
        registered_end: "\n \n\n",
        forward: "FORWARD {s}\nContent-Length: {n}\n\n{b}\n",
        sent: ("SEND {r}\n\n", Side::Send),
        error_end: "\n \n\n",
        ..SEED
    },
    ServerRow {
        name: "oneendforward",
        forward: "FORWARD {s}\nContent-length: {n}\n{b}",
        sent: ("SENT {r}\n\n", Side::Send),
        ..SEED
    },
    ServerRow {
        name: "sent",
        sent: ("SENT {r}\n\n", Side::Send),
        ..SEED
    },
    ServerRow {
        name: "oneendsend",
        head_end: "\n",
        forward: "FORWARD {s}\nContent-length: {n}\n{b}",
        serves: Serves::No("wants the text behind one line end, which nothing shows beforehand"),
        ..SEED
    },
    ServerRow {
        name: "oneline",
        forward: "FORWARD {s} Content-length: {n} {b}",
        head_end: " ",
        serves: Serves::No("its lines have no head: all stands on one line"),
        ..SEED
    },
];
