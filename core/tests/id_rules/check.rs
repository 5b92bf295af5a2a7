//! What must never be seen: one name per promise that a state or a step can break.

use super::state::{Down, Fate, Message, Record, Said, State};

/// A broken promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A message stands in the log twice.
    Twice,
    /// The order of the log is not the order of ids and of submission (an id used twice is one case of it).
    OutOfOrder,
    /// Shown as accepted, and not in the committed log under that id.
    AcceptedNotLogged,
    /// Shown as rejected, and in the log.
    RejectedButLogged,
    /// Withdrawn, and in the log.
    WithdrawnButLogged,
    /// Unknown since its session was lost, and in the log of the next session.
    UnknownButLogged,
    /// A `WELCOME` left that counts a record as taken which is not committed.
    LastNotFinal,
    /// A client that follows the rules caused `GAP`.
    Gap,
    /// A client that follows the rules caused `CONFLICT`.
    Conflict,
    /// The newest connection of the only process was replaced: the client would stay away for ever.
    Replaced,
    /// An answer came that is not for the id after the last answered one: an answer is missing, or came twice.
    AnswerOutOfOrder,
    /// An answer came for an id that is not out.
    AnswerToNothing,
    /// The client takes the server for one that lost accepted messages.
    FalseLoss,
    /// Without further faults, the run ends with a message that has neither answer nor end.
    Stuck,
    /// Without further faults, the run need not end.
    Endless,
}

/// Looks for a broken promise in a state.
///
/// # Errors
/// The first one found.
pub fn check(state: &State) -> Result<(), Violation> {
    check_log(state)?;
    check_welcomes(state)?;
    let mut messages = (0..).zip(state.client.fates.iter());
    messages.try_for_each(|(message, fate)| check_fate(state, message, *fate))
}

/// Each message once, in the order in which they were submitted and numbered, over all sessions.
fn check_log(state: &State) -> Result<(), Violation> {
    let log = state.server.log.as_slice();
    for (place, record) in log.iter().enumerate() {
        let mut earlier = log[..place].iter();
        let again = earlier.any(|earlier| earlier.message == record.message);
        if again || stood(state, record.message) {
            return Err(Violation::Twice);
        }
        if state.server.past >> record.message != 0 {
            return Err(Violation::OutOfOrder);
        }
    }
    let falls = |pair: &[Record]| pair[0].id >= pair[1].id || pair[0].message >= pair[1].message;
    match log.windows(2).any(falls) {
        true => Err(Violation::OutOfOrder),
        false => Ok(()),
    }
}

/// Whether the message stood in the log under a session that is over.
fn stood(state: &State, message: Message) -> bool {
    state.server.past & (1 << message) != 0
}

/// `Last` is final: what it counts is committed when it leaves.
fn check_welcomes(state: &State) -> Result<(), Violation> {
    let server = &state.server;
    let uncommitted = &server.log.as_slice()[usize::from(server.committed)..];
    let premature = |said: &Said| match said.frame {
        Down::Welcome { last, session, .. } if said.after == 0 && session == server.session => {
            uncommitted.iter().any(|record| record.id <= last)
        }
        _ => false,
    };
    let connections = state.connections.iter();
    match connections
        .flat_map(|connection| connection.down.iter())
        .any(premature)
    {
        true => Err(Violation::LastNotFinal),
        false => Ok(()),
    }
}

/// Compares what the person was shown about a message with the log.
fn check_fate(state: &State, message: Message, fate: Fate) -> Result<(), Violation> {
    let log = state.server.log.as_slice();
    let committed = &log[..usize::from(state.server.committed)];
    let past = stood(state, message);
    let logged = log.iter().any(|record| record.message == message);
    match fate {
        Fate::Accepted(id) if !past && !committed.contains(&Record { id, message }) => {
            Err(Violation::AcceptedNotLogged)
        }
        Fate::Rejected if logged || past => Err(Violation::RejectedButLogged),
        Fate::Withdrawn if logged || past => Err(Violation::WithdrawnButLogged),
        Fate::Unknown if logged => Err(Violation::UnknownButLogged),
        _ => Ok(()),
    }
}
