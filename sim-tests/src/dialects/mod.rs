//! Stand-ins for the programs of other people that speak the classic protocol, each in its own dialect: what a dialect
//! is stands in a row of a table ([`CLIENTS`], [`SERVERS`]), and one machine for each side behaves as a row says.
//!
//! A stand-in is as strict as the program that it stands for: it reads once and takes what came for one message, and
//! compares whole answers, where that program does. The drivers speak over any [`Transport`](verbatim_net::Transport):
//! the simulated network, and real TCP in the tests of `bin`.
//!
//! # A new dialect
//!
//! 1. Write a row in `clients.rs` or `servers.rs`: begin with `..SEED` and name what differs. What is not in the table
//!    yet becomes a field of it, with the seed's way as the value of all other rows.
//! 2. Run `cargo test -p sim-tests --test dialects matrix`: the row meets each other one, whole, byte by byte and
//!    chopped. If it is `+ + +`, that is all; accept the new table as `sim-tests/README.md` says.
//! 3. If not, run `cargo test -p sim-tests --test dialects session_user` for a client: its transcript shows what our
//!    server did not understand. Then add a row to a table of the core:
//!
//!    | what it does otherwise | table | with a line in |
//!    | --- | --- | --- |
//!    | a client's verb | `VERBS` in `core/src/classic/dialect.rs` | `tolerate_tests.rs` beside it |
//!    | its name for the length | `LENGTHS` there | the same |
//!    | the word that it waits for | `WORDS` there, with a field of `Signs` that `tolerate` or `halves` sets | the same file |
//!    | a server's verb | `VERBS` in `core/src/client/classic/ways.rs` | `core/tests/classic_client.rs` |
//!    | how it wants to be registered with | `WAYS` there | the same |
//!    | its word for everybody | `EVERYBODY` there | the same |
//!
//!    Another way to end a head is a matter of `tolerate.rs` (a client's) or `heard.rs` (a server's), another way to
//!    count of `lengths.rs`.
//! 4. Run `cargo test -p verbatim --test server dialects` and `--test filter classic`: the same over real TCP.
//! 5. If it needed thought, tell it as a story in `tests/stories/dialects.rs`. If it cannot be served, say why in its
//!    row: the table repeats it.

mod client;
mod clients;
mod server;
mod servers;
mod speak;

pub use client::{ForeignClient, News, Told};
pub use clients::{CLIENTS, ClientRow};
pub use server::ForeignServer;
pub use servers::{SERVERS, ServerRow};
pub use speak::{Cut, play_client, play_server};

/// What a program counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Bytes.
    Bytes,
    /// Characters.
    Characters,
    /// It does not look.
    Nothing,
}

impl Counts {
    /// The length that this program gives a text, or expects of one.
    pub fn of(self, text: &str) -> usize {
        match self {
            Counts::Bytes => text.len(),
            Counts::Characters | Counts::Nothing => text.chars().count(),
        }
    }

    fn agrees(self, length: &str, text: &str) -> bool {
        self == Counts::Nothing || length.trim().parse() == Ok(self.of(text))
    }
}

/// How much of an answer a program compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compares {
    /// All of it, and it ends so.
    Whole(&'static str),
    /// Its beginning.
    Beginning,
}

impl Compares {
    fn takes(self, heard: &str, line: &str) -> bool {
        match self {
            Compares::Whole(end) => heard.strip_prefix(line) == Some(end),
            Compares::Beginning => heard.starts_with(line),
        }
    }
}

/// How well our end can serve, or use, a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    /// Every message arrives, and everybody is told the truth.
    Fully,
    /// Every message arrives, but it waits for an answer that nothing in its bytes shows; why not.
    NotTold(&'static str),
    /// It speaks something else; what.
    No(&'static str),
}

impl Serves {
    /// Whether every message arrives, and everybody is told the truth.
    pub fn fully(self) -> bool {
        self == Serves::Fully
    }

    /// Whether every message arrives.
    pub fn arrives(self) -> bool {
        !matches!(self, Serves::No(_))
    }

    /// What is in the way, if something is.
    pub fn why(self) -> &'static str {
        match self {
            Serves::Fully => "",
            Serves::NotTold(why) | Serves::No(why) => why,
        }
    }
}
