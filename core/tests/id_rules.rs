//! The id rules of the session protocol, explored exhaustively in a small model that knows nothing of the implementation.
//!
//! # What a state is
//!
//! One device writes three messages (`state.rs`). A state holds the client's store (what it says of each message, the
//! highest id answered, the connection counter), the server's log (how much is appended, how much of it the engine has
//! told to be committed) with the router's word on the device (`Last`, the counters seen), and up to three connections
//! at once, each a queue of frames in flight either way. Old connections linger: what the client wrote to one that it
//! gave up may arrive at any later moment, or never.
//!
//! # What can happen
//!
//! In every state, each of these that makes sense (`action.rs`): the client opens a connection, gives it up, dies and
//! comes back with its store, sends the next message, withdraws a queued one, reads a frame; the server reads a frame
//! and takes the message, rejects it for good or rejects it for now; the engine commits one more record; a commit
//! fails, or the server dies, and what comes back is what was committed, or more of what was appended: a commit may
//! reach the disk without having been told. A cut link needs no action of its own: a frame that is never read is a
//! frame that is lost. With `losses`, sessions end too: a memory server is restarted, or a name is released.
//!
//! Nothing bounds how often things fail: counters are kept by rank, so the states are finitely many, and the search
//! (`search.rs`) visits all of them, breadth first.
//!
//! # What is checked
//!
//! After each step (`check.rs`): no message twice in the log; the log's order is the order of ids and of submission;
//! what is shown accepted is committed under that id; what is shown rejected, withdrawn or unknown is not in the log;
//! no correct client meets `GAP`, `CONFLICT`, `REPLACED` or a loss that is none; answers come in the order of ids, none
//! left out. And of the whole graph: from every state, if nothing fails any more, every run ends, whatever the order of
//! its steps, with each message accepted, rejected, withdrawn or (if its session was lost) unknown.
//!
//! # How it is known to look
//!
//! The number of states is asserted, and that rare ones are among them; and each rule is broken once on purpose
//! (`rules.rs`, and the tests in `planted.rs`), which the search must notice. What no such fault shows is shown to be seen
//! by states made by hand (`checks_seen.rs`).

#[path = "id_rules/action.rs"]
mod action;
#[path = "id_rules/check.rs"]
mod check;
#[path = "id_rules/checks_seen.rs"]
mod checks_seen;
#[path = "id_rules/client.rs"]
mod client;
#[path = "id_rules/fifo.rs"]
mod fifo;
#[path = "id_rules/mix.rs"]
mod mix;
#[path = "id_rules/planted.rs"]
mod planted;
#[path = "id_rules/rules.rs"]
mod rules;
#[path = "id_rules/search.rs"]
mod search;
#[path = "id_rules/server.rs"]
mod server;
#[path = "id_rules/state.rs"]
mod state;

use rules::{Known, Rules};
use search::{Explored, explore};
use state::{CONNECTIONS, Connection, Down, End, Fate, Said, State, Up};

/// Explores rules that must hold; if they do not, the failure shows the shortest way there.
fn all_states(rules: &Rules) -> Explored {
    explore(rules).unwrap_or_else(|scenario| panic!("{rules:?} are broken: {scenario}"))
}

/// Fails unless one of the states has this rare property: a search that never saw it has shown nothing about it.
fn assert_reached(explored: &Explored, what: &str, rare: impl Fn(&State) -> bool) {
    assert!(explored.states.iter().any(rare), "no state in which {what}");
}

fn some_connection(state: &State, property: impl Fn(&Connection) -> bool) -> bool {
    state.connections.iter().any(property)
}

#[test]
fn the_rules_hold_in_every_state() {
    let explored = all_states(&Rules::sound(3));
    assert_eq!(explored.states.len(), 53_348);
    assert_links_explored(&explored);
    assert_answers_explored(&explored);
}

fn assert_links_explored(explored: &Explored) {
    assert_reached(explored, "every place for a connection is taken", |state| {
        state.connections.len() == CONNECTIONS && state.client.online
    });
    assert_reached(
        explored,
        "an old connection still carries a message",
        |state| {
            let sends = |up: &Up| matches!(up, Up::Send { .. });
            some_connection(state, |connection| {
                !connection.heard && connection.up.iter().any(sends)
            })
        },
    );
    assert_reached(explored, "an old HELLO comes after a newer one", |state| {
        let late = |end, attempt| end == End::Fresh && attempt < state.server.seen;
        some_connection(state, |connection| late(connection.end, connection.attempt))
    });
    assert_reached(
        explored,
        "messages wait to be dropped behind a refused one",
        |state| {
            let dropping = |end| matches!(end, End::Bound { dropping: 1.. });
            some_connection(state, |connection| {
                dropping(connection.end) && connection.up.len() > 1
            })
        },
    );
}

fn assert_answers_explored(explored: &Explored) {
    assert_reached(
        explored,
        "a passing rejection waits for an earlier commit",
        |state| {
            let waits = |said: &Said| matches!(said.frame, Down::Passing { .. }) && said.after > 0;
            some_connection(state, |connection| connection.down.iter().any(waits))
        },
    );
    assert_reached(
        explored,
        "a restart took Last below what was answered",
        |state| state.client.answered > state.server.last,
    );
    assert_reached(explored, "rejected ids leave a hole in the log", |state| {
        let ids: Vec<u8> = state.server.log.iter().map(|record| record.id).collect();
        ids == [1, 3]
    });
    assert_reached(explored, "all are accepted", |state| {
        state
            .client
            .fates
            .iter()
            .all(|fate| matches!(fate, Fate::Accepted(_)))
    });
}

#[test]
fn a_ring_as_large_as_the_window_answers_everything() {
    assert_eq!(all_states(&Rules::sound(2)).states.len(), 49_577);
    assert_eq!(all_states(&Rules::sound(1)).states.len(), 38_277);
}

#[test]
fn a_session_may_end_at_any_time() {
    let explored = all_states(&Rules::with_losses());
    assert_eq!(explored.states.len(), 364_216);
    assert_reached(
        &explored,
        "a message is unknown that stood in the lost log",
        |state| state.client.fates[0] == Fate::Unknown && state.server.past & 1 != 0,
    );
    assert_reached(
        &explored,
        "one is accepted after another was lost",
        |state| {
            state.client.fates[0] == Fate::Unknown
                && matches!(state.client.fates[1], Fate::Accepted(1))
        },
    );
}

/// `Try` is needed against a `HELLO` that is older than the bound connection's; once that is closed, an older one may
/// bind without harm: the client does not read it, and its next one fences it.
#[test]
fn a_try_needs_to_be_known_only_while_its_connection_is_bound() {
    let rules = Rules {
        brief_try: true,
        ..Rules::sound(3)
    };
    assert_eq!(all_states(&rules).states.len(), 53_348);
}

/// The other way to tell the server which answers are known: by accepted ids alone, which no restart undoes.
#[test]
fn telling_the_highest_accepted_id_is_enough() {
    let rules = Rules {
        known: Known::Accepted,
        ..Rules::sound(3)
    };
    assert_eq!(all_states(&rules).states.len(), 39_569);
    let rules = Rules {
        known: Known::Accepted,
        ..Rules::with_losses()
    };
    assert_eq!(all_states(&rules).states.len(), 267_604);
}
