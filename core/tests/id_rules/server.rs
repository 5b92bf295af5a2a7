//! The server's rules: `Try`, the fence, one verdict for each id in order, nothing told before its commit.

use super::check::Violation;
use super::rules::{Fault, Rules};
use super::state::{Connection, Down, End, Id, Record, Said, Server, State, Up};

/// What the server makes of a message whose id is the next one: each is possible at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Appended to the log.
    Take,
    /// Rejected for good.
    Reject,
    /// Rejected for now.
    Pass,
}

impl Server {
    /// The id of the last record: what `Last` is after a restart.
    pub fn logged(&self) -> Id {
        self.log.as_slice().last().map_or(0, |record| record.id)
    }

    /// The outcomes of the last accepted messages.
    fn ring(&self, size: usize) -> &[Record] {
        &self.log.as_slice()[self.log.len().saturating_sub(size)..]
    }

    /// The answer for an id at or below `Last`; `None` if it is older than the oldest of a full ring.
    fn answer_again(&self, id: Id, size: usize) -> Option<Down> {
        let ring = self.ring(size);
        let forgotten = ring.len() == size && id < ring[0].id;
        let accepted = ring.iter().any(|record| record.id == id);
        let frame = if accepted {
            Down::Accepted { id }
        } else {
            Down::Rejected { id }
        };
        (!forgotten).then_some(frame)
    }
}

/// Whether the next frame on this connection is a message that needs a verdict.
pub fn needs_verdict(state: &State, at: usize) -> bool {
    let connection = &state.connections.as_slice()[at];
    match (connection.end, connection.up.as_slice().first()) {
        (End::Bound { dropping }, Some(&Up::Send { id, .. })) => {
            id == state.server.last + 1 && (dropping == 0 || dropping == id)
        }
        _ => false,
    }
}

/// The server reads the next frame of a connection; `verdict` is for a message with the next id.
///
/// # Errors
/// The frame is a fault that no correct client commits.
pub fn on_frame(
    rules: &Rules,
    state: &mut State,
    at: usize,
    verdict: Verdict,
) -> Result<(), Violation> {
    let connection = &mut state.connections.as_mut_slice()[at];
    let end = connection.end;
    match (connection.up.pop(), end) {
        (Some(Up::Hello { known, session }), End::Fresh) => {
            on_hello(rules, state, at, known, session);
            Ok(())
        }
        (Some(Up::Send { id, message }), End::Bound { dropping }) => {
            if dropping != 0 && dropping != id {
                return Ok(());
            }
            connection.end = End::Bound { dropping: 0 };
            on_send(rules, state, at, Record { id, message }, verdict)
        }
        _ => Ok(()),
    }
}

fn on_hello(rules: &Rules, state: &mut State, at: usize, known: Id, session: u8) {
    let attempt = state.connections.as_slice()[at].attempt;
    if attempt <= highest_seen(rules, state) && !rules.has(Fault::NoTry) {
        return replace(&mut state.connections.as_mut_slice()[at]);
    }
    state.server.seen = state.server.seen.max(attempt);
    if !rules.has(Fault::NoFence) && !rules.has(Fault::FencesLate) {
        fence(state, at);
    }
    if rules.has(Fault::IdsPerConnection) {
        state.server.last = 0;
    }
    state.connections.as_mut_slice()[at].end = End::Bound { dropping: 0 };
    let lost = is_lost(rules, state, session);
    welcome(rules, state, at, lost);
    if rules.has(Fault::NoAnswersAgain) {
        return;
    }
    let window = rules.window as Id;
    let known = if lost { 0 } else { known };
    for id in 1 + known.max(state.server.last.saturating_sub(window))..=state.server.last {
        if let Some(frame) = state.server.answer_again(id, rules.ring) {
            say(rules, state, at, frame);
        }
    }
}

/// The counter that a new connection must exceed.
fn highest_seen(rules: &Rules, state: &State) -> u8 {
    if !rules.brief_try {
        return state.server.seen;
    }
    let bound = state
        .connections
        .iter()
        .filter(|other| matches!(other.end, End::Bound { .. }));
    bound.map(|other| other.attempt).max().unwrap_or(0)
}

/// Whether the device knows another session than this one. It is told so until its `HELLO` shows that it has heard.
fn is_lost(rules: &Rules, state: &mut State, session: u8) -> bool {
    let known = core::mem::replace(&mut state.server.known, rules.has(Fault::TellsLossOnce));
    session != 0 && session != state.server.session && !known
}

fn welcome(rules: &Rules, state: &mut State, at: usize, lost: bool) {
    let last = match rules.fault {
        Some(Fault::TellsCommittedLast) => match state.server.committed {
            0 => 0,
            committed => state.server.log.as_slice()[usize::from(committed) - 1].id,
        },
        _ => state.server.last,
    };
    let session = state.server.session;
    say(
        rules,
        state,
        at,
        Down::Welcome {
            last,
            session,
            lost,
        },
    );
}

/// Closes every other connection of the session: nothing that they say counts from here on.
fn fence(state: &mut State, newest: usize) {
    for (at, connection) in state.connections.iter_mut().enumerate() {
        if at != newest && matches!(connection.end, End::Bound { .. }) {
            replace(connection);
        }
    }
}

