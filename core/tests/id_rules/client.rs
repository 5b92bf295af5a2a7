//! The client's rules: ids are given durably as a message first goes out, and taken back only on the server's word.

use super::check::Violation;
use super::rules::{Fault, Known, Rules};
use super::state::{Client, Connection, Down, End, Fate, Id, Message, State, Up};

/// Opens a new connection, with a counter higher than any before, and says `HELLO`.
pub fn open(rules: &Rules, state: &mut State) {
    let client = &mut state.client;
    if client.attempt == 0 || !rules.has(Fault::ComesBackUnchanged) {
        client.attempt += 1;
    }
    client.online = true;
    if rules.has(Fault::SendsBeforeWelcome) {
        client.next = 1 + out_ids(&client.fates).max().unwrap_or(client.answered);
    }
    let mut connection = Connection {
        attempt: client.attempt,
        heard: true,
        ..Connection::default()
    };
    connection.up.push(Up::Hello {
        known: known_answers(rules, client),
        session: client.session,
    });
    state.connections.push(connection);
}

/// Gives the newest connection up; what is in flight to the server may still arrive there.
pub fn give_up(rules: &Rules, state: &mut State) {
    let at = state.newest().expect("only an online client gives up");
    state.connections.as_mut_slice()[at].heard = rules.has(Fault::ReadsOld);
    state.client.online = false;
    state.client.next = 0;
}

/// The process dies; the store survives.
pub fn crash(rules: &Rules, state: &mut State) {
    if state.client.online {
        give_up(rules, state);
    }
    if rules.has(Fault::ForgetsTry) {
        state.client.attempt = 0;
    }
    if rules.has(Fault::ForgetsSent) {
        requeue(&mut state.client.fates, 1);
    }
}

/// The ids that are out without an answer.
fn out_ids(fates: &[Fate]) -> impl Iterator<Item = Id> {
    fates.iter().filter_map(|fate| match fate {
        Fate::Sent(id) => Some(*id),
        _ => None,
    })
}

/// The message that would go next: the first one queued, if the connection is bound and the window open.
pub fn sendable(rules: &Rules, state: &State) -> Option<Message> {
    let fates = &state.client.fates;
    let waiting = |fate: &Fate| matches!(fate, Fate::Queued | Fate::Held(_));
    let first = fates.iter().position(waiting)?;
    let open =
        state.client.online && state.client.next != 0 && out_ids(fates).count() < rules.window;
    open.then_some(first as Message)
}

/// Writes the id into the store and then the message to the newest connection.
pub fn send(state: &mut State, message: Message) {
    let at = state.newest().expect("only a bound client sends");
    let client = &mut state.client;
    let fate = &mut client.fates[usize::from(message)];
    let id = match *fate {
        Fate::Held(id) => id,
        _ => client.next,
    };
    *fate = Fate::Sent(id);
    client.next = id + 1;
    let connection = &mut state.connections.as_mut_slice()[at];
    if connection.end != End::Closed {
        connection.up.push(Up::Send { id, message });
    }
}

/// Whether the person may take this message back.
pub fn withdrawable(rules: &Rules, fate: Fate) -> bool {
    match fate {
        Fate::Queued | Fate::Held(_) => rules.withdrawals,
        Fate::Sent(_) => rules.has(Fault::WithdrawsSent),
        _ => false,
    }
}

/// The client reads the next frame of a connection.
///
/// # Errors
/// What it read breaks a promise.
pub fn on_frame(rules: &Rules, state: &mut State, at: usize) -> Result<(), Violation> {
    let down = &mut state.connections.as_mut_slice()[at].down;
    let said = down.pop().expect("only what is there is read");
    match said.frame {
        Down::Replaced if state.newest() == Some(at) => on_replaced(rules, state),
        Down::Replaced => Ok(()),
        Down::Welcome {
            last,
            session,
            lost,
        } => {
            if lost && !rules.has(Fault::IgnoresLoss) {
                on_loss(&mut state.client.fates);
            }
            state.client.session = session;
            on_welcome(rules, state, last)
        }
        answer => on_answer(rules, state, answer),
    }
}

/// A client that is replaced stays away, so with one process it must not happen.
fn on_replaced(rules: &Rules, state: &mut State) -> Result<(), Violation> {
    if !rules.has(Fault::ComesBackUnchanged) {
        return Err(Violation::Replaced);
    }
    give_up(rules, state);
    Ok(())
}

