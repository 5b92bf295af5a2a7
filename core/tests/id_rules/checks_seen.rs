//! The checks, and the server's judgement of repeated ids, on states made by hand: each must see what it is for.

use super::action::{Action, step};
use super::check::{Violation, check};
use super::rules::Rules;
use super::server::Verdict;
use super::state::{Connection, Down, End, Fate, Record, Said, State, Up};

/// A state whose log holds these `(id, message)`, the first `committed` of them committed.
fn with_log(log: &[(u8, u8)], committed: u8) -> State {
    let mut state = State::start();
    for &(id, message) in log {
        state.server.log.push(Record { id, message });
        state.server.last = id;
    }
    state.server.committed = committed;
    state
}

#[test]
fn a_log_in_order_is_fine() {
    assert_eq!(check(&with_log(&[(1, 0), (3, 2)], 1)), Ok(()));
}

#[test]
fn a_broken_log_is_seen() {
    assert_eq!(
        check(&with_log(&[(1, 0), (2, 0)], 2)),
        Err(Violation::Twice)
    );
    assert_eq!(
        check(&with_log(&[(1, 1), (2, 0)], 2)),
        Err(Violation::OutOfOrder)
    );
    assert_eq!(
        check(&with_log(&[(2, 0), (1, 1)], 2)),
        Err(Violation::OutOfOrder)
    );
    assert_eq!(
        check(&with_log(&[(1, 0), (1, 1)], 2)),
        Err(Violation::OutOfOrder)
    );
}

#[test]
fn a_log_that_disagrees_with_a_lost_one_is_seen() {
    let mut state = with_log(&[(1, 1)], 1);
    state.server.past = 0b001;
    assert_eq!(check(&state), Ok(()));
    state.server.past = 0b010;
    assert_eq!(check(&state), Err(Violation::Twice));
    state.server.past = 0b100;
    assert_eq!(check(&state), Err(Violation::OutOfOrder));
}

#[test]
fn a_fate_that_the_log_denies_is_seen() {
    let shown = |fate, committed| {
        let mut state = with_log(&[(1, 0)], committed);
        state.client.fates[0] = fate;
        check(&state)
    };
    assert_eq!(shown(Fate::Accepted(1), 1), Ok(()));
    assert_eq!(shown(Fate::Sent(1), 0), Ok(()));
    assert_eq!(
        shown(Fate::Accepted(1), 0),
        Err(Violation::AcceptedNotLogged)
    );
    assert_eq!(
        shown(Fate::Accepted(2), 1),
        Err(Violation::AcceptedNotLogged)
    );
    assert_eq!(shown(Fate::Rejected, 0), Err(Violation::RejectedButLogged));
    assert_eq!(
        shown(Fate::Withdrawn, 0),
        Err(Violation::WithdrawnButLogged)
    );
    assert_eq!(shown(Fate::Unknown, 1), Err(Violation::UnknownButLogged));
}

/// What the server says to a message on a bound connection, with a ring of two.
fn told(mut state: State, id: u8, message: u8) -> Result<Said, Violation> {
    let mut connection = Connection {
        heard: true,
        end: End::Bound { dropping: 0 },
        ..Connection::default()
    };
    connection.up.push(Up::Send { id, message });
    state.connections.push(connection);
    state.client.online = true;
    let next = step(&Rules::sound(2), &state, Action::Arrive(0, Verdict::Take))?;
    Ok(next.connections.as_slice()[0].down.as_slice()[0])
}

#[test]
fn a_repeated_id_gets_the_same_answer_or_is_a_conflict() {
    let said = |frame| Ok(Said { frame, after: 0 });
    let state = with_log(&[(1, 0), (3, 2)], 2);
    assert_eq!(told(state, 1, 0), said(Down::Accepted { id: 1 }));
    assert_eq!(told(state, 2, 1), said(Down::Rejected { id: 2 }));
    assert_eq!(told(state, 3, 1), Err(Violation::Conflict));
    assert_eq!(told(state, 5, 1), Err(Violation::Gap));
    let older_than_the_ring = with_log(&[(2, 1), (3, 2)], 2);
    assert_eq!(told(older_than_the_ring, 1, 0), Err(Violation::Conflict));
}