/// Tells a connection that it is replaced, at once, and closes it.
fn replace(connection: &mut Connection) {
    close(connection);
    connection.down.push(Said {
        frame: Down::Replaced,
        after: 0,
    });
}

/// Closes a connection: what waited for a commit never leaves, what has left may still be read.
fn close(connection: &mut Connection) {
    connection.end = End::Closed;
    connection.up.clear();
    connection.down.retain(|said| said.after == 0);
}

fn on_send(
    rules: &Rules,
    state: &mut State,
    at: usize,
    record: Record,
    verdict: Verdict,
) -> Result<(), Violation> {
    let id = record.id;
    if id <= state.server.last {
        return on_repeat(rules, state, at, record);
    }
    if id > state.server.last + 1 && !rules.has(Fault::TakesWhatIsBehind) {
        return Err(Violation::Gap);
    }
    match verdict {
        Verdict::Take => {
            state.server.log.push(record);
            state.server.last = id;
            say(rules, state, at, Down::Accepted { id });
        }
        Verdict::Reject => {
            if !rules.has(Fault::RejectionKeepsId) {
                state.server.last = id;
            }
            say(rules, state, at, Down::Rejected { id });
        }
        Verdict::Pass => {
            if !rules.has(Fault::NoRewind) && !rules.has(Fault::TakesWhatIsBehind) {
                state.connections.as_mut_slice()[at].end = End::Bound { dropping: id };
            }
            if !rules.has(Fault::PassesInSilence) {
                say(rules, state, at, Down::Passing { id });
            }
        }
    }
    Ok(())
}

/// An id that was taken before: the same answer again, or a conflict.
fn on_repeat(rules: &Rules, state: &mut State, at: usize, record: Record) -> Result<(), Violation> {
    let ring = state.server.ring(rules.ring);
    let other = |taken: &Record| taken.id == record.id && taken.message != record.message;
    let frame = state
        .server
        .answer_again(record.id, rules.ring)
        .ok_or(Violation::Conflict)?;
    if ring.iter().any(other) {
        return Err(Violation::Conflict);
    }
    say(rules, state, at, frame);
    Ok(())
}

/// Puts a frame into a connection's queue: it leaves when all that is appended now is committed.
/// What need not wait overtakes what waits.
fn say(rules: &Rules, state: &mut State, at: usize, frame: Down) {
    let early = match frame {
        Down::Replaced => true,
        Down::Welcome { .. } => {
            rules.has(Fault::TellsLastEarly) || rules.has(Fault::TellsCommittedLast)
        }
        Down::Accepted { .. } => rules.has(Fault::AcceptsEarly),
        Down::Rejected { .. } => rules.has(Fault::RejectsEarly),
        Down::Passing { .. } => rules.has(Fault::PassesEarly),
    };
    let appended = state.server.log.len() as u8;
    let waits = !early && appended > state.server.committed;
    let down = &mut state.connections.as_mut_slice()[at].down;
    if waits {
        down.push(Said {
            frame,
            after: appended,
        });
    } else {
        let left = down.iter().take_while(|said| said.after == 0).count();
        down.insert(left, Said { frame, after: 0 });
    }
}

/// The engine tells that one more record is committed: what waited for it leaves.
pub fn on_commit(rules: &Rules, state: &mut State) {
    state.server.committed += 1;
    let committed = state.server.committed;
    let mut welcomed = None;
    for (at, connection) in state.connections.iter_mut().enumerate() {
        for said in connection
            .down
            .iter_mut()
            .filter(|said| said.after <= committed)
        {
            if said.after != 0 && matches!(said.frame, Down::Welcome { .. }) {
                welcomed = Some(at);
            }
            said.after = 0;
        }
    }
    if let (true, Some(at)) = (rules.has(Fault::FencesLate), welcomed) {
        fence(state, at);
    }
}

/// The router ends and the space is loaded again with the first `kept` records: those that were committed.
///
/// After a failed commit the listener is the same, so a connection that has said nothing yet lives on
/// (`listener_lives`); if the process died, none does.
pub fn on_restart(rules: &Rules, state: &mut State, kept: u8, listener_lives: bool) {
    let server = &mut state.server;
    server.log.truncate(usize::from(kept));
    server.committed = kept;
    server.last = if rules.has(Fault::ForgetsIds) {
        0
    } else {
        server.logged()
    };
    if !(listener_lives && rules.has(Fault::KeepsConnections)) {
        server.seen = 0;
        close_all(state, listener_lives);
    }
}

/// The session is over: its messages are the past, and a new one begins with the next `HELLO`.
pub fn on_session_end(state: &mut State, listener_lives: bool) {
    let server = &mut state.server;
    for record in server.log.iter() {
        server.past |= 1 << record.message;
    }
    let (session, past) = (server.session + 1, server.past);
    *server = Server {
        session,
        past,
        ..Server::default()
    };
    close_all(state, listener_lives);
}

fn close_all(state: &mut State, listener_lives: bool) {
    for connection in state.connections.iter_mut() {
        if !(listener_lives && connection.end == End::Fresh) {
            close(connection);
        }
    }
}