/// The session is lost: what is out stays unknown for ever, and the ids of that session mean nothing any more.
fn on_loss(fates: &mut [Fate]) {
    for fate in fates {
        match fate {
            Fate::Sent(_) => *fate = Fate::Unknown,
            Fate::Accepted(id) => *id = 0,
            _ => {}
        }
    }
}

/// `Last` settles what is out: up to it the answers follow, above it nothing was taken and never will be.
fn on_welcome(rules: &Rules, state: &mut State, last: Id) -> Result<(), Violation> {
    let client = &mut state.client;
    let known = match rules.has(Fault::LostByAnswered) {
        true => client.answered,
        false => highest_accepted(&client.fates),
    };
    if last < known && !rules.careless {
        return Err(Violation::FalseLoss);
    }
    match rules.fault {
        Some(Fault::ReusesIds) => requeue(&mut client.fates, 1),
        Some(Fault::ResendsUnderNewIds) => requeue(&mut client.fates, 1),
        Some(Fault::KeepsOldIds) => hold(&mut client.fates, last + 1),
        _ => requeue(&mut client.fates, last + 1),
    }
    if !rules.has(Fault::KeepsAnswered) {
        client.answered = client.answered.min(last);
    }
    client.next = match rules.has(Fault::ReusesIds) {
        true => client.answered + 1,
        false => last + 1,
    };
    Ok(())
}

fn highest_accepted(fates: &[Fate]) -> Id {
    let accepted = fates.iter().filter_map(|fate| match fate {
        Fate::Accepted(id) => Some(*id),
        _ => None,
    });
    accepted.max().unwrap_or(0)
}

/// Takes the ids from `first` on back: their messages are queued again.
fn requeue(fates: &mut [Fate], first: Id) {
    for fate in fates {
        if matches!(fate, Fate::Sent(id) if *id >= first) {
            *fate = Fate::Queued;
        }
    }
}

/// As `requeue`, but the ids stay.
fn hold(fates: &mut [Fate], first: Id) {
    for fate in fates {
        if let Fate::Sent(id) = *fate
            && id >= first
        {
            *fate = Fate::Held(id);
        }
    }
}

/// What `HELLO` tells of the answers that the client knows.
fn known_answers(rules: &Rules, client: &Client) -> Id {
    match rules.known {
        Known::Answered => client.answered,
        Known::Accepted => highest_accepted(&client.fates),
    }
}

/// An answer is for the first id that is out.
fn on_answer(rules: &Rules, state: &mut State, answer: Down) -> Result<(), Violation> {
    let (Down::Accepted { id } | Down::Rejected { id } | Down::Passing { id }) = answer else {
        return Ok(());
    };
    let first = out_ids(&state.client.fates).min();
    let repeated = rules.known == Known::Accepted
        && matches!(answer, Down::Rejected { .. })
        && first.is_none_or(|first| id < first);
    if repeated {
        return Ok(());
    }
    match message_out(rules, &state.client, id) {
        Ok(message) => settle(rules, &mut state.client, message, answer),
        Err(_) if rules.careless => {}
        Err(violation) => return Err(violation),
    }
    Ok(())
}

/// Whose answer this is.
///
/// # Errors
/// Answers come in the order of ids, one for each, and only for what is out.
fn message_out(rules: &Rules, client: &Client, id: Id) -> Result<usize, Violation> {
    let after_the_last = rules.known == Known::Accepted || id == client.answered + 1;
    let first = out_ids(&client.fates).min();
    if !after_the_last || first.is_some_and(|first| first < id) {
        return Err(Violation::AnswerOutOfOrder);
    }
    let out = client.fates.iter().position(|fate| *fate == Fate::Sent(id));
    out.ok_or(Violation::AnswerToNothing)
}

/// The message has its end; after a passing rejection it and those behind it are queued again.
fn settle(rules: &Rules, client: &mut Client, message: usize, answer: Down) {
    match answer {
        Down::Accepted { id } => {
            client.fates[message] = Fate::Accepted(id);
            note_answered(rules, client, id);
        }
        Down::Rejected { id } => {
            client.fates[message] = Fate::Rejected;
            note_answered(rules, client, id);
        }
        Down::Passing { id } => {
            client.next = id;
            match rules.has(Fault::RequeuesOne) {
                true => client.fates[message] = Fate::Queued,
                false => requeue(&mut client.fates, id),
            }
        }
        Down::Replaced | Down::Welcome { .. } => {}
    }
}

fn note_answered(rules: &Rules, client: &mut Client, id: Id) {
    if rules.known == Known::Answered {
        client.answered = id;
    }
}
