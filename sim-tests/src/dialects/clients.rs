//! The clients of other people, a row each. The names say what is special about a dialect.

use super::{Compares, Counts, Serves};
use verbatim_core::classic::Side;

/// One dialect of a client.
#[derive(Clone, Copy, Debug)]
pub struct ClientRow {
    /// What is special about it.
    pub name: &'static str,
    /// Which half registers first, and is answered before the other one registers; `None`: both at once.
    pub first: Option<Side>,
    /// Both connections are open before it says a word.
    pub connects_both: bool,
    /// What stands behind the name in `REGISTER`.
    pub register_end: &'static str,
    /// How it looks at the answer.
    pub registered: Compares,
    /// A line: recipient `{r}`, length `{n}`, text `{b}`.
    pub send: &'static str,
    /// It cannot write, or read, anything but ASCII.
    pub ascii: bool,
    /// What its length counts.
    pub counts: Counts,
    /// The word that it waits for, and how it looks at it; no word: it takes any answer.
    pub sent: Option<(&'static str, Compares)>,
    /// How it spells 103, if it compares that.
    pub incomplete: Option<&'static str>,
    /// Whether the length of a line that comes must be right.
    pub checks: Counts,
    /// It reads lines, up to their ends, and not once per message.
    pub reads_lines: bool,
    /// How it says that a line from `{s}` came, and where.
    pub received: (&'static str, Side),
    /// What to expect of it.
    pub serves: Serves,
}

const EXACTLY: Compares = Compares::Whole("\n\n");
const SPACED: Compares = Compares::Whole("\n \n");

/// The seed's own client.
pub const SEED: ClientRow = ClientRow {
    name: "seed",
    first: Some(Side::Send),
    connects_both: false,
    register_end: "\n\n",
    registered: EXACTLY,
    send: "SEND {r}\nContent-length: {n}\n\n{b}",
    ascii: false,
    counts: Counts::Characters,
    sent: Some(("SEND", EXACTLY)),
    incomplete: Some("ERROR 103 Header Incomplete"),
    checks: Counts::Characters,
    reads_lines: false,
    received: ("RECEIVED {s}\n\n", Side::Receive),
    serves: Serves::Fully,
};

/// Every client that is known.
pub const CLIENTS: &[ClientRow] = &[
    SEED,
    ClientRow {
        name: "spaced",
        connects_both: true,
        register_end: "\n \n",
        registered: Compares::Beginning,
        checks: Counts::Nothing,
        ..SEED
    },
    ClientRow {
        name: "allspaced",
        connects_both: true,
        register_end: "\n \n",
        registered: SPACED,
        send: "SEND {r}\nContent-length: {n}\n \n{b}",
        sent: Some(("SEND", SPACED)),
        received: ("RECEIVED {s}\n \n", Side::Receive),
        ..SEED
    },
    ClientRow {
        name: "trailing",
        register_end: " \n\n",
        registered: Compares::Beginning,
        sent: Some(("SENT", EXACTLY)),
        incomplete: Some("ERROR 103 Header incomplete"),
        counts: Counts::Bytes,
        checks: Counts::Nothing,
        ..SEED
    },
    ClientRow {
        name: "together",
        first: None,
        connects_both: true,
        sent: Some(("SENT", EXACTLY)),
        incomplete: Some("ERROR 103 Header incomplete"),
        counts: Counts::Bytes,
        checks: Counts::Bytes,
        ..SEED
    },
    ClientRow {
        name: "receivefirst",
        first: Some(Side::Receive),
        connects_both: true,
        ..SEED
    },
    ClientRow {
        name: "bothopen",
        connects_both: true,
        sent: Some(("SENT", EXACTLY)),
        incomplete: Some("ERROR 103 Header incomplete"),
        ..SEED
    },
    ClientRow {
        name: "spacebehind",
        first: Some(Side::Receive),
        connects_both: true,
        registered: Compares::Beginning,
        send: "SEND {r} \nContent-length: {n}\n\n{b}",
        sent: Some(("SENT", EXACTLY)),
        incomplete: Some("ERROR 103 Header incomplete"),
        ..SEED
    },
    ClientRow {
        name: "readslines",
        first: Some(Side::Receive),
        register_end: "\n \n\n",
        registered: Compares::Beginning,
        send: "SEND {r}\nContent-length: {n}\n\n{b}\n",
        sent: Some(("SEND", Compares::Beginning)),
        reads_lines: true,
        ..SEED
    },
    ClientRow {
        name: "oneend",
        register_end: "\n",
        registered: Compares::Beginning,
        send: "SEND {r}\nContent-length: {n}\n{b}",
        sent: Some(("SEND", Compares::Beginning)),
        received: ("RECEIVED {s}\n", Side::Receive),
        ..SEED
    },
    ClientRow {
        name: "noend",
        register_end: "",
        registered: Compares::Beginning,
        sent: Some(("SEND", Compares::Beginning)),
        checks: Counts::Nothing,
        received: ("RECEIVED {s}", Side::Receive),
        ..SEED
    },
    ClientRow {
        name: "misspelt",
        received: ("RECIEVED {s}\n\n", Side::Receive),
        ..SEED
    },
    ClientRow {
        name: "wrongside",
        register_end: "\n \n",
        registered: Compares::Beginning,
        sent: None,
        received: ("RECEIVED {s}\n\n", Side::Send),
        ..SEED
    },
    ClientRow {
        name: "uncounted",
        send: "SEND {r}\nContent-length: {n}\n\n{b}\n\n",
        sent: Some(("SEND", Compares::Beginning)),
        checks: Counts::Nothing,
        ..SEED
    },
    ClientRow {
        name: "spacebefore",
        connects_both: true,
        register_end: " \n \n",
        registered: Compares::Beginning,
        send: "SEND {r}\n Content-length: {n}\n\n {b}",
        ascii: true,
        sent: Some(("SEND", Compares::Beginning)),
        checks: Counts::Nothing,
        received: ("RECEIVED {s}\n \n", Side::Receive),
        ..SEED
    },
    ClientRow {
        name: "othercase",
        send: "Send {r}\nX-Colour: red\nCONTENT-LENGTH:{n}\n\n{b}",
        counts: Counts::Bytes,
        checks: Counts::Bytes,
        ..SEED
    },
    ClientRow {
        name: "bothopensend",
        connects_both: true,
        serves: Serves::NotTold("registers like bothopen, and waits for the other word"),
        ..SEED
    },
    ClientRow {
        name: "spacedsent",
        first: Some(Side::Receive),
        register_end: "\n \n",
        registered: SPACED,
        sent: Some(("SENT", SPACED)),
        checks: Counts::Nothing,
        received: ("RECEIVED {s}\n \n", Side::Receive),
        serves: Serves::NotTold("registers like allspaced, and waits for the other word"),
        ..SEED
    },
    ClientRow {
        name: "oneline",
        send: "SEND {r} Content-length: {n} {b}",
        serves: Serves::No("its lines have no head: all stands on one line"),
        ..SEED
    },
];
