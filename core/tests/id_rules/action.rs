//! What can happen: every action that a state allows, and the state that it leads to.

use super::check::{Violation, check};
use super::client;
use super::rules::Rules;
use super::server::{self, Verdict};
use super::state::{CONNECTIONS, End, Fate, Message, State};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The client opens a connection and says `HELLO`.
    Open,
    /// The client gives its newest connection up: it died, or seems dead.
    GiveUp,
    /// The client's process dies; its store survives.
    Crash,
    /// The client gives the first queued message an id and sends it.
    Send(Message),
    /// The person withdraws a message, or it expires.
    Withdraw(Message),
    /// The client reads the next frame from this connection.
    Read(usize),
    /// The server reads the next frame from this connection.
    Arrive(usize, Verdict),
    /// What is in flight to the server on a connection that the client gave up is lost.
    Lose(usize),
    /// The engine tells that one more record is committed.
    Commit,
    /// A commit fails: the router is thrown away, and what the engine has is loaded again.
    FailCommit { kept: u8 },
    /// The server's process dies and a new one starts.
    Restart { kept: u8 },
    /// A memory server's process dies, and all that it knew with it.
    Wipe,
    /// The device was away for too long: its name is released and its session ends; the log stays.
    Release,
}

/// All that can happen in this state, into `out`.
pub fn actions(rules: &Rules, state: &State, out: &mut Vec<Action>) {
    out.clear();
    client_actions(rules, state, out);
    for (at, connection) in state.connections.iter().enumerate() {
        if connection
            .down
            .as_slice()
            .first()
            .is_some_and(|said| said.after == 0)
        {
            out.push(Action::Read(at));
        }
        if connection.up.is_empty() {
            continue;
        }
        out.push(Action::Arrive(at, Verdict::Take));
        if server::needs_verdict(state, at) {
            out.push(Action::Arrive(at, Verdict::Reject));
            out.push(Action::Arrive(at, Verdict::Pass));
        }
        if state.newest() != Some(at) {
            out.push(Action::Lose(at));
        }
    }
    log_actions(state, out);
    if rules.losses {
        out.push(Action::Wipe);
        if usize::from(state.server.committed) == state.server.log.len() {
            out.push(Action::Release);
        }
    }
}

fn client_actions(rules: &Rules, state: &State, out: &mut Vec<Action>) {
    out.push(Action::Crash);
    if state.client.online {
        out.push(Action::GiveUp);
    } else if state.connections.len() < CONNECTIONS {
        out.push(Action::Open);
    }
    if let Some(message) = client::sendable(rules, state) {
        out.push(Action::Send(message));
    }
    for (message, fate) in (0..).zip(state.client.fates) {
        if client::withdrawable(rules, fate) {
            out.push(Action::Withdraw(message));
        }
    }
}

/// A commit that failed, or was cut off by a crash, may still have reached the disk up to any record.
fn log_actions(state: &State, out: &mut Vec<Action>) {
    let appended = state.server.log.len() as u8;
    if state.server.committed < appended {
        out.push(Action::Commit);
    }
    for kept in state.server.committed..=appended {
        out.push(Action::FailCommit { kept });
        out.push(Action::Restart { kept });
    }
}

/// Whether this happens even if nothing fails any more: the steps by which a run must come to its end.
///
/// A client gives a connection up then only if the server has closed it and all that it said is read.
pub fn is_healing(state: &State, action: Action) -> bool {
    match action {
        Action::Open | Action::Send(_) | Action::Read(_) | Action::Commit => true,
        Action::Arrive(_, verdict) => verdict != Verdict::Pass,
        Action::GiveUp => state
            .connections
            .iter()
            .next_back()
            .is_some_and(|newest| newest.end == End::Closed && newest.down.is_empty()),
        _ => false,
    }
}

/// The state after an action.
///
/// # Errors
/// The promise that the action breaks.
pub fn step(rules: &Rules, state: &State, action: Action) -> Result<State, Violation> {
    let mut next = *state;
    match action {
        Action::Open => client::open(rules, &mut next),
        Action::GiveUp => client::give_up(rules, &mut next),
        Action::Crash => client::crash(rules, &mut next),
        Action::Send(message) => client::send(&mut next, message),
        Action::Withdraw(message) => next.client.fates[usize::from(message)] = Fate::Withdrawn,
        Action::Read(at) => client::on_frame(rules, &mut next, at)?,
        Action::Arrive(at, verdict) => server::on_frame(rules, &mut next, at, verdict)?,
        Action::Lose(at) => next.connections.as_mut_slice()[at].up.clear(),
        Action::Commit => server::on_commit(rules, &mut next),
        Action::FailCommit { kept } => server::on_restart(rules, &mut next, kept, true),
        Action::Restart { kept } => server::on_restart(rules, &mut next, kept, false),
        Action::Wipe => server::on_session_end(&mut next, false),
        Action::Release => server::on_session_end(&mut next, true),
    }
    next.simplify();
    check(&next)?;
    Ok(next)
}
